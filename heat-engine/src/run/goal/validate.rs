//! What is wrong with a goal beyond its template: what resource types say of properties that are each right for
//! themselves, and what an update must not change.

use super::{Goal, property_span};
use heat_plugin_sdk::{FailureClass, PropertyMap};
use heat_template::definition::{DefinedResource, Definition};
use heat_template::diagnostic::{Diagnostic, codes};
use heat_template::evaluated::Evaluated;
use indexmap::IndexMap;

impl Goal {
    /// Whether the template declares a parameter that may not be changed.
    pub(crate) fn has_immutable_parameters(&self) -> bool {
        self.definition.as_ref().is_some_and(|definition| {
            definition.template().parameters().iter().any(|parameter| parameter.immutable)
        })
    }

    /// What is wrong with this goal for a stack that is as `before` says: immutable parameters that have another value.
    pub(crate) fn immutable_parameters_changed(&self, before: &Self) -> Vec<Diagnostic> {
        match (&self.definition, &before.definition) {
            (Some(new), Some(old)) => new.changed_immutable_parameters(old),
            _ => Vec::new(),
        }
    }

    /// Why the type refuses the properties as a whole. It is asked as soon as all values are known: mostly before
    /// anything is done, otherwise when the resource's turn comes.
    pub(super) fn refused_by_type(
        &self,
        definition: &Definition,
        resource: &DefinedResource<'_>,
        type_name: &str,
        properties: &IndexMap<String, Evaluated>,
    ) -> Option<Diagnostic> {
        if self.is_nested(resource.name()) {
            // What a composite type has to say it says when it gives its template.
            return None;
        }
        let plugin = self.registry.resource(type_name)?;
        let known: Option<PropertyMap> =
            properties.iter().map(|(name, value)| Some((name.clone(), value.known()?.clone()))).collect();
        let failure = plugin.validate(&known?).err()?;
        let keys = definition.template().dialect().keys();
        let path = format!("{}.{}.{}", keys.resources, resource.name(), keys.properties);
        let (path, place) = match failure.class() {
            FailureClass::Invalid { property: Some(property) } => {
                let first = property.split(['.', '[']).next().unwrap_or_default();
                (format!("{path}.{property}"), property_span(resource, first))
            }
            _ => (path, None),
        };
        let problem = Diagnostic::error(codes::PROPERTY_CONSTRAINT, failure.to_string())
            .at(place.unwrap_or(resource.span()), "")
            .path(path);
        Some(definition.redacted(problem))
    }
}
