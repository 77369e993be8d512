//! The README's commands, each a process of its own, on the simulated cloud that lives beside the store.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use serde_json::Value;
use std::process::Stdio;
use support::cloud::CloudProcess;
use support::{Home, Ran, project_file, signal, store_of, until};

/// The commands of the README's code blocks that begin with `heat`, as words.
fn readme_commands() -> Vec<Vec<String>> {
    let readme = std::fs::read_to_string(project_file("README.md")).expect("a README");
    // What follows needs a real cloud.
    let (simulated, _) = readme.split_once("## On a real cloud").expect("a section");
    let lines = simulated.lines().filter_map(|line| {
        let line = line.trim();
        line.strip_prefix("heat ").or_else(|| line.strip_prefix("cargo run --release -p heat-cli -- "))
    });
    let words = |line: &str| {
        let line = line.split(" #").next().unwrap_or_default();
        line.split_whitespace()
            .map(|word| match word.strip_prefix("examples/") {
                Some(file) => project_file(&format!("examples/{file}")),
                None => word.trim_matches('\'').to_owned(),
            })
            .collect()
    };
    lines.map(words).collect()
}

#[test]
fn the_commands_of_the_readme_work_one_after_the_other() {
    let commands = readme_commands();
    assert!(commands.len() >= 5, "{commands:?}");
    let home = Home::new();
    for words in &commands {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = home.ok(&words);
        assert!(
            !ran.stderr.contains("error") && !ran.stderr.contains("warning"),
            "{words:?}: {}",
            ran.said()
        );
        if words.contains(&"create") {
            assert!(
                ran.stdout.contains("CREATE_COMPLETE") && ran.stdout.contains("http://"),
                "{}",
                ran.said()
            );
        }
        if words.contains(&"output") {
            // By then the port was changed.
            assert!(ran.stdout.contains("http://") && ran.stdout.contains(":8080/"), "{}", ran.said());
        }
    }
    assert_eq!(home.json(&["stack", "list"]), Value::Array(Vec::new()), "the last one deletes");
}

fn web_tier() -> String {
    project_file("examples/web-tier.yaml")
}

fn create_web(home: &Home) -> Ran {
    home.ok(&["stack", "create", "web", "-t", &web_tier(), "-f", "json"])
}

