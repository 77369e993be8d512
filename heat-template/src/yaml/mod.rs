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

mod budget;
mod compose;
mod construct;
mod event;
mod keys;
#[allow(unsafe_code, reason = "libyaml's port has C's interface; the module says why its use is safe")]
mod libyaml;
mod limits;
mod node;
mod number;
mod resolve;

pub use limits::Limits;
pub use node::{Entry, Node, NodeKind};
pub use number::{float_number, float_text};

use crate::diagnostic::{Code, Diagnostic, codes};
use crate::source::{FileId, Span};
use compose::{Composed, compose};
use construct::Dates;
use event::SyntaxError;
use libyaml::Libyaml;

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
    let _ = kind;
    let composed = grammar(text, |mut source| compose(&mut source, file, text, limits, Dates::Text));
    finish(composed, file, text)
}

/// Runs libyaml's grammar over a text.
fn grammar<'t>(text: &'t str, run: impl FnOnce(Libyaml<'t>) -> Composed) -> Composed {
    match Libyaml::new(text) {
        Ok(source) => run(source),
        Err(error) => Composed { node: None, diagnostics: Vec::new(), error: Some(error) },
    }
}

fn finish(composed: Composed, file: FileId, text: &str) -> Read {
    let Composed { node, mut diagnostics, error } = composed;
    let node = match &error {
        Some(error) => {
            diagnostics.push(syntax_diagnostic(error, file, text));
            None
        }
        None => match node {
            None if diagnostics.iter().any(Diagnostic::is_error) => None,
            None => Some(empty_map(Span::new(file, 0, 0))),
            Some(node) if node.is_null() => Some(empty_map(node.span)),
            Some(node) => Some(node),
        },
    };
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map_or(0, |label| label.span.start));
    Read { node, diagnostics }
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

fn syntax_diagnostic(error: &SyntaxError, file: FileId, text: &str) -> Diagnostic {
    let code: Code = if error.character { codes::CONTROL_CHARACTER } else { codes::SYNTAX };
    // The character at the place; the end of the text has none.
    let width = text.get(error.at as usize..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let span = Span::new(file, error.at, error.at + width as u32);
    let mut diagnostic = Diagnostic::error(code, &*error.problem).at(span, "");
    if let Some((context, since)) = &error.context {
        diagnostic.message = format!("{}, {context}", error.problem);
        if *since != error.at {
            diagnostic = diagnostic.label(Span::new(file, *since, *since + 1), "it begins here");
        }
    }
    diagnostic
}
