//! Reading text as Heat does: JSON first, then YAML 1.1 as PyYAML reads it, with a place for every node.
//!
//! ```
//! use heat_template::source::SourceMap;
//! use heat_template::yaml::{self, Limits, TextKind};
//!
//! let mut sources = SourceMap::new();
//! let text = "ports: {22:22: on}\n";
//! let file = sources.add("ports.yaml", text);
//! let read = yaml::read(file, text, TextKind::Template, &Limits::default());
//! let ports = read.node.as_ref().and_then(|root| root.get("ports")).ok_or("no ports")?;
//! // `22:22` is a number in base sixty, `on` a boolean, and a key becomes text.
//! assert_eq!(ports.to_value(), serde_json::json!({"1342": true}));
//! assert_eq!(read.diagnostics.len(), 2);
//! # Ok::<(), &str>(())
//! ```
//!
//! # How it works
//!
//! A grammar turns the text into events, and the composer turns events into [`Node`]s: it resolves scalars by PyYAML's
//! rules, copies aliases, merges, and finds what is wrong beyond the grammar, all in one pass and without recursion. There
//! are two grammars, because Heat has two: libyaml's, and where that refuses a text, PyYAML's own.
//!
//! # Where it differs from Heat
//!
//! - [`Limits`] on depth, nodes, aliases and scalars: Heat has none and dies of such texts.
//! - Infinity and NaN are kept as texts, with a warning: JSON cannot hold them, and Heat's stores differ in what they make
//!   of them.
//! - A value that contains itself is refused where it stands, even if a later duplicate of its key hides it.
//! - `!!set` keeps the order of the text; Python's sets have none.
//! - Half a surrogate pair is refused; Heat accepts it and fails when it stores the template.
//! - Of YAML 1.1's value keys only the plain form is known: a map with a key `=` is never read as a scalar.

mod budget;
mod compose;
mod construct;
mod emit;
mod event;
mod findings;
mod json;
mod keys;
#[allow(unsafe_code, reason = "libyaml's port has C's interface; the module says why its use is safe")]
mod libyaml;
mod limits;
mod node;
mod number;
pub(crate) mod outline;
mod python;
mod recent;
mod resolve;
mod syntax;

pub(crate) use budget::DEEPEST;
pub use emit::emit;
pub(crate) use emit::{flow_text, is_printable, quoted, word};
pub(crate) use findings::MOST as MOST_PROBLEMS;
pub use limits::Limits;
pub use node::{Entry, Node, NodeKind};
pub use number::{float_number, float_text};

use crate::diagnostic::{Diagnostic, codes};
use crate::source::{FileId, Span};
use compose::{Composed, compose};
use construct::Dates;
use event::{Event, EventSource};
use json::NotJson;
use libyaml::Libyaml;
use python::Python;

/// What the tags of YAML's own types begin with.
const YAML_TAG: &str = "tag:yaml.org,2002:";

/// What a text is for, which decides how Heat reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextKind {
    /// The template of a request: JSON or YAML. It travels on as JSON.
    Template,
    /// A template among the attached files: JSON or YAML. It does not travel, so where Heat falls back to its second
    /// reader, an unquoted version becomes a date, and the file is refused.
    AttachedTemplate,
    /// An environment: YAML only, though YAML takes in most of JSON.
    Environment,
}

/// What came out of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The tree; `None` where the text has no tree at all: wrong syntax or a limit passed. An empty text is an empty map.
    /// The root may be something else than a map; that is for the caller to judge.
    pub node: Option<Node>,
    /// All that is wrong or strange, in the order of the text. Where errors are among them the text is refused, though
    /// there may be a tree that other problems can be looked for in.
    pub diagnostics: Vec<Diagnostic>,
}

impl Read {
    /// Whether the text is refused.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    fn in_order(mut self) -> Self {
        self.diagnostics
            .sort_by_key(|diagnostic| diagnostic.primary.as_ref().map_or(u32::MAX, |label| label.span.start));
        self
    }

    fn refused(diagnostic: Diagnostic) -> Self {
        Self { node: None, diagnostics: vec![diagnostic] }
    }
}

