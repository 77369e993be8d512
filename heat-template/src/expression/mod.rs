//! Values with functions in them, compiled once when a template is parsed.
//!
//! An [`Expression`] is a tree of constants, lists, maps and calls, each with its place. A call holds a [`Function`],
//! which was made by the dialect's table and has checked the shape of its arguments. A call with wrong arguments
//! compiles to a node that keeps its diagnostic: it is a problem only where evaluation would come to it.

mod allowance;
mod compile;
mod context;
mod error;
mod path;
mod references;
mod scalar;
mod walk;

pub(crate) use allowance::{Allowance, MOST_MADE, MOST_MADE_FOR_EACH, MOST_MADE_IN_ALL, Used, weight};
pub use compile::{Call, Compile, Compiler, Place};
pub use context::{
    AvailabilityZones, Conditions, Context, Facade, FacadeValues, NoResources, ResourceNames, Scope,
};
pub use error::EvaluationError;
pub(crate) use path::push_index;
pub use path::{Argument, Step, join_key};
pub(crate) use path::{Part, Trail, join};
pub use references::{AttributeReference, References};
pub(crate) use scalar::Scalar;
pub use walk::Reach;

pub(crate) use walk::{Visited, walk};

use crate::diagnostic::Diagnostic;
use crate::evaluated::{Evaluated, EvaluatedMap};
use crate::function::Function;
use crate::source::Span;
use serde_json::Value;
use std::sync::Arc;

/// A value of a template, with functions in it perhaps.
#[derive(Debug)]
pub struct Expression {
    span: Span,
    kind: Kind,
}

/// What an expression is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A text, a number, a boolean or null.
    Scalar(Scalar),
    /// A list; `constant` if there is no call in it.
    List { items: Vec<Expression>, constant: bool },
    /// A map; `constant` if there is no call in it.
    Map { entries: Vec<MapEntry>, constant: bool },
    /// A function with its arguments.
    Call { name: Arc<str>, function: Box<dyn Function> },
    /// A call with wrong arguments.
    Invalid(Box<Diagnostic>),
}

/// A key with its value.
#[derive(Debug)]
pub(crate) struct MapEntry {
    pub(crate) key: Arc<str>,
    pub(crate) key_span: Span,
    pub(crate) value: Expression,
}

impl Expression {
    pub(crate) fn new(span: Span, kind: Kind) -> Self {
        Self { span, kind }
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.kind
    }

    pub(crate) fn into_kind(self) -> Kind {
        self.kind
    }

    /// Where it stands in its text.
    pub fn span(&self) -> Span {
        self.span
    }

