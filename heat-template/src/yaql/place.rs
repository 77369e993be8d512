//! Where a part of an expression stands in the text of a template.

use std::ops::Range;

/// The bytes of a scalar as it is written (with quotes, escapes, indentation) that a part of its value comes from; `None`
/// where that cannot be told.
pub(crate) fn place(source: &str, value: &str, part: Range<usize>) -> Option<Range<usize>> {
    let mut places = Places { source, at: 0, quote: None, block: None, between_lines: false };
    places.begin(value);
    let mut start = None;
    // Where the text ends, without the blanks and line ends behind it.
    let mut end = places.at;
    for (at, character) in value.char_indices() {
        let here = places.next(character)?;
        if at >= part.start && start.is_none() {
            if part.is_empty() {
                let after_all = value[at..].trim().is_empty();
                return Some(if after_all { end..end } else { here.start..here.start });
            }
            start = Some(here.start);
        }
        if let Some(start) = start
            && at + character.len_utf8() >= part.end
        {
            return Some(start..here.end);
        }
        if !character.is_whitespace() {
            end = here.end;
        }
    }
    Some(start.unwrap_or(end)..end)
}

/// Goes through a scalar as it is written, by the characters of its value.
struct Places<'s> {
    source: &'s str,
    at: usize,
    quote: Option<char>,
    /// Of a block scalar the style, and how deep it is indented.
    block: Option<(char, usize)>,
    /// Whether the last character was a line end of a block scalar.
    between_lines: bool,
}

impl Places<'_> {
    fn begin(&mut self, value: &str) {
        let first = self.source.chars().next();
        self.quote = first.filter(|quote| matches!(quote, '"' | '\''));
        if self.quote.is_some() {
            self.at = 1;
        } else if let Some(style @ ('|' | '>')) = first
            && !value.starts_with(['|', '>'])
        {
            // The header of a block ends with its line.
            self.at = self.source.find('\n').map_or(self.source.len(), |end| end + 1);
            let written = first_line(self.source.get(self.at..).unwrap_or_default());
            let indent = blanks(written).saturating_sub(blanks(first_line(value)));
            self.block = Some((style, indent));
            self.skip_indentation(indent);
        }
    }

    fn skip_indentation(&mut self, indent: usize) {
        self.at += blanks(self.source.get(self.at..).unwrap_or_default()).min(indent);
    }

    /// The bytes that a character of the value comes from.
    fn next(&mut self, character: char) -> Option<Range<usize>> {
        let rest = self.source.get(self.at..)?;
        if let Some((style, indent)) = self.block
            && character.is_whitespace()
        {
            return Some(self.blank_of_block(character, style, indent));
        }
        self.between_lines = false;
        let written = rest.chars().next()?;
        let length = if self.quote == Some('"') && written == '\\' {
            escape_length(rest)
        } else if self.quote == Some('\'') && rest.starts_with("''") {
            2
        } else if written == character && !character.is_whitespace() {
            written.len_utf8()
        } else if character.is_whitespace() {
            // Folded: one blank stands for a line end with the indentation behind it.
            let blank = rest.len() - rest.trim_start().len();
            if blank == 0 || !rest[..blank].contains(['\n', '\r']) { written.len_utf8() } else { blank }
        } else if written.is_whitespace() {
            // Indentation.
            let blank = rest.len() - rest.trim_start().len();
            self.at += blank;
            return self.next(character);
        } else {
            return None;
        };
        let start = self.at;
        self.at += length;
        Some(start..self.at)
    }

    /// A blank or a line end of a block: a line end comes with the indentation of the next line, and no more than that.
    fn blank_of_block(&mut self, character: char, style: char, indent: usize) -> Range<usize> {
        let start = self.at;
        if self.skip_line_end(indent) {
            // Of a folded block's empty lines the line end before them is not part of the value.
            if style == '>' && character == '\n' && !self.between_lines {
                self.skip_line_end(indent);
            }
            self.between_lines = true;
        } else {
            let rest = self.source.get(self.at..).unwrap_or_default();
            self.at += rest.chars().next().filter(|next| next.is_whitespace()).map_or(0, char::len_utf8);
            self.between_lines = false;
        }
        start..self.at
    }

    fn skip_line_end(&mut self, indent: usize) -> bool {
        let rest = self.source.get(self.at..).unwrap_or_default();
        let length = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with(['\n', '\r'])) };
        self.at += length;
        if length > 0 {
            self.skip_indentation(indent);
        }
        length > 0
    }
}

/// The first line with something in it.
fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default()
}

/// How many blanks it begins with.
fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

fn escape_length(rest: &str) -> usize {
    let digits = match rest.chars().nth(1) {
        Some('x') => 2,
        Some('u') => 4,
        Some('U') => 8,
        Some(other) => return 1 + other.len_utf8(),
        None => return 1,
    };
    let length = 2 + digits;
    if rest.is_char_boundary(length) && length <= rest.len() { length } else { rest.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed<'s>(source: &'s str, value: &str, wanted: &str) -> Option<&'s str> {
        let start = value.find(wanted)?;
        place(source, value, start..start + wanted.len()).map(|range| &source[range])
    }

    #[test]
    fn a_part_of_a_scalar_has_its_place_in_every_style() {
        assert_eq!(placed("$.data.fooo()", "$.data.fooo()", "fooo()"), Some("fooo()"));
        assert_eq!(placed("'a = ''b'' + c'", "a = 'b' + c", "'b' + c"), Some("''b'' + c"));
        assert_eq!(placed(r#""a\t+ \"b\" + c""#, "a\t+ \"b\" + c", "b\" + c"), Some(r#"b\" + c"#));
        assert_eq!(placed("|\n    a +\n    b\n", "a +\nb\n", "b"), Some("b"));
        assert_eq!(placed(">-\n  a\n  + bad(1)\n", "a + bad(1)", "bad(1)"), Some("bad(1)"));
        assert_eq!(placed("a\n  + bad(1)", "a + bad(1)", "bad(1)"), Some("bad(1)"));
        assert_eq!(placed("|\n    a(\n      b > ))\n", "a(\n  b > ))\n", "))"), Some("))"), "deeper lines");
        assert_eq!(placed("|2\n    a\n   b\n", "  a\n b\n", "b"), Some("b"), "an indicator");
        assert_eq!(placed("|\r\n  a\r\n\r\n  b c\r\n", "a\n\nb c\n", "c"), Some("c"));
        assert_eq!(placed(">\n  a\n\n\n  b\n    c\n  d\n", "a\n\nb\n  c\nd\n", "d"), Some("d"));
        assert_eq!(placed("something else", "a + b", "b"), None);
        assert_eq!(place("a +", "a +", 3..3), Some(3..3));
        assert_eq!(
            place("|\n  a +\n", "a +\n", 4..4),
            Some(7..7),
            "what is missing is missing behind the text"
        );
        assert_eq!(place("|\n  a +\n", "a +\n", 3..3), Some(7..7));
    }
}
