//! Deployments of software configurations: what a server is handed, and how it tells how it went.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use heat_engine::record::OnFailure;
use heat_engine::run::Clock;
use heat_engine::store::MemoryStore;
use heat_engine::{DeploymentView, Engine, NewStack, Update};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use support::signals::{ended, events, settle};
use support::template;

async fn engine_on(store: &MemoryStore) -> Engine {
    Engine::builder()
        .store(store.clone())
        .secrets_in_clear()
        .clock(Clock::simulated(Timestamp::UNIX_EPOCH))
        .build()
        .await
        .unwrap()
}

async fn engine() -> Engine {
    engine_on(&MemoryStore::new()).await
}

fn new(text: &str) -> NewStack {
    NewStack::new("s", template(text)).on_failure(OnFailure::Stop)
}

async fn deployments(engine: &Engine, server: &str) -> Vec<DeploymentView> {
    engine.deployments_of_server("default", server).await.unwrap()
}

fn inputs(view: &DeploymentView) -> BTreeMap<String, Value> {
    let named = |input: &Value| (input["name"].as_str().unwrap().to_owned(), input["value"].clone());
    view.config.inputs.iter().map(named).collect()
}

const DEPLOYED: &str = "
heat_template_version: 2021-04-16
parameters:
  value: {type: string, default: one}
resources:
  server: {type: OS::Heat::DeployedServer, properties: {name: metal}}
  config:
    type: OS::Heat::SoftwareConfig
    properties:
      group: script
      config: '#!/bin/sh'
      options: {quiet: true}
      inputs: [{name: foo, default: d}, {name: bar, type: String}]
      outputs: [{name: result}, {name: problem, error_output: true}]
  deploy:
    type: OS::Heat::SoftwareDeployment
    properties:
      config: {get_resource: config}
      server: {get_resource: server}
      input_values: {bar: {get_param: value}, more: [1]}
outputs:
  server: {value: {get_resource: server}}
  name: {value: {get_attr: [server, name]}}
  result: {value: {get_attr: [deploy, result]}}
  stdout: {value: {get_attr: [deploy, deploy_stdout]}}
  code: {value: {get_attr: [deploy, deploy_status_code]}}
";