#[test]
fn a_stack_is_created_shown_updated_and_deleted_by_processes_of_their_own() {
    let home = Home::new();
    let created = create_web(&home);
    let stack = created.json();
    assert_eq!(stack["stack_status"], "CREATE_COMPLETE");
    assert_eq!(stack["stack_name"], "web");
    let output = |stack: &Value, key: &str| {
        let outputs = stack["outputs"].as_array().expect("outputs");
        outputs.iter().find(|output| output["output_key"] == key).expect("an output")["output_value"].clone()
    };
    let url = output(&stack, "url").as_str().expect("a text").to_owned();
    assert!(url.starts_with("http://172.24."), "{url}");
    assert!(output(&stack, "login").is_null(), "nobody logs in without a key");
    // A line for each event, on stderr.
    assert!(created.stderr.contains("[web.server_1]: CREATE_COMPLETE"), "{}", created.stderr);
    assert!(!created.stdout.contains("[web.server_1]"));

    let shown = home.json(&["stack", "show", "web"]);
    assert_eq!(shown["id"], stack["id"]);
    assert_eq!(shown["outputs"], stack["outputs"]);
    assert_eq!(shown["parameters"]["image"], "cirros");
    assert_eq!(home.json(&["stack", "list"])[0]["stack_name"], "web");

    let resources = home.json(&["stack", "resource", "list", "web"]);
    let names: Vec<&str> = resources
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["resource_name"].as_str().expect("a name"))
        .collect();
    assert!(names.contains(&"server_2") && !names.contains(&"ssh_rule"), "{names:?}");
    let server = home.json(&["stack", "resource", "show", "web", "server_1"]);
    assert_eq!(server["resource_type"], "OS::Nova::Server");
    assert_eq!(server["resource_status"], "CREATE_COMPLETE");
    let events = home.json(&["stack", "event", "list", "web", "--resource", "server_1"]);
    let states: Vec<&str> = events
        .as_array()
        .expect("events")
        .iter()
        .map(|one| one["resource_status"].as_str().expect("a status"))
        .collect();
    assert_eq!(states, ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]);
    assert_eq!(home.json(&["stack", "output", "show", "web", "url"])["output_value"], url.as_str());
    assert_eq!(
        home.ok(&["stack", "output", "show", "web", "url", "-f", "value", "-c", "output_value"]).stdout,
        format!("{url}\n")
    );

    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH3K8Q2ywQ2hP0cUBJmSgM6y3Jf0rWkI7JgY3eZ0Qw1R test";
    let dry = home.ok(&[
        "stack",
        "update",
        "web",
        "--existing",
        "--parameter",
        &format!("public_key={key}"),
        "--dry-run",
    ]);
    assert!(dry.stdout.contains("ssh_rule"), "{}", dry.stdout);
    let updated = home.json(&[
        "stack",
        "update",
        "web",
        "--existing",
        "--parameter",
        &format!("public_key={key}"),
        "--tags",
        "a,b",
    ]);
    assert_eq!(updated["stack_status"], "UPDATE_COMPLETE");
    assert!(output(&updated, "login").as_str().expect("a text").starts_with("ssh cirros@"));
    assert_eq!(updated["tags"], serde_json::json!(["a", "b"]));

    let deleted = home.ok(&["stack", "delete", "-y", "web"]);
    assert!(deleted.stdout.is_empty());
    let gone = home.run(&["stack", "show", "web", "-f", "json"]);
    assert_eq!(gone.code, 2);
    assert_eq!(gone.json()["error"]["type"], "EntityNotFound");
    assert!(gone.stderr.contains("web"));
}

#[test]
fn an_interrupted_stack_goes_on_with_wait() {
    let home = Home::new();
    // Waits on a clock of its own, so that there is time to interrupt it.
    let template = home.put(
        "slow.yaml",
        "heat_template_version: 2021-04-16
resources:
  first: {type: OS::Heat::RandomString}
  slow:
    type: OS::Heat::TestResource
    depends_on: first
    properties: {value: x, wait_secs: 2}
  last: {type: OS::Heat::Value, properties: {value: {get_attr: [slow, output]}}}
outputs: {all: {value: [{get_attr: [first, value]}, {get_attr: [last, value]}]}}
",
    );
    let child = home.begin(&["stack", "create", "slow", "-t", &template]);
    until("the slow resource is being made", || {
        store_of(&home).exists()
            && home
                .run(&["stack", "resource", "show", "slow", "slow", "-f", "json"])
                .stdout
                .contains("CREATE_IN_PROGRESS")
    });
    signal(&child, "INT");
    let interrupted = Ran::new(child.wait_with_output().expect("it ends"));
    assert_eq!(interrupted.code, 130, "{}", interrupted.said());
    assert!(interrupted.stderr.contains("heat stack wait slow"), "{}", interrupted.said());
    assert!(interrupted.stdout.is_empty());

    assert_eq!(home.json(&["stack", "show", "slow"])["stack_status"], "CREATE_IN_PROGRESS");
    let done = home.json(&["stack", "wait", "slow"]);
    assert_eq!(done["stack_status"], "CREATE_COMPLETE", "{done}");
    home.ok(&["stack", "delete", "-y", "slow"]);
}

