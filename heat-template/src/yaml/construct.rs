//! What a scalar is, from its text and its tag.

use super::YAML_TAG;
use super::node::NodeKind;
use super::number;
use super::resolve::{self, Plain, Timestamp};
use std::sync::Arc;

/// A scalar that is more than its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Special {
    #[default]
    No,
    /// `<<`: as a key it merges.
    Merge,
    /// `=`: as a key it is a text, elsewhere it is refused.
    Value,
    /// Bytes: a text as a value, but JSON has no such keys.
    Bytes,
    /// A date of the second reader: likewise.
    Date,
    /// An item of a list of pairs.
    Pair,
}

/// What to warn about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remark {
    /// An octal or sexagesimal number.
    SurprisingNumber,
    /// A text that looks like a number.
    TextNotNumber,
    /// An infinity or NaN, kept as text.
    NotFinite,
}

/// A scalar with its type.
#[derive(Debug)]
pub(super) struct Constructed {
    pub(super) kind: NodeKind,
    pub(super) special: Special,
    pub(super) remark: Option<Remark>,
}

/// Why a scalar has no value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// No such tag.
    UnknownTag,
    /// The text or the kind of node does not fit the tag.
    Mismatch(String),
}

impl From<NodeKind> for Constructed {
    fn from(kind: NodeKind) -> Self {
        Self { kind, special: Special::No, remark: None }
    }
}

/// What becomes of timestamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dates {
    /// They stay as they are written: Heat's own loader.
    Text,
    /// They become dates, and these the texts that JSON makes of them: PyYAML's loader, to which Heat falls back.
    Normalised,
}

/// The value of a scalar without a tag.
pub(super) fn untagged(
    text: &str,
    plain: bool,
    dates: Dates,
    intern: impl FnOnce(&str) -> Arc<str>,
) -> Result<Constructed, Failure> {
    if !plain {
        return Ok(NodeKind::String(intern(text)).into());
    }
    let special = |special| Ok(Constructed { kind: NodeKind::String(text.into()), special, remark: None });
    match resolve::plain(text) {
        Plain::Text => {
            let remark = resolve::looks_like_number(text).then_some(Remark::TextNotNumber);
            Ok(Constructed { kind: NodeKind::String(intern(text)), special: Special::No, remark })
        }
        Plain::Null => Ok(NodeKind::Null.into()),
        Plain::Bool(value) => Ok(NodeKind::Bool(value).into()),
        Plain::Int => {
            let mut constructed = integer(text)?;
            let digits = text.trim_start_matches(['-', '+']);
            let octal = digits.len() > 1
                && digits.starts_with('0')
                && !digits.starts_with("0x")
                && !digits.starts_with("0b");
            // `00` is what it looks like.
            let surprising =
                (octal && digits.bytes().any(|b| matches!(b, b'1'..=b'7'))) || text.contains(':');
            constructed.remark = surprising.then_some(Remark::SurprisingNumber);
            Ok(constructed)
        }
        Plain::Float => {
            let mut constructed = float(text)?;
            if text.contains(':') {
                constructed.remark = Some(Remark::SurprisingNumber);
            }
            Ok(constructed)
        }
        Plain::Timestamp => match dates {
            Dates::Text => Ok(NodeKind::String(intern(text)).into()),
            Dates::Normalised => timestamp(text),
        },
        Plain::Merge => special(Special::Merge),
        Plain::Value => special(Special::Value),
        Plain::Indicator => Err(Failure::UnknownTag),
    }
}

/// The value of a scalar with a tag.
pub(super) fn tagged(tag: &str, text: &str, dates: Dates) -> Result<Constructed, Failure> {
    let Some(name) = tag.strip_prefix(YAML_TAG) else { return Err(Failure::UnknownTag) };
    let string = || Ok(NodeKind::String(text.into()).into());
    let special = |special| Ok(Constructed { kind: NodeKind::String(text.into()), special, remark: None });
    match name {
        "str" => string(),
        "timestamp" => match dates {
            Dates::Text => string(),
            Dates::Normalised => timestamp(text),
        },
        "null" => Ok(NodeKind::Null.into()),
        "bool" => match text.to_lowercase().as_str() {
            "yes" | "true" | "on" => Ok(NodeKind::Bool(true).into()),
            "no" | "false" | "off" => Ok(NodeKind::Bool(false).into()),
            _ => Err(Failure::Mismatch(format!("`{}` is not a boolean", shown(text)))),
        },
        "int" => integer(text),
        "float" => float(text),
        "binary" => binary(text),
        "merge" => special(Special::Merge),
        "value" => special(Special::Value),
        "seq" | "omap" | "pairs" => Err(Failure::Mismatch("a list is expected, not a scalar".to_owned())),
        "map" | "set" => Err(Failure::Mismatch("a map is expected, not a scalar".to_owned())),
        _ => Err(Failure::UnknownTag),
    }
}

/// A number that JSON may not have: infinities and NaN become text.
pub(super) fn float_kind(value: f64) -> Constructed {
    match number::float_number(value) {
        Some(number) => NodeKind::Number(number).into(),
        None => Constructed {
            kind: NodeKind::String(number::float_text(value).into()),
            special: Special::No,
            remark: Some(Remark::NotFinite),
        },
    }
}

fn integer(text: &str) -> Result<Constructed, Failure> {
    match number::integer(text) {
        Some(number) => Ok(NodeKind::Number(number).into()),
        None => Err(Failure::Mismatch(format!("`{}` is not an integer that can be read", shown(text)))),
    }
}

fn float(text: &str) -> Result<Constructed, Failure> {
    let value = number::float(text);
    value.map(float_kind).ok_or_else(|| Failure::Mismatch(format!("`{}` is not a number", shown(text))))
}

fn timestamp(text: &str) -> Result<Constructed, Failure> {
    match Timestamp::parse(text.as_bytes()).and_then(Timestamp::to_text) {
        Some(text) => {
            Ok(Constructed { kind: NodeKind::String(text.into()), special: Special::Date, remark: None })
        }
        None => Err(Failure::Mismatch(format!("`{}` is not a date that exists", shown(text)))),
    }
}

/// Base64 as Python decodes it: characters outside the alphabet are skipped. JSON makes text of the bytes.
fn binary(text: &str) -> Result<Constructed, Failure> {
    let mismatch = |reason: &str| Failure::Mismatch(reason.to_owned());
    if !text.is_ascii() {
        return Err(mismatch("Base64 consists of ASCII characters"));
    }
    let (mut bytes, mut bits, mut position, mut padding) =
        (Vec::with_capacity(text.len() / 4 * 3), 0_u32, 0, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                if position >= 2 && position + padding >= 4 {
                    position = 0;
                    break;
                }
                continue;
            }
            _ => continue,
        };
        padding = 0;
        bits = bits << 6 | u32::from(value);
        position = (position + 1) % 4;
        match position {
            2 => bytes.push((bits >> 4) as u8),
            3 => bytes.push((bits >> 2) as u8),
            0 => bytes.push(bits as u8),
            _ => {}
        }
    }
    if position != 0 {
        return Err(mismatch("Base64 that is not complete"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => {
            Ok(Constructed { kind: NodeKind::String(text.into()), special: Special::Bytes, remark: None })
        }
        Err(_) => Err(mismatch("bytes that are not UTF-8 cannot stand in a template")),
    }
}

/// A text for a message: not too long.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
