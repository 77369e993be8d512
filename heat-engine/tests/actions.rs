//! What is done to all resources alike: check, suspend, resume.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use heat_engine::plan::Act;
use heat_engine::run::Clock;
use heat_engine::store::EventQuery;
use heat_engine::{Engine, EngineError, NewStack, Stack, Update};
use heat_plugin_sdk::{Failure, Registry};
use heat_template::Files;
use support::cloud::{Cloud, Fault, plugin};
use support::template as parse;

fn template(text: &str) -> heat_template::Template {
    parse(&format!("heat_template_version: 2021-04-16\n{text}"))
}

async fn engine(cloud: &Cloud) -> Engine {
    Engine::builder().registry(Registry::new().with(plugin(cloud))).build().await.unwrap()
}

const CHAIN: &str = "
resources:
  a: {type: 'Test::Keyed', properties: {name: a}}
  b: {type: 'Test::Keyed', properties: {name: b, links: [{get_resource: a}]}}
  c: {type: 'Test::Named', properties: {name: c, links: [{get_resource: b}]}}
  d: {type: OS::Heat::None}
";

async fn chain(cloud: &Cloud) -> Stack {
    let stack = engine(cloud).await.create(NewStack::new("chain", template(CHAIN))).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    cloud.journal();
    stack
}

async fn must_be(stack: &Stack, status: &str) -> String {
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, status, "{}", view.stack_status_reason);
    view.stack_status_reason
}

async fn statuses(stack: &Stack) -> Vec<String> {
    let resources = stack.resources().await.unwrap();
    let mut statuses: Vec<String> = resources
        .into_iter()
        .map(|view| format!("{} {}", view.resource_name, view.resource_status))
        .collect();
    statuses.sort();
    statuses
}

