//! A stack with the plugin's type, deployed, changed and removed by the engine.

mod service;

use heat_engine::{Engine, NewStack, Update};
use heat_plugin_sdk::{Credentials, Registry};
use heat_template::source::SourceMap;
use heat_template::{ParseOptions, Template};
use serde_json::json;
use service::{Service, TOKEN};

fn template(addresses: &str) -> Template {
    let text = format!(
        "heat_template_version: 2021-04-16
resources:
  www:
    type: Acme::DNS::Record
    properties: {{name: www.example.com., addresses: {addresses}}}
outputs:
  version: {{value: {{get_attr: [www, version]}}}}
"
    );
    let parsed = Template::parse(&mut SourceMap::default(), "records.yaml", &text, &ParseOptions::default());
    parsed.into_result().unwrap().0
}

#[tokio::test]
async fn a_stack_is_created_updated_and_deleted() {
    let (service, url) = Service::start().await;
    let registry = Registry::new().with(acme_heat_plugin::plugin());
    let engine = Engine::builder().registry(registry).secrets_in_clear().build().await.unwrap();
    let credentials = Credentials::content(json!({"url": url, "token": TOKEN}));

    let stack =
        engine.create(NewStack::new("dns", template("[192.0.2.1]")).owner(credentials)).await.unwrap();
    let done = stack.finished().await.unwrap();
    assert_eq!(done.stack_status, "CREATE_COMPLETE", "{}", done.stack_status_reason);
    assert_eq!(stack.output("version").await.unwrap(), json!(1));
    assert_eq!(service.names(), ["www.example.com."]);

    stack.update(Update::to(template("[192.0.2.2]"))).await.unwrap();
    let done = stack.finished().await.unwrap();
    assert_eq!(done.stack_status, "UPDATE_COMPLETE", "{}", done.stack_status_reason);
    assert_eq!(stack.output("version").await.unwrap(), json!(2));

    stack.delete().await.unwrap();
    stack.finished().await.ok();
    assert_eq!(service.names(), Vec::<String>::new());
}
