//! What a template declares beside parameters: conditions, resources, outputs.

use crate::expression::Expression;
use crate::source::Span;
use serde_json::Value;

/// A condition.
#[derive(Debug)]
pub struct ConditionDefinition {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) expression: Expression,
}

impl ConditionDefinition {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its name stands.
    pub fn span(&self) -> Span {
        self.span
    }

    /// What it says.
    pub fn expression(&self) -> &Expression {
        &self.expression
    }
}

/// An explicit dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DependsOn {
    /// The name of the other resource.
    pub resource: String,
    /// Where it stands.
    pub span: Span,
}

/// A resource as it is written.
#[derive(Debug)]
pub struct Resource {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) type_name: String,
    pub(crate) type_span: Span,
    pub(crate) properties: Option<Expression>,
    pub(crate) metadata: Option<Expression>,
    pub(crate) depends_on: Vec<DependsOn>,
    // Few resources have these: their room is not taken in all.
    pub(crate) deletion_policy: Option<Box<Expression>>,
    pub(crate) update_policy: Option<Box<Expression>>,
    pub(crate) description: Option<String>,
    pub(crate) external_id: Option<Box<Expression>>,
    pub(crate) condition: Option<Box<Expression>>,
}

impl Resource {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its name stands.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Its type as it is written; the environment may map it to another one.
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// Where its type stands.
    pub fn type_span(&self) -> Span {
        self.type_span
    }

    /// Its properties: a map, or a function that gives one.
    pub fn properties(&self) -> Option<&Expression> {
        self.properties.as_ref()
    }

    /// Its metadata: a map, or a function that gives one.
    pub fn metadata(&self) -> Option<&Expression> {
        self.metadata.as_ref()
    }

    /// The resources that it says it depends on.
    pub fn depends_on(&self) -> &[DependsOn] {
        &self.depends_on
    }

    /// What a deletion does to it, as it is written.
    pub fn deletion_policy(&self) -> Option<&Expression> {
        self.deletion_policy.as_deref()
    }

    /// How it is updated: a map, or a function that gives one.
    pub fn update_policy(&self) -> Option<&Expression> {
        self.update_policy.as_deref()
    }

    /// What it is, for people.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The physical id of something that exists already.
    pub fn external_id(&self) -> Option<&Expression> {
        self.external_id.as_deref()
    }

    /// Whether it is there: a name of a condition, a boolean or a condition function.
    pub fn condition(&self) -> Option<&Expression> {
        self.condition.as_deref()
    }
}

/// An output as it is written.
#[derive(Debug)]
pub struct Output {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) description: Option<Value>,
    pub(crate) value: Expression,
    pub(crate) condition: Option<Expression>,
}

impl Output {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its name stands.
    pub fn span(&self) -> Span {
        self.span
    }

    /// What it is, for people; Heat's text that says so where nothing is told.
    pub fn description(&self) -> String {
        match &self.description {
            None | Some(Value::Null) => "No description given".to_owned(),
            Some(description) => crate::python::str_of(description),
        }
    }

    /// What it says.
    pub fn value(&self) -> &Expression {
        &self.value
    }

    /// Whether it has a value.
    pub fn condition(&self) -> Option<&Expression> {
        self.condition.as_ref()
    }
}
