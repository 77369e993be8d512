//! `heat template validate --fix` and its renderings, `fmt`, `schema`, and `heat explain`.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;
use support::{Home, Ran, project_file};

const WRONG: &str = "heat_template_version: 2021-04-16   # keep   this
resorces:
    a:   {type: OS::Heat::RandomString, propertes: {\"lenght\": 5}}   # and this
    b: {type: OS::Heat::Value, properties: {value: {get_resource: c}, vlaue: 1}}
";

fn read(path: &str) -> String {
    std::fs::read_to_string(path).expect("a file")
}

#[test]
fn what_is_certain_is_mended_and_everything_else_stays() {
    let home = Home::new();
    let path = home.put("wrong.yaml", WRONG);
    let looked = home.run(&["template", "validate", "-t", &path, "--fix", "--dry-run"]);
    assert_eq!(looked.code, 2, "{}", looked.said());
    assert!(
        looked.stdout.contains("\n-resorces:\n") && looked.stdout.contains("\n+resources:\n"),
        "{}",
        looked.stdout
    );
    assert_eq!(read(&path), WRONG, "only a look");

    let mended = home.run(&["template", "validate", "-t", &path, "--fix"]);
    assert_eq!(mended.code, 2, "{}", mended.said());
    let expected =
        WRONG.replace("resorces", "resources").replace("propertes", "properties").replace("lenght", "length");
    // `vlaue` would be a second `value`, and nobody knows which resource `c` is.
    assert_eq!(read(&path), expected);
    assert!(
        mended.stdout.contains("wrong.yaml:2:1: fixed[HT0105]: `resorces` is now `resources`"),
        "{}",
        mended.stdout
    );
    assert!(
        mended.stdout.contains("error[HT0307]") && mended.stdout.contains("error[HT0411]"),
        "{}",
        mended.stdout
    );

    let again = home.run(&["template", "validate", "-t", &path, "--fix"]);
    assert!(!again.stdout.contains("fixed") && read(&path) == expected, "{}", again.stdout);
}

#[test]
fn guesses_are_mended_when_asked_for_and_json_stays_json() {
    let home = Home::new();
    let text = r#"{"heat_template_version": "2021-04-16",
 "parameters": {"size": {"type": "integer", "default": 5}},
 "resorces": {"a": {"type": "OS::Heat::Value", "properties": {"value": {"get_param": "sise"}}}}}"#;
    let path = home.put("wrong.json", text);
    let environment = home.put("env.yaml", "paramters: {size: 6}  # six\n");
    let line = ["template", "validate", "-t", &path, "-e", &environment, "--fix"];
    let certain = home.run(&line);
    assert_eq!(certain.code, 2, "{}", certain.said());
    assert_eq!(read(&environment), "parameters: {size: 6}  # six\n");
    assert_eq!(read(&path), text.replace("resorces", "resources"));
    let all: Vec<&str> = line.into_iter().chain(["--guesses"]).collect();
    let guessed = home.ok(&all);
    assert!(guessed.stdout.contains("is valid"), "{}", guessed.said());
    let expected = text.replace("resorces", "resources").replace("integer", "number").replace("sise", "size");
    assert_eq!(read(&path), expected);
}

#[test]
fn problems_are_rendered_for_whoever_asks() {
    let home = Home::new();
    let path = home.put("wrong.yaml", WRONG);
    let run = |format: &str| home.run(&["template", "validate", "-t", &path, "-f", format]);
    let lines = run("line");
    assert_eq!(lines.code, 2);
    assert!(lines.stdout.lines().all(|line| line.contains("wrong.yaml:")), "{}", lines.stdout);
    assert!(lines.stdout.contains("wrong.yaml:2:1: error[HT0105]: "), "{}", lines.stdout);

    let heat = run("heat");
    assert!(heat.stdout.starts_with("the template section is invalid") && heat.code == 2, "{}", heat.stdout);

    let log = run("sarif");
    assert_eq!(log.code, 2);
    let log = log.json();
    assert_eq!(log["version"], "2.1.0");
    let run_of = &log["runs"][0];
    assert_eq!(run_of["tool"]["driver"]["name"], "heat");
    let result = &run_of["results"][0];
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
    let replacement = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], "resources");

    // A check that could not be made is not one that found nothing.
    let unread = home.run(&["template", "validate", "-t", "nowhere.yaml", "-f", "sarif"]);
    assert_eq!(unread.code, 2);
    let unread = unread.json();
    let run_of = &unread["runs"][0];
    assert_eq!(
        (&run_of["invocations"][0]["executionSuccessful"], run_of.get("results")),
        (&json!(false), None)
    );
    let told = &run_of["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert!(told.as_str().is_some_and(|told| told.contains("nowhere.yaml")), "{told}");

    assert_eq!(home.run(&["stack", "list", "-f", "sarif"]).code, 2);
    let valid = home.put("valid.yaml", "heat_template_version: 2021-04-16\n");
    let answer = home.ok(&["template", "validate", "-t", &valid, "-f", "sarif"]);
    assert_eq!(answer.json()["runs"][0]["results"], json!([]));
    assert_eq!(home.ok(&["template", "validate", "-t", &valid, "-f", "line"]).stdout, "");
}