#[tokio::test(start_paused = true)]
async fn a_server_is_handed_a_configuration_and_tells_how_it_went() {
    let engine = engine().await;
    let stack = engine.create(new(DEPLOYED)).await.unwrap();
    settle().await;
    let server = stack.resource("server").await.unwrap().physical_resource_id;
    let listed = deployments(&engine, &server).await;
    let [view] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!((view.status.as_str(), view.status_reason.as_str()), ("IN_PROGRESS", "Deploy data available"));
    assert_eq!((view.action.as_str(), view.resource.as_str()), ("CREATE", "deploy"));
    let config = &view.config;
    assert_eq!(
        (config.group.as_str(), &config.config, &config.options),
        ("script", &json!("#!/bin/sh"), &json!({"quiet": true}))
    );
    assert!(config.name.starts_with("s-config-"), "{}", config.name);
    let given = inputs(view);
    assert_eq!(given["foo"], json!("d"));
    assert_eq!(given["bar"], json!("one"));
    assert_eq!(given["more"], json!([1]));
    assert_eq!(given["deploy_server_id"], json!(server));
    assert_eq!(given["deploy_action"], json!("CREATE"));
    assert_eq!(given["deploy_stack_id"], json!(format!("s/{}", stack.id())));
    assert_eq!(given["deploy_resource_name"], json!("deploy"));
    assert_eq!(given["deploy_signal_transport"], json!("CFN_SIGNAL"));
    assert!(!format!("{view:?}").contains("one"), "values may be secret");
    let details = json!({"result": {"ip": 1}, "deploy_stdout": "out", "deploy_status_code": 0});
    stack.signal(&view.resource, Some(details)).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(stack.output("result").await.unwrap(), json!({"ip": 1}));
    assert_eq!(stack.output("stdout").await.unwrap(), json!("out"));
    assert_eq!(stack.output("code").await.unwrap(), json!(0));
    assert_eq!(stack.output("name").await.unwrap(), json!("metal"));
    let id = &view.id;
    let told = events(&stack, "deploy").await;
    assert!(told.contains(&format!("SIGNAL_IN_PROGRESS Signal: deployment {id} succeeded")), "{told:?}");
    let done = &deployments(&engine, &server).await[0];
    assert_eq!((done.status.as_str(), done.status_reason.as_str()), ("COMPLETE", "Outputs received"));
    // A second answer is not waited for.
    stack.signal("deploy", Some(json!({"result": "late", "deploy_status_code": 1}))).await.unwrap();
    assert_eq!(stack.output("result").await.unwrap(), json!({"ip": 1}));
    assert!(deployments(&engine, "elsewhere").await.is_empty());
    assert!(engine.deployments_of_server("other", &server).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_tells_of_a_failure_fails_the_deployment_and_the_next_update_makes_it_anew() {
    let engine = engine().await;
    for (details, why) in [
        (
            json!({"deploy_status_code": 3}),
            "deploy_status_code : Deployment exited with non-zero status code: 3",
        ),
        (json!({"problem": "no disk", "deploy_stderr": "df"}), "problem : no disk"),
    ] {
        let stack = engine.create(new(DEPLOYED)).await.unwrap();
        settle().await;
        stack.signal("deploy", Some(details)).await.unwrap();
        let (status, reason) = ended(&stack).await;
        assert_eq!(status, "CREATE_FAILED");
        assert_eq!(
            reason,
            format!("Resource CREATE failed: Error: resources.deploy: Deployment to server failed: {why}")
        );
        stack.update(Update::existing()).await.unwrap();
        settle().await;
        stack.signal("deploy", None).await.unwrap();
        assert_eq!(ended(&stack).await.0, "UPDATE_COMPLETE");
        stack.delete().await.unwrap();
        assert_eq!(ended(&stack).await.0, "DELETE_COMPLETE");
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_is_deployed_in_place_and_waited_for() {
    let (store, text) = (MemoryStore::new(), DEPLOYED);
    let first = engine_on(&store).await;
    let stack = first.create(new(text)).await.unwrap();
    settle().await;
    let server = stack.resource("server").await.unwrap().physical_resource_id;
    stack.signal("deploy", Some(json!({"result": 1}))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    let before = deployments(&first, &server).await.remove(0);
    stack.update(Update::existing().parameter("value", "two")).await.unwrap();
    settle().await;
    // A crash in between.
    first.shutdown().await;
    let engine = engine_on(&store).await;
    let stack = engine.stack("default", "s").await.unwrap();
    settle().await;
    let view = deployments(&engine, &server).await.remove(0);
    assert_eq!((view.action.as_str(), view.status.as_str(), &view.id), ("UPDATE", "IN_PROGRESS", &before.id));
    assert_ne!(view.config.id, before.config.id);
    assert_eq!((&inputs(&view)["bar"], &inputs(&view)["deploy_action"]), (&json!("two"), &json!("UPDATE")));
    stack.signal("deploy", Some(json!({"result": 2}))).await.unwrap();
    assert_eq!(
        ended(&stack).await,
        ("UPDATE_COMPLETE".to_owned(), "Stack UPDATE completed successfully".to_owned())
    );
    assert_eq!(stack.output("result").await.unwrap(), json!(2));
}

fn deployed(more: &str, config: &str) -> String {
    format!(
        "
heat_template_version: 2021-04-16
resources:
  server: {{type: OS::Heat::DeployedServer}}
  config: {config}
  deploy:
    type: OS::Heat::SoftwareDeployment
    properties: {{config: {{get_resource: config}}, server: {{get_resource: server}}, {more}}}
"
    )
}

const SCRIPT: &str = "{type: OS::Heat::SoftwareConfig, properties: {config: x}}";

#[tokio::test(start_paused = true)]
async fn with_no_signal_nobody_waits() {
    let engine = engine().await;
    let stack =
        engine.create(new(&deployed("signal_transport: NO_SIGNAL, name: mine", SCRIPT))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    let server = stack.resource("server").await.unwrap().physical_resource_id;
    let view = deployments(&engine, &server).await.remove(0);
    assert_eq!(
        (view.status.as_str(), view.status_reason.as_str()),
        ("COMPLETE", "Not waiting for outputs signal")
    );
    assert_eq!((view.config.name.as_str(), view.config.group.as_str()), ("mine", "Heat::Ungrouped"));
}

#[tokio::test(start_paused = true)]
async fn other_actions_are_deployed_too_where_they_are_named() {
    let engine = engine().await;
    let stack = engine.create(new(&deployed("actions: [SUSPEND, RESUME, DELETE]", SCRIPT))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE", "nothing is deployed by its creation");
    let server = stack.resource("server").await.unwrap().physical_resource_id;
    assert!(deployments(&engine, &server).await.is_empty());
    stack.suspend().await.unwrap();
    for (action, status) in
        [("SUSPEND", "SUSPEND_COMPLETE"), ("RESUME", "RESUME_COMPLETE"), ("DELETE", "DELETE_COMPLETE")]
    {
        settle().await;
        let view = deployments(&engine, &server).await.remove(0);
        assert_eq!((view.action.as_str(), view.status.as_str()), (action, "IN_PROGRESS"));
        stack.signal("deploy", None).await.unwrap();
        assert_eq!(ended(&stack).await.0, status);
        match action {
            "SUSPEND" => stack.resume().await.unwrap(),
            "RESUME" => stack.delete().await.unwrap(),
            _ => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_component_is_deployed_for_the_actions_that_it_names() {
    let component = "{type: OS::Heat::SoftwareComponent, properties: {configs: [{actions: [CREATE], tool: script, config: a}, {actions: [DELETE], tool: script, config: b}]}}";
    let engine = engine().await;
    let stack = engine.create(new(&deployed("actions: [SUSPEND]", component))).await.unwrap();
    settle().await;
    let server = stack.resource("server").await.unwrap().physical_resource_id;
    let view = deployments(&engine, &server).await.remove(0);
    assert_eq!((view.action.as_str(), view.config.group.as_str()), ("CREATE", "component"));
    assert_eq!(view.config.config["configs"][1]["config"], json!("b"));
    stack.signal("deploy", None).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    stack.suspend().await.unwrap();
    assert_eq!(ended(&stack).await.0, "SUSPEND_COMPLETE", "it is not for that");
}

#[tokio::test(start_paused = true)]
async fn what_is_deployed_without_a_configuration_is_empty_and_one_that_is_not_there_is_refused() {
    let engine = engine().await;
    let text = |config: &str| {
        format!(
            "
heat_template_version: 2021-04-16
resources:
  deploy: {{type: OS::Heat::SoftwareDeployment, properties: {{server: srv, signal_transport: NO_SIGNAL{config}}}}}
"
        )
    };
    let stack = engine.create(new(&text(""))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    let view = deployments(&engine, "srv").await.remove(0);
    assert_eq!((&view.config.config, view.config.group.as_str()), (&json!(""), "Heat::Ungrouped"));
    assert!(view.config.name.starts_with("s-deploy-"));
    stack.delete().await.unwrap();
    ended(&stack).await;
    let stack = engine.create(new(&text(", config: nowhere"))).await.unwrap();
    let (_, reason) = ended(&stack).await;
    assert_eq!(
        reason,
        "Resource CREATE failed: NotFound: resources.deploy: Software config with id nowhere not found"
    );
}

#[tokio::test(start_paused = true)]
async fn an_input_that_takes_a_new_deployment_gets_one() {
    let engine = engine().await;
    let config = "{type: OS::Heat::SoftwareConfig, properties: {config: x, inputs: [{name: a, replace_on_change: true}]}}";
    let text =
        |value: u32| deployed(&format!("signal_transport: NO_SIGNAL, input_values: {{a: {value}}}"), config);
    let stack = engine.create(new(&text(1))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    let before = stack.resource("deploy").await.unwrap().physical_resource_id;
    stack.update(Update::to(template(&text(2))).on_failure(OnFailure::Stop)).await.unwrap();
    let (status, reason) = ended(&stack).await;
    assert_eq!(status, "UPDATE_FAILED");
    assert!(reason.contains("the input a changes, and that takes a new deployment"), "{reason}");
    stack.update(Update::existing()).await.unwrap();
    assert_eq!(ended(&stack).await.0, "UPDATE_COMPLETE");
    assert_ne!(stack.resource("deploy").await.unwrap().physical_resource_id, before);
}

#[tokio::test(start_paused = true)]
async fn what_needs_another_service_says_so() {
    let engine = engine().await;
    for (more, service) in
        [("signal_transport: TEMP_URL_SIGNAL", "Swift"), ("signal_transport: ZAQAR_SIGNAL", "Zaqar")]
    {
        let stack = engine.create(new(&deployed(more, SCRIPT))).await.unwrap();
        let (_, reason) = ended(&stack).await;
        assert!(
            reason.contains("NotSupported: resources.deploy: signal_transport") && reason.contains(service),
            "{reason}"
        );
        stack.delete().await.unwrap();
        ended(&stack).await;
    }
    let text = "
heat_template_version: 2021-04-16
resources:
  server: {type: OS::Heat::DeployedServer}
outputs:
  agent: {value: {get_attr: [server, os_collect_config]}}
";
    let stack = engine.create(new(text)).await.unwrap();
    let (_, reason) = ended(&stack).await;
    assert!(reason.contains("NotSupported: resources.server: attribute os_collect_config"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_structured_configuration_gets_the_values_of_its_inputs() {
    let engine = engine().await;
    let text = |more: &str| {
        format!(
            "
heat_template_version: 2021-04-16
resources:
  config:
    type: OS::Heat::StructuredConfig
    properties: {{config: {{a: {{get_input: one}}, b: [{{get_input: two}}], c: {{get_input: deploy_action}}}}}}
  deploy:
    type: OS::Heat::StructuredDeployment
    properties:
      config: {{get_resource: config}}
      server: srv
      signal_transport: NO_SIGNAL
      input_values: {{one: {{x: 1}}}}
      {more}
"
        )
    };
    let stack = engine.create(new(&text(""))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    let view = deployments(&engine, "srv").await.remove(0);
    assert_eq!(view.config.config, json!({"a": {"x": 1}, "b": [null], "c": "CREATE"}));
    stack.delete().await.unwrap();
    ended(&stack).await;
    let stack = engine.create(new(&text("input_values_validate: STRICT"))).await.unwrap();
    let (_, reason) = ended(&stack).await;
    assert_eq!(
        reason,
        "Resource CREATE failed: UserParameterMissing: resources.deploy: The Parameter (two) was not provided."
    );
}

#[tokio::test(start_paused = true)]
async fn a_group_deploys_to_each_of_its_servers_in_batches() {
    let engine = engine().await;
    let text = |value: &str, servers: &str| {
        format!(
            "
heat_template_version: 2021-04-16
resources:
  config: {{type: OS::Heat::SoftwareConfig, properties: {{config: x, inputs: [{{name: a}}], outputs: [{{name: result}}]}}}}
  group:
    type: OS::Heat::SoftwareDeploymentGroup
    update_policy: {{rolling_update: {{max_batch_size: 1, pause_time: 5}}, batch_create: {{max_batch_size: 2}}}}
    properties:
      config: {{get_resource: config}}
      servers: {servers}
      input_values: {{a: {value}}}
outputs:
  results: {{value: {{get_attr: [group, result]}}}}
  outs: {{value: {{get_attr: [group, deploy_stdouts]}}}}
  one: {{value: {{get_attr: [group, deploy_stdouts, web]}}}}
"
        )
    };
    let servers = "{web: id-web, db: id-db, mq: id-mq}";
    let stack = engine.create(new(&text("1", servers))).await.unwrap();
    settle().await;
    assert!(deployments(&engine, "id-mq").await.is_empty(), "it is in the second batch");
    for (name, server) in [("web", "id-web"), ("db", "id-db"), ("mq", "id-mq")] {
        settle().await;
        assert_eq!(deployments(&engine, server).await[0].resource, name);
        let details = json!({"result": name, "deploy_stdout": format!("from {name}")});
        stack.signal(&format!("group/{name}"), Some(details)).await.unwrap();
    }
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(stack.output("results").await.unwrap(), json!({"web": "web", "db": "db", "mq": "mq"}));
    assert_eq!(stack.output("outs").await.unwrap()["db"], json!("from db"));
    assert_eq!(stack.output("one").await.unwrap(), json!("from web"));
    // An update goes to one after the other; a server that goes has no deployment any more.
    stack.update(Update::to(template(&text("2", "{web: id-web, db: id-db}")))).await.unwrap();
    settle().await;
    for (name, server, other) in [("web", "id-web", "id-db"), ("db", "id-db", "id-web")] {
        assert_eq!(deployments(&engine, server).await[0].status, "IN_PROGRESS");
        assert_eq!(deployments(&engine, other).await[0].status, "COMPLETE");
        stack.signal(&format!("group/{name}"), Some(json!({"result": "new"}))).await.unwrap();
        tokio::time::sleep(Duration::from_secs(6)).await;
    }
    assert_eq!(ended(&stack).await.0, "UPDATE_COMPLETE");
    assert_eq!(stack.output("results").await.unwrap(), json!({"web": "new", "db": "new"}));
    assert!(deployments(&engine, "id-mq").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_structured_group_hands_its_own_properties_on() {
    let engine = engine().await;
    let text = "
heat_template_version: 2021-04-16
resources:
  config: {type: OS::Heat::StructuredConfig, properties: {config: {a: {put: one}}}}
  group:
    type: OS::Heat::StructuredDeploymentGroup
    properties:
      config: {get_resource: config}
      servers: {web: id-web}
      input_values: {one: 1}
      input_key: put
      signal_transport: NO_SIGNAL
";
    let stack = engine.create(new(text)).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(deployments(&engine, "id-web").await[0].config.config, json!({"a": 1}));
}

#[tokio::test(start_paused = true)]
async fn configurations_come_in_the_order_of_their_names() {
    let engine = engine().await;
    let text = "
heat_template_version: 2021-04-16
resources:
  b: {type: OS::Heat::SoftwareDeployment, properties: {server: srv, signal_transport: NO_SIGNAL, name: two}}
  a: {type: OS::Heat::SoftwareDeployment, properties: {server: srv, signal_transport: NO_SIGNAL, name: one}}
";
    let stack = engine.create(new(text)).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    let names: Vec<_> = deployments(&engine, "srv").await.into_iter().map(|view| view.config.name).collect();
    assert_eq!(names, ["one", "two"]);
    let listed = serde_json::to_value(&deployments(&engine, "srv").await[0]).unwrap();
    assert_eq!(listed["server_id"], json!("srv"));
    assert!(listed.get("config").is_none(), "as the API shows one");
}

#[tokio::test(start_paused = true)]
async fn a_message_is_made_of_texts_and_of_configurations() {
    let engine = engine().await;
    let text = "
heat_template_version: 2021-04-16
resources:
  script: {type: OS::Heat::SoftwareConfig, properties: {config: 'echo hi'}}
  inner: {type: OS::Heat::MultipartMime, properties: {parts: [{config: {get_resource: script}, subtype: x-shellscript}]}}
  all:
    type: OS::Heat::MultipartMime
    properties: {parts: [{config: plain}, {config: {get_resource: inner}, type: multipart}]}
outputs:
  message: {value: {get_attr: [all, config]}}
";
    let stack = engine.create(new(text)).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    let message = stack.output("message").await.unwrap();
    let message = message.as_str().unwrap();
    assert!(message.starts_with("Content-Type: multipart/mixed; boundary=\"==============="), "{message}");
    assert_eq!(message.matches("Content-Type: text/").count(), 2);
    assert!(message.contains("text/x-shellscript") && message.contains("\n\necho hi\n--==="), "{message}");
}
