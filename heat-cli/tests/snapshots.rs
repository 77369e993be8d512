//! `heat stack snapshot`.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use support::Home;

const TEMPLATE: &str = "
heat_template_version: 2021-04-16
resources:
  volume: {type: OS::Cinder::Volume, properties: {size: 1}}
";

#[test]
fn a_stack_is_saved_and_comes_back() {
    let home = Home::new();
    let path = home.put("template.yaml", TEMPLATE);
    home.json(&["stack", "create", "data", "-t", &path]);
    let taken = home.json(&["stack", "snapshot", "create", "data", "--name", "first"]);
    assert_eq!((&taken["status"], &taken["name"]), (&"COMPLETE".into(), &"first".into()));
    let id = taken["id"].as_str().expect("an id");
    assert_eq!(home.json(&["stack", "show", "data"])["stack_status"], "SNAPSHOT_COMPLETE");
    let listed = home.json(&["stack", "snapshot", "list", "data"]);
    assert_eq!(listed[0]["id"], id);
    assert!(listed[0].get("data").is_none());
    let shown = home.json(&["stack", "snapshot", "show", "data", id]);
    assert!(shown["data"]["resources"]["volume"]["resource_data"]["backup_id"].is_string(), "{shown}");
    let planned = home.run(&["stack", "snapshot", "restore", "data", id, "--dry-run"]);
    assert!(planned.stdout.contains("update (backup_id)"), "{}", planned.said());
    let restored = home.json(&["stack", "snapshot", "restore", "data", id]);
    assert_eq!(restored["stack_status"], "RESTORE_COMPLETE");
    let deleted = home.run(&["stack", "snapshot", "delete", "data", id]);
    assert_eq!((deleted.code, deleted.stdout.as_str()), (0, ""), "{}", deleted.said());
    let gone = home.run(&["stack", "snapshot", "show", "data", id]);
    assert_eq!(gone.code, 2, "{}", gone.said());
}
