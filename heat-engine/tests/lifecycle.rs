//! Stacks from their creation to their deletion, on a service that behaves.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use futures_util::StreamExt;
use heat_engine::store::MemoryStore;
use heat_engine::{Engine, NewStack, Stack, Update};
use heat_plugin_sdk::Registry;
use serde_json::json;
use support::cloud::{Cloud, plugin};
use support::{stack_of, template};

async fn engine(cloud: &Cloud) -> Engine {
    Engine::builder()
        .registry(Registry::new().with(plugin(cloud)))
        .store(MemoryStore::new())
        .secrets_in_clear()
        .build()
        .await
        .unwrap()
}

const PAIR: &str = "
heat_template_version: 2021-04-16
parameters:
  value: {type: string, default: one}
  place: {type: string, default: here}
resources:
  base:
    type: Test::Keyed
    properties: {name: base, place: {get_param: place}}
  top:
    type: Test::Keyed
    properties: {name: top, value: {get_param: value}, links: [{get_resource: base}]}
outputs:
  top: {value: {get_attr: [top, value]}}
  base: {value: {get_resource: base}}
";

async fn complete(stack: &Stack) {
    let view = stack.finished().await.unwrap();
    assert!(view.is_complete(), "{view:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_stack_is_created_updated_in_place_replaced_and_deleted() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = engine.create(NewStack::new("pair", template(PAIR))).await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.journal(), ["create base", "create top"]);
    assert_eq!(stack.output("top").await.unwrap(), json!("one"));

    stack.update(Update::to(template(PAIR)).parameter("value", "two")).await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.journal(), ["update top"]);
    assert_eq!(stack.output("top").await.unwrap(), json!("two"));

    stack.update(Update::existing().parameter("place", "there")).await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.journal(), ["create base", "update top", "delete base"]);
    assert_eq!(stack.output("top").await.unwrap(), json!("two"));

    stack.update(Update::existing()).await.unwrap();
    complete(&stack).await;
    assert!(cloud.journal().is_empty(), "an update without a change touches nothing");

    stack.delete().await.unwrap();
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, "DELETE_COMPLETE");
    assert_eq!(cloud.journal(), ["delete top", "delete base"]);
    assert!(cloud.objects().is_empty());
    assert!(cloud.breaches().is_empty(), "{:?}", cloud.breaches());
}

/// Only one thing has the name `top`, and that the new one wants it too is known when the new base is there.
const NAMED_AFTER_BASE: &str = "
heat_template_version: 2021-04-16
parameters:
  place: {type: string, default: here}
resources:
  base:
    type: Test::Keyed
    properties: {name: base, place: {get_param: place}}
  top:
    type: Test::Unique
    properties: {name: top, place: {get_resource: base}}
";

#[tokio::test(start_paused = true)]
async fn what_must_go_first_goes_first_though_the_plan_could_not_know() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = engine.create(NewStack::new("pair", template(NAMED_AFTER_BASE))).await.unwrap();
    complete(&stack).await;
    cloud.journal();

    stack.update(Update::existing().parameter("place", "there")).await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.journal(), ["create base", "delete top", "create top", "delete base"]);
    stack.delete().await.unwrap();
    stack.finished().await.unwrap();
    assert!(cloud.objects().is_empty());
    assert!(cloud.breaches().is_empty(), "{:?}", cloud.breaches());
}

#[tokio::test(start_paused = true)]
async fn events_tell_every_change_of_state_in_order() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = engine.create(NewStack::new("pair", template(PAIR))).await.unwrap();
    let events: Vec<_> = stack
        .events()
        .map(|event| {
            let (_, event) = event.unwrap();
            format!("{} {}_{}", event.resource, event.action, event.status)
        })
        .collect()
        .await;
    assert_eq!(
        events,
        [
            "pair CREATE_IN_PROGRESS",
            "base CREATE_IN_PROGRESS",
            "base CREATE_COMPLETE",
            "top CREATE_IN_PROGRESS",
            "top CREATE_COMPLETE",
            "pair CREATE_COMPLETE",
        ]
    );
    let _ = stack_of(&engine, "pair").await;
}
