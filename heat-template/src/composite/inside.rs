//! What is inside a nested stack, as the attributes of its resource are made from it.

use crate::definition::Definition;
use crate::diagnostic::codes;
use crate::evaluated::Evaluated;
use crate::expression::{EvaluationError, Scope};
use crate::function::select_attribute;
use serde_json::Value;

/// What is inside a nested stack.
pub trait Inside {
    /// The names of its resources, in the order of the template.
    fn names(&self) -> Vec<String>;

    /// Whether there is a resource of this name.
    fn has(&self, name: &str) -> bool;

    /// What `get_resource` gives for one of them.
    fn reference_id(&self, name: &str) -> Evaluated;

    /// What `get_attr` gives for one of them.
    ///
    /// # Errors
    /// The attribute cannot be told.
    fn attribute(&self, name: &str, attribute: &str, path: &[Value]) -> Result<Evaluated, EvaluationError>;

    /// The value of an output; `None` if there is none of this name.
    ///
    /// # Errors
    /// The output has no value.
    fn output(&self, name: &str) -> Option<Result<Evaluated, EvaluationError>>;

    /// The names of its outputs.
    fn outputs(&self) -> Vec<String>;
}

/// A nested stack: its definition, and its resources.
#[derive(Clone, Copy)]
pub struct NestedStack<'a> {
    /// The definition.
    pub definition: &'a Definition,
    /// The resources.
    pub scope: &'a dyn Scope,
}

impl std::fmt::Debug for NestedStack<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NestedStack").field("definition", &self.definition).finish_non_exhaustive()
    }
}

impl Inside for NestedStack<'_> {
    fn names(&self) -> Vec<String> {
        self.definition.resources().map(|resource| resource.name().to_owned()).collect()
    }

    fn has(&self, name: &str) -> bool {
        self.definition.resource(name).is_some()
    }

    fn reference_id(&self, name: &str) -> Evaluated {
        self.scope.reference_id(name)
    }

    fn attribute(&self, name: &str, attribute: &str, path: &[Value]) -> Result<Evaluated, EvaluationError> {
        self.scope.attribute(name, attribute, path)
    }

    fn output(&self, name: &str) -> Option<Result<Evaluated, EvaluationError>> {
        self.definition.template().outputs().get(name)?;
        Some(self.definition.output(name, self.scope))
    }

    fn outputs(&self) -> Vec<String> {
        self.definition.outputs().map(|output| output.name().to_owned()).collect()
    }
}

/// The attributes that every composite has: `resource.<name>` is the reference id of a resource inside,
/// `resource.<name>.<attribute>` (or the attribute as the next argument) one of its attributes. `None` for other names.
///
/// # Errors
/// There is no such resource inside, or it cannot tell the attribute.
pub fn member_attribute(
    inside: &dyn Inside,
    name: &str,
    path: &[Value],
) -> Option<Result<Evaluated, EvaluationError>> {
    let rest = name.strip_prefix("resource.")?;
    let (member, attribute) = match rest.split_once('.') {
        Some((member, attribute)) => (member, Some(attribute)),
        None => (rest, None),
    };
    if !inside.has(member) {
        let message = format!("there is no resource \"{member}\" inside");
        return Some(Err(EvaluationError::new(codes::ATTRIBUTE_REFERENCE, message)));
    }
    Some(match (attribute, path.split_first()) {
        (Some(attribute), _) => inside.attribute(member, attribute, path),
        (None, None) => Ok(inside.reference_id(member)),
        (None, Some((Value::String(attribute), path))) => inside.attribute(member, attribute, path),
        (None, Some(_)) => Ok(select_attribute(inside.reference_id(member), path)),
    })
}
