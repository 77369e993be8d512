//! A store in one SQLite file: one thread writes, with group commit; three read.

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

/// A store in one SQLite file: the default.
///
/// The file is in write-ahead mode with `synchronous=FULL`: what was answered survives a power cut. Transactions that wait at
/// the same time share one on the disk, and readers never wait. A commit whose future is dropped may still be written.
///
/// **Several processes** may use the same file at once. Each holds an operating system lock on a file of its own beside the
/// database (`heat.db-engine-…`) as long as it lives. A stack that a living one has claimed can be looked at by the others,
/// but not claimed or written to; when its process is gone, however it ended, the stack can be claimed at once. So the file
/// must lie on a local file system.
///
/// **What lies in the file** can be looked at with any SQLite client: documents are JSON, and what is secret in them is
/// replaced by `(sealed)`, with the sealed bytes in a column of their own. The files are readable by their owner only.
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

    /// Makes the file no larger than so many pages: a disk that is full.
    #[cfg(test)]
    async fn limit_pages(&self, pages: u32) {
        let _ = self.write(|to| Request::LimitPages(pages, to)).await;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Document, RowWrite};

    fn stack() -> StackId {
        StackId("s".to_owned())
    }

    fn resource(number: usize, bytes: usize) -> ResourceRow {
        ResourceRow {
            id: IncarnationId(format!("r{number}")),
            stack: stack(),
            name: format!("r{number}"),
            physical_ids: Vec::new(),
            document: Document { clear: "x".repeat(bytes), sealed: None },
        }
    }

    fn commit(writes: Vec<RowWrite>) -> Commit {
        Commit { stack: stack(), epoch: Epoch::FIRST, writes, release: false }
    }

    async fn with_stack(path: &Path) -> SqliteStore {
        let store = SqliteStore::open(path).unwrap();
        let row = StackRow {
            id: stack(),
            name: "web".into(),
            project: "p".into(),
            created: Timestamp::UNIX_EPOCH,
            deleted: None,
            root: None,
            waits: false,
            sources: Vec::new(),
            document: Document { clear: "{}".into(), sealed: None },
        };
        store.commit(commit(vec![RowWrite::CreateStack(row)])).await.unwrap();
        store
    }

    #[tokio::test]
    async fn a_full_disk_loses_nothing_and_is_over_when_there_is_room() {
        let directory = tempfile::tempdir().unwrap();
        let store = with_stack(&directory.path().join("heat.db")).await;
        store.limit_pages(60).await;
        let mut there = Vec::new();
        let error = loop {
            let number = there.len();
            match store.commit(commit(vec![RowWrite::PutResource(resource(number, 9000))])).await {
                Ok(_) => there.push(format!("r{number}")),
                Err(error) => break error,
            }
            assert!(number < 100, "the limit is not felt");
        };
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
        assert!(error.to_string().contains("heat.db"), "{error}");
        assert!(there.len() > 5);
        let names = |rows: Vec<ResourceRow>| rows.into_iter().map(|row| row.name).collect::<Vec<_>>();
        assert_eq!(names(store.resources(&stack()).await.unwrap()), there);
        // What needs no room goes on.
        store.commit(commit(vec![RowWrite::RemoveResource(IncarnationId("r0".into()))])).await.unwrap();
        store.commit(commit(vec![RowWrite::PutResource(resource(0, 10))])).await.unwrap();
        store.limit_pages(1000).await;
        store.commit(commit(vec![RowWrite::PutResource(resource(500, 9000))])).await.unwrap();
        assert_eq!(store.resources(&stack()).await.unwrap().len(), there.len() + 1);
    }

    #[tokio::test]
    async fn one_transaction_without_room_does_not_spoil_its_neighbours() {
        let directory = tempfile::tempdir().unwrap();
        let store = with_stack(&directory.path().join("heat.db")).await;
        store.limit_pages(60).await;
        let writes = (0..40).map(|number| {
            let bytes = if number == 20 { 1_000_000 } else { 10 };
            store.commit(commit(vec![RowWrite::PutResource(resource(number, bytes))]))
        });
        let answers = futures_util::future::join_all(writes).await;
        for (number, answer) in answers.iter().enumerate() {
            assert_eq!(answer.is_err(), number == 20, "{number}: {answer:?}");
        }
        assert_eq!(store.resources(&stack()).await.unwrap().len(), 39);
    }

    #[tokio::test]
    async fn many_small_transactions_share_one_on_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("heat.db");
        drop(with_stack(&path).await);
        let (store, log) = SqliteStore::open_logged(&path).unwrap();
        let epoch = store.claim(&stack()).await.unwrap();
        let writes = (0..300).map(|number| {
            let writes = vec![RowWrite::PutResource(resource(number, 100))];
            store.commit(Commit { epoch, ..commit(writes) })
        });
        let answers = futures_util::future::join_all(writes).await;
        assert!(answers.iter().all(Result::is_ok));
        let groups = log.groups();
        assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), 300);
        assert!(groups.len() < 100, "{} groups", groups.len());
    }

    #[tokio::test]
    async fn a_replay_writes_the_same_rows() {
        let directory = tempfile::tempdir().unwrap();
        let (store, log) = SqliteStore::open_logged(directory.path().join("heat.db")).unwrap();
        let row = StackRow {
            id: stack(),
            name: "web".into(),
            project: "p".into(),
            created: Timestamp::UNIX_EPOCH,
            deleted: None,
            root: None,
            waits: false,
            sources: Vec::new(),
            document: Document { clear: "{}".into(), sealed: None },
        };
        store.commit(commit(vec![RowWrite::CreateStack(row)])).await.unwrap();
        store.commit(commit(vec![RowWrite::PutResource(resource(1, 10))])).await.unwrap();
        let copy = directory.path().join("copy.db");
        replay(&copy, &log.groups()).unwrap();
        let copy = SqliteStore::open(&copy).unwrap();
        assert_eq!(copy.resources(&stack()).await.unwrap(), store.resources(&stack()).await.unwrap());
        assert_eq!(copy.stack(&stack()).await.unwrap(), store.stack(&stack()).await.unwrap());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn its_files_are_its_owners_only() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let _store = with_stack(&directory.path().join("heat.db")).await;
        let mut seen = 0;
        for file in std::fs::read_dir(directory.path()).unwrap() {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", file.path().display());
            seen += 1;
        }
        assert!(seen >= 4, "database, log, index of the log, lock of the engine: {seen}");
    }

    #[test]
    fn a_store_that_cannot_be_made_says_where_and_why() {
        let directory = tempfile::tempdir().unwrap();
        let error = SqliteStore::open(directory.path().join("no/such/heat.db")).unwrap_err();
        let StoreError::Unavailable { store, doing, .. } = &error else { panic!("{error:?}") };
        assert!(store.ends_with("no/such/heat.db") && doing == "making it", "{error}");
        assert!(matches!(SqliteStore::open(directory.path()), Err(StoreError::Unavailable { .. })));
    }
}
