//! SIGKILL at random moments of create, update and delete of a stack of 30 resources. Each time the command is begun
//! again; in the end the stack is COMPLETE, and the cloud holds each object once: none is missing, orphaned or double.
//!
//! `HEAT_TEST_KILLS` says how many kills there are at least, `HEAT_TEST_SEED` repeats a run.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test stops where it fails")]

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use support::Home;
use support::cloud::CloudProcess;
use support::kills::{Operation, Scene};

/// How many kills the inner loop of a developer has.
const USUAL_KILLS: usize = 4;

/// A stack of 30 resources of services and 2 local ones, in two forms: the second one changes things in place, replaces, removes and adds.
fn template(changed: bool) -> String {
    let mut text = "heat_template_version: 2021-04-16\nresources:\n".to_owned();
    let mut put = |name: &str, type_name: &str, properties: &str| {
        let _ = writeln!(text, "  {name}: {{type: {type_name}, properties: {{{properties}}}}}");
    };
    put("router", "OS::Neutron::Router", "external_gateway_info: {network: public}");
    // Nothing but records, which others use.
    put("secret", "OS::Heat::RandomString", if changed { "length: 24" } else { "length: 16" });
    put("note", "OS::Heat::Value", "value: {list_join: ['-', [of, {get_attr: [secret, value]}]]}");
    put("group", "OS::Neutron::SecurityGroup", "description: {get_attr: [note, value]}");
    let port = if changed { 8443 } else { 443 };
    for (name, port) in [("rule_1", 80), ("rule_2", port)] {
        let range = format!("protocol: tcp, port_range_min: {port}, port_range_max: {port}");
        put(
            name,
            "OS::Neutron::SecurityGroupRule",
            &format!("security_group: {{get_resource: group}}, {range}"),
        );
    }
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH3K8Q2ywQ2hP0cUBJmSgM6y3Jf0rWkI7JgY3eZ0Qw1R test";
    put("key", "OS::Nova::KeyPair", &format!("name: kill-test, public_key: {key}"));
    for n in 1..=3 {
        let dns = if changed { "9.9.9.9" } else { "1.1.1.1" };
        put(&format!("net_{n}"), "OS::Neutron::Net", if changed { "tags: [changed]" } else { "" });
        put(
            &format!("subnet_{n}"),
            "OS::Neutron::Subnet",
            &format!("network: {{get_resource: net_{n}}}, cidr: 10.{n}.0.0/24, dns_nameservers: [{dns}]"),
        );
        put(
            &format!("interface_{n}"),
            "OS::Neutron::RouterInterface",
            &format!("router: {{get_resource: router}}, subnet: {{get_resource: subnet_{n}}}"),
        );
    }
    // The last port goes, another one comes.
    let ports: &[u32] = if changed { &[1, 2, 3, 4, 5, 7] } else { &[1, 2, 3, 4, 5, 6] };
    for n in ports {
        let net = (n - 1) % 3 + 1;
        put(
            &format!("port_{n}"),
            "OS::Neutron::Port",
            &format!(
                "network: {{get_resource: net_{net}}}, fixed_ips: [{{subnet: {{get_resource: subnet_{net}}}}}], security_groups: [{{get_resource: group}}]"
            ),
        );
    }
    for n in 1..=4 {
        let metadata = if changed { "metadata: {form: second}, " } else { "" };
        put(
            &format!("server_{n}"),
            "OS::Nova::Server",
            &format!(
                "image: cirros, flavor: m1.nano, key_name: {{get_resource: key}}, {metadata}networks: [{{port: {{get_resource: port_{n}}}}}]"
            ),
        );
    }
    let size = if changed { 2 } else { 1 };
    for n in 1..=3 {
        put(
            &format!("volume_{n}"),
            "OS::Cinder::Volume",
            &format!("size: {}", if n == 3 { size } else { 1 }),
        );
    }
    for n in 1..=2 {
        put(
            &format!("attachment_{n}"),
            "OS::Cinder::VolumeAttachment",
            &format!("instance_uuid: {{get_resource: server_{n}}}, volume_id: {{get_resource: volume_{n}}}"),
        );
    }
    text += "  address:\n    type: OS::Neutron::FloatingIP\n    depends_on: [interface_1]\n    properties: {floating_network: public, port_id: {get_resource: port_1}}\n";
    text
}

#[test]
fn the_stack_has_thirty_resources() {
    for changed in [false, true] {
        assert_eq!(template(changed).matches("type: OS::").count(), 32);
    }
}

fn scene(home: Home) -> Scene {
    Scene::new(home, "s", &template(false), &template(true), &[])
}

fn kills_wanted() -> usize {
    std::env::var("HEAT_TEST_KILLS")
        .map_or(USUAL_KILLS, |number| number.parse().expect("HEAT_TEST_KILLS is a number"))
}

