//! A hook at which a resource waits.

use super::TraversalId;
use heat_template::environment::Hook;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A hook that a resource came to. It counts for the traversal that came there alone: another one has hooks of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceHook {
    /// Which one.
    pub hook: Hook,
    /// The traversal that came there.
    pub traversal: TraversalId,
    /// When.
    pub since: Timestamp,
    /// Somebody cleared it: it is passed. Otherwise it is waited at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cleared: bool,
}

impl ResourceHook {
    /// Whether this traversal waits at it.
    pub(crate) fn waits(&self, traversal: Option<&TraversalId>) -> bool {
        !self.cleared && Some(&self.traversal) == traversal
    }
}
