//! The trait that a store implements.

use super::{
    Commit, Epoch, EventQuery, ResourceRow, SharedStore, SourceRow, StackQuery, StackRow, StoreError,
    StoredEvent, TraversalRow,
};
use crate::record::{EventSequence, IncarnationId, SourceHash, StackId, TraversalId};
use async_trait::async_trait;
use jiff::Timestamp;

/// A durable store of whole transactions. It sees rows, never a secret.
#[async_trait]
pub trait Store: Send + Sync {
    /// Writes a transaction: all of it is durable when this returns, or, after an error, none of it counts. Gives the
    /// numbers of its events, in order; numbers grow with every event of an outermost stack and of those inside of it, in
    /// the order of commits.
    ///
    /// # Errors
    /// `Fenced` where the stack is not held by this store at that epoch; `StackExists`; `Refused`, where a row belongs to
    /// another stack; `Full`; `Unavailable`. Nothing of the transaction was written.
    async fn commit(&self, commit: Commit) -> Result<Vec<EventSequence>, StoreError>;

    /// Takes the right to write to a stack, durably, by beginning a new epoch: every earlier one is fenced off, this
    /// engine's own too.
    ///
    /// # Errors
    /// `Claimed` where another engine that is alive holds it; `NoSuchStack`.
    async fn claim(&self, stack: &StackId) -> Result<Epoch, StoreError>;

    /// Gives a claim back without writing anything. Nothing happens where the claim is not held any more.
    ///
    /// # Errors
    /// The store fails.
    async fn release(&self, stack: &StackId, epoch: Epoch) -> Result<(), StoreError>;

    /// A stack or a tombstone.
    async fn stack(&self, id: &StackId) -> Result<Option<StackRow>, StoreError>;

    /// The living stack with this name.
    async fn stack_named(&self, project: &str, name: &str) -> Result<Option<StackRow>, StoreError>;

    /// Stacks, newest first.
    async fn stacks(&self, query: &StackQuery) -> Result<Vec<StackRow>, StoreError>;

    /// The resources of a stack, in the order in which they were first written.
    async fn resources(&self, stack: &StackId) -> Result<Vec<ResourceRow>, StoreError>;

    /// One incarnation.
    async fn resource(&self, id: &IncarnationId) -> Result<Option<ResourceRow>, StoreError>;

    /// One traversal.
    async fn traversal(&self, id: &TraversalId) -> Result<Option<TraversalRow>, StoreError>;

    /// All traversals that are not over, in the order in which they were begun.
    async fn traversals(&self) -> Result<Vec<TraversalRow>, StoreError>;

    /// One source.
    async fn source(&self, hash: &SourceHash) -> Result<Option<SourceRow>, StoreError>;

    /// Events of a stack, oldest first.
    async fn events(&self, stack: &StackId, query: &EventQuery) -> Result<Vec<StoredEvent>, StoreError>;

    /// All ids of real things that the stacks of a project hold, in no order.
    async fn physical_ids(&self, project: &str) -> Result<Vec<String>, StoreError>;

    /// Removes tombstones of stacks deleted before that moment, with their events, and of every stack the oldest events
    /// beyond a number. Gives how many rows went.
    async fn prune(&self, deleted_before: Timestamp, events_per_stack: u32) -> Result<u64, StoreError>;

    /// What engines of several processes tell each other through this store; `None` where claims end with the process
    /// and nobody else is told anything.
    fn shared(&self) -> Option<&dyn SharedStore> {
        None
    }
}
