//! Types that are made of stacks: templates that stand for a type, and composite types of plugins (groups, chains).
//!
//! A composite has properties and attributes like any type. What it does is a template: [`CompositeType::child`] turns
//! properties into a template with parameters, [`CompositeType::attribute`] tells what the attributes are, given what is
//! inside. Both are pure, so that checks look into nested stacks before anything runs, and a plan tells what would become
//! of each resource in them.
//!
//! A template that stands for a type is a composite too ([`TemplateType`]): its parameters are the properties, its outputs
//! the attributes.

mod child;
mod inside;
mod places;
mod template_type;

pub use child::{Child, Stage};
pub(crate) use child::{KnownChild, NotKnown, child_of};
pub use inside::{Inside, NestedStack, member_attribute};
pub use template_type::TemplateType;
pub(crate) use template_type::{REFERENCE, facade_problems};

use crate::evaluated::Evaluated;
use crate::expression::{EvaluationError, Step};
use crate::schema::ResourceSchema;
use serde_json::{Map, Value};
use std::sync::{Arc, LazyLock};

/// A type whose resources are nested stacks. All of it is pure.
pub trait CompositeType: Send + Sync {
    /// What a template can see of the type.
    fn schema(&self) -> Arc<ResourceSchema>;

    /// The template of the nested stack for properties, and its parameters.
    ///
    /// # Errors
    /// The properties do not go together.
    fn child(&self, request: &ChildRequest<'_>) -> Result<Child, CompositeError>;

    /// The value of an attribute. Names that begin with `resource.` are answered for every composite and do not come here.
    /// `None`: there is no such attribute.
    ///
    /// # Errors
    /// The attribute cannot be told.
    fn attribute(&self, request: &AttributeRequest<'_>) -> Result<Option<Evaluated>, EvaluationError>;

    /// Where a resource inside is written, so that what is wrong with it is shown there: the way from the properties to
    /// what became a field (`type`, `properties`, `metadata` …) of the definition of `member`, or the definition as a whole
    /// where `field` is `None`. What lies inside of the one must lie in the same place inside of the other.
    ///
    /// `None`: nowhere that could be shown, and the resource that is the nested stack is the place. That is the default.
    fn origin(&self, member: &str, field: Option<&str>) -> Option<Vec<Step>> {
        let _ = (member, field);
        None
    }

    /// Whether the type is one of groups whose size somebody outside may change.
    fn scales(&self) -> bool {
        false
    }

    /// How large a group is and may be, if the type [scales](Self::scales).
    fn capacity(&self, properties: &Map<String, Value>, memory: Option<&Value>) -> Option<Capacity> {
        let _ = (properties, memory);
        None
    }

    /// What `get_resource` gives, for a nested stack with this id and ARN: the id, unless the type says otherwise.
    fn reference_id(&self, inside: &dyn Inside, id: &str, arn: &str) -> Evaluated {
        let _ = (inside, arn);
        Evaluated::Known(id.into())
    }
}

/// What a nested stack is asked to be.
#[derive(Debug, Clone, Copy)]
pub struct ChildRequest<'a> {
    /// The properties: checked, coerced, translated, defaults filled in.
    pub properties: &'a Map<String, Value>,
    /// The update policy of the resource; empty where there is none.
    pub update_policy: &'a Map<String, Value>,
    /// What an earlier call remembered ([`Child::memory`]).
    pub memory: Option<&'a Value>,
    /// The resources that are inside now, the oldest first; empty for a new one.
    pub members: &'a [Member],
    /// Whether there is a nested stack already.
    pub exists: bool,
    /// The template is only checked: of resources that are all alike one is enough.
    pub sample: bool,
    /// So many members are wanted by a change of the size alone ([`CompositeType::capacity`]), whatever the properties say.
    pub size: Option<u64>,
}

/// How large a group is and may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capacity {
    /// So many members it has.
    pub size: u64,
    /// So many it has at least.
    pub least: u64,
    /// So many it has at most.
    pub most: u64,
    /// Seconds for which a change of its size refuses another one, where whoever asks for the change does not say.
    pub cooldown: Option<f64>,
}

impl<'a> ChildRequest<'a> {
    /// A request for a new nested stack from properties alone.
    pub fn of(properties: &'a Map<String, Value>) -> Self {
        static NOTHING: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
        Self {
            properties,
            update_policy: &NOTHING,
            memory: None,
            members: &[],
            exists: false,
            sample: false,
            size: None,
        }
    }
}

/// A resource inside a nested stack, as it is recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// What `get_resource` gives for it.
    pub reference_id: Option<String>,
    /// Its last operation failed.
    pub failed: bool,
    /// Its definition as the nested stack's template has it now; null where that is not known.
    pub definition: Value,
}

/// A question for an attribute.
#[derive(Clone, Copy)]
pub struct AttributeRequest<'a> {
    /// The properties.
    pub properties: &'a Map<String, Value>,
    /// What was remembered ([`Child::memory`]).
    pub memory: Option<&'a Value>,
    /// What is inside.
    pub inside: &'a dyn Inside,
    /// The attribute.
    pub name: &'a str,
    /// The rest of `get_attr`'s arguments.
    pub path: &'a [Value],
}

impl std::fmt::Debug for AttributeRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttributeRequest").field("name", &self.name).field("path", &self.path).finish()
    }
}

/// Properties that do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CompositeError {
    /// The property at fault, if one is.
    pub property: Option<String>,
    /// What is wrong, in one sentence.
    pub message: String,
}

impl CompositeError {
    /// A problem of the properties as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Self { property: None, message: message.into() }
    }

    /// A problem of one property.
    pub fn property(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { property: Some(name.into()), message: message.into() }
    }
}
