//! The `OS::Heat::*` types in stacks: how they live, and what they cost.
#![allow(clippy::unwrap_used, clippy::panic)]

use heat_engine::run::Clock;
use heat_engine::seal::KeyRing;
use heat_engine::store::testing::Recorder;
use heat_engine::store::{EventQuery, MemoryStore, Store};
use heat_engine::{Engine, NewStack, Stack, Update};
use heat_template::source::SourceMap;
use heat_template::{ParseOptions, Template};
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;

async fn engine() -> (Engine, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::new(Arc::new(MemoryStore::new())));
    let store = Arc::clone(&recorder) as Arc<dyn Store>;
    let keys = KeyRing::generate().unwrap();
    (
        Engine::builder()
            .shared_store(store)
            .keys(keys)
            .clock(Clock::simulated(Timestamp::UNIX_EPOCH))
            .build()
            .await
            .unwrap(),
        recorder,
    )
}

fn template(text: &str) -> Template {
    let parsed = Template::parse(&mut SourceMap::new(), "template.yaml", text, &ParseOptions::default());
    parsed.value.unwrap_or_else(|| panic!("{:#?}", parsed.diagnostics))
}

async fn complete(stack: &Stack) {
    let view = stack.finished().await.unwrap();
    assert!(view.is_complete(), "{view:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_local_resource_costs_one_commit_of_three_rows_for_each_operation() {
    let (engine, recorder) = engine().await;
    let resources: String = (0..100).map(|n| format!("  r{n}: {{type: OS::Heat::RandomString}}\n")).collect();
    let text = format!("heat_template_version: 2021-04-16\nresources:\n{resources}");
    let stack = engine.create(NewStack::new("many", template(&text))).await.unwrap();
    complete(&stack).await;
    let counts = recorder.counts();
    // What begins and ends the stack beside them.
    assert!(counts.rows <= 310, "{counts:?}");
    assert!(counts.commits <= 105, "{counts:?}");
    let query = EventQuery { resource: Some("r7".to_owned()), ..EventQuery::default() };
    let events = stack.recorded_events(&query).await.unwrap();
    let told: Vec<_> = events.iter().map(|(_, event)| event.status.as_str()).collect();
    assert_eq!(told, ["IN_PROGRESS", "COMPLETE"], "both are told, in this order");
    assert!(counts.bytes <= 100 * 4096, "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn the_own_types_live_from_creation_to_deletion() {
    let (engine, _) = engine().await;
    let text = |more: &str| {
        format!(
            "
heat_template_version: 2021-04-16
resources:
  none: {{type: OS::Heat::None, properties: {{anything: [1, {{goes: true}}]}}}}
  pause: {{type: OS::Heat::Delay, properties: {{min_wait: 30, actions: [CREATE, DELETE]}}, depends_on: none}}
  slow: {{type: OS::Heat::TestResource, properties: {{wait_secs: 5, value: {more}}}, depends_on: pause}}
  value: {{type: OS::Heat::Value, properties: {{value: {{seen: {{get_attr: [slow, output]}}, gone: {{get_attr: [none, x]}}}}}}}}
  random: {{type: OS::Heat::RandomString, properties: {{length: 8, salt: {more}}}}}
outputs:
  value: {{value: {{get_attr: [value, value]}}}}
  random: {{value: {{get_resource: random}}}}
  pause: {{value: {{get_resource: pause}}}}
"
        )
    };
    let begun = tokio::time::Instant::now();
    let stack = engine.create(NewStack::new("own", template(&text("one")))).await.unwrap();
    complete(&stack).await;
    let seconds = begun.elapsed().as_secs_f64();
    assert!((35.0..37.0).contains(&seconds), "{seconds}");
    assert_eq!(stack.output("value").await.unwrap(), json!({"seen": "one", "gone": null}));
    assert_eq!(stack.output("pause").await.unwrap(), json!("pause"));
    let random = stack.output("random").await.unwrap();
    stack.update(Update::to(template(&text("two")))).await.unwrap();
    complete(&stack).await;
    assert_eq!(stack.output("value").await.unwrap(), json!({"seen": "two", "gone": null}));
    assert_ne!(stack.output("random").await.unwrap(), random, "another salt makes another text");
    let begun = tokio::time::Instant::now();
    stack.delete().await.unwrap();
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, "DELETE_COMPLETE", "{view:#?}");
    let seconds = begun.elapsed().as_secs_f64();
    assert!((35.0..37.0).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_failing_test_resource_fails_its_stack_with_its_reason() {
    let (engine, recorder) = engine().await;
    let text = "
heat_template_version: 2021-04-16
resources:
  broken: {type: OS::Heat::TestResource, properties: {fail: true, wait_secs: 3}}
";
    let stack = engine.create(NewStack::new("broken", template(text))).await.unwrap();
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, "CREATE_FAILED");
    assert!(view.stack_status_reason.contains("Test Resource failed broken"), "{view:#?}");
    let events = recorder.events(stack.id(), &EventQuery::default()).await.unwrap();
    assert!(events.iter().any(|event| event.row.document.contains("Test Resource failed broken")));
}

fn many(properties: &str) -> Template {
    let resources: String =
        (0..2000).map(|n| format!("  r{n}: {{type: OS::Heat::RandomString{properties}}}\n")).collect();
    template(&format!("heat_template_version: 2021-04-16\nresources:\n{resources}"))
}

#[tokio::test]
async fn work_that_never_waits_leaves_others_their_turn_and_hears_what_it_is_told() {
    let engine = Engine::builder().store(MemoryStore::new()).secrets_in_clear().build().await.unwrap();
    let stack = engine.create(NewStack::new("s", many(""))).await.unwrap();
    let turns = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&turns);
    let other = tokio::spawn(async move {
        loop {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    complete(&stack).await;
    other.abort();
    let turns = turns.load(std::sync::atomic::Ordering::Relaxed);
    assert!(turns >= 2000 / 64, "another task had {turns} turns");
    stack.update(Update::to(many(", properties: {length: 20}"))).await.unwrap();
    tokio::task::yield_now().await;
    engine.shutdown().await;
    assert_eq!(stack.show().await.unwrap().stack_status, "UPDATE_IN_PROGRESS", "it was interrupted");
}

#[tokio::test]
async fn work_that_never_waits_has_an_end_when_its_time_is_over() {
    let builder = Engine::builder().store(MemoryStore::new()).secrets_in_clear();
    let engine = builder.action_timeout(Some(std::time::Duration::from_millis(1))).build().await.unwrap();
    let stack = engine.create(NewStack::new("s", many(""))).await.unwrap();
    let view = stack.finished().await.unwrap();
    assert_eq!(
        (view.stack_status.as_str(), view.stack_status_reason.as_str()),
        ("CREATE_FAILED", "Create timed out")
    );
}
