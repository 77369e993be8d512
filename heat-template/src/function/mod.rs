//! The functions of the language, one small type each.
//!
//! A function is made by a [`Compile`](crate::expression::Compile) from a call: that checks the shape of the arguments,
//! as far as Heat does it while it parses. [`Function::check`] is what Heat checks while it validates, and
//! [`Function::evaluate`] does the work. A function over an argument that is not known yet is not known either.

pub mod attribute;
pub mod branch;
pub mod condition;
pub mod digest;
pub mod facade;
pub mod file;
pub mod join;
pub mod list;
pub mod map;
pub mod mapping;
pub mod member;
pub mod parameter;
pub mod removed;
pub mod repeat;
pub mod replace;
pub mod resource;
pub mod select;
pub mod split;
pub mod text;
pub mod url;
pub mod yaql;
pub mod zones;

pub use attribute::select_attribute;
pub(crate) use repeat::MOST_COPIES;

use crate::diagnostic::Diagnostic;
use crate::evaluated::Evaluated;
use crate::expression::{Argument, Context, EvaluationError, Expression, Reach, References, Trail};
use crate::schema::ResourceSchema;
use crate::source::Span;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// What an evaluation gives: a value, nothing where the call wants to be left out, or an error.
pub type Outcome = Result<Option<Evaluated>, EvaluationError>;

/// A compiled call.
pub trait Function: fmt::Debug + Send + Sync {
    /// Visits the arguments, each with the step that leads to it from the call; a function that chooses between
    /// branches visits only those within reach.
    fn arguments<'a>(&'a self, reach: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression));

    /// Does the work.
    ///
    /// # Errors
    ///
    /// When the function cannot work with what its arguments came to.
    fn evaluate(&self, context: &Context<'_>) -> Outcome;

    /// Adds what the call itself needs from outside; its arguments add theirs.
    fn references(&self, context: &Context<'_>, span: Span, references: &mut References) {
        let _ = (context, span, references);
    }

    /// Makes the choice that Heat makes while it parses, if the function is one that chooses.
    ///
    /// # Errors
    ///
    /// When the choice cannot be made.
    fn choose(&self, context: &Context<'_>) -> Result<(), EvaluationError> {
        let _ = context;
        Ok(())
    }

    /// Whether the call may come to nothing at all, so that the list item or the map entry around it is left out.
    fn may_be_left_out(&self) -> bool {
        false
    }

    /// Visits the names of the conditions that the call itself asks for, where they stand in so many words.
    fn conditions<'a>(&'a self, visit: &mut dyn FnMut(&'a str)) {
        let _ = visit;
    }

    /// Tells what is wrong with the call, as far as that can be told before anything runs.
    fn check(&self, checking: &Checking<'_>, report: &mut dyn FnMut(Diagnostic)) {
        let _ = (checking, report);
    }
}

/// What a call sees while it is checked.
pub struct Checking<'a> {
    /// Parameters, conditions, files.
    pub context: &'a Context<'a>,
    /// The type of an enabled resource, if it is known.
    pub resource_type: &'a dyn Fn(&str) -> Option<Arc<ResourceSchema>>,
    /// Where the call stands.
    pub span: Span,
    pub(crate) trail: &'a Trail<'a>,
}

impl Checking<'_> {
    /// Heat's path to the call.
    pub fn path(&self) -> String {
        self.trail.path()
    }
}

impl fmt::Debug for Checking<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checking").field("path", &self.path()).finish_non_exhaustive()
    }
}

/// The known value, or "not known yet" for the whole call.
macro_rules! known {
    ($value:expr) => {
        match $value.settle() {
            Ok(value) => value,
            Err(unknown) => return Ok(Some(unknown)),
        }
    };
}
pub(crate) use known;

/// Visits the items of an argument that is a list, or the argument itself.
pub(crate) fn visit_whole<'a>(argument: &'a Expression, visit: &mut dyn FnMut(Argument, &'a Expression)) {
    visit(Argument::Whole, argument);
}

/// A value of a known result.
pub(crate) fn give(value: impl Into<Value>) -> Outcome {
    Ok(Some(Evaluated::Known(value.into())))
}

/// `did you mean "…"?` for the most similar name.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    crate::diagnostic::suggest::nearest(name, known).map(|similar| format!("did you mean \"{similar}\"?"))
}

/// At most 200 characters of a value in Python's writing, for messages.
pub(crate) fn shown(value: &Value) -> String {
    let text = crate::python::repr(value);
    match text.char_indices().nth(200) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
