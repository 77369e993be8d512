//! Software configurations, as other resources find them.
#![allow(clippy::unwrap_used, clippy::panic)]

use heat_engine::{Engine, NewStack, Stack};
use heat_plugin_sdk::{
    Attributes, Context, Created, FindBasis, Finding, Observed, Operation, PhysicalId, Plugin, Progress,
    Properties, Registry, Resource, Result,
};
use heat_template::source::SourceMap;
use heat_template::{ParseOptions, Template};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Takes what a configuration holds, as a server does.
struct Taker;

#[derive(Debug, Clone, Deserialize, Properties)]
struct TakerProperties {
    /// The id of a configuration, or a text.
    data: String,
}

#[derive(Debug, Serialize, Attributes)]
struct TakerAttributes {
    /// What was taken.
    #[attribute(at_creation, type = any)]
    taken: Value,
}

impl Resource for Taker {
    const TYPE: &'static str = "Test::Taker";
    type Connection = ();
    type Properties = TakerProperties;
    type Attributes = TakerAttributes;

    async fn create(&self, cx: &Context<'_, Self>, p: &TakerProperties) -> Result<Created> {
        let taken = cx.software_configuration(&p.data).await?;
        Ok(Created::new(cx.name()).attribute("taken", taken.unwrap_or_else(|| json!(p.data))))
    }

    async fn read(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
        Ok(Some(Observed::ready()))
    }

    async fn delete(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
        Ok(())
    }

    async fn progress(
        &self,
        _: &Context<'_, Self>,
        _: &PhysicalId,
        _: &Operation<'_, TakerProperties>,
        _: Option<&Observed<Self>>,
    ) -> Result<Progress> {
        Ok(Progress::Done)
    }

    fn find_basis(&self, _: &TakerProperties) -> FindBasis {
        FindBasis::Key
    }

    async fn find(&self, _: &Context<'_, Self>, _: &TakerProperties) -> Result<Finding> {
        Ok(Finding::Absent)
    }
}

async fn engine() -> Engine {
    let registry = Registry::new().with(Plugin::new("test").resource(Taker));
    Engine::builder().registry(registry).build().await.unwrap()
}

async fn made(engine: &Engine, project: &str, name: &str, text: &str) -> Stack {
    let text = format!("heat_template_version: 2021-04-16\n{text}");
    let parsed = Template::parse(&mut SourceMap::new(), "t.yaml", &text, &ParseOptions::default());
    let template = parsed.value.unwrap_or_else(|| panic!("{:#?}", parsed.diagnostics));
    let stack = engine.create(NewStack::new(name, template).project(project)).await.unwrap();
    let view = stack.finished().await.unwrap();
    assert!(view.is_complete(), "{}", view.stack_status_reason);
    stack
}

const KEPT: &str = "
resources:
  script: {type: OS::Heat::SoftwareConfig, properties: {config: 'echo one'}}
  map: {type: OS::Heat::StructuredConfig, properties: {config: {a: [1]}}}
  cloud: {type: OS::Heat::CloudConfig, properties: {cloud_config: {hostname: web}}}
  text: {type: OS::Heat::RandomString}
  component:
    type: OS::Heat::SoftwareComponent
    properties: {configs: [{tool: script, config: 'echo all'}, {tool: script, actions: [DELETE]}]}
outputs:
  script: {value: {get_resource: script}}
  configs: {value: {get_attr: [component, configs]}}
";

fn taking(of: &str) -> String {
    format!(
        "resources:\n  taker: {{type: Test::Taker, properties: {{data: {of}}}}}\noutputs:\n  \
         taken: {{value: {{get_attr: [taker, taken]}}}}\n"
    )
}

#[tokio::test]
async fn a_configuration_is_found_by_the_id_of_its_resource() {
    let engine = engine().await;
    let text = format!(
        "{KEPT}  {}",
        ["script", "map", "cloud", "text"]
            .map(|name| format!("{name}_taken: {{value: {{get_attr: [{name}_taker, taken]}}}}\n  "))
            .concat()
    );
    let takers = ["script", "map", "cloud", "text"].map(|name| {
        format!("  {name}_taker: {{type: Test::Taker, properties: {{data: {{get_resource: {name}}}}}}}\n")
    });
    let text = text.replacen("resources:\n", &format!("resources:\n{}", takers.concat()), 1);
    let stack = made(&engine, "p", "own", &text).await;
    assert_eq!(stack.output("script_taken").await.unwrap(), "echo one");
    assert_eq!(stack.output("map_taken").await.unwrap(), json!({"a": [1]}));
    assert_eq!(stack.output("cloud_taken").await.unwrap(), "#cloud-config\nhostname: web\n");
    let random = stack.output("text_taken").await.unwrap();
    assert!(random.as_str().unwrap().len() >= 8, "what is no configuration is a text: {random}");
    assert_eq!(
        stack.output("configs").await.unwrap(),
        json!([
            {"actions": ["CREATE", "UPDATE"], "config": "echo all", "tool": "script"},
            {"actions": ["DELETE"], "config": null, "tool": "script"},
        ])
    );
}

#[tokio::test]
async fn it_is_known_in_its_project_only_and_as_long_as_it_lives() {
    let engine = engine().await;
    let kept = made(&engine, "p", "kept", KEPT).await;
    let id = kept.output("script").await.unwrap().as_str().unwrap().to_owned();
    assert_eq!(uuid::Uuid::parse_str(&id).unwrap().to_string(), id);
    let beside = made(&engine, "p", "beside", &taking(&id)).await;
    assert_eq!(beside.output("taken").await.unwrap(), "echo one");
    let other = made(&engine, "q", "other", &taking(&id)).await;
    assert_eq!(other.output("taken").await.unwrap(), json!(id), "another project has no such configuration");
    kept.delete().await.unwrap();
    kept.finished().await.unwrap();
    let late = made(&engine, "p", "late", &taking(&id)).await;
    assert_eq!(late.output("taken").await.unwrap(), json!(id));
}

#[tokio::test]
async fn an_action_of_a_component_has_one_configuration() {
    let engine = engine().await;
    let text = "heat_template_version: 2021-04-16
resources:
  component:
    type: OS::Heat::SoftwareComponent
    properties: {configs: [{tool: a, actions: [CREATE, CREATE]}, {tool: b, actions: [DELETE, CREATE]}]}
";
    let parsed = Template::parse(&mut SourceMap::new(), "t.yaml", text, &ParseOptions::default());
    let refused = engine.create(NewStack::new("twice", parsed.value.unwrap())).await.unwrap_err();
    assert!(refused.to_string().contains("more than one configuration for the same action"), "{refused}");
}
