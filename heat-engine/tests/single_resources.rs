//! What a request says of single resources: other names, things that exist already, and what somebody else changed.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test stops where it fails")]

mod support;

use heat_engine::plan::{ChangeEffect, StepKind};
use heat_engine::record::OnFailure;
use heat_engine::store::MemoryStore;
use heat_engine::{DriftState, Engine, EngineError, NewStack, SavedPlan, Stack, Update};
use heat_plugin_sdk::{Failure, Registry};
use heat_template::Files;
use serde_json::json;
use support::cloud::{Cloud, Fault, plugin};
use support::process::{alive, start};
use support::template as parse;

fn template(text: &str) -> heat_template::Template {
    parse(&format!("heat_template_version: 2021-04-16\n{text}"))
}

async fn engine(cloud: &Cloud) -> Engine {
    Engine::builder().registry(Registry::new().with(plugin(cloud))).build().await.unwrap()
}

async fn created(engine: &Engine, text: &str) -> Stack {
    let stack = engine.create(NewStack::new("s", template(text)).files(files())).await.unwrap();
    complete(&stack).await;
    stack
}

fn files() -> Files {
    let inner = "
heat_template_version: 2021-04-16
parameters: {value: {type: string}}
resources:
  core: {type: 'Test::Keyed', properties: {name: core, value: {get_param: value}}}
";
    [("box.yaml", inner)].into_iter().collect()
}

async fn complete(stack: &Stack) {
    let view = stack.finished().await.unwrap();
    assert!(view.is_complete(), "{view:#?}");
}

fn to(text: &str) -> Update {
    Update::to(template(text)).files(files())
}

async fn ids(stack: &Stack) -> Vec<(String, String)> {
    let all = stack.nested_resources(1).await.unwrap().into_iter();
    let mut ids: Vec<_> = all.map(|view| (view.path, view.physical_resource_id)).collect();
    ids.sort();
    ids
}

const BEFORE: &str = "
resources:
  a: {type: 'Test::Keyed', properties: {value: x}}
  b: {type: 'Test::Keyed', properties: {links: [{get_resource: a}]}, depends_on: a}
  box: {type: box.yaml, properties: {value: x}}
";

const AFTER: &str = "
resources:
  first: {type: 'Test::Keyed', properties: {value: x}}
  second: {type: 'Test::Keyed', properties: {links: [{get_resource: first}]}, depends_on: first}
  crate: {type: box.yaml, properties: {value: x}}
";

fn renamed() -> Update {
    to(AFTER).rename("a", "first").rename("b", "second").rename("box", "crate")
}

