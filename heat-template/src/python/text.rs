//! `str` and `repr`.

use super::Num;
use serde_json::Value;
use std::fmt::Write;

/// Python's `str(value)`: a text as it is, `True`, `None`, `1e+20`, `['a', 1]`.
pub fn str_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => repr(other),
    }
}

/// Python's `repr(value)`.
pub fn repr(value: &Value) -> String {
    let mut text = String::new();
    write_repr(value, &mut text);
    text
}

/// Python's name of the type: `str`, `int`, `dict` …
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if Num::from_number(number).is_float() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

fn write_repr(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("None"),
        Value::Bool(value) => text.push_str(if *value { "True" } else { "False" }),
        Value::Number(number) => text.push_str(&Num::from_number(number).repr()),
        Value::String(value) => write_text(value, text),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_repr(item, text);
            }
            text.push(']');
        }
        Value::Object(entries) => {
            text.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_text(key, text);
                text.push_str(": ");
                write_repr(value, text);
            }
            text.push('}');
        }
    }
}

/// Quotes are single unless only single ones are inside; what cannot be printed is escaped.
fn write_text(value: &str, text: &mut String) {
    let quote = if value.contains('\'') && !value.contains('"') { '"' } else { '\'' };
    text.push(quote);
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            other if other == quote => {
                text.push('\\');
                text.push(other);
            }
            other if printable(other) => text.push(other),
            other => {
                let code = other as u32;
                // Writing to a String cannot fail.
                let _ = match code {
                    0..=0xff => write!(text, "\\x{code:02x}"),
                    0x100..=0xffff => write!(text, "\\u{code:04x}"),
                    _ => write!(text, "\\U{code:08x}"),
                };
            }
        }
    }
    text.push(quote);
}

/// `str.isprintable` for the ranges that templates meet: no controls, no separators but the space, no private use.
fn printable(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\u{0}'..='\u{a0}' | '\u{ad}' => false,
        '\u{1680}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' => false,
        '\u{3000}'
        | '\u{e000}'..='\u{f8ff}'
        | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{fffe}'
        | '\u{ffff}' => false,
        '\u{e0000}'..='\u{10ffff}' => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_become_python_text() {
        assert_eq!(str_of(&json!("a'b")), "a'b");
        assert_eq!(str_of(&json!(true)), "True");
        assert_eq!(str_of(&json!(null)), "None");
        assert_eq!(str_of(&json!(1e20)), "1e+20");
        assert_eq!(str_of(&json!(["a", 1, {"k": "it's"}])), r#"['a', 1, {'k': "it's"}]"#);
        assert_eq!(repr(&json!("a\"b'c\n\u{e9}\u{1}")), "'a\"b\\'c\\n\u{e9}\\x01'");
    }
}
