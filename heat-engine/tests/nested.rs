//! Nested stacks: templates as types, groups and composites of plugins, from their creation to their deletion.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use heat_engine::plan::{NestedPlan, Plan, Reason, StepKind};
use heat_engine::record::OnFailure;
use heat_engine::run::Clock;
use heat_engine::store::{MemoryStore, StackQuery};
use heat_engine::{Engine, EngineError, NewStack, Stack, Update};
use heat_plugin_sdk::{Failure, Registry};
use heat_template::Files;
use serde_json::json;
use std::time::Duration;
use support::cloud::{Cloud, Fault, plugin};
use support::template;

async fn engine(cloud: &Cloud) -> Engine {
    engine_on(cloud, MemoryStore::new()).await
}

async fn engine_on(cloud: &Cloud, store: MemoryStore) -> Engine {
    let registry = Registry::new().with(plugin(cloud));
    let clock = Clock::simulated("2026-01-01T00:00:00Z".parse().unwrap());
    Engine::builder().registry(registry).store(store).secrets_in_clear().clock(clock).build().await.unwrap()
}

const OUTER: &str = "
heat_template_version: 2021-04-16
parameters:
  value: {type: string, default: one}
resources:
  base: {type: Test::Keyed, properties: {name: base}}
  box:
    type: box.yaml
    properties: {value: {get_param: value}, link: {get_resource: base}}
  user: {type: Test::Keyed, properties: {name: user, value: {get_attr: [box, told]}}}
outputs:
  told: {value: {get_attr: [box, told]}}
  inside: {value: {get_attr: [box, resource.core, value]}}
";

const BOX: &str = "
heat_template_version: 2021-04-16
parameters:
  value: {type: string}
  link: {type: string}
resources:
  core: {type: Test::Keyed, properties: {name: core, value: {get_param: value}, links: [{get_param: link}]}}
outputs:
  told: {value: {get_attr: [core, value]}}
";

fn files(text: &str) -> Files {
    [("box.yaml", text)].into_iter().collect()
}

async fn complete(stack: &Stack) {
    let view = stack.finished().await.unwrap();
    assert!(view.is_complete(), "{view:#?}");
}

async fn outer(engine: &Engine) -> Stack {
    let stack = engine.create(NewStack::new("outer", template(OUTER)).files(files(BOX))).await.unwrap();
    complete(&stack).await;
    stack
}

async fn paths(stack: &Stack) -> Vec<(String, String)> {
    let all = stack.nested_resources(9).await.unwrap();
    all.into_iter().map(|view| (view.path, view.resource_status)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_template_stands_for_a_type_from_its_creation_to_its_deletion() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = outer(&engine).await;
    assert_eq!(cloud.journal(), ["create base", "create core", "create user"]);
    assert_eq!(stack.output("told").await.unwrap(), json!("one"));
    assert_eq!(stack.output("inside").await.unwrap(), json!("one"));
    assert_eq!(stack.resource("user").await.unwrap().attributes["value"], "one");

    stack.update(Update::existing().parameter("value", "two")).await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.journal(), ["update core", "update user"]);
    assert_eq!(stack.output("told").await.unwrap(), json!("two"));

    stack.delete().await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.journal(), ["delete user", "delete core", "delete base"]);
    let all = StackQuery { nested: true, ..StackQuery::default() };
    assert!(engine.all_stacks(&all).await.unwrap().is_empty());
    assert!(cloud.breaches().is_empty(), "{:?}", cloud.breaches());
}

