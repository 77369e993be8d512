//! Where a scanner stands in a text, counted as PyYAML counts.

use crate::yaml::event::SyntaxError;

/// A position that only moves forward.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    /// Byte offset.
    at: usize,
    /// Characters since the beginning of the text.
    pub(super) index: usize,
    pub(super) line: usize,
    /// Characters since the beginning of the line; byte order marks do not count.
    pub(super) column: usize,
}

/// A line break of YAML 1.1, or the end of the text.
pub(super) fn is_break_or_end(c: char) -> bool {
    is_break(c) || c == '\0'
}

/// A line break of YAML 1.1.
pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A space, a tab, a line break or the end of the text.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t') || is_break_or_end(c)
}

impl<'t> Cursor<'t> {
    /// At the beginning.
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, index: 0, line: 0, column: 0 }
    }

    /// Byte offset for marks.
    pub(super) fn mark(&self) -> u32 {
        self.at as u32
    }

    /// What lies ahead.
    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// The next character; NUL at the end of the text, which cannot hold one.
    pub(super) fn peek(&self) -> char {
        self.rest().chars().next().unwrap_or('\0')
    }

    /// The character behind so many others.
    pub(super) fn peek_at(&self, ahead: usize) -> char {
        self.rest().chars().nth(ahead).unwrap_or('\0')
    }

    /// Moves over one character.
    pub(super) fn forward(&mut self) {
        let mut ahead = self.rest().chars();
        let Some(c) = ahead.next() else { return };
        self.at += c.len_utf8();
        self.index += 1;
        if matches!(c, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}') || (c == '\r' && ahead.next() != Some('\n'))
        {
            self.line += 1;
            self.column = 0;
        } else if c != '\u{feff}' {
            self.column += 1;
        }
    }

    /// Moves over so many characters.
    pub(super) fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.forward();
        }
    }

    /// Moves over the characters of a class and gives them.
    pub(super) fn take_while(&mut self, class: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !class(c)).unwrap_or(rest.len());
        let end = self.at + length;
        while self.at < end {
            self.forward();
        }
        &rest[..length]
    }

    /// Moves over a line break, if one is next, and gives what it counts as: all but the two Unicode separators are a
    /// line feed.
    pub(super) fn line_break(&mut self) -> Option<char> {
        match self.peek() {
            '\r' => {
                if self.peek_at(1) == '\n' {
                    self.forward();
                }
                self.forward();
                Some('\n')
            }
            '\n' | '\u{85}' => {
                self.forward();
                Some('\n')
            }
            c @ ('\u{2028}' | '\u{2029}') => {
                self.forward();
                Some(c)
            }
            _ => None,
        }
    }

    /// Moves over a comment, up to the end of its line.
    pub(super) fn comment(&mut self) {
        if self.peek() == '#' {
            self.take_while(|c| !is_break_or_end(c));
        }
    }

    /// `---` or `...` followed by a blank lies ahead.
    pub(super) fn at_separator(&self) -> bool {
        let rest = self.rest();
        (rest.starts_with("---") || rest.starts_with("...")) && is_blank(self.peek_at(3))
    }

    /// Something else stands here than is expected.
    pub(super) fn unexpected(&self, expected: &str) -> SyntaxError {
        let found = match self.peek() {
            '\0' => "the end of the text".to_owned(),
            c => format!("{c:?}"),
        };
        SyntaxError::new(format!("expected {expected}, but found {found}"), self.mark())
    }
}

/// The first character that PyYAML does not let into a text.
pub(super) fn check_characters(text: &str) -> Result<(), SyntaxError> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    match text.char_indices().find(|(_, c)| !allowed(*c)) {
        None => Ok(()),
        Some((at, c)) => {
            let problem = format!("the character U+{:04X} is not allowed", u32::from(c));
            Err(SyntaxError { character: true, ..SyntaxError::new(problem, at as u32) })
        }
    }
}