/// Reads a text that was added to a [`SourceMap`](crate::source::SourceMap) as `file`.
///
/// Never fails otherwise than by diagnostics, and never takes more time or memory than the limits allow.
pub fn read(file: FileId, text: &str, kind: TextKind, limits: &Limits) -> Read {
    if let Some(too_long) = length_problem(file, text, limits) {
        return Read::refused(too_long);
    }
    let mut not_json = None;
    if kind != TextKind::Environment && json::may_be_json(text) {
        match json::read(file, text, limits) {
            Ok((node, diagnostics)) => return Read { node: Some(node), diagnostics }.in_order(),
            Err(NotJson::Limit(exceeded)) => return Read::refused(exceeded.diagnostic()),
            Err(NotJson::Syntax { problem, at }) => not_json = Some((problem, at)),
        }
    }
    let first = match Libyaml::new(text) {
        Ok(mut source) => compose(&mut source, file, text, limits, Dates::Text),
        Err(error) => Composed { node: None, diagnostics: Vec::new(), error: Some(error) },
    };
    let Some(error) = first.error else {
        return tree(first.node, first.diagnostics, file);
    };
    // Heat's second try. The text is short enough for reading it twice.
    let second = match Python::new(text) {
        Ok(mut source) => compose(&mut source, file, text, limits, Dates::Normalised),
        Err(error) => Composed { node: None, diagnostics: Vec::new(), error: Some(error) },
    };
    match second.error {
        None => {
            let mut read = Read { node: second.node, diagnostics: second.diagnostics };
            read.diagnostics.push(syntax::only_python(&error, file, text));
            if kind == TextKind::AttachedTemplate {
                refuse_date_versions(&mut read, text);
            }
            read.in_order()
        }
        Some(python_error) => {
            // The grammar that came further knows better what has to be mended for Heat to accept the text.
            let (mut diagnostics, error) = if error.at > python_error.at && !python_error.character {
                (first.diagnostics, error)
            } else {
                (second.diagnostics, python_error)
            };
            let mut problem = syntax::diagnostic(&error, file, text);
            if let Some((json_problem, at)) = not_json.filter(|_| text.trim_start().starts_with(['{', '['])) {
                let end =
                    text.get(at as usize..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
                        as u32;
                problem =
                    problem.label(Span::new(file, at, at + end), format!("not JSON either: {json_problem}"));
            }
            diagnostics.push(problem);
            Read { node: None, diagnostics }.in_order()
        }
    }
}

/// How many events libyaml's grammar finds in a text, and how many bytes its scalars have; `None` where it refuses the text.
///
/// For measuring: it is all that this crate adds to the port of libyaml, without what is made of the events.
#[doc(hidden)]
pub fn count_events(text: &str) -> Option<(usize, u64)> {
    let mut source = Libyaml::new(text).ok()?;
    let (mut events, mut bytes) = (0, 0);
    loop {
        let placed = source.next().ok()?;
        events += 1;
        match &placed.event {
            Event::Scalar(scalar) => bytes += scalar.value.len() as u64,
            Event::StreamEnd => return Some((events, bytes)),
            _ => {}
        }
    }
}

/// What libyaml's grammar accepted. There nothing, and null as well, is an empty map to Heat.
fn tree(node: Option<Node>, diagnostics: Vec<Diagnostic>, file: FileId) -> Read {
    let node = match node {
        None if diagnostics.iter().any(Diagnostic::is_error) => None,
        None => Some(empty_map(Span::new(file, 0, 0))),
        Some(node) if node.is_null() => Some(empty_map(node.span)),
        Some(node) => Some(node),
    };
    Read { node, diagnostics }.in_order()
}

/// A version that the second reader made a date of is none to Heat, where nothing makes a text of it again.
fn refuse_date_versions(read: &mut Read, text: &str) {
    const KEYS: [&str; 3] =
        ["heat_template_version", "HeatTemplateFormatVersion", "AWSTemplateFormatVersion"];
    for key in KEYS {
        let Some(span) = read.node.as_ref().and_then(|root| root.get(key)).map(|value| value.span) else {
            continue;
        };
        let written = text.get(span.start as usize..span.end as usize).unwrap_or_default();
        if resolve::plain(written) == resolve::Plain::Timestamp {
            let message = format!("the version `{written}` is read as a date, so no version is provided");
            let quoted = format!("\"{written}\"");
            read.diagnostics.push(
                Diagnostic::error(codes::DATE_VERSION, message)
                    .at(span, "quote it")
                    .help("or mend what only PyYAML's own grammar accepts; libyaml keeps it a text")
                    .fix(crate::diagnostic::Applicability::Safe, vec![(span, quoted)]),
            );
        }
    }
}

fn empty_map(span: Span) -> Node {
    Node { span, kind: NodeKind::Map(Vec::new()) }
}

/// Characters are counted only where bytes do not already tell that there are few enough.
fn length_problem(file: FileId, text: &str, limits: &Limits) -> Option<Diagnostic> {
    let most = limits.characters;
    let too_long = text.len() > most && text.chars().nth(most).is_some();
    // Places are 32 bits wide.
    if !too_long && u32::try_from(text.len()).is_ok() {
        return None;
    }
    let message = format!("the text has more than {most} characters");
    Some(Diagnostic::error(codes::TEXT_TOO_LONG, message).at(Span::new(file, 0, 0), ""))
}
