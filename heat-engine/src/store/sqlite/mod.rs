//! A store in one SQLite file: the default.
//!
//! One thread writes, with group commit; three read. The file is in write-ahead mode with `synchronous=FULL`, so what was
//! answered survives a power cut, and readers never wait. Several processes may use the same file at once: a stack that one
//! of them works on can be looked at, but not worked on, by the others, and is free the moment that process is gone (see
//! the `lock` module). The file must lie on a local file system.

mod apply;
mod connection;
mod lock;
mod read;
#[cfg(any(test, feature = "testing"))]
mod replay;
mod writer;

#[cfg(any(test, feature = "testing"))]
pub use replay::{GroupLog, replay};

use super::{
    Commit, Epoch, EventQuery, ResourceRow, SourceRow, StackQuery, StackRow, Store, StoreError, StoredEvent,
    TraversalRow,
};
use crate::record::{EventSequence, IncarnationId, SourceHash, StackId, TraversalId};
use async_trait::async_trait;
use jiff::Timestamp;
use lock::EngineLock;
use read::Question;
use rusqlite::Connection;
use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};
use writer::{Answer, Observer, Request, Writer};

/// How many threads read.
const READERS: usize = 3;

/// How many writes may wait before those who ask for more wait too.
const WAITING: usize = 1024;

/// A store in one SQLite file.
///
/// ```
/// use heat_engine::store::SqliteStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let directory = tempfile::tempdir()?;
/// let store = SqliteStore::open(directory.path().join("heat.db"))?;
/// # Ok(())
/// # }
/// ```
pub struct SqliteStore {
    path: PathBuf,
    /// `None` only while it is dropped.
    writer: Option<mpsc::Sender<Request>>,
    readers: Option<std::sync::mpsc::Sender<Question>>,
    writing: Option<JoinHandle<()>>,
    reading: Vec<JoinHandle<()>>,
    /// Given back last, when nothing can be written any more.
    _lock: EngineLock,
}

