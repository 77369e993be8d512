//! `json.dumps`.

use super::Num;
use serde_json::Value;
use std::fmt::Write;

/// Python's `json.dumps(value, sort_keys=…)`: `", "` and `": "` between, everything but ASCII escaped.
pub fn dumps(value: &Value, sort_keys: bool) -> String {
    let mut text = String::new();
    write(value, sort_keys, &mut text);
    text
}

fn write(value: &Value, sort_keys: bool, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&Num::from_number(number).json()),
        Value::String(value) => write_text(value, text),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write(item, sort_keys, text);
            }
            text.push(']');
        }
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            if sort_keys {
                entries.sort_by_key(|(key, _)| *key);
            }
            text.push('{');
            for (at, (key, value)) in entries.into_iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_text(key, text);
                text.push_str(": ");
                write(value, sort_keys, text);
            }
            text.push('}');
        }
    }
}

fn write_text(value: &str, text: &mut String) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            ' '..='~' => text.push(character),
            other => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_written_as_python_writes_it() {
        let value = json!({"b": [1, 2.50, null, true], "a": "\u{fc} \"\\ \n\u{1f600}\u{7f}"});
        assert_eq!(
            dumps(&value, true),
            r#"{"a": "\u00fc \"\\ \n\ud83d\ude00\u007f", "b": [1, 2.5, null, true]}"#
        );
        assert_eq!(dumps(&json!({"b": 1, "a": 1e20}), false), r#"{"b": 1, "a": 1e+20}"#);
    }
}
