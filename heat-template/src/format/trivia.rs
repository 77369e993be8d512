//! What stands between the nodes of a text: comments and the signs of lists and maps.

use crate::yaml::outline::{Outline, Part, Shape};

/// A comment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comment<'t> {
    /// Offset of its `#`.
    pub(super) at: u32,
    /// Its text, from `#` on, without the blanks at its end.
    pub(super) text: &'t str,
    /// Nothing but blanks stands before it on its line.
    pub(super) own_line: bool,
    /// Blanks before it on its line, where it has a line of its own.
    pub(super) column: u32,
    /// Where the last node or sign before it ends.
    pub(super) after: u32,
}

/// A sign: `-`, `?`, `:`, `,` or a bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) at: u32,
    pub(super) sign: char,
}

/// Everything between the nodes, in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Trivia<'t> {
    pub(super) comments: Vec<Comment<'t>>,
    pub(super) signs: Vec<Sign>,
}

/// A line break of YAML 1.1.
pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A space or a tab.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// Anchor and tag at the beginning of a node: where they lie.
pub(super) fn properties(text: &str, part: &Part) -> Vec<(u32, u32)> {
    // An anchor or a tag of the first key is not the map's.
    let limit = match &part.shape {
        Shape::Map { flow: false, entries } => entries.first().map_or(part.end, |(key, _)| key.start),
        _ => part.end,
    };
    let mut found = Vec::new();
    let mut at = part.start as usize;
    while let Some(rest) = text.get(at..limit as usize).filter(|rest| !rest.is_empty()) {
        let Some(first) = rest.chars().next() else { break };
        let length = match first {
            '&' => {
                rest.find(|c: char| is_space(c) || is_break(c) || matches!(c, ',' | '[' | ']' | '{' | '}'))
            }
            '!' if rest.starts_with("!<") => rest.find('>').map(|end| end + 1),
            // In brackets it may be glued to the sign behind it.
            '!' => rest.find(|c: char| is_space(c) || is_break(c) || matches!(c, ',' | ']' | '}')),
            c if is_space(c) || is_break(c) => {
                at += c.len_utf8();
                continue;
            }
            '#' if !found.is_empty() => {
                at += rest.find(is_break).unwrap_or(rest.len());
                continue;
            }
            _ => break,
        };
        let end = at + length.unwrap_or(rest.len());
        found.push((at as u32, end as u32));
        at = end;
    }
    found
}

/// Where the content of a node begins, behind anchor and tag.
pub(super) fn content_start(text: &str, part: &Part) -> u32 {
    let Some((_, last)) = properties(text, part).last().copied() else { return part.start };
    if last >= part.end {
        return part.end.max(last);
    }
    let mut at = last as usize;
    while let Some(rest) = text.get(at..part.end as usize) {
        match rest.chars().next() {
            Some(c) if is_space(c) || is_break(c) => at += c.len_utf8(),
            Some('#') => at += rest.find(is_break).unwrap_or(rest.len()),
            _ => break,
        }
    }
    at as u32
}

/// Finds comments and signs.
pub(super) fn trivia<'t>(text: &'t str, outline: &Outline) -> Trivia<'t> {
    let mut leaves = Vec::new();
    if let Some(head) = outline.head {
        leaves.push(head);
    }
    if let Some(root) = &outline.root {
        collect(text, root, &mut leaves);
    }
    if let Some(tail) = outline.tail {
        leaves.push((tail, tail + 3));
    }
    let mut trivia = Trivia::default();
    let mut at = 0;
    for (start, end) in leaves {
        gap(text, at, start, &mut trivia);
        at = at.max(end);
    }
    gap(text, at, text.len() as u32, &mut trivia);
    trivia
}

/// Anchors, tags, aliases and the contents of scalars, in the order of the text.
fn collect(text: &str, part: &Part, leaves: &mut Vec<(u32, u32)>) {
    let properties = properties(text, part);
    match &part.shape {
        Shape::Alias => leaves.push((part.start, part.end)),
        Shape::Scalar(_) => {
            leaves.extend(properties);
            let start = content_start(text, part);
            if part.end > start {
                leaves.push((start, part.end));
            }
        }
        Shape::List { items, .. } => {
            leaves.extend(properties);
            items.iter().for_each(|item| collect(text, item, leaves));
        }
        Shape::Map { entries, .. } => {
            leaves.extend(properties);
            for (key, value) in entries {
                collect(text, key, leaves);
                collect(text, value, leaves);
            }
        }
    }
}

fn gap<'t>(text: &'t str, from: u32, to: u32, trivia: &mut Trivia<'t>) {
    let mut at = from as usize;
    let mut after = from;
    let to = to as usize;
    while at < to {
        let Some(rest) = text.get(at..to) else { return };
        let Some(c) = rest.chars().next() else { return };
        if c == '#' {
            let length = rest.find(is_break).unwrap_or(rest.len());
            let before = &text[..at];
            let line = before
                .rfind(is_break)
                .map_or(0, |found| found + before[found..].chars().next().map_or(1, char::len_utf8));
            let blanks = &text[line..at];
            let own_line = blanks.trim_start_matches('\u{feff}').chars().all(is_space);
            trivia.comments.push(Comment {
                at: at as u32,
                text: rest[..length].trim_end(),
                own_line,
                column: blanks.chars().count() as u32,
                after,
            });
            at += length;
        } else {
            if !is_space(c) && !is_break(c) && c != '\u{feff}' {
                trivia.signs.push(Sign { at: at as u32, sign: c });
                after = (at + c.len_utf8()) as u32;
            }
            at += c.len_utf8();
        }
    }
}
