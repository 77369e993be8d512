//! Tokens by the rules of PyYAML's scanner, which differ from libyaml's in details.
//!
//! What may be a key without `?` is known only when its `:` comes: such places are remembered, and tokens wait in a
//! queue until it is clear. A key without `?` lies on one line and within 1,024 characters.

use super::cursor::{Cursor, check_characters, is_blank, is_break_or_end};
use crate::yaml::event::SyntaxError;
use std::collections::VecDeque;

/// How far a key without `?` may reach.
const KEY_LENGTH: usize = 1024;

type Result<T> = std::result::Result<T, SyntaxError>;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    StreamStart,
    StreamEnd,
    /// `%YAML` with its major version.
    Version(String),
    /// `%TAG` with handle and prefix.
    TagHandle(String, String),
    /// A directive that is not known and means nothing.
    OtherDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowMappingStart,
    FlowSequenceEnd,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    /// Handle, if there is one, and suffix.
    Tag(Option<String>, String),
    Scalar {
        value: String,
        plain: bool,
    },
}

impl Kind {
    /// The name in messages.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::StreamStart => "the beginning of the text",
            Self::StreamEnd => "the end of the text",
            Self::Version(_) | Self::TagHandle(..) | Self::OtherDirective => "a directive",
            Self::DocumentStart => "`---`",
            Self::DocumentEnd => "`...`",
            Self::BlockSequenceStart => "an indented list",
            Self::BlockMappingStart => "an indented map",
            Self::BlockEnd => "the end of the indented block",
            Self::FlowSequenceStart => "`[`",
            Self::FlowMappingStart => "`{`",
            Self::FlowSequenceEnd => "`]`",
            Self::FlowMappingEnd => "`}`",
            Self::BlockEntry => "`-`",
            Self::FlowEntry => "`,`",
            Self::Key => "a key",
            Self::Value => "`:`",
            Self::Alias(_) => "an alias",
            Self::Anchor(_) => "an anchor",
            Self::Tag(..) => "a tag",
            Self::Scalar { .. } => "a scalar",
        }
    }
}

/// A token with the bytes that it came from.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A place that may turn out to be a key.
#[derive(Debug, Clone)]
struct PossibleKey {
    flow_level: usize,
    token_number: usize,
    required: bool,
    index: usize,
    line: usize,
    column: usize,
    mark: u32,
}

/// Makes tokens of a text.
pub(super) struct Scanner<'t> {
    pub(super) cursor: Cursor<'t>,
    tokens: VecDeque<Token>,
    taken: usize,
    done: bool,
    pub(super) flow_level: usize,
    /// Column of the current block; -1 outside all.
    pub(super) indent: isize,
    indents: Vec<isize>,
    pub(super) key_allowed: bool,
    /// At most one for each level of brackets, outer ones first; what is stale lies in front.
    possible_keys: VecDeque<PossibleKey>,
}

impl<'t> Scanner<'t> {
    /// At the beginning of a text.
    pub(super) fn new(text: &'t str) -> Result<Self> {
        check_characters(text)?;
        let start = Token { kind: Kind::StreamStart, start: 0, end: 0 };
        Ok(Self {
            cursor: Cursor::new(text),
            tokens: VecDeque::from([start]),
            taken: 0,
            done: false,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            key_allowed: true,
            possible_keys: VecDeque::new(),
        })
    }

    /// The next token, which stays.
    pub(super) fn peek(&mut self) -> Result<&Token> {
        while self.needs_more()? {
            self.fetch()?;
        }
        self.tokens.front().ok_or_else(|| SyntaxError::new("nothing follows the end", self.cursor.mark()))
    }

    /// The next token.
    pub(super) fn take(&mut self) -> Result<Token> {
        self.peek()?;
        self.taken += 1;
        self.tokens.pop_front().ok_or_else(|| SyntaxError::new("nothing follows the end", self.cursor.mark()))
    }

    fn needs_more(&mut self) -> Result<bool> {
        if self.done {
            return Ok(false);
        }
        if self.tokens.is_empty() {
            return Ok(true);
        }
        self.drop_stale_keys()?;
        Ok(self.possible_keys.front().is_some_and(|key| key.token_number == self.taken))
    }

    fn push(&mut self, kind: Kind, start: u32) {
        self.tokens.push_back(Token { kind, start, end: self.cursor.mark() });
    }

