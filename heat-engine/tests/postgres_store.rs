//! The PostgreSQL store keeps what the suite says that stores promise, and says clearly what is wrong with a server.
#![cfg(all(feature = "postgres", feature = "testing"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use heat_engine::store::testing::{Fixture, broken_promises, broken_shared_promises};
use heat_engine::store::{PostgresStore, Store};
use std::sync::Arc;
use support::postgres::Server;
use tokio::runtime::Handle;

/// A database for each store.
struct Databases {
    server: Server,
    count: usize,
}

impl Fixture for Databases {
    fn fresh(&mut self) -> Arc<dyn Store> {
        self.count += 1;
        self.server.sql("postgres", &format!("CREATE DATABASE store_{} OWNER heat", self.count));
        self.other_engine()
    }

    fn other_engine(&mut self) -> Arc<dyn Store> {
        let url = self.server.url_of(&format!("store_{}", self.count));
        tokio::task::block_in_place(|| {
            Arc::new(Handle::current().block_on(PostgresStore::connect(&url)).unwrap())
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn the_postgresql_store_keeps_all_promises() {
    let mut databases = Databases { server: Server::start(), count: 0 };
    let broken = broken_promises(&mut databases).await;
    let more = broken_shared_promises(&mut databases).await;
    let broken: Vec<_> = broken.iter().chain(&more).map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
