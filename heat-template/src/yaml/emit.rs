//! Writing values as YAML that PyYAML reads back the same.
//!
//! Texts are quoted by YAML 1.1's rules, and where YAML 1.2 or PyYAML's default loader (which makes dates) would read
//! something else as well. Texts of several lines are written as literal blocks where that keeps every character.

use super::number::float_text;
use super::resolve::{self, Plain};
use serde_json::{Map, Number, Value};
use std::fmt::Write;

/// A key without `?` may have 1,024 characters; longer ones are written with it.
const SIMPLE_KEY: usize = 512;

/// A value as a YAML document in block style, ended by a line feed.
///
/// Deep values need no stack. Numbers are written as Python writes them; a float that JSON wrote with more digits than
/// Python keeps is rounded as Python would round it on reading.
///
/// ```
/// use heat_template::yaml::emit;
/// use serde_json::json;
///
/// let text = emit(&json!({"version": "2021-04-16", "mode": "0777", "script": "one\ntwo\n", "list": [1, {"on": "yes"}]}));
/// assert_eq!(text, r#"version: "2021-04-16"
/// mode: "0777"
/// script: |
///   one
///   two
/// list:
///   - 1
///   - "on": "yes"
/// "#);
/// ```
pub fn emit(value: &Value) -> String {
    let mut emitter = Emitter { text: String::new(), frames: Vec::new() };
    emitter.value(value, 0, Place::Top);
    while let Some(frame) = emitter.frames.pop() {
        emitter.go_on(frame);
    }
    emitter.text
}

/// What stands before a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing.
    Top,
    /// `- `
    Item,
    /// `key:`
    Key,
    /// `? key` and `:`
    LongKey,
}

/// An open list or map.
enum Frame<'v> {
    List { items: std::slice::Iter<'v, Value>, indent: usize, inline: bool },
    Map { entries: serde_json::map::Iter<'v>, indent: usize, inline: bool },
}

struct Emitter<'v> {
    text: String,
    frames: Vec<Frame<'v>>,
}

impl<'v> Emitter<'v> {
    /// Writes the next item or entry; `inline` where it follows a dash on the same line.
    fn go_on(&mut self, frame: Frame<'v>) {
        match frame {
            Frame::List { mut items, indent, inline } => {
                let Some(item) = items.next() else { return };
                self.indent(indent, inline);
                self.text.push('-');
                self.frames.push(Frame::List { items, indent, inline: false });
                self.value(item, indent + 2, Place::Item);
            }
            Frame::Map { mut entries, indent, inline } => {
                let Some((key, value)) = entries.next() else { return };
                self.indent(indent, inline);
                self.frames.push(Frame::Map { entries, indent, inline: false });
                let key = flow_text(key);
                let long = key.chars().count() > SIMPLE_KEY;
                if long {
                    self.text.push_str("? ");
                }
                self.text.push_str(&key);
                if long {
                    self.text.push('\n');
                    self.indent(indent, false);
                }
                self.text.push(':');
                self.value(value, indent + 2, if long { Place::LongKey } else { Place::Key });
            }
        }
    }

    fn indent(&mut self, indent: usize, inline: bool) {
        if !inline {
            self.text.extend(std::iter::repeat_n(' ', indent));
        }
    }

    /// Writes a scalar, or opens a list or a map whose content is indented so.
    fn value(&mut self, value: &'v Value, indent: usize, place: Place) {
        match value {
            Value::Array(items) if !items.is_empty() => {
                let inline = self.open(place);
                self.frames.push(Frame::List { items: items.iter(), indent, inline });
            }
            Value::Object(entries) if !entries.is_empty() => {
                let inline = self.open(place);
                self.frames.push(Frame::Map { entries: Map::iter(entries), indent, inline });
            }
            scalar => {
                if place != Place::Top {
                    self.text.push(' ');
                }
                self.scalar(scalar, indent.max(2));
                if !self.text.ends_with('\n') {
                    self.text.push('\n');
                }
            }
        }
    }

    /// Goes to where the first entry of a list or a map stands; whether that is on the same line.
    fn open(&mut self, place: Place) -> bool {
        match place {
            Place::Top => true,
            Place::Item | Place::LongKey => {
                self.text.push(' ');
                true
            }
            Place::Key => {
                self.text.push('\n');
                false
            }
        }
    }

