//! What a nested stack has no attribute of, as far as that is known before anything runs.

use super::nested::Composite;
use super::{DefinedResource, Definition};
use crate::composite::{AttributeRequest, Inside, REFERENCE};
use crate::diagnostic::Guess;
use crate::environment::Implementation;
use crate::evaluated::Evaluated;
use crate::expression::{Allowance, EvaluationError};
use crate::schema::{CustomConstraints, ResourceTypes};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Something that is asked for and is not there.
#[derive(Debug, Clone)]
pub(super) struct Lacking {
    /// What it is, in a part of a sentence.
    pub(super) reason: String,
    /// What was meant perhaps.
    pub(super) guess: Option<Guess>,
    /// How many arguments come behind the one that is wrong.
    pub(super) left: usize,
    /// A resource inside is of a type without the attribute, with no further nested stack between.
    pub(super) by_type: bool,
}

/// A nested stack with what is inside, as far as the names of attributes go.
pub(super) struct Nested<'a> {
    composite: Composite,
    properties: Map<String, Value>,
    definition: Definition,
    types: &'a dyn ResourceTypes,
    custom: &'a dyn CustomConstraints,
    allowance: &'a Allowance<'a>,
    /// The nested stacks inside that were looked at.
    members: RefCell<HashMap<String, Option<Rc<Self>>>>,
}

impl<'a> Nested<'a> {
    /// The nested stack of a resource of `around`; `None` where nobody knows it yet.
    pub(super) fn of(
        around: &Definition,
        resource: &DefinedResource<'_>,
        composite: &Composite,
        (types, custom): (&'a dyn ResourceTypes, &'a dyn CustomConstraints),
        allowance: &'a Allowance<'a>,
    ) -> Option<Self> {
        let properties = match composite.file {
            // It is asked for outputs, which hang on no property.
            Some(_) => Map::new(),
            None => {
                let schema = composite.composite.schema();
                let context = around.context(&super::NothingKnown).sharing(allowance);
                let known = around.resolve_properties_in(resource, &context, &schema, custom).ok()?;
                known.into_iter().map(|(name, value)| (name, value.to_value_lossy())).collect()
            }
        };
        let definition = around.sample_of(resource, composite, custom, allowance)?;
        let (composite, members) = (composite.clone(), RefCell::default());
        Some(Self { composite, properties, definition, types, custom, allowance, members })
    }

    /// What is not there of an attribute with the rest of `get_attr`'s arguments.
    pub(super) fn lacks(&self, name: &str, path: &[Value]) -> Option<Lacking> {
        if let Some(file) = &self.composite.file {
            return match name.strip_prefix("resource.") {
                Some(inside) => self.lacks_inside(file, inside, path),
                None => lacks_output(&self.definition, &self.composite, name, path.len()),
            };
        }
        let inside = Asking { nested: self, found: RefCell::default() };
        let Self { properties, .. } = self;
        let request = AttributeRequest { properties, memory: None, inside: &inside, name, path };
        // What else is wrong is told when the attribute is asked for.
        let _ = self.composite.composite.attribute(&request);
        inside.found.into_inner()
    }

    /// The same of what is behind `resource.`, which every nested stack answers in the same way.
    fn lacks_inside(&self, file: &str, inside: &str, path: &[Value]) -> Option<Lacking> {
        let (member, attribute) = match inside.split_once('.') {
            Some((member, attribute)) => (member, Some(attribute)),
            None => (inside, None),
        };
        let resources = self.definition.template().resources();
        if !resources.contains_key(member) {
            let reason =
                format!("there is no resource {member} in {}", self.definition.files().known_as(file));
            let guess = Guess::name(member, resources.keys().map(String::as_str)).map(|guess| {
                let rest = &inside[member.len()..];
                Guess { written: inside.to_owned(), meant: format!("{}{rest}", guess.meant), ..guess }
            });
            return Some(Lacking { reason, guess, left: path.len(), by_type: false });
        }
        match (attribute, path.split_first()) {
            (Some(attribute), _) => self.member_lacks(member, attribute, path),
            (None, Some((Value::String(attribute), path))) => self.member_lacks(member, attribute, path),
            _ => None,
        }
    }

    /// What is not there of an attribute of a resource inside. One that a condition disables has none to look for.
    fn member_lacks(&self, member: &str, attribute: &str, path: &[Value]) -> Option<Lacking> {
        let resource = self.definition.resource(member)?;
        if let Some(composite) = self.definition.composite(&resource, self.types) {
            let found = if composite.file.is_some() && !attribute.starts_with("resource.") {
                lacks_output(&self.definition, &composite, attribute, path.len())
            } else {
                self.member(&resource, &composite)?.lacks(attribute, path)
            };
            return found.map(|found| Lacking { by_type: false, ..found });
        }
        let registry = self.definition.environment().registry();
        let Ok(Some(Implementation::Type(schema))) =
            registry.resolve(resource.type_name(), member, self.types)
        else {
            return None;
        };
        if schema.open_attributes || attribute == "show" || schema.attributes.contains_key(attribute) {
            return None;
        }
        Some(Lacking {
            reason: format!("the resource {member} inside has no attribute {attribute}"),
            guess: Guess::word(attribute, schema.attributes.keys().map(String::as_str)),
            left: path.len(),
            by_type: true,
        })
    }

    /// The nested stack of a resource inside, made once.
    fn member(&self, resource: &DefinedResource<'_>, composite: &Composite) -> Option<Rc<Self>> {
        let known = self.members.borrow().get(resource.name()).cloned();
        known.unwrap_or_else(|| {
            let made =
                Self::of(&self.definition, resource, composite, (self.types, self.custom), self.allowance)
                    .map(Rc::new);
            self.members.borrow_mut().insert(resource.name().to_owned(), made.clone());
            made
        })
    }
}

/// Whether a template that stands for a type lacks an output of this name. Nothing inside of it is looked at for that.
pub(super) fn lacks_output(
    around: &Definition,
    composite: &Composite,
    name: &str,
    left: usize,
) -> Option<Lacking> {
    let file = around.files().known_as(composite.file.as_deref()?);
    let schema = composite.composite.schema();
    if name == REFERENCE || name == "show" || schema.attributes.contains_key(name) {
        return None;
    }
    let guess = Guess::name(name, schema.attributes.keys().map(String::as_str));
    Some(Lacking { reason: format!("{file} has no output {name}"), guess, left, by_type: false })
}

/// The inside of a group, which finds what the group asks for.
struct Asking<'n, 'a> {
    nested: &'n Nested<'a>,
    /// The first attribute that a member does not have.
    found: RefCell<Option<Lacking>>,
}

impl Inside for Asking<'_, '_> {
    fn names(&self) -> Vec<String> {
        self.nested.definition.resources().map(|resource| resource.name().to_owned()).collect()
    }

    fn has(&self, name: &str) -> bool {
        self.nested.definition.resource(name).is_some()
    }

    fn reference_id(&self, name: &str) -> Evaluated {
        Evaluated::unknown(name)
    }

    fn attribute(&self, name: &str, attribute: &str, path: &[Value]) -> Result<Evaluated, EvaluationError> {
        if self.found.borrow().is_none() {
            *self.found.borrow_mut() = self.nested.member_lacks(name, attribute, path);
        }
        Ok(Evaluated::unknown(name))
    }

    fn output(&self, _: &str) -> Option<Result<Evaluated, EvaluationError>> {
        None
    }

    fn outputs(&self) -> Vec<String> {
        Vec::new()
    }
}
