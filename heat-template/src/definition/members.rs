//! Attributes of groups that are made of those of their members: a name that the members do not have is wrong.
//!
//! Heat writes an output into the nested stack for each such attribute that is asked for, and validates it there.

use super::check::Found;
use super::nested::Composite;
use super::{DefinedResource, Definition};
use crate::composite::{AttributeRequest, Inside};
use crate::diagnostic::{Diagnostic, codes};
use crate::environment::Implementation;
use crate::evaluated::Evaluated;
use crate::expression::{
    Allowance, AttributeReference, Context, EvaluationError, Expression, NoResources, Reach, References,
    Visited, walk,
};
use crate::schema::{CustomConstraints, ResourceTypes};
use crate::source::Span;
use serde_json::{Map, Value};
use std::cell::RefCell;

/// An attribute with its place.
struct Asked {
    reference: AttributeReference,
    span: Span,
    path: String,
}

impl Definition {
    /// Finds attributes of groups that their members do not have.
    pub(super) fn check_members(
        &self,
        found: &[Found],
        types: &dyn ResourceTypes,
        custom: &dyn CustomConstraints,
        allowance: &Allowance<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let made =
            |behind: &Found| matches!(behind, Found::Composite(_, composite) if composite.file.is_none());
        if !found.iter().any(made) {
            return;
        }
        let asked = self.asked(allowance);
        for (resource, behind) in self.resources().zip(found) {
            let Found::Composite(_, composite) = behind else { continue };
            let of: Vec<&Asked> =
                asked.iter().filter(|asked| asked.reference.resource == resource.name()).collect();
            if composite.file.is_none() && !of.is_empty() {
                diagnostics.extend(self.check_asked(&resource, composite, &of, types, custom, allowance));
            }
        }
    }

    /// Every attribute that something in reach asks for.
    fn asked(&self, allowance: &Allowance<'_>) -> Vec<Asked> {
        let keys = self.template().dialect().keys();
        let context = self.context(&NoResources).sharing(allowance);
        let mut asked = Vec::new();
        for resource in self.resources() {
            for (key, expression) in
                [(keys.properties, resource.properties()), (keys.metadata, resource.metadata())]
            {
                if let Some(expression) = expression {
                    look(expression, &[keys.resources, resource.name(), key], &context, &mut asked);
                }
            }
        }
        for output in self.outputs().filter(|output| self.output_is_enabled(output.name())) {
            look(output.value(), &[keys.outputs, output.name(), keys.output_value], &context, &mut asked);
        }
        asked
    }

    fn check_asked(
        &self,
        resource: &DefinedResource<'_>,
        composite: &Composite,
        asked: &[&Asked],
        types: &dyn ResourceTypes,
        custom: &dyn CustomConstraints,
        allowance: &Allowance<'_>,
    ) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        let schema = composite.composite.schema();
        let context = self.context(&super::NothingKnown).sharing(allowance);
        let Ok(properties) = self.resolve_properties_in(resource, &context, &schema, custom) else {
            return diagnostics;
        };
        let Some(definition) = self.sample_of(resource, composite, custom, allowance) else {
            return diagnostics;
        };
        let properties: Map<String, Value> =
            properties.into_iter().map(|(name, value)| (name, value.to_value_lossy())).collect();
        for Asked { reference, span, path } in asked {
            let AttributeReference { attribute: Some(name), path: Some(steps), .. } = reference else {
                continue;
            };
            let inside = Members { definition: &definition, types, wrong: RefCell::default() };
            let request = AttributeRequest {
                properties: &properties,
                memory: None,
                inside: &inside,
                name,
                path: steps,
            };
            // What else is wrong is told when the attribute is asked for.
            let _ = composite.composite.attribute(&request);
            if let Some((member, attribute)) = inside.wrong.into_inner() {
                let message = format!(
                    "the referenced attribute ({} {}) is incorrect: the resource {member} inside has no attribute {attribute}",
                    resource.name(),
                    std::iter::once(name.clone())
                        .chain(steps.iter().map(crate::python::str_of))
                        .collect::<Vec<_>>()
                        .join(" "),
                );
                diagnostics
                    .push(Diagnostic::error(codes::ATTRIBUTE_REFERENCE, message).at(*span, "").path(path));
            }
        }
        diagnostics
    }
}

fn look(expression: &Expression, path: &[&str], context: &Context<'_>, asked: &mut Vec<Asked>) {
    walk(expression, Reach::Taken(context), path, &mut |visited| {
        if let Visited::Call { function, span, trail } = visited {
            let mut references = References::default();
            function.references(context, span, &mut references);
            asked.extend(references.attributes.into_iter().map(|reference| Asked {
                reference,
                span,
                path: trail.path(),
            }));
        }
    });
}

/// The members of a group, as far as the names of their attributes go.
struct Members<'a> {
    definition: &'a Definition,
    types: &'a dyn ResourceTypes,
    /// The first attribute that a member does not have.
    wrong: RefCell<Option<(String, String)>>,
}

impl Members<'_> {
    fn has_attribute(&self, name: &str, attribute: &str) -> bool {
        let Some(member) = self.definition.resource(name) else { return true };
        let registry = self.definition.environment().registry();
        match registry.resolve(member.type_name(), name, self.types) {
            Ok(Some(Implementation::Type(schema))) => {
                schema.open_attributes || attribute == "show" || schema.attributes.contains_key(attribute)
            }
            // Heat finds only in the run what a template does not have.
            _ => true,
        }
    }
}

impl Inside for Members<'_> {
    fn names(&self) -> Vec<String> {
        self.definition.resources().map(|resource| resource.name().to_owned()).collect()
    }

    fn has(&self, name: &str) -> bool {
        self.definition.resource(name).is_some()
    }

    fn reference_id(&self, name: &str) -> Evaluated {
        Evaluated::unknown(name)
    }

    fn attribute(&self, name: &str, attribute: &str, _: &[Value]) -> Result<Evaluated, EvaluationError> {
        if !self.has_attribute(name, attribute) {
            self.wrong.borrow_mut().get_or_insert_with(|| (name.to_owned(), attribute.to_owned()));
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
