//! Block, quoted and plain scalars by the rules of PyYAML's scanner.

use super::cursor::{is_blank, is_break, is_break_or_end};
use super::scanner::{Scanner, end_of_line};
use crate::yaml::event::SyntaxError;

type Result<T> = std::result::Result<T, SyntaxError>;

/// What becomes of the line breaks at the end of a block scalar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Clip,
    Strip,
    Keep,
}

impl Scanner<'_> {
    /// `|` or `>` with its text; gives also where it ends.
    pub(super) fn scan_block_scalar(&mut self) -> Result<(String, u32)> {
        let start = self.cursor.mark();
        let while_reading = |error: SyntaxError| error.while_reading("while reading a block scalar", start);
        let folded = self.cursor.peek() == '>';
        self.cursor.forward();
        let (chomping, increment) = self.block_header().map_err(while_reading)?;
        end_of_line(&mut self.cursor).map_err(while_reading)?;

        let least = (self.indent + 1).max(1) as usize;
        let (indent, mut breaks, mut end) = match increment {
            None => {
                let (breaks, deepest, end) = self.block_indentation();
                (least.max(deepest), breaks, end)
            }
            Some(increment) => {
                let indent = least + increment - 1;
                let (breaks, end) = self.block_breaks(indent);
                (indent, breaks, end)
            }
        };
        let mut text = String::new();
        let mut line_break = None;
        while self.cursor.column == indent && self.cursor.peek() != '\0' {
            text += &breaks;
            let starts_with_text = !matches!(self.cursor.peek(), ' ' | '\t');
            text += self.cursor.take_while(|c| !is_break_or_end(c));
            line_break = self.cursor.line_break();
            (breaks, end) = self.block_breaks(indent);
            if self.cursor.column != indent || self.cursor.peek() == '\0' {
                break;
            }
            let next_with_text = !matches!(self.cursor.peek(), ' ' | '\t');
            if folded && line_break == Some('\n') && starts_with_text && next_with_text {
                if breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.extend(line_break);
            }
        }
        if chomping != Chomping::Strip {
            text.extend(line_break);
        }
        if chomping == Chomping::Keep {
            text += &breaks;
        }
        Ok((text, end))
    }

    fn block_header(&mut self) -> Result<(Chomping, Option<usize>)> {
        let mut chomping = self.chomping();
        let mut increment = None;
        if let Some(digit) = self.cursor.peek().to_digit(10) {
            if digit == 0 {
                return Err(SyntaxError::new("an indentation is 1 to 9, not 0", self.cursor.mark()));
            }
            increment = Some(digit as usize);
            self.cursor.forward();
            if chomping.is_none() {
                chomping = self.chomping();
            }
        }
        let next = self.cursor.peek();
        if next != ' ' && !is_break_or_end(next) {
            return Err(self.cursor.unexpected("`+`, `-` or an indentation"));
        }
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    fn chomping(&mut self) -> Option<Chomping> {
        let chomping = match self.cursor.peek() {
            '+' => Chomping::Keep,
            '-' => Chomping::Strip,
            _ => return None,
        };
        self.cursor.forward();
        Some(chomping)
    }

    /// Empty lines before the first text, and how far the deepest of them and the text are indented.
    fn block_indentation(&mut self) -> (String, usize, u32) {
        let (mut breaks, mut deepest, mut end) = (String::new(), 0, self.cursor.mark());
        loop {
            if let Some(line_break) = self.cursor.line_break() {
                breaks.push(line_break);
                end = self.cursor.mark();
            } else if self.cursor.peek() == ' ' {
                self.cursor.forward();
                deepest = deepest.max(self.cursor.column);
            } else {
                return (breaks, deepest, end);
            }
        }
    }

    /// Empty lines, and the indentation of the line that follows them.
    fn block_breaks(&mut self, indent: usize) -> (String, u32) {
        let (mut breaks, mut end) = (String::new(), self.cursor.mark());
        loop {
            while self.cursor.column < indent && self.cursor.peek() == ' ' {
                self.cursor.forward();
            }
            let Some(line_break) = self.cursor.line_break() else { return (breaks, end) };
            breaks.push(line_break);
            end = self.cursor.mark();
        }
    }

    /// A text in single or double quotes.
    pub(super) fn scan_quoted(&mut self) -> Result<String> {
        let start = self.cursor.mark();
        let quote = self.cursor.peek();
        self.cursor.forward();
        let mut text = Unescaped::default();
        let result = self.quoted_text(quote == '"', &mut text).and_then(|()| {
            while self.cursor.peek() != quote {
                self.quoted_blanks(&mut text)?;
                self.quoted_text(quote == '"', &mut text)?;
            }
            self.cursor.forward();
            text.finish()
        });
        result.map_err(|error| error.while_reading("while reading a quoted text", start))
    }

    /// Up to the closing quote or a blank.
    fn quoted_text(&mut self, double: bool, text: &mut Unescaped) -> Result<()> {
        loop {
            let run = self.cursor.take_while(|c| !matches!(c, '\'' | '"' | '\\') && !is_blank(c));
            text.push_str(run)?;
            match (self.cursor.peek(), double) {
                ('\'', false) if self.cursor.peek_at(1) == '\'' => {
                    text.push('\'')?;
                    self.cursor.skip(2);
                }
                (c @ '\'', true) | (c @ ('"' | '\\'), false) => {
                    text.push(c)?;
                    self.cursor.forward();
                }
                ('\\', true) => self.escape(text)?,
                _ => return Ok(()),
            }
        }
    }

    fn escape(&mut self, text: &mut Unescaped) -> Result<()> {
        let at = self.cursor.mark();
        self.cursor.forward();
        let letter = self.cursor.peek();
        let plain = match letter {
            '0' => '\0',
            'a' => '\x07',
            'b' => '\x08',
            't' | '\t' => '\t',
            'n' => '\n',
            'v' => '\x0b',
            'f' => '\x0c',
            'r' => '\r',
            'e' => '\x1b',
            ' ' | '"' | '\\' | '/' => letter,
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            'x' => return self.code(2, at, text),
            'u' => return self.code(4, at, text),
            'U' => return self.code(8, at, text),
            c if is_break(c) => {
                self.cursor.line_break();
                let breaks = self.quoted_breaks()?;
                return text.push_str(&breaks);
            }
            _ => return Err(SyntaxError::new(format!("there is no escape `\\{letter}`"), at)),
        };
        text.push(plain)?;
        self.cursor.forward();
        Ok(())
    }

    fn code(&mut self, length: usize, at: u32, text: &mut Unescaped) -> Result<()> {
        self.cursor.forward();
        let digits =
            self.cursor.rest().get(..length).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let code =
            code.ok_or_else(|| SyntaxError::new(format!("{length} hexadecimal digits are expected"), at))?;
        self.cursor.skip(length);
        text.push_code(code, at)
    }

    fn quoted_blanks(&mut self, text: &mut Unescaped) -> Result<()> {
        let blanks = self.cursor.take_while(|c| matches!(c, ' ' | '\t'));
        if self.cursor.peek() == '\0' {
            return Err(SyntaxError::new("the closing quote is missing", self.cursor.mark()));
        }
        let Some(line_break) = self.cursor.line_break() else { return text.push_str(blanks) };
        let breaks = self.quoted_breaks()?;
        if line_break != '\n' {
            text.push(line_break)?;
        } else if breaks.is_empty() {
            text.push(' ')?;
        }
        text.push_str(&breaks)
    }

    /// Empty lines and the blanks before the text goes on.
    fn quoted_breaks(&mut self) -> Result<String> {
        let mut breaks = String::new();
        loop {
            if self.cursor.at_separator() {
                return Err(SyntaxError::new("a document ends inside a quoted text", self.cursor.mark()));
            }
            self.cursor.take_while(|c| matches!(c, ' ' | '\t'));
            match self.cursor.line_break() {
                Some(line_break) => breaks.push(line_break),
                None => return Ok(breaks),
            }
        }
    }

    /// A text without quotes; gives also where it ends.
    pub(super) fn scan_plain(&mut self) -> (String, u32) {
        let indent = self.indent + 1;
        let flow = self.flow_level > 0;
        let (mut text, mut spaces, mut end) = (String::new(), String::new(), self.cursor.mark());
        loop {
            if self.cursor.peek() == '#' {
                break;
            }
            let run = plain_run(self.cursor.rest(), flow);
            if run == 0 {
                break;
            }
            self.key_allowed = false;
            text += &spaces;
            text += &self.cursor.rest()[..run];
            let count = self.cursor.rest()[..run].chars().count();
            self.cursor.skip(count);
            end = self.cursor.mark();
            match self.plain_blanks() {
                Some(found) if !found.is_empty() => spaces = found,
                _ => break,
            }
            if self.cursor.peek() == '#' || (!flow && (self.cursor.column as isize) < indent) {
                break;
            }
        }
        (text, end)
    }

    /// Spaces and line breaks as they are folded; `None` where a document ends. Tabs end a plain scalar.
    fn plain_blanks(&mut self) -> Option<String> {
        let spaces = self.cursor.take_while(|c| c == ' ');
        let Some(line_break) = self.cursor.line_break() else { return Some(spaces.to_owned()) };
        self.key_allowed = true;
        let mut breaks = String::new();
        if self.cursor.at_separator() {
            return None;
        }
        loop {
            if self.cursor.peek() == ' ' {
                self.cursor.forward();
            } else if let Some(line_break) = self.cursor.line_break() {
                breaks.push(line_break);
                if self.cursor.at_separator() {
                    return None;
                }
            } else {
                break;
            }
        }
        Some(match line_break {
            '\n' if breaks.is_empty() => " ".to_owned(),
            '\n' => breaks,
            separator => format!("{separator}{breaks}"),
        })
    }
}

