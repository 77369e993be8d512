//! A result together with everything that was found on the way.

use crate::diagnostic::Diagnostic;

/// A value, where there is one, and all problems that were found while it was made.
///
/// A value may be there beside errors: the rest of the checks then goes on with it, so that one run tells everything.
/// Whoever wants to *use* the value takes [`Checked::into_result`], which gives it only without errors.
#[derive(Debug, Clone)]
#[must_use]
pub struct Checked<T> {
    /// What was made, as far as it could be.
    pub value: Option<T>,
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
}

impl<T> Checked<T> {
    /// A value with what was found.
    pub fn new(value: T, diagnostics: Vec<Diagnostic>) -> Self {
        Self { value: Some(value), diagnostics }
    }

    /// Nothing but problems.
    pub fn failed(diagnostics: Vec<Diagnostic>) -> Self {
        Self { value: None, diagnostics }
    }

    /// Whether there is an error among the diagnostics.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The errors alone.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error())
    }

    /// The value with its warnings, or everything that was found if there is an error (or no value).
    ///
    /// # Errors
    ///
    /// All diagnostics, warnings among them, when the value may not be used.
    pub fn into_result(self) -> Result<(T, Vec<Diagnostic>), Vec<Diagnostic>> {
        let failed = self.has_errors();
        match self.value {
            Some(value) if !failed => Ok((value, self.diagnostics)),
            _ => Err(self.diagnostics),
        }
    }

    /// The same with another value.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Checked<U> {
        Checked { value: self.value.map(make), diagnostics: self.diagnostics }
    }
}
