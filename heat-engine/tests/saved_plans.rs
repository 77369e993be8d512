//! Plans that are kept as documents: they hold no secret in clear, are refused when anything has moved, and are otherwise
//! applied exactly.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test stops where it fails")]

mod support;

use heat_engine::plan::{Act, StepKind};
use heat_engine::record::{Action, OnFailure};
use heat_engine::run::Clock;
use heat_engine::store::MemoryStore;
use heat_engine::{Engine, EngineBuilder, EngineError, NewStack, SavedPlan, Stack, Update, seal::KeyRing};
use heat_plugin_sdk::{Credentials, Registry};
use serde_json::{Value, json};
use std::time::Duration;
use support::cloud::{Cloud, Fault, Weather, plugin};
use support::process::start;
use support::template as parse;

fn template(text: &str) -> heat_template::Template {
    parse(&format!("heat_template_version: 2021-04-16\n{text}"))
}

fn builder(cloud: &Cloud, store: &MemoryStore) -> EngineBuilder {
    Engine::builder()
        .registry(Registry::new().with(plugin(cloud)))
        .store(store.clone())
        .clock(Clock::simulated("2026-01-01T00:00:00Z".parse().unwrap()))
}

async fn engine(cloud: &Cloud) -> Engine {
    builder(cloud, &MemoryStore::new()).keys(KeyRing::generate().unwrap()).build().await.unwrap()
}

const PAIR: &str = "
parameters:
  value: {type: string, default: one}
  word: {type: string, hidden: true, default: none}
resources:
  a: {type: 'Test::Keyed', properties: {name: a, value: {get_param: value}, password: {get_param: word}}}
  b: {type: 'Test::Keyed', properties: {name: b, links: [{get_resource: a}]}}
";

async fn pair(engine: &Engine) -> Stack {
    let stack = engine.create(NewStack::new("pair", template(PAIR))).await.unwrap();
    complete(&stack).await;
    stack
}

async fn complete(stack: &Stack) {
    let view = stack.finished().await.unwrap();
    assert!(view.is_complete(), "{view:#?}");
}

/// As it comes from a file.
fn carried(plan: &SavedPlan) -> SavedPlan {
    SavedPlan::from_json(&plan.to_json().unwrap()).unwrap()
}

fn stale(result: Result<Stack, EngineError>) -> Vec<String> {
    match result {
        Err(EngineError::StalePlan { because, .. }) => because,
        other => panic!("{other:?}"),
    }
}

