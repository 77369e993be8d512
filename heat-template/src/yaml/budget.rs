//! How much of the limits a text has used.

use super::Limits;
use crate::diagnostic::{Code, Diagnostic, codes};
use crate::source::Span;

/// Deeper trees are refused whatever the limits say: their owners walk them recursively.
pub(crate) const DEEPEST: usize = 1_000;

/// A limit that a text goes beyond.
#[derive(Debug)]
pub(super) struct Exceeded {
    code: Code,
    message: String,
    span: Span,
}

impl Exceeded {
    /// As an error with its place.
    pub(super) fn diagnostic(&self) -> Diagnostic {
        Diagnostic::error(self.code, &*self.message).at(self.span, "the limit is passed here")
    }
}

/// What was counted.
#[derive(Debug)]
pub(super) struct Budget {
    limits: Limits,
    nodes: usize,
    expanded: usize,
}

impl Budget {
    /// Nothing counted.
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits: Limits { depth: limits.depth.min(DEEPEST), ..limits }, nodes: 0, expanded: 0 }
    }

    /// One more node that is written in the text.
    pub(super) fn node(&mut self, span: Span) -> Result<(), Box<Exceeded>> {
        self.nodes += 1;
        let most = self.limits.nodes;
        check(self.nodes <= most, codes::TOO_MANY_NODES, span, || {
            format!("the text has more than {most} nodes")
        })
    }

    /// So many nodes more by copying.
    pub(super) fn expand(&mut self, span: Span, size: usize) -> Result<(), Box<Exceeded>> {
        self.expanded = self.expanded.saturating_add(size);
        let most = self.limits.expanded_nodes;
        check(self.expanded <= most, codes::ALIAS_EXPANSION, span, || {
            format!("aliases expand to more than {most} nodes")
        })
    }

    /// A list or map at this depth, counted from one.
    pub(super) fn depth(&self, span: Span, depth: usize) -> Result<(), Box<Exceeded>> {
        let most = self.limits.depth;
        check(depth <= most, codes::NESTED_TOO_DEEPLY, span, || {
            format!("lists and maps are nested more than {most} deep")
        })
    }

    /// A scalar of so many bytes.
    pub(super) fn scalar(&self, span: Span, bytes: usize) -> Result<(), Box<Exceeded>> {
        let most = self.limits.scalar_bytes;
        check(bytes <= most, codes::SCALAR_TOO_LONG, span, || {
            format!("a single text has more than {most} bytes")
        })
    }
}

fn check(fits: bool, code: Code, span: Span, message: impl FnOnce() -> String) -> Result<(), Box<Exceeded>> {
    if fits { Ok(()) } else { Err(Box::new(Exceeded { code, message: message(), span })) }
}
