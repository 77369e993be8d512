//! A store that remembers what was committed, so that it can be counted and replayed.

use crate::record::{EventSequence, IncarnationId, SourceHash, StackId, TraversalId};
use crate::store::{
    Commit, Epoch, EventQuery, ResourceRow, RowWrite, SharedStore, SourceRow, StackQuery, StackRow, Store,
    StoreError, StoredEvent, TraversalRow,
};
use async_trait::async_trait;
use jiff::Timestamp;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Transactions.
    pub commits: u64,
    /// Rows written or removed.
    pub rows: u64,
    /// Bytes of documents.
    pub bytes: u64,
}

impl Counts {
    /// Counts transactions.
    pub fn of<'a>(commits: impl IntoIterator<Item = &'a Commit>) -> Self {
        commits.into_iter().fold(Self::default(), |counts, commit| Self {
            commits: counts.commits + 1,
            rows: counts.rows + commit.writes.len() as u64,
            bytes: counts.bytes + commit.writes.iter().map(RowWrite::size).sum::<usize>() as u64,
        })
    }
}

/// Passes everything on to another store and remembers the transactions that it took.
pub struct Recorder {
    store: Arc<dyn Store>,
    taken: Mutex<Vec<Commit>>,
}

impl Recorder {
    /// Records what goes to this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, taken: Mutex::default() }
    }

    /// The transactions that were taken, in the order in which they were answered.
    pub fn commits(&self) -> Vec<Commit> {
        self.taken().clone()
    }

    /// How much was written.
    pub fn counts(&self) -> Counts {
        Counts::of(self.taken().iter())
    }

    /// Forgets what was taken so far.
    pub fn clear(&self) {
        self.taken().clear();
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Commit>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for Recorder {
    async fn commit(&self, commit: Commit) -> Result<Vec<EventSequence>, StoreError> {
        let copy = commit.clone();
        let numbers = self.store.commit(commit).await?;
        self.taken().push(copy);
        Ok(numbers)
    }

    async fn claim(&self, stack: &StackId) -> Result<Epoch, StoreError> {
        self.store.claim(stack).await
    }

    async fn release(&self, stack: &StackId, epoch: Epoch) -> Result<(), StoreError> {
        self.store.release(stack, epoch).await
    }

    async fn stack(&self, id: &StackId) -> Result<Option<StackRow>, StoreError> {
        self.store.stack(id).await
    }

    async fn stack_named(&self, project: &str, name: &str) -> Result<Option<StackRow>, StoreError> {
        self.store.stack_named(project, name).await
    }

    async fn stacks(&self, query: &StackQuery) -> Result<Vec<StackRow>, StoreError> {
        self.store.stacks(query).await
    }

    async fn resources(&self, stack: &StackId) -> Result<Vec<ResourceRow>, StoreError> {
        self.store.resources(stack).await
    }

    async fn resource(&self, id: &IncarnationId) -> Result<Option<ResourceRow>, StoreError> {
        self.store.resource(id).await
    }

    async fn traversal(&self, id: &TraversalId) -> Result<Option<TraversalRow>, StoreError> {
        self.store.traversal(id).await
    }

    async fn traversals(&self) -> Result<Vec<TraversalRow>, StoreError> {
        self.store.traversals().await
    }

    async fn source(&self, hash: &SourceHash) -> Result<Option<SourceRow>, StoreError> {
        self.store.source(hash).await
    }

    async fn events(&self, stack: &StackId, query: &EventQuery) -> Result<Vec<StoredEvent>, StoreError> {
        self.store.events(stack, query).await
    }

    async fn physical_ids(&self, project: &str) -> Result<Vec<String>, StoreError> {
        self.store.physical_ids(project).await
    }

    async fn prune(&self, deleted_before: Timestamp, events_per_stack: u32) -> Result<u64, StoreError> {
        self.store.prune(deleted_before, events_per_stack).await
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        self.store.shared()
    }
}
