//! What is saved of a thing, and what comes back from it.

use crate::PropertyMap;
use serde_json::{Map, Value};

/// What leads back to saved data of a thing, as the plugin needs it (Heat's `resource_data`): the id of a backup. Not secret.
pub type SavedData = Map<String, Value>;

/// How a definition changes so that the thing comes from what was saved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restored {
    /// Properties that are given.
    pub set: PropertyMap,
    /// Properties that are not given any more.
    pub without: Vec<String>,
}
