//! What is wrong with the text of an expression.

use std::ops::Range;

/// An expression cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    message: String,
    span: Range<usize>,
}

impl SyntaxError {
    pub(super) fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { message: message.into(), span }
    }

    /// Where, in bytes of the expression.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}
