//! What comes from hidden parameters and generated secrets is sealed wherever a template carries it.
#![allow(clippy::unwrap_used, clippy::panic)]

use heat_engine::run::Clock;
use heat_engine::seal::KeyRing;
use heat_engine::store::testing::Recorder;
use heat_engine::store::{MemoryStore, Store};
use heat_engine::{Engine, NewStack, Stack, Update};
use heat_template::source::SourceMap;
use heat_template::{ParseOptions, Template};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

const SECRET: &str = "hunter2";

async fn engine() -> (Engine, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::new(Arc::new(MemoryStore::new())));
    let store = Arc::clone(&recorder) as Arc<dyn Store>;
    let keys = KeyRing::generate().unwrap();
    (
        Engine::builder()
            .shared_store(store)
            .keys(keys)
            .clock(Clock::simulated(Timestamp::UNIX_EPOCH))
            .build()
            .await
            .unwrap(),
        recorder,
    )
}

fn template(text: &str) -> Template {
    let parsed = Template::parse(&mut SourceMap::new(), "template.yaml", text, &ParseOptions::default());
    parsed.value.unwrap_or_else(|| panic!("{:#?}", parsed.diagnostics))
}

async fn complete(stack: &Stack) {
    let view = stack.finished().await.unwrap();
    assert!(view.is_complete(), "{view:#?}");
}

/// Nothing that reached the store tells this text.
fn assert_sealed(recorder: &Recorder, text: &str) {
    for commit in recorder.commits() {
        for write in &commit.writes {
            // Sealed bytes are numbers here, so only what is in clear can be found.
            let row = serde_json::to_string(write).unwrap();
            assert!(!row.contains(text), "{text} lies in clear: {row}");
        }
    }
}

const CARRIED: &str = "
heat_template_version: 2021-04-16
parameters:
  open: {type: string, default: visible}
  token: {type: string, hidden: true}
resources:
  direct: {type: OS::Heat::TestResource, properties: {value: {get_param: token}}}
  joined: {type: OS::Heat::Value, properties: {value: {list_join: ['-', [a, {get_param: token}]]}}}
  nested: {type: OS::Heat::Value, properties: {value: {deep: [{get_attr: [joined, value]}]}}}
  far: {type: OS::Heat::TestResource, properties: {value: {get_attr: [nested, value, deep, 0]}}}
  marked: {type: OS::Heat::Value, properties: {value: {get_param: open}}, metadata: {token: {get_param: token}}}
outputs:
  far: {value: {get_attr: [far, output]}}
";

#[tokio::test(start_paused = true)]
async fn a_hidden_parameter_is_sealed_wherever_the_template_carries_it() {
    let (engine, recorder) = engine().await;
    let new = NewStack::new("carried", template(CARRIED)).parameter("token", SECRET);
    let stack = engine.create(new).await.unwrap();
    complete(&stack).await;
    assert_eq!(stack.output("far").await.unwrap(), json!("a-hunter2"));
    let shown = format!("{:?}", stack.resources().await.unwrap());
    assert!(!shown.contains(SECRET) && shown.contains("nested"), "{shown}");
    assert_sealed(&recorder, SECRET);
    stack.update(Update::existing().parameter("token", "hunter2-again")).await.unwrap();
    complete(&stack).await;
    assert_eq!(stack.output("far").await.unwrap(), json!("a-hunter2-again"));
    stack.delete().await.unwrap();
    stack.finished().await.unwrap();
    assert_sealed(&recorder, SECRET);
    let commits = serde_json::to_string(&recorder.commits()).unwrap();
    assert!(commits.contains("visible"), "what is not hidden can be looked at");
}

