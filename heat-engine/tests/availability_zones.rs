//! `Fn::GetAZs`: asked once for each request, and kept with the stack.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use heat_engine::seal::KeyRing;
use heat_engine::store::MemoryStore;
use heat_engine::{Engine, EngineError, NewStack, Update};
use heat_plugin_sdk::{Failure, Plugin, Registry};
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{Environment, Files, ParseOptions, Template};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const INNER: &str = "AWSTemplateFormatVersion: 2010-09-09
Resources: {all: {Type: 'OS::Heat::Value', Properties: {value: {'Fn::GetAZs': ''}}}}
Outputs: {zones: {Value: {'Fn::GetAtt': [all, value]}}}
";

const OUTER: &str = "heat_template_version: 2021-04-16
resources: {inner: {type: inner.yaml}}
outputs: {zones: {value: {get_attr: [inner, zones]}}}
";

/// A cloud that can be told what to say.
#[derive(Clone, Default)]
struct Cloud {
    zones: Arc<Mutex<Option<Vec<String>>>>,
    asked: Arc<AtomicUsize>,
}

impl Cloud {
    fn has(&self, zones: Option<&[&str]>) {
        *self.zones.lock().unwrap() =
            zones.map(|zones| zones.iter().map(|zone| (*zone).to_owned()).collect());
    }

    fn plugin(&self) -> Plugin {
        let cloud = self.clone();
        Plugin::new("cloud").availability_zones(move |_: Arc<()>| {
            cloud.asked.fetch_add(1, Ordering::Relaxed);
            let zones = cloud.zones.lock().unwrap().clone();
            async move { zones.ok_or_else(|| Failure::denied("not for you")) }
        })
    }
}

fn template(text: &str) -> Template {
    Template::parse(&mut SourceMap::new(), "t.yaml", text, &ParseOptions::default()).value.unwrap()
}

fn nested(name: &str) -> NewStack {
    NewStack::new(name, template(OUTER)).files(Files::from_iter([("inner.yaml", INNER)]))
}

#[tokio::test]
async fn zones_are_asked_for_once_and_stay_until_the_next_request() {
    let cloud = Cloud::default();
    cloud.has(Some(&["east", "west"]));
    let store = Arc::new(MemoryStore::new());
    let keys = KeyRing::generate().unwrap();
    let builder = || Engine::builder().shared_store(store.clone()).keys(keys.clone());
    let engine = builder().registry(Registry::new().with(cloud.plugin())).build().await.unwrap();
    let stack = engine.create(nested("s")).await.unwrap();
    assert!(stack.finished().await.unwrap().is_complete());
    assert_eq!(stack.output("zones").await.unwrap(), json!(["east", "west"]));
    let asked = cloud.asked.load(Ordering::Relaxed);
    assert_eq!(asked, 1, "by the nested stack and the outermost one together");

    // What is recorded was made with those zones, whatever there is by now and whoever looks at it.
    cloud.has(Some(&["north"]));
    engine.shutdown().await;
    let engine = builder().registry(Registry::new().with(cloud.plugin())).build().await.unwrap();
    let stack = engine.stack("default", "s").await.unwrap();
    assert_eq!(stack.output("zones").await.unwrap(), json!(["east", "west"]));
    assert_eq!(cloud.asked.load(Ordering::Relaxed), asked);

    stack.update(Update::existing()).await.unwrap();
    assert!(stack.finished().await.unwrap().is_complete());
    assert_eq!(stack.output("zones").await.unwrap(), json!(["north"]));
}

#[tokio::test]
async fn a_template_without_them_asks_nobody_and_one_that_has_them_is_refused_without_an_answer() {
    let cloud = Cloud::default();
    let engine = Engine::builder().registry(Registry::new().with(cloud.plugin())).build().await.unwrap();
    let text = "heat_template_version: 2021-04-16\nresources: {}\n";
    let stack = engine.create(NewStack::new("without", template(text))).await.unwrap();
    assert!(stack.finished().await.unwrap().is_complete());
    assert_eq!(cloud.asked.load(Ordering::Relaxed), 0);

    let refused = engine.create(nested("refused")).await.unwrap_err();
    assert!(matches!(&refused, EngineError::Service(failure) if failure.message().contains("not for you")));
    assert!(engine.stack("default", "refused").await.is_err(), "nothing is left behind");
}

#[tokio::test]
async fn without_a_cloud_only_what_needs_the_zones_fails() {
    let engine = Engine::builder().build().await.unwrap();
    let text = "AWSTemplateFormatVersion: 2010-09-09
Outputs: {zones: {Value: {'Fn::GetAZs': ''}}, other: {Value: fine}}
";
    let stack = engine.create(NewStack::new("outputs", template(text))).await.unwrap();
    assert!(stack.finished().await.unwrap().is_complete());
    assert_eq!(stack.output("other").await.unwrap(), "fine");
    let message = stack.output("zones").await.unwrap_err().to_string();
    assert!(message.contains("HT0304") || message.contains("not supported"), "{message}");

    let environment = "resource_registry: {}\n";
    let environment =
        Environment::parse(&mut SourceMap::new(), "e.yaml", environment, &Limits::default()).value.unwrap();
    let refused = engine.create(nested("resources").environment(environment)).await;
    let reason = match refused {
        Err(refused) => refused.to_string(),
        Ok(stack) => stack.finished().await.unwrap().stack_status_reason,
    };
    assert!(reason.contains("Fn::GetAZs"), "{reason}");
}