fn reason(result: Result<impl std::fmt::Debug, EngineError>) -> String {
    match result {
        Err(EngineError::BadPlan { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_creation_is_planned_carried_and_applied_once() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let new = NewStack::new("pair", template(PAIR))
        .parameter("value", "two")
        .parameter("word", "hunter2-word")
        .owner(Credentials::content(json!({"password": "hunter2-login"})))
        .tags(["t".to_owned()])
        .timeout(Duration::from_secs(600));
    let plan = engine.plan_create(&new).await.unwrap();
    let text = plan.to_json().unwrap();
    assert!(!text.contains("hunter2") && !format!("{plan:?}").contains("hunter2"), "{text}");
    assert!(
        text.contains("\"two\"") && text.contains("get_param"),
        "what is no secret is there to be read: {text}"
    );
    assert_eq!(engine.stacks("default").await.unwrap().len(), 0, "nothing was done");
    let stack = engine.apply(&carried(&plan)).await.unwrap();
    complete(&stack).await;
    let view = stack.show().await.unwrap();
    assert_eq!((view.id.as_str(), view.tags.len(), view.timeout_mins), (plan.stack().as_str(), 1, Some(10)));
    assert_eq!(view.parameters["value"], "two");
    assert_eq!(cloud.names(), [("a".to_owned(), "two".to_owned()), ("b".to_owned(), String::new())]);
    // The very incarnations of the plan were made.
    let planned: Vec<_> = plan.plan().steps.iter().map(|step| step.kind.incarnation().clone()).collect();
    let made: Vec<_> = stack.resources().await.unwrap().into_iter().map(|view| view.incarnation).collect();
    assert_eq!(planned, made);
    // The hidden value is the one that was planned: another update with it changes nothing.
    let same = Update::existing().parameter("word", "hunter2-word");
    assert!(stack.preview_update(&same).await.unwrap().is_empty());
    assert_eq!(stale(engine.apply(&plan).await), ["it was applied already"]);
}

#[tokio::test(start_paused = true)]
async fn an_update_is_applied_exactly_and_refused_when_anything_has_moved() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = pair(&engine).await;
    let update = Update::existing().parameter("value", "two").parameter("word", "hunter2-new");
    let plan = carried(&stack.plan_update(&update).await.unwrap());
    assert!(matches!(&plan.plan().steps[0].kind, StepKind::Update { changes, .. } if changes.len() == 2));

    // A record that moves without a new revision.
    stack.mark_unhealthy("b", true, Some("it smells")).await.unwrap();
    let because = stale(engine.apply(&plan).await);
    assert!(because.contains(&"resources.b: status was COMPLETE, and is FAILED".to_owned()), "{because:?}");
    assert!(because.iter().all(|reason| reason.starts_with("resources.b: ")), "{because:?}");
    stack.mark_unhealthy("b", false, None).await.unwrap();
    assert!(!stale(engine.apply(&plan).await).is_empty(), "it was written since");

    let plan = carried(&stack.plan_update(&update).await.unwrap());
    cloud.journal();
    engine.apply(&plan).await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.journal(), ["update a"]);
    assert!(
        stack.preview_update(&Update::existing().parameter("word", "hunter2-new")).await.unwrap().is_empty()
    );
    let because = stale(engine.apply(&plan).await);
    assert!(because[0].starts_with("the stack: its revision was "), "{because:?}");
}

#[tokio::test(start_paused = true)]
async fn deletion_check_suspension_and_rollback_are_planned_and_applied() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = pair(&engine).await;
    for act in [Act::Check, Act::Suspend, Act::Resume] {
        let plan = carried(&stack.plan_act(act).await.unwrap());
        assert_eq!(plan.action(), act.action());
        engine.apply(&plan).await.unwrap();
        complete(&stack).await;
        stale(engine.apply(&plan).await);
    }
    // A failed update that is left as it is, and the way back.
    let a = stack.resource("b").await.unwrap().physical_resource_id;
    cloud.script("update", a, Fault::Refuse(heat_plugin_sdk::Failure::denied("no")));
    let broken = PAIR.replace("name: b,", "name: b, value: other,");
    let update = Update::to(template(&broken)).parameter("value", "two").on_failure(OnFailure::Stop);
    stack.update(update).await.unwrap();
    assert_eq!(stack.finished().await.unwrap().stack_status, "UPDATE_FAILED");
    let plan = carried(&stack.plan_rollback().await.unwrap());
    assert_eq!(plan.action(), Action::Rollback);
    engine.apply(&plan).await.unwrap();
    assert_eq!(stack.finished().await.unwrap().stack_status, "ROLLBACK_COMPLETE");
    assert_eq!(cloud.names()[0], ("a".to_owned(), "one".to_owned()));
    assert!(matches!(stack.plan_rollback().await, Err(EngineError::State { .. })), "it is what it was");
    let plan = carried(&stack.plan_delete().await.unwrap());
    engine.apply(&plan).await.unwrap();
    assert_eq!(stack.finished().await.unwrap().stack_status, "DELETE_COMPLETE");
    assert!(cloud.objects().is_empty());
    assert!(matches!(engine.apply(&plan).await, Err(EngineError::NoSuchStack { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_was_changed_or_comes_from_elsewhere_is_refused() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = pair(&engine).await;
    let plan = stack.plan_update(&Update::existing().parameter("value", "two")).await.unwrap();
    let text = plan.to_json().unwrap();
    let changed = text.replace("\"two\"", "\"six\"");
    assert_ne!(text, changed);
    assert_eq!(reason(SavedPlan::from_json(&changed)), "it was changed since it was made");
    assert_eq!(reason(SavedPlan::from_json("[]")), "it is not a JSON object");
    assert_eq!(reason(SavedPlan::from_json("{")), "it is not JSON");
    assert_eq!(reason(SavedPlan::from_json("{\"a\": 1}")), "it is not a plan that was saved");
    let newer = text.replace("\"heat_plan\": 1", "\"heat_plan\": 9");
    assert!(reason(SavedPlan::from_json(&newer)).contains("version 9"));
    // Without its seal nobody can tell whether it is genuine.
    let mut form: Value = serde_json::from_str(&text).unwrap();
    form.as_object_mut().unwrap().remove("sealed");
    let unsealed = SavedPlan::from_json(&form.to_string()).unwrap();
    assert!(reason(engine.apply(&unsealed).await).contains("genuine"));
    // A parameter that it holds is not another one by word of mouth.
    assert!(reason(engine.apply(&plan.clone().parameter("value", "six")).await).contains("as it is"));
    engine.apply(&plan).await.unwrap();
    complete(&stack).await;
}

#[tokio::test(start_paused = true)]
async fn without_keys_secrets_are_left_out_and_given_again() {
    let cloud = Cloud::new(1);
    let engine = builder(&cloud, &MemoryStore::new()).secrets_in_clear().build().await.unwrap();
    let stack = pair(&engine).await;
    let update = Update::existing().parameter("word", "hunter2-new");
    let plan = carried(&stack.plan_update(&update).await.unwrap());
    assert!(!plan.to_json().unwrap().contains("hunter2"));
    assert_eq!(plan.withheld().collect::<Vec<_>>(), ["word"]);
    assert!(reason(engine.apply(&plan).await).contains("the value of the parameter word is not in it"));
    engine.apply(&plan.parameter("word", "hunter2-new")).await.unwrap();
    complete(&stack).await;
    // What is recorded need not be given.
    let plan = stack.plan_update(&Update::existing().parameter("value", "two")).await.unwrap();
    assert_eq!(plan.withheld().count(), 0);
    engine.apply(&carried(&plan)).await.unwrap();
    complete(&stack).await;
    assert!(stack.preview_update(&update).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn another_version_of_a_plugin_is_another_plan() {
    let (cloud, store) = (Cloud::new(1), MemoryStore::new());
    let version = |version: &str| {
        let registry = Registry::new().with(plugin(&cloud).version(version));
        Engine::builder().registry(registry).store(store.clone()).secrets_in_clear().build()
    };
    let old = version("1.0").await.unwrap();
    let stack = pair(&old).await;
    let plan = stack.plan_update(&Update::existing().parameter("value", "two")).await.unwrap();
    let new = version("1.1").await.unwrap();
    assert_eq!(stale(new.apply(&plan).await), ["plugin test was 1.0, and is 1.1"]);
    old.apply(&plan).await.unwrap();
}

const BOX: &str = "
heat_template_version: 2021-04-16
parameters: {value: {type: string}}
resources:
  core: {type: 'Test::Keyed', properties: {name: core, value: {get_param: value}}}
";

#[tokio::test(start_paused = true)]
async fn what_is_inside_is_planned_and_guarded_too() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let outer = "
parameters: {value: {type: string, default: one}}
resources: {box: {type: box.yaml, properties: {value: {get_param: value}}}}
";
    let new = NewStack::new("outer", template(outer)).files([("box.yaml", BOX)].into_iter().collect());
    let stack = engine.apply(&carried(&engine.plan_create(&new).await.unwrap())).await.unwrap();
    complete(&stack).await;
    let plan = carried(&stack.plan_update(&Update::existing().parameter("value", "two")).await.unwrap());
    let inside = stack.nested_resources(1).await.unwrap()[1].stack.clone();
    let nested = engine.stack("default", inside.as_str()).await.unwrap();
    nested.mark_unhealthy("core", true, None).await.unwrap();
    let because = stale(engine.apply(&plan).await);
    assert!(
        because.contains(&"resources.box.resources.core: status was COMPLETE, and is FAILED".to_owned()),
        "{because:?}"
    );
    let plan = carried(&stack.plan_update(&Update::existing().parameter("value", "two")).await.unwrap());
    engine.apply(&plan).await.unwrap();
    complete(&stack).await;
    assert_eq!(cloud.names(), [("core".to_owned(), "two".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_was_applied_goes_on_after_a_crash() {
    for dies in 0..12 {
        let (cloud, store) = (Cloud::new(1), MemoryStore::new());
        cloud.set_weather(Weather { working: 500, ..Weather::default() });
        let living = start(&store, &cloud, 1, None, true).await.unwrap().unwrap();
        let stack = pair(&living.engine).await;
        let changed =
            PAIR.replace("name: b,", "name: c,") + "  d: {type: 'Test::Named', properties: {name: d}}\n";
        let plan =
            stack.plan_update(&Update::to(template(&changed)).parameter("value", "two")).await.unwrap();
        drop((stack, living));
        let mortal = start(&store, &cloud, 2, Some(dies), dies % 2 == 0).await.unwrap().unwrap();
        let ran = support::process::alive(&mortal.life, async {
            let stack = mortal.engine.apply(&plan).await.unwrap();
            stack.finished().await.unwrap();
        })
        .await;
        drop(mortal);
        let next = start(&store, &cloud, 3, None, true).await.unwrap().unwrap();
        let stack = next.engine.stack("default", "pair").await.unwrap();
        stack.finished().await.unwrap();
        // If it had not begun, it is begun now; if it had, it is not begun twice.
        match next.engine.apply(&plan).await {
            Ok(_) => assert!(ran.is_none()),
            Err(EngineError::StalePlan { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        complete(&stack).await;
        let names: Vec<_> = cloud.names().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "c", "d"], "after {dies} writes");
        let planned = plan.plan().steps.iter().filter(|step| !step.kind.is_delete());
        let planned: std::collections::BTreeSet<_> =
            planned.map(|step| step.kind.incarnation().clone()).collect();
        let made = stack.resources().await.unwrap().into_iter().map(|view| view.incarnation).collect();
        assert_eq!(planned, made, "the very incarnations of the plan");
    }
}
