//! `heat stack check`, `suspend` and `resume`.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use support::Home;

const TEMPLATE: &str = "
heat_template_version: 2021-04-16
resources:
  net: {type: OS::Neutron::Net}
  subnet: {type: OS::Neutron::Subnet, properties: {network: {get_resource: net}, cidr: 10.0.0.0/24}}
  server:
    type: OS::Nova::Server
    properties: {image: cirros, flavor: m1.nano, networks: [{subnet: {get_resource: subnet}}]}
";

#[test]
fn a_stack_is_checked_suspended_and_resumed() {
    let home = Home::new();
    let path = home.put("template.yaml", TEMPLATE);
    home.json(&["stack", "create", "web", "-t", &path]);
    let status = |words: &[&str]| home.json(words)["stack_status"].as_str().expect("a status").to_owned();
    assert_eq!(status(&["stack", "check", "web"]), "CHECK_COMPLETE");

    let planned = home.run(&["stack", "suspend", "web", "--dry-run"]);
    assert!(planned.stdout.contains("3 to suspend"), "{}", planned.said());
    assert_eq!(status(&["stack", "show", "web"]), "CHECK_COMPLETE");
    assert_eq!(status(&["stack", "suspend", "web"]), "SUSPEND_COMPLETE");
    let server = home.json(&["stack", "resource", "show", "web", "server"]);
    assert_eq!(server["resource_status"], "SUSPEND_COMPLETE");

    let refused = home.run(&["stack", "update", "web", "--existing"]);
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains("suspended cannot be updated"), "{}", refused.said());

    assert_eq!(status(&["stack", "resume", "web"]), "RESUME_COMPLETE");

    let marked = home.run(&["stack", "resource", "mark", "unhealthy", "web", "server", "it smells"]);
    assert_eq!((marked.code, marked.stdout.as_str()), (0, ""), "{}", marked.said());
    let planned = home.run(&["stack", "update", "web", "--existing", "--dry-run"]);
    assert!(planned.stdout.contains("1 to replace"), "{}", planned.said());
    let healthy = home.run(&["stack", "resource", "mark", "unhealthy", "web", "server", "--reset"]);
    assert_eq!(healthy.code, 0, "{}", healthy.said());
    let server = home.json(&["stack", "resource", "show", "web", "server"]);
    assert_eq!(server["resource_status"], "CHECK_COMPLETE");
    let refused = home.run(&["stack", "resume", "nowhere"]);
    assert_eq!(refused.code, 2, "{}", refused.said());
}
