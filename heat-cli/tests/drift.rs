//! `heat stack drift`, and resources by name: `--rename`, `--import`.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use support::Home;

const TEMPLATE: &str = "
heat_template_version: 2021-04-16
parameters:
  about: {type: string, default: mine}
resources:
  net: {type: OS::Neutron::Net, properties: {name: net}}
  group: {type: OS::Neutron::SecurityGroup, properties: {name: group, description: {get_param: about}}}
";

#[test]
fn resources_are_renamed_and_imported() {
    let home = Home::new();
    let before = home.put("before.yaml", TEMPLATE);
    home.json(&["stack", "create", "web", "-t", &before]);
    let id = |stack: &str, name: &str| {
        let shown = home.json(&["stack", "resource", "show", stack, name]);
        shown["physical_resource_id"].as_str().expect("an id").to_owned()
    };
    let net = id("web", "net");
    let after = home.put("after.yaml", TEMPLATE.replace("  net: {", "  lan: {"));
    let shown = home.ok(&["stack", "update", "web", "-t", &after, "--rename", "net=lan", "--dry-run"]);
    assert!(shown.stdout.contains("renamed: net is lan"), "{}", shown.said());
    home.json(&["stack", "update", "web", "-t", &after, "--rename", "net=lan"]);
    assert_eq!(id("web", "lan"), net);
    // Taken out of one stack, and into another one.
    let retained = TEMPLATE.replace("  net: {", "  lan: {deletion_policy: Retain, ");
    let retained = home.put("retained.yaml", retained);
    home.json(&["stack", "update", "web", "-t", &retained]);
    home.ok(&["stack", "delete", "web", "-y", "--only", "lan"]);
    let other = home.put("other.yaml", "heat_template_version: 2021-04-16\nresources: {}\n");
    home.json(&["stack", "create", "other", "-t", &other]);
    let with = "heat_template_version: 2021-04-16\nresources: {lan: {type: OS::Neutron::Net, properties: {name: net}}}\n";
    let with = home.put("with.yaml", with);
    let import = format!("lan={net}");
    let shown = home.ok(&["stack", "update", "other", "-t", &with, "--import", &import, "--dry-run"]);
    assert!(shown.stdout.contains(&format!("imported: lan is {net}")), "{}", shown.said());
    assert!(shown.stdout.starts_with("nothing to do (1 unchanged)"), "{}", shown.said());
    home.json(&["stack", "update", "other", "-t", &with, "--import", &import]);
    assert_eq!(id("other", "lan"), net);
    let refused = home.run(&["stack", "update", "other", "-t", &with, "--import", "lan=nothing"]);
    assert_eq!(refused.code, 2, "{}", refused.said());
    assert!(refused.stderr.contains("it is recorded already"), "{}", refused.said());
}

#[test]
fn drift_is_shown_repaired_and_accepted() {
    let home = Home::new();
    let path = home.put("template.yaml", TEMPLATE);
    home.json(&["stack", "create", "web", "-t", &path]);
    let none = home.json(&["stack", "drift", "web"]);
    assert_eq!(none.as_array().map(Vec::len), Some(0), "{none}");
    // The simulated cloud lies in a file: somebody else changes what is in it.
    let state = home.path().join(".local/share/heat/heat.db.simulated-cloud");
    let text = std::fs::read_to_string(&state).expect("the state of the cloud");
    assert!(text.contains("\"mine\""), "the description is there");
    std::fs::write(&state, text.replace("\"mine\"", "\"theirs\"")).expect("written");
    let drift = home.json(&["stack", "drift", "web"]);
    assert_eq!(drift[0]["resource"], "group", "{drift}");
    assert_eq!((&drift[0]["recorded"], &drift[0]["live"]), (&"mine".into(), &"theirs".into()), "{drift}");
    let shown = home.ok(&["stack", "drift", "web", "--repair", "--dry-run"]);
    assert!(shown.stdout.contains("brought back to what is recorded: group.description"), "{}", shown.said());
    let refused = home.run(&["stack", "drift", "web", "--accept", "net.name"]);
    assert_eq!(refused.code, 2, "{}", refused.said());
    home.json(&["stack", "drift", "web", "--accept", "group.description"]);
    assert_eq!(home.json(&["stack", "show", "web"])["parameters"]["about"], "theirs");
    assert_eq!(home.json(&["stack", "drift", "web"]).as_array().map(Vec::len), Some(0));
    let text = std::fs::read_to_string(&state).expect("the state of the cloud");
    std::fs::write(&state, text.replace("\"theirs\"", "\"nobody's\"")).expect("written");
    home.json(&["stack", "drift", "web", "--repair"]);
    assert_eq!(home.json(&["stack", "drift", "web"]).as_array().map(Vec::len), Some(0));
    assert!(std::fs::read_to_string(&state).expect("the state").contains("\"theirs\""));
}
