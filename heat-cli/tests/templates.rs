//! `heat template` and `heat resource type`: they need neither store nor cloud.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use serde_json::json;
use support::{Home, project_file};

#[test]
fn the_examples_are_valid_and_can_be_drawn() {
    let home = Home::new();
    let template = project_file("examples/web-tier.yaml");
    let valid = home.ok(&["template", "validate", "-t", &template]);
    assert!(valid.stdout.contains("is valid"), "{}", valid.said());
    let answer = home.json(&["template", "validate", "-t", &template]);
    assert_eq!(answer["Parameters"]["flavor"]["Default"], "m1.tiny");
    assert_eq!(answer["diagnostics"], json!([]));

    let graph = home.json(&["template", "graph", "-t", &template]);
    assert!(graph["nodes"].as_array().expect("nodes").contains(&json!("server_1")));
    assert!(graph["edges"].as_array().expect("edges").contains(&json!(["server_1", "port_1"])));
    let drawn = |format: &str| home.ok(&["template", "graph", "-t", &template, "-f", format]).stdout;
    assert!(drawn("dot").starts_with("digraph"));
    assert!(drawn("mermaid").contains("-->"));
    assert!(drawn("svg").contains("<svg"));
    assert!(drawn("plain").contains("server_1"));
    let template = project_file("examples/every-type.yaml");
    let answer = home.json(&["template", "validate", "-t", &template]);
    assert_eq!(answer["diagnostics"], json!([]));
    assert_eq!(home.run(&["stack", "list", "-f", "svg"]).code, 2);
    assert!(!support::store_of(&home).exists(), "no store is made for this");
}

#[test]
fn all_problems_are_told_at_once_a_line_each() {
    let home = Home::new();
    let template = home.put(
        "bad.yaml",
        "heat_template_version: 2021-04-16
resources:
  a: {type: OS::Heat::RandomStrin}
  b: {type: OS::Heat::RandomString, properties: {lenght: 3}}
  c: {type: OS::Heat::Value, properties: {value: {get_param: none}}}
",
    );
    let ran = home.run(&["template", "validate", "-t", &template]);
    assert_eq!(ran.code, 2);
    for place in ["bad.yaml:3:", "bad.yaml:4:", "bad.yaml:5:"] {
        assert!(
            ran.stdout.lines().any(|line| line.contains(place) && line.contains("error[HT")),
            "{}",
            ran.said()
        );
    }
    let ran = home.run(&["template", "validate", "-t", &template, "-f", "json"]);
    assert_eq!(ran.code, 2);
    let body = ran.json();
    assert_eq!(body["code"], 400);
    assert_eq!(body["error"]["type"], "StackValidationFailed");
    let lines: Vec<u64> = body["diagnostics"]
        .as_array()
        .expect("diagnostics")
        .iter()
        .filter(|one| one["severity"] == "error")
        .map(|one| one["primary"]["start"]["line"].as_u64().expect("a line"))
        .collect();
    assert_eq!(lines, [3, 4, 5]);
}

