//! What a command answers where somebody relies on it: programs that read data, and people who mistype.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use serde_json::Value;
use support::cloud::CloudProcess;
use support::{Home, Ran};

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

#[test]
fn a_deletion_that_nobody_can_confirm_is_refused() {
    let home = Home::new();
    let template = home.put("t.yaml", TEMPLATE);
    home.ok(&["stack", "create", "s", "-t", &template]);
    let ran = home.run(&["stack", "delete", "s"]);
    assert_eq!(ran.code, 2, "{}", ran.said());
    assert!(ran.stderr.contains("there is no terminal to ask on; say -y"), "{}", ran.stderr);
    assert_eq!(home.json(&["stack", "show", "s"])["stack_status"], "CREATE_COMPLETE");
}

#[test]
fn a_preview_makes_no_store_and_no_key_file() {
    let home = Home::new();
    let template = home.put("t.yaml", TEMPLATE);
    for store in [&[] as &[&str], &["--store", "sqlite:heat.db"]] {
        let words = [&["stack", "create", "s", "-t", &template, "--dry-run"], store].concat();
        let preview = home.ok(&words);
        assert!(preview.stdout.contains("OS::Heat::RandomString"), "{}", preview.said());
        let files: Vec<_> = std::fs::read_dir(home.path()).expect("the home").collect();
        assert_eq!(files.len(), 1, "the template is alone: {files:?}");
    }
    let slip =
        home.run(&["stack", "create", "s", "-t", &template, "--dry-run", "--store", "sqlite:no/heat.db"]);
    assert_eq!(slip.code, 2, "{}", slip.said());
}

#[test]
fn watching_ends_at_its_limit_and_an_unknown_resource_is_told() {
    let home = Home::new();
    let template = home.put("t.yaml", TEMPLATE);
    home.ok(&["stack", "create", "s", "-t", &template, "-q"]);
    for (limit, lines) in [("0", 0), ("2", 2), ("9", 4)] {
        let ran = home.ok(&["stack", "event", "list", "s", "--follow", "--limit", limit]);
        assert_eq!(ran.stdout.lines().count(), lines, "{}", ran.said());
    }
    for follow in [&[] as &[&str], &["--follow"], &["-n", "2"]] {
        let words = [&["stack", "event", "list", "s", "-r", "nosuch"], follow].concat();
        let ran = home.run(&words);
        assert_eq!(ran.code, 2, "{}", ran.said());
        assert!(ran.stderr.contains("nosuch"), "{}", ran.stderr);
        for known in ["r", "s"] {
            let words = [&["stack", "event", "list", "s", "-r", known], follow].concat();
            assert!(home.ok(&words).stdout.contains("CREATE"), "{known}");
        }
    }
}

#[cfg(unix)]
#[test]
fn watching_ends_where_nobody_works_on_the_stack() {
    let home = Home::new();
    let template = home.put(
        "slow.yaml",
        "heat_template_version: 2021-04-16
resources: {slow: {type: OS::Heat::TestResource, properties: {value: x, wait_secs: 3}}}
",
    );
    let mut create = home.begin(&["stack", "create", "slow", "-t", &template]);
    support::until("the resource is being made", || {
        support::store_of(&home).exists()
            && home.run(&["stack", "resource", "show", "slow", "slow"]).stdout.contains("CREATE_IN_PROGRESS")
    });
    // Whoever watches while somebody works on it is not ended.
    let watch = home.begin(&["stack", "event", "list", "slow", "--follow", "--limit", "4"]);
    assert!(create.try_wait().expect("a process").is_none());
    create.kill().expect("it is ended");
    create.wait().expect("it ends");
    let watch = Ran::new(watch.wait_with_output().expect("it ends"));
    for ran in [watch, home.run(&["stack", "event", "list", "slow", "--follow", "-f", "json"])] {
        assert_eq!(ran.code, 0, "{}", ran.said());
        assert_eq!(ran.stdout.lines().count(), 2, "{}", ran.said());
        let told = "nobody works on slow; go on with: heat stack wait slow";
        assert_eq!(ran.stderr.matches(told).count(), 1, "{}", ran.said());
    }
    let wait = home.begin(&["stack", "wait", "slow"]);
    let watched = home.ok(&["stack", "event", "list", "slow", "--follow"]);
    assert_eq!(Ran::new(wait.wait_with_output().expect("it ends")).code, 0);
    assert!(
        watched.stdout.contains("CREATE_COMPLETE") || watched.stderr.contains("nobody works"),
        "{}",
        watched.said()
    );
}

