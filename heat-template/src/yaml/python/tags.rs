//! Tags and directives by the rules of PyYAML's scanner.

use super::cursor::{is_blank, is_break_or_end};
use super::scanner::{Kind, Scanner, end_of_line};
use crate::yaml::event::SyntaxError;

type Result<T> = std::result::Result<T, SyntaxError>;

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn ends_word(c: char) -> bool {
    c == ' ' || is_break_or_end(c)
}

impl Scanner<'_> {
    /// `%…` up to the end of its line.
    pub(super) fn scan_directive(&mut self) -> Result<Kind> {
        let start = self.cursor.mark();
        let kind = self
            .directive_parts()
            .map_err(|error| error.while_reading("while reading a directive", start))?;
        end_of_line(&mut self.cursor)
            .map_err(|error| error.while_reading("while reading a directive", start))?;
        Ok(kind)
    }

    fn directive_parts(&mut self) -> Result<Kind> {
        self.cursor.forward();
        let name = self.cursor.take_while(is_word);
        if name.is_empty() || !ends_word(self.cursor.peek()) {
            return Err(self.cursor.unexpected("a letter or a digit"));
        }
        match name {
            "YAML" => {
                self.cursor.take_while(|c| c == ' ');
                let major = self.version_number()?;
                if self.cursor.peek() != '.' {
                    return Err(self.cursor.unexpected("a digit or `.`"));
                }
                self.cursor.forward();
                self.version_number()?;
                if !ends_word(self.cursor.peek()) {
                    return Err(self.cursor.unexpected("a digit or a space"));
                }
                Ok(Kind::Version(major))
            }
            "TAG" => {
                self.cursor.take_while(|c| c == ' ');
                let handle = self.tag_handle()?;
                if self.cursor.peek() != ' ' {
                    return Err(self.cursor.unexpected("a space"));
                }
                self.cursor.take_while(|c| c == ' ');
                let prefix = self.tag_uri()?;
                if !ends_word(self.cursor.peek()) {
                    return Err(self.cursor.unexpected("a space"));
                }
                Ok(Kind::TagHandle(handle, prefix))
            }
            _ => {
                self.cursor.take_while(|c| !is_break_or_end(c));
                Ok(Kind::OtherDirective)
            }
        }
    }

    fn version_number(&mut self) -> Result<String> {
        let digits = self.cursor.take_while(|c| c.is_ascii_digit());
        if digits.is_empty() {
            return Err(self.cursor.unexpected("a digit"));
        }
        let significant = digits.trim_start_matches('0');
        Ok(if significant.is_empty() { "0" } else { significant }.to_owned())
    }

    /// `!suffix`, `!handle!suffix`, `!<uri>` or `!` alone.
    pub(super) fn scan_tag(&mut self) -> Result<(Option<String>, String)> {
        let start = self.cursor.mark();
        let parts = self.tag_parts().map_err(|error| error.while_reading("while reading a tag", start))?;
        if !ends_word(self.cursor.peek()) {
            return Err(self.cursor.unexpected("a space").while_reading("while reading a tag", start));
        }
        Ok(parts)
    }

    fn tag_parts(&mut self) -> Result<(Option<String>, String)> {
        match self.cursor.peek_at(1) {
            '<' => {
                self.cursor.skip(2);
                let uri = self.tag_uri()?;
                if self.cursor.peek() != '>' {
                    return Err(self.cursor.unexpected("`>`"));
                }
                self.cursor.forward();
                Ok((None, uri))
            }
            c if is_blank(c) => {
                self.cursor.forward();
                Ok((None, "!".to_owned()))
            }
            _ => {
                let word = self.cursor.rest().chars().skip(1).take_while(|c| !ends_word(*c));
                let handle = if word.into_iter().any(|c| c == '!') {
                    self.tag_handle()?
                } else {
                    self.cursor.forward();
                    "!".to_owned()
                };
                Ok((Some(handle), self.tag_uri()?))
            }
        }
    }

    fn tag_handle(&mut self) -> Result<String> {
        if self.cursor.peek() != '!' {
            return Err(self.cursor.unexpected("`!`"));
        }
        self.cursor.forward();
        if self.cursor.peek() == ' ' {
            return Ok("!".to_owned());
        }
        let name = self.cursor.take_while(is_word);
        if self.cursor.peek() != '!' {
            return Err(self.cursor.unexpected("`!`"));
        }
        self.cursor.forward();
        Ok(format!("!{name}!"))
    }

    fn tag_uri(&mut self) -> Result<String> {
        let mut uri = String::new();
        loop {
            uri +=
                self.cursor.take_while(|c| c.is_ascii_alphanumeric() || "-;/?:@&=+$,_.!~*'()[]".contains(c));
            if self.cursor.peek() != '%' {
                break;
            }
            let at = self.cursor.mark();
            let mut bytes = Vec::new();
            while self.cursor.peek() == '%' {
                self.cursor.forward();
                let digits =
                    self.cursor.rest().get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
                bytes.push(digits.ok_or_else(|| self.cursor.unexpected("two hexadecimal digits"))?);
                self.cursor.skip(2);
            }
            uri +=
                &String::from_utf8(bytes).map_err(|_| SyntaxError::new("the escapes are not UTF-8", at))?;
        }
        if uri.is_empty() {
            return Err(self.cursor.unexpected("a URI"));
        }
        Ok(uri)
    }
}
