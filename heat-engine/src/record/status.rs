//! Actions and statuses, in Heat's words.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What was last done to a stack or a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Action {
    /// Nothing yet (resources only).
    Init,
    /// It was created.
    Create,
    /// It was updated.
    Update,
    /// It was deleted.
    Delete,
    /// A failed operation was undone (stacks only).
    Rollback,
    /// Something that exists already was taken on.
    Adopt,
    /// It was looked at, whether it is there and in order.
    Check,
    /// It was put to rest.
    Suspend,
    /// It was woken from its rest.
    Resume,
    /// Its data were saved.
    Snapshot,
    /// It was brought back to what was saved (stacks only).
    Restore,
    /// Somebody outside told it something (events of resources only).
    Signal,
}

/// How the action went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It goes on.
    InProgress,
    /// It succeeded.
    Complete,
    /// It failed.
    Failed,
}

impl Action {
    /// Heat's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Init => "INIT",
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Rollback => "ROLLBACK",
            Self::Adopt => "ADOPT",
            Self::Check => "CHECK",
            Self::Suspend => "SUSPEND",
            Self::Resume => "RESUME",
            Self::Snapshot => "SNAPSHOT",
            Self::Restore => "RESTORE",
            Self::Signal => "SIGNAL",
        }
    }
}

impl Status {
    /// Heat's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
