//! Stacks on a cloud, run by the engine: one definition for the simulated cloud and for the real one.

pub(crate) mod availability_zones;
pub(crate) mod configurations;
pub(crate) mod every_type;
pub(crate) mod external_id;
pub(crate) mod image_id;
pub(crate) mod interface_by_port;
pub(crate) mod inventory;
pub(crate) mod replacement;
pub(crate) mod replacements;
pub(crate) mod snapshot;
pub(crate) mod suspension;
pub(crate) mod web_tier;

use std::collections::BTreeMap;

use heat_engine::record::OnFailure;
use heat_engine::{Engine, EngineError, NewStack, Stack, StackView, Update};
use heat_plugin_sdk::Registry;
use heat_plugins_openstack::client::Client;
use heat_template::source::SourceMap;
use heat_template::{ParseOptions, Template};
use inventory::Inventory;
use serde_json::{Value, json};

use crate::site::Site;

/// A cloud, an engine, and what the project held before the test.
pub(crate) struct Ground {
    pub(crate) site: Site,
    pub(crate) client: Client,
    engine: Engine,
    prefix: String,
    before: Inventory,
}

impl Ground {
    /// `test` is part of every name that the test gives.
    pub(crate) async fn new(site: Site, test: &str) -> Self {
        let client = heat_plugins_openstack::connect(site.credentials.clone()).await.unwrap();
        let registry = Registry::new().with(heat_plugins_openstack::plugin());
        let engine = Engine::builder().registry(registry).build().await.unwrap();
        let prefix = format!("heat-{}-{test}", std::process::id());
        let before = Inventory::take(&client, &prefix).await;
        Self { site, client, engine, prefix, before }
    }

    /// A name that nobody else gives.
    pub(crate) fn name(&self, what: &str) -> String {
        format!("{}-{what}", self.prefix)
    }

    /// A number that no test beside this one has, below `limit`.
    pub(crate) fn number(&self, limit: u32) -> u32 {
        // FNV-1a
        let hash = self
            .prefix
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        hash % limit
    }

    /// What the test made, as the services tell it.
    pub(crate) async fn made(&self) -> Inventory {
        Inventory::take(&self.client, &self.prefix).await.since(&self.before)
    }

    /// Creates a stack, which must succeed.
    pub(crate) async fn create(&self, template: &Value) -> Stack {
        self.create_with(template, &json!({})).await
    }

    /// Creates a stack beside the others, which must succeed.
    pub(crate) async fn create_as(&self, name: &str, template: &Value) -> Stack {
        let stack = self.try_to_create(name, template).await.unwrap();
        must_be("CREATE_COMPLETE", &stack.finished().await.unwrap());
        stack
    }

    /// Asks for a stack beside the others.
    pub(crate) async fn try_to_create(&self, name: &str, template: &Value) -> Result<Stack, EngineError> {
        let new = NewStack::new(self.name(name), parsed(template)).owner(self.site.credentials.clone());
        self.engine.create(new).await
    }

    /// Creates a stack with values of parameters.
    pub(crate) async fn create_with(&self, template: &Value, parameters: &Value) -> Stack {
        let new = NewStack::new(self.name("stack"), parsed(template))
            .owner(self.site.credentials.clone())
            .parameters(parameters.as_object().unwrap().clone());
        let stack = self.engine.create(new).await.unwrap();
        must_be("CREATE_COMPLETE", &stack.finished().await.unwrap());
        stack
    }
}

/// What becomes of a failed update.
pub(crate) const STOP: OnFailure = OnFailure::Stop;
/// What becomes of a failed update.
pub(crate) const ROLLBACK: OnFailure = OnFailure::Rollback;

/// Updates a stack to a template; `status` is how it must end.
pub(crate) async fn update(stack: &Stack, template: &Value, on_failure: OnFailure, status: &str) {
    stack.update(Update::to(parsed(template)).on_failure(on_failure)).await.unwrap();
    must_be(status, &stack.finished().await.unwrap());
}

/// Deletes a stack, which must succeed.
pub(crate) async fn delete(stack: &Stack) {
    stack.delete().await.unwrap();
    must_be("DELETE_COMPLETE", &stack.finished().await.unwrap());
}

pub(crate) fn must_be(status: &str, view: &StackView) {
    assert_eq!(view.stack_status, status, "{}", view.stack_status_reason);
}

/// The incarnation of each resource: another one where it was replaced.
pub(crate) async fn incarnations(stack: &Stack) -> BTreeMap<String, String> {
    let resources = stack.resources().await.unwrap();
    resources
        .into_iter()
        .map(|resource| (resource.resource_name, resource.incarnation.as_str().to_owned()))
        .collect()
}

/// The physical id of each resource.
pub(crate) async fn physical_ids(stack: &Stack) -> BTreeMap<String, String> {
    let resources = stack.resources().await.unwrap();
    resources.into_iter().map(|resource| (resource.resource_name, resource.physical_resource_id)).collect()
}

/// A template of these resources.
pub(crate) fn template(resources: Value) -> Value {
    json!({"heat_template_version": "2021-04-16", "resources": resources})
}

fn parsed(template: &Value) -> Template {
    let text = template.to_string();
    let parsed = Template::parse(&mut SourceMap::new(), "template.json", &text, &ParseOptions::default());
    assert!(!parsed.has_errors(), "{:#?}", parsed.diagnostics);
    parsed.value.unwrap()
}

/// A template of the project's examples, as data.
pub(crate) fn example(name: &str) -> Value {
    let path = format!("{}/../examples/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

/// Puts `changes` over `base`, map by map; null takes an entry away.
pub(crate) fn merge(base: &mut Value, changes: &Value) {
    match (base, changes) {
        (Value::Object(base), Value::Object(changes)) => {
            for (key, value) in changes {
                if value.is_null() {
                    base.shift_remove(key);
                } else {
                    merge(base.entry(key.clone()).or_insert(Value::Null), value);
                }
            }
        }
        (base, changes) => *base = changes.clone(),
    }
}
