//! Snapshots of stacks, what comes back from them, and the deletion policy Snapshot.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use heat_engine::store::{EventQuery, MemoryStore};
use heat_engine::{Engine, EngineError, NewStack, Stack, Update};
use heat_plugin_sdk::{Failure, Registry};
use heat_template::Files;
use serde_json::json;
use std::time::Duration;
use support::cloud::{Cloud, Fault, Weather, plugin};
use support::process::start;
use support::{stack_of, template as parse};

fn template(text: &str) -> heat_template::Template {
    parse(&format!("heat_template_version: 2021-04-16\n{text}"))
}

async fn engine(cloud: &Cloud) -> Engine {
    Engine::builder().registry(Registry::new().with(plugin(cloud))).max_snapshots(3).build().await.unwrap()
}

async fn must_be(stack: &Stack, status: &str) -> String {
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, status, "{}", view.stack_status_reason);
    view.stack_status_reason
}

fn refusal(error: EngineError) -> String {
    match error {
        EngineError::State { .. } => error.to_string(),
        other => panic!("{other:?}"),
    }
}

const TEMPLATE: &str = "
parameters:
  word: {type: string, default: old}
  secret: {type: string, hidden: true}
resources:
  a: {type: 'Test::Keyed', properties: {name: a, value: {get_param: word}, place: here}}
  b: {type: 'Test::Named', properties: {name: b, value: {get_attr: [a, value]}, links: [{get_resource: a}]}}
  c: {type: OS::Heat::Value, properties: {value: {get_param: secret}}}
";

async fn made(cloud: &Cloud) -> Stack {
    let new = NewStack::new("s", template(TEMPLATE)).parameter("secret", "hush-hush");
    let stack = engine(cloud).await.create(new).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    cloud.journal();
    stack
}

