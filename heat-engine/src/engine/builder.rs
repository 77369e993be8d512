//! Building an engine.

use super::steward::Steward;
use super::{Engine, EngineError, Inner};
use crate::run::{Clock, Connections, Core, CredentialSource, GivenCredentials, Ids, Settings, Waiting};
use crate::schedule::{PollPolicy, RetryPolicy};
use crate::seal::{KeyRing, Sealing};
use crate::store::{MemoryStore, Records, Store};
use heat_plugin_sdk::Registry;
use heat_template::environment::GlobalEnvironment;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// Builds an [`Engine`]. Without anything said it knows the `OS::Heat::*` types and keeps its record in memory.
pub struct EngineBuilder {
    registry: Registry,
    store: Option<Arc<dyn Store>>,
    sealing: Option<Sealing>,
    source: Arc<dyn CredentialSource>,
    clock: Clock,
    ids: Ids,
    settings: Settings,
    steps: usize,
    resume: bool,
    global: GlobalEnvironment,
}

impl Default for EngineBuilder {
    fn default() -> Self {
        Self {
            registry: Registry::new(),
            store: None,
            sealing: None,
            source: Arc::new(GivenCredentials),
            clock: Clock::system(),
            ids: Ids::random(),
            settings: Settings {
                retry: RetryPolicy::default(),
                poll: PollPolicy::default(),
                step_timeout: None,
                action_timeout: Some(Duration::from_secs(3600)),
                max_resources: 100_000,
                max_nested_depth: 5,
                max_snapshots: 32,
            },
            steps: 1024,
            resume: true,
            global: GlobalEnvironment::default(),
        }
    }
}

impl EngineBuilder {
    /// The plugins. The `OS::Heat::*` types are always there and need not be among them.
    #[must_use]
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// What lies under the environments of all stacks (Heat's `environment_dir`). It is not recorded with the stacks: an
    /// engine with another one sees other types.
    #[must_use]
    pub fn global_environment(mut self, global: GlobalEnvironment) -> Self {
        self.global = global;
        self
    }

    /// Where the record is kept; in memory unless said otherwise.
    #[must_use]
    pub fn store(self, store: impl Store + 'static) -> Self {
        self.shared_store(Arc::new(store))
    }

    /// A store that somebody else holds as well.
    #[must_use]
    pub fn shared_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// The keys that secrets are sealed with.
    #[must_use]
    pub fn keys(mut self, keys: KeyRing) -> Self {
        self.sealing = Some(Sealing::Keys(keys));
        self
    }

    /// Secrets may lie in clear in the store. Say so only where the store itself is safe.
    #[must_use]
    pub fn secrets_in_clear(mut self) -> Self {
        self.sealing = Some(Sealing::Clear);
        self
    }

    /// Where the content of credentials comes from that stacks only name.
    #[must_use]
    pub fn credential_source(mut self, source: impl CredentialSource + 'static) -> Self {
        self.source = Arc::new(source);
        self
    }

    /// The clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Makes all ids from a seed: for simulations.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.ids = Ids::seeded(seed);
        self
    }

    /// How often and after which waits failed calls are tried again.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = policy;
        self
    }

    /// How often what is on its way is looked at.
    #[must_use]
    pub fn poll(mut self, policy: PollPolicy) -> Self {
        self.settings.poll = policy;
        self
    }

    /// The longest that one step may take; no limit of its own unless said otherwise.
    #[must_use]
    pub fn step_timeout(mut self, limit: Duration) -> Self {
        self.settings.step_timeout = Some(limit);
        self
    }

    /// The longest that an action may take where the stack does not say (Heat's `stack_action_timeout`): one hour
    /// unless said otherwise, `None` for no limit.
    #[must_use]
    pub fn action_timeout(mut self, limit: Option<Duration>) -> Self {
        self.settings.action_timeout = limit;
        self
    }

    /// How many resources a stack may have, those of nested stacks among them (Heat's `max_resources_per_stack`): 100,000
    /// unless said otherwise.
    #[must_use]
    pub fn max_resources(mut self, limit: usize) -> Self {
        self.settings.max_resources = limit;
        self
    }

    /// How many snapshots a stack may have (Heat's `max_snapshots_per_stack`): 32 unless said otherwise.
    #[must_use]
    pub fn max_snapshots(mut self, limit: usize) -> Self {
        self.settings.max_snapshots = limit;
        self
    }

    /// How many stacks may lie inside each other below an outermost one (Heat's `max_nested_stack_depth`): 5 unless said
    /// otherwise.
    #[must_use]
    pub fn max_nested_depth(mut self, limit: usize) -> Self {
        self.settings.max_nested_depth = limit;
        self
    }

    /// How many steps of all stacks work at the same time: 1,024 unless said otherwise. Connections have limits of their
    /// own.
    #[must_use]
    pub fn concurrent_steps(mut self, limit: usize) -> Self {
        self.steps = limit.max(1);
        self
    }

    /// Leaves unfinished stacks alone instead of going on with them: for tools that only look.
    #[must_use]
    pub fn without_resuming(mut self) -> Self {
        self.resume = false;
        self
    }

    /// Builds the engine and goes on with every stack that an earlier engine on the same store left unfinished. On a store
    /// that engines share it takes up, as long as it lives, whatever no living engine works on, its share of it where there
    /// are others. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The plugins do not go together; no keys were given for a store that outlives the process; the store cannot be
    /// read.
    pub async fn build(self) -> Result<Engine, EngineError> {
        let registry = self.registry.with(crate::types::plugin());
        registry.check()?;
        let registry = Arc::new(registry);
        let sealing = match (self.sealing, &self.store) {
            (Some(sealing), _) => sealing,
            // What is only in memory is gone with the process, and so may its key be.
            (None, None) => Sealing::Keys(KeyRing::generate()?),
            (None, Some(_)) => return Err(EngineError::NoKeys),
        };
        let store = self.store.unwrap_or_else(|| Arc::new(MemoryStore::new()));
        let records = Records::new(store, sealing, Arc::clone(&registry) as _);
        let core = Core {
            registry,
            records,
            connections: Connections::new(self.source),
            clock: self.clock,
            ids: self.ids,
            settings: self.settings,
            global: self.global,
            steps: Arc::new(Semaphore::new(self.steps)),
            published: watch::Sender::new(0),
            waiting: Waiting::default(),
            post: Arc::default(),
        };
        let engine = Engine(Arc::new(Inner::new(Arc::new(core), self.resume)));
        if !Steward::begin(&engine, self.resume).await? && self.resume {
            engine.resume().await?;
        }
        Ok(engine)
    }
}

impl std::fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineBuilder").field("registry", &self.registry).finish_non_exhaustive()
    }
}
