//! How much the functions of a template may make, while one value is evaluated and while all are checked.

use super::EvaluationError;
use crate::diagnostic::{Effort, codes};
use crate::evaluated::Evaluated;
use crate::python::PatternEffort;
use serde_json::Value;
use std::cell::Cell;

/// Bytes that the functions of one value may make in all, what one function makes for another among them. Heat has no
/// such limit: there a template of a few lines fills any memory.
pub(crate) const MOST_MADE: usize = 16 << 20;

/// The same for all values together while a template is checked with the templates inside, beside
/// [`MOST_MADE_FOR_EACH`]. Afterwards values are evaluated one at a time, by whoever wants them.
pub(crate) const MOST_MADE_IN_ALL: usize = 256 << 20;

/// What a check has more for each resource, so that it is enough for stacks of any size.
pub(crate) const MOST_MADE_FOR_EACH: usize = 256 << 10;

/// What a value takes beside its text.
const NODE: usize = 32;

/// What is left of it.
#[derive(Debug)]
pub(crate) struct Allowance<'a> {
    left: Cell<usize>,
    most: Cell<usize>,
    /// That of the check, in one that is for a single value.
    all: Option<&'a Allowance<'a>>,
    /// In that of a check what it may spend on "did you mean".
    guessing: Effort,
    /// Likewise on patterns.
    patterns: PatternEffort,
}

/// What was used of an allowance.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    bytes: usize,
    letters: usize,
}

impl Used {
    /// The difference between what was left and what is left now.
    pub(crate) fn without(self, now: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(now.bytes),
            letters: self.letters.saturating_sub(now.letters),
        }
    }
}

impl<'a> Allowance<'a> {
    /// For one value; `all` is that of the check that it is evaluated in.
    pub(super) fn of_value(all: Option<&'a Allowance<'a>>) -> Self {
        Self {
            left: Cell::new(MOST_MADE),
            most: Cell::new(MOST_MADE),
            all,
            guessing: Effort::of_check(),
            patterns: PatternEffort::default(),
        }
    }

    /// For all values of a template and of those inside.
    pub(crate) fn of_check() -> Self {
        Self {
            left: Cell::new(MOST_MADE_IN_ALL),
            most: Cell::new(MOST_MADE_IN_ALL),
            all: None,
            guessing: Effort::of_check(),
            patterns: PatternEffort::default(),
        }
    }

    /// What is left, to tell later what was used.
    pub(crate) fn left(&self) -> Used {
        Used { bytes: self.left.get(), letters: self.guessing().map_or(0, Effort::left) }
    }

    /// Takes what was used before.
    pub(crate) fn spend(&self, used: Used) {
        self.left.set(self.left.get().saturating_sub(used.bytes));
        if let Some(guessing) = self.guessing() {
            guessing.spend(used.letters);
        }
    }

    /// What a check may spend on looking for names that were meant; `None` for a single value outside of one.
    pub(crate) fn guessing(&self) -> Option<&Effort> {
        self.of_all().map(|all| &all.guessing)
    }

    /// What a check may spend on patterns that take back many steps; `None` for a single value outside of one.
    pub(crate) fn patterns(&self) -> Option<&PatternEffort> {
        self.of_all().map(|all| &all.patterns)
    }

    /// Adds what a check has for so many resources.
    pub(crate) fn grow(&self, resources: usize) {
        let more = resources.saturating_mul(MOST_MADE_FOR_EACH);
        self.left.set(self.left.get().saturating_add(more));
        self.most.set(self.most.get().saturating_add(more));
    }

    /// That of the check, if there is one.
    pub(super) fn of_all(&self) -> Option<&Self> {
        if self.is_of_value() { self.all } else { Some(self) }
    }

    /// Whether it is for a single value.
    pub(super) fn is_of_value(&self) -> bool {
        self.most.get() == MOST_MADE
    }

    /// Takes some of it; what is not left is gone all the same.
    ///
    /// # Errors
    ///
    /// If that much is not left.
    pub(super) fn take(&self, bytes: usize) -> Result<(), EvaluationError> {
        let left = self.left.get().checked_sub(bytes);
        self.left.set(left.unwrap_or(0));
        if left.is_none() {
            let what = if self.is_of_value() { "this value make" } else { "all values together make" };
            let message = format!("the functions of {what} more than {} bytes", self.most.get());
            return Err(EvaluationError::new(codes::VALUE_TOO_LARGE, message));
        }
        self.all.map_or(Ok(()), |all| all.take(bytes))
    }
}

/// About how many bytes a value takes.
pub(crate) fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => NODE + text.len(),
        Value::Array(items) => NODE + items.iter().map(weight).sum::<usize>(),
        Value::Object(entries) => {
            NODE + entries.iter().map(|(key, value)| NODE + key.len() + weight(value)).sum::<usize>()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => NODE,
    }
}

/// The same of a value that has holes.
pub(super) fn weight_of(value: &Evaluated) -> usize {
    match value {
        Evaluated::Known(value) => weight(value),
        Evaluated::List(items) => NODE + items.iter().map(weight_of).sum::<usize>(),
        Evaluated::Map(entries) => {
            NODE + entries.iter().map(|(key, value)| NODE + key.len() + weight_of(value)).sum::<usize>()
        }
        Evaluated::Unknown(_) => NODE,
    }
}
