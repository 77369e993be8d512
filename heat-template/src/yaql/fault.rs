//! Why an expression has no value.

use std::ops::Range;

pub(super) type Result<T> = std::result::Result<T, Box<Fault>>;

/// An expression could not be evaluated.
///
/// Its message tells nothing of the data, which may come from hidden parameters: only kinds of values, and what stands in
/// the expression itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    pub(super) kind: FaultKind,
    message: String,
    pub(super) help: Option<String>,
    span: Option<Range<usize>>,
}

/// What the library itself distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// No overload takes the arguments.
    NoMatch,
    /// There is no such item in a list.
    Index,
    /// Our own limit: nothing goes on after it.
    Limit,
    /// Anything else.
    Other,
}

impl Fault {
    fn make(kind: FaultKind, message: impl Into<String>) -> Box<Self> {
        Box::new(Self { kind, message: message.into(), help: None, span: None })
    }

    pub(super) fn other(message: impl Into<String>) -> Box<Self> {
        Self::make(FaultKind::Other, message)
    }

    pub(super) fn no_match(message: impl Into<String>) -> Box<Self> {
        Self::make(FaultKind::NoMatch, message)
    }

    pub(super) fn index(message: impl Into<String>) -> Box<Self> {
        Self::make(FaultKind::Index, message)
    }

    pub(super) fn limit(message: impl Into<String>) -> Box<Self> {
        Self::make(FaultKind::Limit, message)
    }

    pub(super) fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }

    /// The place, unless a nearer one is known.
    pub(super) fn at(mut self: Box<Self>, span: &Range<usize>) -> Box<Self> {
        self.span.get_or_insert_with(|| span.clone());
        self
    }

    /// Where, in bytes of the expression, if it is known.
    pub fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }

    /// A way out, if one is known.
    pub fn way_out(&self) -> Option<&str> {
        self.help.as_deref()
    }
}
