//! What a Heat resource plugin is: typed resources, schemas, failures, and a conformance test kit.

mod comparison;
mod connection;
mod context;
mod decoding;
mod dynamic;
mod failure;
mod identity;
mod observation;
mod operation;
mod plugin;
mod properties;
mod property_type;
mod registry;
mod resource;
mod secret;
mod siblings;
#[cfg(feature = "testing")]
pub mod testing;
mod translate;

pub use comparison::satisfies;
pub use connection::{Connection, ConnectionLimits, Connector, ConnectorId, Credentials, DynConnector};
pub use context::{CallContext, Context, Journal, Owned, OwnedObject};
pub use dynamic::{DynResource, PropertyMap, erase};
pub use failure::{Failure, FailureClass, Result};
pub use identity::{OperationKey, PhysicalId, ResourceIdentity, StackIdentity, physical_name};
pub use observation::{Created, Observation, Observed, ObservedProperty, State};
pub use operation::{Change, FindBasis, Finding, Operation, Progress, ReplaceOrder};
pub use plugin::{DynConstraint, DynFinder, Plugin};
pub use properties::{Attributes, Properties};
pub use property_type::{PropertyType, Shape};
pub use registry::{Registry, RegistryError};
pub use resource::Resource;
pub use secret::Secret;
pub use siblings::{Sibling, SiblingIndex, Siblings};
pub use translate::{Ask, translate};

/// The derives, each beside the trait of the same name.
pub use heat_plugin_sdk_macros::{Attributes, Properties, PropertyType};

/// What the derives' code calls.
#[doc(hidden)]
#[path = "derived.rs"]
pub mod __private;

/// Schemas, which this crate shares with the template language.
pub use heat_template::schema;
