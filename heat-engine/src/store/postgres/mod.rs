//! A store in a PostgreSQL database, which engines in several processes and on several machines share.

mod address;
mod apply;
mod claims;
mod connection;
mod failure;
mod group;
mod lease;
mod read;
mod schema;
mod writer;

use super::{
    Commit, Epoch, EventQuery, Heard, Held, ResourceRow, SharedStore, SourceRow, StackQuery, StackRow, Store,
    StoreError, StoredEvent, TraversalRow,
};
use crate::record::{EventSequence, IncarnationId, SourceHash, StackId, TraversalId};
use address::Address;
use async_trait::async_trait;
use connection::{Line, Open};
use failure::{Trouble, explain};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use lease::{Keeper, Runs};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use uuid::Uuid;
use writer::{Answer, News, Request, Writer};

/// How many connections read. Each has many questions under way at once.
const READERS: usize = 2;

/// How many writes may wait before those who ask for more wait too.
const WAITING: usize = 1024;

/// The shortest lease: a busy machine must be able to renew it.
const SHORTEST_LEASE: Duration = Duration::from_millis(500);

/// How an engine works with a PostgreSQL store.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PostgresSettings {
    /// How long what this engine holds stays its own when it is not heard of any more; it is heard of three times as
    /// often. 15 seconds unless said otherwise, half a second at least.
    pub lease: Duration,
    /// How long a server that is gone is waited for before a request fails: 10 seconds unless said otherwise.
    pub patience: Duration,
    /// What other engines call this one, for people; process and machine unless said otherwise.
    pub name: String,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self { lease: Duration::from_secs(15), patience: Duration::from_secs(10), name: own_name() }
    }
}

impl PostgresSettings {
    /// With another lease.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(SHORTEST_LEASE);
        self
    }

    /// With another patience.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// With another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
}

/// A store in a PostgreSQL database (13 or newer, encoding UTF8) that any number of engines share, on any machines.
///
/// **What was answered is on the server's disk** as far as the server itself promises that (`synchronous_commit` and `fsync`
/// must be on, as they are by default). Transactions that wait at the same time become one on the server. A commit whose
/// answer is lost is looked after: it is never done twice, and never said to be done where it was not.
///
/// **Leases.** An engine holds what it has claimed as long as it renews its lease, by the clock of the server; those of the
/// engines need not agree. When the lease has run out, others may take over. Every write checks under a lock that its engine
/// still holds the stack at the very epoch, so one that was stopped, or cut off, and comes back writes nothing.
///
/// **A server that is gone** is waited for ([`PostgresSettings::patience`]) before a request fails; connections come back
/// by themselves.
///
/// **Connections**: up to four for each store. A pooler between must give each its own session, for they listen
/// (`LISTEN`).
///
/// **What lies in the database** can be looked at with any client: documents are JSON, and what is secret in them is
/// replaced by `(sealed)`, with the sealed bytes in a column of their own. The tables lie in the first schema of the search
/// path.
pub struct PostgresStore {
    address: Arc<Address>,
    name: String,
    engine: String,
    patience: Duration,
    writer: mpsc::Sender<Request>,
    news: mpsc::UnboundedSender<News>,
    readers: Vec<Line>,
    next_reader: AtomicUsize,
    heard: watch::Receiver<Heard>,
    runs: Arc<Runs>,
}

