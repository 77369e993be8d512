//! Texts as Python handles them: by characters, with its notion of blank space; and values as texts.

use super::calendar::Zone;
use super::fault::{Fault, Result};
use super::value::{Value, View};
use super::{number, sets};
use crate::python;
use std::fmt::Write;

/// Python's `str.isspace`.
pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}')
}

/// `str.strip`: of blank space, or of the characters given.
pub(super) fn strip<'t>(text: &'t str, characters: Option<&str>) -> &'t str {
    strip_left(strip_right(text, characters), characters)
}

/// `str.lstrip`.
pub(super) fn strip_left<'t>(text: &'t str, characters: Option<&str>) -> &'t str {
    text.trim_start_matches(|c| characters.map_or_else(|| is_space(c), |these| these.contains(c)))
}

/// `str.rstrip`.
pub(super) fn strip_right<'t>(text: &'t str, characters: Option<&str>) -> &'t str {
    text.trim_end_matches(|c| characters.map_or_else(|| is_space(c), |these| these.contains(c)))
}

/// `str.split`; a negative number of splits is any.
pub(super) fn split(text: &str, separator: Option<&str>, splits: i64) -> Result<Vec<String>> {
    let most = usize::try_from(splits).map_or(usize::MAX, |splits| splits.saturating_add(1));
    match separator {
        Some("") => Err(Fault::other("the separator is empty")),
        Some(separator) => Ok(text.splitn(most, separator).map(str::to_owned).collect()),
        None => {
            let mut parts = Vec::new();
            let mut rest = strip_left(text, None);
            while !rest.is_empty() {
                if parts.len() + 1 >= most {
                    // What is left stays whole.
                    parts.push(rest.to_owned());
                    break;
                }
                let end = rest.find(is_space).unwrap_or(rest.len());
                parts.push(rest[..end].to_owned());
                rest = strip_left(&rest[end..], None);
            }
            Ok(parts)
        }
    }
}

/// `str.rsplit`.
pub(super) fn right_split(text: &str, separator: Option<&str>, splits: i64) -> Result<Vec<String>> {
    let most = usize::try_from(splits).map_or(usize::MAX, |splits| splits.saturating_add(1));
    let mut parts: Vec<String> = match separator {
        Some("") => return Err(Fault::other("the separator is empty")),
        Some(separator) => text.rsplitn(most, separator).map(str::to_owned).collect(),
        None => {
            let mut parts = Vec::new();
            let mut rest = strip_right(text, None);
            while !rest.is_empty() {
                let start = rest
                    .char_indices()
                    .rev()
                    .find(|(_, c)| is_space(*c))
                    .map_or(0, |(at, c)| at + c.len_utf8());
                if parts.len() + 1 >= most {
                    parts.push(rest.to_owned());
                    break;
                }
                parts.push(rest[start..].to_owned());
                rest = strip_right(&rest[..start], None);
            }
            parts
        }
    };
    parts.reverse();
    Ok(parts)
}

/// The byte at which the character with a number begins; the end beyond the last.
pub(super) fn byte_at(text: &str, character: usize) -> usize {
    if text.is_ascii() {
        return character.min(text.len());
    }
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

/// Start and end as a slice has them, in characters: negative ones count from the end.
pub(super) fn bounds(length: usize, start: i64, end: i64) -> (usize, usize) {
    let place = |at: i64| {
        let at =
            if at < 0 { at.saturating_add(i64::try_from(length).unwrap_or(i64::MAX)).max(0) } else { at };
        usize::try_from(at).unwrap_or(0).min(length)
    };
    (place(start), place(end))
}

/// How many characters a text has.
pub(super) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// `str.find` and `str.rfind` between two places, in characters.
pub(super) fn find(text: &str, wanted: &str, start: i64, end: Option<i64>, last: bool) -> i64 {
    let length = length(text);
    let whole = i64::try_from(length).unwrap_or(i64::MAX);
    if start > whole {
        return -1;
    }
    let (start, end) = bounds(length, start, end.unwrap_or(whole));
    if start > end {
        return -1;
    }
    let (from, to) = (byte_at(text, start), byte_at(text, end));
    let part = &text[from..to];
    let found = if last { part.rfind(wanted) } else { part.find(wanted) };
    found.map_or(-1, |at| {
        let characters = start + self::length(&part[..at]);
        i64::try_from(characters).unwrap_or(i64::MAX)
    })
}

/// `str.replace`; a negative count is all.
pub(super) fn replace(text: &str, old: &str, new: &str, count: i64) -> String {
    match usize::try_from(count) {
        Err(_) => text.replace(old, new),
        Ok(count) => text.replacen(old, new, count),
    }
}

/// Python's `str(value)`; what has no text of its own is an error.
pub(super) fn str_of(value: &Value) -> Result<String> {
    match value {
        Value::Text(text) => Ok(text.to_string()),
        Value::DateTime(date) => Ok(date.to_string()),
        Value::TimeSpan(span) => Ok(span.to_string()),
        other => {
            let mut out = String::new();
            write_repr(other, &mut out)?;
            Ok(out)
        }
    }
}

fn write_items<'v>(values: impl Iterator<Item = &'v Value>, out: &mut String) -> Result<()> {
    for (at, value) in values.enumerate() {
        out.push_str(if at > 0 { ", " } else { "" });
        write_repr(value, out)?;
    }
    Ok(())
}