#[test]
fn nobody_has_to_read_the_answer() {
    let home = Home::new();
    let template = home
        .put("t.yaml", "heat_template_version: 2021-04-16\nresources: {r: {type: OS::Heat::RandomString}}\n");
    home.ok(&["stack", "create", "s", "-t", &template]);
    let mut command = home.command(&["stack", "event", "list", "s"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let ran = Ran::new(child.wait_with_output().expect("it ends"));
    assert!(!ran.stderr.contains("panic"), "{}", ran.stderr);
}

#[test]
fn a_hidden_parameter_is_nowhere_in_clear() {
    let home = Home::new();
    let template = home.put(
        "t.yaml",
        "heat_template_version: 2021-04-16
parameters: {secret: {type: string, hidden: true}}
resources: {r: {type: OS::Heat::Value, properties: {value: {get_param: secret}}}}
",
    );
    let created = home.ok(&[
        "stack",
        "create",
        "s",
        "-t",
        &template,
        "--parameter",
        "secret=hunter2hunter2",
        "-f",
        "json",
        "-vv",
    ]);
    assert_eq!(created.json()["parameters"]["secret"], "******");
    let mut said = created.said();
    said += &home.ok(&["stack", "event", "list", "s", "-f", "yaml"]).said();
    said += &home.ok(&["stack", "show", "s"]).said();
    assert!(!said.contains("hunter2"), "{said}");
    let folder = store_of(&home);
    for file in std::fs::read_dir(folder.parent().expect("a folder")).expect("files") {
        let path = file.expect("a file").path();
        let bytes = std::fs::read(&path).expect("bytes");
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "{}", path.display());
    }
    // Without its key the store is refused, and no other key is made.
    std::fs::remove_file(home.path().join(".config/heat/heat.key")).expect("the key file");
    let refused = home.run(&["stack", "list"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("heat.key"), "{}", refused.stderr);
}

#[test]
fn the_first_template_of_the_book_works_with_the_commands_below_it() {
    let page = std::fs::read_to_string(project_file("docs/language.md")).expect("a page");
    let (_, page) = page.split_once("```yaml\n").expect("a template");
    let (template, page) = page.split_once("```\n").expect("its end");
    let (page, _) = page.split_once("## ").expect("another section");
    let (page, _) = page.split_once("```yaml").expect("another template");
    let home = Home::new();
    home.put("first.yaml", template);
    let commands: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("    heat ")).collect();
    assert_eq!(commands.len(), 3, "{commands:?}");
    let mut said = String::new();
    for command in commands {
        said = home.ok(&command.split_whitespace().collect::<Vec<_>>()).stdout;
    }
    assert!(said.trim_end().parse::<std::net::Ipv4Addr>().is_ok(), "{said}");
}

#[test]
fn the_page_about_the_command_line_tells_how_faults_are_set_and_what_a_fresh_cloud_has() {
    let page = std::fs::read_to_string(project_file("docs/command-line.md")).expect("a page");
    let curl = page.lines().find(|line| line.trim().starts_with("curl ")).expect("a command");
    let (address, rest) = curl.split_once(" -d '").expect("a body");
    assert!(address.trim().starts_with("curl -X POST http://") && address.ends_with("/_simulator/faults"));
    let cloud = CloudProcess::start(&[]);
    cloud.fault(rest.strip_suffix('\'').expect("the end of the body"));
    let home = Home::with_cloud("simulator", &cloud.clouds_yaml);
    let refused = home.run(&["stack", "create", "web", "-t", &web_tier()]);
    assert_eq!(refused.code, 1, "{}", refused.said());
    assert!(refused.stderr.contains("Quota exceeded for instances"), "{}", refused.said());
    assert_eq!(cloud.objects("server").len(), 1, "the first one passes");
    // The effects of the table are rules.
    let effects = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let effects: Vec<&str> =
        effects.map(|(effect, _)| effect).filter(|effect| effect.starts_with(['{', '"'])).collect();
    assert_eq!(effects.len(), 7, "{effects:?}");
    for effect in effects {
        cloud.fault(&format!(r#"{{"path": "/nowhere", "times": null, "effect": {effect}}}"#));
    }
    for kind in ["image", "flavor", "volume_type"] {
        for object in cloud.objects(kind) {
            let name = object["name"].as_str().expect("a name");
            assert!(page.contains(&format!("`{name}`")), "{kind} {name}");
        }
    }
}