impl PostgresStore {
    /// Connects to a database that is there, and brings its schema up to date. Must be called inside of a tokio runtime.
    ///
    /// The URL is PostgreSQL's: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with a folder such as `%2Frun%2Fpostgresql`
    /// in the place of the host for a Unix socket. TLS is used where the server offers it, and its certificate is
    /// checked, name and all; `sslmode=require` insists on it, `sslmode=disable` goes without, `sslrootcert=FILE` names who
    /// vouches for the server. No error, no log and no `Debug` output holds the password.
    ///
    /// # Errors
    /// `NotConnected` with what to do; `NotAStore` where the database is another program's, too old, or not UTF8; `TooNew`
    /// where a newer version wrote it; `Unavailable`.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, PostgresSettings::default()).await
    }

    /// As [`connect`](Self::connect), with settings.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_with(url: &str, settings: PostgresSettings) -> Result<Self, StoreError> {
        let address = Arc::new(Address::parse(url)?);
        let store = address.to_string();
        let engine = Uuid::new_v4().simple().to_string();
        let (to_notices, notices) = mpsc::unbounded_channel();
        let line = Line::listening(Arc::clone(&address), to_notices);
        let (open, _) = line.connected().await?;
        let ready = schema::migrate(&store, &open).await?;
        let runs = Arc::new(Runs::default());
        // Before anything is claimed the others must know that this engine lives.
        let asked = std::time::Instant::now();
        let begun = async {
            open.run(&format!("LISTEN {}", ready.channel)).await?;
            claims::renew(&open, &engine, &settings.name, settings.lease).await
        };
        begun.await.map_err(|trouble| explained(&store, "beginning its lease", trouble))?;
        runs.renewed(asked, settings.lease);
        drop(open);
        let (heard, hear) = watch::channel(Heard::default());
        let (news, to_tell) = mpsc::unbounded_channel();
        let keeper = Keeper {
            line,
            notices,
            news: to_tell,
            heard,
            runs: Arc::clone(&runs),
            store: store.clone(),
            engine: engine.clone(),
            name: settings.name,
            channel: ready.channel,
            lease: settings.lease,
        };
        tokio::spawn(keeper.run());
        let (writer, requests) = mpsc::channel(WAITING);
        let writing = Writer {
            line: Line::new(Arc::clone(&address)),
            store,
            engine: engine.clone(),
            patience: settings.patience,
            held: AtomicBool::new(false),
            news: news.clone(),
        };
        tokio::spawn(writing.run(requests));
        let readers = (0..READERS).map(|_| Line::new(Arc::clone(&address))).collect();
        Ok(Self {
            name: address.to_string(),
            address,
            engine,
            patience: settings.patience,
            writer,
            news,
            readers,
            next_reader: AtomicUsize::new(0),
            heard: hear,
            runs,
        })
    }

    /// The database, for people: its URL without the password.
    pub fn name(&self) -> &str {
        &self.name
    }

    async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T, StoreError> {
        let gone = || StoreError::Unavailable {
            store: self.address.to_string(),
            doing: "writing to it".to_owned(),
            reason: "its writer has stopped with the runtime that it was connected in".to_owned(),
        };
        let (to, answer) = oneshot::channel();
        self.writer.send(request(to)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Reads, once more where the connection was lost.
    async fn read<'a, T>(
        &self,
        question: impl Fn(Arc<Open>) -> BoxFuture<'a, Result<T, Trouble>> + Send + Sync,
    ) -> Result<T, StoreError> {
        let at = self.next_reader.fetch_add(1, Ordering::Relaxed) % self.readers.len().max(1);
        let Some(line) = self.readers.get(at) else { return Err(self.no_reader()) };
        let end = Instant::now() + self.patience;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let open = line.connected_within(left, |_| ()).await?;
            match question(open).await {
                Err(Trouble::Lost(_)) if Instant::now() < end => {
                    line.drop_connection().await;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                result => {
                    return result
                        .map_err(|trouble| explained(&self.address.to_string(), "reading it", trouble));
                }
            }
        }
    }

    fn no_reader(&self) -> StoreError {
        StoreError::Unavailable {
            store: self.address.to_string(),
            doing: "reading it".to_owned(),
            reason: "it has no readers".to_owned(),
        }
    }
}

/// Shows the database, never a password.
impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("database", &self.address.to_string())
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}

fn explained(store: &str, doing: &str, trouble: Trouble) -> StoreError {
    match trouble {
        Trouble::Refused(error) => error,
        Trouble::Database(error) => explain(store, doing, &error),
        Trouble::Lost(reason) | Trouble::Again(reason) => {
            StoreError::Unavailable { store: store.to_owned(), doing: doing.to_owned(), reason }
        }
    }
}

