//! Plans in files: `--plan-out`, `heat stack apply`, `heat stack rollback`.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use support::Home;

const TEMPLATE: &str = "
heat_template_version: 2021-04-16
parameters:
  cidr: {type: string, default: 10.0.0.0/24}
  word: {type: string, hidden: true, default: none}
resources:
  net: {type: OS::Neutron::Net, properties: {name: {get_param: word}}}
  subnet: {type: OS::Neutron::Subnet, properties: {network: {get_resource: net}, cidr: {get_param: cidr}}}
";

#[test]
fn a_plan_is_saved_shown_and_applied() {
    let home = Home::new();
    let path = home.put("template.yaml", TEMPLATE);
    let status = |words: &[&str]| home.json(words)["stack_status"].as_str().expect("a status").to_owned();
    let saved = home.ok(&[
        "stack",
        "create",
        "web",
        "-t",
        &path,
        "--parameter",
        "word=hunter2",
        "--plan-out",
        "create.plan",
    ]);
    assert!(saved.stdout.contains("2 to create"), "{}", saved.said());
    let text = std::fs::read_to_string(home.path().join("create.plan")).expect("the plan");
    assert!(text.contains("get_resource") && !text.contains("hunter2"), "{text}");
    assert_eq!(home.json(&["stack", "list"]).as_array().map(Vec::len), Some(0), "nothing was done");
    assert_eq!(status(&["stack", "apply", "create.plan"]), "CREATE_COMPLETE");
    let again = home.run(&["stack", "apply", "create.plan"]);
    assert_eq!(again.code, 2, "{}", again.said());
    assert!(again.stderr.contains("it was applied already"), "{}", again.said());

    let words =
        ["stack", "update", "web", "--existing", "--parameter", "cidr=10.0.1.0/24", "--plan-out", "u.plan"];
    let saved = home.ok(&words);
    assert!(saved.stdout.contains("1 to replace"), "{}", saved.said());
    home.ok(&["stack", "check", "web"]);
    let stale = home.run(&["stack", "apply", "u.plan"]);
    assert_eq!(stale.code, 2, "{}", stale.said());
    assert!(stale.stderr.contains("its revision was 1, and is 2"), "{}", stale.said());
    home.ok(&words);
    assert_eq!(status(&["stack", "apply", "u.plan"]), "UPDATE_COMPLETE");

    let suspended = home.ok(&["stack", "suspend", "web", "--plan-out", "s.plan"]);
    assert!(suspended.stdout.contains("2 to suspend"), "{}", suspended.said());
    assert_eq!(status(&["stack", "apply", "s.plan"]), "SUSPEND_COMPLETE");
    assert_eq!(status(&["stack", "resume", "web"]), "RESUME_COMPLETE");

    let shown = home.ok(&["stack", "delete", "web", "--dry-run"]);
    assert!(shown.stdout.contains("2 to delete"), "{}", shown.said());
    home.ok(&["stack", "delete", "web", "--plan-out", "d.plan"]);
    assert_eq!(home.json(&["stack", "list"]).as_array().map(Vec::len), Some(1), "nothing was done");
    home.ok(&["stack", "apply", "d.plan"]);
    assert_eq!(home.json(&["stack", "list"]).as_array().map(Vec::len), Some(0));
}

#[test]
fn what_is_no_plan_is_refused_in_words() {
    let home = Home::new();
    home.put("no.plan", "{}");
    let refused = home.run(&["stack", "apply", "no.plan"]);
    assert_eq!(refused.code, 2, "{}", refused.said());
    assert!(refused.stderr.contains("it is not a plan that was saved"), "{}", refused.said());
    assert_eq!(home.run(&["stack", "apply", "nowhere.plan"]).code, 2);
}

#[test]
fn a_failed_update_is_taken_back() {
    let home = Home::new();
    let path = home.put("template.yaml", TEMPLATE);
    home.json(&["stack", "create", "web", "-t", &path]);
    let refused = home.run(&["stack", "rollback", "web"]);
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains("it is what it was"), "{}", refused.said());
    let bad = TEMPLATE.to_owned()
        + "  bad:\n    type: OS::Heat::TestResource\n    depends_on: subnet\n    properties: {fail: true}\n";
    let bad = home.put("bad.yaml", bad);
    let failed = home.run(&["stack", "update", "web", "-t", &bad, "--parameter", "word=other"]);
    assert_eq!(failed.code, 1, "{}", failed.said());
    let shown = home.ok(&["stack", "rollback", "web", "--dry-run"]);
    assert!(shown.stdout.contains("1 to delete"), "{}", shown.said());
    let back = home.json(&["stack", "rollback", "web"]);
    assert_eq!(back["stack_status"], "ROLLBACK_COMPLETE");
    assert_eq!(home.json(&["stack", "resource", "list", "web"]).as_array().map(Vec::len), Some(2));
}

#[test]
fn some_resources_are_updated_and_deleted() {
    let home = Home::new();
    let path = home.put("template.yaml", TEMPLATE);
    home.json(&["stack", "create", "web", "-t", &path, "--on-failure", "continue"]);
    let changed = [
        "stack",
        "update",
        "web",
        "--existing",
        "--parameter",
        "word=other",
        "--parameter",
        "cidr=10.0.1.0/24",
    ];
    let with =
        |more: &[&'static str]| changed.iter().copied().chain(more.iter().copied()).collect::<Vec<_>>();
    let shown = home.ok(&with(&["--only", "net", "--dry-run"]));
    assert!(shown.stdout.contains("left out: subnet"), "{}", shown.said());
    let updated = home.json(&with(&["--only", "net"]));
    assert_eq!(updated["pending"][0], "subnet", "{updated}");
    let refused = home.run(&with(&["--only", "nowhere"]));
    assert_eq!(refused.code, 2, "{}", refused.said());
    let table = home.ok(&["stack", "show", "web"]);
    assert!(table.stdout.contains("pending"), "{}", table.said());
    let whole = home.json(&["stack", "update", "web", "--existing", "--all-or-nothing"]);
    assert!(whole.get("pending").is_none(), "{whole}");
    let deleted = home.json(&["stack", "delete", "web", "-y", "--only", "subnet"]);
    assert_eq!(
        (&deleted["stack_status"], &deleted["pending"][0]),
        (&"UPDATE_COMPLETE".into(), &"subnet".into())
    );
    home.ok(&["stack", "delete", "web", "-y", "--on-failure", "continue"]);
}
