//! One attribute of a resource type.

use super::{Support, ValueType};

/// When the value of an attribute is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AttributeMode {
    /// Part of what `read` observes.
    #[default]
    Observed,
    /// Given once by `create`, kept by the engine.
    AtCreation,
    /// Asked for by name when somebody wants it, never kept.
    OnDemand,
}

/// One attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeSchema {
    /// Type of the value; `None` where Heat does not tell.
    pub value_type: Option<ValueType>,
    /// What it means, for people.
    pub description: String,
    /// When it is known.
    pub mode: AttributeMode,
    /// The value is sealed at rest and never shown.
    pub secret: bool,
    /// Since when, and whether it should be used.
    pub support: Support,
}

impl AttributeSchema {
    /// An observed attribute with a text for people.
    pub fn new(value_type: impl Into<Option<ValueType>>, description: impl Into<String>) -> Self {
        Self {
            value_type: value_type.into(),
            description: description.into(),
            mode: AttributeMode::Observed,
            secret: false,
            support: Support::default(),
        }
    }

    /// Sets when the value is known.
    #[must_use]
    pub fn mode(mut self, mode: AttributeMode) -> Self {
        self.mode = mode;
        self
    }

    /// The value is sealed and never shown.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}
