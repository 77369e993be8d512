//! What comes from hidden parameters and generated secrets is sealed wherever a template carries it.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test stops where it fails")]

mod support;

use heat_engine::run::Clock;
use heat_engine::seal::KeyRing;
use heat_engine::store::testing::Recorder;
use heat_engine::store::{EventQuery, MemoryStore, Store};
use heat_engine::{Engine, NewStack, Stack, Update};
use heat_plugin_sdk::{Failure, Registry};
use heat_template::Files;
use heat_template::source::SourceMap;
use heat_template::{ParseOptions, Template};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use support::cloud::{Cloud, Fault, plugin};

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

/// What a service repeats of what it was sent.
const LONG: &str = "hunter2hunter2";

async fn engine_of(cloud: &Cloud) -> Engine {
    Engine::builder()
        .registry(Registry::new().with(plugin(cloud)))
        .store(MemoryStore::new())
        .keys(KeyRing::generate().unwrap())
        .clock(Clock::simulated(Timestamp::UNIX_EPOCH))
        .build()
        .await
        .unwrap()
}

/// All that a stack and those inside of it tell of how they are.
async fn said(stack: &Stack) -> String {
    let view = stack.show().await.unwrap();
    let mut said = format!("{} {}\n", view.stack_status, view.stack_status_reason);
    for resource in stack.nested_resources(5).await.unwrap() {
        writeln!(said, "{} {}", resource.resource_name, resource.resource_status_reason).unwrap();
    }
    let query = EventQuery { nested: true, ..EventQuery::default() };
    for (_, event) in stack.recorded_events(&query).await.unwrap() {
        writeln!(said, "{} {} {}", event.resource, event.status, event.reason).unwrap();
    }
    said
}

/// Makes a stack with the hidden parameter `token`, and gives it when it is done.
async fn with_token(engine: &Engine, text: &str, files: Files) -> Stack {
    let new = NewStack::new("s", template(text)).files(files).parameter("token", LONG);
    let stack = engine.create(new).await.unwrap();
    stack.finished().await.unwrap();
    stack
}

const TOKEN: &str = "heat_template_version: 2021-04-16\nparameters: {token: {type: string, hidden: true}}\n";

/// Keeps the log as text.
struct Log(Arc<Mutex<String>>);