#[tokio::test(start_paused = true)]
async fn an_update_goes_into_a_nested_stack_and_leaves_alone_what_does_not_change() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = outer(&engine).await;
    cloud.journal();
    let plan = stack.preview_update(&Update::existing()).await.unwrap();
    assert!(plan.is_empty(), "{}", plan.to_text());
    stack.update(Update::existing()).await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.journal(), [] as [&str; 0], "the services were asked for nothing");
    let statuses: Vec<_> = stack
        .nested_resources(5)
        .await
        .unwrap()
        .into_iter()
        .map(|view| (view.path, view.resource_status))
        .collect();
    let expected = [
        ("base", "CREATE_COMPLETE"),
        ("box", "UPDATE_COMPLETE"),
        ("box/core", "CREATE_COMPLETE"),
        ("user", "CREATE_COMPLETE"),
    ];
    for (path, status) in expected {
        assert!(statuses.contains(&(path.to_owned(), status.to_owned())), "{path}: {statuses:?}");
    }
    let id = stack.resource("box").await.unwrap().physical_resource_id;
    let inner = engine.stack("default", &id).await.unwrap();
    assert_eq!(inner.show().await.unwrap().stack_status, "UPDATE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn a_nested_stack_is_a_stack_that_only_its_parent_changes() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = outer(&engine).await;
    assert_eq!(engine.stacks("default").await.unwrap().len(), 1);
    let all = StackQuery { nested: true, ..StackQuery::default() };
    let all = engine.all_stacks(&all).await.unwrap();
    let nested = all.iter().find(|view| view.parent.is_some()).unwrap();
    assert_eq!(nested.parent.as_deref(), Some(stack.id().as_str()));
    assert!(nested.stack_name.starts_with("outer-box-"), "{}", nested.stack_name);
    let id = stack.resource("box").await.unwrap().physical_resource_id;
    assert_eq!(id, nested.id);
    let inner = engine.stack("default", &id).await.unwrap();
    let shown = inner.show().await.unwrap();
    assert_eq!(shown.stack_status, "CREATE_COMPLETE");
    assert_eq!(shown.outputs[0].output_value, json!("one"));
    assert_eq!(shown.parameters["value"], "one");
    assert_eq!(inner.resources().await.unwrap()[0].parent_resource.as_deref(), Some("box"));
    for refused in [inner.delete().await, inner.update(Update::existing()).await] {
        assert!(matches!(refused, Err(EngineError::State { .. })), "{refused:?}");
    }
}

fn step<'p>(plan: &'p Plan, name: &str) -> &'p heat_engine::plan::Step {
    plan.steps.iter().find(|step| step.resource == name && !step.kind.is_delete()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_plan_tells_what_becomes_of_what_is_inside() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let new = NewStack::new("outer", template(OUTER)).files(files(BOX));
    let plan = engine.preview(&new).await.unwrap();
    let Some(NestedPlan::Planned { plan: inside, exact }) = step(&plan, "box").nested.as_deref() else {
        panic!("{plan:#?}")
    };
    assert!(matches!(step(inside, "core").kind, StepKind::Create { .. }));
    assert!(!exact, "the id of the base is not known yet");
    assert_eq!(plan.resources(), 4);
    let stack = outer(&engine).await;
    let update = Update::existing().parameter("value", "two");
    let plan = stack.preview_update(&update).await.unwrap();
    let Some(NestedPlan::Planned { plan: inside, exact: true }) = step(&plan, "box").nested.as_deref() else {
        panic!("{plan:#?}")
    };
    assert!(
        matches!(&step(inside, "core").kind, StepKind::Update { changes, .. } if changes[0].property == "value")
    );
    let text = plan.to_text();
    assert!(text.contains("box") && text.contains("  core"), "{text}");
    // Another template behind the type changes what is inside, though no property differs.
    let longer = BOX.replace("outputs:", "  more: {type: Test::Keyed, properties: {name: more}}\noutputs:");
    let other = Update::existing().files(files(&longer));
    let plan = stack.preview_update(&other).await.unwrap();
    assert_eq!(step(&plan, "box").reason, Reason::NestedChanged);
    stack.apply(other, &plan).await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.names().len(), 4);
    // The plan that was made before is not the plan any more.
    assert!(matches!(stack.apply(update, &plan).await, Err(EngineError::StalePlan { .. })));
}

#[tokio::test(start_paused = true)]
async fn another_output_of_the_nested_template_is_an_update() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = outer(&engine).await;
    let other = BOX.replace("{get_attr: [core, value]}", "{list_join: [x, [a, {get_attr: [core, value]}]]}");
    stack.update(Update::existing().files(files(&other))).await.unwrap();
    complete(&stack).await;
    assert_eq!(stack.output("told").await.unwrap(), json!("axone"));
    assert_eq!(stack.resource("user").await.unwrap().attributes["value"], "axone");
    cloud.journal();
}

#[tokio::test(start_paused = true)]
async fn a_failure_inside_is_told_with_its_path_and_repaired_inside() {
    let cloud = Cloud::new(1);
    cloud.script("create", "core", Fault::Refuse(Failure::failed("the core is broken")));
    let engine = engine(&cloud).await;
    let stack = engine.create(NewStack::new("outer", template(OUTER)).files(files(BOX))).await.unwrap();
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, "CREATE_FAILED");
    assert!(
        view.stack_status_reason.contains("resources.box.resources.core: "),
        "{}",
        view.stack_status_reason
    );
    let first = stack.resource("box").await.unwrap();
    assert_eq!(first.resource_status, "CREATE_FAILED");
    stack.update(Update::existing()).await.unwrap();
    complete(&stack).await;
    let second = stack.resource("box").await.unwrap();
    assert_eq!(second.incarnation, first.incarnation, "the nested stack stays, its resource is made anew");
    assert_eq!(second.resource_status, "UPDATE_COMPLETE");
    assert_eq!(stack.output("told").await.unwrap(), json!("one"));
}

