//! What a resource type looks like from a template: properties, attributes, constraints.
//!
//! Plugins provide these (the derives of `heat-plugin-sdk` make them), the checks of this crate use them, and the
//! command line and the API show them. Meaning and coercions follow Heat's `heat/engine/properties.py` and
//! `heat/engine/constraints.py`.

mod attribute;
mod builder;
pub mod check;
pub mod coerce;
mod constraint;
mod cron;
mod describe;
mod generic;
mod property;
mod resource;
mod support;
mod timezones;
mod translation;

pub use attribute::{AttributeMode, AttributeSchema};
pub use builder::{ResourceSchemaBuilder, SchemaError};
pub use check::{Checks, CustomCheck, CustomConstraints, DeferredConstraints, GenericConstraints};
pub(crate) use coerce::right_defaults;
pub use coerce::{Coercion, PropertyProblem, coerce_properties};
pub use constraint::{Constraint, ConstraintKind};
pub use generic::NAMES as GENERIC_CONSTRAINTS;
pub use property::{Children, PropertySchema, UpdateMode, ValueType};
pub use resource::{ResourceSchema, ResourceTypes};
pub use support::{Support, SupportStatus};
pub use translation::{PropertyPath, Translation};
