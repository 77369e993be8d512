//! Resources that are things which exist already (`external_id`).

use super::Goal;
use crate::engine::EngineError;
use crate::plan::DesiredState;
use crate::record::EXTERNAL_ID;
use heat_plugin_sdk::PhysicalId;
use heat_template::definition::DefinedResource;
use heat_template::diagnostic::{Diagnostic, codes};
use heat_template::evaluated::Evaluated;
use heat_template::expression::Expression;
use heat_template::source::Span;
use serde_json::Value;

/// The id under which the service knows the thing, if it is one that exists already.
///
/// # Errors
/// It is not an id, or the resource is a nested stack: the engine cannot take on what another one made.
pub(super) fn id(resource: &DefinedResource<'_>, nested: bool) -> Result<Option<PhysicalId>, EngineError> {
    let Some(value) = resource.external_id() else { return Ok(None) };
    let id = match value {
        Evaluated::Known(Value::String(id)) if !id.is_empty() => Some(id.clone()),
        Evaluated::Known(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    match id {
        Some(id) if !nested => Ok(Some(PhysicalId::new(id))),
        Some(_) => {
            let message = format!(
                "resource {} is a nested stack ({}), and a stack that exists already cannot be used as one",
                resource.name(),
                resource.type_name()
            );
            Err(vec![wrong(resource, message)].into())
        }
        None => {
            let message =
                format!("the external_id of resource {} is not the id of anything", resource.name());
            Err(vec![wrong(resource, message)].into())
        }
    }
}

/// What such a resource shall be: itself.
pub(super) fn state(id: &PhysicalId) -> DesiredState {
    let written = Evaluated::Known(Value::from(id.as_str()));
    DesiredState {
        definition: [(EXTERNAL_ID.to_owned(), written)].into(),
        external_id: Some(id.clone()),
        ..DesiredState::default()
    }
}

fn span(resource: &DefinedResource<'_>) -> Span {
    resource.resource().external_id().map_or(resource.span(), Expression::span)
}

fn wrong(resource: &DefinedResource<'_>, message: String) -> Diagnostic {
    Diagnostic::error(codes::RESOURCE_SHAPE, message)
        .at(span(resource), "")
        .path(format!("resources.{}.{EXTERNAL_ID}", resource.name()))
}

impl Goal {
    /// The resources that are things which exist already, with their types and the ids under which the services know
    /// them.
    pub(crate) fn external(&self) -> impl Iterator<Item = (&str, &str, &PhysicalId)> {
        self.external
            .iter()
            .filter_map(|(name, id)| Some((name.as_str(), self.resources.get(name)?.type_name.as_str(), id)))
    }

    /// Whether it is a thing that exists already.
    pub(crate) fn is_external(&self, name: &str) -> bool {
        self.external.contains_key(name)
    }

    /// That a thing which should exist does not, with its place.
    pub(crate) fn external_is_missing(&self, name: &str, message: String) -> Option<Diagnostic> {
        let definition = self.definition.as_ref()?;
        Some(definition.redacted(wrong(&definition.resource(name)?, message)))
    }

    pub(super) fn external_id_span(&self, name: &str) -> Option<Span> {
        Some(span(&self.definition.as_ref()?.resource(name)?))
    }
}
