//! What is wrong gives a message with its place, the right exit code, and leaves nothing behind, neither in the cloud
//! nor in the store.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use support::cloud::CloudProcess;
use support::{Home, Ran};

const HEAD: &str = "heat_template_version: 2021-04-16\n";

/// A cloud, a home that uses it, and what the cloud held at first.
struct Scene {
    cloud: CloudProcess,
    home: Home,
}

impl Scene {
    fn new() -> Self {
        let cloud = CloudProcess::start(&[]);
        let home = Home::with_cloud("simulator", &cloud.clouds_yaml);
        Self { cloud, home }
    }

    /// Creates a stack, which must be refused with this code and these words, and checks that nothing is left.
    fn refused(&self, template: &str, more: &[&str], code: i32, words: &[&str]) -> Ran {
        let before = self.cloud.inventory();
        let path = self.home.put("template.yaml", template);
        let line: Vec<&str> =
            ["stack", "create", "bad", "-t", &path].into_iter().chain(more.iter().copied()).collect();
        let ran = self.home.run(&line);
        assert_eq!(ran.code, code, "{}", ran.said());
        for word in words {
            assert!(ran.stderr.contains(word), "{word:?} is missing: {}", ran.said());
        }
        assert!(ran.stdout.is_empty(), "{}", ran.stdout);
        assert_eq!(self.cloud.inventory(), before);
        assert_eq!(self.home.json(&["stack", "list"]), serde_json::json!([]));
        ran
    }
}

#[test]
fn wrong_yaml_is_told_at_its_place() {
    let text = format!("{HEAD}resources:\n  a: {{type: OS::Heat::None\n  b: x\n");
    Scene::new().refused(&text, &[], 2, &["template.yaml:4:", "error"]);
}

#[test]
fn an_unknown_type_is_told_at_its_place() {
    let text = format!("{HEAD}resources:\n  net:\n    type: OS::Neutron::Ne\n");
    Scene::new().refused(&text, &[], 2, &["template.yaml:4:11", "OS::Neutron::Ne", "OS::Neutron::Net"]);
}

#[test]
fn an_unknown_property_is_told_at_its_place() {
    let text = format!(
        "{HEAD}resources:\n  good: {{type: OS::Neutron::Net}}\n  net:\n    type: OS::Neutron::Net\n    properties:\n      nmae: x\n"
    );
    Scene::new().refused(&text, &[], 2, &["template.yaml:7:7", "nmae", "did you mean", "name"]);
}

#[test]
fn a_property_of_the_wrong_type_is_told_at_its_place() {
    let text = format!(
        "{HEAD}resources:\n  net:\n    type: OS::Neutron::Net\n    properties:\n      admin_state_up: [1, 2]\n"
    );
    Scene::new().refused(&text, &[], 2, &["template.yaml:6:23", "admin_state_up"]);
}

#[test]
fn a_thing_that_should_exist_and_does_not_is_told_at_its_place() {
    let text = format!("{HEAD}resources:\n  net:\n    type: OS::Neutron::Net\n    external_id: 5e1c4a52\n");
    let scene = Scene::new();
    let path = scene.home.put("external.yaml", &text);
    let valid = scene.home.run(&["template", "validate", "-t", &path]);
    assert_eq!(valid.code, 0, "{}", valid.said());
    scene.refused(&text, &[], 2, &["template.yaml:5:18", "5e1c4a52", "OS::Neutron::Net", "can not be found"]);
}

#[test]
fn an_unknown_reference_is_told_at_its_place() {
    let text = format!(
        "{HEAD}resources:\n  net: {{type: OS::Neutron::Net}}\n  sub:\n    type: OS::Neutron::Subnet\n    properties: {{network: {{get_resource: nett}}, cidr: 10.0.0.0/24}}\n"
    );
    Scene::new().refused(&text, &[], 2, &["template.yaml:6:", "nett", "did you mean"]);
}

#[test]
fn a_circle_of_dependencies_is_told() {
    let text = format!(
        "{HEAD}resources:\n  a: {{type: OS::Heat::None, depends_on: b}}\n  b: {{type: OS::Heat::None, depends_on: a}}\n"
    );
    Scene::new().refused(&text, &[], 2, &["template.yaml:3:", "circular", "a → b → a"]);
}

fn with_a_size() -> String {
    format!(
        "{HEAD}parameters:\n  size: {{type: number, constraints: [{{range: {{min: 1, max: 9}}}}]}}\nresources:\n  net: {{type: OS::Neutron::Net}}\n"
    )
}