    /// `a map`, `a list`, `a function` …, for messages.
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(scalar) => scalar.kind_name(),
            Kind::List { .. } => "a list",
            Kind::Map { .. } => "a map",
            Kind::Call { .. } | Kind::Invalid(_) => "a function",
        }
    }

    /// Whether there is no function in it.
    pub fn is_constant(&self) -> bool {
        match &self.kind {
            Kind::Scalar(_) => true,
            Kind::List { constant, .. } | Kind::Map { constant, .. } => *constant,
            Kind::Call { .. } | Kind::Invalid(_) => false,
        }
    }

    /// The name of the function, if it is a call.
    pub fn function_name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Call { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The text, if it is one in so many words.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(Scalar::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether it is `null` in so many words.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Scalar(Scalar::Null))
    }

    /// The items, if it is a list in so many words.
    pub fn as_list(&self) -> Option<&[Expression]> {
        match &self.kind {
            Kind::List { items, .. } => Some(items),
            _ => None,
        }
    }

    /// The keys and values, if it is a map in so many words.
    pub fn as_map(&self) -> Option<impl Iterator<Item = (&str, Span, &Expression)>> {
        match &self.kind {
            Kind::Map { entries, .. } => {
                Some(entries.iter().map(|entry| (&*entry.key, entry.key_span, &entry.value)))
            }
            _ => None,
        }
    }

    /// The value of a key, if it is a map in so many words.
    pub fn get(&self, key: &str) -> Option<&Expression> {
        self.as_map()?.find(|(name, ..)| *name == key).map(|(.., value)| value)
    }

    /// The value, if there is no function in it.
    pub fn constant(&self) -> Option<Value> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar.to_value()),
            Kind::List { items, constant: true } => items.iter().map(Self::constant).collect(),
            Kind::Map { entries, constant: true } => entries
                .iter()
                .map(|entry| Some((String::from(&*entry.key), entry.value.constant()?)))
                .collect(),
            _ => None,
        }
    }

    /// What lies at a path, if all of the path leads through lists and maps in so many words.
    pub(crate) fn at(&self, path: &[Step]) -> Option<&Self> {
        path.iter().try_fold(self, |here, step| match step {
            Step::Index(index) => here.as_list()?.get(*index),
            Step::Key(key) => here.get(key),
        })
    }

    /// The place of what lies at a path, as far as the path leads through lists and maps in so many words.
    ///
    /// With `key` the place of the last step's key is wanted, not of its value.
    pub fn locate(&self, path: &[Step], key: bool) -> Span {
        let mut here = self;
        let mut span = self.span;
        for (at, step) in path.iter().enumerate() {
            let last = at + 1 == path.len();
            match (&here.kind, step) {
                (Kind::List { items, .. }, Step::Index(index)) => match items.get(*index) {
                    // Where one before it was perhaps left out, nobody can tell which it is.
                    Some(_) if items[..=*index].iter().any(Self::may_be_left_out) => return span,
                    Some(item) => here = item,
                    None => return span,
                },
                (Kind::Map { entries, .. }, Step::Key(name)) => {
                    match entries.iter().find(|entry| *entry.key == **name) {
                        Some(entry) if last && key => return entry.key_span,
                        Some(entry) => here = &entry.value,
                        None => return span,
                    }
                }
                _ => return span,
            }
            span = here.span;
        }
        span
    }

    /// Whether it may come to nothing at all.
    pub(crate) fn may_be_left_out(&self) -> bool {
        matches!(&self.kind, Kind::Call { function, .. } if function.may_be_left_out())
    }

    /// What it comes to; a call that wants to be left out counts as null.
    ///
    /// # Errors
    ///
    /// The first function that cannot do its work, with its place.
    pub fn evaluate(&self, context: &Context<'_>) -> Result<Evaluated, EvaluationError> {
        Ok(self.evaluate_nullable(context)?.unwrap_or(Evaluated::NULL))
    }

    /// What it comes to, or nothing where it is an `if` without a branch for a condition that is false: the list item,
    /// the map entry or the property around it is then left out.
    ///
    /// # Errors
    ///
    /// The first function that cannot do its work, with its place.
    pub fn evaluate_nullable(&self, context: &Context<'_>) -> Result<Option<Evaluated>, EvaluationError> {
        if !self.is_constant() && !context.allowance.is_some_and(Allowance::is_of_value) {
            // This is the whole expression; what is inside of it shares what it may use.
            let allowance = Allowance::of_value(context.allowance);
            return self.evaluate_nullable(&Context { allowance: Some(&allowance), ..*context });
        }
        match &self.kind {
            Kind::Scalar(scalar) => Ok(Some(Evaluated::Known(scalar.to_value()))),
            Kind::List { constant: true, .. } | Kind::Map { constant: true, .. } => {
                Ok(self.constant().map(Evaluated::Known))
            }
            Kind::List { items, .. } => {
                let mut values = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    let value = item.evaluate_nullable(context).map_err(|error| error.within_index(at))?;
                    values.extend(value);
                }
                Ok(Some(Evaluated::list(values)))
            }
            Kind::Map { entries, .. } => {
                let mut values = EvaluatedMap::with_capacity(entries.len());
                for entry in entries {
                    let value =
                        entry.value.evaluate_nullable(context).map_err(|error| error.within(&entry.key))?;
                    if let Some(value) = value {
                        values.insert(String::from(&*entry.key), value);
                    }
                }
                Ok(Some(values.finish()))
            }
            Kind::Call { name, function } => {
                let made = function.evaluate(context).and_then(|made| {
                    context.charge(made.as_ref().map_or(0, allowance::weight_of))?;
                    Ok(made)
                });
                made.map_err(|error| error.at(self.span).within(name))
            }
            Kind::Invalid(diagnostic) => Err(EvaluationError::compiled((**diagnostic).clone())),
        }
    }

    /// Everything that it needs from outside, given the values of the conditions: only the branches that are taken
    /// count.
    pub fn references(&self, context: &Context<'_>) -> References {
        let mut references = References::default();
        walk(self, Reach::Taken(context), &[], &mut |visited| {
            if let Visited::Call { function, span, trail } = visited {
                references.add(function, span, trail, context);
            }
        });
        references
    }
}