/// What the cloud holds more than before, by kind.
fn more(before: &BTreeMap<String, usize>, now: &BTreeMap<String, usize>) -> BTreeMap<String, i64> {
    let count = |all: &BTreeMap<String, usize>, kind: &str| all.get(kind).copied().unwrap_or(0) as i64;
    let kinds = before.keys().chain(now.keys());
    kinds
        .map(|kind| (kind.clone(), count(now, kind) - count(before, kind)))
        .filter(|(_, more)| *more != 0)
        .collect()
}

/// Every resource of the stack is COMPLETE, and its object is in the cloud.
fn all_are_there(home: &Home, cloud: &CloudProcess) {
    let resources = home.json(&["stack", "resource", "list", "s"]);
    let resources = resources.as_array().expect("resources");
    assert_eq!(resources.len(), 32);
    let inventory = cloud.ask("GET", "inventory", "")["inventory"].to_string();
    for resource in resources {
        let text = |field: &str| resource[field].as_str().unwrap_or_else(|| panic!("{field}: {resource}"));
        assert!(text("resource_status").ends_with("_COMPLETE"), "{resource}");
        // The others have no object of their own, or one whose id is made of several.
        if ["Net", "Subnet", "Router", "Port", "SecurityGroup", "Server", "Volume", "FloatingIP", "KeyPair"]
            .iter()
            .any(|kind| text("resource_type").ends_with(&format!("::{kind}")))
        {
            assert!(inventory.contains(&format!("\"{}\"", text("physical_resource_id"))), "{resource}");
        }
    }
}

#[test]
fn a_killed_command_loses_nothing_orphans_nothing_and_makes_nothing_twice() {
    let cloud = CloudProcess::start(&["--latency", "20-200"]);
    let mut scene = scene(Home::with_cloud("simulator", &cloud.clouds_yaml));
    let before = cloud.inventory();

    // Undisturbed, to know what there has to be.
    let begun = Instant::now();
    scene.run_with_kills(Operation::Create, 0, Duration::ZERO);
    let within = begun.elapsed();
    let created = more(&before, &cloud.inventory());
    scene.run_with_kills(Operation::Update, 0, Duration::ZERO);
    let updated = more(&before, &cloud.inventory());
    scene.run_with_kills(Operation::Delete, 0, Duration::ZERO);
    assert_eq!(more(&before, &cloud.inventory()), BTreeMap::new());

    let wanted = kills_wanted();
    while scene.kills < wanted {
        // A request that reaches the service and is done later, perhaps when nobody waits for it any more.
        let paths = [
            "/network/v2.0/ports",
            "/compute/v2.1/servers",
            "/volume/v3/*/volumes",
            "/network/v2.0/networks",
        ];
        let path = paths[scene.random.below(paths.len() as u64) as usize];
        let (skip, hold) = (scene.random.below(3), 300 + scene.random.below(2500));
        cloud.fault(&format!(
            r#"{{"method": "POST", "path": "{path}", "skip": {skip}, "effect": {{"hold": {hold}}}}}"#
        ));
        let each = 1 + scene.random.below(3) as usize;
        scene.run_with_kills(Operation::Create, each, within);
        assert_eq!(more(&before, &cloud.inventory()), created, "after create and {} kills", scene.kills);
        all_are_there(&scene.home, &cloud);
        scene.run_with_kills(Operation::Update, each, within);
        assert_eq!(more(&before, &cloud.inventory()), updated, "after update and {} kills", scene.kills);
        all_are_there(&scene.home, &cloud);
        scene.run_with_kills(Operation::Delete, each, within);
        assert_eq!(
            more(&before, &cloud.inventory()),
            BTreeMap::new(),
            "after delete and {} kills",
            scene.kills
        );
        cloud.ask("DELETE", "faults", "");
    }
    eprintln!("{} kills", scene.kills);
}