#[test]
fn a_missing_parameter_is_told_where_it_is_declared() {
    let scene = Scene::new();
    scene.refused(&with_a_size(), &[], 2, &["template.yaml:3:3", "size"]);
    let path = scene.home.put("t.yaml", with_a_size());
    let answer = scene.home.run(&["stack", "create", "bad", "-t", &path, "-f", "json"]);
    assert_eq!(answer.code, 2);
    assert_eq!(answer.json()["code"], 400);
    assert_eq!(answer.json()["diagnostics"][0]["primary"]["start"]["line"], 3);
}

#[test]
fn a_wrong_value_of_a_parameter_is_told_where_it_is_given() {
    let scene = Scene::new();
    let template = with_a_size();
    scene.refused(&template, &["--parameter", "size=10"], 2, &["size", "10"]);
    scene.refused(&template, &["--parameter", "size=big"], 2, &["size", "big"]);
    let misspelt = ["--parameter", "size=3", "--parameter", "sise=3"];
    scene.refused(&template, &misspelt, 2, &["sise", "did you mean"]);
    let environment = scene.home.put("env.yaml", "parameters: {size: 11}\n");
    scene.refused(&template, &["-e", &environment], 2, &["env.yaml:1:20", "size"]);
}

#[test]
fn an_image_that_is_not_there_is_told_before_anything_is_made() {
    let scene = Scene::new();
    let template = support::project_file("examples/web-tier.yaml");
    let before = scene.cloud.inventory();
    let ran = scene.home.run(&["stack", "create", "bad", "-t", &template, "--parameter", "image=beos"]);
    assert_eq!(ran.code, 2, "{}", ran.said());
    assert!(ran.stderr.contains("beos") && ran.stderr.contains("image"), "{}", ran.said());
    assert_eq!(scene.cloud.inventory(), before);
    assert_eq!(scene.home.json(&["stack", "list"]), serde_json::json!([]));
    // In a property it has a place.
    let template = format!(
        "{HEAD}resources:\n  server:\n    type: OS::Nova::Server\n    properties:\n      flavor: m1.tiny\n      image: beos\n      networks: [{{network: public}}]\n"
    );
    scene.refused(&template, &[], 2, &["template.yaml:7:14", "beos"]);
}

/// One network: enough to need credentials.
fn network() -> String {
    format!("{HEAD}resources:\n  net: {{type: OS::Neutron::Net}}\n")
}

#[test]
fn a_wrong_password_is_told_before_anything_is_made() {
    let scene = Scene::new();
    let wrong = scene.cloud.clouds_yaml.replace("password: demo", "password: wrong-hunter2");
    assert_ne!(wrong, scene.cloud.clouds_yaml);
    scene.home.put("clouds.yaml", wrong);
    let ran = scene.refused(&network(), &[], 2, &["error", "auth/tokens", "401"]);
    assert!(!ran.said().contains("hunter2"), "{}", ran.said());
}

#[test]
fn an_expired_token_is_told_before_anything_is_made() {
    let scene = Scene::new();
    let token = scene.cloud.token();
    let with_token = scene
        .cloud
        .clouds_yaml
        .replace("username: demo", &format!("token: {token}"))
        .replace("password: demo", "x: y");
    scene.home.put("clouds.yaml", with_token);
    scene.home.put("good.yaml", network());
    scene.home.ok(&["stack", "create", "good", "-t", "good.yaml"]);
    scene.home.ok(&["stack", "delete", "-y", "good"]);
    scene.cloud.ask("POST", "tokens/expire", "");
    let ran = scene.refused(&network(), &[], 2, &["error", "token"]);
    assert!(!ran.said().contains(&token), "{}", ran.said());
}

#[test]
fn a_cloud_that_nobody_knows_is_told_before_anything_is_made() {
    let scene = Scene::new();
    scene.home.put("clouds.yaml", "clouds: {}");
    scene.refused(&network(), &[], 2, &["simulator"]);
}

#[test]
fn an_endpoint_that_is_down_is_told_before_anything_is_made() {
    let scene = Scene::new();
    let down = scene.cloud.clouds_yaml.replace(&scene.cloud.address, "127.0.0.1:1");
    scene.home.put("clouds.yaml", down);
    let template = format!("{HEAD}resources:\n  net: {{type: OS::Neutron::Net}}\n");
    scene.refused(&template, &[], 1, &["127.0.0.1:1"]);
}