struct Fields<'a>(&'a mut String);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        attributes.record(&mut Fields(&mut self.0.lock().unwrap()));
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut log = self.0.lock().unwrap();
        event.record(&mut Fields(&mut log));
        log.push('\n');
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test(start_paused = true)]
async fn what_a_service_repeats_of_a_secret_is_not_logged() {
    let log = Arc::new(Mutex::new(String::new()));
    let _guard = tracing::subscriber::set_default(Log(Arc::clone(&log)));
    let cloud = Cloud::new(1);
    let busy = Failure::unavailable(None, format!("busy with the password {LONG}"));
    cloud.script("create", "a", Fault::Refuse(busy));
    cloud.script("create", "a", Fault::Refuse(Failure::unauthenticated(format!("who is {LONG}?"))));
    let engine = engine_of(&cloud).await;
    let text = format!(
        "{TOKEN}resources:\n  a: {{type: Test::Keyed, properties: {{name: a, password: {{get_param: token}}}}}}\n"
    );
    let new = NewStack::new("s", template(&text)).parameter("token", LONG);
    let stack = engine.create(new).await.unwrap();
    let paused = stack.finished().await.unwrap_err().to_string();
    assert!(paused.contains("who is ******?"), "{paused}");
    let log = log.lock().unwrap().clone();
    assert!(log.contains("trying again") && log.contains("busy with the password ******"), "{log}");
    assert!(!log.contains(LONG), "{log}");
    let said = said(&stack).await;
    assert!(!said.contains(LONG), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_secret_of_the_parent_is_not_told_inside() {
    let boxed = "
heat_template_version: 2021-04-16
parameters: {value: {type: string}}
resources:
  core: {type: Test::Keyed, properties: {name: core, password: {get_param: value}}}
";
    let outer = "
heat_template_version: 2021-04-16
parameters: {value: {type: string}}
resources:
  box: {type: box.yaml, properties: {value: {list_join: ['-', [b, {get_param: value}]]}}}
";
    let joined = "{list_join: ['-', [a, {get_param: token}]]}";
    let in_group = format!("{{type: Test::Keyed, properties: {{name: core, password: {joined}}}}}");
    for resource in [
        format!("{{type: box.yaml, properties: {{value: {joined}}}}}"),
        format!("{{type: outer.yaml, properties: {{value: {joined}}}}}"),
        format!("{{type: OS::Heat::ResourceGroup, properties: {{count: 1, resource_def: {in_group}}}}}"),
    ] {
        let cloud = Cloud::new(1);
        let refusal = Failure::invalid(None, format!("{LONG} is not welcome at the core"));
        cloud.script("create", "core", Fault::Refuse(refusal));
        let engine = engine_of(&cloud).await;
        let files: Files = [("box.yaml", boxed), ("outer.yaml", outer)].into_iter().collect();
        let text = format!("{TOKEN}resources:\n  inner: {resource}\n");
        let stack = with_token(&engine, &text, files).await;
        let said = said(&stack).await;
        assert!(said.contains("****** is not welcome at the core"), "{resource}: {said}");
        assert!(!said.contains(LONG), "{resource}: {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_known_over_several_resources() {
    let cloud = Cloud::new(1);
    let engine = engine_of(&cloud).await;
    let text = "
heat_template_version: 2021-04-16
resources:
  made: {type: OS::Heat::RandomString}
  between: {type: OS::Heat::Value, properties: {value: {list_join: ['-', [a, {get_attr: [made, value]}]]}}}
  core: {type: Test::Keyed, properties: {name: core, password: {get_attr: [between, value]}}}
outputs: {made: {value: {get_attr: [made, value]}}}
";
    let stack = engine.create(NewStack::new("hops", template(text))).await.unwrap();
    complete(&stack).await;
    let made = stack.output("made").await.unwrap().as_str().unwrap().to_owned();
    let id = stack.resource("core").await.unwrap().physical_resource_id.to_string();
    cloud.script("update", id, Fault::Refuse(Failure::invalid(None, format!("{made} is not welcome"))));
    let changed = text.replace("name: core,", "name: core, value: x,");
    stack.update(Update::to(template(&changed))).await.unwrap();
    stack.finished().await.unwrap();
    let said = said(&stack).await;
    assert!(said.contains("****** is not welcome"), "{said}");
    assert!(!said.contains(&made), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_part_of_an_old_secret_is_not_told_when_it_changes() {
    let cloud = Cloud::new(1);
    let engine = engine_of(&cloud).await;
    let joined = "{list_join: ['-', [a, {get_param: token}]]}";
    let text = format!(
        "{TOKEN}resources:\n  core: {{type: Test::Keyed, properties: {{name: core, password: {joined}}}}}\n"
    );
    let stack = with_token(&engine, &text, Files::default()).await;
    let id = stack.resource("core").await.unwrap().physical_resource_id.to_string();
    let refusal = |secret: &str| Fault::Refuse(Failure::invalid(None, format!("{secret} is the old one")));
    cloud.script("update", id, refusal(LONG));
    stack.update(Update::existing().parameter("token", "second-one-here")).await.unwrap();
    stack.finished().await.unwrap();
    // One that was never complete is an old one too. What failed is made anew.
    let first = said(&stack).await;
    assert!(first.contains("UPDATE failed: BadRequest: resources.core: ****** is the old one"), "{first}");
    cloud.script("create", "core", refusal("second-one-here"));
    stack.update(Update::existing().parameter("token", "third-one-here")).await.unwrap();
    stack.finished().await.unwrap();
    let view = stack.show().await.unwrap();
    assert_eq!(
        view.stack_status_reason,
        "Resource UPDATE failed: BadRequest: resources.core: ****** is the old one"
    );
    let said = said(&stack).await;
    assert!(said.contains("core FAILED BadRequest: resources.core: ****** is the old one"), "{said}");
    assert!(!said.contains(LONG) && !said.contains("second-one-here"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_secret_is_told() {
    let cloud = Cloud::new(1);
    let engine = engine_of(&cloud).await;
    let text = format!(
        "{TOKEN}resources:\n  server:\n    type: Test::Keyed\n    properties: {{name: server, value: MUCH, password: {{get_param: token}}}}\n"
    );
    let stack = with_token(&engine, &text, Files::default()).await;
    let id = stack.resource("server").await.unwrap().physical_resource_id.to_string();
    let refusal = Failure::invalid(None, format!("the server has no MUCH to give to {LONG}"));
    cloud.script("update", id, Fault::Refuse(refusal));
    stack.update(Update::to(template(&text.replace("MUCH", "MORE"))).parameter("token", LONG)).await.unwrap();
    stack.finished().await.unwrap();
    assert_eq!(
        stack.show().await.unwrap().stack_status_reason,
        "Resource UPDATE failed: BadRequest: resources.server: the server has no MUCH to give to ******"
    );
}

#[tokio::test(start_paused = true)]
async fn the_name_of_a_resource_is_told_though_a_secret_is_the_same_word() {
    let cloud = Cloud::new(1);
    cloud.script("create", "a", Fault::Refuse(Failure::invalid(None, "no server for you")));
    let engine = engine_of(&cloud).await;
    let text = format!(
        "{TOKEN}resources:\n  server: {{type: Test::Keyed, properties: {{name: a, password: {{get_param: token}}}}}}\n"
    );
    let new = NewStack::new("s", template(&text)).parameter("token", "server");
    let stack = engine.create(new).await.unwrap();
    stack.finished().await.unwrap();
    let reason = stack.show().await.unwrap().stack_status_reason;
    assert_eq!(reason, "Resource CREATE failed: BadRequest: resources.server: no ****** for you");
}