#[tokio::test(start_paused = true)]
async fn a_rollback_goes_into_nested_stacks() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = outer(&engine).await;
    cloud.journal();
    let user = stack.resource("user").await.unwrap().physical_resource_id;
    cloud.script("update", user, Fault::Refuse(Failure::denied("no")));
    let update = Update::existing().parameter("value", "two").on_failure(OnFailure::Rollback);
    stack.update(update).await.unwrap();
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, "ROLLBACK_COMPLETE", "{}", view.stack_status_reason);
    assert_eq!(cloud.names().iter().find(|(name, _)| name == "core").unwrap().1, "one");
    assert_eq!(stack.output("told").await.unwrap(), json!("one"));
    // A creation that fails leaves nothing behind.
    let new = NewStack::new("second", template(&OUTER.replace("name: ", "name: second-")))
        .files(files(&BOX.replace("name: ", "name: second-")))
        .on_failure(OnFailure::Rollback);
    cloud.script("create", "second-user", Fault::Refuse(Failure::denied("no")));
    let second = engine.create(new).await.unwrap();
    let view = second.finished().await.unwrap();
    assert_eq!(view.stack_status, "ROLLBACK_COMPLETE", "{}", view.stack_status_reason);
    assert!(cloud.names().iter().all(|(name, _)| !name.starts_with("second")), "{:?}", cloud.names());
}

#[tokio::test(start_paused = true)]
async fn what_is_inside_of_a_retained_stack_stays_inside_of_it() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let text = OUTER.replace("    type: box.yaml", "    type: shelf.yaml\n    deletion_policy: Retain");
    let shelf = BOX.replace(
        "  core: {type: Test::Keyed, properties: {name: core, value: {get_param: value}, links: [{get_param: link}]}}",
        "  core: {type: box.yaml, properties: {value: {get_param: value}, link: {get_param: link}}}",
    );
    let shelf = shelf.replace("get_attr: [core, value]", "get_attr: [core, told]");
    let files: Files = [("shelf.yaml", shelf.as_str()), ("box.yaml", BOX)].into_iter().collect();
    let stack = engine.create(NewStack::new("outer", template(&text)).files(files)).await.unwrap();
    complete(&stack).await;
    stack.delete().await.unwrap();
    // What is kept still uses the thing outside of it, which therefore cannot go.
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, "DELETE_FAILED", "{}", view.stack_status_reason);
    let living = engine.all_stacks(&StackQuery::default()).await.unwrap();
    let kept = living.iter().find(|stack| stack.stack_name != "outer").unwrap();
    let kept = engine.stack("default", &kept.id).await.unwrap();
    let inside = StackQuery { nested: true, root: Some(kept.id().clone()), ..StackQuery::default() };
    let inside = engine.all_stacks(&inside).await.unwrap();
    assert!(inside.iter().any(|stack| stack.parent.as_deref() == Some(kept.id().as_str())), "{inside:#?}");
    assert_eq!(paths(&kept).await.len(), 2);
    // It has what it was made with, the template of what is inside among it.
    kept.update(Update::existing().parameters([("value".to_owned(), json!("two"))])).await.unwrap();
    complete(&kept).await;
    assert!(cloud.names().contains(&("core".to_owned(), "two".to_owned())), "{:?}", cloud.names());
    kept.delete().await.unwrap();
    assert!(kept.finished().await.unwrap().is_complete());
    stack.delete().await.unwrap();
    assert!(stack.finished().await.unwrap().is_complete());
    let all = StackQuery { nested: true, ..StackQuery::default() };
    assert!(engine.all_stacks(&all).await.unwrap().is_empty());
    assert!(cloud.objects().is_empty(), "{:?}", cloud.names());
}