#[test]
fn a_quota_that_is_used_up_fails_the_stack_and_a_rollback_leaves_nothing() {
    let scene = Scene::new();
    scene.cloud.quota("network", r#"{"port": 1}"#);
    let before = scene.cloud.inventory();
    let template = scene.home.put(
        "ports.yaml",
        format!(
            "{HEAD}resources:\n  net: {{type: OS::Neutron::Net}}\n  a: {{type: OS::Neutron::Port, properties: {{network: {{get_resource: net}}}}}}\n  b: {{type: OS::Neutron::Port, properties: {{network: {{get_resource: net}}}}}}\n"
        ),
    );
    let ran = scene.home.run(&["stack", "create", "ports", "-t", &template, "-f", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.said());
    assert_eq!(ran.json()["stack_status"], "CREATE_FAILED");
    assert!(
        ran.json()["stack_status_reason"].as_str().expect("a reason").to_lowercase().contains("quota"),
        "{}",
        ran.said()
    );
    assert!(ran.stderr.contains("CREATE_FAILED"), "{}", ran.stderr);
    scene.home.ok(&["stack", "delete", "-y", "ports"]);
    assert_eq!(scene.cloud.inventory(), before);

    let ran = scene.home.run(&["stack", "create", "ports", "-t", &template, "--enable-rollback"]);
    assert_eq!(ran.code, 1, "{}", ran.said());
    assert!(ran.stdout.contains("ROLLBACK_COMPLETE"), "{}", ran.said());
    assert_eq!(scene.cloud.inventory(), before, "the rollback undoes everything");
}

#[test]
fn what_the_command_line_gets_wrong_is_code_2() {
    let home = Home::new();
    for (words, said) in [
        (&["stack", "create"] as &[&str], "NAME"),
        (&["stack", "create", "x"], "-t FILE"),
        (&["stack", "create", "x", "-t", "none.yaml"], "none.yaml"),
        (&["stack", "create", "x", "-t", "ftp://h/t.yaml"], "download it"),
        (&["stack", "update", "x"], "--existing"),
        (&["stack", "show", "none"], "there is no stack none on "),
        (&["stack", "delete", "-y", "none"], "none"),
        (&["stack", "list", "--store", "mysql://x"], "sqlite:PATH"),
        (&["stack", "list", "--store", "postgres://u:hunter2@h:port/d"], "postgres://USER:PASSWORD@HOST"),
        (&["engine", "--store", "memory"], "postgres://"),
    ] {
        let ran = home.run(words);
        assert_eq!(ran.code, 2, "{words:?}: {}", ran.said());
        assert!(ran.stderr.contains(said), "{words:?}: {}", ran.said());
        assert!(!ran.said().contains("hunter2"), "{words:?}: {}", ran.said());
    }
}

#[test]
fn a_replacement_that_is_refused_gives_the_port_back_that_nova_takes_off_late() {
    let cloud = CloudProcess::start(&["--work", "1500"]);
    let home = Home::with_cloud("simulator", &cloud.clouds_yaml);
    let text = |image: &str| {
        format!(
            "{HEAD}resources:
  net: {{type: OS::Neutron::Net}}
  subnet: {{type: OS::Neutron::Subnet, properties: {{network: {{get_resource: net}}, cidr: 10.3.0.0/24}}}}
  port: {{type: OS::Neutron::Port, depends_on: subnet, properties: {{network: {{get_resource: net}}}}}}
  server:
    type: OS::Nova::Server
    properties: {{image: cirros, flavor: m1.small, networks: [{{port: {{get_resource: port}}}}]{image}}}
"
        )
    };
    let first = home.put("first.yaml", text(""));
    home.ok(&["stack", "create", "s", "-t", &first]);
    let holder = || cloud.objects("port").into_iter().find(|port| port["device_owner"] != "network:dhcp");
    let before = holder().expect("a port")["device_id"].clone();
    assert_ne!(before, "");
    cloud.fault(
        r#"{"method": "POST", "path": "/compute/v2.1/servers", "times": null, "effect": {"refuse": {"status": 400, "message": "not today"}}}"#,
    );
    let second = home.put("second.yaml", text(", user_data: other, user_data_format: RAW"));
    let ran = home.run(&["stack", "update", "s", "-t", &second, "--rollback", "enabled"]);
    assert_eq!(ran.code, 1, "{}", ran.said());
    assert!(ran.stdout.contains("ROLLBACK_COMPLETE"), "{}", ran.said());
    // What Nova does late is done by then.
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(holder().expect("a port")["device_id"], before, "the old server has its port again");
}
