//! What all traversals of one engine share.

use super::clock::Clock;
use super::connections::Connections;
use super::hooks::Waiting;
use super::ids::Ids;
use super::post::Post;
use crate::schedule::{PollPolicy, RetryPolicy};
use crate::store::{Batch, Claim, Records, StoreError, Write};
use heat_plugin_sdk::Registry;
use heat_template::environment::GlobalEnvironment;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// How an engine works.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) retry: RetryPolicy,
    pub(crate) poll: PollPolicy,
    /// The longest that one step may take.
    pub(crate) step_timeout: Option<Duration>,
    /// The longest that an action may take where the stack does not say.
    pub(crate) action_timeout: Option<Duration>,
    /// Resources in a stack and those inside of it.
    pub(crate) max_resources: usize,
    /// How many stacks may lie inside each other below an outermost one.
    pub(crate) max_nested_depth: usize,
    /// Snapshots of a stack.
    pub(crate) max_snapshots: usize,
}

/// What all traversals of one engine share.
pub(crate) struct Core {
    pub(crate) registry: Arc<Registry>,
    pub(crate) records: Records,
    pub(crate) connections: Connections,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) settings: Settings,
    /// What lies under all environments.
    pub(crate) global: GlobalEnvironment,
    /// Steps that work at the same time.
    pub(crate) steps: Arc<Semaphore>,
    /// Grows with every commit that holds events.
    pub(crate) published: watch::Sender<u64>,
    /// Steps that wait at hooks.
    pub(crate) waiting: Waiting,
    /// Signals on their way to the stacks that are worked on.
    pub(crate) post: Arc<Post>,
}

impl Core {
    /// Makes writes durable and tells those who wait for events.
    pub(crate) async fn commit(&self, claim: &Claim, writes: Vec<Write>) -> Result<(), StoreError> {
        self.commit_batch(Batch { claim: claim.clone(), writes, release: false }).await
    }

    /// As [`commit`](Self::commit), for a batch that gives the claim back or makes it.
    pub(crate) async fn commit_batch(&self, batch: Batch) -> Result<(), StoreError> {
        if !self.records.commit(batch).await?.is_empty() {
            self.published.send_modify(|count| *count = count.wrapping_add(1));
        }
        Ok(())
    }
}
