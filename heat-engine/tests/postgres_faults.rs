//! A PostgreSQL server that is restarted, gone, or cuts connections, and one that does not let anybody in.
#![cfg(all(feature = "postgres", feature = "testing"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use heat_engine::store::{
    EventQuery, PostgresSettings, PostgresStore, StackQuery, Store, StoreError, Unconnected,
};
use heat_engine::{Engine, NewStack, Stack};
use heat_plugin_sdk::Registry;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;
use support::cloud::{Cloud, Weather, plugin};
use support::postgres::{End, PASSWORD, Server};
use support::template;

async fn engine(server: &Server, cloud: &Cloud, settings: PostgresSettings) -> Engine {
    let store = PostgresStore::connect_with(&server.url(), settings).await.unwrap();
    Engine::builder()
        .registry(Registry::new().with(plugin(cloud)))
        .store(store)
        .secrets_in_clear()
        .build()
        .await
        .unwrap()
}

/// Things of the service in a chain, and passwords beside them.
fn things(chain: usize, passwords: usize) -> String {
    let mut text = "heat_template_version: 2021-04-16\nresources:\n".to_owned();
    for n in 0..chain {
        let links = if n == 0 { "[]".to_owned() } else { format!("[{{get_resource: r{}}}]", n - 1) };
        let _ = writeln!(text, "  r{n}: {{type: Test::Keyed, properties: {{name: r{n}, links: {links}}}}}");
    }
    for n in 0..passwords {
        let _ = writeln!(text, "  p{n}: {{type: OS::Heat::RandomString}}");
    }
    text
}

async fn complete(stack: &Stack) {
    let view = tokio::time::timeout(Duration::from_secs(120), stack.finished()).await.expect("it never ends");
    let view = view.unwrap();
    assert!(view.is_complete(), "{view:#?}");
}

