//! What is being done to an object: operations, their progress, and what became of one without an answer.

use crate::{Failure, PhysicalId};
use indexmap::IndexSet;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Old and new properties of an update in place. Values may be secret, so only names are printed.
#[derive(Clone)]
pub struct Change<P> {
    old: P,
    new: P,
    changed: IndexSet<String>,
}

impl<P> fmt::Debug for Change<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change").field("changed", &self.changed).finish_non_exhaustive()
    }
}

impl<P> Change<P> {
    /// A change of the named top-level properties.
    pub fn new(old: P, new: P, changed: impl IntoIterator<Item = String>) -> Self {
        Self { old, new, changed: changed.into_iter().collect() }
    }

    /// The properties last applied.
    pub fn old(&self) -> &P {
        &self.old
    }

    /// The properties that shall hold.
    pub fn new_properties(&self) -> &P {
        &self.new
    }

    /// Whether this top-level property differs.
    pub fn changed(&self, property: &str) -> bool {
        self.changed.contains(property)
    }

    /// The names of all top-level properties that differ.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.changed.iter().map(String::as_str)
    }
}

/// The operation that [`progress`](crate::Resource::progress) looks after.
pub enum Operation<'a, P> {
    /// The object was created with these properties.
    Create(&'a P),
    /// This change was asked for.
    Update(&'a Change<P>),
    /// Its deletion was asked for.
    Delete,
    /// It was asked to rest.
    Suspend,
    /// It was asked to wake.
    Resume,
}

impl<P> fmt::Debug for Operation<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(_) => f.write_str("Create(..)"),
            Self::Update(change) => f.debug_tuple("Update").field(change).finish(),
            Self::Delete => f.write_str("Delete"),
            Self::Suspend => f.write_str("Suspend"),
            Self::Resume => f.write_str("Resume"),
        }
    }
}

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It is done.
    Done,
    /// It goes on; the engine reads again later.
    Wait {
        /// What it waits for, for people (`status BUILD`).
        reason: String,
        /// When to look again, if the service says; else the engine decides.
        after: Option<Duration>,
    },
    /// It goes on when a signal comes. The engine reads again as soon as one came, and at the latest when the time is over.
    Await {
        /// The incarnation that the signal comes to ([`Context::incarnation_id`](crate::Context::incarnation_id)): this one, or
        /// another one of the stack.
        signal: String,
        /// What it waits for, for people.
        reason: String,
        /// When to look again though no signal came; `None`: not before one comes.
        after: Option<Duration>,
    },
    /// It failed.
    Failed(Failure),
}

impl Progress {
    /// Waiting, for this reason.
    pub fn wait(reason: impl Into<String>) -> Self {
        Self::Wait { reason: reason.into(), after: None }
    }
}

/// What became of a create whose answer was never recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It made this object.
    Found(PhysicalId),
    /// No object is there (yet: the engine believes it only after the type's settle time).
    Absent,
    /// Several objects could be it.
    Ambiguous(Vec<PhysicalId>),
}

impl Finding {
    /// None, one, or several.
    pub fn from_ids(ids: impl IntoIterator<Item = PhysicalId>) -> Self {
        let mut ids: Vec<_> = ids.into_iter().collect();
        match ids.len() {
            0 => Self::Absent,
            1 => Self::Found(ids.remove(0)),
            _ => Self::Ambiguous(ids),
        }
    }
}

/// By what [`find`](crate::Resource::find) recognises the object of a create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindBasis {
    /// By nothing: an uncertain create ends FAILED and names the uncertainty, it is never repeated.
    None,
    /// By the operation's key or a name that holds it, which no other object carries.
    Key,
    /// By an id or a name that the service keeps unique, so that a repeated create collides.
    Unique,
    /// By a name that other objects may have too: the engine looks before the create and leaves out what was there.
    Name,
}

/// In which order a replacement goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplaceOrder {
    /// The new one is made, dependents move over, the old one goes.
    CreateFirst,
    /// The old one goes first: identity or an exclusive place stays the same.
    DeleteFirst,
    /// The old one gives its place free ([`prepare_for_replace`](crate::Resource::prepare_for_replace)) and gets it
    /// back if the replacement fails ([`restore_after_replace`](crate::Resource::restore_after_replace)).
    Handover,
}
