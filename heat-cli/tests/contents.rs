//! `heat stack template show`, `environment show` and `file list`; `heat stack update --converge`.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use support::Home;

const TEMPLATE: &str = "
heat_template_version: 2021-04-16
parameters: {word: {type: string, hidden: true}}
resources:
  net: {type: OS::Neutron::Net}
  box: {type: box.yaml}
";
const BOX: &str = "heat_template_version: 2021-04-16\nresources: {none: {type: OS::Heat::None}}\n";

#[test]
fn what_a_stack_was_made_from_is_shown() {
    let home = Home::new();
    home.put("box.yaml", BOX);
    let path = home.put("template.yaml", TEMPLATE);
    home.json(&["stack", "create", "web", "-t", &path, "--parameter", "word=hush-hush"]);
    let template = home.json(&["stack", "template", "show", "web"]);
    assert_eq!(template["resources"]["net"]["type"], "OS::Neutron::Net");
    let text = home.run(&["stack", "template", "show", "web"]).stdout;
    assert!(text.starts_with("heat_template_version:"), "{text}");
    let environment = home.json(&["stack", "environment", "show", "web"]);
    assert_eq!(environment["parameters"]["word"], "******");
    let files = home.json(&["stack", "file", "list", "web"]);
    let (name, text) = files.as_object().expect("a map").iter().next().expect("a file");
    // As Heat's client sends it.
    let sent = text.as_str().expect("a text");
    assert!(name.ends_with("box.yaml") && sent.contains("OS::Heat::None"), "{files}");
    let same = home.run(&["stack", "update", "web", "--existing", "--converge", "--dry-run"]);
    // An update goes into every nested stack; nothing else is touched.
    assert!(same.code == 0 && !same.stdout.contains("OS::Neutron::Net"), "{}", same.said());
    let updated = home.json(&["stack", "update", "web", "--existing", "--converge"]);
    assert_eq!(updated["stack_status"], "UPDATE_COMPLETE");
}
