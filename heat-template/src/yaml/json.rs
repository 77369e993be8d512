//! JSON as Python's `json.loads` takes it, with a place for every node.
//!
//! Beyond the standard it knows `NaN`, `Infinity` and `-Infinity`; of equal keys the last value stands; integers have any
//! size. Control characters in texts are refused.

use super::Limits;
use super::budget::{Budget, Exceeded};
use super::construct::float_kind;
use super::findings::{Findings, not_finite};
use super::keys::{Dictionary, Identity};
use super::node::{Entry, Node, NodeKind};
use super::number;
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};
use std::borrow::Cow;
use std::sync::Arc;

/// Why a text is not JSON.
#[derive(Debug)]
pub(super) enum NotJson {
    /// It is not; it may be YAML.
    Syntax { problem: &'static str, at: u32 },
    /// A limit is passed, which no other reader would change.
    Limit(Box<Exceeded>),
}

impl From<Box<Exceeded>> for NotJson {
    fn from(exceeded: Box<Exceeded>) -> Self {
        Self::Limit(exceeded)
    }
}

/// Whether it makes sense to try.
pub(super) fn may_be_json(text: &str) -> bool {
    let first = text.bytes().find(|byte| !is_blank(*byte));
    matches!(first, Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'N' | b'I'))
}

/// Reads a whole text as JSON.
pub(super) fn read(file: FileId, text: &str, limits: &Limits) -> Result<(Node, Vec<Diagnostic>), NotJson> {
    let budget = Budget::new(*limits);
    let mut reader = Reader { file, text, at: 0, budget, findings: Findings::new(text), frames: Vec::new() };
    let node = reader.document()?;
    Ok((node, reader.findings.finish()))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

enum Frame {
    List { start: u32, items: Vec<Node> },
    Map { start: u32, entries: Dictionary, key: (Arc<str>, Span) },
}

struct Reader<'t> {
    file: FileId,
    text: &'t str,
    at: usize,
    budget: Budget,
    findings: Findings<'t>,
    frames: Vec<Frame>,
}

/// What comes next inside a list or a map.
enum Step {
    /// A value.
    Value,
    /// The list or map ended and is itself a value.
    Closed(Node),
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Node, NotJson> {
        loop {
            let mut finished = match self.value()? {
                Some(node) => node,
                // A list or a map was opened; its first value is next, unless it is empty.
                None => match self.first()? {
                    Step::Value => continue,
                    Step::Closed(node) => node,
                },
            };
            // A value is complete: put it where it belongs, and close what closes after it.
            loop {
                if self.frames.is_empty() {
                    self.blanks();
                    return if self.at == self.text.len() {
                        Ok(finished)
                    } else {
                        Err(self.wrong("something follows the value"))
                    };
                }
                self.put(finished);
                match self.next()? {
                    Step::Value => break,
                    Step::Closed(node) => finished = node,
                }
            }
        }
    }

    fn wrong(&self, problem: &'static str) -> NotJson {
        NotJson::Syntax { problem, at: self.at as u32 }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(is_blank) {
            self.at += 1;
        }
    }

    fn span(&self, start: usize) -> Span {
        Span::new(self.file, start as u32, self.at as u32)
    }

    /// A scalar; `None` where a list or a map begins.
    fn value(&mut self) -> Result<Option<Node>, NotJson> {
        self.blanks();
        let start = self.at;
        let here = Span::new(self.file, start as u32, start as u32 + 1);
        self.budget.node(here)?;
        let kind = match self.peek() {
            Some(b'{') => {
                self.at += 1;
                self.budget.depth(here, self.frames.len() + 1)?;
                let (entries, key) = (Dictionary::default(), (Arc::from(""), here));
                self.frames.push(Frame::Map { start: start as u32, entries, key });
                return Ok(None);
            }
            Some(b'[') => {
                self.at += 1;
                self.budget.depth(here, self.frames.len() + 1)?;
                self.frames.push(Frame::List { start: start as u32, items: Vec::new() });
                return Ok(None);
            }
            Some(b'"') => NodeKind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Some(Node { span: self.span(start), kind }))
    }

    fn word(&mut self) -> Result<NodeKind, NotJson> {
        let rest = &self.text[self.at..];
        let (length, kind) = if rest.starts_with("null") {
            (4, NodeKind::Null)
        } else if rest.starts_with("true") {
            (4, NodeKind::Bool(true))
        } else if rest.starts_with("false") {
            (5, NodeKind::Bool(false))
        } else if rest.starts_with("NaN") {
            return Ok(self.not_finite(3, f64::NAN));
        } else if rest.starts_with("Infinity") {
            return Ok(self.not_finite(8, f64::INFINITY));
        } else {
            return Err(self.wrong("a value is expected"));
        };
        self.at += length;
        Ok(kind)
    }

