//! Stacks that are handed over: exported, abandoned and adopted.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use heat_engine::record::OnFailure;
use heat_engine::store::{EventQuery, MemoryStore, StackQuery};
use heat_engine::{Engine, NewStack, Stack, Update};
use heat_plugin_sdk::Registry;
use heat_template::Files;
use serde_json::{Value, json};
use support::cloud::{Cloud, Weather, plugin};
use support::process::{alive, start};
use support::{stack_of, template as parse};

fn template(text: &str) -> heat_template::Template {
    parse(&format!("heat_template_version: 2021-04-16\n{text}"))
}

async fn engine(cloud: &Cloud) -> Engine {
    Engine::builder().registry(Registry::new().with(plugin(cloud))).build().await.unwrap()
}

async fn must_be(stack: &Stack, status: &str) -> String {
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, status, "{}", view.stack_status_reason);
    view.stack_status_reason
}

const TEMPLATE: &str = "
parameters:
  word: {type: string, hidden: true}
resources:
  a: {type: 'Test::Keyed', metadata: {role: first}, properties: {name: a, value: {get_param: word}}}
  b: {type: 'Test::Named', properties: {name: b, links: [{get_resource: a}]}}
  pass: {type: OS::Heat::RandomString}
  told: {type: OS::Heat::Value, properties: {value: {get_attr: [b, name]}}}
  pair: {type: OS::Heat::ResourceGroup, properties: {count: 2, resource_def: {type: box.yaml}}}
outputs:
  pass: {value: {get_attr: [pass, value]}}
";

const BOX: &str =
    "heat_template_version: 2021-04-16\nresources: {core: {type: 'Test::Keyed', properties: {name: core}}}\n";

fn new() -> NewStack {
    let files: Files = [("box.yaml", BOX)].into_iter().collect();
    NewStack::new("s", template(TEMPLATE)).files(files).parameter("word", "hush").tags(["x".to_owned()])
}

async fn made(cloud: &Cloud) -> (Engine, Stack) {
    let engine = engine(cloud).await;
    let stack = engine.create(new()).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    cloud.journal();
    (engine, stack)
}

#[tokio::test(start_paused = true)]
async fn an_export_has_the_keys_that_heat_gives() {
    let cloud = Cloud::new(1);
    let (_, stack) = made(&cloud).await;
    let data = stack.export().await.unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let frame =
        "name id action environment files status template resources project_id stack_user_project_id tags";
    assert_eq!(keys(&data), frame);
    assert_eq!((&data["action"], &data["status"]), (&json!("CREATE"), &json!("COMPLETE")));
    assert_eq!(
        data["environment"],
        json!({"resource_registry": {"resources": {}}, "parameters": {"word": "hush"}, "parameter_defaults": {}, "event_sinks": []})
    );
    assert_eq!(data["files"], json!({"box.yaml": BOX}));
    assert_eq!((&data["tags"], &data["stack_user_project_id"]), (&json!(["x"]), &Value::Null));
    let a = &data["resources"]["a"];
    assert_eq!(keys(a), "name resource_id type action status metadata resource_data");
    assert_eq!((&a["resource_id"], &a["metadata"]), (&json!("id-1"), &json!({"role": "first"})));
    let word = stack.output("pass").await.unwrap();
    assert_eq!(data["resources"]["pass"]["resource_data"], json!({"value": word}));
    // A nested stack stands in the place of its resource, as a stack.
    let inner = &data["resources"]["pair"]["resources"]["1"];
    assert_eq!(keys(inner), frame);
    assert_eq!(inner["resources"]["core"]["type"], "Test::Keyed");
    assert_eq!(stack.show().await.unwrap().stack_status, "CREATE_COMPLETE", "nothing was done");
}

#[tokio::test(start_paused = true)]
async fn what_is_abandoned_stays_and_can_be_adopted_as_it_was() {
    let cloud = Cloud::new(2);
    let (engine, stack) = made(&cloud).await;
    let pass = stack.output("pass").await.unwrap();
    let objects: Vec<String> = cloud.objects().into_keys().collect();
    let plan = stack.preview_abandon().await.unwrap();
    assert!(plan.abandons && plan.to_text().contains("forget, the real thing stays"), "{}", plan.to_text());
    let data = stack.abandon().await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
    assert_eq!(cloud.journal(), [""; 0], "nothing was removed");
    let all = StackQuery { nested: true, ..StackQuery::default() };
    assert!(engine.all_stacks(&all).await.unwrap().is_empty(), "nothing is left of the nested ones either");

    let adopting = || NewStack::from_export("t", &data).unwrap();
    let shown = engine.preview_adopt(&adopting(), &data).await.unwrap().to_text();
    assert!(shown.contains("adopt id-1, which exists"), "{shown}");
    let stack = engine.adopt(adopting(), &data).await.unwrap();
    assert_eq!(must_be(&stack, "ADOPT_COMPLETE").await, "Stack ADOPT completed successfully");
    assert_eq!(cloud.journal(), [""; 0], "nothing was made or changed");
    assert_eq!(cloud.objects().into_keys().collect::<Vec<_>>(), objects);
    for view in stack.nested_resources(9).await.unwrap() {
        assert_eq!(view.resource_status, "ADOPT_COMPLETE", "{}", view.path);
    }
    assert_eq!(stack.output("pass").await.unwrap(), pass);
    assert_eq!(stack.resource("b").await.unwrap().attributes["name"], "b");
    // It is what it was: an update finds nothing to do, a change is made in place, and a deletion removes all.
    let plan = stack.preview_update(&Update::existing()).await.unwrap();
    assert!(plan.is_empty(), "{}", plan.to_text());
    stack.update(Update::existing().parameter("word", "louder")).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    assert_eq!(cloud.journal(), ["update a"]);
    stack.delete().await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
    assert!(cloud.objects().is_empty());
}

