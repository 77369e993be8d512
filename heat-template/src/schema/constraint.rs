//! What a value must be beside its type: the six kinds of constraint that Heat has.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

/// One constraint of a parameter or a property.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Constraint {
    /// What is asked.
    #[serde(flatten)]
    pub kind: ConstraintKind,
    /// Replaces the message that is made from the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The six kinds. Written as in HOT, so a schema prints as Heat's API does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintKind {
    /// Length of a text, a list or a map, both ends included.
    Length {
        /// Least length.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<u64>,
        /// Greatest length.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u64>,
    },
    /// Size of a number, both ends included.
    Range {
        /// Least value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<Number>,
        /// Greatest value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<Number>,
    },
    /// `value % step == offset`, in Python's sense.
    Modulo {
        /// Divisor, not zero.
        step: Number,
        /// Remainder.
        offset: Number,
    },
    /// The value is one of these; of a list every item is.
    AllowedValues(Vec<Value>),
    /// A Python regular expression that matches the whole value.
    AllowedPattern(String),
    /// A check by name, such as `neutron.network`, that a plugin provides.
    CustomConstraint(String),
}

impl From<ConstraintKind> for Constraint {
    fn from(kind: ConstraintKind) -> Self {
        Self { kind, description: None }
    }
}

impl Constraint {
    /// Replaces the generated message.
    #[must_use]
    pub fn described(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// A length between two ends.
    pub fn length(min: impl Into<Option<u64>>, max: impl Into<Option<u64>>) -> Self {
        ConstraintKind::Length { min: min.into(), max: max.into() }.into()
    }

    /// A number between two ends.
    pub fn range(min: impl Into<Option<i64>>, max: impl Into<Option<i64>>) -> Self {
        ConstraintKind::Range { min: min.into().map(Number::from), max: max.into().map(Number::from) }.into()
    }

    /// A number with a remainder.
    pub fn modulo(step: i64, offset: i64) -> Self {
        ConstraintKind::Modulo { step: step.into(), offset: offset.into() }.into()
    }

    /// One of some values.
    pub fn allowed<V: Into<Value>>(values: impl IntoIterator<Item = V>) -> Self {
        ConstraintKind::AllowedValues(values.into_iter().map(Into::into).collect()).into()
    }

    /// A text that a pattern matches whole.
    pub fn pattern(pattern: impl Into<String>) -> Self {
        ConstraintKind::AllowedPattern(pattern.into()).into()
    }

    /// A check that a plugin provides under a name.
    pub fn custom(name: impl Into<String>) -> Self {
        ConstraintKind::CustomConstraint(name.into()).into()
    }
}
