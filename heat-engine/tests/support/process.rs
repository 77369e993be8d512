//! An engine as a process of its own, which can be killed between any two of its writes.

use super::cloud::{Cloud, plugin};
use async_trait::async_trait;
use heat_engine::record::{EventSequence, IncarnationId, SourceHash, StackId, TraversalId};
use heat_engine::run::Clock;
use heat_engine::store::{
    Commit, Epoch, EventQuery, MemoryStore, ResourceRow, SourceRow, StackQuery, StackRow, Store, StoreError,
    StoredEvent, TraversalRow,
};
use heat_engine::{Engine, EngineError};
use heat_plugin_sdk::Registry;
use jiff::Timestamp;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A store that dies with its process after a number of commits: it never answers again.
pub struct MortalStore {
    inner: Mutex<Option<MemoryStore>>,
    life: Arc<Life>,
}

/// Whether a process lives.
pub struct Life {
    alive: AtomicBool,
    /// Commits left; `None` for ever.
    left: Mutex<Option<u32>>,
    /// Whether the last commit still becomes durable, and only its answer is lost.
    durable: bool,
}

impl Life {
    /// From now on it does not die.
    pub fn spare(&self) {
        *self.left.lock().unwrap() = None;
    }

    pub fn is_over(&self) -> bool {
        !self.alive.load(Ordering::SeqCst)
    }
}

impl MortalStore {
    async fn inner(&self) -> MemoryStore {
        let inner = self.inner.lock().unwrap().clone();
        match inner {
            Some(store) if !self.life.is_over() => store,
            _ => std::future::pending().await,
        }
    }

    fn die(&self) {
        self.life.alive.store(false, Ordering::SeqCst);
        // The claims of a process end with it.
        self.inner.lock().unwrap().take();
    }
}

#[async_trait]
impl Store for MortalStore {
    async fn commit(&self, commit: Commit) -> Result<Vec<EventSequence>, StoreError> {
        let store = self.inner().await;
        let last = {
            let mut left = self.life.left.lock().unwrap();
            match &mut *left {
                Some(0) => true,
                Some(count) => {
                    *count -= 1;
                    false
                }
                None => false,
            }
        };
        if last {
            if self.life.durable {
                store.commit(commit).await?;
            }
            drop(store);
            self.die();
            return std::future::pending().await;
        }
        store.commit(commit).await
    }

    async fn claim(&self, stack: &StackId) -> Result<Epoch, StoreError> {
        self.inner().await.claim(stack).await
    }

    async fn release(&self, stack: &StackId, epoch: Epoch) -> Result<(), StoreError> {
        self.inner().await.release(stack, epoch).await
    }

    async fn stack(&self, id: &StackId) -> Result<Option<StackRow>, StoreError> {
        self.inner().await.stack(id).await
    }

    async fn stack_named(&self, project: &str, name: &str) -> Result<Option<StackRow>, StoreError> {
        self.inner().await.stack_named(project, name).await
    }

    async fn stacks(&self, query: &StackQuery) -> Result<Vec<StackRow>, StoreError> {
        self.inner().await.stacks(query).await
    }

    async fn resources(&self, stack: &StackId) -> Result<Vec<ResourceRow>, StoreError> {
        self.inner().await.resources(stack).await
    }

    async fn resource(&self, id: &IncarnationId) -> Result<Option<ResourceRow>, StoreError> {
        self.inner().await.resource(id).await
    }

    async fn traversal(&self, id: &TraversalId) -> Result<Option<TraversalRow>, StoreError> {
        self.inner().await.traversal(id).await
    }

    async fn traversals(&self) -> Result<Vec<TraversalRow>, StoreError> {
        self.inner().await.traversals().await
    }

    async fn source(&self, hash: &SourceHash) -> Result<Option<SourceRow>, StoreError> {
        self.inner().await.source(hash).await
    }

    async fn events(&self, stack: &StackId, query: &EventQuery) -> Result<Vec<StoredEvent>, StoreError> {
        self.inner().await.events(stack, query).await
    }

    async fn physical_ids(&self, project: &str) -> Result<Vec<String>, StoreError> {
        self.inner().await.physical_ids(project).await
    }

    async fn prune(&self, deleted_before: Timestamp, events_per_stack: u32) -> Result<u64, StoreError> {
        self.inner().await.prune(deleted_before, events_per_stack).await
    }
}

/// A process with an engine in it.
pub struct Process {
    pub engine: Engine,
    pub life: Arc<Life>,
}

/// Starts a process on what the one before left. It dies at the commit after `commits` others, whose last write becomes
/// durable or not.
///
/// # Errors
/// As [`heat_engine::EngineBuilder::build`]; `None` where it died while it started.
pub async fn start(
    store: &MemoryStore,
    cloud: &Cloud,
    seed: u64,
    commits: Option<u32>,
    durable: bool,
) -> Option<Result<Process, EngineError>> {
    let life = Arc::new(Life { alive: AtomicBool::new(true), left: Mutex::new(commits), durable });
    let mortal = MortalStore { inner: Mutex::new(Some(store.other_engine())), life: Arc::clone(&life) };
    let build = Engine::builder()
        .registry(Registry::new().with(plugin(&cloud.as_seen_by(&life))))
        .store(mortal)
        .secrets_in_clear()
        .clock(Clock::simulated("2026-01-01T00:00:00Z".parse().unwrap()))
        .seed(seed)
        .build();
    alive(&life, build).await.map(|built| built.map(|engine| Process { engine, life: Arc::clone(&life) }))
}

/// What comes of a future, unless the process dies before.
pub async fn alive<T>(life: &Life, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = async {
            while !life.is_over() {
                tokio::time::sleep(std::time::Duration::from_millis(7)).await;
            }
        } => None,
    }
}
