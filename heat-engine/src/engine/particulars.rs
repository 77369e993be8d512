//! What a request says of single resources, beside what the stack shall be.

use super::Update;
use crate::record::IncarnationId;
use heat_plugin_sdk::PhysicalId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a request says of single resources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Particulars {
    /// Nothing but these, by their paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) only: Vec<String>,
    /// Not these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) except: Vec<String>,
    /// New names by old ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) moves: BTreeMap<String, String>,
    /// Ids of things that exist already by the names of their resources.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) imports: BTreeMap<String, PhysicalId>,
    /// The incarnations that imported things get, where that is settled.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) incarnations: BTreeMap<String, IncarnationId>,
    /// A plan that is known to fail is not begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) all_or_nothing: bool,
    /// What has drifted is brought back to what is recorded: of these resources, of all where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) repair: Option<Vec<String>>,
    /// What has drifted is taken for what shall be, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) accept: Option<Vec<String>>,
}

impl Particulars {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Update {
    /// Does nothing but what is to be done to these resources, and to those that must be taken along: those without which
    /// they cannot be done, and those that would be left with something that is gone. May be called several times.
    ///
    /// A resource in a nested stack is named by its path, as in `group/0`. What is left out stays as it is recorded, and the
    /// stack says so ([`StackView::pending`](super::StackView::pending)) until an update brings it to its template.
    #[must_use]
    pub fn only(mut self, resources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.particulars.only.extend(resources.into_iter().map(Into::into));
        self
    }

    /// Leaves these resources as they are, and what cannot be done without them. See [`only`](Self::only).
    #[must_use]
    pub fn except(mut self, resources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.particulars.except.extend(resources.into_iter().map(Into::into));
        self
    }

    /// Refuses the update before anything is done ([`EngineError::WouldFail`](super::EngineError::WouldFail)) where a step of its
    /// plan is known to fail. Otherwise, as in Heat, all is done until it comes to that step.
    #[must_use]
    pub fn all_or_nothing(mut self) -> Self {
        self.particulars.all_or_nothing = true;
        self
    }
}
