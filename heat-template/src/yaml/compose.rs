//! Events become a tree of nodes: anchors, aliases, tags, merge keys, duplicate keys, limits.
//!
//! There is no recursion: open lists and maps lie on a stack. Everything that is wrong beyond the grammar is reported in
//! one pass; the tree keeps a value in its place.

use super::budget::{Budget, Exceeded};
use super::construct::{self, Dates, Failure, Special};
use super::event::{Collection, Event, EventSource, Scalar, SyntaxError};
use super::findings::Findings;
use super::keys::{Dictionary, Identity, are_different, key_text};
use super::node::{Entry, Node, NodeKind};
use super::recent::Recent;
use super::{Limits, YAML_TAG};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a text was composed into.
pub(super) struct Composed {
    /// The tree; `None` for a text without a document, and after a grave error.
    pub(super) node: Option<Node>,
    /// What is wrong beyond the grammar.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Why the grammar refused the text.
    pub(super) error: Option<SyntaxError>,
}

/// Composes the only document of a text.
pub(super) fn compose(
    source: &mut impl EventSource,
    file: FileId,
    text: &str,
    limits: &Limits,
    dates: Dates,
) -> Composed {
    let mut composer = Composer {
        file,
        text,
        dates,
        budget: Budget::new(*limits),
        findings: Findings::new(text),
        frames: Vec::new(),
        items: Vec::new(),
        entries: Vec::new(),
        anchors: HashMap::new(),
        aliased: aliased(text),
        keys: Recent::new(),
        values: Recent::new(),
        root: None,
        documents: 0,
    };
    let error = loop {
        let outcome = match source.next() {
            Ok(placed) => composer.event(placed.event, placed.start, placed.end),
            Err(error) => break Some(error),
        };
        match outcome {
            Ok(true) => {}
            Ok(false) => break None,
            Err(exceeded) => {
                composer.findings.push(exceeded.diagnostic());
                composer.root = None;
                break None;
            }
        }
    };
    let node = if error.is_none() { composer.root } else { None };
    Composed { node, diagnostics: composer.findings.finish(), error }
}

/// The names that may be aliases: only nodes with such an anchor are kept for copying.
fn aliased(text: &str) -> HashSet<&str> {
    if !text.contains('&') {
        return HashSet::new();
    }
    let name = |rest: &'_ str| {
        rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')).count()
    };
    text.match_indices('*')
        .map(|(at, _)| &text[at + 1..])
        .map(|rest| &rest[..name(rest)])
        .filter(|name| !name.is_empty())
        .collect()
}

/// A finished node with what its surroundings need to know.
struct Made {
    node: Node,
    special: Special,
    /// Nodes in it when all aliases are written out.
    size: usize,
    /// Lists and maps inside each other.
    height: usize,
}

impl Made {
    fn scalar(node: Node) -> Self {
        Self { node, special: Special::No, size: 1, height: 0 }
    }
}

enum Anchor {
    /// The node is not finished.
    Open(Span),
    Done {
        span: Span,
        made: Option<Box<Made>>,
    },
}

/// What a list or a map is going to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    List,
    /// `!!omap` and `!!pairs`: a list of maps with one key becomes a list of pairs.
    Pairs,
    Map,
    /// `!!set`: the keys as a list.
    Set,
    /// An item of `Pairs`.
    Pair,
}

struct Frame {
    shape: Shape,
    start: u32,
    /// Where the last child ended.
    end: u32,
    flow: bool,
    anchor: Option<Box<str>>,
    size: usize,
    height: usize,
    /// How many of the composer's items belong to what is around.
    first_item: usize,
    /// How many of the composer's entries belong to what is around.
    first_entry: usize,
    /// Identities of keys that are no texts, each with its place among the own entries.
    odd: Vec<(usize, Identity)>,
    /// Entries from merge keys, which come first.
    merged: Vec<Entry>,
    key: Option<Key>,
}

/// A key that waits for its value.
enum Key {
    Text {
        text: Arc<str>,
        span: Span,
        /// Its identity where it is no text.
        odd: Option<Identity>,
    },
    Merge(Span),
    /// It was refused; the value is read all the same.
    Refused,
}