    fn fetch(&mut self) -> Result<()> {
        self.skip_to_token();
        self.drop_stale_keys()?;
        self.unwind(self.cursor.column as isize);
        let c = self.cursor.peek();
        let next_blank = is_blank(self.cursor.peek_at(1));
        let flow = self.flow_level > 0;
        let first_column = self.cursor.column == 0;
        match c {
            '\0' => self.stream_end(),
            '%' if first_column => self.directive(),
            '-' if first_column && self.cursor.at_separator() => self.document_marker(Kind::DocumentStart),
            '.' if first_column && self.cursor.at_separator() => self.document_marker(Kind::DocumentEnd),
            '[' => self.flow_start(Kind::FlowSequenceStart),
            '{' => self.flow_start(Kind::FlowMappingStart),
            ']' => self.flow_end(Kind::FlowSequenceEnd),
            '}' => self.flow_end(Kind::FlowMappingEnd),
            ',' => self.flow_entry(),
            '-' if next_blank => self.block_entry(),
            '?' if flow || next_blank => self.explicit_key(),
            ':' if flow || next_blank => self.value(),
            '*' | '&' => self.anchor(c == '*'),
            '!' => {
                self.save_possible_key()?;
                self.key_allowed = false;
                let (start, (handle, suffix)) = (self.cursor.mark(), self.scan_tag()?);
                self.push(Kind::Tag(handle, suffix), start);
                Ok(())
            }
            '|' | '>' if !flow => {
                self.key_allowed = true;
                self.remove_possible_key()?;
                let start = self.cursor.mark();
                let (value, end) = self.scan_block_scalar()?;
                self.tokens.push_back(Token { kind: Kind::Scalar { value, plain: false }, start, end });
                Ok(())
            }
            '\'' | '"' => {
                self.save_possible_key()?;
                self.key_allowed = false;
                let (start, value) = (self.cursor.mark(), self.scan_quoted()?);
                self.push(Kind::Scalar { value, plain: false }, start);
                Ok(())
            }
            _ if self.begins_plain(c, next_blank) => {
                self.save_possible_key()?;
                self.key_allowed = false;
                let start = self.cursor.mark();
                let (value, end) = self.scan_plain();
                self.tokens.push_back(Token { kind: Kind::Scalar { value, plain: true }, start, end });
                Ok(())
            }
            '\t' => Err(SyntaxError::new(
                "a tab cannot begin anything, also not an indentation",
                self.cursor.mark(),
            )),
            _ => Err(SyntaxError::new(format!("no value can begin with {c:?}"), self.cursor.mark())),
        }
    }

    /// `-`, `?` and `:` begin a plain scalar where something follows them at once; the latter two only outside brackets.
    fn begins_plain(&self, c: char, next_blank: bool) -> bool {
        match c {
            '-' => !next_blank,
            '?' | ':' => !next_blank && self.flow_level == 0,
            ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
            | '`' => false,
            _ => !is_blank(c),
        }
    }

    /// Over spaces, comments and line breaks, but no tabs.
    fn skip_to_token(&mut self) {
        if self.cursor.index == 0 && self.cursor.peek() == '\u{feff}' {
            self.cursor.forward();
        }
        loop {
            self.cursor.take_while(|c| c == ' ');
            self.cursor.comment();
            if self.cursor.line_break().is_none() {
                return;
            }
            if self.flow_level == 0 {
                self.key_allowed = true;
            }
        }
    }

    // --- keys without `?`

    fn missing_colon(&self, key: &PossibleKey) -> SyntaxError {
        SyntaxError::new("`:` is expected after a key", self.cursor.mark())
            .while_reading("while reading a key", key.mark)
    }

    fn drop_stale_keys(&mut self) -> Result<()> {
        while let Some(key) = self.possible_keys.front() {
            if key.line == self.cursor.line && self.cursor.index - key.index <= KEY_LENGTH {
                break;
            }
            if key.required {
                return Err(self.missing_colon(key));
            }
            self.possible_keys.pop_front();
        }
        Ok(())
    }

    fn save_possible_key(&mut self) -> Result<()> {
        if !self.key_allowed {
            return Ok(());
        }
        let required = self.flow_level == 0 && self.indent == self.cursor.column as isize;
        self.remove_possible_key()?;
        self.possible_keys.push_back(PossibleKey {
            flow_level: self.flow_level,
            token_number: self.taken + self.tokens.len(),
            required,
            index: self.cursor.index,
            line: self.cursor.line,
            column: self.cursor.column,
            mark: self.cursor.mark(),
        });
        Ok(())
    }

    fn take_possible_key(&mut self) -> Option<PossibleKey> {
        match self.possible_keys.back() {
            Some(key) if key.flow_level == self.flow_level => self.possible_keys.pop_back(),
            _ => None,
        }
    }

    fn remove_possible_key(&mut self) -> Result<()> {
        match self.take_possible_key() {
            Some(key) if key.required => Err(self.missing_colon(&key)),
            _ => Ok(()),
        }
    }

    // --- indentation

