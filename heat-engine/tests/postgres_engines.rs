//! Several engines on one PostgreSQL database: who works on what, what becomes of it when one of them is gone, and what all of
//! them see.
#![cfg(all(feature = "postgres", feature = "testing"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use futures_util::StreamExt;
use heat_engine::store::testing::Recorder;
use heat_engine::store::{PostgresSettings, PostgresStore};
use heat_engine::{Engine, NewStack, Rest, Stack, StackView, Update};
use heat_plugin_sdk::Registry;
use heat_template::Environment;
use heat_template::environment::Hook;
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use support::cloud::{Cloud, Weather, plugin};
use support::postgres::Server;
use support::template;
use tokio::runtime::Runtime;

/// An engine on the database, and what it wrote.
struct Worker {
    engine: Engine,
    store: Arc<Recorder>,
}

impl Worker {
    async fn start(server: &Server, cloud: &Cloud, lease: Duration) -> Self {
        let settings = PostgresSettings::default().lease(lease);
        let store = PostgresStore::connect_with(&server.url(), settings).await.unwrap();
        let store = Arc::new(Recorder::new(Arc::new(store)));
        let engine = Engine::builder()
            .registry(Registry::new().with(plugin(cloud)))
            .shared_store(Arc::clone(&store) as _)
            .secrets_in_clear()
            .build()
            .await
            .unwrap();
        Self { engine, store }
    }

    async fn stack(&self, name: &str) -> Stack {
        support::stack_of(&self.engine, name).await
    }

    /// The stacks that it wrote to.
    fn stacks(&self) -> BTreeSet<String> {
        self.store.commits().into_iter().map(|commit| commit.stack.0).collect()
    }
}

/// A cloud in which everything takes its time.
fn slow_cloud() -> Cloud {
    let cloud = Cloud::new(1);
    cloud.set_weather(Weather { latency: 150, working: 150, ..Weather::default() });
    cloud
}

/// So many things, each behind the one before.
fn chain(length: usize, value: &str) -> String {
    let mut text = "heat_template_version: 2021-04-16\nresources:\n".to_owned();
    for n in 0..length {
        let links = if n == 0 { "[]".to_owned() } else { format!("[{{get_resource: r{}}}]", n - 1) };
        let _ = writeln!(
            text,
            "  r{n}: {{type: Test::Keyed, properties: {{name: r{n}, value: {value}, links: {links}}}}}"
        );
    }
    text
}

async fn has_begun(stack: &Stack) {
    let mut events = stack.events();
    while let Some(event) = events.next().await {
        if event.unwrap().1.resource == "r1" {
            return;
        }
    }
    panic!("it was over before anything was done to it");
}

/// Lets the lease of whoever holds stacks be over, and waits until another engine has taken over.
async fn takes_over(server: &Server, other: &Worker, stack: &Stack) {
    server.sql(
        "heat",
        "UPDATE engine SET expires = now() - interval '1 hour' WHERE id IN (SELECT holder FROM claim)",
    );
    let taken = async {
        while other.stacks().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = taken => {}
        view = stack.finished() => panic!("it was over before it was taken over: {view:#?}"),
    }
}

async fn complete(stack: &Stack) -> StackView {
    let view = tokio::time::timeout(Duration::from_secs(120), stack.finished()).await.expect("it never ends");
    let view = view.unwrap();
    assert!(view.is_complete(), "{view:#?}");
    view
}

/// Each thing was made once, and nothing that must not be was done.
fn made_once(cloud: &Cloud, length: usize) {
    let mut journal = cloud.journal();
    journal.retain(|line| line.starts_with("create"));
    journal.sort();
    let mut expected: Vec<_> = (0..length).map(|n| format!("create r{n}")).collect();
    expected.sort();
    assert_eq!(journal, expected);
    assert!(cloud.breaches().is_empty(), "{:?}", cloud.breaches());
}

