//! Events: one for each change of state of a stack or a resource.

use super::{Action, StackId, Status};
use heat_plugin_sdk::PhysicalId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Number of an event within its store; grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventSequence(pub u64);

/// One change of state. Holds no secret: reasons are made of failures, which hold none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// UUID, as Heat's API shows it.
    pub id: String,
    /// The stack.
    pub stack: StackId,
    /// When.
    pub time: Timestamp,
    /// Name of the resource; the stack's own name for events of the stack.
    pub resource: String,
    /// Type of the resource; `OS::Heat::Stack` for the stack.
    pub type_name: String,
    /// The id under which the service knows it.
    pub physical_id: Option<PhysicalId>,
    /// What is done.
    pub action: Action,
    /// How it is going.
    pub status: Status,
    /// Why.
    pub reason: String,
}
