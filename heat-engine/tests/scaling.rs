//! Scaling policies: signals that change the size of a group.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use heat_engine::record::OnFailure;
use heat_engine::run::Clock;
use heat_engine::store::MemoryStore;
use heat_engine::{Engine, NewStack, Stack, Update};
use heat_plugin_sdk::Registry;
use heat_template::Files;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;
use support::cloud::{Cloud, Weather, plugin};
use support::signals::{ended, events, refusal, settle};
use support::template;

async fn engine_on(store: &MemoryStore, cloud: &Cloud) -> Engine {
    Engine::builder()
        .registry(Registry::new().with(plugin(cloud)))
        .store(store.clone())
        .secrets_in_clear()
        .clock(Clock::simulated(Timestamp::UNIX_EPOCH))
        .build()
        .await
        .unwrap()
}

const GROUP: &str = "
heat_template_version: 2021-04-16
parameters:
  step: {type: number, default: 1}
  kind: {type: string, default: change_in_capacity}
  cooldown: {type: number, default: 0}
  value: {type: string, default: v}
resources:
  group:
    type: OS::Heat::AutoScalingGroup
    properties:
      min_size: 1
      max_size: 5
      desired_capacity: 2
      resource: {type: Test::Keyed, properties: {value: {get_param: value}}}
  up:
    type: OS::Heat::ScalingPolicy
    properties:
      auto_scaling_group_id: {get_resource: group}
      adjustment_type: {get_param: kind}
      scaling_adjustment: {get_param: step}
      cooldown: {get_param: cooldown}
  down:
    type: OS::Heat::ScalingPolicy
    properties:
      auto_scaling_group_id: {get_resource: group}
      adjustment_type: change_in_capacity
      scaling_adjustment: -1
outputs:
  size: {value: {get_attr: [group, current_size]}}
  refs: {value: {get_attr: [group, refs]}}
";

async fn size(stack: &Stack) -> Value {
    stack.output("size").await.unwrap()
}

async fn created(engine: &Engine, new: NewStack) -> Stack {
    let stack = engine.create(new.on_failure(OnFailure::Stop)).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    stack
}

