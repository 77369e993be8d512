//! A process that is killed while it writes loses nothing that it was told was written, and leaves no half transaction.
#![cfg(all(feature = "sqlite", unix))]
#![allow(clippy::unwrap_used, clippy::panic)]

use heat_engine::record::{IncarnationId, StackId};
use heat_engine::store::{
    Commit, Document, Epoch, EventQuery, EventRow, ResourceRow, RowWrite, SqliteStore, StackRow, Store,
    StoreError,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const FILE: &str = "HEAT_TEST_CRASH_DATABASE";
const WRITERS: usize = 8;

fn stack() -> StackId {
    StackId("s".to_owned())
}

fn document(text: &str) -> Document {
    Document { clear: format!("{{\"text\":\"{text}\"}}"), sealed: None }
}

fn resource(id: String) -> RowWrite {
    let document = document(&id);
    RowWrite::PutResource(ResourceRow {
        id: IncarnationId(id.clone()),
        stack: stack(),
        name: id,
        physical_ids: Vec::new(),
        document,
    })
}

/// Two resources and an event, which are there together or not at all.
fn transaction(epoch: Epoch, name: &str) -> Commit {
    let event = EventRow { stack: stack(), resource: name.to_owned(), document: document(name).clear };
    Commit {
        stack: stack(),
        epoch,
        writes: vec![
            resource(format!("{name}/first")),
            RowWrite::PutEvent(event),
            resource(format!("{name}/second")),
        ],
        release: false,
    }
}

async fn epoch_of(store: &SqliteStore) -> Epoch {
    match store.claim(&stack()).await {
        Ok(epoch) => epoch,
        Err(StoreError::NoSuchStack { .. }) => {
            let row = StackRow {
                id: stack(),
                name: "web".into(),
                project: "p".into(),
                created: Timestamp::UNIX_EPOCH,
                deleted: None,
                root: None,
                waits: false,
                sources: Vec::new(),
                document: document("web"),
            };
            let writes = vec![RowWrite::CreateStack(row)];
            let create = Commit { stack: stack(), epoch: Epoch::FIRST, writes, release: false };
            store.commit(create).await.unwrap();
            Epoch::FIRST
        }
        Err(error) => panic!("{error}"),
    }
}

/// The process that is killed. Says each transaction that was answered, and only then.
#[tokio::test]
#[ignore = "run by the other tests as a process of its own"]
async fn writer() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let store = Arc::new(SqliteStore::open(path).unwrap());
    let epoch = epoch_of(&store).await;
    let run = uuid::Uuid::new_v4().simple().to_string();
    let mut tasks = Vec::new();
    for writer in 0..WRITERS {
        let (store, run) = (Arc::clone(&store), run.clone());
        tasks.push(tokio::spawn(async move {
            for number in 0_u64.. {
                let name = format!("{run}-{writer}-{number}");
                store.commit(transaction(epoch, &name)).await.unwrap();
                let mut out = std::io::stdout().lock();
                writeln!(out, "written {name}").unwrap();
                out.flush().unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

fn start_writer(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FILE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets a writer work for a while, kills it, and gives what it said was written.
fn killed_after(path: &Path, time: Duration) -> BTreeSet<String> {
    let mut child = start_writer(path);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The clock runs from the first answer on.
    let mut said: Vec<String> = Vec::new();
    for line in lines.by_ref() {
        said.push(line.unwrap());
        if said.last().unwrap().starts_with("written ") {
            break;
        }
    }
    std::thread::sleep(time);
    child.kill().unwrap();
    said.extend(lines.map_while(Result::ok));
    child.wait().unwrap();
    // The last line may be cut off.
    said.iter()
        .filter_map(|line| line.strip_prefix("written "))
        .filter(|name| name.split('-').count() == 3)
        .map(str::to_owned)
        .collect()
}

async fn check(path: &Path, answered: &BTreeSet<String>) {
    let store = SqliteStore::open(path).unwrap();
    // The killed process held the stack; it is free at once.
    store.claim(&stack()).await.unwrap();
    let mut parts: BTreeMap<String, usize> = BTreeMap::new();
    for row in store.resources(&stack()).await.unwrap() {
        *parts.entry(row.name.rsplit_once('/').unwrap().0.to_owned()).or_default() += 1;
    }
    for event in store.events(&stack(), &EventQuery::default()).await.unwrap() {
        *parts.entry(event.row.resource).or_default() += 1;
    }
    let halves: Vec<_> = parts.iter().filter(|(_, count)| **count != 3).collect();
    assert!(halves.is_empty(), "half transactions: {halves:?}");
    let lost: Vec<_> = answered.iter().filter(|name| !parts.contains_key(*name)).collect();
    assert!(lost.is_empty(), "answered and lost: {lost:?}");
}

#[tokio::test]
async fn what_was_answered_survives_a_kill_at_any_moment() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("heat.db");
    let mut answered = BTreeSet::new();
    for round in 0..10_u64 {
        let more = killed_after(&path, Duration::from_millis(round * 17 % 120));
        assert!(!more.is_empty(), "the writer wrote nothing");
        answered.extend(more);
        check(&path, &answered).await;
    }
    assert!(answered.len() > 50, "only {} transactions were answered", answered.len());
}

#[tokio::test]
async fn another_process_looks_on_and_does_not_write() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("heat.db");
    let mut child = start_writer(&path);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let written = lines.by_ref().map(Result::unwrap).any(|line| line.starts_with("written "));
    assert!(written);
    let store = SqliteStore::open(&path).unwrap();
    assert!(store.stack(&stack()).await.unwrap().is_some());
    let error = store.claim(&stack()).await.unwrap_err();
    let holder = format!("process {}", child.id());
    assert_eq!(error, StoreError::Claimed { stack: stack(), holder });
    let stolen = store.commit(transaction(Epoch::FIRST, "stolen-0-0")).await.unwrap_err();
    assert!(matches!(stolen, StoreError::Fenced { .. }), "{stolen}");
    child.kill().unwrap();
    child.wait().unwrap();
    let epoch = store.claim(&stack()).await.unwrap();
    store.commit(transaction(epoch, "mine-0-0")).await.unwrap();
}
