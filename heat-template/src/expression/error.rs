//! Why an expression cannot be evaluated.

use super::path::{prepend_index, prepend_key};
use crate::diagnostic::{Code, Diagnostic, Guess, codes};
use crate::source::Span;

/// A function could not do its work.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{diagnostic}")]
pub struct EvaluationError {
    diagnostic: Box<Diagnostic>,
    /// The path in the diagnostic is whole already.
    complete: bool,
    /// The condition that must be evaluated first; only while conditions are being evaluated.
    pub(crate) pending: Option<String>,
    /// Nothing is wrong: what it hangs on is not known yet.
    pub(crate) undecided: bool,
}

impl EvaluationError {
    /// An error of a function or a scope; place and path are added on the way out.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            diagnostic: Box::new(Diagnostic::error(code, message)),
            complete: false,
            pending: None,
            undecided: false,
        }
    }

    /// A function that cannot work with a value.
    pub fn value(message: impl Into<String>) -> Self {
        Self::new(codes::FUNCTION_VALUE, message)
    }

    /// A mistake that was found when the expression was compiled.
    pub(crate) fn compiled(diagnostic: Diagnostic) -> Self {
        Self { diagnostic: Box::new(diagnostic), complete: true, pending: None, undecided: false }
    }

    /// A condition that hangs on a value which is not known yet.
    pub(crate) fn undecided() -> Self {
        let message = "the condition hangs on a value that is not known yet";
        Self { undecided: true, ..Self::new(codes::CONDITION_VALUE, message) }
    }

    /// Adds a way out.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.diagnostic.help.push(text.into());
        self
    }

    /// Adds "did you mean", and the edit that goes with it.
    #[must_use]
    pub fn meant(mut self, guess: Option<Guess>) -> Self {
        *self.diagnostic = self.diagnostic.meant(guess);
        self
    }

    /// Adds the place, if none is known that is nearer.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        if self.diagnostic.primary.is_none() {
            *self.diagnostic = self.diagnostic.at(span, "");
        }
        self
    }

    /// Adds a key in front of the path.
    #[must_use]
    pub fn within(mut self, key: &str) -> Self {
        if !self.complete {
            self.diagnostic.path = prepend_key(key, &self.diagnostic.path);
        }
        self
    }

    /// Adds an index in front of the path.
    #[must_use]
    pub fn within_index(mut self, index: usize) -> Self {
        if !self.complete {
            self.diagnostic.path = prepend_index(index, &self.diagnostic.path);
        }
        self
    }

    /// The path is whole now: nothing more is added on the way out.
    #[must_use]
    pub fn complete(mut self) -> Self {
        self.complete = true;
        self
    }

    /// What is wrong, where, and what to do.
    pub fn diagnostic(&self) -> &Diagnostic {
        &self.diagnostic
    }

    /// What is wrong, where, and what to do.
    pub fn into_diagnostic(self) -> Diagnostic {
        *self.diagnostic
    }
}
