//! Constants of a template that are neither lists nor maps.

use serde_json::{Number, Value};
use std::sync::Arc;

/// A constant that is neither a list nor a map: smaller than a [`Value`], and its text is the one that was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(Arc<str>),
}

impl Scalar {
    /// The same as a value.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(value) => Value::Number(value.clone()),
            Self::Text(text) => Value::String((**text).to_owned()),
        }
    }

    /// `a text`, `a number` …, for messages.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
        }
    }
}