struct Composer<'t> {
    file: FileId,
    text: &'t str,
    dates: Dates,
    budget: Budget,
    findings: Findings<'t>,
    frames: Vec<Frame>,
    /// Items of all open lists, those of the outermost first: so that a finished one takes exactly the room that it needs.
    items: Vec<Node>,
    /// Own entries of all open maps, likewise.
    entries: Vec<Entry>,
    anchors: HashMap<Box<str>, Anchor>,
    aliased: HashSet<&'t str>,
    /// Keys, and short values, that come again and again.
    keys: Recent,
    values: Recent,
    root: Option<Node>,
    documents: usize,
}

impl Composer<'_> {
    /// Takes an event; `false` when there is nothing more to read.
    fn event(&mut self, event: Event<'_>, start: u32, end: u32) -> Result<bool, Box<Exceeded>> {
        let span = Span::new(self.file, start, end);
        match event {
            Event::StreamStart | Event::DocumentEnd => {}
            Event::StreamEnd => return Ok(false),
            Event::DocumentStart => {
                self.documents += 1;
                if self.documents > 1 {
                    self.findings.second_document(span, self.root.as_ref().map(|root| root.span));
                    return Ok(false);
                }
            }
            Event::Alias(name) => {
                let made = self.alias(name, span)?;
                self.place(made);
            }
            Event::Scalar(scalar) => {
                self.budget.node(span)?;
                self.budget.scalar(span, scalar.value.len())?;
                let span = Span { end: self.trimmed(start, end), ..span };
                let anchor = self.open_anchor(scalar.anchor, span);
                let made = self.scalar(&scalar, span);
                if anchor.is_none() && made.special == Special::No {
                    self.place_plain(made.node);
                } else {
                    self.close_anchor(anchor, &made)?;
                    self.place(made);
                }
            }
            Event::SequenceStart(list) => self.open(&list, span, true)?,
            Event::MappingStart(map) => self.open(&map, span, false)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(end)?,
        }
        Ok(true)
    }

    /// Without the blanks and line breaks at the end, which belong to block scalars.
    fn trimmed(&self, start: u32, end: u32) -> u32 {
        let last = (end as usize).checked_sub(1).and_then(|at| self.text.as_bytes().get(at));
        if !matches!(last, Some(b' ' | b'\n' | b'\r')) {
            return end;
        }
        let covered = self.text.get(start as usize..end as usize).unwrap_or_default();
        start + covered.trim_end_matches([' ', '\n', '\r']).len() as u32
    }

    // --- anchors and aliases

    fn open_anchor(&mut self, name: Option<&str>, span: Span) -> Option<Box<str>> {
        let name = name?;
        if let Some(Anchor::Open(first) | Anchor::Done { span: first, .. }) = self.anchors.get(name) {
            self.findings.duplicate_anchor(name, span, *first);
            return None;
        }
        self.anchors.insert(name.into(), Anchor::Open(span));
        Some(name.into())
    }

    fn close_anchor(&mut self, name: Option<Box<str>>, made: &Made) -> Result<(), Box<Exceeded>> {
        let Some(name) = name else { return Ok(()) };
        let span = made.node.span;
        let kept = if self.aliased.contains(&*name) {
            // The copy that is kept costs memory as well as those that are made of it.
            self.budget.expand(span, made.size)?;
            let Made { node, special, size, height } = made;
            Some(Box::new(Made { node: node.clone(), special: *special, size: *size, height: *height }))
        } else {
            None
        };
        self.anchors.insert(name, Anchor::Done { span, made: kept });
        Ok(())
    }

    fn alias(&mut self, name: &str, span: Span) -> Result<Made, Box<Exceeded>> {
        let nothing = Made::scalar(Node { span, kind: NodeKind::Null });
        match self.anchors.get(name) {
            Some(Anchor::Done { made: Some(made), .. }) => {
                self.budget.expand(span, made.size)?;
                self.budget.depth(span, self.frames.len() + made.height)?;
                // The value keeps the places of the anchored text: there it is written.
                Ok(Made {
                    node: made.node.clone(),
                    special: made.special,
                    size: made.size,
                    height: made.height,
                })
            }
            Some(Anchor::Done { made: None, .. }) => Ok(nothing),
            Some(Anchor::Open(first)) => {
                self.findings.recursive_alias(name, span, *first);
                Ok(nothing)
            }
            None => {
                self.findings.undefined_alias(name, span, self.anchors.keys().map(AsRef::as_ref));
                Ok(nothing)
            }
        }
    }

    // --- scalars

    fn scalar(&mut self, scalar: &Scalar<'_>, span: Span) -> Made {
        let as_key = matches!(self.frames.last(), Some(frame) if frame.key.is_none() && frame.is_map());
        let recent = if as_key { &mut self.keys } else { &mut self.values };
        let keep = |text: &str| recent.keep(text);
        let constructed = match scalar.tag {
            None => construct::untagged(scalar.value, scalar.plain, self.dates, keep),
            Some(tag) => construct::tagged(tag, scalar.value, self.dates),
        };
        let constructed = match constructed {
            Ok(constructed) => constructed,
            Err(failure) => {
                self.findings.refuse(failure, scalar.tag, span);
                NodeKind::String(scalar.value.into()).into()
            }
        };
        if let Some(remark) = constructed.remark {
            self.findings.remark(remark, scalar.value, &constructed.kind, span);
        }
        Made { special: constructed.special, ..Made::scalar(Node { span, kind: constructed.kind }) }
    }

    // --- lists and maps

    fn open(&mut self, collection: &Collection<'_>, span: Span, list: bool) -> Result<(), Box<Exceeded>> {
        self.budget.node(span)?;
        self.budget.depth(span, self.frames.len() + 1)?;
        let in_pairs = self.frames.last().is_some_and(|frame| frame.shape == Shape::Pairs);
        let shape = self.shape(collection.tag, span, list, in_pairs);
        let anchor = self.open_anchor(collection.anchor, span);
        self.frames.push(Frame {
            shape,
            start: span.start,
            end: span.end,
            flow: collection.flow,
            anchor,
            size: 1,
            height: 1,
            first_item: self.items.len(),
            first_entry: self.entries.len(),
            odd: Vec::new(),
            merged: Vec::new(),
            key: None,
        });
        Ok(())
    }

    fn shape(&mut self, tag: Option<&str>, span: Span, list: bool, in_pairs: bool) -> Shape {
        let untagged = match (list, in_pairs) {
            (true, _) => Shape::List,
            (false, true) => Shape::Pair,
            (false, false) => Shape::Map,
        };
        let Some(tag) = tag else { return untagged };
        let name = tag.strip_prefix(YAML_TAG);
        match (name, list) {
            (Some("seq"), true) | (Some("map"), false) => untagged,
            (Some("omap" | "pairs"), true) => Shape::Pairs,
            (Some("set"), false) if in_pairs => Shape::Pair,
            (Some("set"), false) => Shape::Set,
            (Some("seq" | "omap" | "pairs"), false) => {
                self.findings.refuse(
                    Failure::Mismatch("a list is expected, not a map".to_owned()),
                    Some(tag),
                    span,
                );
                untagged
            }
            (Some("map" | "set"), true) => {
                self.findings.refuse(
                    Failure::Mismatch("a map is expected, not a list".to_owned()),
                    Some(tag),
                    span,
                );
                untagged
            }
            (Some("str" | "timestamp" | "null" | "bool" | "int" | "float" | "binary"), _) => {
                let found = if list { "a list" } else { "a map" };
                self.findings.refuse(
                    Failure::Mismatch(format!("a scalar is expected, not {found}")),
                    Some(tag),
                    span,
                );
                untagged
            }
            _ => {
                self.findings.refuse(Failure::UnknownTag, Some(tag), span);
                untagged
            }
        }
    }

    fn close(&mut self, end: u32) -> Result<(), Box<Exceeded>> {
        let Some(mut frame) = self.frames.pop() else { return Ok(()) };
        let end = if frame.flow { end } else { frame.end };
        let span = Span::new(self.file, frame.start, end.max(frame.start));
        let (size, height, anchor) = (frame.size, frame.height, frame.anchor.take());
        let special = if frame.shape == Shape::Pair { Special::Pair } else { Special::No };
        let node = Node { span, kind: self.finish(frame, span) };
        let made = Made { node, special, size, height };
        self.close_anchor(anchor, &made)?;
        self.place(made);
        Ok(())
    }

    fn finish(&mut self, frame: Frame, span: Span) -> NodeKind {
        match frame.shape {
            Shape::List | Shape::Pairs => NodeKind::List(self.items.drain(frame.first_item..).collect()),
            Shape::Set => {
                let items: Vec<Node> = self.items.drain(frame.first_item..).collect();
                let mut keys = Dictionary::with_capacity(items.len());
                let own = self.entries.drain(frame.first_entry..);
                for ((identity, entry), node) in identified(frame.odd, own).zip(items) {
                    if !keys.contains(&identity) {
                        keys.insert(identity, Entry { value: node, ..entry });
                    }
                }
                let merged = frame
                    .merged
                    .into_iter()
                    .map(|entry| Node { span: entry.key_span, kind: NodeKind::String(entry.key) });
                NodeKind::List(merged.chain(keys.into_values()).collect())
            }
            Shape::Pair => {
                let items: Vec<Node> = self.items.drain(frame.first_item..).collect();
                if items.len() != 2 {
                    let reason = format!("a map with one key is expected, not {}", items.len() / 2);
                    self.findings.refuse(Failure::Mismatch(reason), Some(&format!("{YAML_TAG}omap")), span);
                }
                NodeKind::List(items)
            }
            Shape::Map => NodeKind::Map(self.map(frame)),
        }
    }

    fn map(&mut self, frame: Frame) -> Vec<Entry> {
        let own = self.entries.get(frame.first_entry..).unwrap_or_default();
        if frame.odd.is_empty() && frame.merged.is_empty() && are_different(own) {
            return self.entries.drain(frame.first_entry..).collect();
        }
        let mut dictionary = Dictionary::with_capacity(own.len() + frame.merged.len());
        for entry in frame.merged {
            dictionary.insert(Identity::Text(entry.key.clone()), entry);
        }
        // A key that comes from a merge is meant to be overridden, once.
        let mut overridable = vec![true; dictionary.len()];
        let findings = &mut self.findings;
        for (identity, entry) in identified(frame.odd, self.entries.drain(frame.first_entry..)) {
            let (name, later) = (entry.key.clone(), entry.key_span);
            if let Some((at, before)) = dictionary.insert(identity, entry) {
                match overridable.get_mut(at) {
                    Some(first @ true) => *first = false,
                    _ => findings.duplicate_key(&name, before.key_span, later),
                }
            }
        }
        dictionary
            .into_entries(|before, later| findings.duplicate_key(&later.key, before.key_span, later.key_span))
    }

    // --- putting things in their places

    fn place(&mut self, made: Made) {
        let Some(index) = self.frames.len().checked_sub(1) else {
            self.findings.special_value(made.special, made.node.span);
            self.root = Some(made.node);
            return;
        };
        let span = made.node.span;
        let frame = &mut self.frames[index];
        frame.end = frame.end.max(span.end);
        frame.size += made.size;
        frame.height = frame.height.max(made.height + 1);
        match frame.shape {
            Shape::List => {
                self.items.push(made.node);
                self.findings.special_value(made.special, span);
            }
            Shape::Pairs => match (made.special, made.node.kind) {
                (Special::Pair, kind) => self.items.push(Node { span, kind }),
                // An alias of a map that is written elsewhere.
                (Special::No, NodeKind::Map(mut entries)) if entries.len() == 1 => {
                    let pair = entries.pop().into_iter().flat_map(|entry| {
                        [Node { span: entry.key_span, kind: NodeKind::String(entry.key) }, entry.value]
                    });
                    self.items.push(Node { span, kind: NodeKind::List(pair.collect()) });
                }
                _ => {
                    let reason = "its items are maps with one key".to_owned();
                    self.findings.refuse(Failure::Mismatch(reason), Some(&format!("{YAML_TAG}omap")), span);
                }
            },
            Shape::Pair => {
                self.items.push(made.node);
                self.findings.special_value(made.special, span);
            }
            Shape::Map | Shape::Set => match frame.key.take() {
                None => {
                    let key = self.key(made);
                    self.frames[index].key = Some(key);
                }
                Some(key) => self.value(index, key, made),
            },
        }
    }

    /// Puts a scalar in its place that is nothing but its value, as nearly all are.
    fn place_plain(&mut self, node: Node) {
        let Some(frame) = self.frames.last_mut() else { return self.place(Made::scalar(node)) };
        let Span { end, .. } = node.span;
        match (frame.shape, frame.key.take(), node) {
            (Shape::List, _, node) => self.items.push(node),
            (Shape::Map, Some(Key::Text { odd: None, text, span }), value) => {
                self.entries.push(Entry { key_span: span, key: text, value });
            }
            (Shape::Map, None, Node { span, kind: NodeKind::String(text) }) => {
                frame.key = Some(Key::Text { text, span, odd: None });
            }
            (_, key, node) => {
                frame.key = key;
                return self.place(Made::scalar(node));
            }
        }
        frame.end = frame.end.max(end);
        frame.size += 1;
    }

    fn key(&mut self, made: Made) -> Key {
        let span = made.node.span;
        if made.special == Special::Merge {
            return Key::Merge(span);
        }
        let (Some(identity), Some(text)) = (Identity::of(&made.node), key_text(&made.node)) else {
            self.findings.unusable_key(&made.node, made.special);
            return Key::Refused;
        };
        if matches!(made.special, Special::Bytes | Special::Date) {
            self.findings.unusable_key(&made.node, made.special);
            return Key::Refused;
        }
        self.findings.key_becomes(&made.node, &text);
        let odd = Some(identity).filter(|identity| !matches!(identity, Identity::Text(_)));
        if self.frames.last().is_some_and(|frame| frame.shape == Shape::Set) {
            self.items.push(made.node);
        }
        Key::Text { text, span, odd }
    }

    fn value(&mut self, index: usize, key: Key, made: Made) {
        match key {
            Key::Refused => {}
            Key::Merge(span) => self.merge(index, span, made.node),
            Key::Text { text, span, odd } => {
                self.findings.special_value(made.special, made.node.span);
                let frame = &mut self.frames[index];
                if let Some(identity) = odd {
                    frame.odd.push((self.entries.len() - frame.first_entry, identity));
                }
                self.entries.push(Entry { key_span: span, key: text, value: made.node });
            }
        }
    }

    fn merge(&mut self, index: usize, key: Span, value: Node) {
        let merged = &mut self.frames[index].merged;
        match value.kind {
            NodeKind::Map(entries) => merged.extend(entries),
            NodeKind::List(items) => {
                // Of a list the first map wins, so it comes last.
                for item in items.into_iter().rev() {
                    match item.kind {
                        NodeKind::Map(entries) => merged.extend(entries),
                        _ => self.findings.bad_merge(&item, key),
                    }
                }
            }
            _ => self.findings.bad_merge(&value, key),
        }
    }
}

impl Frame {
    fn is_map(&self) -> bool {
        matches!(self.shape, Shape::Map | Shape::Set)
    }
}

/// Entries with the identities of their keys; `odd` are those that are no texts.
fn identified(
    odd: Vec<(usize, Identity)>,
    entries: impl Iterator<Item = Entry>,
) -> impl Iterator<Item = (Identity, Entry)> {
    let mut odd = odd.into_iter().peekable();
    entries.enumerate().map(move |(at, entry)| {
        let identity = odd.next_if(|(place, _)| *place == at).map(|(_, identity)| identity);
        (identity.unwrap_or_else(|| Identity::Text(entry.key.clone())), entry)
    })
}
