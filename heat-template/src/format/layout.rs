//! Puts the outline of a text down again, with its comments.
//!
//! Nodes are visited in the order of the text. Comments wait in that order too, and each is put down where the text
//! comes by: on the line of what it stood behind, or on a line of its own before what follows, in the indentation of
//! that. At the end of a list or a map a comment belongs to it if it was written at least as deep.

use super::scalar::{Place, Written, written};
use super::trivia::{Comment, Sign, Trivia, content_start, is_break, properties};
use crate::yaml::outline::{Outline, Part, Shape};
use std::cell::Cell;

/// Spaces for each level.
const INDENT: usize = 2;

/// The longest key that every reader takes without `?`, with room for what a reader counts beside it.
const SIMPLE_KEY: usize = 512;

pub(super) struct Layout<'t> {
    text: &'t str,
    width: usize,
    comments: std::iter::Peekable<std::vec::IntoIter<Comment<'t>>>,
    /// Where comments stand, for asking whether there are some inside a node.
    comment_places: Vec<u32>,
    signs: Vec<Sign>,
    next_sign: usize,
    out: String,
    /// Behind the last node or sign that was put down.
    done: u32,
    /// A key is put down, and its colon comes later: what is said behind it is said behind the colon.
    in_key: bool,
    /// A place and its column: those that are asked for come in the order of the text, more or less, so that no line is gone
    /// through again and again.
    known_column: Cell<(u32, u32)>,
    /// No blank line here: a block has just begun, or blank lines would belong to a scalar.
    tight: bool,
}

/// Lays out a text without its directives and markers.
pub(super) fn layout(text: &str, outline: &Outline, trivia: Trivia<'_>, width: usize) -> String {
    let comment_places = trivia.comments.iter().map(|comment| comment.at).collect();
    let mut layout = Layout {
        text,
        width,
        comments: trivia.comments.into_iter().peekable(),
        comment_places,
        signs: trivia.signs,
        next_sign: 0,
        out: String::new(),
        done: 0,
        in_key: false,
        known_column: Cell::new((0, 0)),
        tight: true,
    };
    layout.document(outline);
    layout.out
}