#[tokio::test(start_paused = true)]
async fn a_signal_changes_the_size_and_leaves_the_stack_what_it_was() {
    let cloud = Cloud::new(1);
    let engine = engine_on(&MemoryStore::new(), &cloud).await;
    let stack = created(&engine, NewStack::new("s", template(GROUP))).await;
    let oldest = stack.output("refs").await.unwrap()[0].clone();
    assert_eq!(
        stack.resource_metadata("group").await.unwrap(),
        json!({"cooldown_end": {"1970-01-01T00:00:00": "ExactCapacity : 2"}, "scaling_in_progress": false})
    );
    settle().await;
    let before = events(&stack, "s").await.len();
    stack.signal("up", Some(json!({"current": "alarm", "previous": "ok", "reason": "hot"}))).await.unwrap();
    assert_eq!(stack.resource_metadata("group").await.unwrap()["scaling_in_progress"], json!(true));
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(size(&stack).await, json!(3));
    assert_eq!(cloud.objects().len(), 3);
    assert_eq!(
        events(&stack, "up").await.last().unwrap(),
        "SIGNAL_COMPLETE alarm state changed from ok to alarm (hot)"
    );
    assert_eq!(events(&stack, "s").await.len(), before, "nothing was done to the stack itself");
    let metadata = stack.resource_metadata("group").await.unwrap();
    let reasons: Vec<_> = metadata["cooldown_end"].as_object().unwrap().values().cloned().collect();
    assert_eq!(
        (reasons, &metadata["scaling_in_progress"]),
        (vec![json!("change_in_capacity : 1")], &json!(false))
    );
    // Where fewer are wanted the oldest goes.
    settle().await;
    stack.signal("down", None).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(size(&stack).await, json!(2));
    assert!(!stack.output("refs").await.unwrap().as_array().unwrap().contains(&oldest));
    // An update of the stack brings it back to what the template wants, as in Heat.
    settle().await;
    stack.signal("up", None).await.unwrap();
    ended(&stack).await;
    assert_eq!(size(&stack).await, json!(3));
    stack.update(Update::existing()).await.unwrap();
    assert_eq!(ended(&stack).await.0, "UPDATE_COMPLETE");
    assert_eq!(size(&stack).await, json!(2));
    stack.delete().await.unwrap();
    assert_eq!(ended(&stack).await.0, "DELETE_COMPLETE");
    assert!(cloud.objects().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_signal_during_the_cooldown_or_a_change_or_without_effect_changes_nothing() {
    let cloud = Cloud::new(1);
    cloud.set_weather(Weather { working: 10_000, ..Weather::default() });
    let engine = engine_on(&MemoryStore::new(), &cloud).await;
    let stack = created(&engine, NewStack::new("s", template(GROUP)).parameter("cooldown", 60)).await;
    settle().await;
    stack.signal("up", None).await.unwrap();
    settle().await;
    stack.signal("up", None).await.unwrap();
    stack.signal("down", None).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(size(&stack).await, json!(3), "one is enough while it is under way");
    tokio::time::sleep(Duration::from_secs(30)).await;
    stack.signal("up", None).await.unwrap();
    stack.signal("down", None).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(size(&stack).await, json!(3));
    let told = events(&stack, "up").await.iter().filter(|event| event.starts_with("SIGNAL")).count();
    assert_eq!(told, 1, "what changes nothing is not told");
    tokio::time::sleep(Duration::from_secs(31)).await;
    for expected in [4, 5, 5] {
        stack.signal("up", None).await.unwrap();
        ended(&stack).await;
        assert_eq!(size(&stack).await, json!(expected));
        tokio::time::sleep(Duration::from_secs(61)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_is_changed_counts_as_it_is_then() {
    let engine = engine_on(&MemoryStore::new(), &Cloud::new(1)).await;
    let stack = created(&engine, NewStack::new("s", template(GROUP))).await;
    settle().await;
    let update = Update::existing().parameter("kind", "percent_change_in_capacity").parameter("step", 100);
    stack.update(update).await.unwrap();
    ended(&stack).await;
    settle().await;
    stack.signal("up", None).await.unwrap();
    assert_eq!(ended(&stack).await.0, "UPDATE_COMPLETE");
    assert_eq!(size(&stack).await, json!(4));
    stack.update(Update::existing().parameter("kind", "exact_capacity").parameter("step", 0)).await.unwrap();
    ended(&stack).await;
    settle().await;
    stack.signal("up", None).await.unwrap();
    ended(&stack).await;
    assert_eq!(size(&stack).await, json!(1), "within the bounds");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_scaled_is_refused() {
    let engine = engine_on(&MemoryStore::new(), &Cloud::new(1)).await;
    let text = "
heat_template_version: 2021-04-16
resources:
  nobody:
    type: OS::Heat::ScalingPolicy
    properties: {auto_scaling_group_id: gone, adjustment_type: exact_capacity, scaling_adjustment: 1}
  other: {type: OS::Heat::RandomString}
  wrong:
    type: OS::Heat::ScalingPolicy
    properties: {auto_scaling_group_id: {get_resource: other}, adjustment_type: exact_capacity, scaling_adjustment: 1}
";
    let stack = created(&engine, NewStack::new("s", template(text))).await;
    let why = refusal(stack.signal("nobody", None).await);
    assert_eq!(why, "Error: resources.nobody: Alarm nobody could not find scaling group named \"gone\"");
    assert_eq!(
        refusal(stack.signal("wrong", None).await),
        "Error: resources.wrong: other is no group that can be scaled"
    );
    assert_eq!(
        refusal(stack.signal("wrong", Some(json!("x"))).await),
        "Error: resources.wrong: the details of an alarm are a map"
    );
    let with_step = text.replace(
        "scaling_adjustment: 1}\n  other",
        "scaling_adjustment: 1, min_adjustment_step: 2}\n  other",
    );
    let refused = engine.create(NewStack::new("t", template(&with_step))).await.unwrap_err();
    assert!(
        refused.to_string().contains("min_adjustment_step property should only be specified"),
        "{refused}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_group_is_scaled_while_something_else_of_the_stack_is_being_made() {
    let cloud = Cloud::new(1);
    let engine = engine_on(&MemoryStore::new(), &cloud).await;
    let text = GROUP.replace(
        "outputs:\n",
        "  handle: {type: OS::Heat::WaitConditionHandle}\n  wait: {type: OS::Heat::WaitCondition, properties: {handle: {get_resource: handle}, timeout: 600}}\noutputs:\n",
    );
    let stack = engine.create(NewStack::new("s", template(&text))).await.unwrap();
    settle().await;
    stack.signal("up", None).await.unwrap();
    settle().await;
    assert_eq!(cloud.objects().len(), 3, "at once");
    assert_eq!(stack.show().await.unwrap().stack_status, "CREATE_IN_PROGRESS");
    stack.signal("up", None).await.unwrap();
    settle().await;
    assert_eq!(cloud.objects().len(), 4);
    stack.signal("handle", None).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(size(&stack).await, json!(4));
    assert_eq!(stack.resource_metadata("group").await.unwrap()["scaling_in_progress"], json!(false));
}

#[tokio::test(start_paused = true)]
async fn a_change_of_size_goes_on_after_a_crash() {
    let (store, cloud) = (MemoryStore::new(), Cloud::new(1));
    let first = engine_on(&store, &cloud).await;
    let stack = created(&first, NewStack::new("s", template(GROUP)).parameter("step", 3)).await;
    cloud.set_weather(Weather { working: 10_000, ..Weather::default() });
    settle().await;
    stack.signal("up", None).await.unwrap();
    settle().await;
    first.shutdown().await;
    let second = engine_on(&store, &cloud).await;
    let stack = second.stack("default", "s").await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(size(&stack).await, json!(5));
    assert_eq!(cloud.objects().len(), 5);
    assert_eq!(stack.resource_metadata("group").await.unwrap()["scaling_in_progress"], json!(false));
}

#[tokio::test(start_paused = true)]
async fn a_change_of_size_that_fails_is_told_and_repaired_by_the_next_update() {
    let cloud = Cloud::new(1);
    let engine = engine_on(&MemoryStore::new(), &cloud).await;
    let stack = created(&engine, NewStack::new("s", template(GROUP))).await;
    settle().await;
    cloud.set_weather(Weather { fatal: 1000, ..Weather::default() });
    stack.signal("up", None).await.unwrap();
    let (status, reason) = ended(&stack).await;
    assert_eq!(status, "UPDATE_FAILED", "{reason}");
    assert!(reason.starts_with("Resource UPDATE failed: "), "{reason}");
    let metadata = stack.resource_metadata("group").await.unwrap();
    assert_eq!(metadata["scaling_in_progress"], json!(false));
    assert!(
        metadata["cooldown_end"].to_string().contains("ExactCapacity : 2"),
        "nothing came of it: {metadata}"
    );
    cloud.set_weather(Weather::default());
    stack.update(Update::existing()).await.unwrap();
    assert_eq!(ended(&stack).await.0, "UPDATE_COMPLETE");
    assert_eq!(size(&stack).await, json!(2));
    assert_eq!(cloud.objects().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_update_takes_over_from_a_change_of_size() {
    let cloud = Cloud::new(1);
    let engine = engine_on(&MemoryStore::new(), &cloud).await;
    let stack = created(&engine, NewStack::new("s", template(GROUP)).parameter("step", 3)).await;
    cloud.set_weather(Weather { working: 10_000, ..Weather::default() });
    settle().await;
    stack.signal("up", None).await.unwrap();
    settle().await;
    stack.update(Update::existing().parameter("value", "w")).await.unwrap();
    assert_eq!(ended(&stack).await.0, "UPDATE_COMPLETE");
    assert_eq!(size(&stack).await, json!(2));
    assert!(cloud.objects().values().all(|object| object.value == "w"));
    assert_eq!(stack.resource_metadata("group").await.unwrap()["scaling_in_progress"], json!(false));
    settle().await;
    stack.signal("down", None).await.unwrap();
    ended(&stack).await;
    assert_eq!(size(&stack).await, json!(1));
}

#[tokio::test(start_paused = true)]
async fn a_group_inside_of_nested_stacks_is_scaled_where_it_lies() {
    let (store, cloud) = (MemoryStore::new(), Cloud::new(1));
    let engine = engine_on(&store, &cloud).await;
    let outer = "
heat_template_version: 2021-04-16
resources:
  middle: {type: middle.yaml}
outputs:
  size: {value: {get_attr: [middle, size]}}
";
    let middle = "
heat_template_version: 2021-04-16
resources:
  inner: {type: inner.yaml}
outputs:
  size: {value: {get_attr: [inner, size]}}
";
    let files = Files::from_iter([("middle.yaml", middle), ("inner.yaml", GROUP)]);
    let stack = created(&engine, NewStack::new("s", template(outer)).files(files)).await;
    settle().await;
    stack.signal("middle/inner/up", None).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(cloud.objects().len(), 3);
    assert_eq!(size(&stack).await, json!(3), "what the stacks around tell of it is known, too");
    let nested = stack.nested_resources(3).await.unwrap();
    let of = |path: &str| nested.iter().find(|view| view.path == path).unwrap().resource_status.clone();
    assert_eq!(
        (of("middle"), of("middle/inner")),
        ("UPDATE_COMPLETE".to_owned(), "UPDATE_COMPLETE".to_owned())
    );
    // Also while something else is being done to the stack around.
    let busy = outer.replace("outputs:\n", "  handle: {type: OS::Heat::WaitConditionHandle}\n  wait: {type: OS::Heat::WaitCondition, properties: {handle: {get_resource: handle}, timeout: 600}}\noutputs:\n");
    let files = Files::from_iter([("middle.yaml", middle), ("inner.yaml", GROUP)]);
    stack.update(Update::to(template(&busy)).files(files)).await.unwrap();
    settle().await;
    assert_eq!(cloud.objects().len(), 2, "the update brought it back to what the template wants");
    stack.signal("middle/inner/up", None).await.unwrap();
    settle().await;
    stack.signal("handle", None).await.unwrap();
    assert_eq!(ended(&stack).await.0, "UPDATE_COMPLETE");
    assert_eq!((size(&stack).await, cloud.objects().len()), (json!(3), 3));
    let metadata = stack.resource_metadata("middle/inner/group").await.unwrap();
    assert_eq!(metadata["scaling_in_progress"], json!(false));
    stack.delete().await.unwrap();
    ended(&stack).await;
    assert!(cloud.objects().is_empty());
}