#[tokio::test(start_paused = true)]
async fn a_property_that_begins_to_be_hidden_is_sealed_from_its_intent_on() {
    let (engine, recorder) = engine().await;
    let text = |value: &str| {
        format!(
            "
heat_template_version: 2021-04-16
parameters: {{token: {{type: string, hidden: true}}}}
resources:
  thing: {{type: OS::Heat::TestResource, properties: {{value: {value}}}}}
"
        )
    };
    let new = NewStack::new("begins", template(&text("open"))).parameter("token", SECRET);
    let stack = engine.create(new).await.unwrap();
    complete(&stack).await;
    stack.update(Update::to(template(&text("{get_param: token}"))).parameter("token", SECRET)).await.unwrap();
    complete(&stack).await;
    assert_sealed(&recorder, SECRET);
}

#[tokio::test(start_paused = true)]
async fn a_generated_secret_is_sealed_where_it_is_made_and_where_it_goes() {
    let (engine, recorder) = engine().await;
    let text = "
heat_template_version: 2021-04-16
resources:
  password: {type: OS::Heat::RandomString}
  by_attribute: {type: OS::Heat::TestResource, properties: {value: {get_attr: [password, value]}}}
  by_reference: {type: OS::Heat::TestResource, properties: {value: {get_resource: password}}}
  onward: {type: OS::Heat::Value, properties: {value: {get_attr: [by_reference, output]}}}
outputs:
  attribute: {value: {get_attr: [by_attribute, output]}}
  reference: {value: {get_attr: [onward, value]}}
";
    let stack = engine.create(NewStack::new("generated", template(text))).await.unwrap();
    complete(&stack).await;
    let Value::String(password) = stack.output("attribute").await.unwrap() else { panic!() };
    assert_eq!(password.len(), 32);
    assert_eq!(stack.output("reference").await.unwrap(), json!(password));
    assert_sealed(&recorder, &password);
}

const HOLDER: &str = "
heat_template_version: 2021-04-16
parameters:
  token: {type: string, hidden: true}
resources:
  box: {type: box.yaml, properties: {value: {get_param: token}, open: visible}}
  group:
    type: OS::Heat::ResourceGroup
    properties: {count: 2, resource_def: {type: box.yaml, properties: {value: {get_param: token}, open: '%index%'}}}
  after: {type: OS::Heat::TestResource, properties: {value: {get_attr: [box, told]}}}
  made: {type: made.yaml}
outputs:
  told: {value: {get_attr: [group, resource.1.told]}}
  password: {value: {get_attr: [made, password]}}
";

const HOLDER_BOX: &str = "
heat_template_version: 2021-04-16
parameters: {value: {type: string}, open: {type: string}}
resources:
  core: {type: OS::Heat::TestResource, properties: {value: {get_param: value}}}
outputs:
  told: {value: {get_attr: [core, output]}}
";

const MADE: &str = "
heat_template_version: 2021-04-16
resources:
  random: {type: OS::Heat::RandomString}
  user: {type: OS::Heat::TestResource, properties: {value: {get_attr: [random, value]}}}
outputs:
  password: {value: {get_attr: [random, value]}}
";

#[tokio::test(start_paused = true)]
async fn what_is_secret_is_sealed_in_nested_stacks_too() {
    let (engine, recorder) = engine().await;
    let files = [("box.yaml", HOLDER_BOX), ("made.yaml", MADE)].into_iter().collect();
    let new = NewStack::new("holder", template(HOLDER)).files(files).parameter("token", SECRET);
    let stack = engine.create(new).await.unwrap();
    complete(&stack).await;
    assert_eq!(stack.output("told").await.unwrap(), json!(SECRET));
    let password = stack.output("password").await.unwrap();
    let shown = format!("{:?}", stack.nested_resources(5).await.unwrap());
    assert!(!shown.contains(SECRET) && shown.contains("core"), "{shown}");
    stack.update(Update::existing().parameter("token", "hunter2-again")).await.unwrap();
    complete(&stack).await;
    assert_eq!(stack.output("told").await.unwrap(), json!("hunter2-again"));
    assert_sealed(&recorder, password.as_str().unwrap());
    stack.delete().await.unwrap();
    stack.finished().await.unwrap();
    assert_sealed(&recorder, SECRET);
    let commits = serde_json::to_string(&recorder.commits()).unwrap();
    assert!(commits.contains("visible"), "what is not hidden can be looked at");
}