    fn scalar(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
            Value::Number(value) => self.text.push_str(&number_text(value)),
            Value::String(text) if is_literal(text) => self.literal(text, indent),
            Value::String(text) => self.text.push_str(&flow_text(text)),
            Value::Array(_) => self.text.push_str("[]"),
            Value::Object(_) => self.text.push_str("{}"),
        }
    }

    fn literal(&mut self, text: &str, indent: usize) {
        let body = text.trim_end_matches('\n');
        self.text.push_str(match text.len() - body.len() {
            0 => "|-\n",
            1 => "|\n",
            _ => "|+\n",
        });
        for line in text.split_inclusive('\n') {
            if line != "\n" {
                self.indent(indent, false);
            }
            self.text.push_str(line);
        }
    }
}

/// A number in a form that YAML 1.1 knows: a float has a dot, and its exponent a sign.
fn number_text(number: &Number) -> String {
    let text = number.to_string();
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return text;
    }
    let Ok(value) = text.parse::<f64>() else { return flow_text(&text) };
    if !value.is_finite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = float_text(value);
    match text.split_once('e') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0e{exponent}"),
        _ => text,
    }
}

/// A character that stands for itself in a text on one line, for every reader.
pub(crate) fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

/// A literal block keeps such a text: it has several lines, and its first one tells the indentation.
fn is_literal(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && text.chars().all(|c| is_printable(c) || matches!(c, '\n' | '\t'))
        // The blanks of such a last line would be taken for indentation by some readers.
        && !text.rsplit('\n').next().is_some_and(|last| !last.is_empty() && last.trim().is_empty())
}

/// A text on one line: without quotes where no reader takes it for something else.
pub(crate) fn flow_text(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// A text on one line in quotes: double ones, but where those would need escapes.
pub(crate) fn quoted(text: &str) -> String {
    let printable = text.chars().all(is_printable);
    if printable && text.contains(['"', '\\']) && !text.contains('\'') {
        return format!("'{text}'");
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if is_printable(c) => quoted.push(c),
            c => {
                let code = u32::from(c);
                // Writing to a `String` cannot fail.
                let _ = match code {
                    0..=0xff => write!(quoted, "\\x{code:02X}"),
                    0x100..=0xffff => write!(quoted, "\\u{code:04X}"),
                    _ => write!(quoted, "\\U{code:08X}"),
                };
            }
        }
    }
    quoted.push('"');
    quoted
}

