//! Cancelling a creation or an update, with and without going back.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use heat_engine::record::OnFailure;
use heat_engine::{Engine, EngineError, NewStack, Stack, Update};
use heat_plugin_sdk::{Failure, Registry};
use heat_template::Files;
use std::time::Duration;
use support::cloud::{Cloud, Fault, Weather, plugin};
use support::template as parse;

fn template(text: &str) -> heat_template::Template {
    parse(&format!("heat_template_version: 2021-04-16\n{text}"))
}

async fn engine(cloud: &Cloud) -> Engine {
    Engine::builder().registry(Registry::new().with(plugin(cloud))).build().await.unwrap()
}

const BEFORE: &str = "
resources:
  a: {type: 'Test::Keyed', properties: {name: a, value: old}}
";

const AFTER: &str = "
resources:
  a: {type: 'Test::Keyed', properties: {name: a, value: new}}
  b: {type: 'Test::Keyed', properties: {name: b, links: [{get_resource: a}]}}
  c: {type: 'Test::Keyed', properties: {name: c, links: [{get_resource: b}]}}
";

async fn must_be(stack: &Stack, status: &str) -> String {
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, status, "{}", view.stack_status_reason);
    view.stack_status_reason
}

fn refusal(result: Result<(), EngineError>) -> String {
    match result {
        Err(error @ EngineError::State { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// A stack whose update makes `b` for some seconds.
async fn in_the_middle(cloud: &Cloud, on_failure: OnFailure) -> Stack {
    let stack = engine(cloud).await.create(NewStack::new("s", template(BEFORE))).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    cloud.set_weather(Weather { working: 60_000, ..Weather::default() });
    stack.update(Update::to(template(AFTER)).on_failure(on_failure)).await.unwrap();
    while !cloud.objects().values().any(|object| object.name == "b") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stack
}

async fn status(stack: &Stack, name: &str) -> Option<String> {
    stack.resource(name).await.ok().map(|view| view.resource_status)
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_update_goes_back() {
    let cloud = Cloud::new(1);
    let stack = in_the_middle(&cloud, OnFailure::Stop).await;
    stack.cancel_update().await.unwrap();
    must_be(&stack, "ROLLBACK_COMPLETE").await;
    assert_eq!(cloud.names(), [("a".to_owned(), "old".to_owned())]);
    assert!(stack.preview_update(&Update::existing()).await.unwrap().is_empty(), "it is what it was");
    assert!(refusal(stack.cancel_update().await).contains("ROLLBACK_COMPLETE"));
}

#[tokio::test(start_paused = true)]
async fn without_rollback_what_is_in_progress_is_let_finish() {
    let cloud = Cloud::new(2);
    // Also where a failure would go back.
    let stack = in_the_middle(&cloud, OnFailure::Rollback).await;
    stack.cancel_without_rollback().await.unwrap();
    assert_eq!(must_be(&stack, "UPDATE_FAILED").await, "Stack UPDATE cancelled by user");
    assert_eq!(status(&stack, "b").await.as_deref(), Some("CREATE_COMPLETE"), "it was let finish");
    assert_eq!(status(&stack, "c").await, None, "it was not begun");
    assert!(refusal(stack.cancel_without_rollback().await).contains("UPDATE_FAILED"));

    cloud.journal();
    stack.update(Update::existing()).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    assert_eq!(cloud.journal(), ["create c"], "it goes on from there");
}

#[tokio::test(start_paused = true)]
async fn a_creation_is_cancelled_without_going_back_only() {
    let cloud = Cloud::new(3);
    cloud.set_weather(Weather { working: 60_000, ..Weather::default() });
    let stack = engine(&cloud).await.create(NewStack::new("s", template(AFTER))).await.unwrap();
    assert!(refusal(stack.cancel_update().await).contains("CREATE_IN_PROGRESS: only an update"));
    stack.cancel_without_rollback().await.unwrap();
    assert_eq!(must_be(&stack, "CREATE_FAILED").await, "Stack CREATE cancelled by user");
    assert!(cloud.objects().len() <= 1);
    stack.delete().await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
    assert!(cloud.objects().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_never_complete_has_nothing_to_go_back_to_and_goes_on() {
    let cloud = Cloud::new(4);
    cloud.script("create", "a", Fault::Refuse(Failure::denied("no")));
    let stack = engine(&cloud).await.create(NewStack::new("s", template(BEFORE))).await.unwrap();
    must_be(&stack, "CREATE_FAILED").await;
    cloud.set_weather(Weather { working: 60_000, ..Weather::default() });
    stack.update(Update::to(template(AFTER))).await.unwrap();
    assert!(refusal(stack.cancel_update().await).contains("never complete"));
    must_be(&stack, "UPDATE_COMPLETE").await;
}

#[tokio::test(start_paused = true)]
async fn nested_stacks_are_stopped_and_go_on_later() {
    let cloud = Cloud::new(5);
    let files: Files =
        [("box.yaml", format!("heat_template_version: 2021-04-16\n{AFTER}"))].into_iter().collect();
    cloud.set_weather(Weather { working: 60_000, ..Weather::default() });
    let outer =
        template("resources: {box: {type: box.yaml}, after: {type: OS::Heat::None, depends_on: box}}");
    let stack = engine(&cloud).await.create(NewStack::new("nest", outer).files(files)).await.unwrap();
    while cloud.objects().is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stack.cancel_without_rollback().await.unwrap();
    must_be(&stack, "CREATE_FAILED").await;
    assert_eq!(cloud.objects().len(), 1);
    let all = stack.nested_resources(9).await.unwrap();
    assert!(all.iter().all(|view| !view.resource_status.ends_with("IN_PROGRESS")), "{all:#?}");
    stack.update(Update::existing()).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    let names: Vec<String> = cloud.names().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}
