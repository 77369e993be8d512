//! What a request says of single resources, beside what the stack shall be.

use crate::record::IncarnationId;
use heat_plugin_sdk::PhysicalId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a request says of single resources, and what that takes along. Resources are named by their path: names with `/`
/// between them, as in `group/0`, where they lie in nested stacks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Asked {
    /// Nothing but these is touched, and what they take along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// These are not touched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// What is taken along though nobody named it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub along: Vec<Along>,
    /// The resources of which something is left undone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Resources that have another name from now on, by their old names. Nothing is done to them for that.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub moved: BTreeMap<String, String>,
    /// Things that exist already and belong to the stack from now on, by the names of their resources.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub imported: BTreeMap<String, Imported>,
    /// Properties that are brought back to what is recorded, as `resource.property`; the resource alone where the thing is
    /// gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repaired: Vec<String>,
    /// Properties of which what is there is taken for what shall be, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
}

/// A resource that a selection takes along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Along {
    /// The resource.
    pub resource: String,
    /// The one that takes it along.
    pub by: String,
    /// That one cannot be done before it. Otherwise it is what would be left behind with something that is gone.
    pub before: bool,
}

/// A thing that exists already and becomes a resource of a stack, as if the stack had made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The id under which the service knows it.
    pub id: PhysicalId,
    /// The incarnation that it is recorded as.
    pub incarnation: IncarnationId,
}

impl Asked {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether something may be left out.
    pub fn is_selection(&self) -> bool {
        !self.only.is_empty() || !self.except.is_empty()
    }
}
