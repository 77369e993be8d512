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
    assert_eq!(status(&["stack", "check", "web", "web"]), "CHECK_COMPLETE", "named twice it is checked once");

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

const BEFORE: &str = "
heat_template_version: 2021-04-16
resources:
  net: {type: OS::Neutron::Net}
";

const AFTER: &str = "
heat_template_version: 2021-04-16
resources:
  net: {type: OS::Neutron::Net}
  more: {type: OS::Neutron::Net}
  long: {type: OS::Heat::Delay, depends_on: more, properties: {min_wait: 600}}
";

#[test]
fn an_update_that_was_interrupted_is_cancelled() {
    let home = Home::new();
    let (before, after) = (home.put("before.yaml", BEFORE), home.put("after.yaml", AFTER));
    home.json(&["stack", "create", "web", "-t", &before]);
    for no_rollback in [false, true] {
        let mut update =
            home.command(&["stack", "update", "web", "-t", &after]).spawn().expect("the command starts");
        let waits = || {
            let shown = home.run(&["stack", "resource", "list", "web", "-f", "value"]);
            shown.stdout.lines().any(|line| line.contains("long") && line.contains("CREATE_IN_PROGRESS"))
        };
        let begun = std::time::Instant::now();
        while !waits() {
            assert!(begun.elapsed().as_secs() < 60, "the update comes to its delay");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let busy = home.run(&["stack", "cancel", "web"]);
        assert_ne!(busy.code, 0, "another command works on it: {}", busy.said());
        update.kill().expect("it is there");
        update.wait().expect("it is gone");
        let words: &[&str] = match no_rollback {
            true => &["stack", "cancel", "web", "--no-rollback"],
            false => &["stack", "cancel", "web"],
        };
        let cancelled = home.json(words);
        let status = cancelled["stack_status"].as_str().expect("a status");
        assert_eq!(status, if no_rollback { "UPDATE_FAILED" } else { "ROLLBACK_COMPLETE" });
    }
    let nothing = home.run(&["stack", "cancel", "web"]);
    assert_ne!(nothing.code, 0);
    assert!(nothing.stderr.contains("in progress"), "{}", nothing.said());
    let deleted = home.run(&["stack", "delete", "-y", "web"]);
    assert_eq!(deleted.code, 0, "{}", deleted.said());
}

const WAITS: &str = "
heat_template_version: 2021-04-16
resources:
  ready: {type: OS::Heat::WaitConditionHandle}
  wait: {type: OS::Heat::WaitCondition, properties: {handle: {get_resource: ready}, timeout: 600}}
outputs:
  data: {value: {get_attr: [wait, data]}}
";

#[test]
fn a_stack_that_waits_is_signalled() {
    let home = Home::new();
    let waits = home.put("waits.yaml", WAITS);
    let mut create =
        home.command(&["stack", "create", "web", "-t", &waits]).spawn().expect("the command starts");
    let waiting = || {
        let shown = home.run(&["stack", "resource", "list", "web", "-f", "value"]);
        shown.stdout.lines().any(|line| line.contains("wait") && line.contains("CREATE_IN_PROGRESS"))
    };
    let begun = std::time::Instant::now();
    while !waiting() {
        assert!(begun.elapsed().as_secs() < 60, "it comes to wait");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let busy = home.run(&["stack", "resource", "signal", "web", "ready"]);
    assert_eq!(busy.code, 1, "another command works on it: {}", busy.said());
    create.kill().expect("it is there");
    create.wait().expect("it is gone");

    for (words, code, why) in [
        (vec!["web", "ready", "--data", "{not json"], 2, "JSON"),
        (vec!["web", "ready", "--data", "{\"status\": \"MAYBE\"}"], 2, "Metadata format invalid"),
        (vec!["web", "nobody"], 2, "no resource"),
    ] {
        let refused = home.run(&[vec!["stack", "resource", "signal"], words].concat());
        assert_eq!(refused.code, code, "{}", refused.said());
        assert!(refused.stderr.contains(why), "{}", refused.said());
    }
    let details = home.put("details.json", "{\"id\": \"app\", \"data\": \"up\"}");
    let signalled = home.run(&["stack", "resource", "signal", "web", "ready", "--data-file", &details]);
    assert_eq!((signalled.code, signalled.stdout.as_str()), (0, ""), "{}", signalled.said());
    let metadata = home.json(&["stack", "resource", "metadata", "web", "ready"]);
    assert_eq!(metadata["app"]["data"], "up");
    let done = home.json(&["stack", "wait", "web"]);
    assert_eq!(done["stack_status"], "CREATE_COMPLETE");
    assert_eq!(
        home.run(&["stack", "output", "show", "web", "data", "-f", "value"]).stdout,
        "{\"app\": \"up\"}\n"
    );
    let not_taken = home.run(&["stack", "resource", "signal", "web", "wait", "-f", "json"]);
    assert_eq!(not_taken.code, 2, "{}", not_taken.said());
}