#[test]
fn a_create_that_the_service_does_only_after_the_restart_is_found() {
    let cloud = CloudProcess::start(&[]);
    let home = Home::with_cloud("simulator", &cloud.clouds_yaml);
    let before = cloud.inventory();
    let template = home.put(
        "net.yaml",
        "heat_template_version: 2021-04-16\nresources: {net: {type: OS::Neutron::Net, properties: {name: held}}}\n",
    );
    cloud.fault(r#"{"method": "POST", "path": "/network/v2.0/networks", "effect": {"hold": 2500}}"#);
    let mut child = home.begin(&["stack", "create", "held", "-t", &template]);
    support::until("the request is on its way", || {
        let journal = cloud.ask("GET", "faults", "");
        journal["faults"].as_array().is_some_and(Vec::is_empty)
    });
    child.kill().expect("a process");
    child.wait().expect("a process");
    let named = || cloud.objects("network").iter().filter(|net| net["name"] == "held").count();
    assert_eq!(named(), 0, "it is not there yet");
    let done: Value = home.json(&["stack", "wait", "held"]);
    assert_eq!(done["stack_status"], "CREATE_COMPLETE");
    support::until("the held request is done", || {
        cloud.ask("GET", "faults", "")["faults"].as_array().is_some_and(Vec::is_empty)
    });
    std::thread::sleep(Duration::from_millis(2600));
    assert_eq!(named(), 1, "one network, whichever request made it");
    home.ok(&["stack", "delete", "-y", "held"]);
    assert_eq!(more(&before, &cloud.inventory()), BTreeMap::new());
}

#[test]
fn the_cloud_inside_the_command_survives_kills_too() {
    let mut scene = scene(Home::new());
    let kills = kills_wanted().div_ceil(10);
    let begun = Instant::now();
    scene.run_with_kills(Operation::Create, 0, Duration::ZERO);
    let within = begun.elapsed();
    scene.run_with_kills(Operation::Update, kills, within);
    scene.run_with_kills(Operation::Delete, kills, within);
    scene.run_with_kills(Operation::Create, kills, within);
    assert_eq!(scene.home.json(&["stack", "resource", "list", "s"]).as_array().map(Vec::len), Some(32));
    scene.run_with_kills(Operation::Delete, kills, within);
    // A network of the same range fits again: nothing of the old ones is left.
    scene.run_with_kills(Operation::Create, 0, Duration::ZERO);
    scene.run_with_kills(Operation::Delete, 0, Duration::ZERO);
}

/// Networks in a group of nested stacks, and a volume; the second form grows the group, replaces a network inside each
/// member, and adds a volume that the service will refuse at the end of it all.
fn nested(changed: bool) -> String {
    let (count, name) = if changed { (3, "second") } else { (2, "first") };
    let bad = "  bad: {type: OS::Cinder::Volume, depends_on: group, properties: {name: refused, size: 1}}\n";
    format!(
        "heat_template_version: 2021-04-16
resources:
  group:
    type: OS::Heat::ResourceGroup
    properties:
      count: {count}
      resource_def: {{type: member.yaml, properties: {{name: {name}}}}}
  volume: {{type: OS::Cinder::Volume, properties: {{name: {name}, size: 1}}}}
{}",
        if changed { bad } else { "" }
    )
}

const MEMBER: &str = "heat_template_version: 2021-04-16
parameters: {name: {type: string}}
resources:
  net: {type: OS::Neutron::Net, properties: {name: {get_param: name}}}
  subnet:
    type: OS::Neutron::Subnet
    properties: {network: {get_resource: net}, cidr: 10.7.0.0/24, name: {get_param: name}}
  port: {type: OS::Neutron::Port, depends_on: subnet, properties: {network: {get_resource: net}}}
";

#[test]
fn a_rollback_with_nested_stacks_survives_kills() {
    let cloud = CloudProcess::start(&["--latency", "20-100"]);
    let home = Home::with_cloud("simulator", &cloud.clouds_yaml);
    home.put("member.yaml", MEMBER);
    let before = cloud.inventory();
    let mut scene = Scene::new(home, "s", &nested(false), &nested(true), &[]);
    scene.run_with_kills(Operation::Create, 0, Duration::ZERO);
    let created = more(&before, &cloud.inventory());
    let network_names = || {
        let mut names: Vec<_> =
            cloud.objects("network").iter().map(|object| object["name"].clone()).collect();
        names.sort_by_key(Value::to_string);
        names
    };
    let named = network_names();
    cloud.fault(
        r#"{"method": "POST", "path": "/volume/*", "body": "refused", "times": null,
            "effect": {"refuse": {"status": 400, "message": "not this one"}}}"#,
    );
    let begun = Instant::now();
    let undisturbed = scene.roll_back_with_kills(0, Duration::from_secs(1));
    assert_eq!(undisturbed, "ROLLBACK_COMPLETE");
    let within = begun.elapsed();
    assert_eq!(more(&before, &cloud.inventory()), created, "after a rollback without kills");
    let wanted = kills_wanted().min(12);
    while scene.kills < wanted {
        let each = 1 + scene.random.below(4) as usize;
        let status = scene.roll_back_with_kills(each, within);
        assert_eq!(status, "ROLLBACK_COMPLETE", "after {} kills", scene.kills);
        assert_eq!(more(&before, &cloud.inventory()), created, "after {} kills", scene.kills);
        assert_eq!(network_names(), named, "after {} kills", scene.kills);
    }
    scene.run_with_kills(Operation::Delete, 1, within);
    assert_eq!(more(&before, &cloud.inventory()), BTreeMap::new());
    eprintln!("{} kills", scene.kills);
}
