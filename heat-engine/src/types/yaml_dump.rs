//! YAML as PyYAML's `safe_dump` writes it: keys sorted, lists not indented, a text plain where that reads back, else in single
//! quotes, else in double quotes, folded behind 80 columns. Servers get such texts, so they are the same to the byte.

use heat_template::python;
use serde_json::Value;
use std::fmt::Write;

/// Behind this column a text is folded at its next space.
const WIDTH: usize = 80;

/// The text of a value, with a line break at its end.
pub(super) fn dump(value: &Value) -> String {
    let mut out = Writer::default();
    match value {
        Value::Array(items) if !items.is_empty() => out.list(items, 0, false),
        Value::Object(entries) if !entries.is_empty() => out.map(entries, 0, false),
        scalar => {
            out.scalar(scalar, 0);
            out.text.push('\n');
        }
    }
    out.text
}

#[derive(Default)]
struct Writer {
    text: String,
}

impl Writer {
    fn column(&self) -> usize {
        self.text.rsplit('\n').next().map_or(0, |line| line.chars().count())
    }

    fn indent(&mut self, indent: usize) {
        self.text.extend(std::iter::repeat_n(' ', indent));
    }

    /// `inline`: the first entry stands behind the dash of a list.
    fn map(&mut self, entries: &serde_json::Map<String, Value>, indent: usize, inline: bool) {
        let mut keys: Vec<&String> = entries.keys().collect();
        keys.sort();
        for (at, key) in keys.into_iter().enumerate() {
            if at > 0 || !inline {
                self.indent(indent);
            }
            self.scalar(&Value::from(key.as_str()), indent);
            self.text.push(':');
            match &entries[key] {
                Value::Array(items) if !items.is_empty() => {
                    self.text.push('\n');
                    self.list(items, indent, false);
                }
                Value::Object(inner) if !inner.is_empty() => {
                    self.text.push('\n');
                    self.map(inner, indent + 2, false);
                }
                scalar => {
                    self.text.push(' ');
                    self.scalar(scalar, indent + 2);
                    self.text.push('\n');
                }
            }
        }
    }

    fn list(&mut self, items: &[Value], indent: usize, inline: bool) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 || !inline {
                self.indent(indent);
            }
            self.text.push_str("- ");
            match item {
                Value::Array(inner) if !inner.is_empty() => self.list(inner, indent + 2, true),
                Value::Object(inner) if !inner.is_empty() => self.map(inner, indent + 2, true),
                scalar => {
                    self.scalar(scalar, indent + 2);
                    self.text.push('\n');
                }
            }
        }
    }

    fn scalar(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(truth) => self.text.push_str(if *truth { "true" } else { "false" }),
            Value::Number(_) => self.text.push_str(&python::str_of(value)),
            Value::Array(_) => self.text.push_str("[]"),
            Value::Object(_) => self.text.push_str("{}"),
            Value::String(text) => match style(text) {
                Style::Plain => self.plain(text, indent),
                Style::Single => self.single(text, indent),
                Style::Double => self.double(text, indent),
            },
        }
    }

    fn fold(&mut self, indent: usize) {
        self.text.push('\n');
        self.indent(indent);
    }

    /// Whether a space may become a line break: the text is long enough, and the space stands alone between other letters.
    fn folds(&self, letters: &[char], at: usize) -> bool {
        let alone = |other: Option<&char>| other.is_some_and(|letter| !matches!(letter, ' ' | '\n'));
        at > 0 && alone(letters.get(at - 1)) && alone(letters.get(at + 1)) && self.column() > WIDTH
    }

    fn plain(&mut self, text: &str, indent: usize) {
        let letters: Vec<char> = text.chars().collect();
        for (at, letter) in letters.iter().enumerate() {
            if *letter == ' ' && self.folds(&letters, at) {
                self.fold(indent);
            } else {
                self.text.push(*letter);
            }
        }
    }

    fn single(&mut self, text: &str, indent: usize) {
        self.text.push('\'');
        let letters: Vec<char> = text.chars().collect();
        for (at, letter) in letters.iter().enumerate() {
            match letter {
                ' ' if self.folds(&letters, at) => self.fold(indent),
                '\n' => {
                    // One line break between others is two in single quotes.
                    if at == 0 || letters[at - 1] != '\n' {
                        self.text.push('\n');
                    }
                    self.text.push('\n');
                    if letters.get(at + 1) != Some(&'\n') {
                        self.indent(indent);
                    }
                }
                '\'' => self.text.push_str("''"),
                other => self.text.push(*other),
            }
        }
        self.text.push('\'');
    }

    fn double(&mut self, text: &str, indent: usize) {
        self.text.push('"');
        let letters: Vec<char> = text.chars().collect();
        for (at, letter) in letters.iter().enumerate() {
            let last = at + 1 == letters.len();
            let after_space = at > 0 && letters[at - 1] == ' ';
            if *letter == ' ' && at > 0 && !last && !after_space && self.column() > WIDTH {
                self.fold(indent);
                if letters[at + 1] == ' ' {
                    self.text.push('\\');
                }
                continue;
            }
            match letter {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\0' => self.text.push_str("\\0"),
                '\x07' => self.text.push_str("\\a"),
                '\x08' => self.text.push_str("\\b"),
                '\t' => self.text.push_str("\\t"),
                '\n' => self.text.push_str("\\n"),
                '\x0b' => self.text.push_str("\\v"),
                '\x0c' => self.text.push_str("\\f"),
                '\r' => self.text.push_str("\\r"),
                '\x1b' => self.text.push_str("\\e"),
                '\u{85}' => self.text.push_str("\\N"),
                '\u{a0}' => self.text.push_str("\\_"),
                '\u{2028}' => self.text.push_str("\\L"),
                '\u{2029}' => self.text.push_str("\\P"),
                ' '..='~' => self.text.push(*letter),
                other => {
                    let code = u32::from(*other);
                    let _ = match code {
                        0..=0xff => write!(self.text, "\\x{code:02X}"),
                        0x100..=0xffff => write!(self.text, "\\u{code:04X}"),
                        _ => write!(self.text, "\\U{code:08X}"),
                    };
                }
            }
        }
        self.text.push('"');
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
}