fn refusal(result: Result<(), EngineError>) -> String {
    match result {
        Err(error @ EngineError::State { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_reads_everything_and_tells_all_that_is_wrong() {
    let cloud = Cloud::new(1);
    let stack = chain(&cloud).await;
    let plan = stack.preview_act(Act::Check).await.unwrap();
    assert_eq!(plan.totals().to_string(), "4 to check");
    stack.check().await.unwrap();
    assert_eq!(must_be(&stack, "CHECK_COMPLETE").await, "Stack CHECK completed successfully");
    assert!(statuses(&stack).await.iter().all(|status| status.ends_with("CHECK_COMPLETE")));
    assert_eq!(cloud.journal(), [""; 0], "nothing was changed");

    cloud.lose_object("a");
    let b = stack.resource("b").await.unwrap().physical_resource_id;
    cloud.change_object(&b, |object| object.broken = Some("no power".to_owned()));
    stack.check().await.unwrap();
    let reason = must_be(&stack, "CHECK_FAILED").await;
    assert!(reason.starts_with("Resource CHECK failed: "), "{reason}");
    for part in [
        "NotFound: resources.a: Test::Keyed id-1 is gone",
        "resources.b: Test::Keyed id-2 is in error: no power",
    ] {
        assert!(reason.contains(part), "{part:?} is missing: {reason}");
    }
    let expected = ["a CHECK_FAILED", "b CHECK_FAILED", "c CHECK_COMPLETE", "d CHECK_COMPLETE"];
    assert_eq!(statuses(&stack).await, expected);

    // The next update repairs what was found.
    stack.update(Update::existing()).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    let names: Vec<String> = cloud.names().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "b", "c"]);
    stack.check().await.unwrap();
    must_be(&stack, "CHECK_COMPLETE").await;
}

#[tokio::test(start_paused = true)]
async fn a_check_learns_attributes_that_changed_outside() {
    let cloud = Cloud::new(2);
    let stack = chain(&cloud).await;
    cloud.change_object("id-1", |object| object.value = "other".to_owned());
    stack.check().await.unwrap();
    must_be(&stack, "CHECK_COMPLETE").await;
    assert_eq!(stack.resource("a").await.unwrap().attributes["value"], "other");
}

#[tokio::test(start_paused = true)]
async fn what_can_rest_rests_and_wakes_in_order() {
    let cloud = Cloud::new(3);
    let stack = chain(&cloud).await;
    stack.suspend().await.unwrap();
    must_be(&stack, "SUSPEND_COMPLETE").await;
    assert_eq!(cloud.journal(), ["suspend b", "suspend a"]);
    assert!(statuses(&stack).await.iter().all(|status| status.ends_with("SUSPEND_COMPLETE")));
    stack.suspend().await.unwrap();
    must_be(&stack, "SUSPEND_COMPLETE").await;
    assert_eq!(cloud.journal(), [""; 0], "it rests already");

    let refused = refusal(stack.update(Update::existing()).await);
    assert!(refused.contains("SUSPEND_COMPLETE: a stack that is suspended cannot be updated"), "{refused}");
    assert!(refusal(stack.check().await).contains("resume it first"));

    stack.resume().await.unwrap();
    must_be(&stack, "RESUME_COMPLETE").await;
    assert_eq!(cloud.journal(), ["resume a", "resume b"]);
    stack.update(Update::existing()).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    assert!(refusal(stack.resume().await).contains("only what was suspended is resumed"));

    let events = stack.recorded_events(&EventQuery::default()).await.unwrap();
    let of_a: Vec<String> = events
        .iter()
        .filter(|(_, event)| event.resource == "a")
        .map(|(_, event)| format!("{}_{}", event.action, event.status))
        .collect();
    let expected = [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "SUSPEND_IN_PROGRESS",
        "SUSPEND_COMPLETE",
        "RESUME_IN_PROGRESS",
        "RESUME_COMPLETE",
    ];
    assert_eq!(of_a, expected);
    stack.suspend().await.unwrap();
    must_be(&stack, "SUSPEND_COMPLETE").await;
    stack.delete().await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
    assert_eq!(cloud.names(), []);
}

#[tokio::test(start_paused = true)]
async fn a_suspension_that_fails_can_be_repeated_or_taken_back() {
    let cloud = Cloud::new(4);
    let stack = chain(&cloud).await;
    cloud.script("suspend", "id-1", Fault::Refuse(Failure::denied("not now")));
    stack.suspend().await.unwrap();
    let reason = must_be(&stack, "SUSPEND_FAILED").await;
    assert_eq!(reason, "Resource SUSPEND failed: Forbidden: resources.a: not now");
    let plan = stack.preview_act(Act::Resume).await.unwrap();
    assert_eq!(plan.totals().resume, 4);
    stack.resume().await.unwrap();
    must_be(&stack, "RESUME_COMPLETE").await;
    stack.suspend().await.unwrap();
    must_be(&stack, "SUSPEND_COMPLETE").await;
    cloud.script("resume", "id-2", Fault::LoseAnswer);
    stack.resume().await.unwrap();
    must_be(&stack, "RESUME_COMPLETE").await;
    assert!(cloud.objects().values().all(|object| !object.asleep));
}

#[tokio::test(start_paused = true)]
async fn what_failed_cannot_be_suspended() {
    let cloud = Cloud::new(5);
    cloud.script("create", "b", Fault::Refuse(Failure::denied("no")));
    let stack = engine(&cloud).await.create(NewStack::new("chain", template(CHAIN))).await.unwrap();
    must_be(&stack, "CREATE_FAILED").await;
    stack.suspend().await.unwrap();
    let reason = must_be(&stack, "SUSPEND_FAILED").await;
    assert!(reason.contains("resources.b: State ('CREATE', 'FAILED') invalid for suspend"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn nested_stacks_do_the_same_inside() {
    let cloud = Cloud::new(6);
    let inside = "heat_template_version: 2021-04-16\nresources: {core: {type: 'Test::Keyed', properties: {name: core}}}\n";
    let files: Files = [("box.yaml", inside)].into_iter().collect();
    let outer = template(
        "resources:\n  group: {type: OS::Heat::ResourceGroup, properties: {count: 2, resource_def: {type: box.yaml}}}\n",
    );
    let engine = engine(&cloud).await;
    let stack = engine.create(NewStack::new("nest", outer).files(files)).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    cloud.journal();
    stack.suspend().await.unwrap();
    must_be(&stack, "SUSPEND_COMPLETE").await;
    assert_eq!(cloud.journal(), ["suspend core", "suspend core"]);
    let all = stack.nested_resources(9).await.unwrap();
    assert_eq!(all.len(), 5);
    assert!(all.iter().all(|view| view.resource_status == "SUSPEND_COMPLETE"), "{all:#?}");
    stack.resume().await.unwrap();
    must_be(&stack, "RESUME_COMPLETE").await;

    cloud.change_object("id-1", |object| object.broken = Some("no power".to_owned()));
    stack.check().await.unwrap();
    let reason = must_be(&stack, "CHECK_FAILED").await;
    let path = "resources.group.resources.";
    assert!(
        reason.contains(path) && reason.contains("resources.core: Test::Keyed id-1 is in error"),
        "{reason}"
    );
    let failed = stack.nested_resources(9).await.unwrap();
    let failed = failed.iter().filter(|view| view.resource_status == "CHECK_FAILED").count();
    assert_eq!(failed, 3, "the one that is broken, and what it lies in");
    stack.update(Update::existing()).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    assert!(cloud.objects().values().all(|object| object.broken.is_none()));
    assert_eq!(cloud.objects().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_update_may_come_while_a_check_runs_and_nothing_is_replaced() {
    let cloud = Cloud::new(7);
    let stack = chain(&cloud).await;
    cloud.set_weather(support::cloud::Weather { latency: 2000, ..Default::default() });
    stack.check().await.unwrap();
    let refused = refusal(stack.suspend().await);
    assert!(refused.contains("CHECK_IN_PROGRESS: something is being done to it"), "{refused}");
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    stack.update(Update::existing()).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    assert_eq!(cloud.journal(), [""; 0], "nothing was made or removed");
}

#[tokio::test(start_paused = true)]
async fn what_is_marked_unhealthy_is_replaced_by_the_next_update() {
    let cloud = Cloud::new(8);
    let stack = chain(&cloud).await;
    let before = stack.resource("a").await.unwrap();
    stack.mark_unhealthy("a", true, Some("it smells")).await.unwrap();
    let marked = stack.resource("a").await.unwrap();
    assert_eq!(
        (marked.resource_status.as_str(), marked.resource_status_reason.as_str()),
        ("CHECK_FAILED", "it smells")
    );
    assert_eq!(stack.show().await.unwrap().stack_status, "CREATE_COMPLETE", "the stack is as it was");
    let events = stack.recorded_events(&EventQuery::default()).await.unwrap();
    let (_, last) = events.last().unwrap();
    assert_eq!((last.resource.as_str(), last.reason.as_str()), ("a", "it smells"));

    // It is taken back, and said of the physical id.
    stack.mark_unhealthy("a", false, None).await.unwrap();
    let healthy = stack.resource("a").await.unwrap();
    assert_eq!(healthy.resource_status, "CHECK_COMPLETE");
    assert_eq!(healthy.resource_status_reason, "state changed by resource_mark_unhealthy api");
    assert!(stack.preview_update(&Update::existing()).await.unwrap().is_empty());
    stack.mark_unhealthy(&before.physical_resource_id, true, None).await.unwrap();
    stack.update(Update::existing()).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    assert_ne!(stack.resource("a").await.unwrap().incarnation, before.incarnation);
    assert_eq!(cloud.journal(), ["create a", "update b", "delete a"]);

    // A healthy one stays as it is.
    stack.mark_unhealthy("b", false, None).await.unwrap();
    assert_eq!(stack.resource("b").await.unwrap().resource_status, "UPDATE_COMPLETE");
    let missing = stack.mark_unhealthy("nobody", true, None).await.unwrap_err();
    assert_eq!(missing.to_string(), "stack chain has no resource nobody");

    cloud.set_weather(support::cloud::Weather { latency: 2000, ..Default::default() });
    stack.check().await.unwrap();
    let refused = refusal(stack.mark_unhealthy("a", true, None).await);
    assert!(refused.contains("CHECK_IN_PROGRESS"), "{refused}");
    must_be(&stack, "CHECK_COMPLETE").await;
}

#[tokio::test(start_paused = true)]
async fn one_inside_a_nested_stack_is_marked_there() {
    let cloud = Cloud::new(9);
    let inside = "heat_template_version: 2021-04-16\nresources: {core: {type: 'Test::Keyed', properties: {name: core}}}\n";
    let files: Files = [("box.yaml", inside)].into_iter().collect();
    let engine = engine(&cloud).await;
    let outer = template("resources: {box: {type: box.yaml}}");
    let stack = engine.create(NewStack::new("nest", outer).files(files)).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    cloud.journal();
    let whole = stack.mark_unhealthy("box", true, None).await.unwrap_err();
    assert!(whole.to_string().contains("resources.box: it is a nested stack"), "{whole}");
    let nested = stack.resource("box").await.unwrap().nested.unwrap();
    let nested = engine.stack("default", nested.as_str()).await.unwrap();
    nested.mark_unhealthy("core", true, None).await.unwrap();
    assert_eq!(nested.resource("core").await.unwrap().resource_status, "CHECK_FAILED");
    stack.update(Update::existing()).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    assert_eq!(cloud.journal(), ["create core", "delete core"]);
    // The claim was given back: both can be worked on.
    stack.delete().await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
}

#[tokio::test(start_paused = true)]
async fn a_delay_waits_where_it_is_told_to() {
    let text = "resources: {pause: {type: OS::Heat::Delay, properties: {min_wait: 30, actions: [SUSPEND]}}}";
    let clock = Clock::simulated("2026-01-01T00:00:00Z".parse().unwrap());
    let engine = Engine::builder().clock(clock).build().await.unwrap();
    let stack = engine.create(NewStack::new("slow", template(text))).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    for (act, least) in [(Act::Suspend, 30.0), (Act::Resume, 0.0)] {
        let begun = tokio::time::Instant::now();
        match act {
            Act::Suspend => stack.suspend().await.unwrap(),
            _ => stack.resume().await.unwrap(),
        }
        must_be(&stack, &format!("{}_COMPLETE", act.action())).await;
        let waited = begun.elapsed().as_secs_f64();
        assert!(waited >= least && waited < least + 25.0, "{act:?}: {waited}");
    }
}