#[test]
fn versions_functions_and_types_are_listed() {
    let home = Home::new();
    assert_eq!(home.json(&["template", "version", "list"]).as_array().expect("a list").len(), 13);
    let functions =
        home.ok(&["template", "function", "list", "heat_template_version.wallaby", "-f", "value"]).stdout;
    assert!(
        functions.lines().any(|name| name == "str_replace")
            && !functions.lines().any(|name| name == "equals")
    );
    let functions =
        home.ok(&["template", "function", "list", "2021-04-16", "--with-conditions", "-f", "value"]).stdout;
    assert!(functions.lines().any(|name| name == "equals"));
    assert_eq!(home.run(&["template", "function", "list", "1999-01-01"]).code, 2);

    let types = home.ok(&["resource", "type", "list", "--filter", "name=Nova", "-f", "value"]).stdout;
    assert!(types.lines().any(|name| name == "OS::Nova::Server") && !types.contains("Neutron"), "{types}");
    let server = home.json(&["resource", "type", "show", "OS::Nova::Server"]);
    assert_eq!(server["properties"]["flavor"]["required"], true);
    let unknown = home.run(&["resource", "type", "show", "OS::Nova::Sever"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("OS::Nova::Server"), "{}", unknown.stderr);
}

#[test]
fn a_folder_of_global_environments_lies_under_all_stacks() {
    let home = Home::new();
    let folder = home.path().join(".config/heat/environment.d");
    std::fs::create_dir_all(folder.join("templates")).expect("a folder");
    let put = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("a file");
    put(
        "templates/box.yaml",
        "heat_template_version: 2021-04-16\noutputs: {value: {value: of the operator}}\n",
    );
    put("10-a.yaml", "resource_registry: {Op::Box: OS::Heat::None, Op::Gone: OS::Heat::None}\n");
    put("20-b.yaml", "resource_registry: {Op::Box: templates/box.yaml, Op::Gone: ~}\n");
    put(".hidden", "no: {environment");
    let template = home.put(
        "t.yaml",
        "heat_template_version: 2021-04-16\nresources: {box: {type: Op::Box}}\noutputs: {value: {value: {get_attr: [box, value]}}}\n",
    );
    home.ok(&["template", "validate", "-t", &template]);
    let stack = home.json(&["stack", "create", "s", "-t", &template]);
    assert_eq!(stack["outputs"][0]["output_value"], "of the operator");
    let gone =
        home.put("gone.yaml", "heat_template_version: 2021-04-16\nresources: {box: {type: Op::Gone}}\n");
    assert_eq!(home.run(&["template", "validate", "-t", &gone]).code, 2);

    // Another folder; what is wrong in it, or in a template that it names, is told with its place.
    let other = home.path().join("other");
    std::fs::create_dir_all(&other).expect("a folder");
    let with =
        |words: &[&str]| home.run(&[words, &["--environment-dir", other.to_str().expect("text")]].concat());
    assert_eq!(with(&["template", "validate", "-t", &template]).code, 2);
    home.put("other/a.yaml", "resource_registry: {Op::Box: ../box.yaml}\n");
    home.put(
        "box.yaml",
        "heat_template_version: 2021-04-16\nresources: {a: {type: No::Such}}\noutputs: {value: {value: 1}}\n",
    );
    let ran = with(&["template", "validate", "-t", &template]);
    assert!(ran.stdout.contains("box.yaml:2:"), "{}", ran.said());
    std::fs::remove_file(home.path().join("box.yaml")).expect("removed");
    for words in [&["template", "validate", "-t", &template] as &[&str], &["stack", "list"]] {
        let ran = with(words);
        assert!(ran.code == 2 && ran.said().contains("No such file"), "{words:?} {}", ran.said());
    }
    home.put("other/a.yaml", "parameters: {a: 1}\n");
    let told = with(&["template", "validate", "-t", &template]);
    assert!(
        told.stdout.contains("a.yaml:1:1: warning") && told.stdout.contains("no effect"),
        "{}",
        told.said()
    );
}

const OUTER: &str = "heat_template_version: 2021-04-16
parameters: {size: {type: number, default: 2}}
resources:
  net: {type: OS::Heat::Value, properties: {value: x}}
  box: {type: box.yaml, depends_on: net, properties: {a: {get_attr: [net, value]}}}
  group:
    type: OS::Heat::ResourceGroup
    properties: {count: {get_param: size}, resource_def: {type: box.yaml, properties: {a: '%index%'}}}
";

const BOX: &str = "heat_template_version: 2021-04-16
parameters: {a: {type: string}}
resources:
  core: {type: OS::Heat::Value, properties: {value: {get_param: a}}}
  shell: {type: OS::Heat::Value, properties: {value: {get_resource: core}}}
";

#[test]
fn what_is_inside_of_nested_stacks_is_drawn_in_them() {
    let home = Home::new();
    home.put("box.yaml", BOX);
    let template = home.put("outer.yaml", OUTER);
    let graph = home.json(&["template", "graph", "-t", &template]);
    let inside = json!({"nodes": ["core", "shell"], "edges": [["shell", "core"]]});
    let members = json!({"nodes": ["0", "1"], "edges": [], "nested": {"0": inside, "1": inside}});
    assert_eq!(
        graph,
        json!({
            "nodes": ["net", "box", "group"],
            "edges": [["box", "net"]],
            "nested": {"box": inside, "group": members},
        })
    );
    let text =
        home.ok(&["template", "graph", "-t", &template, "-f", "plain", "--parameter", "size=1"]).stdout;
    let lines =
        "net\nbox needs net\n  core\n  shell needs core\ngroup\n  0\n    core\n    shell needs core\n";
    assert_eq!(text, lines);
    let shallow = home.json(&["template", "graph", "-t", &template, "--nested-depth", "0"]);
    assert_eq!(shallow, json!({"nodes": ["net", "box", "group"], "edges": [["box", "net"]]}));
    for (format, clusters) in
        [("dot", "subgraph cluster_"), ("mermaid", "subgraph "), ("svg", "class=\"nested\"")]
    {
        let drawn = home.ok(&["template", "graph", "-t", &template, "-f", format]).stdout;
        assert_eq!(drawn.matches(clusters).count(), 4, "{format}: {drawn}");
    }
    let large = home.run(&["template", "graph", "-t", &template, "--parameter", "size=4000", "-f", "json"]);
    assert!(large.code == 0 && large.stderr.contains("10000"), "{}", large.stderr);
}
