//! One property of a resource type.

use super::{Constraint, Support};
use indexmap::IndexMap;
use serde_json::Value;

/// The types that a property can have (Heat's `Properties` schema types).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// Text; integers and booleans become text.
    String,
    /// Whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Map; with named children or free.
    Map,
    /// List; with one schema for all items or free.
    List,
    /// Whatever is given.
    Any,
}

impl ValueType {
    /// Heat's name of the type: `String`, `Integer` …
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Integer => "Integer",
            Self::Number => "Number",
            Self::Boolean => "Boolean",
            Self::Map => "Map",
            Self::List => "List",
            Self::Any => "Any",
        }
    }
}

/// What an update of the property does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpdateMode {
    /// A change makes a new resource (Heat's default).
    #[default]
    Replace,
    /// A change is made in place (`update_allowed`).
    InPlace,
    /// A change is refused (`immutable`).
    Immutable,
}

/// What is inside a map or a list.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Children {
    /// Nothing is said: free content.
    #[default]
    Free,
    /// Each item of a list.
    Item(Box<PropertySchema>),
    /// The keys of a map; no others are allowed.
    Fields(IndexMap<String, PropertySchema>),
}

/// One property, at any depth.
#[derive(Debug, Clone, PartialEq)]
pub struct PropertySchema {
    /// Type of the value.
    pub value_type: ValueType,
    /// What it means, for people.
    pub description: String,
    /// It must be given.
    pub required: bool,
    /// What stands for it where it is not given.
    pub default: Option<Value>,
    /// What the value must be beside its type.
    pub constraints: Vec<Constraint>,
    /// What is inside a map or a list.
    pub children: Children,
    /// What a change does.
    pub update: UpdateMode,
    /// `false`: accepted by the language, refused when used (Heat's `implemented=False`).
    pub implemented: bool,
    /// JSON text for a map and comma text for a list are converted.
    pub allow_conversion: bool,
    /// Since when, and whether it should be used.
    pub support: Support,
    /// The value is sealed at rest and never shown.
    pub secret: bool,
    /// The service never tells the value: it is not compared with what is observed.
    pub write_only: bool,
}

impl PropertySchema {
    /// An optional property of this type that is replaced on change.
    pub fn new(value_type: ValueType) -> Self {
        Self {
            value_type,
            description: String::new(),
            required: false,
            default: None,
            constraints: Vec::new(),
            children: Children::Free,
            update: UpdateMode::Replace,
            implemented: true,
            allow_conversion: false,
            support: Support::default(),
            secret: false,
            write_only: false,
        }
    }

    /// A list whose items follow one schema.
    pub fn list_of(item: PropertySchema) -> Self {
        Self { children: Children::Item(Box::new(item)), ..Self::new(ValueType::List) }
    }

    /// A map with exactly these keys.
    pub fn map_of<K: Into<String>>(fields: impl IntoIterator<Item = (K, PropertySchema)>) -> Self {
        let fields = fields.into_iter().map(|(name, schema)| (name.into(), schema)).collect();
        Self { children: Children::Fields(fields), ..Self::new(ValueType::Map) }
    }

    /// Sets the text for people.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    /// It must be given.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Sets the default.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Adds a constraint.
    #[must_use]
    pub fn constraint(mut self, constraint: impl Into<Constraint>) -> Self {
        self.constraints.push(constraint.into());
        self
    }

    /// A change is made in place.
    #[must_use]
    pub fn update_allowed(mut self) -> Self {
        self.update = UpdateMode::InPlace;
        self
    }

    /// A change is refused.
    #[must_use]
    pub fn immutable(mut self) -> Self {
        self.update = UpdateMode::Immutable;
        self
    }

    /// The value is sealed and never shown.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The service never tells the value.
    #[must_use]
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// JSON and comma text are converted.
    #[must_use]
    pub fn allow_conversion(mut self) -> Self {
        self.allow_conversion = true;
        self
    }

    /// Accepted by the language, refused when used.
    #[must_use]
    pub fn not_implemented(mut self) -> Self {
        self.implemented = false;
        self
    }

    /// Sets status and version.
    #[must_use]
    pub fn support(mut self, support: Support) -> Self {
        self.support = support;
        self
    }
}
