//! PyYAML's own grammar, which decides where libyaml's refuses a text.
//!
//! Heat reads with libyaml first and, when that fails, with PyYAML's reader in pure Python. The two grammars differ: this
//! one accepts `[m:, n]`, unknown directives and surrogate pairs as two escapes, and refuses tabs between tokens. The
//! rules here are those of PyYAML 6.0 (its `scanner.py` and `parser.py`), written anew, without recursion.

mod cursor;
mod scalars;
mod scanner;
mod tags;

use super::YAML_TAG;
use super::event::{Collection, Event, EventSource, Placed, Scalar, SyntaxError};
use scanner::{Kind, Scanner, Token};

type Result<T> = std::result::Result<T, SyntaxError>;

/// Where the grammar stands: what it expects next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    StreamStart,
    ImplicitDocument,
    Document,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequence,
    IndentlessSequence,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequence,
    PairKey,
    PairValue,
    PairEnd,
    FlowMappingFirst,
    FlowMapping,
    FlowMappingValue,
    FlowMappingEmptyValue,
    Done,
}

/// An event that owns its texts.
#[derive(Debug)]
enum Owned {
    StreamStart,
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(String),
    Scalar { anchor: Option<String>, tag: Option<String>, value: String, plain: bool },
    List { anchor: Option<String>, tag: Option<String>, flow: bool },
    ListEnd,
    Map { anchor: Option<String>, tag: Option<String>, flow: bool },
    MapEnd,
}

/// What stands before a node.
#[derive(Default)]
struct Properties {
    anchor: Option<String>,
    tag: Option<String>,
    /// Where they begin and end, if there are any.
    place: Option<(u32, u32)>,
}

/// Events of one text by PyYAML's grammar.
pub(super) struct Python<'t> {
    scanner: Scanner<'t>,
    state: State,
    /// What to go on with when the current node is done.
    states: Vec<State>,
    /// Where the open lists and maps begin, for messages.
    marks: Vec<u32>,
    /// Handles of `%TAG` with their prefixes.
    handles: Vec<(String, String)>,
    current: Owned,
}

impl<'t> Python<'t> {
    /// A reader at the beginning of the text.
    pub(super) fn new(text: &'t str) -> Result<Self> {
        Ok(Self {
            scanner: Scanner::new(text)?,
            state: State::StreamStart,
            states: Vec::new(),
            marks: Vec::new(),
            handles: Vec::new(),
            current: Owned::StreamStart,
        })
    }

    fn next_is(&mut self, kinds: &[Kind]) -> Result<bool> {
        let token = self.scanner.peek()?;
        Ok(kinds.contains(&token.kind))
    }

    fn next_start(&mut self) -> Result<u32> {
        Ok(self.scanner.peek()?.start)
    }

    fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::Done);
    }

    fn empty(at: u32) -> (Owned, u32, u32) {
        (Owned::Scalar { anchor: None, tag: None, value: String::new(), plain: true }, at, at)
    }

    fn step(&mut self) -> Result<(Owned, u32, u32)> {
        match self.state {
            State::StreamStart => {
                let token = self.scanner.take()?;
                self.state = State::ImplicitDocument;
                Ok((Owned::StreamStart, token.start, token.end))
            }
            State::ImplicitDocument => self.implicit_document(),
            State::Document => self.document(),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => {
                let mut end = self.next_start()?;
                let start = end;
                if self.next_is(&[Kind::DocumentEnd])? {
                    end = self.scanner.take()?.end;
                }
                self.state = State::Document;
                Ok((Owned::DocumentEnd, start, end))
            }
            State::BlockNode => self.node(true, false),
            State::BlockSequence => self.block_sequence(),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => self.flow_sequence(true),
            State::FlowSequence => self.flow_sequence(false),
            State::PairKey => self.pair_key(),
            State::PairValue => self.pair_value(),
            State::PairEnd => {
                self.state = State::FlowSequence;
                let at = self.next_start()?;
                Ok((Owned::MapEnd, at, at))
            }
            State::FlowMappingFirst => self.flow_mapping(true),
            State::FlowMapping => self.flow_mapping(false),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                self.state = State::FlowMapping;
                Ok(Self::empty(self.next_start()?))
            }
            State::Done => {
                let at = self.scanner.cursor.mark();
                Ok((Owned::StreamEnd, at, at))
            }
        }
    }

    // --- documents

    fn at_directive(&mut self) -> Result<bool> {
        let kind = &self.scanner.peek()?.kind;
        Ok(matches!(kind, Kind::Version(_) | Kind::TagHandle(..) | Kind::OtherDirective))
    }

    fn implicit_document(&mut self) -> Result<(Owned, u32, u32)> {
        if self.at_directive()? || self.next_is(&[Kind::DocumentStart, Kind::StreamEnd])? {
            return self.document();
        }
        let at = self.next_start()?;
        self.states.push(State::DocumentEnd);
        self.state = State::BlockNode;
        Ok((Owned::DocumentStart, at, at))
    }

    fn document(&mut self) -> Result<(Owned, u32, u32)> {
        while self.next_is(&[Kind::DocumentEnd])? {
            self.scanner.take()?;
        }
        if self.next_is(&[Kind::StreamEnd])? {
            let token = self.scanner.take()?;
            self.state = State::Done;
            return Ok((Owned::StreamEnd, token.start, token.end));
        }
        let start = self.next_start()?;
        self.directives()?;
        let token = self.scanner.peek()?;
        if token.kind != Kind::DocumentStart {
            let problem = format!("expected `---`, but found {}", token.kind.name());
            return Err(SyntaxError::new(problem, token.start));
        }
        let end = self.scanner.take()?.end;
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok((Owned::DocumentStart, start, end))
    }

    fn directives(&mut self) -> Result<()> {
        self.handles.clear();
        let mut version = false;
        while self.at_directive()? {
            let token = self.scanner.take()?;
            match token.kind {
                Kind::Version(_) if version => return Err(SyntaxError::new("a second %YAML", token.start)),
                Kind::Version(major) if major != "1" => {
                    return Err(SyntaxError::new("only YAML 1 can be read", token.start));
                }
                Kind::Version(_) => version = true,
                Kind::TagHandle(handle, _) if self.handles.iter().any(|(known, _)| *known == handle) => {
                    return Err(SyntaxError::new(format!("a second %TAG for `{handle}`"), token.start));
                }
                Kind::TagHandle(handle, prefix) => self.handles.push((handle, prefix)),
                _ => {}
            }
        }
        Ok(())
    }

    fn document_content(&mut self) -> Result<(Owned, u32, u32)> {
        if self.at_directive()? || self.next_is(&[Kind::DocumentStart, Kind::DocumentEnd, Kind::StreamEnd])? {
            self.pop();
            return Ok(Self::empty(self.next_start()?));
        }
        self.node(true, false)
    }

    // --- nodes

    /// Anchor and tag in either order.
    fn properties(&mut self) -> Result<Properties> {
        let Properties { mut anchor, mut tag, mut place } = Properties::default();
        loop {
            let token = self.scanner.peek()?;
            let (start, end) = (token.start, token.end);
            match &token.kind {
                Kind::Anchor(_) if anchor.is_none() => {
                    if let Token { kind: Kind::Anchor(name), .. } = self.scanner.take()? {
                        anchor = Some(name);
                    }
                }
                Kind::Tag(..) if tag.is_none() => {
                    if let Token { kind: Kind::Tag(handle, suffix), .. } = self.scanner.take()? {
                        tag = Some(self.resolve_tag(handle, suffix, start)?);
                    }
                }
                _ => return Ok(Properties { anchor, tag, place }),
            }
            place = Some((place.map_or(start, |(start, _)| start), end));
        }
    }

    fn resolve_tag(&self, handle: Option<String>, suffix: String, at: u32) -> Result<String> {
        let Some(handle) = handle else { return Ok(suffix) };
        let known =
            self.handles.iter().find(|(known, _)| *known == handle).map(|(_, prefix)| prefix.as_str());
        let prefix = match (known, handle.as_str()) {
            (Some(prefix), _) => prefix,
            (None, "!") => "!",
            (None, "!!") => YAML_TAG,
            (None, _) => return Err(SyntaxError::new(format!("no %TAG defines the handle `{handle}`"), at)),
        };
        Ok(format!("{prefix}{suffix}"))
    }

    /// Any node: `block` may be indented, `indentless` may be a list that is not indented.
    fn node(&mut self, block: bool, indentless: bool) -> Result<(Owned, u32, u32)> {
        if matches!(self.scanner.peek()?.kind, Kind::Alias(_)) {
            let token = self.scanner.take()?;
            self.pop();
            let Kind::Alias(name) = token.kind else { return Ok(Self::empty(token.start)) };
            return Ok((Owned::Alias(name), token.start, token.end));
        }
        let Properties { anchor, tag, place } = self.properties()?;
        let non_specific = tag.as_deref() == Some("!");
        let token = self.scanner.peek()?;
        let (start, end) = (place.map_or(token.start, |(start, _)| start), token.end);
        let specific = tag.clone().filter(|_| !non_specific);
        let list = |flow| Owned::List { anchor: anchor.clone(), tag: specific.clone(), flow };
        let map = |flow| Owned::Map { anchor: anchor.clone(), tag: specific.clone(), flow };
        match &token.kind {
            Kind::BlockEntry if indentless => {
                self.state = State::IndentlessSequence;
                Ok((list(false), start, end))
            }
            Kind::Scalar { .. } => {
                let token = self.scanner.take()?;
                self.pop();
                let Kind::Scalar { value, plain } = token.kind else { return Ok(Self::empty(start)) };
                let plain = (plain && tag.is_none()) || non_specific;
                Ok((Owned::Scalar { anchor, tag: specific, value, plain }, start, token.end))
            }
            Kind::FlowSequenceStart => {
                self.state = State::FlowSequenceFirst;
                Ok((list(true), start, end))
            }
            Kind::FlowMappingStart => {
                self.state = State::FlowMappingFirst;
                Ok((map(true), start, end))
            }
            Kind::BlockSequenceStart if block => {
                let mark = self.scanner.take()?.start;
                self.marks.push(mark);
                self.state = State::BlockSequence;
                Ok((list(false), start, mark))
            }
            Kind::BlockMappingStart if block => {
                let mark = self.scanner.take()?.start;
                self.marks.push(mark);
                self.state = State::BlockMappingKey;
                Ok((map(false), start, mark))
            }
            _ if place.is_some() => {
                self.pop();
                let end = place.map_or(start, |(_, end)| end);
                let plain = tag.is_none() || non_specific;
                Ok((Owned::Scalar { anchor, tag: specific, value: String::new(), plain }, start, end))
            }
            found => {
                let problem = format!("a value is expected, but {} was found", found.name());
                Err(SyntaxError::new(problem, token.start).while_reading("while reading a value", start))
            }
        }
    }

    // --- lists and maps by indentation

    /// The end of an indented list or map, or what is wrong there.
    fn block_end(&mut self, event: Owned, what: &str) -> Result<(Owned, u32, u32)> {
        let mark = self.marks.last().copied().unwrap_or(0);
        let token = self.scanner.peek()?;
        if token.kind != Kind::BlockEnd {
            let problem = format!("{} does not belong here; is the indentation right?", token.kind.name());
            return Err(SyntaxError::new(problem, token.start).while_reading(what, mark));
        }
        let token = self.scanner.take()?;
        self.pop();
        self.marks.pop();
        Ok((event, token.start, token.end))
    }

    fn block_sequence(&mut self) -> Result<(Owned, u32, u32)> {
        if !self.next_is(&[Kind::BlockEntry])? {
            return self.block_end(Owned::ListEnd, "while reading an indented list");
        }
        let token = self.scanner.take()?;
        if self.next_is(&[Kind::BlockEntry, Kind::BlockEnd])? {
            return Ok(Self::empty(token.end));
        }
        self.states.push(State::BlockSequence);
        self.node(true, false)
    }

    fn indentless_sequence(&mut self) -> Result<(Owned, u32, u32)> {
        if !self.next_is(&[Kind::BlockEntry])? {
            let at = self.next_start()?;
            self.pop();
            return Ok((Owned::ListEnd, at, at));
        }
        let token = self.scanner.take()?;
        if self.next_is(&[Kind::BlockEntry, Kind::Key, Kind::Value, Kind::BlockEnd])? {
            return Ok(Self::empty(token.end));
        }
        self.states.push(State::IndentlessSequence);
        self.node(true, false)
    }

    fn block_mapping_key(&mut self) -> Result<(Owned, u32, u32)> {
        if !self.next_is(&[Kind::Key])? {
            return self.block_end(Owned::MapEnd, "while reading an indented map");
        }
        let token = self.scanner.take()?;
        if self.next_is(&[Kind::Key, Kind::Value, Kind::BlockEnd])? {
            self.state = State::BlockMappingValue;
            return Ok(Self::empty(token.end));
        }
        self.states.push(State::BlockMappingValue);
        self.node(true, true)
    }

    fn block_mapping_value(&mut self) -> Result<(Owned, u32, u32)> {
        self.state = State::BlockMappingKey;
        if !self.next_is(&[Kind::Value])? {
            return Ok(Self::empty(self.next_start()?));
        }
        let token = self.scanner.take()?;
        if self.next_is(&[Kind::Key, Kind::Value, Kind::BlockEnd])? {
            return Ok(Self::empty(token.end));
        }
        self.states.push(State::BlockMappingKey);
        self.node(true, true)
    }

    // --- lists and maps in brackets

    /// The bracket or the comma that must come before the next item; `true` where the list or map may go on.
    fn flow_continues(&mut self, first: bool, close: &Kind, what: &str) -> Result<bool> {
        if first {
            let mark = self.scanner.take()?.start;
            self.marks.push(mark);
        }
        let mark = self.marks.last().copied().unwrap_or(0);
        let token = self.scanner.peek()?;
        if token.kind == *close {
            return Ok(false);
        }
        if !first {
            if token.kind != Kind::FlowEntry {
                let problem = format!("expected `,` or {}, but found {}", close.name(), token.kind.name());
                return Err(SyntaxError::new(problem, token.start).while_reading(what, mark));
            }
            self.scanner.take()?;
        }
        Ok(!self.next_is(std::slice::from_ref(close))?)
    }

    fn flow_close(&mut self, event: Owned) -> Result<(Owned, u32, u32)> {
        let token = self.scanner.take()?;
        self.pop();
        self.marks.pop();
        Ok((event, token.start, token.end))
    }

    fn flow_sequence(&mut self, first: bool) -> Result<(Owned, u32, u32)> {
        if !self.flow_continues(first, &Kind::FlowSequenceEnd, "while reading a list in brackets")? {
            return self.flow_close(Owned::ListEnd);
        }
        let token = self.scanner.peek()?;
        if token.kind == Kind::Key {
            let (start, end) = (token.start, token.end);
            self.state = State::PairKey;
            return Ok((Owned::Map { anchor: None, tag: None, flow: true }, start, end));
        }
        self.states.push(State::FlowSequence);
        self.node(false, false)
    }

    /// A key inside a list in brackets makes a map of one entry.
    fn pair_key(&mut self) -> Result<(Owned, u32, u32)> {
        let token = self.scanner.take()?;
        if self.next_is(&[Kind::Value, Kind::FlowEntry, Kind::FlowSequenceEnd])? {
            self.state = State::PairValue;
            return Ok(Self::empty(token.end));
        }
        self.states.push(State::PairValue);
        self.node(false, false)
    }

    fn pair_value(&mut self) -> Result<(Owned, u32, u32)> {
        self.state = State::PairEnd;
        if !self.next_is(&[Kind::Value])? {
            return Ok(Self::empty(self.next_start()?));
        }
        let token = self.scanner.take()?;
        if self.next_is(&[Kind::FlowEntry, Kind::FlowSequenceEnd])? {
            return Ok(Self::empty(token.end));
        }
        self.states.push(State::PairEnd);
        self.node(false, false)
    }

    fn flow_mapping(&mut self, first: bool) -> Result<(Owned, u32, u32)> {
        if !self.flow_continues(first, &Kind::FlowMappingEnd, "while reading a map in braces")? {
            return self.flow_close(Owned::MapEnd);
        }
        if !self.next_is(&[Kind::Key])? {
            self.states.push(State::FlowMappingEmptyValue);
            return self.node(false, false);
        }
        let token = self.scanner.take()?;
        if self.next_is(&[Kind::Value, Kind::FlowEntry, Kind::FlowMappingEnd])? {
            self.state = State::FlowMappingValue;
            return Ok(Self::empty(token.end));
        }
        self.states.push(State::FlowMappingValue);
        self.node(false, false)
    }

    fn flow_mapping_value(&mut self) -> Result<(Owned, u32, u32)> {
        self.state = State::FlowMapping;
        if !self.next_is(&[Kind::Value])? {
            return Ok(Self::empty(self.next_start()?));
        }
        let token = self.scanner.take()?;
        if self.next_is(&[Kind::FlowEntry, Kind::FlowMappingEnd])? {
            return Ok(Self::empty(token.end));
        }
        self.states.push(State::FlowMapping);
        self.node(false, false)
    }
}

impl EventSource for Python<'_> {
    fn next(&mut self) -> Result<Placed<'_>> {
        let (event, start, end) = self.step()?;
        self.current = event;
        let event = match &self.current {
            Owned::StreamStart => Event::StreamStart,
            Owned::StreamEnd => Event::StreamEnd,
            Owned::DocumentStart => Event::DocumentStart,
            Owned::DocumentEnd => Event::DocumentEnd,
            Owned::Alias(name) => Event::Alias(name),
            Owned::Scalar { anchor, tag, value, plain } => {
                Event::Scalar(Scalar { anchor: anchor.as_deref(), tag: tag.as_deref(), value, plain: *plain })
            }
            Owned::List { anchor, tag, flow } => Event::SequenceStart(Collection {
                anchor: anchor.as_deref(),
                tag: tag.as_deref(),
                flow: *flow,
            }),
            Owned::ListEnd => Event::SequenceEnd,
            Owned::Map { anchor, tag, flow } => Event::MappingStart(Collection {
                anchor: anchor.as_deref(),
                tag: tag.as_deref(),
                flow: *flow,
            }),
            Owned::MapEnd => Event::MappingEnd,
        };
        Ok(Placed { event, start, end })
    }
}
