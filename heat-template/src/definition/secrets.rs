//! Takes the values of hidden parameters out of what is told.

use crate::diagnostic::Diagnostic;
use crate::python;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// What stands for a secret.
const MASK: &str = "******";

/// Texts are found by so many bytes at their beginning.
const KEY: usize = 3;

/// A shorter one would be found in every word; it is taken out only where it stands alone.
const SHORT: usize = 4;

/// What messages that are too long end with.
const CUT: char = '…';

/// A secret of which a message that was cut shows so many bytes is taken out as well.
const CUT_BYTES: usize = 6;

/// The values of hidden parameters, in all the forms in which a message may tell them.
#[derive(Default)]
pub(crate) struct Secrets {
    forms: Vec<String>,
    /// Places of forms by their first bytes, the longest form first.
    by_key: HashMap<[u8; KEY], Vec<usize>>,
}

/// Nobody has to know them.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("forms", &self.forms.len()).finish_non_exhaustive()
    }
}

impl Secrets {
    /// These texts.
    pub(crate) fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let mut forms = BTreeSet::new();
        for text in texts {
            for form in written(&text) {
                if form.chars().count() < SHORT {
                    forms.extend([format!("'{form}'"), format!("\"{form}\""), format!(" {form} ")]);
                } else {
                    forms.insert(form);
                }
            }
        }
        let mut forms: Vec<String> = forms.into_iter().collect();
        // Longer ones first, so that one which is part of another does not leave the rest of it standing.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        let mut by_key: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, form) in forms.iter().enumerate() {
            if let Some(key) = form.as_bytes().first_chunk() {
                by_key.entry(*key).or_default().push(at);
            }
        }
        Self { forms, by_key }
    }

    /// Takes them out of all that a diagnostic tells.
    pub(crate) fn redact(&self, diagnostic: &mut Diagnostic) {
        if self.forms.is_empty() {
            return;
        }
        let clean = |text: &mut String| {
            if let Some(clean) = self.without(text) {
                *text = clean;
            }
        };
        clean(&mut diagnostic.message);
        diagnostic.help.iter_mut().for_each(clean);
        diagnostic.primary.iter_mut().chain(&mut diagnostic.labels).for_each(|label| clean(&mut label.text));
    }

    /// The text with masks, if there is any of them in it. Each place is looked at once.
    fn without(&self, text: &str) -> Option<String> {
        let mut clean: Option<String> = None;
        let (mut at, mut told) = (0, 0);
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            match self.at_beginning(rest) {
                Some(length) => {
                    let clean = clean.get_or_insert_with(String::new);
                    clean.push_str(&text[told..at]);
                    clean.push_str(MASK);
                    at += length;
                    told = at;
                }
                None => at += rest.chars().next().map_or(1, char::len_utf8),
            }
        }
        clean.map(|clean| clean + &text[told..])
    }

    /// How many bytes at the beginning are a secret, or what was left of one.
    fn at_beginning(&self, text: &str) -> Option<usize> {
        let places = self.by_key.get(text.as_bytes().first_chunk::<KEY>()?)?;
        let forms = places.iter().filter_map(|at| self.forms.get(*at));
        let mut lengths = forms.filter_map(|form| {
            let same = text.bytes().zip(form.bytes()).take_while(|(one, other)| one == other).count();
            let cut = || same >= CUT_BYTES && text.get(same..).is_some_and(|rest| rest.starts_with(CUT));
            (same == form.len() || cut()).then_some(same)
        });
        lengths.next()
    }
}

/// The ways in which messages write a text: as it is, and between the quotes of Python, of JSON and of Rust.
fn written(text: &str) -> BTreeSet<String> {
    let between_quotes = |quoted: String| {
        let mut inside = quoted.chars();
        inside.next();
        inside.next_back();
        inside.as_str().to_owned()
    };
    let value = Value::from(text);
    let forms = [
        text.to_owned(),
        between_quotes(python::repr(&value)),
        between_quotes(python::dumps(&value, false)),
        between_quotes(value.to_string()),
        between_quotes(format!("{text:?}")),
    ];
    forms.into_iter().filter(|form| !form.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(secret: &str, text: &str) -> String {
        Secrets::new([secret.to_owned()]).without(text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn a_secret_is_found_in_whatever_writing() {
        for secret in
            ["gehe\"im'nis", "gehe\\im'nis", "zwei\nZeilen", "schlüssel\u{7}", "plain-secret", "tab\there"]
        {
            let value = Value::from(secret);
            for told in [
                secret.to_owned(),
                python::repr(&value),
                python::dumps(&value, false),
                python::repr(&Value::from(vec![secret])),
                format!("{secret:?}"),
            ] {
                let clean = masked(secret, &format!("it is {told} and no number"));
                assert!(clean.contains(MASK) && clean.starts_with("it is "), "{clean}");
                assert!(clean.ends_with("and no number"), "{clean}");
                for part in ["gehe", "zwei", "schl", "plain", "there"] {
                    assert!(!clean.contains(part), "{clean}");
                }
            }
        }
    }

    #[test]
    fn what_is_left_of_one_that_was_cut_is_taken_out() {
        let secret = "s3cr3t ".repeat(100);
        let shown: String = secret.chars().take(150).collect();
        assert_eq!(masked(&secret, &format!("['{shown}… is no number")), "['******… is no number");
        // Something else that begins alike.
        assert_eq!(masked("OS::Heat::Value-key", "the type OS::Heat::Value"), "the type OS::Heat::Value");
    }

    #[test]
    fn a_short_one_is_taken_out_where_it_stands_alone() {
        assert_eq!(masked("it", "it is 'it' and \"it\" or it x"), "it is ****** and ****** or******x");
        assert_eq!(masked("7", "'7' of 17"), "****** of 17");
    }

    #[test]
    fn the_longest_goes_first() {
        let secrets = Secrets::new(["secret".to_owned(), "secret-of-all".to_owned()]);
        assert_eq!(secrets.without("a secret-of-all, a secret").unwrap_or_default(), "a ******, a ******");
        assert_eq!(secrets.without("nothing"), None);
    }
}