#[test]
fn a_script_gets_the_value_of_an_output_alone() {
    let home = Home::new();
    let template = home.put(
        "t.yaml",
        "heat_template_version: 2021-04-16
outputs:
  text: {value: \"two\\nlines\"}
  list: {value: [1, {a: null}]}
  nothing: {value: null}
  number: {value: 7}
",
    );
    home.ok(&["stack", "create", "s", "-t", &template]);
    for (key, value) in
        [("text", "two\nlines\n"), ("list", "[1,{\"a\":null}]\n"), ("nothing", "null\n"), ("number", "7\n")]
    {
        assert_eq!(home.ok(&["stack", "output", "show", "s", key, "-f", "value"]).stdout, value);
        let object = home.json(&["stack", "output", "show", "s", key]);
        assert_eq!(object["output_key"], key, "JSON stays the API's object");
    }
    let words = ["stack", "output", "show", "s", "list", "-f", "value", "-c", "output_key"];
    assert_eq!(home.ok(&words).stdout, "list\n");

    let stacks = home.json(&["stack", "list", "-c", "Stack Name", "-c", "stack_status"]);
    assert_eq!(stacks, serde_json::json!([{"stack_name": "s", "stack_status": "CREATE_COMPLETE"}]));
    let wrong = home.run(&["stack", "show", "s", "-f", "json", "-c", "colour"]);
    assert_eq!(wrong.code, 2, "{}", wrong.said());
    assert!(wrong.stderr.contains("there is no column colour"), "{}", wrong.stderr);
}

#[test]
fn a_program_gets_an_error_body_for_words_that_make_no_sense() {
    let home = Home::new();
    for words in [
        &["-f", "json", "stack", "shwo", "s"] as &[&str],
        &["stack", "show", "--nosuch", "--format=json"],
        &["stack", "create", "s", "--timeout", "never", "-fjson"],
    ] {
        let ran = home.run(words);
        assert_eq!(ran.code, 2, "{}", ran.said());
        let body = ran.json();
        assert_eq!(
            (&body["code"], &body["error"]["type"]),
            (&400.into(), &"HTTPBadRequest".into()),
            "{body}"
        );
        let message = body["error"]["message"].as_str().expect("a message");
        assert!(ran.stderr.contains(message) && !message.starts_with("error:"), "{}", ran.said());
    }
    let help = home.ok(&["stack", "show", "--help", "-f", "json"]);
    assert!(help.stdout.contains("Usage"), "help is help: {}", help.said());
    assert_eq!(home.run(&["stack", "shwo"]).stdout, "");
}

#[test]
fn a_store_or_a_key_file_that_is_none_is_told_with_what_to_write_instead() {
    let home = Home::new();
    let template = home.put("t.yaml", TEMPLATE);
    let text = home.put("notes.txt", "no keys here\n");
    std::fs::create_dir(home.path().join("folder")).expect("a folder");
    for (words, told) in [
        (["--store", "/nonexistent/x"], "sqlite:/nonexistent/x"),
        (["--store", "sqlite:folder"], "is a folder, name a file in it"),
        (["--key-file", text.as_str()], "notes.txt is no key file"),
    ] {
        let ran = home.run(&[&["stack", "create", "s", "-t", &template] as &[&str], &words].concat());
        assert_eq!(ran.code, 2, "{}", ran.said());
        assert!(ran.stderr.contains(told) && !ran.stderr.contains("chmod"), "{}", ran.stderr);
    }
    assert!(home.ok(&["--help"]).stdout.contains("postgres://"));
    // Real keys that others can read are another matter.
    home.ok(&["stack", "create", "s", "-t", &template, "-q"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let key_file = home.path().join(".config/heat/heat.key");
        std::fs::set_permissions(&key_file, std::fs::Permissions::from_mode(0o644)).expect("permissions");
        let ran = home.run(&["stack", "list"]);
        assert!(ran.code == 2 && ran.stderr.contains("chmod 600"), "{}", ran.said());
    }
}

#[test]
fn an_empty_template_is_told_by_its_name() {
    let home = Home::new();
    for text in ["", " \n\n"] {
        let template = home.put("nothing.yaml", text);
        for words in [["template", "validate", "-t", &template] as [&str; 4], ["stack", "create", "s", "-t"]]
        {
            let words = if words[3] == "-t" { [&words[..], &[&template]].concat() } else { words.to_vec() };
            let ran = home.run(&words);
            assert_eq!(ran.code, 2, "{}", ran.said());
            let told = format!("the template {template} is empty");
            assert!(ran.stderr.contains(&told), "{}", ran.said());
        }
        let template = home.put("t.yaml", TEMPLATE);
        let environment = home.put("e.yaml", text);
        home.ok(&["template", "validate", "-t", &template, "-e", &environment]);
    }
}

#[test]
fn a_cloud_that_refuses_or_is_not_there_is_told_with_who_asked_and_where_that_is_written() {
    let cloud = CloudProcess::start(&[]);
    let template = support::project_file("examples/web-tier.yaml");
    let port = cloud.address.rsplit_once(':').expect("a port").1;
    for (from, to, code, told) in [
        ("password: demo", "password: hunter2", 2, "does not accept the credentials"),
        (&*format!(":{port}/"), ":1/", 1, "does not answer"),
    ] {
        let home = Home::with_cloud("simulator", &cloud.clouds_yaml.replace(from, to));
        let ran = home.run(&["stack", "create", "web", "-t", &template]);
        assert_eq!(ran.code, code, "{}", ran.said());
        let file = home.path().join("clouds.yaml").display().to_string();
        for word in ["cloud simulator", "username demo", &file, told] {
            assert!(ran.stderr.contains(word), "{word}: {}", ran.said());
        }
        assert!(!ran.said().contains("hunter2"), "{}", ran.said());
    }
}

#[test]
fn a_service_that_stays_away_is_told_while_it_is_waited_for() {
    let cloud = CloudProcess::start(&[]);
    let home = Home::with_cloud("simulator", &cloud.clouds_yaml);
    let template =
        home.put("t.yaml", "heat_template_version: 2021-04-16\nresources: {net: {type: OS::Neutron::Net}}\n");
    cloud.fault(
        r#"{"method": "POST", "path": "/network/v2.0/networks", "times": 1, "effect": {"refuse": {"status": 503, "message": "try later"}}}"#,
    );
    let ran = home.ok(&["stack", "create", "s", "-t", &template]);
    let told: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("try later")).collect();
    assert_eq!(told.len(), 1, "{}", ran.stderr);
    assert!(told[0].contains("net") && told[0].contains("looking whether it was done"), "{}", told[0]);
}
