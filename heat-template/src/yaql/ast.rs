//! What an expression is after parsing.

use num_bigint::BigInt;
use std::ops::Range;
use std::sync::Arc;

/// The most levels that an expression may be nested.
pub(crate) const MAX_DEPTH: u16 = 100;

/// A part of an expression with its place.
#[derive(Debug)]
pub(super) struct Node {
    /// Bytes of the text that it was read from.
    pub(super) span: Range<usize>,
    /// How deep it is nested inside, itself included.
    pub(super) depth: u16,
    pub(super) kind: NodeKind,
}

#[derive(Debug)]
pub(super) enum NodeKind {
    /// A text, a number, a boolean or null.
    Constant(Constant),
    /// A bare word: a text, or the name of a key or of an argument.
    Keyword(Arc<str>),
    /// `$`, `$name`.
    Variable(Arc<str>),
    /// `(…)`.
    Wrap(Box<Node>),
    /// `key => value`.
    Rule(Box<Node>, Box<Node>),
    /// Everything else: operators are functions too.
    Call(Call),
}

/// A call of a function by its name.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: Arc<str>,
    /// The arguments; `None` where one is left out, as in `f(1,,2)`.
    pub(super) args: Vec<Option<Node>>,
    /// Written as `name(…)`, so that it may stand behind a point.
    pub(super) named: bool,
}

#[derive(Debug)]
pub(super) enum Constant {
    Null,
    Bool(bool),
    Int(i64),
    Big(Arc<BigInt>),
    Float(f64),
    Text(Arc<str>),
}

impl Node {
    /// Whether it is known without evaluation.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self.kind, NodeKind::Constant(_) | NodeKind::Keyword(_))
    }

    /// Whether a receiver can be handed to it: only a call by name takes one.
    pub(super) fn uses_receiver(&self) -> bool {
        matches!(&self.kind, NodeKind::Call(call) if call.named)
    }
}
