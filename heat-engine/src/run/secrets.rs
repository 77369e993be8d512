//! What a stack and those inside of it must not tell, whoever says it: a service may repeat what it was sent, or a part of
//! it, in what it refuses.

use super::current::Current;
use super::goal::Goal;
use crate::record::{Desired, ResourceRecord, StackRecord};
use crate::store::{SecretTexts, secret_texts, texts_in};
use heat_plugin_sdk::{Failure, Registry};
use heat_template::redaction::Redaction;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Shorter words are no secret, as they are not looked for.
const SHORTEST_WORD: usize = 4;

/// The secret texts of a traversal and of those inside of it. It grows as more of them are made: what is secret in one
/// resource is handed on to others, also into and out of nested stacks, as a part of other texts.
#[derive(Default)]
pub(crate) struct Secrets(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Words of templates that are no secret themselves.
    plain: HashSet<String>,
    texts: Redaction,
}

impl Secrets {
    /// Those of a stack: of what it shall be, of what it was when it was last complete, and of its resources.
    pub(crate) fn of(registry: &Registry, stack: &StackRecord, goal: &Goal, current: &Current) -> Self {
        let secrets = Self::default();
        secrets.learn(registry, stack, goal, current);
        secrets
    }

    /// From now on those of this stack are known, too.
    pub(crate) fn learn(&self, registry: &Registry, stack: &StackRecord, goal: &Goal, current: &Current) {
        if let Some(words) = goal.plain_words() {
            self.known().plain.extend(words);
        }
        self.learn_texts(goal.hidden_texts().iter().cloned());
        self.learn_hidden(&stack.desired);
        let saved = stack.snapshots.iter().map(|snapshot| &snapshot.desired);
        for desired in stack.last_complete.iter().chain(saved) {
            self.learn_hidden(desired);
        }
        for record in current.resources().values() {
            self.learn_record(registry, record);
        }
    }

    /// The values of hidden parameters. A deletion has a goal without parameters, and a service may tell an old value.
    pub(crate) fn learn_hidden(&self, desired: &Desired) {
        let hidden = desired.hidden.iter().filter_map(|name| desired.parameters.get(name));
        self.learn_texts(texts_in(hidden));
    }

    /// What is secret in a resource as it is now.
    pub(crate) fn learn_record(&self, registry: &Registry, record: &ResourceRecord) {
        let schema = registry.resource(&record.type_name).map(|plugin| plugin.schema());
        let SecretTexts { secret, made } = secret_texts(record, schema.as_deref());
        self.learn_texts(secret);
        self.learn_made(made);
    }

    /// Texts that stand beside secrets or were made of them: what a template tells in clear is none.
    pub(crate) fn learn_made(&self, texts: impl IntoIterator<Item = String>) {
        let mut known = self.known();
        for text in texts {
            if !known.plain.contains(&text) {
                known.texts.add(&text);
            }
        }
    }

    fn learn_texts(&self, texts: impl IntoIterator<Item = String>) {
        let mut known = self.known();
        texts.into_iter().for_each(|text| known.texts.add(&text));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A text without the secrets.
    pub(crate) fn mask(&self, text: &str) -> String {
        self.known().texts.mask(text).into_owned()
    }

    /// A reason without the secrets. `Class: resources.name: ` at its beginning is the engine's own word and stays, also
    /// where a secret is the same word.
    pub(crate) fn mask_reason(&self, reason: &str) -> String {
        let (own, text) = reason.split_at(own_words(reason));
        format!("{own}{}", self.mask(text))
    }

    /// What a service says of a failure, without the secrets.
    pub(crate) fn told(&self, failure: &Failure) -> String {
        self.mask(&failure.to_string())
    }
}

/// How long the engine's own words at the beginning of a reason are: `Class: resources.outer.resources.inner: `.
fn own_words(reason: &str) -> usize {
    let path = match reason.split_once(": ") {
        Some((class, rest))
            if rest.starts_with("resources.") && class.chars().all(|c| c.is_ascii_alphabetic()) =>
        {
            rest
        }
        _ => reason,
    };
    if !path.starts_with("resources.") {
        return 0;
    }
    path.find(": ").map_or(0, |end| reason.len() - path.len() + end + 2)
}

/// The words of a template's text.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let mark = |c: char| matches!(c, '{' | '}' | '[' | ']' | ',' | ':' | '\'' | '"');
    text.split_whitespace()
        .map(move |word| word.trim_matches(mark))
        .filter(|word| word.len() >= SHORTEST_WORD)
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(texts: &[&str]) -> Secrets {
        let secrets = Secrets::default();
        secrets.learn_texts(texts.iter().map(|&text| text.to_owned()));
        secrets
    }

    #[test]
    fn a_text_is_told_without_the_secrets_in_it_however_a_service_writes_them() {
        let secrets = secrets(&["hunter2", "ter2pass", "größe", "hun\"ter'2", "abc"]);
        for (text, masked) in [
            ("nothing to hide", "nothing to hide"),
            ("it is hunter2.", "it is ******."),
            ("hunter2pass", "******"),
            ("die größe ist größer", "die ****** ist ******r"),
            ("abc is too short", "abc is too short"),
            (r#"invalid input: {"adminPass": "hun\"ter'2"}"#, r#"invalid input: {"adminPass": "******"}"#),
            (r#"Value: 'hun"ter\'2' is too weak"#, "Value: '******' is too weak"),
            ("{\"size\": \"gr\\u00f6\\u00dfe\"}", "{\"size\": \"******\"}"),
        ] {
            assert_eq!(secrets.mask(text), masked, "{text}");
        }
    }

    #[test]
    fn the_way_to_a_resource_is_told() {
        let secrets = secrets(&["server", "BadRequest"]);
        for (reason, masked) in [
            ("BadRequest: resources.server: no server", "BadRequest: resources.server: no ******"),
            ("resources.box.resources.server: server", "resources.box.resources.server: ******"),
            ("a server: resources.server: server", "a ******: resources.******: ******"),
            ("no server", "no ******"),
        ] {
            assert_eq!(secrets.mask_reason(reason), masked);
        }
    }

    #[test]
    fn what_a_template_tells_in_clear_is_not_made_of_a_secret() {
        let secrets = Secrets::default();
        secrets.known().plain.extend(words("{type: 'Test::Keyed', properties: {name: core}}"));
        secrets.learn_made(["Test::Keyed", "core", "a-hunter2"].map(str::to_owned));
        assert_eq!(secrets.mask("Test::Keyed core a-hunter2"), "Test::Keyed core ******");
    }
}
