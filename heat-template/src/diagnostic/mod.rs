//! What is wrong with a template, as plain data: a stable code, a message, the places, a way out.
//!
//! Nothing here renders; see [`crate::render`] for terminal, one-line, JSON and Heat-style texts.

pub mod codes;
mod guess;
pub mod limits;
pub mod suggest;

pub use guess::Guess;
pub(crate) use guess::spell;
pub(crate) use suggest::Effort;

use crate::redaction::Redaction;
use crate::source::Span;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;

/// A stable name of one kind of problem, `HT` and four digits; [`codes`] declares them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Code(pub &'static str);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The template is refused.
    Error,
    /// Heat would swallow it silently; the template works, perhaps not as meant.
    Warning,
}

/// A place with a word about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there; may be empty.
    pub text: String,
}

/// How sure a [`Fix`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applicability {
    /// Keeps the meaning or is surely what was meant.
    Safe,
    /// Probably what was meant.
    MaybeWrong,
}

/// Edits that would mend the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// How sure it is.
    pub applicability: Applicability,
    /// Texts to put in place of spans, in order.
    pub edits: Vec<(Span, String)>,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// One sentence, beginning in lower case, without a full stop; names the thing and the value.
    pub message: String,
    /// The place it is about.
    pub primary: Option<Label>,
    /// Other places that explain it.
    pub labels: Vec<Label>,
    /// Ways out, "did you mean" among them.
    pub help: Vec<String>,
    /// Edits, where one is certain enough.
    pub fix: Option<Fix>,
    /// The name that was meant, until a text makes a fix of it.
    pub(crate) guess: Option<Guess>,
    /// Heat's own dotted path, such as `resources.server.properties.image`; empty for the whole template.
    pub path: String,
}

impl Diagnostic {
    /// Takes secrets out of all that it tells.
    pub(crate) fn redact(&mut self, secrets: &Redaction) {
        let clean = |text: &mut String| {
            if let Cow::Owned(clean) = secrets.mask(text) {
                *text = clean;
            }
        };
        clean(&mut self.message);
        self.help.iter_mut().for_each(clean);
        self.primary.iter_mut().chain(&mut self.labels).for_each(|label| clean(&mut label.text));
    }

    /// An error without a place yet.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    /// A warning without a place yet.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    fn new(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        let (message, path) = (message.into(), String::new());
        Self {
            code,
            severity,
            message,
            primary: None,
            labels: Vec::new(),
            help: Vec::new(),
            fix: None,
            guess: None,
            path,
        }
    }

    /// Sets the place and what is there.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.primary = Some(Label { span, text: text.into() });
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds a way out.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds "did you mean" and, where the text at the place is this name, the edit that goes with it.
    #[must_use]
    pub fn meant(mut self, guess: Option<Guess>) -> Self {
        self.help.extend(guess.as_ref().map(Guess::question));
        self.guess = guess;
        self
    }

    /// Sets Heat's dotted path.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets the edits that would mend it.
    #[must_use]
    pub fn fix(mut self, applicability: Applicability, edits: Vec<(Span, String)>) -> Self {
        self.fix = Some(Fix { applicability, edits });
        self
    }

    /// Whether the template is refused because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// `path: message`, as Heat would put it; see [`crate::render`] for more.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}
