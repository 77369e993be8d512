//! What an engine knows of its stacks: the records that every decision is made from and that the store keeps.
//!
//! These are plain data in clear. What is secret in them is sealed on the way to the store and opened on the way back
//! (see [`crate::store`]), so no store ever sees it.

mod event;
mod hook;
mod nested;
mod resource;
mod snapshot;
mod stack;
mod status;

pub use event::{Event, EventSequence};
pub use hook::ResourceHook;
pub use nested::{NestedStack, Scaling};
pub(crate) use nested::{attribute_key, hidden_mark, reason_key, secret_mark};
pub(crate) use resource::EXTERNAL_ID;
pub use resource::{DeletionPolicy, IncarnationId, Intent, IntentKind, ResourceRecord, Resources, Saved};
pub use snapshot::{SavedResource, SnapshotRecord};
pub use stack::{
    Desired, OnFailure, Owner, Paused, SourceHash, StackId, StackRecord, TraversalId, TraversalRecord,
};
pub use status::{Action, Status};
