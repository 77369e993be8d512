//! `heat stack hook`.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use serde_json::json;
use support::Home;

const TEMPLATE: &str = "
heat_template_version: 2021-04-16
resources:
  net: {type: OS::Neutron::Net}
  subnet: {type: OS::Neutron::Subnet, properties: {network: {get_resource: net}, cidr: 10.0.0.0/24}}
  pair: {type: OS::Heat::ResourceGroup, properties: {count: 2, resource_def: {type: OS::Heat::RandomString}}}
";

const ENVIRONMENT: &str = "
resource_registry:
  resources:
    subnet: {hooks: [pre-create, pre-delete]}
    pair: {'*': {hooks: pre-create}}
";

#[test]
fn a_command_ends_at_hooks_and_clearing_them_goes_on() {
    let home = Home::new();
    let (template, environment) = (home.put("template.yaml", TEMPLATE), home.put("env.yaml", ENVIRONMENT));
    let planned = home.run(&["stack", "create", "web", "-t", &template, "-e", &environment, "--dry-run"]);
    assert!(planned.stdout.contains("create (waits at pre-create)"), "{}", planned.said());
    let created = home.run(&["stack", "create", "web", "-t", &template, "-e", &environment]);
    assert_eq!(created.code, 0, "{}", created.said());
    assert!(created.stdout.contains("CREATE_IN_PROGRESS"), "{}", created.said());
    assert!(created.stderr.contains("the stack waits at hooks: "), "{}", created.said());
    assert!(created.stderr.contains("heat stack hook clear web "), "{}", created.said());

    let waiting = home.json(&["stack", "hook", "poll", "web"]);
    assert_eq!(waiting.as_array().expect("a list").len(), 1);
    assert_eq!(waiting[0]["resource_name"], "subnet");
    assert_eq!(waiting[0]["resource_status"], "INIT_COMPLETE");
    assert_eq!(waiting[0]["resource_status_reason"], "CREATE paused until Hook pre-create is cleared");
    let all = home.json(&["stack", "hook", "poll", "web", "-n", "2"]);
    let mut paths: Vec<_> = all.as_array().expect("a list").iter().map(|hook| hook["path"].clone()).collect();
    paths.sort_by_key(ToString::to_string);
    assert_eq!(json!(paths), json!(["pair/0", "pair/1", "subnet"]));

    let wrong = home.run(&["stack", "hook", "clear", "web", "subnet", "--pre-update"]);
    assert_eq!(wrong.code, 2, "{}", wrong.said());
    assert!(wrong.stderr.contains("subnet (pre-create)"), "{}", wrong.said());
    // `wait` goes on waiting.
    let waited = home.run(&["stack", "wait", "web"]);
    assert_eq!(waited.code, 0, "{}", waited.said());
    assert!(waited.stderr.contains("the stack waits at hooks: "), "{}", waited.said());

    let cleared = home.json(&["stack", "hook", "clear", "web", "pair/*", "--pre-create"]);
    assert_eq!(cleared["stack_status"], "CREATE_IN_PROGRESS");
    let done = home.json(&["stack", "hook", "clear", "web", "sub*"]);
    assert_eq!(done["stack_status"], "CREATE_COMPLETE");
    assert_eq!(home.json(&["stack", "hook", "poll", "web"]), json!([]));
    let none = home.run(&["stack", "hook", "clear", "web", "subnet"]);
    assert_eq!(none.code, 2, "{}", none.said());

    let deleted = home.run(&["stack", "delete", "-y", "web"]);
    assert_eq!(deleted.code, 0, "{}", deleted.said());
    assert!(deleted.stderr.contains("subnet (pre-delete)"), "{}", deleted.said());
    let gone = home.json(&["stack", "hook", "clear", "web", "*", "--pre-delete"]);
    assert_eq!(gone["stack_status"], "DELETE_COMPLETE");
}
