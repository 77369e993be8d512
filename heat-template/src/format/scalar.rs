//! How a scalar is put down.

use super::trivia::is_break;
use crate::yaml::{self, is_printable};

/// A scalar ready for its place.
#[derive(Debug, PartialEq)]
pub(super) enum Written {
    /// On one line.
    Line(String),
    /// On several lines: the first, and those that follow, to be indented; empty ones stay empty.
    Lines(Vec<String>),
    /// `|` or `>` with its header, the comment behind that, and its lines, to be indented by two more than what it is the
    /// value of; empty ones stay empty.
    Block { header: String, comment: Option<String>, lines: Vec<String>, keeps: bool },
}

/// Where a scalar stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A value of its own.
    Block,
    /// A key before `:`.
    Key,
    /// Between brackets.
    Flow,
}

/// A scalar as it should be written. `raw` is how the text writes it, without anchor and tag; `value` is what it stands
/// for.
pub(super) fn written(raw: &str, value: &str, tagged: bool, place: Place) -> Written {
    // Byte order marks, and what breaks lines in YAML 1.1 and in nobody's editor.
    let on_one_line = || Written::Line(if tagged { yaml::quoted(value) } else { text(value, place) });
    let is_hidden = |c: char| !is_printable(c) && !matches!(c, '\n' | '\r' | '\t');
    match raw.chars().next() {
        Some(first) if raw.contains(is_hidden) && !matches!(first, '|' | '>') => on_one_line(),
        Some('|' | '>') => block(raw, value).unwrap_or_else(|| match (on_one_line(), comment(raw), place) {
            // It stood behind the sign of the block, where the line ends in either way.
            (Written::Line(line), Some(comment), Place::Block) => Written::Line(format!("{line}  {comment}")),
            (written, ..) => written,
        }),
        Some('"' | '\'') if !raw.contains(is_break) => {
            let verbatim = tagged || raw.contains('\\') || !value.chars().all(is_printable);
            Written::Line(if verbatim { raw.to_owned() } else { text(value, place) })
        }
        Some(first @ ('"' | '\'')) => Written::Lines(folded(raw, first == '"')),
        _ if raw.contains(is_break) => Written::Lines(folded(raw, false)),
        _ => Written::Line(raw.to_owned()),
    }
}

/// A text on one line with as few quotes as are safe for every reader.
fn text(value: &str, place: Place) -> String {
    match place {
        Place::Flow => yaml::word(value),
        Place::Block | Place::Key => yaml::flow_text(value),
    }
}

/// The comment behind the sign of a block.
fn comment(raw: &str) -> Option<&str> {
    let head = raw.split(is_break).next()?;
    Some(head.get(head.find('#')?..)?.trim_end())
}

/// The lines of a text, whatever breaks them.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_break) {
        lines.push(&rest[..at]);
        let width = if rest[at..].starts_with("\r\n") {
            2
        } else {
            rest[at..].chars().next().map_or(1, char::len_utf8)
        };
        rest = &rest[at + width..];
    }
    lines.push(rest);
    lines
}

/// The lines of a plain or quoted scalar, without the blanks that folding takes away.
fn folded(raw: &str, escapes: bool) -> Vec<String> {
    let all = lines(raw);
    let last = all.len() - 1;
    let blank = |c: char| matches!(c, ' ' | '\t');
    all.into_iter()
        .enumerate()
        .map(|(index, line)| {
            let line = if index == 0 { line } else { line.trim_start_matches(blank) };
            if index == last {
                return line.to_owned();
            }
            let kept = line.trim_end_matches(blank);
            let backslashes = kept.len() - kept.trim_end_matches('\\').len();
            if escapes && backslashes % 2 == 1 && kept.len() < line.len() {
                // The first of these blanks is escaped.
                line[..kept.len() + 1].to_owned()
            } else {
                kept.to_owned()
            }
        })
        .collect()
}