#[tokio::test(start_paused = true)]
async fn data_of_heat_are_adopted_and_parameters_of_the_request_count_before() {
    let cloud = Cloud::new(3);
    cloud.put("there", "there", "old");
    // As Heat's own tests have it.
    let data = json!({
        "status": "COMPLETE", "name": "before", "action": "CREATE", "id": "8532f0d3-ea84-444e-b2bb-2543bb1496a4",
        "environment": {"parameters": {"word": "foo"}, "encrypted_param_names": []},
        "template": {
            "heat_template_version": "2013-05-23",
            "parameters": {"word": {"type": "string"}},
            "resources": {"res1": {"type": "Test::Keyed", "properties": {"value": {"get_param": "word"}}}},
        },
        "resources": {"res1": {
            "status": "COMPLETE", "name": "database_password", "resource_id": "there", "action": "CREATE",
            "type": "Test::Keyed", "metadata": {},
        }},
    });
    let new = NewStack::from_export("after", &data).unwrap().parameter("word", "bar");
    let stack = engine(&cloud).await.adopt(new, &data).await.unwrap();
    must_be(&stack, "ADOPT_COMPLETE").await;
    let shown = stack.show().await.unwrap();
    assert_eq!(shown.parameters["word"], "bar");
    assert_eq!(stack.resource("res1").await.unwrap().physical_resource_id, "there");
    let events = stack.recorded_events(&EventQuery::default()).await.unwrap();
    let told: Vec<String> = events
        .iter()
        .map(|(_, event)| format!("{} {}_{}", event.resource, event.action, event.status))
        .collect();
    let expected =
        ["after ADOPT_IN_PROGRESS", "res1 ADOPT_IN_PROGRESS", "res1 ADOPT_COMPLETE", "after ADOPT_COMPLETE"];
    assert_eq!(told, expected);
    assert!(NewStack::from_export("none", &json!({"resources": {}})).is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_or_not_named_fails_and_nothing_is_removed() {
    for rollback in [false, true] {
        let cloud = Cloud::new(4);
        let (engine, stack) = made(&cloud).await;
        let mut data = stack.abandon().await.unwrap();
        must_be(&stack, "DELETE_COMPLETE").await;
        cloud.lose_object("b");
        data["resources"]["pair"]["resources"]["0"]["resources"]["core"]["resource_id"] = Value::Null;
        let before = cloud.objects().len();
        let on_failure = if rollback { OnFailure::Rollback } else { OnFailure::Continue };
        let new = NewStack::from_export("t", &data).unwrap().on_failure(on_failure);
        let stack = engine.adopt(new, &data).await.unwrap();
        let status = if rollback { "ROLLBACK_COMPLETE" } else { "ADOPT_FAILED" };
        must_be(&stack, status).await;
        assert_eq!(cloud.objects().len(), before, "what the stack did not make stays");
        assert_eq!(cloud.journal(), [""; 0]);
        if rollback {
            assert!(stack.resources().await.unwrap().is_empty());
        } else {
            let mut failed: Vec<(String, String)> = stack
                .nested_resources(9)
                .await
                .unwrap()
                .into_iter()
                .filter(|view| view.resource_status == "ADOPT_FAILED" && view.nested.is_none())
                .map(|view| (view.path, view.resource_status_reason))
                .collect();
            failed.sort();
            assert_eq!(failed[0].0, "b");
            assert!(failed[0].1.contains("is gone"), "{failed:?}");
            assert_eq!(failed[1].0, "pair/0/core");
            assert!(failed[1].1.contains("Resource ID was not provided."), "{failed:?}");
        }
        stack.delete().await.unwrap();
        must_be(&stack, "DELETE_COMPLETE").await;
        // What was adopted was the stack's own by then; what was not adopted stays.
        assert_eq!(cloud.objects().len(), if rollback { before } else { 1 });
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_dies_neither_removes_nor_makes_anything() {
    for dies in 0..26 {
        let cloud = Cloud::new(5);
        let (engine, stack) = made(&cloud).await;
        let data = stack.abandon().await.unwrap();
        must_be(&stack, "DELETE_COMPLETE").await;
        drop((engine, stack));
        cloud.set_weather(Weather { latency: 50, ..Weather::default() });
        let store = MemoryStore::new();
        let Some(Ok(mortal)) = start(&store, &cloud, 2, Some(dies), dies % 2 == 0).await else { continue };
        let new = NewStack::from_export("t", &data).unwrap();
        let _ = alive(&mortal.life, async {
            let stack = mortal.engine.adopt(new, &data).await.unwrap();
            stack.finished().await.ok();
            stack.abandon().await.ok();
            stack.finished().await.ok();
        })
        .await;
        drop(mortal);
        let process = start(&store, &cloud, 3, None, true).await.unwrap().unwrap();
        if process.engine.stack("default", "t").await.is_ok() {
            let stack = stack_of(&process.engine, "t").await;
            let view = stack.finished().await.unwrap();
            assert!(["ADOPT_COMPLETE", "DELETE_COMPLETE"].contains(&view.stack_status.as_str()), "{view:?}");
            if view.stack_status == "ADOPT_COMPLETE" {
                stack.abandon().await.unwrap();
                must_be(&stack, "DELETE_COMPLETE").await;
            }
        }
        assert_eq!(cloud.journal(), [""; 0], "dies after {dies}");
        assert_eq!(cloud.objects().len(), 4, "dies after {dies}");
    }
}
