//! Typed records in clear on one side, sealed rows on the other.
#![cfg_attr(not(test), allow(clippy::todo))]

use super::{Batch, Claim, EventQuery, Retention, StackQuery, Store, StoreError};
use crate::record::{
    Event, EventSequence, IncarnationId, ResourceRecord, Resources, SourceHash, StackId, StackRecord,
    TraversalId, TraversalRecord,
};
use crate::seal::Sealing;
use heat_plugin_sdk::PhysicalId;
use heat_plugin_sdk::schema::ResourceTypes;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// The record of an engine: what it writes and reads, in clear. Cheap to clone.
#[derive(Clone)]
pub struct Records {
    store: Arc<dyn Store>,
    sealing: Arc<Sealing>,
    types: Arc<dyn ResourceTypes + Send + Sync>,
}

impl Records {
    /// Records in a store. The resource types say which properties and attributes are secret; of a type that they do
    /// not know all properties and attributes are sealed.
    pub fn new(store: Arc<dyn Store>, sealing: Sealing, types: Arc<dyn ResourceTypes + Send + Sync>) -> Self {
        Self { store, sealing: Arc::new(sealing), types }
    }

    /// The store behind it.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Writes a transaction: all of it is durable when this returns, or none of it counts. Gives the numbers of its
    /// events, in order.
    ///
    /// # Errors
    /// See [`Store::commit`]; `Seal`.
    pub async fn commit(&self, batch: Batch) -> Result<Vec<EventSequence>, StoreError> {
        let _ = batch;
        todo!()
    }

    /// Takes the right to write to a stack.
    ///
    /// # Errors
    /// See [`Store::claim`].
    pub async fn claim(&self, stack: &StackId) -> Result<Claim, StoreError> {
        let epoch = self.store.claim(stack).await?;
        Ok(Claim { stack: stack.clone(), epoch })
    }

    /// Gives a claim back without writing anything.
    ///
    /// # Errors
    /// The store fails.
    pub async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        self.store.release(&claim.stack, claim.epoch).await
    }

    /// A stack or a tombstone.
    ///
    /// # Errors
    /// The store fails, or what is stored cannot be opened; the same for all that reads.
    pub async fn stack(&self, id: &StackId) -> Result<Option<StackRecord>, StoreError> {
        let _ = id;
        todo!()
    }

    /// The living stack with this name.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn stack_named(&self, project: &str, name: &str) -> Result<Option<StackRecord>, StoreError> {
        let _ = (project, name);
        todo!()
    }

    /// Stacks, newest first.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn stacks(&self, query: &StackQuery) -> Result<Vec<StackRecord>, StoreError> {
        let _ = query;
        todo!()
    }

    /// All incarnations of a stack's resources, in the order in which they were first written.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn resources(&self, stack: &StackId) -> Result<Resources, StoreError> {
        let _ = stack;
        todo!()
    }

    /// One incarnation.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn resource(&self, id: &IncarnationId) -> Result<Option<ResourceRecord>, StoreError> {
        let _ = id;
        todo!()
    }

    /// One traversal.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn traversal(&self, id: &TraversalId) -> Result<Option<TraversalRecord>, StoreError> {
        let _ = id;
        todo!()
    }

    /// All traversals that are not over, in the order in which they were begun.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn unfinished(&self) -> Result<Vec<TraversalRecord>, StoreError> {
        todo!()
    }

    /// The text of a template, an environment or a file.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn source(&self, hash: &SourceHash) -> Result<Option<String>, StoreError> {
        let _ = hash;
        todo!()
    }

    /// Events of a stack with their numbers, oldest first.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn events(
        &self,
        stack: &StackId,
        query: &EventQuery,
    ) -> Result<Vec<(EventSequence, Event)>, StoreError> {
        let _ = (stack, query);
        todo!()
    }

    /// All ids of real things that the stacks of a project hold: what a name-based `find` leaves out.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn physical_ids(&self, project: &str) -> Result<BTreeSet<PhysicalId>, StoreError> {
        Ok(self.store.physical_ids(project).await?.into_iter().map(PhysicalId::new).collect())
    }

    /// Removes what is over for longer than retention says. Gives how many rows went.
    ///
    /// # Errors
    /// The store fails.
    pub async fn prune(&self, retention: &Retention, now: Timestamp) -> Result<u64, StoreError> {
        self.store.prune(retention.deleted_before(now), retention.events_per_stack).await
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("sealing", &self.sealing).finish_non_exhaustive()
    }
}
