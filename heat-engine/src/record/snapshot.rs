//! Snapshots of a stack: what it was, and what was saved of its resources.

use super::{Action, Desired, Status, TraversalId};
use heat_plugin_sdk::{PhysicalId, SavedData};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A snapshot of a stack.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotRecord {
    /// UUID; the traversal that took it has the same.
    pub id: TraversalId,
    /// Name, if it was given one.
    pub name: Option<String>,
    /// When it was begun.
    pub created: Timestamp,
    /// CREATE, or DELETE as soon as its removal was begun.
    pub action: Action,
    /// How that went.
    pub status: Status,
    /// Why.
    pub reason: String,
    /// What the stack was to be.
    pub desired: Desired,
    /// The resources of which something was saved. Sealed.
    pub resources: Vec<SavedResource>,
}

/// A resource of which something was saved.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedResource {
    /// The way to it: names of resources, with slashes between them.
    pub path: String,
    /// Its type.
    pub type_name: String,
    /// The id that it had.
    pub physical_id: Option<PhysicalId>,
    /// What leads back to it.
    pub data: SavedData,
}

/// Not what the plugin keeps of it.
impl fmt::Debug for SavedResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedResource")
            .field("path", &self.path)
            .field("type_name", &self.type_name)
            .field("physical_id", &self.physical_id)
            .finish_non_exhaustive()
    }
}
