//! Nested stacks from the command line: nested templates beside the template, groups, lists that go inside.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use serde_json::Value;
use support::Home;

const OUTER: &str = "heat_template_version: 2021-04-16
parameters:
  length: {type: number, default: 8}
resources:
  box: {type: box.yaml, properties: {length: {get_param: length}}}
  group:
    type: OS::Heat::ResourceGroup
    properties: {count: 2, resource_def: {type: OS::Heat::Value, properties: {value: 'v%index%'}}}
outputs:
  secret: {value: {get_attr: [box, secret]}}
  values: {value: {get_attr: [group, value]}}
";

const BOX: &str = "heat_template_version: 2021-04-16
description: a secret
parameters:
  length: {type: number, description: How long it is.}
resources:
  core: {type: OS::Heat::RandomString, properties: {length: {get_param: length}}}
outputs:
  secret: {value: {get_attr: [core, value]}}
";

fn home() -> (Home, String) {
    let home = Home::new();
    home.put("box.yaml", BOX);
    let template = home.put("outer.yaml", OUTER);
    (home, template)
}

fn texts<'v>(list: &'v Value, field: &str) -> Vec<&'v str> {
    list.as_array().expect("a list").iter().filter_map(|item| item[field].as_str()).collect()
}

#[test]
fn a_stack_with_nested_stacks_lives_from_the_command_line() {
    let (home, template) = home();
    let ran = home.ok(&["stack", "create", "outer", "-t", &template]);
    assert!(ran.stderr.contains("outer-box-"), "progress goes inside: {}", ran.stderr);
    let secret = home.json(&["stack", "output", "show", "outer", "secret"]);
    assert_eq!(secret["output_value"].as_str().map(str::len), Some(8));

    let own = home.json(&["stack", "resource", "list", "outer"]);
    assert_eq!(texts(&own, "resource_name").len(), 2);
    let all = home.json(&["stack", "resource", "list", "outer", "-n", "3"]);
    let mut names = texts(&all, "resource_name");
    names.sort_unstable();
    assert_eq!(names, ["0", "1", "box", "core", "group"]);
    assert_eq!(texts(&all, "parent_resource").len(), 3);
    let shown = home.json(&["stack", "resource", "show", "outer", "box"]);
    assert_eq!(shown["attributes"]["secret"], "******", "a secret from inside is masked");

    assert_eq!(home.json(&["stack", "list"]).as_array().map(Vec::len), Some(1));
    let nested = home.json(&["stack", "list", "--nested"]);
    assert_eq!(nested.as_array().map(Vec::len), Some(3));
    let id = texts(&nested, "id")[0].to_owned();
    assert!(home.json(&["stack", "show", &id])["parent"].is_string());
    assert_eq!(home.run(&["stack", "delete", "-y", &id]).code, 1, "only its parent deletes it");

    let plan = home.ok(&["stack", "update", "outer", "--existing", "--parameter", "length=9", "--dry-run"]);
    assert!(plan.stdout.contains("  core"), "{}", plan.stdout);
    home.ok(&["stack", "update", "outer", "--existing", "--parameter", "length=9"]);
    let secret = home.json(&["stack", "output", "show", "outer", "secret"]);
    assert_eq!(secret["output_value"].as_str().map(str::len), Some(9));
    let events = home.json(&["stack", "event", "list", "outer", "-n", "1"]);
    assert!(texts(&events, "resource_name").contains(&"core"));

    home.ok(&["stack", "delete", "-y", "outer"]);
    assert_eq!(home.json(&["stack", "list", "--nested"]).as_array().map(Vec::len), Some(0));
    let store = std::fs::read(support::store_of(&home)).expect("a store");
    let text = secret["output_value"].as_str().expect("a text").as_bytes();
    assert!(!store.windows(text.len()).any(|part| part == text), "the secret lies in clear on the disk");
}

#[test]
fn problems_inside_have_their_place_in_the_nested_file() {
    let (home, template) = home();
    home.put("box.yaml", BOX.replace("length: {get_param: length}}", "lenght: {get_param: length}}"));
    let ran = home.run(&["template", "validate", "-t", &template]);
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("box.yaml:6:"), "{}", ran.said());
    let body = home.run(&["template", "validate", "-t", &template, "-f", "json"]).json();
    let found = body["diagnostics"].as_array().expect("diagnostics");
    let inside = |one: &Value| {
        let path = one["path"].as_str().unwrap_or_default();
        path.starts_with("resources.box<") && path.ends_with("box.yaml>.resources.core.properties")
    };
    assert!(found.iter().any(inside), "{found:#?}");
}

const GROUPS: &str = "heat_template_version: 2021-04-16
resources:
  group:
    type: OS::Heat::ResourceGroup
    properties: {count: 3, resource_def: {type: box.yaml, properties: {length: '%index%', q: 1}}}
  chain:
    type: OS::Heat::ResourceChain
    properties:
      resources: [OS::Heat::RandomString, OS::Heat::Valu]
      resource_properties: {length: 600}
  scaled:
    type: OS::Heat::AutoScalingGroup
    properties:
      min_size: 1
      max_size: 2
      resource:
        type: OS::Heat::RandomString
        properties: {lenght: 5}
  mixed:
    type: OS::Heat::ResourceChain
    properties:
      resources: [OS::Heat::RandomString, OS::Heat::Value]
      resource_properties: {valeu: 5}
";

#[test]
fn problems_of_members_have_their_place_in_the_definition_of_the_members() {
    let home = Home::new();
    home.put("box.yaml", BOX);
    let template = home.put("groups.yaml", GROUPS);
    let ran = home.run(&["template", "validate", "-t", &template, "-f", "line"]);
    assert_eq!(ran.code, 2);
    for place in [
        "groups.yaml:5:91: error[HT0411]: unknown property q",
        "groups.yaml:9:43: error[HT0404]: the resource type OS::Heat::Valu could not be found",
        "groups.yaml:10:37: error[HT0414]: 600 is out of range",
        "groups.yaml:18:22: error[HT0411]: unknown property lenght",
        "groups.yaml:23:29: error[HT0411]: unknown property valeu",
    ] {
        assert!(ran.stdout.contains(place), "no {place} in {}", ran.said());
    }
    home.run(&["template", "validate", "-t", &template, "--fix"]);
    let mended = std::fs::read_to_string(&template).expect("the template");
    let expected = GROUPS.replace("Heat::Valu]", "Heat::Value]").replace("lenght", "length");
    assert_eq!(mended, expected, "what members of other types have in common is no safe fix");
}

#[test]
fn the_parameters_of_nested_templates_are_told_on_request() {
    let (home, template) = home();
    let plain = home.json(&["template", "validate", "-t", &template]);
    assert!(plain.get("NestedParameters").is_none());
    let nested = home.json(&["template", "validate", "--show-nested", "-t", &template]);
    let told = &nested["NestedParameters"]["box"];
    assert_eq!(
        told["Type"],
        format!("file://{}/box.yaml", home.path().canonicalize().expect("a folder").display())
    );
    assert_eq!(told["Description"], "a secret");
    assert_eq!(told["Parameters"]["length"]["Description"], "How long it is.");
}