    fn not_finite(&mut self, length: usize, value: f64) -> NodeKind {
        let start = self.at;
        self.at += length;
        let span = self.span(start);
        self.findings.push(not_finite(&self.text[start..self.at], span));
        float_kind(value).kind
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<NodeKind, NotJson> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            if self.text[self.at..].starts_with("-Infinity") {
                return Ok(self.not_finite(9, f64::NEG_INFINITY));
            }
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if self.digits() == 0 {
            return Err(self.wrong("a digit is expected"));
        }
        let mut end = self.at;
        let mut whole = true;
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() > 0 {
                (end, whole) = (self.at, false);
            }
        }
        if self.at == end && matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'-' | b'+')) {
                self.at += 1;
            }
            if self.digits() > 0 {
                (end, whole) = (self.at, false);
            }
        }
        self.at = end;
        let text = &self.text[start..end];
        if whole {
            let number = number::json_integer(text);
            return number.map(NodeKind::Number).ok_or_else(|| self.wrong("the number is too long"));
        }
        let value: f64 = text.parse().map_err(|_| self.wrong("not a number"))?;
        if value.is_finite() {
            return Ok(float_kind(value).kind);
        }
        self.at = start;
        Ok(self.not_finite(end - start, value))
    }

    fn string(&mut self) -> Result<Arc<str>, NotJson> {
        let start = self.at;
        self.at += 1;
        let mut text = Cow::Borrowed("");
        loop {
            let run = self.at;
            while self.peek().is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            // Whole characters: a run ends before an ASCII byte or with the text.
            text += &self.text[run..self.at];
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => text.to_mut().push(self.escape()?),
                Some(_) => return Err(self.wrong("a control character stands in a text")),
                None => {
                    self.at = start;
                    return Err(self.wrong("the text that begins here does not end"));
                }
            }
        }
        self.at += 1;
        self.budget.scalar(self.span(start), text.len())?;
        Ok(text.into())
    }

    fn escape(&mut self) -> Result<char, NotJson> {
        let wrong = self.wrong("not an escape that JSON has");
        let letter = self.text.as_bytes().get(self.at + 1).copied();
        let plain = match letter {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let mut unit = self.unit(self.at).ok_or(wrong)?;
                self.at += 6;
                if (0xD800..0xDC00).contains(&unit)
                    && let Some(low @ 0xDC00..0xE000) = self.unit(self.at)
                {
                    self.at += 6;
                    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                }
                return char::from_u32(unit)
                    .ok_or_else(|| self.wrong("half of a surrogate pair stands alone"));
            }
            _ => return Err(wrong),
        };
        self.at += 2;
        Ok(plain)
    }

    /// The value of `\uXXXX` at an offset.
    fn unit(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    }

    /// After an opening bracket.
    fn first(&mut self) -> Result<Step, NotJson> {
        self.blanks();
        match (self.frames.last(), self.peek()) {
            (Some(Frame::List { .. }), Some(b']')) | (Some(Frame::Map { .. }), Some(b'}')) => {
                Ok(self.close())
            }
            (Some(Frame::Map { .. }), _) => self.key(),
            _ => Ok(Step::Value),
        }
    }

    /// After a value.
    fn next(&mut self) -> Result<Step, NotJson> {
        self.blanks();
        match (self.frames.last(), self.peek()) {
            (Some(Frame::List { .. }), Some(b']')) | (Some(Frame::Map { .. }), Some(b'}')) => {
                Ok(self.close())
            }
            (Some(Frame::List { .. }), Some(b',')) => {
                self.at += 1;
                Ok(Step::Value)
            }
            (Some(Frame::Map { .. }), Some(b',')) => {
                self.at += 1;
                self.key()
            }
            (Some(Frame::List { .. }), _) => Err(self.wrong("`,` or `]` is expected")),
            _ => Err(self.wrong("`,` or `}` is expected")),
        }
    }

    fn key(&mut self) -> Result<Step, NotJson> {
        self.blanks();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.wrong("a key in double quotes is expected"));
        }
        self.budget.node(Span::new(self.file, start as u32, start as u32 + 1))?;
        let text = self.string()?;
        let span = self.span(start);
        self.blanks();
        if self.peek() != Some(b':') {
            return Err(self.wrong("`:` is expected"));
        }
        self.at += 1;
        if let Some(Frame::Map { key, .. }) = self.frames.last_mut() {
            *key = (text, span);
        }
        Ok(Step::Value)
    }

    fn put(&mut self, node: Node) {
        match self.frames.last_mut() {
            Some(Frame::List { items, .. }) => items.push(node),
            Some(Frame::Map { entries, key: (text, span), .. }) => {
                let entry = Entry { key_span: *span, key: text.clone(), value: node };
                if let Some((_, before)) = entries.insert(Identity::Text(text.clone()), entry) {
                    self.findings.duplicate_key(text, before.key_span, *span);
                }
            }
            None => {}
        }
    }

    fn close(&mut self) -> Step {
        self.at += 1;
        let (start, kind) = match self.frames.pop() {
            Some(Frame::List { start, items }) => (start, NodeKind::List(items)),
            Some(Frame::Map { start, entries, .. }) => {
                (start, NodeKind::Map(entries.into_entries(|_, _| {})))
            }
            None => (0, NodeKind::Null),
        };
        Step::Closed(Node { span: self.span(start as usize), kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::codes;
    use crate::source::SourceMap;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn parse(text: &str) -> Result<(Node, Vec<Diagnostic>), NotJson> {
        let file = SourceMap::new().add("t.json", text);
        read(file, text, &Limits::default())
    }

    fn value(text: &str) -> Value {
        parse(text).map(|(node, _)| node.to_value()).unwrap()
    }

    #[test]
    fn values_of_every_kind() {
        assert_eq!(
            value(r#" {"a": [1, -2, 2.50, 1e3, true, false, null, "x\n\u00e9\ud83d\ude00\/"], "b": {}, "c": []} "#).to_string(),
            r#"{"a":[1,-2,2.5,1000.0,true,false,null,"x\né😀/"],"b":{},"c":[]}"#
        );
        assert_eq!(value("123456789012345678901234567890").to_string(), "123456789012345678901234567890");
        assert_eq!(value("-0").to_string(), "0");
        assert_eq!(value("-0.0").to_string(), "-0.0");
        assert_eq!(value("1E+16").to_string(), "1e+16");
    }

    #[test]
    fn python_knows_numbers_that_are_not_finite() {
        let (node, diagnostics) = parse("[NaN, Infinity, -Infinity, 1e999]").unwrap();
        assert_eq!(node.to_value(), json!(["NaN", "Infinity", "-Infinity", "Infinity"]));
        assert!(diagnostics.len() == 4 && diagnostics.iter().all(|d| d.code == codes::NUMBER_NOT_FINITE));
    }

    #[test]
    fn of_duplicate_keys_the_last_value_stands_in_the_first_place() {
        let (node, diagnostics) = parse(r#"{"a": 1, "b": 2, "a": 3}"#).unwrap();
        assert_eq!(node.to_value().to_string(), r#"{"a":3,"b":2}"#);
        assert_eq!(diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), [codes::DUPLICATE_KEY]);
    }

    #[test]
    fn spans_cover_what_was_written() {
        let text = r#"{"key": ["é", 12]}"#;
        let (node, _) = parse(text).unwrap();
        let slice = |span: Span| &text[span.start as usize..span.end as usize];
        let entry = node.entry("key").unwrap();
        assert_eq!(slice(node.span), text);
        assert_eq!(slice(entry.key_span), "\"key\"");
        assert_eq!(slice(entry.value.span), r#"["é", 12]"#);
        assert_eq!(
            entry.value.as_list().unwrap().iter().map(|n| slice(n.span)).collect::<Vec<_>>(),
            ["\"é\"", "12"]
        );
    }

    #[test]
    fn what_python_refuses() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":}",
            "{a: 1}",
            "01",
            "1.",
            "-",
            "+1",
            ".5",
            "'a'",
            "\"\\x\"",
            "\"a\nb\"",
            "\"\\ud83d\"",
            "[1 2]",
            "1 2",
            "tru",
            "\"a",
            "{\"a\" 1}",
            "\u{feff}1",
        ] {
            assert!(matches!(parse(text), Err(NotJson::Syntax { .. })), "{text:?}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion() {
        let text = "[".repeat(1_000_000);
        let file = SourceMap::new().add("t.json", "");
        let limits = Limits { depth: usize::MAX, ..Limits::default() };
        assert!(matches!(read(file, &text, &limits), Err(NotJson::Limit(_))));
    }

    proptest! {
        #[test]
        fn never_panics(text in r#"[\[\]{}",:a0-9.eE+\\u \n-]{0,40}"#) {
            let ours = parse(&text).map(|(node, _)| node.to_value());
            let theirs = serde_json::from_str::<Value>(&text);
            prop_assert_eq!(ours.is_ok(), theirs.is_ok() || text.contains("e9") && ours.is_ok(), "{}", text);
        }

        #[test]
        fn any_text_is_safe(text in ".{0,60}") {
            let _ = parse(&text);
        }
    }
}