/// A block scalar with its content taken out of its indentation; `None` where that would not keep it.
fn block(raw: &str, value: &str) -> Option<Written> {
    if value.chars().any(|c| !is_printable(c) && !matches!(c, '\n' | '\t'))
        || raw.contains(['\u{85}', '\u{2028}', '\u{2029}'])
    {
        return None;
    }
    let mut all = lines(raw);
    let head = if all.is_empty() { "" } else { all.remove(0) };
    let (marks, comment) = match head.find('#') {
        Some(at) => (&head[..at], Some(head[at..].trim_end().to_owned())),
        None => (head, None),
    };
    let style = marks.chars().next()?;
    let has_text = |line: &str| line.chars().any(|c| c != ' ');
    let first = all.iter().position(|line| has_text(line))?;
    let first_of_value = value.split('\n').find(|line| has_text(line))?;
    let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let indent = spaces(all[first]).checked_sub(spaces(first_of_value))?;
    let mut content: Vec<String> =
        all.iter().map(|line| line.get(indent..).unwrap_or_default().to_owned()).collect();
    // What stands less deep than the content, behind it, is no part of it.
    while content.last().is_some_and(String::is_empty) {
        content.pop();
    }
    let keeps = marks.contains('+') && value.ends_with('\n');
    let chomp = match (keeps, value.ends_with('\n')) {
        (true, _) => "+",
        (false, true) => "",
        (false, false) => "-",
    };
    if keeps {
        let line_feeds = value.len() - value.trim_end_matches('\n').len();
        content.extend(std::iter::repeat_n(String::new(), line_feeds - 1));
    }
    let explicit = content.iter().take_while(|line| !has_text(line)).any(|line| !line.is_empty())
        || content.iter().find(|line| has_text(line)).is_some_and(|line| line.starts_with([' ', '\t']));
    let indicator = if explicit { "2" } else { "" };
    Some(Written::Block { header: format!("{style}{indicator}{chomp}"), comment, lines: content, keeps })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(raw: &str, value: &str) -> String {
        match written(raw, value, false, Place::Block) {
            Written::Line(line) => line,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn quotes_go_where_nobody_needs_them() {
        for (raw, value, expected) in [
            ("\"web\"", "web", "web"),
            ("'it''s'", "it's", "it's"),
            ("'yes'", "yes", "\"yes\""),
            ("'0777'", "0777", "\"0777\""),
            ("\"a: b\"", "a: b", "\"a: b\""),
            ("'\"x\" said'", "\"x\" said", "'\"x\" said'"),
            ("\"\\u00e4\"", "ä", "\"\\u00e4\""),
            ("web", "web", "web"),
            ("yes", "yes", "yes"),
        ] {
            assert_eq!(line(raw, value), expected, "{raw}");
        }
        assert_eq!(written("\"a, b\"", "a, b", false, Place::Flow), Written::Line("\"a, b\"".into()));
        assert_eq!(written("\"web\"", "web", true, Place::Block), Written::Line("\"web\"".into()));
    }

    #[test]
    fn blocks_leave_their_indentation() {
        let of = |raw: &str, value: &str| match written(raw, value, false, Place::Block) {
            Written::Block { header, lines, .. } => format!("{header}:{}", lines.join("/")),
            Written::Line(line) => line,
            other => format!("{other:?}"),
        };
        assert_eq!(of("|\n    a\n      b\n\n", "a\n  b\n"), "|:a/  b");
        assert_eq!(of("|+\n    a\n\n\n", "a\n\n\n"), "|+:a//");
        assert_eq!(of("|4-\n      a\n", "  a"), "|2-:  a");
        assert_eq!(of(">\n  a\n  b\n", "a b\n"), ">:a/b");
        assert_eq!(of("|\n  a", "a"), "|-:a");
        assert_eq!(of("|+\n\n", "\n"), "\"\\n\"");
        assert_eq!(of("|\n  a\u{2028}  b\n", "a\u{2028}b\n"), "\"a\\u2028b\\n\"");
    }
}