async fn events_of(stack: &Stack, name: &str) -> Vec<String> {
    let query = EventQuery { resource: Some(name.to_owned()), ..EventQuery::default() };
    let events = stack.recorded_events(&query).await.unwrap();
    events.iter().map(|(_, event)| format!("{}_{}", event.action, event.status)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_saves_what_can_be_saved_and_tells_it() {
    let cloud = Cloud::new(1);
    let stack = made(&cloud).await;
    let id = stack.snapshot(Some("before")).await.unwrap();
    let begun = stack.snapshots().await.unwrap().remove(0);
    assert_eq!((begun.status.as_str(), begun.name.as_deref()), ("IN_PROGRESS", Some("before")));
    assert_eq!(must_be(&stack, "SNAPSHOT_COMPLETE").await, "Stack SNAPSHOT completed successfully");
    assert_eq!(cloud.journal(), ["save a"]);
    for view in stack.resources().await.unwrap() {
        assert_eq!(view.resource_status, "SNAPSHOT_COMPLETE", "{}", view.resource_name);
    }
    assert_eq!(events_of(&stack, "a").await[2..], ["SNAPSHOT_IN_PROGRESS", "SNAPSHOT_COMPLETE"]);

    let listed = stack.snapshots().await.unwrap();
    let brief = serde_json::to_value(&listed[0]).unwrap();
    let keys: Vec<&String> = brief.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "name", "action", "status", "status_reason", "data", "creation_time"]);
    assert_eq!(brief["status"], "COMPLETE");
    let shown = stack.show_snapshot(&id).await.unwrap();
    assert_eq!(shown.data["template"]["resources"]["a"]["type"], "Test::Keyed");
    assert_eq!(shown.data["environment"]["parameters"], json!({"secret": "******"}));
    let backup = cloud.backups().keys().next().unwrap().clone();
    assert_eq!(shown.data["resources"]["a"]["resource_data"], json!({"backup_id": backup}));
    assert!(!format!("{shown:?}").contains("hush-hush"));
    assert!(matches!(stack.show_snapshot("none").await, Err(EngineError::NoSuchSnapshot { .. })));
    // What was saved changes nothing for an update.
    assert!(stack.preview_update(&Update::existing()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stack_comes_back_to_a_snapshot_with_its_data() {
    let cloud = Cloud::new(2);
    let stack = made(&cloud).await;
    let id = stack.snapshot(None).await.unwrap();
    must_be(&stack, "SNAPSHOT_COMPLETE").await;
    let backup = cloud.backups().keys().next().unwrap().clone();
    let later = "
resources:
  a: {type: 'Test::Keyed', properties: {name: a, value: new, place: here}}
  d: {type: 'Test::Keyed', properties: {name: d}}
";
    stack.update(Update::to(template(later))).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    cloud.journal();
    let plan = stack.preview_restore(&id).await.unwrap();
    assert_eq!(plan.action.as_str(), "RESTORE");
    stack.restore(&id).await.unwrap();
    assert_eq!(must_be(&stack, "RESTORE_COMPLETE").await, "Stack RESTORE completed successfully");
    let names = cloud.names();
    let value = format!("from {backup}");
    assert_eq!(names, [("a".to_owned(), value.clone()), ("b".to_owned(), value)]);
    // It is what the restored template says, and stays so; the parameters are those of then.
    assert!(stack.preview_update(&Update::existing()).await.unwrap().is_empty());
    assert_eq!(stack.resource("c").await.unwrap().resource_status, "CREATE_COMPLETE");
    assert_eq!(stack.snapshots().await.unwrap().len(), 1, "it can be restored again");
    assert!(matches!(stack.restore("none").await, Err(EngineError::NoSuchSnapshot { .. })));
    // A failure of a restoration goes back, where the stack says so.
    stack.delete().await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
    assert!(
        cloud.objects().is_empty() && cloud.backups().is_empty(),
        "the stack takes its snapshots with it"
    );
}

#[tokio::test(start_paused = true)]
async fn snapshots_are_limited_and_deleted_with_what_was_saved() {
    let cloud = Cloud::new(3);
    let stack = made(&cloud).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(stack.snapshot(None).await.unwrap());
        must_be(&stack, "SNAPSHOT_COMPLETE").await;
    }
    let much = stack.snapshot(None).await.unwrap_err();
    assert!(matches!(much, EngineError::Limit { limit: 3, .. }), "{much}");
    assert_eq!(cloud.backups().len(), 3);
    cloud.script("forget", cloud.backups().keys().next().unwrap().clone(), Fault::LoseAnswer);
    stack.delete_snapshot(&ids[0]).await.unwrap();
    assert_eq!(cloud.backups().len(), 2);
    assert_eq!(stack.snapshots().await.unwrap().len(), 2);
    assert!(matches!(stack.delete_snapshot(&ids[0]).await, Err(EngineError::NoSuchSnapshot { .. })));

    // What a service refuses is told, and can be asked for again.
    let backup = cloud.backups().keys().next().unwrap().clone();
    cloud.script("forget", backup, Fault::Refuse(Failure::denied("not now")));
    let refused = stack.delete_snapshot(&ids[1]).await.unwrap_err();
    assert!(refused.to_string().contains("not now"), "{refused}");
    let failed = stack.snapshots().await.unwrap().remove(0);
    assert_eq!((failed.action.as_str(), failed.status.as_str()), ("DELETE", "FAILED"));
    stack.delete_snapshot(&ids[1]).await.unwrap();
    assert_eq!(cloud.backups().len(), 1);
    stack.snapshot(None).await.unwrap();
    let busy = stack.delete_snapshot(&ids[2]).await.unwrap_err();
    assert!(refusal(busy).contains("SNAPSHOT_IN_PROGRESS"));
    must_be(&stack, "SNAPSHOT_COMPLETE").await;
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_fails_or_is_given_up_cannot_be_restored_and_leaves_nothing_behind() {
    let cloud = Cloud::new(4);
    let stack = made(&cloud).await;
    cloud.script("snapshot", "id-1", Fault::Refuse(Failure::denied("no room")));
    let id = stack.snapshot(None).await.unwrap();
    let reason = must_be(&stack, "SNAPSHOT_FAILED").await;
    assert_eq!(reason, "Resource SNAPSHOT failed: Forbidden: resources.a: no room");
    let snapshot = stack.snapshots().await.unwrap().remove(0);
    assert_eq!((snapshot.status.as_str(), snapshot.status_reason.as_str()), ("FAILED", reason.as_str()));
    let refused = stack.restore(&id).await.unwrap_err();
    assert_eq!(refused.to_string(), "not supported: Restoring incomplete snapshot");

    // An update in mid-flight puts an end to it.
    cloud.set_weather(Weather { working: 60_000, ..Weather::default() });
    let id = stack.snapshot(None).await.unwrap();
    while cloud.backups().is_empty() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let in_progress = stack.delete_snapshot(&id).await.unwrap_err();
    assert_eq!(in_progress.to_string(), "not supported: Deleting in-progress snapshot");
    stack.update(Update::existing()).await.unwrap();
    let given_up = stack.snapshots().await.unwrap().remove(1);
    assert_eq!(given_up.status, "FAILED");
    stack.finished().await.unwrap();
    stack.delete_snapshot(&id).await.unwrap();
    assert!(cloud.backups().is_empty(), "what it saved by then was its own");
}

#[tokio::test(start_paused = true)]
async fn what_lies_inside_of_nested_stacks_is_saved_too() {
    let cloud = Cloud::new(5);
    let inside = "heat_template_version: 2021-04-16\nresources: {core: {type: 'Test::Keyed', properties: {name: core}}}\n";
    let files: Files = [("box.yaml", inside)].into_iter().collect();
    let outer = template(
        "resources:\n  group: {type: OS::Heat::ResourceGroup, properties: {count: 2, resource_def: {type: box.yaml}}}\n",
    );
    let stack = engine(&cloud).await.create(NewStack::new("nest", outer).files(files)).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    let mut ids = Vec::new();
    for count in 1..3 {
        ids.push(stack.snapshot(None).await.unwrap());
        must_be(&stack, "SNAPSHOT_COMPLETE").await;
        assert_eq!(cloud.backups().len(), 2 * count);
    }
    for id in &ids {
        let shown = stack.show_snapshot(id).await.unwrap();
        let paths: Vec<&String> = shown.data["resources"].as_object().unwrap().keys().collect();
        assert_eq!(paths, ["group/0/core", "group/1/core"]);
    }
    stack.delete_snapshot(&ids[0]).await.unwrap();
    assert_eq!(cloud.backups().len(), 2);
    stack.restore(&ids[1]).await.unwrap();
    must_be(&stack, "RESTORE_COMPLETE").await;
    stack.delete().await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
    assert!(cloud.backups().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_dies_in_a_snapshot_saves_nothing_twice() {
    for dies in 0..9 {
        let cloud = Cloud::new(6);
        let store = MemoryStore::new();
        let process = start(&store, &cloud, 1, None, true).await.unwrap().unwrap();
        let new = NewStack::new("s", template(TEMPLATE)).parameter("secret", "hush-hush");
        let stack = process.engine.create(new).await.unwrap();
        must_be(&stack, "CREATE_COMPLETE").await;
        process.engine.shutdown().await;
        drop((stack, process));
        let Some(Ok(mortal)) = start(&store, &cloud, 2, Some(dies), dies % 2 == 0).await else { continue };
        let taken = support::process::alive(&mortal.life, async {
            let stack = stack_of(&mortal.engine, "s").await;
            stack.snapshot(None).await.unwrap();
            stack.finished().await.ok();
        });
        taken.await;
        drop(mortal);
        let process = start(&store, &cloud, 3, None, true).await.unwrap().unwrap();
        let stack = stack_of(&process.engine, "s").await;
        stack.finished().await.unwrap();
        let taken = stack.snapshots().await.unwrap();
        assert_eq!(cloud.backups().len(), taken.len(), "dies after {dies}");
        assert!(taken.iter().all(|snapshot| snapshot.status == "COMPLETE"), "{taken:?}");
        stack.delete().await.unwrap();
        must_be(&stack, "DELETE_COMPLETE").await;
        assert!(cloud.backups().is_empty() && cloud.objects().is_empty(), "dies after {dies}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_deletion_policy_snapshot_saves_before_it_deletes() {
    let cloud = Cloud::new(7);
    let text = "
resources:
  a: {type: 'Test::Keyed', deletion_policy: snapshot, properties: {name: a, value: old, place: here}}
  b: {type: 'Test::Keyed', deletion_policy: snapshot, properties: {name: b}}
";
    let engine = engine(&cloud).await;
    let unable = "resources: {b: {type: 'Test::Named', deletion_policy: snapshot}}";
    assert!(matches!(
        engine.create(NewStack::new("no", template(unable))).await,
        Err(EngineError::Refused(_))
    ));
    let stack = engine.create(NewStack::new("s", template(text))).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    cloud.journal();
    // A replacement deletes, too.
    stack.update(Update::to(template(&text.replace("here", "there")))).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    assert_eq!(cloud.journal(), ["create a", "save a", "delete a"]);
    // What failed is not worth it.
    stack.mark_unhealthy("b", true, None).await.unwrap();
    let shown = stack.preview_delete().await.unwrap().to_text();
    assert!(shown.contains("delete, its data are saved before"), "{shown}");
    cloud.script("snapshot", "id-3", Fault::LoseAnswer);
    stack.delete().await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
    let mut journal = cloud.journal();
    journal.sort();
    assert_eq!(journal, ["delete a", "delete b", "save a"]);
    assert_eq!(cloud.backups().len(), 2, "they stay");
}