/// How a text is written, by the analysis of PyYAML's emitter.
fn style(text: &str) -> Style {
    let special = |letter: char| !matches!(letter, '\n' | ' '..='~');
    if text.is_empty() {
        return Style::Single;
    }
    let lines = text.contains('\n');
    let awkward_space = text.contains("\n ") || text.contains(" \n");
    if text.chars().any(special) || awkward_space {
        return Style::Double;
    }
    let edge = text.starts_with([' ', '\n']) || text.ends_with([' ', '\n']);
    if !lines && !edge && is_plain(text) { Style::Plain } else { Style::Single }
}

fn is_plain(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let follows = |at: usize| letters.get(at + 1).is_none_or(|next| *next == ' ');
    let first_is_fine = match letters[0] {
        '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
            false
        }
        '?' | ':' | '-' => !follows(0),
        _ => true,
    };
    let inside = letters.iter().enumerate().skip(1).all(|(at, letter)| match letter {
        ':' => !follows(at),
        '#' => letters[at - 1] != ' ',
        _ => true,
    });
    let marks = text.starts_with("---") || text.starts_with("...");
    first_is_fine && inside && !marks && reads_as_text(text)
}

/// Whether a plain scalar is read as a text again, by the rules of YAML 1.1.
fn reads_as_text(text: &str) -> bool {
    let document = format!("k: {text}");
    let mut sources = heat_template::source::SourceMap::new();
    let file = sources.add("scalar", document.as_str());
    let kind = heat_template::yaml::TextKind::Environment;
    let read = heat_template::yaml::read(file, &document, kind, &heat_template::yaml::Limits::default());
    let value = read.node.and_then(|node| node.get("k").map(|node| node.to_value()));
    // `=` and `<<` have a meaning of their own.
    value.as_ref().and_then(Value::as_str) == Some(text) && !matches!(text, "=" | "<<") && !is_date(text)
}

/// Dates are read as texts here, but not by PyYAML.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    digits(0..4) && bytes.get(4) == Some(&b'-') && bytes.get(5).is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn maps_and_lists_are_written_as_pyyaml_does() {
        let value = json!({
            "users": [{"name": "ops", "groups": ["a", "b"]}, []], "b": {"x": null, "on": true}, "empty": {}, "n": 1.5,
        });
        let expected = "\
b:
  'on': true
  x: null
empty: {}
n: 1.5
users:
- groups:
  - a
  - b
  name: ops
- []
";
        assert_eq!(dump(&value), expected);
        assert_eq!(dump(&json!([[1, 2], {"a": [3]}])), "- - 1\n  - 2\n- a:\n  - 3\n");
        assert_eq!(dump(&json!({})), "{}\n");
    }

    #[test]
    fn texts_are_quoted_where_they_would_be_read_as_something_else() {
        for (text, expected) in [
            ("echo hi", "echo hi"),
            ("a: b", "'a: b'"),
            ("a #b", "'a #b'"),
            ("http://x:80/#y", "http://x:80/#y"),
            ("yes", "'yes'"),
            ("0777", "'0777'"),
            ("1.5", "'1.5'"),
            ("2020-01-01", "'2020-01-01'"),
            ("", "''"),
            ("- x", "'- x'"),
            ("-x", "-x"),
            ("it's", "it's"),
            ("'q'", "'''q'''"),
            ("[x]", "'[x]'"),
            ("x\ty", "\"x\\ty\""),
            ("ä", "\"\\xE4\""),
            ("x ", "'x '"),
            ("null", "'null'"),
            ("?x", "?x"),
            ("a,b", "a,b"),
            ("=", "'='"),
            ("12:30", "'12:30'"),
            ("---x", "'---x'"),
        ] {
            assert_eq!(dump(&json!({"k": text})), format!("k: {expected}\n"), "{text:?}");
        }
    }

    #[test]
    fn lines_and_long_texts_are_folded() {
        for (text, expected) in [
            ("one\ntwo\n", "'one\n\n  two\n\n  '"),
            ("a\n\nb", "'a\n\n\n  b'"),
            ("\na", "'\n\n  a'"),
            ("a\n b", "\"a\\n b\""),
            ("a \nb", "\"a \\nb\""),
        ] {
            assert_eq!(dump(&json!({"k": text})), format!("k: {expected}\n"));
        }
        let long = "word ".repeat(20).trim_end().to_owned();
        let text = dump(&json!({"k": long}));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(lines[1], "  word word word word");
        let odd = dump(&json!({"k": "w\u{f6}: rd ".repeat(20).trim_end()}));
        let lines: Vec<&str> = odd.lines().collect();
        assert!(lines[0].ends_with(": rd") && lines[1].starts_with("  w\\xF6"), "{odd}");
    }
}
