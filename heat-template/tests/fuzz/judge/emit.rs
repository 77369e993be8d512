//! The emitter: what it writes of a value is read as that value, by any reader of ours and after the formatter, too.

use super::value_of;
use heat_template::format::{Style, format};
use heat_template::source::SourceMap;
use heat_template::yaml::{self, TextKind};
use serde_json::{Map, Value, json};

/// As [`super::Target`].
pub(super) fn judge(text: &str) {
    let value = json!({ "value": Builder { rest: text }.value(0) });
    let written = yaml::emit(&value);
    let read = value_of(&written, TextKind::Template);
    // Numbers come back as Python writes them; those that do are a value that must come back as it is.
    let Some(read) = read else {
        assert!(written.len() > 300_000, "{value}: not readable:\n{written}");
        return;
    };
    same(&value, &read, &written);
    let written = yaml::emit(&read);
    assert_eq!(value_of(&written, TextKind::Template).as_ref(), Some(&read), "written as\n{written}");
    assert_eq!(value_of(&written, TextKind::Environment).as_ref(), Some(&read), "written as\n{written}");
    let file = SourceMap::new().add("written.yaml", written.as_str());
    let formatted = format(file, &written, &Style::default()).value.unwrap_or_default();
    assert_eq!(value_of(&formatted, TextKind::Template).as_ref(), Some(&read), "formatted as\n{formatted}");
}

/// The same but for the digits of floats.
fn same(value: &Value, read: &Value, written: &str) {
    match (value, read) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.to_string(), other.to_string());
            let number = |text: &str| text.parse::<f64>().ok();
            assert!(one == other || number(&one) == number(&other), "{one} became {other} in\n{written}");
        }
        // Too large for a float.
        (Value::Number(number), Value::String(text)) => {
            assert!(text.ends_with("Infinity"), "{number}: {text}")
        }
        (Value::Array(ones), Value::Array(others)) => {
            assert_eq!(ones.len(), others.len(), "{written}");
            ones.iter().zip(others).for_each(|(one, other)| same(one, other, written));
        }
        (Value::Object(ones), Value::Object(others)) => {
            assert!(ones.keys().eq(others.keys()), "{written}");
            ones.values().zip(others.values()).for_each(|(one, other)| same(one, other, written));
        }
        (one, other) => assert_eq!(one, other, "{written}"),
    }
}

/// Any text is a value: `[` and `{` open, `]` and `}` close, and what stands between those and `|` are texts, or what JSON
/// makes of it after `=`. In a map keys and values take turns.
struct Builder<'t> {
    rest: &'t str,
}

impl Builder<'_> {
    fn value(&mut self, depth: usize) -> Value {
        match self.rest.chars().next() {
            Some('[') if depth < 60 => {
                self.rest = &self.rest[1..];
                let mut items = Vec::new();
                while !self.closes(']') {
                    items.push(self.value(depth + 1));
                }
                Value::Array(items)
            }
            Some('{') if depth < 60 => {
                self.rest = &self.rest[1..];
                let mut entries = Map::new();
                while !self.closes('}') {
                    let key = self.text();
                    entries.insert(key, self.value(depth + 1));
                }
                Value::Object(entries)
            }
            _ => {
                let text = self.text();
                let json = text.strip_prefix('=').and_then(|json| serde_json::from_str(json).ok());
                json.filter(|value: &Value| !value.is_object() && !value.is_array())
                    .unwrap_or(Value::String(text))
            }
        }
    }

    fn closes(&mut self, sign: char) -> bool {
        if let Some(rest) = self.rest.strip_prefix(sign) {
            self.rest = rest;
            return true;
        }
        self.rest.is_empty()
    }

    fn text(&mut self) -> String {
        let opening = self.rest.starts_with(['[', '{', ']', '}']);
        let from = usize::from(opening);
        let end = self.rest[from..].find(['[', ']', '{', '}', '|']).map_or(self.rest.len(), |at| from + at);
        let text = self.rest[..end].to_owned();
        self.rest = self.rest[end..].strip_prefix('|').unwrap_or(&self.rest[end..]);
        text
    }
}