#[test]
fn files_are_formatted_checked_or_left() {
    let home = Home::new();
    let text = "# about\nresources:\n    a:   {type:   OS::Heat::None}   # a\n";
    let formatted = "# about\nresources:\n  a: {type: OS::Heat::None}  # a\n";
    let (one, broken) = (home.put("one.yaml", text), home.put("broken.yaml", "a: [\n"));
    let good = home.put("good.yaml", formatted);
    let check = home.run(&["template", "fmt", "--check", &one, &good]);
    assert_eq!(check.code, 1, "{}", check.said());
    assert!(
        check.stdout.contains("+  a: {type: OS::Heat::None}  # a") && !check.stdout.contains("good.yaml")
    );
    assert_eq!(read(&one), text);
    let ran = home.run(&["template", "fmt", &one, &broken, &good]);
    assert_eq!(ran.code, 2, "{}", ran.said());
    assert_eq!((read(&one), read(&broken)), (formatted.to_owned(), "a: [\n".to_owned()));
    assert!(ran.stdout.contains("one.yaml is formatted") && ran.stderr.contains("HT0001"), "{}", ran.said());
    let ran = home.ok(&["template", "fmt", "--check", &one, &good]);
    assert_eq!(ran.stdout, "");

    let mut command = home.command(&["template", "fmt", "-"]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the command starts");
    child.stdin.take().expect("stdin").write_all(text.as_bytes()).expect("read");
    let ran = Ran::new(child.wait_with_output().expect("the command ends"));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, formatted));
}

#[test]
fn the_projects_examples_are_formatted() {
    let examples = ["examples/web-tier.yaml", "examples/orchestrator/site.yaml"].map(project_file);
    let ran = Home::new().run(&["template", "fmt", "--check", &examples[0], &examples[1]]);
    assert_eq!(ran.code, 0, "{}", ran.said());
}