/// A text on one line for any place, also between brackets.
pub(crate) fn word(text: &str) -> String {
    if is_plain(text) && !text.contains([',', '[', ']', '{', '}']) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let begins = first.is_alphanumeric() || matches!(first, '_' | '/' | '.' | '$' | '(' | '^' | '+' | ';');
    begins
        && text.chars().all(is_printable)
        && resolve::plain(text) == Plain::Text
        && !resolve::looks_like_number(text)
        // YAML 1.1 has these as booleans, though PyYAML does not.
        && !matches!(text, "y" | "Y" | "n" | "N")
        && !text.starts_with("...")
        && !text.ends_with([' ', ':', '\u{a0}'])
        && !text.contains(": ")
        && !text.contains(" #")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;
    use crate::yaml::{Limits, TextKind, float_number, read};
    use proptest::prelude::*;
    use serde_json::json;

    fn back(text: &str) -> Value {
        let file = SourceMap::new().add("t.yaml", text);
        let read = read(file, text, TextKind::Environment, &Limits::default());
        assert!(!read.has_errors(), "{text}\n{:?}", read.diagnostics);
        read.node.map(|node| node.to_value()).unwrap()
    }

    #[test]
    fn layout() {
        let value = json!({
            "a": {"b": [1, [2, [3]], {"c": [], "d": {}}, [{"e": null}]]},
            "f": [true, -0.5, 1e16, "x: y", ""],
        });
        insta::assert_snapshot!(emit(&value), @r#"
        a:
          b:
            - 1
            - - 2
              - - 3
            - c: []
              d: {}
            - - e: null
        f:
          - true
          - -0.5
          - 1.0e+16
          - "x: y"
          - ""
        "#);
        assert_eq!(
            back(&emit(&value)).to_string(),
            r#"{"a":{"b":[1,[2,[3]],{"c":[],"d":{}},[{"e":null}]]},"f":[true,-0.5,1e+16,"x: y",""]}"#
        );
    }

    #[test]
    fn texts_that_need_quotes() {
        for text in [
            "yes",
            "On",
            "no",
            "~",
            "null",
            "",
            " a",
            "a ",
            "1",
            "0777",
            "0o17",
            "08",
            "1_000",
            "1:30",
            "1e3",
            "1.5",
            ".5",
            ".inf",
            "2021-04-16",
            "2001-12-14 21:59:43",
            "<<",
            "=",
            "- a",
            "-",
            "?",
            "? a",
            ":",
            "a:",
            "a: b",
            "a #b",
            "#a",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "'",
            "\"",
            "%a",
            "@a",
            "`a",
            "[a",
            "{a",
            "]",
            "}",
            ",",
            "---",
            "...",
            "--- a",
            "y",
            "a\tb",
            "\ta",
            "a\rb",
            "a\u{85}b",
            "a\u{2028}b",
            "\u{2029}",
            "\u{feff}a",
            "\u{7}",
            "\0",
            "\u{7f}",
            "\u{fffe}",
            "a\u{a0}",
            "\n",
            "\n\n",
            "\na",
            " a\nb",
            "a\n ",
            "a\n  \n",
            "a\n\tb\n",
            "it's \"both\" \\",
        ] {
            for value in [
                json!(text),
                json!([text]),
                json!({ "k": text }),
                json!({ text: text }),
                json!([{ text: [text] }]),
            ] {
                let emitted = emit(&value);
                assert_eq!(back(&emitted), value, "{emitted}");
            }
        }
    }

    #[test]
    fn texts_that_need_none() {
        for text in
            ["web", "OS::Nova::Server", "/dev/vdb", "10.0.0.0/24", "a, b", "größe", "{{x}}", "1.2.3", "a#b"]
        {
            let plain = emit(&json!(text)) == format!("{text}\n");
            assert_eq!(plain, text != "{{x}}", "{text}");
        }
    }

    #[test]
    fn blocks_keep_every_line_break() {
        for text in
            ["a\nb", "a\nb\n", "a\n\nb\n\n\n", "a\n  b\n c", "a\n\n", "#!/bin/sh\nx=1 # y\n", "a\n---\n...\n"]
        {
            for value in [json!(text), json!([text, text]), json!({ "k": text, "l": [text] })] {
                let emitted = emit(&value);
                assert!(emitted.contains('|'), "{emitted}");
                assert_eq!(back(&emitted), value, "{emitted}");
            }
        }
    }

    #[test]
    fn long_keys_are_explicit() {
        let value = json!({ "k".repeat(2_000): {"a": ["b"]}, "\u{1}".repeat(400): 1, "ä".repeat(500): [1] });
        assert_eq!(back(&emit(&value)), value);
    }

    #[test]
    fn deep_values_need_no_stack() {
        let mut value = json!(1);
        for _ in 0..2_000 {
            value = Value::Array(vec![value]);
        }
        assert_eq!(emit(&value).matches('-').count(), 2_000);
    }

    /// Values whose numbers are written as Python writes them, so that reading gives the very same.
    fn values() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            "[ -~]{0,12}",
            "[a-c \n\t:#'\"\\\\-]{0,16}",
            any::<String>(),
            "[0-9_.:+eE-]{1,8}",
            "\\PC{0,10}",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_filter_map("finite", |f| float_number(f).map(Value::Number)),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((text.clone(), inner), 0..5)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn reading_gives_back_what_was_written(value in values()) {
            let text = emit(&value);
            let file = SourceMap::new().add("t.yaml", text.as_str());
            for kind in [TextKind::Template, TextKind::Environment] {
                let read = read(file, &text, kind, &Limits::default());
                prop_assert!(!read.has_errors(), "{}\n{:?}", text, read.diagnostics);
                let found = read.node.map(|node| node.to_value());
                // At the top of an environment, null is an empty map.
                let expected = if value.is_null() && kind == TextKind::Environment { json!({}) } else { value.clone() };
                prop_assert_eq!(found.map(|v| v.to_string()), Some(expected.to_string()), "{}", text);
            }
        }
    }
}