    fn unwind(&mut self, column: isize) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            let mark = self.cursor.mark();
            self.indent = self.indents.pop().unwrap_or(-1);
            self.push(Kind::BlockEnd, mark);
        }
    }

    /// A block begins in this column, if none does yet.
    fn indent_to(&mut self, column: usize) -> bool {
        let column = column as isize;
        let deeper = self.indent < column;
        if deeper {
            self.indents.push(self.indent);
            self.indent = column;
        }
        deeper
    }

    // --- one function for each kind of token

    fn stream_end(&mut self) -> Result<()> {
        self.unwind(-1);
        self.remove_possible_key()?;
        self.key_allowed = false;
        self.possible_keys.clear();
        self.push(Kind::StreamEnd, self.cursor.mark());
        self.done = true;
        Ok(())
    }

    fn directive(&mut self) -> Result<()> {
        self.unwind(-1);
        self.remove_possible_key()?;
        self.key_allowed = false;
        let (start, kind) = (self.cursor.mark(), self.scan_directive()?);
        self.push(kind, start);
        Ok(())
    }

    fn document_marker(&mut self, kind: Kind) -> Result<()> {
        self.unwind(-1);
        self.remove_possible_key()?;
        self.key_allowed = false;
        self.indicator(kind, 3);
        Ok(())
    }

    fn indicator(&mut self, kind: Kind, length: usize) {
        let start = self.cursor.mark();
        self.cursor.skip(length);
        self.push(kind, start);
    }

    fn flow_start(&mut self, kind: Kind) -> Result<()> {
        self.save_possible_key()?;
        self.flow_level += 1;
        self.key_allowed = true;
        self.indicator(kind, 1);
        Ok(())
    }

    fn flow_end(&mut self, kind: Kind) -> Result<()> {
        self.remove_possible_key()?;
        // A bracket too many is the parser's to refuse.
        self.flow_level = self.flow_level.saturating_sub(1);
        self.key_allowed = false;
        self.indicator(kind, 1);
        Ok(())
    }

    fn flow_entry(&mut self) -> Result<()> {
        self.key_allowed = true;
        self.remove_possible_key()?;
        self.indicator(Kind::FlowEntry, 1);
        Ok(())
    }

    /// Where a block's entry, key or value is not possible inside a line.
    fn check_block_place(&self, what: &str) -> Result<()> {
        if self.key_allowed {
            return Ok(());
        }
        Err(SyntaxError::new(format!("{what} not possible here"), self.cursor.mark()))
    }

    fn block_entry(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            self.check_block_place("an item of a list is")?;
            if self.indent_to(self.cursor.column) {
                self.push(Kind::BlockSequenceStart, self.cursor.mark());
            }
        }
        self.key_allowed = true;
        self.remove_possible_key()?;
        self.indicator(Kind::BlockEntry, 1);
        Ok(())
    }

    fn explicit_key(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            self.check_block_place("a key is")?;
            if self.indent_to(self.cursor.column) {
                self.push(Kind::BlockMappingStart, self.cursor.mark());
            }
        }
        self.key_allowed = self.flow_level == 0;
        self.remove_possible_key()?;
        self.indicator(Kind::Key, 1);
        Ok(())
    }

    fn value(&mut self) -> Result<()> {
        if let Some(key) = self.take_possible_key() {
            let at = key.token_number - self.taken;
            let token = |kind| Token { kind, start: key.mark, end: key.mark };
            self.tokens.insert(at, token(Kind::Key));
            if self.flow_level == 0 && self.indent_to(key.column) {
                self.tokens.insert(at, token(Kind::BlockMappingStart));
            }
            self.key_allowed = false;
        } else {
            if self.flow_level == 0 {
                self.check_block_place("`:` makes a key of what stands before it, which is")?;
                if self.indent_to(self.cursor.column) {
                    self.push(Kind::BlockMappingStart, self.cursor.mark());
                }
            }
            self.key_allowed = self.flow_level == 0;
            self.remove_possible_key()?;
        }
        self.indicator(Kind::Value, 1);
        Ok(())
    }

    fn anchor(&mut self, alias: bool) -> Result<()> {
        self.save_possible_key()?;
        self.key_allowed = false;
        let start = self.cursor.mark();
        self.cursor.forward();
        let name = self.cursor.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).to_owned();
        let next = self.cursor.peek();
        if name.is_empty()
            || !(is_blank(next) || matches!(next, '?' | ':' | ',' | ']' | '}' | '%' | '@' | '`'))
        {
            let what = if alias { "while reading an alias" } else { "while reading an anchor" };
            return Err(self.cursor.unexpected("a letter or a digit").while_reading(what, start));
        }
        self.push(if alias { Kind::Alias(name) } else { Kind::Anchor(name) }, start);
        Ok(())
    }
}

/// The rest of a line: blanks and a comment at most.
pub(super) fn end_of_line(cursor: &mut Cursor<'_>) -> Result<()> {
    cursor.take_while(|c| c == ' ');
    cursor.comment();
    if !is_break_or_end(cursor.peek()) {
        return Err(cursor.unexpected("a comment or the end of the line"));
    }
    cursor.line_break();
    Ok(())
}