/// What was done was done once, and told once.
async fn done_once(stack: &Stack, cloud: &Cloud, things: usize, passwords: usize) {
    let mut journal = cloud.journal();
    journal.retain(|line| line.starts_with("create"));
    let created = journal.len();
    journal.sort();
    journal.dedup();
    assert_eq!((created, journal.len()), (things, things));
    assert!(cloud.breaches().is_empty(), "{:?}", cloud.breaches());
    let mut told: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (_, event) in stack.recorded_events(&EventQuery::default()).await.unwrap() {
        *told.entry((event.resource, format!("{}_{}", event.action, event.status))).or_default() += 1;
    }
    assert_eq!(told.len(), 2 * (1 + things + passwords));
    let twice: Vec<_> = told.iter().filter(|(_, count)| **count != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

async fn restarted(how: End) {
    let mut server = Server::start();
    let cloud = Cloud::new(1);
    cloud.set_weather(Weather { latency: 100, working: 100, ..Weather::default() });
    let engine = engine(&server, &cloud, PostgresSettings::default()).await;
    let stack = engine.create(NewStack::new("web", template(&things(14, 0)))).await.unwrap();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        server.end(how);
        server.begin();
    }
    complete(&stack).await;
    done_once(&stack, &cloud, 14, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn a_server_that_is_restarted_is_waited_for() {
    restarted(End::Fast).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn a_server_that_crashes_loses_nothing_that_it_answered() {
    restarted(End::Crash).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn a_server_that_stays_away_for_longer_than_lease_and_patience_is_waited_for() {
    let mut server = Server::start();
    let cloud = Cloud::new(1);
    cloud.set_weather(Weather { latency: 100, working: 100, ..Weather::default() });
    let settings =
        PostgresSettings::default().lease(Duration::from_millis(600)).patience(Duration::from_millis(500));
    let engine = engine(&server, &cloud, settings).await;
    let stack = engine.create(NewStack::new("web", template(&things(10, 0)))).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.end(End::Fast);
    let refused = engine.create(NewStack::new("other", template(&things(0, 1)))).await.unwrap_err();
    assert!(refused.to_string().contains("see whether the server runs"), "{refused}");
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.begin();
    complete(&stack).await;
    assert_eq!(cloud.objects().len(), 10);
    assert!(cloud.breaches().is_empty(), "{:?}", cloud.breaches());
    let after = engine.create(NewStack::new("other", template(&things(0, 1)))).await.unwrap();
    complete(&after).await;
}

/// Some of them in the middle of a commit: whether that was done is asked of the server.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn connections_that_are_cut_at_any_moment_lose_nothing_and_repeat_nothing() {
    let server = Server::start();
    let cloud = Cloud::new(1);
    cloud.set_weather(Weather { latency: 60, working: 60, ..Weather::default() });
    let engine = engine(&server, &cloud, PostgresSettings::default()).await;
    let stack = engine.create(NewStack::new("web", template(&things(14, 300)))).await.unwrap();
    let mut cut = 0_usize;
    tokio::task::block_in_place(|| {
        for _ in 0..40 {
            let gone = server.sql(
                "postgres",
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'heat'",
            );
            cut += gone.parse::<usize>().unwrap();
            std::thread::sleep(Duration::from_millis(30));
        }
    });
    assert!(cut > 20, "only {cut} connections were there to be cut");
    complete(&stack).await;
    done_once(&stack, &cloud, 14, 300).await;
}

async fn refused(url: &str) -> (Unconnected, String) {
    let error = PostgresStore::connect(url).await.unwrap_err();
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains(PASSWORD) && !text.contains("wrong-secret"), "{text}");
    }
    match &error {
        StoreError::NotConnected { why, .. } => (*why, error.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn what_keeps_an_engine_from_its_database_is_told_with_what_to_do() {
    let mut server = Server::start();
    let right = server.network_url(PASSWORD, "heat");
    let store = PostgresStore::connect(&right).await.unwrap();
    assert!(store.stacks(&StackQuery::default()).await.unwrap().is_empty());
    assert!(!format!("{store:?} {}", store.name()).contains(PASSWORD));
    drop(store);

    let (why, said) = refused(&server.network_url("wrong-secret", "heat")).await;
    assert_eq!(why, Unconnected::Denied);
    assert!(said.contains("heat@127.0.0.1") && said.contains("correct user and password"), "{said}");
    let without = right.replace(&format!(":{PASSWORD}"), "");
    assert_eq!(refused(&without).await.0, Unconnected::Denied);
    let (why, said) = refused(&server.network_url(PASSWORD, "none")).await;
    assert_eq!(why, Unconnected::NoDatabase);
    assert!(said.contains("createdb"), "{said}");
    let (why, said) = refused(&format!("{right}?sslmode=require")).await;
    assert_eq!(why, Unconnected::Unreachable, "{said}");

    server.sql("postgres", "CREATE DATABASE ascii OWNER heat ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
    let error = PostgresStore::connect(&server.url_of("ascii")).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::NotAStore { reason, .. } if reason.contains("--encoding=UTF8")),
        "{error}"
    );
    server.sql("postgres", "CREATE DATABASE other OWNER heat");
    server.sql("other", "CREATE TABLE stack (x int)");
    let error = PostgresStore::connect(&server.url_of("other")).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::NotAStore { reason, .. } if reason.contains("another program")),
        "{error}"
    );
    server.sql("heat", "UPDATE heat_schema SET version = 99");
    let error = PostgresStore::connect(&server.url()).await.unwrap_err();
    assert!(matches!(error, StoreError::TooNew { found: 99, .. }), "{error}");

    server.end(End::Fast);
    let (why, said) = refused(&right).await;
    assert_eq!(why, Unconnected::Unreachable);
    assert!(said.contains("refused") && said.contains("see whether the server runs"), "{said}");
}

/// Of engines that open a new database at once, one makes the tables and the others find them.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn a_new_database_may_be_opened_by_many_at_once() {
    let server = Server::start();
    let url = server.url();
    let opened = futures_util::future::join_all((0..8).map(|_| PostgresStore::connect(&url))).await;
    assert!(opened.iter().all(Result::is_ok), "{opened:?}");
}
