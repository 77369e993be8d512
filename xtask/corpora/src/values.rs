//! What a file holds, to us and to PyYAML.

use crate::same::difference;
use heat_template::diagnostic::Diagnostic;
use heat_template::source::SourceMap;
use heat_template::yaml::{self, Limits, TextKind};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

/// What PyYAML says of a file.
#[derive(Debug, Deserialize)]
pub(crate) struct Theirs {
    file: String,
    /// `None` if it is no text.
    text: Option<String>,
    #[serde(default, deserialize_with = "present")]
    value: Option<Value>,
    error: Option<String>,
}

/// A null is a value.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What came of one file.
pub(crate) enum Compared {
    /// Both read the same value.
    Same,
    /// Both refuse it.
    Refused,
    /// It is no text, so neither was asked.
    NoText,
    /// They differ; how.
    Different(String),
}

/// Reads the file as Heat reads a template and compares.
pub(crate) fn compare(theirs: &Theirs) -> Compared {
    let Some(text) = &theirs.text else { return Compared::NoText };
    let mut sources = SourceMap::new();
    let file = sources.add(theirs.file.as_str(), text.as_str());
    let read = yaml::read(file, text, TextKind::Template, &Limits::default());
    let error = read.diagnostics.iter().find(|diagnostic| diagnostic.is_error()).map(Diagnostic::to_string);
    let ours = if error.is_some() { None } else { read.node.map(|node| node.to_value()) };
    match (ours, &theirs.value) {
        (Some(ours), Some(value)) => match difference(&ours, value) {
            None => Compared::Same,
            Some(found) => Compared::Different(format!("{}: {found}", theirs.file)),
        },
        (None, None) => Compared::Refused,
        (Some(_), None) => {
            let why = theirs.error.as_deref().unwrap_or_default();
            Compared::Different(format!("{}: only PyYAML refuses it: {why}", theirs.file))
        }
        (None, Some(_)) => {
            let why = error.unwrap_or_default();
            Compared::Different(format!("{}: only we refuse it: {why}", theirs.file))
        }
    }
}

/// How many files of a folder came out how.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    same: usize,
    refused: usize,
    no_text: usize,
    pub(crate) different: usize,
}

impl Figures {
    /// Counts one, and tells a difference at once.
    pub(crate) fn count(&mut self, compared: &Compared) {
        match compared {
            Compared::Same => self.same += 1,
            Compared::Refused => self.refused += 1,
            Compared::NoText => self.no_text += 1,
            Compared::Different(how) => {
                println!("DIFFERENT {}", how.replace('\n', " | "));
                self.different += 1;
            }
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { same, refused, no_text, different } = self;
        let files = same + refused + no_text + different;
        write!(f, "{files} files: {same} the same, {refused} refused by both, {different} different")?;
        if *no_text > 0 { write!(f, ", {no_text} not UTF-8") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(line: &str) -> Compared {
        compare(&serde_json::from_str(line).unwrap())
    }

    #[test]
    fn each_way_to_differ_is_seen() {
        assert!(matches!(compared(r#"{"file": "a", "text": "a: 010", "value": {"a": 8}}"#), Compared::Same));
        assert!(matches!(
            compared(r#"{"file": "a", "text": "a: 010", "value": {"a": 10}}"#),
            Compared::Different(_)
        ));
        assert!(matches!(compared(r#"{"file": "a", "text": "[", "error": "no"}"#), Compared::Refused));
        assert!(matches!(compared(r#"{"file": "a", "text": "[", "value": null}"#), Compared::Different(_)));
        assert!(matches!(
            compared(r#"{"file": "a", "text": "a: 1", "error": "no"}"#),
            Compared::Different(_)
        ));
        assert!(matches!(compared(r#"{"file": "a", "text": null, "error": "no"}"#), Compared::NoText));
    }
}
