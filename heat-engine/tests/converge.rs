//! Updates that start from what is really there, and what is shown of a stack.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use heat_engine::plan::StepKind;
use heat_engine::{Engine, EngineError, NewStack, Stack, Update};
use heat_plugin_sdk::{Failure, Registry};
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{Environment, Files};
use serde_json::json;
use support::cloud::{Cloud, Fault, plugin};
use support::template as parse;

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
resources:
  a: {type: 'Test::Keyed', properties: {name: a, value: one, place: here}}
  b: {type: 'Test::Keyed', properties: {name: b, value: {get_attr: [a, value]}, links: [{get_resource: a}]}}
  c: {type: 'Test::Named', properties: {name: c, value: three}}
  local: {type: OS::Heat::RandomString}
";

fn converging() -> Update {
    Update::existing().converge(true)
}

async fn made(cloud: &Cloud) -> Stack {
    let stack = engine(cloud).await.create(NewStack::new("s", template(TEMPLATE))).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    cloud.journal();
    stack
}

#[tokio::test(start_paused = true)]
async fn what_was_changed_beside_the_stack_is_changed_back() {
    let cloud = Cloud::new(1);
    let stack = made(&cloud).await;
    assert!(stack.preview_update(&converging()).await.unwrap().is_empty(), "nothing has drifted");
    cloud.change_object("id-1", |object| object.value = "else".to_owned());
    assert!(stack.preview_update(&Update::existing()).await.unwrap().is_empty(), "nobody looks");
    let plan = stack.preview_update(&converging()).await.unwrap();
    let shown = plan.to_text();
    assert!(plan.converges && shown.contains("update (value)"), "{shown}");
    stack.update(converging()).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    assert_eq!(cloud.journal()[0], "update a");
    assert_eq!(cloud.names()[0], ("a".to_owned(), "one".to_owned()));
    assert_eq!(cloud.names()[1], ("b".to_owned(), "one".to_owned()));
    assert!(stack.preview_update(&converging()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_changed_back_is_replaced_and_what_is_gone_is_made_again() {
    let cloud = Cloud::new(2);
    let stack = made(&cloud).await;
    cloud.change_object("id-1", |object| object.place = "moved".to_owned());
    cloud.lose_object("c");
    let plan = stack.preview_update(&converging()).await.unwrap();
    let replaced = plan.steps.iter().filter(|step| matches!(step.kind, StepKind::Create { .. })).count();
    assert_eq!(replaced, 2, "{}", plan.to_text());
    assert!(plan.to_text().contains("place!"), "{}", plan.to_text());
    stack.update(converging()).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    let names: Vec<String> = cloud.names().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert!(cloud.objects().values().all(|object| object.place != "moved"));
    assert!(stack.preview_update(&converging()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn another_template_counts_and_a_service_that_does_not_answer_is_told() {
    let cloud = Cloud::new(3);
    let stack = made(&cloud).await;
    cloud.change_object("id-1", |object| object.value = "two".to_owned());
    // It is what the new template wants already.
    let wanted = Update::to(template(&TEMPLATE.replace("one", "two"))).converge(true);
    stack.update(wanted).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    assert!(!cloud.journal().contains(&"update a".to_owned()));
    for _ in 0..3 {
        cloud.script("read", "id-1", Fault::Refuse(Failure::unavailable(None, "away")));
    }
    let refused = stack.update(converging()).await.unwrap_err();
    assert!(
        matches!(refused, EngineError::Service(_)) && refused.to_string().contains("resources.a"),
        "{refused}"
    );
    assert_eq!(stack.show().await.unwrap().stack_status, "UPDATE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn nested_stacks_converge_inside_also_where_they_are_planned_in_the_run() {
    let cloud = Cloud::new(4);
    let inside = "heat_template_version: 2021-04-16
parameters: {value: {type: string, default: plain}}
resources: {core: {type: 'Test::Keyed', properties: {name: core, value: {get_param: value}}}}
";
    let files: Files = [("box.yaml", inside)].into_iter().collect();
    let outer = "
resources:
  group: {type: OS::Heat::ResourceGroup, properties: {count: 2, resource_def: {type: box.yaml}}}
  a: {type: 'Test::Keyed', properties: {name: a, value: VALUE}}
  late: {type: box.yaml, properties: {value: {get_attr: [a, value]}}}
";
    let text = |value: &str| template(&outer.replace("VALUE", value));
    let new = NewStack::new("nest", text("first")).files(files.clone());
    let stack = engine(&cloud).await.create(new).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    let drift = || {
        for (id, object) in cloud.objects() {
            if object.name == "core" {
                cloud.change_object(&id, |object| object.value = "drifted".to_owned());
            }
        }
    };
    drift();
    stack.update(converging()).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    let values = || cloud.names().into_iter().map(|(_, value)| value).collect::<Vec<_>>();
    assert_eq!(values(), ["first", "first", "plain", "plain"]);
    // What `late` will be hangs on `a`.
    drift();
    stack.update(Update::to(text("second")).files(files).converge(true)).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    assert_eq!(values(), ["second", "plain", "plain", "second"]);
}

#[tokio::test(start_paused = true)]
async fn template_environment_and_files_are_shown_with_hidden_values_masked() {
    let cloud = Cloud::new(5);
    let inside = "heat_template_version: 2021-04-16
parameters: {deep: {type: string, hidden: true}, open: {type: string}}
resources: {core: {type: OS::Heat::Value, properties: {value: {get_param: deep}}}}
";
    let files: Files = [("box.yaml", inside)].into_iter().collect();
    let outer = template(
        "
parameters: {word: {type: string, hidden: true}, seen: {type: string}}
resources: {box: {type: box.yaml, properties: {open: {get_param: seen}}}}
",
    );
    let text = "parameters: {seen: visible}\nparameter_defaults: {deep: deep-secret}\n";
    let environment = Environment::parse(&mut SourceMap::new(), "e", text, &Limits::default()).value.unwrap();
    let new = NewStack::new("s", outer).files(files).environment(environment).parameter("word", "hush-hush");
    let engine = engine(&cloud).await;
    let stack = engine.create(new).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    let shown = stack.template().await.unwrap();
    assert_eq!(shown["resources"]["box"]["type"], "box.yaml");
    let shown = stack.environment().await.unwrap();
    assert_eq!(shown["parameters"], json!({"seen": "visible", "word": "******"}));
    assert_eq!(shown["parameter_defaults"], json!({"deep": "******"}), "hidden in a nested template");
    assert_eq!(stack.files().await.unwrap()["box.yaml"], inside);
    let nested = stack.resource("box").await.unwrap().nested.unwrap();
    let nested = engine.stack("default", nested.as_str()).await.unwrap();
    assert_eq!(nested.template().await.unwrap()["resources"]["core"]["type"], "OS::Heat::Value");
    let inner = nested.environment().await.unwrap();
    assert_eq!(inner["parameters"]["open"], "visible");
    assert!(!inner.to_string().contains("secret"), "{inner}");
    stack.delete().await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
    assert!(matches!(stack.template().await, Err(EngineError::NoSuchStack { .. })));
}
