//! How a text is written: its nodes as they stand there, with aliases, merge keys and duplicates as they are.
//!
//! [`read`](super::read) tells what a text means; this tells how it is put down, for the formatter.

use super::event::{Event, EventSource, SyntaxError};
use super::json;
use super::libyaml::Libyaml;
use super::limits::Limits;
use crate::source::FileId;

/// A text that libyaml's grammar accepts.
#[derive(Debug)]
pub(crate) struct Outline {
    /// The bytes from the first directive to the end of `---`, if they are written.
    pub(crate) head: Option<(u32, u32)>,
    /// Where `...` begins, if it is written.
    pub(crate) tail: Option<u32>,
    /// The only document; `None` for a text with nothing but comments.
    pub(crate) root: Option<Part>,
}

/// A node as it is written.
#[derive(Debug)]
pub(crate) struct Part {
    /// The first byte: of the anchor or the tag, where there is one.
    pub(crate) start: u32,
    /// Behind the last byte; for an indented list or map behind its last entry.
    pub(crate) end: u32,
    /// What it is.
    pub(crate) shape: Shape,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Shape {
    /// `*name`
    Alias,
    /// A scalar with the text that it stands for.
    Scalar(Box<str>),
    /// A list, in brackets or not.
    List { flow: bool, items: Vec<Part> },
    /// A map, in braces or not; a single pair in a list in brackets counts as one in braces.
    Map { flow: bool, entries: Vec<(Part, Part)> },
}

struct Frame {
    start: u32,
    end: u32,
    flow: bool,
    map: bool,
    parts: Vec<Part>,
}

impl Frame {
    fn finish(self, end: u32) -> Part {
        let (start, flow) = (self.start, self.flow);
        let end = if flow { end.max(self.end) } else { self.end };
        let shape = if self.map {
            let mut entries = Vec::with_capacity(self.parts.len() / 2);
            let mut parts = self.parts.into_iter();
            while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
                entries.push((key, value));
            }
            Shape::Map { flow, entries }
        } else {
            Shape::List { flow, items: self.parts }
        };
        Part { start, end, shape }
    }
}

/// Whether a text is read as JSON.
pub(crate) fn is_json(file: FileId, text: &str, limits: &Limits) -> bool {
    json::may_be_json(text) && json::read(file, text, limits).is_ok()
}

/// The outline of a text whose content was found to be right; `None` where only PyYAML's own grammar reads it.
pub(crate) fn outline(text: &str) -> Option<Outline> {
    events(text).ok()
}

fn events(text: &str) -> Result<Outline, SyntaxError> {
    let mut source = Libyaml::new(text)?;
    let mut outline = Outline { head: None, tail: None, root: None };
    let mut frames: Vec<Frame> = Vec::new();
    loop {
        let placed = source.next()?;
        let (start, end) = (placed.start, placed.end);
        let done = match placed.event {
            Event::StreamEnd => return Ok(outline),
            Event::DocumentStart => {
                outline.head = (end > start).then_some((start, end));
                None
            }
            Event::DocumentEnd => {
                outline.tail = (end > start).then_some(start);
                None
            }
            Event::StreamStart => None,
            Event::Alias(_) => Some(Part { start, end, shape: Shape::Alias }),
            Event::Scalar(scalar) => Some(Part { start, end, shape: Shape::Scalar(scalar.value.into()) }),
            Event::SequenceStart(list) => {
                frames.push(Frame { start, end, flow: list.flow, map: false, parts: Vec::new() });
                None
            }
            Event::MappingStart(map) => {
                frames.push(Frame { start, end, flow: map.flow, map: true, parts: Vec::new() });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => frames.pop().map(|frame| frame.finish(end)),
        };
        let Some(part) = done else { continue };
        match frames.last_mut() {
            Some(frame) => {
                frame.end = frame.end.max(part.end);
                frame.parts.push(part);
            }
            None => outline.root = Some(part),
        }
    }
}
