//! Every store of this crate keeps what the suite says that stores promise.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::panic)]

use heat_engine::store::testing::{Fixture, Recorder, broken_promises};
use heat_engine::store::{MemoryStore, Store};
use std::sync::Arc;

async fn keeps_all_promises(mut fixture: impl Fixture) {
    let broken: Vec<_> = broken_promises(&mut fixture).await.iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[derive(Default)]
struct Memory(MemoryStore);

impl Fixture for Memory {
    fn fresh(&mut self) -> Arc<dyn Store> {
        self.0 = MemoryStore::new();
        Arc::new(self.0.clone())
    }

    fn other_engine(&mut self) -> Arc<dyn Store> {
        Arc::new(self.0.other_engine())
    }
}

#[tokio::test]
async fn the_memory_store_keeps_all_promises() {
    keeps_all_promises(Memory::default()).await;
}

struct Recorded(Memory);

impl Fixture for Recorded {
    fn fresh(&mut self) -> Arc<dyn Store> {
        Arc::new(Recorder::new(self.0.fresh()))
    }

    fn other_engine(&mut self) -> Arc<dyn Store> {
        Arc::new(Recorder::new(self.0.other_engine()))
    }
}

#[tokio::test]
async fn a_recorder_keeps_all_promises_of_the_store_behind_it() {
    keeps_all_promises(Recorded(Memory::default())).await;
}

/// Its engines do not know of each other.
struct Careless(Memory);

impl Fixture for Careless {
    fn fresh(&mut self) -> Arc<dyn Store> {
        self.0.fresh()
    }

    fn other_engine(&mut self) -> Arc<dyn Store> {
        Arc::new(self.0.0.clone())
    }
}

#[tokio::test]
async fn the_suite_tells_which_promise_is_broken() {
    let broken = broken_promises(&mut Careless(Memory::default())).await;
    let promises: Vec<_> = broken.iter().map(|broken| broken.promise).collect();
    assert_eq!(promises, ["a stack is worked on by one engine at a time"]);
    assert_eq!(broken[0].seen, "claiming what the other one holds was taken");
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use super::*;
    use heat_engine::store::SqliteStore;

    struct Sqlite(tempfile::TempDir, usize);

    impl Fixture for Sqlite {
        fn fresh(&mut self) -> Arc<dyn Store> {
            self.1 += 1;
            self.other_engine()
        }

        fn other_engine(&mut self) -> Arc<dyn Store> {
            Arc::new(SqliteStore::open(self.0.path().join(format!("{}.db", self.1))).unwrap())
        }
    }

    #[tokio::test]
    async fn the_sqlite_store_keeps_all_promises() {
        keeps_all_promises(Sqlite(tempfile::tempdir().unwrap(), 0)).await;
    }
}