impl SqliteStore {
    /// Opens the file, makes it (readable by its owner only) where there is none, and brings its schema up to date. The
    /// directory must exist.
    ///
    /// # Errors
    /// `Unavailable`, `Full`; `NotAStore` where the file is something else; `TooNew` where a newer version wrote it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_observed(path.as_ref(), None)
    }

    fn open_observed(path: &Path, observer: Option<Observer>) -> Result<Self, StoreError> {
        let failed = |doing: &str, error: io::Error| StoreError::Unavailable {
            store: path.display().to_string(),
            doing: doing.to_owned(),
            reason: error.to_string(),
        };
        make_file(path).map_err(|error| failed("making it", error))?;
        // The same file by whichever name: the locks lie beside it.
        let path = path.canonicalize().map_err(|error| failed("opening it", error))?;
        let lock = EngineLock::take(&path)?;
        let connection = connection::open_writer(&path)?;
        let readers: Vec<Connection> =
            (0..READERS).map(|_| connection::open_reader(&path)).collect::<Result<_, _>>()?;

        let (ask_writer, requests) = mpsc::channel(WAITING);
        let writer = Writer { connection, path: path.clone(), engine: lock.id().to_owned(), observer };
        let writing = spawn("heat-store-write", move || writer.run(requests))
            .map_err(|error| failed("starting its threads", error))?;
        let (ask_readers, questions) = std::sync::mpsc::channel();
        let questions = Arc::new(Mutex::new(questions));
        let mut store = Self {
            path,
            writer: Some(ask_writer),
            readers: Some(ask_readers),
            writing: Some(writing),
            reading: Vec::new(),
            _lock: lock,
        };
        for connection in readers {
            let questions = Arc::clone(&questions);
            let reading = spawn("heat-store-read", move || read::run(&connection, &questions));
            let reading =
                reading.map_err(|error| store.unavailable("starting its threads", &error.to_string()))?;
            store.reading.push(reading);
        }
        Ok(store)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn unavailable(&self, doing: &str, reason: &str) -> StoreError {
        StoreError::Unavailable {
            store: self.path.display().to_string(),
            doing: doing.to_owned(),
            reason: reason.to_owned(),
        }
    }

    async fn write<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T, StoreError> {
        let gone = || self.unavailable("writing to it", "its writer has stopped");
        let (to, answer) = oneshot::channel();
        let writer = self.writer.as_ref().ok_or_else(gone)?;
        writer.send(request(to)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let gone = || self.unavailable("reading it", "its readers have stopped");
        let (to, answer) = oneshot::channel();
        let ask = Box::new(move |connection: &Connection| drop(to.send(question(connection))));
        self.readers.as_ref().ok_or_else(gone)?.send(ask).map_err(|_| gone())?;
        answer
            .await
            .map_err(|_| gone())?
            .map_err(|error| connection::explain(&self.path, "reading it", &error))
    }
}

/// Ends the threads, so that the file is closed when this returns. What was handed over for writing is still written.
impl Drop for SqliteStore {
    fn drop(&mut self) {
        // Readers first: the last connection to close tidies the log away, and readers cannot.
        self.readers = None;
        for reading in self.reading.drain(..) {
            let _ = reading.join();
        }
        self.writer = None;
        if let Some(writing) = self.writing.take() {
            let _ = writing.join();
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

fn make_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, commit: Commit) -> Result<Vec<EventSequence>, StoreError> {
        self.write(|to| Request::Commit(commit, to)).await
    }

    async fn claim(&self, stack: &StackId) -> Result<Epoch, StoreError> {
        self.write(|to| Request::Claim(stack.clone(), to)).await
    }

    async fn release(&self, stack: &StackId, epoch: Epoch) -> Result<(), StoreError> {
        self.write(|to| Request::Release(stack.clone(), epoch, to)).await
    }

    async fn stack(&self, id: &StackId) -> Result<Option<StackRow>, StoreError> {
        let id = id.clone();
        self.read(move |connection| read::stack(connection, &id)).await
    }

    async fn stack_named(&self, project: &str, name: &str) -> Result<Option<StackRow>, StoreError> {
        let (project, name) = (project.to_owned(), name.to_owned());
        self.read(move |connection| read::stack_named(connection, &project, &name)).await
    }

    async fn stacks(&self, query: &StackQuery) -> Result<Vec<StackRow>, StoreError> {
        let asked = query.clone();
        let found = self.read(move |connection| read::stacks(connection, &asked)).await?;
        found.ok_or_else(|| StoreError::NoSuchStack {
            stack: query.after.clone().unwrap_or_else(|| StackId(String::new())),
        })
    }

    async fn resources(&self, stack: &StackId) -> Result<Vec<ResourceRow>, StoreError> {
        let stack = stack.clone();
        self.read(move |connection| read::resources(connection, &stack)).await
    }

    async fn resource(&self, id: &IncarnationId) -> Result<Option<ResourceRow>, StoreError> {
        let id = id.clone();
        self.read(move |connection| read::resource(connection, &id)).await
    }

    async fn traversal(&self, id: &TraversalId) -> Result<Option<TraversalRow>, StoreError> {
        let id = id.clone();
        self.read(move |connection| read::traversal(connection, &id)).await
    }

    async fn traversals(&self) -> Result<Vec<TraversalRow>, StoreError> {
        self.read(read::traversals).await
    }

    async fn source(&self, hash: &SourceHash) -> Result<Option<SourceRow>, StoreError> {
        let hash = hash.clone();
        self.read(move |connection| read::source(connection, &hash)).await
    }

    async fn events(&self, stack: &StackId, query: &EventQuery) -> Result<Vec<StoredEvent>, StoreError> {
        let (stack, query) = (stack.clone(), query.clone());
        self.read(move |connection| read::events(connection, &stack, &query)).await
    }

    async fn physical_ids(&self, project: &str) -> Result<Vec<String>, StoreError> {
        let project = project.to_owned();
        self.read(move |connection| read::physical_ids(connection, &project)).await
    }

    async fn prune(&self, deleted_before: Timestamp, events_per_stack: u32) -> Result<u64, StoreError> {
        self.write(|to| Request::Prune(deleted_before, events_per_stack, to)).await
    }
}