/// The process and, where it is known, the machine.
fn own_name() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok());
    match machine.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        Some(machine) => format!("process {} on {machine}", std::process::id()),
        None => format!("process {}", std::process::id()),
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn commit(&self, commit: Commit) -> Result<Vec<EventSequence>, StoreError> {
        self.ask(|to| Request::Commit(commit, to)).await
    }

    async fn claim(&self, stack: &StackId) -> Result<Epoch, StoreError> {
        self.ask(|to| Request::Claim(stack.clone(), to)).await
    }

    async fn release(&self, stack: &StackId, epoch: Epoch) -> Result<(), StoreError> {
        self.ask(|to| Request::Release(stack.clone(), epoch, to)).await
    }

    async fn stack(&self, id: &StackId) -> Result<Option<StackRow>, StoreError> {
        self.read(move |open| Box::pin(async move { read::stack(&open, id).await })).await
    }

    async fn stack_named(&self, project: &str, name: &str) -> Result<Option<StackRow>, StoreError> {
        self.read(move |open| Box::pin(async move { read::stack_named(&open, project, name).await })).await
    }

    async fn stacks(&self, query: &StackQuery) -> Result<Vec<StackRow>, StoreError> {
        self.read(move |open| Box::pin(async move { read::stacks(&open, query).await })).await
    }

    async fn resources(&self, stack: &StackId) -> Result<Vec<ResourceRow>, StoreError> {
        self.read(move |open| Box::pin(async move { read::resources(&open, stack).await })).await
    }

    async fn resource(&self, id: &IncarnationId) -> Result<Option<ResourceRow>, StoreError> {
        self.read(move |open| Box::pin(async move { read::resource(&open, id).await })).await
    }

    async fn traversal(&self, id: &TraversalId) -> Result<Option<TraversalRow>, StoreError> {
        self.read(move |open| Box::pin(async move { read::traversal(&open, id).await })).await
    }

    async fn traversals(&self) -> Result<Vec<TraversalRow>, StoreError> {
        self.read(move |open| Box::pin(async move { read::traversals(&open).await })).await
    }

    async fn source(&self, hash: &SourceHash) -> Result<Option<SourceRow>, StoreError> {
        self.read(move |open| Box::pin(async move { read::source(&open, hash).await })).await
    }

    async fn events(&self, stack: &StackId, query: &EventQuery) -> Result<Vec<StoredEvent>, StoreError> {
        self.read(move |open| Box::pin(async move { read::events(&open, stack, query).await })).await
    }

    async fn physical_ids(&self, project: &str) -> Result<Vec<String>, StoreError> {
        self.read(move |open| Box::pin(async move { read::physical_ids(&open, project).await })).await
    }

    async fn prune(&self, deleted_before: Timestamp, events_per_stack: u32) -> Result<u64, StoreError> {
        self.ask(|to| Request::Prune(deleted_before, events_per_stack, to)).await
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        Some(self)
    }
}

#[async_trait]
impl SharedStore for PostgresStore {
    async fn held(&self) -> Result<Vec<Held>, StoreError> {
        self.read(move |open| Box::pin(async move { claims::held(&open, &self.engine).await })).await
    }

    async fn take(
        &self,
        limit: u32,
        except: &[StackId],
        waiting: bool,
    ) -> Result<Vec<(TraversalRow, Epoch)>, StoreError> {
        self.ask(|to| Request::Take { limit, except: except.to_vec(), waiting, to }).await
    }

    async fn ask_for(&self, stack: &StackId) -> Result<(), StoreError> {
        self.read(move |open| Box::pin(async move { claims::ask_for(&open, &self.engine, stack).await }))
            .await?;
        let _ = self.news.send(News::Stacks);
        Ok(())
    }

    async fn holder(&self, stack: &StackId) -> Result<Option<String>, StoreError> {
        self.read(move |open| Box::pin(async move { claims::holder(&open, stack).await })).await
    }

    fn heard(&self) -> watch::Receiver<Heard> {
        self.heard.clone()
    }

    fn lease_runs(&self) -> bool {
        self.runs.now()
    }

    async fn leave(&self) -> Result<(), StoreError> {
        self.ask(Request::Leave).await
    }
}
