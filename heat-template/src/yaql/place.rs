//! Where a part of an expression stands in the text of a template.

use std::ops::Range;

/// The bytes of a scalar as it is written (with quotes, escapes, indentation) that a part of its value comes from; `None`
/// where that cannot be told.
pub(crate) fn place(source: &str, value: &str, part: Range<usize>) -> Option<Range<usize>> {
    let mut places = Places { source, at: 0, quote: None };
    places.begin(value);
    let mut start = None;
    for (at, character) in value.char_indices() {
        let here = places.next(character)?;
        if at >= part.start && start.is_none() {
            start = Some(here.start);
            if part.is_empty() {
                return Some(here.start..here.start);
            }
        }
        if let Some(start) = start
            && at + character.len_utf8() >= part.end
        {
            return Some(start..here.end);
        }
    }
    // Behind the last character.
    let end = places.at;
    Some(start.unwrap_or(end)..end)
}

/// Goes through a scalar as it is written, by the characters of its value.
struct Places<'s> {
    source: &'s str,
    at: usize,
    quote: Option<char>,
}

impl Places<'_> {
    fn begin(&mut self, value: &str) {
        let first = self.source.chars().next();
        self.quote = first.filter(|quote| matches!(quote, '"' | '\''));
        if self.quote.is_some() {
            self.at = 1;
        } else if matches!(first, Some('|' | '>')) && !value.starts_with(['|', '>']) {
            // The header of a block ends with its line.
            self.at = self.source.find('\n').map_or(self.source.len(), |end| end + 1);
        }
    }

    /// The bytes that a character of the value comes from.
    fn next(&mut self, character: char) -> Option<Range<usize>> {
        let rest = self.source.get(self.at..)?;
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
        assert_eq!(placed("something else", "a + b", "b"), None);
        assert_eq!(place("a +", "a +", 3..3), Some(3..3));
    }
}
