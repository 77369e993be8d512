//! What a command answers where somebody relies on it: programs that read data, and people who mistype.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use serde_json::Value;
use support::Home;

const TEMPLATE: &str = "heat_template_version: 2021-04-16
resources:
  r: {type: OS::Heat::RandomString}
outputs:
  good: {value: {get_attr: [r, value]}}
  bad: {value: {list_join: ['-', {get_attr: [r, value]}]}}
";

#[test]
fn looking_makes_nothing() {
    let home = Home::new();
    assert_eq!(home.json(&["stack", "list"]), Value::Array(Vec::new()));
    let gone = home.run(&["stack", "show", "none"]);
    assert_eq!(gone.code, 2, "{}", gone.said());
    assert_eq!(std::fs::read_dir(home.path()).expect("the home").count(), 0, "nothing was made");
}

#[test]
fn a_store_that_is_not_there_is_told_and_not_made() {
    let home = Home::new();
    let template = home.put("t.yaml", TEMPLATE);
    for words in [
        &["stack", "list", "--store", "sqlite:no/heat.db"] as &[&str],
        &["stack", "show", "s", "--store", "sqlite:heat.db"],
        &["stack", "create", "s", "-t", &template, "--store", "sqlite:no/heat.db"],
    ] {
        let ran = home.run(words);
        assert_eq!(ran.code, 2, "{words:?}: {}", ran.said());
        assert!(ran.stderr.contains("heat.db"), "{words:?}: {}", ran.said());
        assert!(!home.path().join("no").exists() && !home.path().join("heat.db").exists(), "{words:?}");
    }
    home.ok(&["stack", "create", "s", "-t", &template, "--store", "sqlite:heat.db"]);
    home.ok(&["stack", "show", "s", "--store", "sqlite:heat.db"]);
}

#[test]
fn an_output_without_a_value_is_a_failure() {
    let home = Home::new();
    let template = home.put("t.yaml", TEMPLATE);
    home.ok(&["stack", "create", "s", "-t", &template]);
    home.ok(&["stack", "output", "show", "s", "good"]);
    let ran = home.run(&["stack", "output", "show", "s", "bad", "-f", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.said());
    assert!(ran.stderr.contains("output bad has no value"), "{}", ran.stderr);
    assert!(ran.json()["output_error"].is_string(), "{}", ran.stdout);
}

#[test]
fn a_program_can_read_what_a_deletion_and_a_stream_of_events_say() {
    let home = Home::new();
    let template = home.put("t.yaml", TEMPLATE);
    home.ok(&["stack", "create", "s", "-t", &template, "-q"]);
    let events = home.ok(&["stack", "event", "list", "s", "--follow", "-f", "json"]);
    let events: Vec<Value> =
        events.stdout.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(events.len(), 4, "{events:?}");
    assert_eq!(events[1]["resource_status"], "CREATE_IN_PROGRESS");
    let gone = home.json(&["stack", "delete", "-y", "s"]);
    assert_eq!(gone["stack_status"], "DELETE_COMPLETE", "{gone}");
    home.ok(&["stack", "create", "s", "-t", &template, "-q"]);
    let quiet = home.ok(&["stack", "delete", "-y", "s"]);
    assert_eq!(quiet.stdout, "", "people are told nothing about what is gone");
}