#[tokio::test(start_paused = true)]
async fn resources_get_other_names_and_nothing_is_done_to_them() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = created(&engine, BEFORE).await;
    let before: Vec<_> = ids(&stack).await.into_iter().map(|(_, id)| id).collect();
    cloud.journal();
    let plan = stack.preview_update(&renamed()).await.unwrap();
    assert!(plan.to_text().contains("renamed: a is first from now on"), "{}", plan.to_text());
    assert!(
        plan.steps.iter().all(|step| matches!(step.kind, StepKind::Keep { .. } | StepKind::Update { .. }))
    );
    // As a plan that is kept, too.
    let saved = stack.plan_update(&renamed()).await.unwrap();
    engine.apply(&SavedPlan::from_json(&saved.to_json().unwrap()).unwrap()).await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.journal(), [""; 0], "nothing was called");
    let after = ids(&stack).await;
    let names: Vec<_> = after.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["crate", "crate/core", "first", "second"]);
    let mut kept: Vec<_> = after.iter().map(|(_, id)| id.clone()).collect();
    let mut was = before.clone();
    kept.sort();
    was.sort();
    assert_eq!(kept, was);
    assert!(stack.preview_update(&to(AFTER)).await.unwrap().is_empty());
    let core =
        stack.nested_resources(1).await.unwrap().into_iter().find(|view| view.path == "crate/core").unwrap();
    assert_eq!(core.parent_resource.as_deref(), Some("crate"));
    let refused = stack.preview_update(&to(AFTER).rename("first", "crate/first")).await.unwrap_err();
    assert!(refused.to_string().contains("a resource stays in its stack"), "{refused}");
    stack.delete().await.unwrap();
    complete(&stack).await;
    assert!(cloud.objects().is_empty() && cloud.breaches().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_rollback_takes_names_back() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = created(&engine, BEFORE).await;
    let before = ids(&stack).await;
    for on_failure in [OnFailure::Rollback, OnFailure::Stop] {
        cloud.journal();
        cloud.script("create", "new", Fault::Refuse(Failure::denied("no")));
        let text =
            format!("{AFTER}  new: {{type: 'Test::Keyed', properties: {{name: new}}, depends_on: second}}\n");
        let update = to(&text).rename("a", "first").rename("b", "second").rename("box", "crate");
        stack.update(update.on_failure(on_failure)).await.unwrap();
        let view = stack.finished().await.unwrap();
        if on_failure == OnFailure::Stop {
            assert_eq!(view.stack_status, "UPDATE_FAILED");
            stack.rollback().await.unwrap();
        }
        assert_eq!(stack.finished().await.unwrap().stack_status, "ROLLBACK_COMPLETE");
        assert_eq!(ids(&stack).await, before);
        assert_eq!(cloud.journal(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn names_and_imports_survive_a_crash() {
    for dies in 0..10 {
        let (cloud, store) = (Cloud::new(1), MemoryStore::new());
        cloud.put("found", "found", "x");
        let living = start(&store, &cloud, 1, None, true).await.unwrap().unwrap();
        created(&living.engine, BEFORE).await;
        drop(living);
        let text = format!("{AFTER}  more: {{type: 'Test::Keyed', properties: {{name: found, value: y}}}}\n");
        let update = to(&text)
            .rename("a", "first")
            .rename("b", "second")
            .rename("box", "crate")
            .import("more", "found");
        let mortal = start(&store, &cloud, 2, Some(dies), dies % 2 == 0).await.unwrap().unwrap();
        alive(&mortal.life, async {
            let stack = mortal.engine.stack("default", "s").await.unwrap();
            stack.update(update.clone()).await.unwrap();
            stack.finished().await.unwrap();
        })
        .await;
        drop(mortal);
        let next = start(&store, &cloud, 3, None, true).await.unwrap().unwrap();
        let stack = next.engine.stack("default", "s").await.unwrap();
        complete(&stack).await;
        if stack.resource("a").await.is_ok() {
            stack.update(update).await.unwrap();
            complete(&stack).await;
        }
        assert!(stack.preview_update(&to(&text)).await.unwrap().is_empty());
        assert_eq!(cloud.objects().len(), 4, "after {dies} writes");
        let changed: Vec<_> =
            cloud.journal().into_iter().filter(|line| !line.starts_with("create")).collect();
        assert_eq!(changed, ["update found"], "after {dies} writes");
        stack.delete().await.unwrap();
        complete(&stack).await;
        assert!(cloud.objects().is_empty(), "what was imported is the stack's own");
    }
}

const ONE: &str = "
resources:
  net: {type: 'Test::Keyed', properties: {name: net}}
";

fn with(properties: &str) -> String {
    format!("{ONE}  more:\n    type: Test::Keyed\n    properties: {{name: found, {properties}}}\n")
}

#[tokio::test(start_paused = true)]
async fn a_thing_that_exists_becomes_a_resource_and_is_managed() {
    let cloud = Cloud::new(1);
    cloud.put("found", "found", "x");
    let engine = engine(&cloud).await;
    let stack = created(&engine, ONE).await;
    cloud.journal();
    let import = |text: &str| to(text).import("more", "found");
    let refusal = async |update: Update| stack.preview_update(&update).await.unwrap_err().to_string();
    assert!(refusal(import(ONE)).await.contains("the template has no such resource"));
    assert!(
        refusal(to(&with("value: x")).import("more", "nothing"))
            .await
            .contains("there is no Test::Keyed nothing")
    );
    assert!(refusal(to(&with("value: x")).import("net", "found")).await.contains("it is recorded already"));
    let replaced = refusal(import(&with("place: elsewhere"))).await;
    assert!(
        replaced.contains("differs from the template in place") && replaced.contains("replaced"),
        "{replaced}"
    );
    let own = stack.resource("net").await.unwrap().physical_resource_id;
    assert!(refusal(to(&with("value: x")).import("more", own)).await.contains("belongs to a stack already"));

    // What the template leaves open may be as it is.
    let unnamed = with("value: x").replace("name: found, ", "");
    let plan = stack.preview_update(&import(&unnamed)).await.unwrap();
    assert!(plan.steps.iter().all(|step| matches!(step.kind, StepKind::Keep { .. })), "{plan:#?}");
    let plan = stack.preview_update(&import(&with("value: y, links: [{get_resource: net}]"))).await.unwrap();
    assert!(plan.to_text().contains("imported: more is found, which exists"), "{}", plan.to_text());
    let text = with("value: y, links: [{get_resource: net}]");
    let saved = stack.plan_update(&import(&text)).await.unwrap();
    engine.apply(&SavedPlan::from_json(&saved.to_json().unwrap()).unwrap()).await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.journal(), ["update found"]);
    assert!(stack.preview_update(&to(&text)).await.unwrap().is_empty());
    assert_eq!(stack.resource("more").await.unwrap().physical_resource_id, "found");
    // It is the stack's own: it goes with its resource, before what it uses.
    stack.delete().await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.journal(), ["delete found", "delete net"]);
    assert!(cloud.breaches().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_rollback_leaves_what_was_imported() {
    let cloud = Cloud::new(1);
    cloud.put("found", "found", "x");
    let engine = engine(&cloud).await;
    let stack = created(&engine, ONE).await;
    cloud.script("create", "new", Fault::Refuse(Failure::denied("no")));
    let text = with("value: y") + "  new: {type: 'Test::Keyed', properties: {name: new}, depends_on: more}\n";
    stack.update(to(&text).import("more", "found").on_failure(OnFailure::Rollback)).await.unwrap();
    assert_eq!(stack.finished().await.unwrap().stack_status, "ROLLBACK_COMPLETE");
    assert!(cloud.objects().contains_key("found"), "it was there before");
    assert_eq!(ids(&stack).await.len(), 1);
    // Once the stack was complete with it, it is like all others.
    stack.update(to(&with("value: y")).import("more", "found")).await.unwrap();
    complete(&stack).await;
    stack.update(to(ONE)).await.unwrap();
    complete(&stack).await;
    assert!(!cloud.objects().contains_key("found"));
}

const DRIFTING: &str = "
parameters:
  value: {type: string, default: x}
  word: {type: string, default: hunter2-x, hidden: true}
resources:
  a: {type: 'Test::Keyed', properties: {name: a, value: {get_param: value}}}
  b: {type: 'Test::Keyed', properties: {name: b, value: fixed}}
  c: {type: 'Test::Keyed', properties: {name: c, value: {get_param: word}}}
  box: {type: box.yaml, properties: {value: {get_param: value}}}
";

async fn change(cloud: &Cloud, stack: &Stack, path: &str, value: &str) {
    let id = ids(stack).await.into_iter().find(|(name, _)| name == path).unwrap().1;
    cloud.change_object(&id, |object| object.value = value.to_owned());
}

#[tokio::test(start_paused = true)]
async fn drift_is_told_property_by_property_and_repaired() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = created(&engine, DRIFTING).await;
    assert!(stack.drift().await.unwrap().iter().all(heat_engine::ResourceDrift::is_none));
    for (path, value) in [("a", "other"), ("c", "hunter2-y"), ("box/core", "other")] {
        change(&cloud, &stack, path, value).await;
    }
    cloud.lose_object("b");
    cloud.journal();
    let drift = stack.drift().await.unwrap();
    let of = |path: &str| drift.iter().find(|one| one.resource == path).unwrap();
    let a = &of("a").properties[0];
    assert_eq!((a.property.as_str(), &a.recorded, &a.live), ("value", &json!("x"), &json!("other")));
    assert_eq!((a.repair, &of("a").unreadable[..]), (ChangeEffect::InPlace, &["password".to_owned()][..]));
    assert_eq!((&of("b").state, of("box/core").properties.len()), (&DriftState::Gone, 1));
    assert!(!format!("{drift:?}").contains("hunter2"), "{drift:?}");
    assert_eq!(of("c").properties[0].live, "******");
    assert!(stack.preview_update(&Update::existing()).await.unwrap().is_empty(), "nobody looks by himself");

    let repair = || Update::existing().repair_drift([""; 0]);
    let plan = stack.preview_update(&repair()).await.unwrap();
    let text = plan.to_text();
    assert!(text.contains("brought back to what is recorded: "), "{text}");
    for what in ["a.value", "c.value", "box/core.value"] {
        assert!(text.contains(what), "{text}");
    }
    // Only one of them.
    stack.update(Update::existing().repair_drift(["a"])).await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.journal(), ["update a"]);
    let saved = stack.plan_update(&repair()).await.unwrap();
    engine.apply(&SavedPlan::from_json(&saved.to_json().unwrap()).unwrap()).await.unwrap();
    complete(&stack).await;
    let mut did = cloud.journal();
    did.sort();
    assert_eq!(did, ["create b", "update c", "update core"]);
    assert!(stack.drift().await.unwrap().iter().all(heat_engine::ResourceDrift::is_none));
}

#[tokio::test(start_paused = true)]
async fn drift_is_accepted_where_the_template_permits_it() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = created(&engine, DRIFTING).await;
    for path in ["a", "b", "box/core"] {
        change(&cloud, &stack, path, "other").await;
    }
    cloud.journal();
    let refusal = async |path: &str| match stack.accept_drift([path]).await {
        Err(EngineError::NotAccepted { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal("b.value").await, "the template itself says it: change the template");
    assert_eq!(refusal("c.value").await, "it has not drifted");
    assert!(refusal("box/core.value").await.contains("nested stack"));
    let update = stack.accept_drift(["a.value"]).await.unwrap();
    let text = stack.preview_update(&update).await.unwrap().to_text();
    assert!(text.contains("taken for what shall be: a.value"), "{text}");
    stack.update(update).await.unwrap();
    complete(&stack).await;
    assert_eq!(stack.show().await.unwrap().parameters["value"], "other");
    // What else has the parameter follows; the thing itself is not touched.
    assert_eq!(cloud.journal(), ["update core"]);
    let left = stack.drift().await.unwrap();
    assert_eq!(
        left.iter().filter(|one| !one.is_none()).map(|one| one.resource.as_str()).collect::<Vec<_>>(),
        ["b"]
    );
}