impl Layout<'_> {
    fn document(&mut self, outline: &Outline) {
        if let Some((start, end)) = outline.head {
            self.comments_before(start, 0);
            let head = self.text.get(start as usize..end as usize).unwrap_or_default();
            for line in head.split(is_break).map(str::trim_end).filter(|line| !line.is_empty()) {
                self.out.push_str(line);
                self.out.push('\n');
            }
            self.done = end;
            self.tight = true;
            // The marker is the last line: a scalar goes on behind it.
            let scalar = outline.root.as_ref().is_some_and(|root| matches!(root.shape, Shape::Scalar(_)));
            let inline =
                scalar && outline.root.as_ref().is_some_and(|root| !self.has_comment_before(root.start));
            if inline && let Some(root) = &outline.root {
                self.out.pop();
                self.value(root, 0);
            } else {
                self.out.pop();
                self.end_of_line();
            }
            if !inline && let Some(root) = &outline.root {
                self.root(root);
            }
        } else if let Some(root) = &outline.root {
            self.root(root);
        }
        if let Some(tail) = outline.tail {
            self.comments_before(tail, 0);
            self.out.push_str("...");
            self.done = tail + 3;
            self.end_of_line();
        }
        self.comments_before(u32::MAX, 0);
    }

    fn root(&mut self, root: &Part) {
        self.comments_before(root.start, 0);
        if root.start == root.end {
            // Nothing is written, which is null.
            return;
        }
        match &root.shape {
            // Not in brackets: that might be JSON, which is read by other rules.
            Shape::List { .. } | Shape::Map { .. } if self.first_entry(root) < root.end => {
                let properties = self.properties(root);
                if !properties.is_empty() {
                    self.out.push_str(&properties);
                    self.end_of_line();
                    self.tight = true;
                }
                self.block(root, 0);
            }
            _ => {
                self.blank_line(root.start);
                let begin = self.out.len();
                self.standing(root, INDENT);
                let written = self.out.get(begin..).unwrap_or_default();
                if written.starts_with("---") || written.starts_with("...") {
                    // In the first column it would be a marker.
                    self.out.insert_str(begin, &" ".repeat(INDENT));
                }
            }
        }
    }

    // --- comments and blank lines

    fn has_comment_before(&mut self, place: u32) -> bool {
        self.comments.peek().is_some_and(|comment| comment.at < place)
    }

    fn has_comment_in(&self, start: u32, end: u32) -> bool {
        let from = self.comment_places.partition_point(|at| *at < start);
        self.comment_places.get(from).is_some_and(|at| *at < end)
    }

    /// Ends the line, with the comment that stood on it.
    fn end_of_line(&mut self) {
        let (text, done) = (self.text, self.done as usize);
        // Signs that are not put down again may stand between.
        let gap = |at: u32| text.get(done..at as usize).unwrap_or_default();
        let near = |c: char| matches!(c, ' ' | '\t' | ',' | ']' | '}');
        let behind = |comment: &Comment<'_>| {
            !comment.own_line && (comment.after <= self.done || gap(comment.at).chars().all(near))
        };
        if !self.in_key
            && let Some(comment) = self.comments.next_if(behind)
        {
            self.out.push_str("  ");
            self.out.push_str(comment.text);
        }
        self.out.push('\n');
    }

    /// Puts down the comments that come before a place, each on a line of its own.
    fn comments_before(&mut self, place: u32, indent: usize) {
        while let Some(comment) = self.comments.next_if(|comment| comment.at < place) {
            self.comment(&comment, indent);
        }
    }

    fn comment(&mut self, comment: &Comment<'_>, indent: usize) {
        self.blank_line(comment.at);
        self.indent(indent);
        self.out.push_str(comment.text);
        self.out.push('\n');
        self.tight = false;
    }

    /// The comments at the end of a list or a map that were written at least as deep as it.
    fn comments_inside(&mut self, column: u32, indent: usize) {
        let done = self.done;
        while let Some(comment) = self
            .comments
            .next_if(|comment| comment.own_line && comment.after <= done && comment.column >= column)
        {
            self.comment(&comment, indent);
        }
    }

    /// One blank line, if there is at least one before this place in the text.
    fn blank_line(&mut self, place: u32) {
        let tight = std::mem::replace(&mut self.tight, false);
        let before = self.text.get(..place as usize).unwrap_or_default();
        // No more is looked at than the blanks: all may stand on one line.
        let gap = &before[before.trim_end_matches(char::is_whitespace).len()..];
        let ends = gap.chars().filter(|c| is_break(*c)).count() - gap.matches("\r\n").count();
        let blank = ends > 1 || ends == 1 && gap.len() == before.len();
        if blank && !tight {
            self.out.push('\n');
        }
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn column(&self) -> usize {
        self.out.rsplit('\n').next().map_or(0, |line| line.chars().count())
    }

    /// The column of a place in the text.
    fn column_of(&self, place: u32) -> u32 {
        let (from, column) = self.known_column.get();
        let (from, column) = if from <= place { (from, column) } else { (0, 0) };
        let passed = self.text.get(from as usize..place as usize).unwrap_or_default();
        let count = |text: &str| text.chars().filter(|c| *c != '\u{feff}').count() as u32;
        let column = match passed.rfind(is_break) {
            Some(at) => count(passed[at..].trim_start_matches(is_break)),
            None => column + count(passed),
        };
        self.known_column.set((place, column));
        column
    }

    // --- signs

    /// The next sign of a kind between two places.
    fn sign(&mut self, sign: char, from: u32, to: u32) -> Option<u32> {
        while self.signs.get(self.next_sign).is_some_and(|found| found.at < from) {
            self.next_sign += 1;
        }
        let rest = self.signs.get(self.next_sign..)?;
        let found = rest.iter().take_while(|found| found.at <= to).position(|found| found.sign == sign)?;
        self.next_sign += found + 1;
        self.signs.get(self.next_sign - 1).map(|found| found.at)
    }

    // --- nodes

    /// Anchor and tag with a space between them, if there are any.
    fn properties(&self, part: &Part) -> String {
        let found = properties(self.text, part);
        let texts = found.iter().filter_map(|(start, end)| self.text.get(*start as usize..*end as usize));
        texts.collect::<Vec<_>>().join(" ")
    }

    /// A list or a map without brackets, its entries at an indentation; the first one where the line stands already.
    fn block(&mut self, part: &Part, indent: usize) {
        match &part.shape {
            Shape::List { flow, items } => {
                let mut column = None;
                for (index, item) in items.iter().enumerate() {
                    let dash = if *flow { None } else { self.sign('-', self.done, item.start) };
                    let place = dash.unwrap_or(item.start);
                    column.get_or_insert_with(|| self.column_of(place));
                    self.begin_entry(place, place, indent, index == 0);
                    self.out.push('-');
                    self.done = self.done.max(dash.map_or(self.done, |dash| dash + 1));
                    self.value(item, indent);
                }
                self.end_block(part, *flow, column, indent);
            }
            Shape::Map { flow, entries } => {
                let mut column = None;
                for (index, (key, value)) in entries.iter().enumerate() {
                    let from = self.done;
                    let question = self.sign('?', from, key.start);
                    let place = question.unwrap_or(key.start);
                    column.get_or_insert_with(|| self.column_of(place));
                    self.entry(key, value, place, indent, index == 0);
                }
                self.end_block(part, *flow, column, indent);
            }
            Shape::Alias | Shape::Scalar(_) => {}
        }
    }

    /// The comments before `until`, a blank line and the indentation before an entry. The first one may follow a dash on
    /// the same line.
    fn begin_entry(&mut self, place: u32, until: u32, indent: usize, first: bool) {
        if first && !self.out.is_empty() && !self.out.ends_with('\n') {
            self.tight = false;
            return;
        }
        self.comments_before(until, indent);
        self.blank_line(place);
        self.indent(indent);
    }

    fn end_block(&mut self, part: &Part, flow: bool, column: Option<u32>, indent: usize) {
        if flow {
            // Whatever stood between the brackets.
            self.comments_before(part.end, indent);
            self.done = self.done.max(part.end);
        } else {
            self.comments_inside(column.unwrap_or(0), indent);
        }
    }

    fn entry(&mut self, key: &Part, value: &Part, place: u32, indent: usize, first: bool) {
        // Comments inside the key go before it.
        let colon = self.colon(key, value);
        self.begin_entry(place, colon.unwrap_or(key.end).max(place), indent, first);
        let properties = self.properties(key);
        let text = match &key.shape {
            Shape::Scalar(text) => self.scalar(key, text, Place::Key),
            _ => Written::Line(
                self.text.get(key.start as usize..key.end as usize).unwrap_or_default().to_owned(),
            ),
        };
        self.done = self.done.max(key.end);
        match text {
            Written::Line(text) if text.is_empty() && properties.is_empty() => {
                self.out.push('?');
                self.in_key = true;
                self.end_of_line();
                self.in_key = false;
                self.tight = true;
                self.indent(indent);
                self.out.push(':');
            }
            Written::Line(text) if text.chars().count() + properties.chars().count() <= SIMPLE_KEY => {
                let bare = text.is_empty() || matches!(key.shape, Shape::Alias);
                self.out.push_str(&properties);
                if !properties.is_empty() {
                    self.out.push(' ');
                }
                self.out.push_str(&text);
                // A colon would be taken for a part of what is before it.
                if bare && !self.out.ends_with(' ') {
                    self.out.push(' ');
                }
                self.out.push(':');
            }
            text => {
                self.out.push('?');
                self.in_key = true;
                self.put(&properties, text, indent + INDENT);
                self.in_key = false;
                self.tight = true;
                self.indent(indent);
                self.out.push(':');
            }
        }
        if let Some(colon) = colon {
            self.done = self.done.max(colon + 1);
        }
        self.value(value, indent);
    }

    fn colon(&mut self, key: &Part, value: &Part) -> Option<u32> {
        self.sign(':', key.end, value.start)
    }

    /// What follows `-` or `:`, up to the end of its last line. `indent` is that of the entry.
    fn value(&mut self, part: &Part, indent: usize) {
        let inner = indent + INDENT;
        let before = content_start(self.text, part);
        match &part.shape {
            Shape::List { .. } | Shape::Map { .. } => {
                let one_line = self.on_one_line(part, self.column() + 1);
                if let Some(line) = one_line {
                    self.inline(part, before, inner, |layout| {
                        layout.out.push_str(&line);
                        layout.done = layout.done.max(part.end);
                        layout.end_of_line();
                    });
                    return;
                }
                let properties = self.properties(part);
                let after_dash = self.out.ends_with('-');
                if properties.is_empty() && after_dash && !self.has_comment_before(self.first_entry(part)) {
                    self.out.push(' ');
                    self.tight = true;
                    self.block(part, inner);
                    return;
                }
                if !properties.is_empty() {
                    self.out.push(' ');
                    self.out.push_str(&properties);
                }
                // What opens the brackets is put down with the line.
                let opened =
                    if matches!(part.shape, Shape::List { flow: true, .. } | Shape::Map { flow: true, .. }) {
                        before + 1
                    } else {
                        properties_end(self.text, part)
                    };
                self.done = self.done.max(opened);
                self.end_of_line();
                self.tight = true;
                self.block(part, inner);
            }
            Shape::Alias | Shape::Scalar(_) => {
                self.inline(part, before, inner, |layout| layout.standing(part, inner))
            }
        }
    }

    /// Puts a node on the line, or if comments stand before it, below them.
    fn inline(&mut self, part: &Part, before: u32, inner: usize, put: impl FnOnce(&mut Self)) {
        let empty = part.start == part.end;
        if !empty && self.has_comment_before(before) {
            self.end_of_line();
            self.tight = true;
            self.comments_before(before, inner);
            self.indent(inner);
        } else if !empty && !self.out.is_empty() && !self.out.ends_with([' ', '\n']) {
            self.out.push(' ');
        }
        put(self);
    }

    /// A scalar, an alias or what fits on a line, where the line stands; its further lines at an indentation.
    fn standing(&mut self, part: &Part, indent: usize) {
        let properties = self.properties(part);
        let text = match &part.shape {
            Shape::Scalar(text) => self.scalar(part, text, Place::Block),
            Shape::Alias => Written::Line(
                self.text.get(part.start as usize..part.end as usize).unwrap_or_default().to_owned(),
            ),
            _ => Written::Line(self.on_one_line(part, 0).unwrap_or_default()),
        };
        self.done = self.done.max(part.end);
        let properties = if matches!(part.shape, Shape::Scalar(_)) { properties } else { String::new() };
        self.out.push_str(&properties);
        if !properties.is_empty() && text != Written::Line(String::new()) {
            self.out.push(' ');
        }
        self.lines(text, indent);
    }

    /// Anchor, tag and scalar behind a sign.
    fn put(&mut self, properties: &str, text: Written, indent: usize) {
        if !properties.is_empty() {
            self.out.push(' ');
            self.out.push_str(properties);
        }
        self.out.push(' ');
        self.lines(text, indent);
    }

    fn lines(&mut self, text: Written, indent: usize) {
        match text {
            Written::Line(line) => {
                self.out.push_str(&line);
                self.end_of_line();
            }
            Written::Lines(lines) => {
                for (index, line) in lines.iter().enumerate() {
                    if index > 0 {
                        self.out.push('\n');
                        if !line.is_empty() {
                            self.indent(indent);
                        }
                    }
                    self.out.push_str(line);
                }
                self.end_of_line();
            }
            Written::Block { header, comment, lines, keeps } => {
                self.out.push_str(&header);
                if let Some(comment) = comment {
                    self.out.push_str("  ");
                    self.out.push_str(&comment);
                }
                self.out.push('\n');
                for line in lines {
                    if !line.is_empty() {
                        self.indent(indent);
                        self.out.push_str(&line);
                    }
                    self.out.push('\n');
                }
                self.tight = keeps;
            }
        }
    }

    /// The first sign or key of a list or a map.
    fn first_entry(&self, part: &Part) -> u32 {
        match &part.shape {
            Shape::List { flow: false, items } => {
                let first = items.first().map_or(part.end, |item| item.start);
                let from = self.signs.partition_point(|sign| sign.at < self.done);
                let dash = self.signs.get(from..).and_then(|rest| rest.iter().find(|sign| sign.sign == '-'));
                dash.map_or(first, |dash| dash.at.min(first))
            }
            Shape::List { flow: true, items } => items.first().map_or(part.end, |item| item.start),
            Shape::Map { entries, .. } => entries.first().map_or(part.end, |(key, _)| key.start),
            Shape::Alias | Shape::Scalar(_) => part.start,
        }
    }

    fn scalar(&self, part: &Part, value: &str, place: Place) -> Written {
        let start = content_start(self.text, part);
        let raw = self.text.get(start as usize..part.end as usize).unwrap_or_default();
        let raw =
            if raw.starts_with(['|', '>']) { raw } else { raw.trim_end_matches([' ', '\n', '\r', '\t']) };
        let tagged = self.properties(part).contains('!');
        written(raw, value, tagged, place)
    }

    // --- brackets

    /// A list or a map in brackets on one line, if the text has it in brackets, it fits there, and no comment is in it.
    fn on_one_line(&self, part: &Part, column: usize) -> Option<String> {
        let empty = match &part.shape {
            Shape::List { items, .. } => items.is_empty(),
            Shape::Map { entries, .. } => entries.is_empty(),
            Shape::Alias | Shape::Scalar(_) => false,
        };
        if !empty && self.has_comment_in(part.start, part.end) {
            return None;
        }
        let mut line = String::new();
        let room = self.width.saturating_sub(column);
        self.in_brackets(part, &mut line, room).then_some(line)
    }

    fn in_brackets(&self, part: &Part, line: &mut String, room: usize) -> bool {
        let properties = self.properties(part);
        let space = !properties.is_empty();
        match &part.shape {
            Shape::Alias => {
                line.push_str(self.text.get(part.start as usize..part.end as usize).unwrap_or_default())
            }
            Shape::Scalar(value) => {
                let text = match self.scalar(part, value, Place::Flow) {
                    Written::Line(text) => text,
                    // A line break in a text is a space.
                    Written::Lines(lines) if lines.iter().all(|l| !l.is_empty() && !l.ends_with('\\')) => {
                        match written(&lines.join(" "), value, properties.contains('!'), Place::Flow) {
                            Written::Line(text) => text,
                            _ => return false,
                        }
                    }
                    _ => return false,
                };
                line.push_str(&properties);
                if space {
                    line.push(' ');
                }
                line.push_str(&text);
            }
            Shape::List { flow: false, .. } | Shape::Map { flow: false, .. } => return false,
            Shape::List { items, .. } => {
                line.push_str(&properties);
                line.push_str(if space { " [" } else { "[" });
                for (index, item) in items.iter().enumerate() {
                    line.push_str(if index > 0 { ", " } else { "" });
                    if !self.in_brackets(item, line, room) {
                        return false;
                    }
                }
                line.push(']');
            }
            Shape::Map { entries, .. } => {
                line.push_str(&properties);
                line.push_str(if space { " {" } else { "{" });
                for (index, (key, value)) in entries.iter().enumerate() {
                    line.push_str(if index > 0 { ", " } else { "" });
                    if !self.in_brackets(key, line, room) {
                        return false;
                    }
                    // A key that is not there has no form that all readers know between braces.
                    if key.start == key.end {
                        return false;
                    }
                    line.push_str(if matches!(key.shape, Shape::Alias) { " : " } else { ": " });
                    if !self.in_brackets(value, line, room) {
                        return false;
                    }
                }
                line.push('}');
            }
        }
        // Counting is left to the end: a line that is too long ends it early enough.
        line.len() <= 4 * room && line.chars().count() <= room
    }
}

fn properties_end(text: &str, part: &Part) -> u32 {
    properties(text, part).last().map_or(part.start, |(_, end)| *end)
}
