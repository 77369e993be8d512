//! Starting and holding a simulated cloud.

use crate::cloud::inventory::Inventory;
use crate::cloud::state_file::{StateFile, StateFileError};
use crate::cloud::tables::Tables;
use crate::cloud::{Cloud, Fields, Kind, seed};
use crate::http::connection::{Connections, CuttableListener, Cutter};
use crate::http::fault::Fault;
use crate::http::journal::JournalEntry;
use crate::http::server::{Clock, Shared, serve};
use crate::settings::{Durations, Latency, Settings};
use axum::Router;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: is it taken?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The state file cannot be used.
    #[error(transparent)]
    StateFile(#[from] StateFileError),
    /// The first state cannot be written.
    #[error("{0}")]
    FirstState(String),
}

/// What a simulator shall be like; made by [`Simulator::builder`].
#[derive(Debug, Clone)]
#[must_use = "nothing happens before start"]
pub struct Builder {
    address: SocketAddr,
    settings: Settings,
    state_file: Option<PathBuf>,
    sync: bool,
}

impl Builder {
    /// Where to listen. Default: a free port of 127.0.0.1.
    pub fn bind(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// The seed of ids, secrets and latencies. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// How long requests are under way. Default: [`Latency::NONE`].
    pub fn latency(mut self, latency: Latency) -> Self {
        self.settings.latency = latency;
        self
    }

    /// How long asynchronous work takes. Default: 5 ms each.
    pub fn durations(mut self, durations: Durations) -> Self {
        self.settings.durations = durations;
        self
    }

    /// How long tokens live. Default: one hour.
    pub fn token_life(mut self, life: Duration) -> Self {
        self.settings.token_life = life;
        self
    }

    /// How many requests the journal keeps. Default: 100,000.
    pub fn journal_length(mut self, entries: usize) -> Self {
        self.settings.journal_length = entries;
        self
    }

    /// Keeps the state in a file (and a lock beside it, with `.lock` added to the name): every change is there before its answer is sent, and a later simulator
    /// that starts with the same file goes on from there. Only one may at a time. Tokens are not in it, nor user data in clear.
    pub fn state_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_file = Some(path.into());
        self
    }

    /// Whether each change also waits until the disk has it, so that it survives the machine's crash and not only the
    /// process's. Default: no.
    pub fn sync_state_file(mut self, sync: bool) -> Self {
        self.sync = sync;
        self
    }

    /// Starts it. Needs a tokio runtime with time and I/O; requests are served by its tasks.
    ///
    /// # Errors
    /// If the address is taken, or the state file is in use or damaged.
    pub async fn start(self) -> Result<Simulator, StartError> {
        let failed = |source| StartError::Listen { address: self.address, source };
        let mut tables = Tables::default();
        let (file, found) = match &self.state_file {
            Some(path) => {
                let (file, found) = StateFile::open(path, self.sync, &mut tables)?;
                (Some(file), found)
            }
            None => (None, false),
        };
        let listener = TcpListener::bind(self.address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let settings = Arc::new(self.settings);
        let clock = Clock::start();
        let mut cloud =
            Cloud::new(Arc::clone(&settings), format!("http://{address}"), clock.now(), tables, file, found);
        cloud.commit().map_err(StartError::FirstState)?;
        let shared = Arc::new(Shared::new(settings, clock, cloud));
        let connections = Connections::default();
        let router = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        let service = router.into_make_service_with_connect_info::<Cutter>();
        let listener = CuttableListener { listener, connections: connections.clone() };
        let server = tokio::spawn(async move {
            // It never ends by itself: accept errors are retried.
            let _ = axum::serve(listener, service).await;
        });
        Ok(Simulator { address, shared, connections, server })
    }
}

/// A running simulated cloud. It stops when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    connections: Connections,
    server: JoinHandle<()>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Simulator {
    /// A simulator with default settings; change them, then [`start`](Builder::start).
    pub fn builder() -> Builder {
        Builder {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            settings: Settings::default(),
            state_file: None,
            sync: false,
        }
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Keystone's URL, for `OS_AUTH_URL`.
    pub fn auth_url(&self) -> String {
        format!("http://{}/identity/v3", self.address)
    }

    /// A `clouds.yaml` with the project `demo` as cloud `name` and the administrator's as `NAME-admin`.
    pub fn clouds_yaml(&self, name: &str) -> String {
        let entry = |name: &str, user: &str, password: &str, project: &str| {
            format!(
                "  {name}:\n    region_name: RegionOne\n    identity_api_version: '3'\n    auth:\n      auth_url: {}\n      username: {user}\n      password: {password}\n      project_name: {project}\n      user_domain_id: default\n      project_domain_id: default\n",
                self.auth_url()
            )
        };
        let admin = format!("{name}-admin");
        format!(
            "clouds:\n{}{}",
            entry(name, "demo", seed::DEMO_PASSWORD, "demo"),
            entry(&admin, "admin", seed::ADMIN_PASSWORD, "admin")
        )
    }

    /// Every request so far (as far as [`Builder::journal_length`] reaches), oldest first.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.shared.lock().journal.after(0)
    }

    /// Forgets the requests so far.
    pub fn clear_journal(&self) {
        self.shared.lock().journal.clear();
    }

    /// Everything that the cloud holds now.
    pub fn inventory(&self) -> Inventory {
        Inventory::take(&self.shared.lock().cloud.tables)
    }

    /// Adds a rule about what shall go wrong.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.lock().faults.add(fault);
    }

    /// Takes all rules away.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// The rules that can still meet a request.
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.lock().faults.list()
    }

    /// The id of the project of that name (in the default domain).
    pub fn project_id(&self, name: &str) -> Option<String> {
        let inner = self.shared.lock();
        let project = inner.cloud.tables.find(Kind::Project, "name", name).next()?;
        Some(project.text("id").to_owned())
    }

    /// Limits what a project may have: `service` is `network`, `compute` or `volume`, `resource` as that service's API names it; -1
    /// is unlimited.
    ///
    /// # Errors
    /// A message, if the state file cannot be written.
    pub fn set_quota(
        &self,
        service: &str,
        project_id: &str,
        resource: &str,
        limit: i64,
    ) -> Result<(), String> {
        let mut inner = self.shared.lock();
        inner.cloud.set_quota(service, project_id, resource, limit);
        inner.cloud.commit()
    }

    /// From now on every token given so far is refused.
    pub fn expire_tokens(&self) {
        self.shared.lock().cloud.tokens.clear();
    }

    /// Whether asynchronous work or a held request is still to come.
    pub fn is_busy(&self) -> bool {
        let inner = self.shared.lock();
        inner.cloud.next_due().is_some() || inner.cloud.tables.count(Kind::Held) > 0
    }

    /// Stops at once, as if the machine had lost power: connections are cut, requests under way are lost. The
    /// state file is free afterwards.
    pub async fn shutdown(mut self) {
        self.stop();
        // Until the listener is closed, its port is taken.
        let _ = (&mut self.server).await;
    }

    fn stop(&self) {
        self.server.abort();
        self.connections.cut_all();
        self.shared.lock().cloud.close();
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop();
    }
}
