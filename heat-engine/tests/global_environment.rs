//! A global environment under the stacks of an engine.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use heat_engine::seal::KeyRing;
use heat_engine::store::MemoryStore;
use heat_engine::{Engine, EngineError, NewStack, Update};
use heat_template::environment::{Environment, GlobalEnvironment};
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{Files, ParseOptions, Template};
use std::sync::Arc;

const BOX: &str = "heat_template_version: 2021-04-16
parameters: {value: {type: string}}
resources: {core: {type: Op::Core, properties: {value: {get_param: value}}}}
outputs: {value: {value: {get_attr: [core, value]}}}
";

const OUTER: &str = "heat_template_version: 2021-04-16
resources: {box: {type: Op::Box, properties: {value: one}}}
outputs: {value: {value: {get_attr: [box, value]}}}
";

fn template(text: &str) -> Template {
    Template::parse(&mut SourceMap::new(), "t.yaml", text, &ParseOptions::default()).value.unwrap()
}

fn global() -> GlobalEnvironment {
    let environments = Files::from_iter([(
        "10-types.yaml",
        "resource_registry: {Op::Box: box.yaml, Op::Core: OS::Heat::Value}\n",
    )]);
    let files = Files::from_iter([("box.yaml", BOX)]);
    GlobalEnvironment::merge(&mut SourceMap::new(), &environments, &files, &Limits::default())
        .into_result()
        .unwrap()
        .0
}

#[tokio::test]
async fn types_of_a_global_environment_work_and_are_not_recorded() {
    let store = Arc::new(MemoryStore::new());
    let keys = KeyRing::generate().unwrap();
    let builder = || Engine::builder().shared_store(store.clone()).keys(keys.clone());
    let engine = builder().global_environment(global()).build().await.unwrap();
    let stack = engine.create(NewStack::new("s", template(OUTER))).await.unwrap();
    let done = stack.finished().await.unwrap();
    assert_eq!(done.stack_status, "CREATE_COMPLETE", "{}", done.stack_status_reason);
    assert_eq!(stack.output("value").await.unwrap(), "one");

    // An update of what is recorded goes by the global environment of the engine that makes it.
    let text = OUTER.replace("value: one", "value: two");
    stack.update(Update::existing().template(template(&text))).await.unwrap();
    assert!(stack.finished().await.unwrap().is_complete());
    assert_eq!(stack.output("value").await.unwrap(), "two");
    engine.shutdown().await;

    let without = builder().build().await.unwrap();
    let refused = without.create(NewStack::new("t", template(OUTER))).await.unwrap_err();
    assert!(matches!(refused, EngineError::Refused(_)), "{refused}");
    let stack = without.stack("default", "s").await.unwrap();
    let refused = stack.update(Update::existing().template(template(OUTER))).await.unwrap_err();
    assert!(matches!(refused, EngineError::Refused(_)), "{refused}");
    // What is there can still be deleted.
    stack.delete().await.unwrap();
    assert_eq!(stack.finished().await.unwrap().stack_status, "DELETE_COMPLETE");
}

#[tokio::test]
async fn the_environment_of_a_stack_comes_before_the_global_one() {
    let engine = Engine::builder().global_environment(global()).build().await.unwrap();
    let text = "resource_registry: {Op::Core: OS::Heat::TestResource}\n";
    let own = Environment::parse(&mut SourceMap::new(), "e.yaml", text, &Limits::default()).value.unwrap();
    let inner =
        "heat_template_version: 2021-04-16\nresources: {core: {type: Op::Core, properties: {value: x}}}\n";
    let stack = engine.create(NewStack::new("s", template(inner)).environment(own)).await.unwrap();
    assert!(stack.finished().await.unwrap().is_complete());
    let resources = stack.resources().await.unwrap();
    assert_eq!(resources[0].resource_type, "OS::Heat::TestResource");
}
