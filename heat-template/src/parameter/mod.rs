//! Parameters: their declarations, and the values that they come to.

mod parse;
mod pseudo;
mod value;

pub use pseudo::PseudoParameters;
pub use value::{GivenValue, ParameterValue, ParameterValues};

pub(crate) use parse::parse_parameters;
pub(crate) use value::{Sources, resolve};

use crate::schema::{Constraint, ValueType};
use crate::source::Span;
use serde_json::Value;

/// The five types of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParameterType {
    /// Text; everything else becomes text as Python's `str` does it.
    String,
    /// An integer or a float, also written as text.
    Number,
    /// A boolean, also written as one of the words `true`, `t`, `yes`, `y`, `on`, `1` and their opposites.
    Boolean,
    /// A list of texts, also written as one text with commas.
    CommaDelimitedList,
    /// Any structure, also written as JSON text.
    Json,
}

impl ParameterType {
    /// All types.
    pub const ALL: [Self; 5] =
        [Self::String, Self::Number, Self::Boolean, Self::CommaDelimitedList, Self::Json];

    /// The name in HOT.
    pub fn hot_name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::CommaDelimitedList => "comma_delimited_list",
            Self::Json => "json",
        }
    }

    /// The name in CFN templates and in the answers of Heat's API.
    pub fn cfn_name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Number => "Number",
            Self::Boolean => "Boolean",
            Self::CommaDelimitedList => "CommaDelimitedList",
            Self::Json => "Json",
        }
    }

    /// The type of a property that takes the same values.
    pub fn value_type(self) -> ValueType {
        match self {
            Self::String => ValueType::String,
            Self::Number => ValueType::Number,
            Self::Boolean => ValueType::Boolean,
            Self::CommaDelimitedList => ValueType::List,
            Self::Json => ValueType::Map,
        }
    }
}

/// The declaration of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterSchema {
    /// Its name.
    pub name: String,
    /// Its type.
    pub parameter_type: ParameterType,
    /// A name for people; see [`Self::label`].
    pub label: Option<Value>,
    /// What it is for.
    pub description: Option<Value>,
    /// Its value where none is given.
    pub default: Option<Value>,
    /// What a value must be beside its type.
    pub constraints: Vec<Constraint>,
    /// Its value is never shown.
    pub hidden: bool,
    /// Its value may not be changed by an update.
    pub immutable: bool,
    /// Words for sorting parameters.
    pub tags: Vec<Value>,
    /// Where its name stands.
    pub span: Span,
    /// Where its default stands.
    pub default_span: Option<Span>,
}

impl ParameterSchema {
    /// A name for people: the label if there is one, else the name.
    pub fn label(&self) -> Value {
        match &self.label {
            Some(label) if crate::python::truthy(label) => label.clone(),
            _ => Value::String(self.name.clone()),
        }
    }
}