/// How many bytes of a plain scalar follow without a blank.
fn plain_run(rest: &str, flow: bool) -> usize {
    let mut characters = rest.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map_or('\0', |(_, next)| *next);
        let ends = is_blank(c)
            || (c == ':' && (is_blank(next) || (flow && matches!(next, ',' | '[' | ']' | '{' | '}'))))
            || (flow && matches!(c, ',' | '?' | '[' | ']' | '{' | '}'));
        if ends {
            return at;
        }
    }
    rest.len()
}

/// A text in which the two halves of a surrogate pair may be written as two escapes, which JSON joins later on.
#[derive(Default)]
struct Unescaped {
    text: String,
    /// A high half that waits for its low one, and its place.
    half: Option<(u32, u32)>,
}

impl Unescaped {
    fn whole(&self) -> Result<()> {
        match self.half {
            None => Ok(()),
            Some((_, at)) => Err(lone_half(at)),
        }
    }

    fn push_str(&mut self, text: &str) -> Result<()> {
        if !text.is_empty() {
            self.whole()?;
            self.text += text;
        }
        Ok(())
    }

    fn push(&mut self, c: char) -> Result<()> {
        self.whole()?;
        self.text.push(c);
        Ok(())
    }

    fn push_code(&mut self, code: u32, at: u32) -> Result<()> {
        match (code, self.half.take()) {
            (0xD800..0xDC00, None) => {
                self.half = Some((code, at));
                Ok(())
            }
            (0xDC00..0xE000, Some((high, _))) => {
                let code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00);
                self.text.extend(char::from_u32(code));
                Ok(())
            }
            (_, Some((_, at))) => Err(lone_half(at)),
            (_, None) => match char::from_u32(code) {
                Some(c) => {
                    self.text.push(c);
                    Ok(())
                }
                None if code > 0x10_FFFF => {
                    Err(SyntaxError::new("there is no character with this number", at))
                }
                None => Err(lone_half(at)),
            },
        }
    }

    fn finish(self) -> Result<String> {
        self.whole()?;
        Ok(self.text)
    }
}

fn lone_half(at: u32) -> SyntaxError {
    SyntaxError { character: true, ..SyntaxError::new("half of a surrogate pair stands alone", at) }
}
