//! Why there is no plan.

use heat_template::diagnostic::{Diagnostic, codes};
use heat_template::source::Span;

/// A template that cannot be planned. Nothing was done.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PlanError {
    /// Resources wait for each other in a circle.
    Circular {
        /// Their names, each depending on the next, the last on the first.
        resources: Vec<String>,
    },
    /// A property may never be changed, and would be.
    Immutable {
        /// The resource.
        resource: String,
        /// Its type.
        type_name: String,
        /// The property.
        property: String,
        /// Where the property stands in the template, if that is known.
        place: Option<Span>,
    },
    /// A resource is something that exists already, or was, and would be something else.
    ExternalId {
        /// The resource.
        resource: String,
        /// Its type.
        type_name: String,
        /// Where the `external_id` stands in the template, if that is known.
        place: Option<Span>,
    },
    /// The type of a resource is not registered.
    UnknownType {
        /// The resource.
        resource: String,
        /// Its type.
        type_name: String,
    },
    /// The properties of a resource cannot be evaluated, or are not what its type wants.
    Properties {
        /// The resource.
        resource: String,
        /// What is wrong, where.
        diagnostics: Vec<Diagnostic>,
    },
}

impl PlanError {
    /// Heat's dotted path of what is wrong, such as `resources.server.properties.image`.
    pub fn path(&self) -> String {
        match self {
            Self::Circular { resources } => {
                resources.first().map_or_else(String::new, |name| format!("resources.{name}"))
            }
            Self::Immutable { resource, property, .. } => {
                format!("resources.{resource}.properties.{property}")
            }
            Self::ExternalId { resource, .. } => format!("resources.{resource}.external_id"),
            Self::UnknownType { resource, .. } => format!("resources.{resource}.type"),
            Self::Properties { resource, .. } => format!("resources.{resource}.properties"),
        }
    }
}

impl PlanError {
    /// What is wrong as diagnostics, with their places as far as they are known.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let code = match self {
            Self::Circular { .. } => codes::DEPENDENCY_CYCLE,
            Self::Immutable { .. } | Self::ExternalId { .. } => codes::PROPERTY_IMMUTABLE,
            Self::UnknownType { .. } => codes::RESOURCE_TYPE_UNKNOWN,
            Self::Properties { diagnostics, .. } => return diagnostics.clone(),
        };
        let diagnostic = Diagnostic::error(code, self.to_string()).path(self.path());
        vec![match self {
            Self::Immutable { place: Some(place), .. } | Self::ExternalId { place: Some(place), .. } => {
                diagnostic.at(*place, "changed here")
            }
            _ => diagnostic,
        }]
    }
}

impl std::error::Error for PlanError {}

impl std::fmt::Display for PlanError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Circular { resources } => {
                f.write_str("circular dependency: ")?;
                for name in resources {
                    write!(f, "{name} needs ")?;
                }
                f.write_str(resources.first().map_or("itself", String::as_str))
            }
            Self::Immutable { resource, type_name, property, .. } => write!(
                f,
                "resources.{resource}: property {property} of {type_name} cannot be changed after creation; \
                 give it its old value, or give the resource another name so that a new one is made"
            ),
            Self::ExternalId { resource, type_name, .. } => write!(
                f,
                "resources.{resource}: the external_id of {type_name} cannot be changed, given or taken away after \
                 creation; give it its old value, or give the resource another name"
            ),
            Self::UnknownType { resource, type_name } => {
                write!(f, "resources.{resource}: no plugin provides the type {type_name}")
            }
            Self::Properties { resource, diagnostics } => {
                write!(f, "resources.{resource}: the properties cannot be evaluated")?;
                for diagnostic in diagnostics {
                    write!(f, "; {}", diagnostic.message)?;
                }
                Ok(())
            }
        }
    }
}