const LONG: Duration = Duration::from_secs(120);
const SHORT: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn an_engine_that_is_shut_down_hands_over_at_once() {
    let (server, cloud) = (Server::start(), slow_cloud());
    // No lease runs out while this test runs.
    let (first, second) =
        (Worker::start(&server, &cloud, LONG).await, Worker::start(&server, &cloud, LONG).await);
    let stack = first.engine.create(NewStack::new("web", template(&chain(8, "a")))).await.unwrap();
    has_begun(&stack).await;
    first.engine.shutdown().await;
    assert!(stack.show().await.unwrap().stack_status.ends_with("IN_PROGRESS"));
    complete(&second.stack("web").await).await;
    made_once(&cloud, 8);
    assert!(!second.stacks().is_empty(), "the second one did the rest");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn what_an_engine_leaves_behind_that_dies_is_shared_by_the_others() {
    let (server, cloud) = (Server::start(), slow_cloud());
    let mortal = Runtime::new().unwrap();
    let handle = mortal.handle().clone();
    let names: Vec<String> = (0..24).map(|n| format!("web-{n}")).collect();
    let begun = {
        let (cloud, names) = (cloud.clone(), names.clone());
        let settings = PostgresSettings::default().lease(SHORT);
        let url = server.url();
        handle.spawn(async move {
            let store = PostgresStore::connect_with(&url, settings).await.unwrap();
            let engine = Engine::builder()
                .registry(Registry::new().with(plugin(&cloud)))
                .store(store)
                .secrets_in_clear()
                .build()
                .await
                .unwrap();
            for name in names {
                let text = chain(6, "a").replace("name: r", &format!("name: {name}-r"));
                engine.create(NewStack::new(name, template(&text))).await.unwrap();
            }
            engine
        })
    };
    let engine = begun.await.unwrap();
    let (second, third) =
        (Worker::start(&server, &cloud, SHORT).await, Worker::start(&server, &cloud, SHORT).await);
    // As a kill does it: nothing is said to anybody.
    mortal.shutdown_background();
    std::mem::forget(engine);
    for name in &names {
        complete(&third.stack(name).await).await;
    }
    let creates: Vec<_> = cloud.journal().into_iter().filter(|line| line.starts_with("create")).collect();
    let different: BTreeSet<_> = creates.iter().collect();
    assert_eq!((creates.len(), different.len()), (24 * 6, 24 * 6));
    assert!(cloud.breaches().is_empty(), "{:?}", cloud.breaches());
    let (of_second, of_third) = (second.stacks(), third.stacks());
    assert!(!of_second.is_empty() && !of_third.is_empty(), "{} and {}", of_second.len(), of_third.len());
    assert!(of_second.is_disjoint(&of_third), "no stack is worked on by both");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn an_engine_whose_lease_ran_out_writes_nothing_more_and_stops() {
    let (server, cloud) = (Server::start(), slow_cloud());
    let first = Worker::start(&server, &cloud, LONG).await;
    let stack = first.engine.create(NewStack::new("web", template(&chain(16, "a")))).await.unwrap();
    has_begun(&stack).await;
    let second = Worker::start(&server, &cloud, LONG).await;
    // The first one goes on as if nothing were; to the others it is dead.
    takes_over(&server, &second, &stack).await;
    let written = first.store.counts();
    complete(&second.stack("web").await).await;
    assert_eq!(first.store.counts(), written, "everything that it tried was refused");
    // To its own clients it tells the truth all the same.
    assert_eq!(complete(&stack).await.stack_status, "CREATE_COMPLETE");
    made_once(&cloud, 16);
    // When it is alive again it works like any other.
    server.sql("heat", "UPDATE engine SET expires = now() + interval '1 hour'");
    stack.update(Update::to(template(&chain(16, "b")))).await.unwrap();
    complete(&stack).await;
    assert!(first.store.counts().commits > written.commits);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn a_client_of_any_engine_changes_what_another_engine_is_working_on() {
    let (server, cloud) = (Server::start(), slow_cloud());
    let (first, second) =
        (Worker::start(&server, &cloud, LONG).await, Worker::start(&server, &cloud, LONG).await);
    let stack = first.engine.create(NewStack::new("web", template(&chain(8, "a")))).await.unwrap();
    has_begun(&stack).await;
    let same = second.stack("web").await;
    same.update(Update::to(template(&chain(8, "b")))).await.unwrap();
    assert_eq!(complete(&same).await.stack_status, "UPDATE_COMPLETE");
    assert_eq!(complete(&stack).await.stack_status, "UPDATE_COMPLETE");
    made_once(&cloud, 8);
    assert!(cloud.objects().values().all(|object| object.value == "b"));
    // Taken back by the one while the other is at it.
    same.update(Update::to(template(&chain(8, "wrong")))).await.unwrap();
    stack.cancel_update().await.unwrap();
    assert_eq!(complete(&same).await.stack_status, "ROLLBACK_COMPLETE");
    assert!(cloud.objects().values().all(|object| object.value == "b"));
    // And deleted, while the next one is under way.
    same.update(Update::to(template(&chain(8, "c")))).await.unwrap();
    stack.delete().await.unwrap();
    assert_eq!(complete(&same).await.stack_status, "DELETE_COMPLETE");
    assert!(cloud.objects().is_empty());
    assert!(cloud.breaches().is_empty(), "{:?}", cloud.breaches());
}

const TREE: &str = "
heat_template_version: 2021-04-16
resources:
  group:
    type: OS::Heat::ResourceGroup
    properties:
      count: 4
      resource_def:
        type: OS::Heat::ResourceChain
        properties:
          resources: [Test::Keyed, Test::Keyed, Test::Keyed]
          resource_properties: {value: a}
";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn a_tree_of_stacks_changes_hands_as_a_whole() {
    let (server, cloud) = (Server::start(), slow_cloud());
    cloud.set_weather(Weather { latency: 1500, working: 500, ..Weather::default() });
    let first = Worker::start(&server, &cloud, LONG).await;
    let second = Worker::start(&server, &cloud, LONG).await;
    let stack = first.engine.create(NewStack::new("tree", template(TREE))).await.unwrap();
    let begun = async {
        while cloud.objects().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        () = begun => {}
        view = stack.finished() => panic!("it was over before anything was done to it: {view:#?}"),
    }
    takes_over(&server, &second, &stack).await;
    complete(&second.stack("tree").await).await;
    assert_eq!(cloud.objects().len(), 12);
    assert_eq!(stack.nested_resources(5).await.unwrap().len(), 1 + 4 + 12);
    assert!(cloud.breaches().is_empty(), "{:?}", cloud.breaches());
    stack.delete().await.unwrap();
    complete(&stack).await;
    assert!(cloud.objects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn who_follows_events_on_another_engine_sees_each_once_and_in_order() {
    let (server, cloud) = (Server::start(), slow_cloud());
    let (first, second) =
        (Worker::start(&server, &cloud, LONG).await, Worker::start(&server, &cloud, LONG).await);
    let stack = first.engine.create(NewStack::new("web", template(&chain(6, "a")))).await.unwrap();
    let follow = async |worker: &Worker| {
        let stack = worker.stack("web").await;
        let events: Vec<_> = stack.events().map(|event| event.unwrap()).collect().await;
        events.into_iter().map(|(sequence, event)| (sequence, event.id)).collect::<Vec<_>>()
    };
    let (here, there) = tokio::join!(follow(&first), follow(&second));
    let recorded = stack.recorded_events(&Default::default()).await.unwrap();
    let recorded: Vec<_> = recorded.into_iter().map(|(sequence, event)| (sequence, event.id)).collect();
    assert_eq!(recorded.len(), 2 + 2 * 6);
    assert_eq!(here, recorded);
    assert_eq!(there, recorded);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn a_hook_is_cleared_through_any_engine() {
    let (server, cloud) = (Server::start(), slow_cloud());
    let (first, second) =
        (Worker::start(&server, &cloud, LONG).await, Worker::start(&server, &cloud, LONG).await);
    let text = "resource_registry: {resources: {'r*': {hooks: [pre-create, post-create]}}}";
    let environment =
        Environment::parse(&mut SourceMap::new(), "env.yaml", text, &Limits::default()).value.unwrap();
    let new = NewStack::new("web", template(&chain(3, "a"))).environment(environment);
    first.engine.create(new).await.unwrap();
    let (seen_by_first, seen_by_second) = (first.stack("web").await, second.stack("web").await);
    for n in 0..3 {
        for (hook, stack) in [(Hook::PreCreate, &seen_by_second), (Hook::PostCreate, &seen_by_first)] {
            // Whoever works on it, both see where it waits.
            for seen in [&seen_by_first, &seen_by_second] {
                match tokio::time::timeout(Duration::from_secs(60), seen.at_rest()).await.unwrap().unwrap() {
                    Rest::AtHooks(hooks) => {
                        assert_eq!((hooks[0].path.clone(), hooks[0].hook), (format!("r{n}"), hook))
                    }
                    Rest::Finished(view) => panic!("{view:#?}"),
                }
            }
            stack.clear_hook(&format!("r{n}"), hook).await.unwrap();
        }
    }
    complete(&seen_by_first).await;
    made_once(&cloud, 3);
}

const WAITS: &str = "
heat_template_version: 2021-04-16
resources:
  handle: {type: OS::Heat::WaitConditionHandle}
  wait: {type: OS::Heat::WaitCondition, properties: {handle: {get_resource: handle}, timeout: 600, count: 3}}
outputs:
  data: {value: {get_attr: [wait, data]}}
";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
async fn a_signal_to_any_engine_reaches_the_stack_and_who_worked_on_it_goes_on() {
    let server = Server::start();
    let cloud = Cloud::new(1);
    let lease = Duration::from_secs(10);
    // Neither takes up what it was not asked for.
    let engine = |lease: Duration| {
        let (url, cloud) = (server.url(), cloud.clone());
        async move {
            let store =
                PostgresStore::connect_with(&url, PostgresSettings::default().lease(lease)).await.unwrap();
            let builder = Engine::builder().registry(Registry::new().with(plugin(&cloud))).store(store);
            builder.secrets_in_clear().without_resuming().build().await.unwrap()
        }
    };
    let (works, tells) = (engine(lease).await, engine(lease).await);
    let stack = works.create(NewStack::new("s", template(WAITS))).await.unwrap();
    let mut events = stack.events();
    while let Some(event) = events.next().await {
        if event.unwrap().1.resource == "wait" {
            break;
        }
    }
    let other = support::stack_of(&tells, "s").await;
    for id in ["a", "b", "c"] {
        other.signal("handle", Some(serde_json::json!({"id": id}))).await.unwrap();
    }
    let done = tokio::time::timeout(Duration::from_secs(60), stack.finished()).await.unwrap().unwrap();
    assert_eq!(done.stack_status, "CREATE_COMPLETE", "{done:?}");
    let data = other.output("data").await.unwrap();
    assert_eq!(data, serde_json::json!(r#"{"a": null, "b": null, "c": null}"#));
}
