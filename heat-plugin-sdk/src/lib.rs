//! What a Heat resource plugin is: typed resources, schemas, failures, and a conformance test kit.

mod connection;
mod context;
mod dynamic;
mod failure;
mod identity;
mod observation;
mod operation;
mod plugin;
mod properties;
mod registry;
mod resource;
mod secret;
mod siblings;

pub use connection::{Connection, ConnectionLimits, Connector, ConnectorId, Credentials, DynConnector};
pub use context::{CallContext, Context, Journal, Owned, OwnedObject};
pub use dynamic::{DynResource, PropertyMap, erase};
pub use failure::{Failure, FailureClass, Result};
pub use identity::{OperationKey, PhysicalId, ResourceIdentity, StackIdentity, physical_name};
pub use observation::{Created, Observation, Observed, ObservedProperty, State};
pub use operation::{Change, FindBasis, Finding, Operation, Progress, ReplaceOrder};
pub use plugin::{DynConstraint, DynFinder, Plugin};
pub use properties::{Attributes, Properties, PropertyType};
pub use registry::{Registry, RegistryError};
pub use resource::Resource;
pub use secret::Secret;
pub use siblings::{Sibling, SiblingIndex, Siblings};

/// Schemas, which this crate shares with the template language.
pub use heat_template::schema;