#[tokio::test(start_paused = true)]
async fn what_is_retained_stays_as_a_stack_of_its_own() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let text = OUTER.replace("    type: box.yaml", "    type: box.yaml\n    deletion_policy: Retain");
    let text = text.replace("links: [{get_param: link}]", "");
    let inner = BOX.replace(", links: [{get_param: link}]", "");
    let stack = engine.create(NewStack::new("outer", template(&text)).files(files(&inner))).await.unwrap();
    complete(&stack).await;
    let id = stack.resource("box").await.unwrap().physical_resource_id;
    stack.delete().await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.names(), [("core".to_owned(), "one".to_owned())]);
    let left = engine.stack("default", &id).await.unwrap();
    assert_eq!(engine.stacks("default").await.unwrap().len(), 1, "it is listed now");
    left.delete().await.unwrap();
    complete(&left).await;
    assert!(cloud.names().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_time_out_of_the_parent_ends_what_is_inside() {
    let cloud = Cloud::new(1);
    cloud.set_weather(support::cloud::Weather { working: 1, ..Default::default() });
    let engine = engine(&cloud).await;
    let outer = "
heat_template_version: 2021-04-16
resources:
  box: {type: box.yaml}
";
    let slow = "
heat_template_version: 2021-04-16
resources:
  wait: {type: OS::Heat::Delay, properties: {min_wait: 600}}
";
    let new = NewStack::new("outer", template(outer)).files(files(slow)).timeout(Duration::from_secs(60));
    let stack = engine.create(new).await.unwrap();
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, "CREATE_FAILED");
    assert!(view.stack_status_reason.contains("timed out"), "{}", view.stack_status_reason);
    let inside: Vec<_> = paths(&stack).await;
    assert!(inside.iter().all(|(_, status)| status == "CREATE_FAILED"), "{inside:?}");
}

#[tokio::test(start_paused = true)]
async fn an_update_in_mid_flight_goes_on_inside() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let outer = |seconds: u32| {
        format!(
            "
heat_template_version: 2021-04-16
resources:
  box: {{type: box.yaml, properties: {{seconds: {seconds}}}}}
  top: {{type: Test::Keyed, depends_on: box, properties: {{name: top, value: v{seconds}}}}}
"
        )
    };
    let slow = "
heat_template_version: 2021-04-16
parameters: {seconds: {type: number}}
resources:
  first: {type: Test::Keyed, properties: {name: first}}
  wait: {type: OS::Heat::Delay, depends_on: first, properties: {min_wait: 500}}
  last: {type: Test::Keyed, depends_on: wait, properties: {name: last, value: {get_param: seconds}}}
";
    let stack = engine.create(NewStack::new("outer", template(&outer(1))).files(files(slow))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(100)).await;
    stack.update(Update::to(template(&outer(2))).files(files(slow))).await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.journal(), ["create first", "create last", "create top"], "nothing is made twice");
    assert!(cloud.names().contains(&("last".to_owned(), "2".to_owned())), "{:?}", cloud.names());
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_goes_on_goes_on_inside() {
    let cloud = Cloud::new(1);
    let store = MemoryStore::new();
    let outer = "
heat_template_version: 2021-04-16
resources:
  group:
    type: OS::Heat::ResourceGroup
    properties: {count: 2, resource_def: {type: box.yaml, properties: {name: n%index%}}}
";
    let inner = "
heat_template_version: 2021-04-16
parameters: {name: {type: string}}
resources:
  wait: {type: OS::Heat::Delay, properties: {min_wait: 100}}
  thing: {type: Test::Keyed, depends_on: wait, properties: {name: {get_param: name}}}
";
    let first = engine_on(&cloud, store.other_engine()).await;
    let stack = first.create(NewStack::new("outer", template(outer)).files(files(inner))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(50)).await;
    first.shutdown().await;
    assert!(cloud.names().is_empty());
    let id = stack.id().clone();
    drop((first, stack));
    let second = engine_on(&cloud, store.other_engine()).await;
    let stack = second.stack("default", id.as_str()).await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.names().len(), 2);
    let all = StackQuery { nested: true, ..StackQuery::default() };
    assert_eq!(second.all_stacks(&all).await.unwrap().len(), 4);
    let inside = paths(&stack).await;
    assert!(inside.contains(&("group/1/thing".to_owned(), "CREATE_COMPLETE".to_owned())), "{inside:?}");
}

#[tokio::test(start_paused = true)]
async fn problems_inside_are_found_before_anything_is_done() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let wrong = BOX.replace("name: core", "nme: core");
    let refused =
        engine.create(NewStack::new("outer", template(OUTER)).files(files(&wrong))).await.unwrap_err();
    let EngineError::Refused(refused) = refused else { panic!("{refused:?}") };
    let paths: Vec<&str> =
        refused.diagnostics.iter().filter(|one| one.is_error()).map(|one| one.path.as_str()).collect();
    assert!(paths.contains(&"resources.box<box.yaml>.resources.core.properties"), "{paths:?}");
    assert!(cloud.journal().is_empty());
    let inside = "heat_template_version: 2021-04-16\nresources: {again: {type: box.yaml}}\n";
    let outer = "heat_template_version: 2021-04-16\nresources: {box: {type: box.yaml}}\n";
    let refused =
        engine.create(NewStack::new("loop", template(outer)).files(files(inside))).await.unwrap_err();
    assert!(refused.to_string().contains("5 deep: box.yaml → box.yaml"), "{refused}");
}