fn write_repr(value: &Value, out: &mut String) -> Result<()> {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(value) => out.push_str(if *value { "True" } else { "False" }),
        Value::Int(value) => out.push_str(&value.to_string()),
        Value::Big(value) => {
            // Python refuses to write more than 4300 digits.
            if value.bits() > 14_284 {
                return Err(Fault::other("the integer has too many digits for a text"));
            }
            out.push_str(&value.to_string());
        }
        Value::Float(value) => out.push_str(&python::Num::Float(*value).repr()),
        Value::Text(text) => out.push_str(&python::repr(&serde_json::Value::String(text.to_string()))),
        Value::Tuple(items) => {
            out.push('(');
            write_items(items.iter(), out)?;
            out.push_str(if items.len() == 1 { ",)" } else { ")" });
        }
        Value::List(items) => {
            out.push('[');
            write_items(items.iter(), out)?;
            out.push(']');
        }
        Value::Dict(dict) => write_dict(dict, out)?,
        Value::Set(set) if set.len() == 0 => out.push_str("frozenset()"),
        Value::Set(set) => {
            out.push_str("frozenset({");
            write_items(sets::in_order(set).into_iter(), out)?;
            out.push_str("})");
        }
        Value::View(view, dict) => {
            let name = match view {
                View::Keys => "keys",
                View::Values => "values",
                View::Items => "items",
            };
            if dict.frozen {
                out.push_str(&format!("{}{}View(", name[..1].to_uppercase(), &name[1..]));
                write_dict(dict, out)?;
            } else {
                out.push_str(&format!("dict_{name}(["));
                match view {
                    View::Keys => write_items(dict.iter().map(|(key, _)| key.value()), out)?,
                    View::Values => write_items(dict.iter().map(|(_, value)| value), out)?,
                    View::Items => {
                        let pairs = dict
                            .iter()
                            .map(|(key, value)| Value::pair(key, value))
                            .collect::<Result<Vec<_>>>()?;
                        write_items(pairs.iter(), out)?;
                    }
                }
                out.push(']');
            }
            out.push(')');
        }
        Value::DateTime(date) => {
            let micro = if date.second == 0 && date.micro == 0 {
                String::new()
            } else if date.micro == 0 {
                format!(", {}", date.second)
            } else {
                format!(", {}, {}", date.second, date.micro)
            };
            let zone = match &date.zone {
                Zone::None => String::new(),
                Zone::Utc => ", tzinfo=tzutc()".to_owned(),
                Zone::Offset(offset) => format!(", tzinfo=tzoffset(None, {})", offset.seconds()),
            };
            let (year, month, day) = date.civil();
            let _ = write!(
                out,
                "datetime.datetime({year}, {month}, {day}, {}, {}{micro}{zone})",
                date.hour, date.minute
            );
        }
        Value::TimeSpan(span) => out.push_str(&span.repr()),
        Value::Regex(regex) => {
            let flags = regex.flags_repr();
            let mut pattern = python::repr(&serde_json::Value::String(regex.as_str().to_owned()));
            if pattern.chars().count() > 200 {
                pattern = pattern.chars().take(200).collect();
            }
            let _ = write!(out, "re.compile({pattern}{flags})");
        }
        Value::Missing
        | Value::Iterator(_)
        | Value::Memory(_)
        | Value::Ordering(_)
        | Value::Context(_)
        | Value::Rule(_) => {
            // Python would write the object's address.
            let message = format!("{} has no text", value.type_name());
            return Err(Fault::other(message).help("make a list of it with .toList()"));
        }
    }
    // A text that does not end is cut off where nothing accepts it any more.
    if out.len() > 4 * super::limits::MEMORY_QUOTA * 16 {
        return Err(super::limits::too_much_memory());
    }
    Ok(())
}

fn write_dict(dict: &super::value::Dict, out: &mut String) -> Result<()> {
    out.push('{');
    for (at, (key, value)) in dict.iter().enumerate() {
        out.push_str(if at > 0 { ", " } else { "" });
        write_repr(key.value(), out)?;
        out.push_str(": ");
        write_repr(value, out)?;
    }
    out.push('}');
    Ok(())
}

/// YAQL's `str(value)`: `null`, `true` and `false` in its own writing.
pub(super) fn yaql_str(value: &Value) -> Result<String> {
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(true) => "true".to_owned(),
        Value::Bool(false) => "false".to_owned(),
        other => str_of(other)?,
    })
}

/// `hex(value)`.
pub(super) fn hex(value: &Value) -> Result<String> {
    match number::big(value) {
        Some(value) => {
            let sign = if value.sign() == num_bigint::Sign::Minus { "-" } else { "" };
            Ok(format!("{sign}0x{}", value.magnitude().to_str_radix(16)))
        }
        None => Err(Fault::other(format!("{} has no hexadecimal writing", value.type_name()))),
    }
}