#[test]
fn the_schema_of_a_version_knows_all_types_and_accepts_the_examples() {
    let home = Home::new();
    let path = home.path().join("schema.json");
    home.ok(&["template", "schema", "wallaby", "-o", path.to_str().expect("a path")]);
    let schema: Value = serde_json::from_str(&read(path.to_str().unwrap())).expect("JSON");
    assert_eq!(schema, home.json(&["template", "schema"]), "the newest version is the usual one");
    let types = schema["definitions"]["resource_types"].as_object().expect("types");
    assert_eq!(types.len(), home.json(&["resource", "type", "list"]).as_array().expect("types").len());
    assert_eq!(home.run(&["template", "schema", "1999-01-01"]).code, 2);

    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("heat.json", schema).unwrap();
    let index = compiler.compile("heat.json", &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
    let judge = |text: &str| {
        use heat_template::yaml::{Limits, TextKind, read};
        let file = heat_template::source::SourceMap::new().add("t.yaml", text);
        let value = read(file, text, TextKind::Template, &Limits::default()).node.expect("a tree").to_value();
        schemas.validate(&value, index).map_err(|error| format!("{error:#}"))
    };
    let text = read(&project_file("examples/web-tier.yaml"));
    judge(&text).unwrap_or_else(|error| panic!("{error}"));
    for (right, wrong) in [
        ("OS::Nova::Server", "OS::Nova::Sever"),
        ("    flavor:", "    flavour:"),
        ("resources:", "resorces:"),
    ] {
        assert!(text.contains(right), "{right}");
        assert!(judge(&text.replacen(right, wrong, 9)).is_err(), "{wrong}");
    }
}

#[test]
fn codes_are_explained() {
    let home = Home::new();
    let explained = home.ok(&["explain", "HT0404"]);
    assert!(explained.stdout.starts_with("HT0404: no such resource type\n\n"), "{}", explained.stdout);
    assert_eq!(home.ok(&["explain", "404"]).stdout, explained.stdout);
    assert_eq!(home.json(&["explain", "HT0404"])["code"], "HT0404");
    let all = home.json(&["explain"]);
    assert_eq!(all.as_array().expect("a list").len(), heat_template::diagnostic::codes::ALL.len());
    let unknown = home.run(&["explain", "HT9404"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("did you mean HT0404?"), "{}", unknown.stderr);
}

/// Each file in its own place, whatever names it, and nothing that may not be read.
#[test]
fn nested_templates_and_environments_are_mended_too() {
    let home = Home::new();
    for folder in ["stacks/part", "stacks/env", "elsewhere", "operator"] {
        std::fs::create_dir_all(home.path().join(folder)).expect("a folder");
    }
    let head = "heat_template_version: 2021-04-16\n";
    let outer = home.put(
        "stacks/t.yaml",
        format!("{head}resorces:\n  box: {{type: part/box.yaml}}\n  mapped: {{type: My::Box}}\n"),
    );
    let nested =
        "resources:\n  core:\n    type: OS::Heat::RandomString\n    properties: {lenght: 8}  # stays\n";
    let inner = home.put("stacks/part/box.yaml", format!("{head}{nested}"));
    let mapped = home.put("stacks/part/mapped.yaml", format!("{head}outptus: {{a: {{value: 1}}}}\n"));
    let environment =
        home.put("stacks/env/e.yaml", "paramters: {}\nresource_registry: {My::Box: ../part/mapped.yaml}\n");
    let paths = [&outer, &inner, &mapped, &environment];
    let read = |path: &String| std::fs::read_to_string(path).expect("a text");
    let before = paths.map(read);

    let fix = ["template", "validate", "-t", &outer, "-e", &environment, "--fix"];
    let shown = home.ok(&[&fix[..], &["--dry-run"]].concat()).stdout;
    for line in ["+resources:", "+    properties: {length: 8}  # stays", "+outputs:", "+parameters: {}"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    for name in ["stacks/t.yaml", "stacks/part/box.yaml", "stacks/part/mapped.yaml", "stacks/env/e.yaml"] {
        assert!(shown.lines().any(|line| line.starts_with("---") && line.ends_with(name)), "{name}: {shown}");
    }
    assert_eq!(paths.map(read), before, "only looked at");

    let told = home.ok(&fix).stdout;
    assert_eq!(told.matches("fixed[").count(), 4, "{told}");
    assert_eq!(read(&inner), before[1].replace("lenght", "length"));
    assert_eq!(read(&mapped), before[2].replace("outptus", "outputs"));
    assert_eq!(read(&outer), before[0].replace("resorces", "resources"), "names stay names");
    assert_eq!(read(&environment), before[3].replace("paramters", "parameters"));
    home.ok(&["template", "validate", "-t", &outer, "-e", &environment]);

    // A template of somebody else, behind a link that leads out, is not even read.
    #[cfg(unix)]
    {
        let other = home.put("elsewhere/box.yaml", format!("{head}{nested}"));
        std::fs::remove_file(&inner).expect("removed");
        std::os::unix::fs::symlink(&other, &inner).expect("a link");
        let mut command = home.command(&fix);
        let ran =
            support::Ran::new(command.current_dir(home.path().join("stacks")).output().expect("an end"));
        assert!(ran.code == 2 && ran.said().contains("outside"), "{}", ran.said());
        assert_eq!(read(&other), format!("{head}{nested}"));
        std::fs::remove_file(&inner).expect("removed");
        std::fs::write(&inner, &before[1]).expect("a file");
    }
    // Nor is the operator's.
    std::fs::create_dir_all(home.path().join("operator/t")).expect("a folder");
    let operators = home.put("operator/t/box.template", format!("{head}{nested}"));
    home.put("operator/e.yaml", "resource_registry: {Op::Box: t/box.template}\n");
    let user = home.put("stacks/op.yaml", format!("{head}resources: {{box: {{type: Op::Box}}}}\n"));
    let folder = home.path().join("operator");
    let ran = home.run(&[
        "template",
        "validate",
        "-t",
        &user,
        "--fix",
        "--environment-dir",
        folder.to_str().expect("text"),
    ]);
    assert!(ran.code == 2 && ran.stdout.contains("lenght"), "{}", ran.said());
    assert_eq!(read(&operators), format!("{head}{nested}"));
}

#[test]
fn a_closed_pipe_makes_no_good_template_of_a_bad_one() {
    let home = Home::new();
    let many: String = (0..5_000).map(|at| format!("  r{at}: {{type: No::Such}}\n")).collect();
    let path = home.put("many.yaml", format!("heat_template_version: 2021-04-16\nresources:\n{many}"));
    let mut child = home
        .command(&["template", "validate", "-t", &path])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(2));
}
