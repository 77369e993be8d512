//! `heat stack export`, `abandon` and `adopt`.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use support::Home;

const TEMPLATE: &str = "
heat_template_version: 2021-04-16
parameters:
  secret: {type: string, hidden: true}
resources:
  net: {type: OS::Neutron::Net}
  server:
    type: OS::Nova::Server
    properties: {image: cirros, flavor: m1.nano, networks: [{network: {get_resource: net}}], metadata: {of: {get_param: secret}}}
    depends_on: subnet
  subnet: {type: OS::Neutron::Subnet, properties: {network: {get_resource: net}, cidr: 10.0.0.0/24}}
  word: {type: OS::Heat::RandomString}
outputs:
  word: {value: {get_attr: [word, value]}}
";

#[test]
fn a_stack_is_given_up_and_adopted_under_another_name() {
    let home = Home::new();
    let path = home.put("template.yaml", TEMPLATE);
    home.json(&["stack", "create", "web", "-t", &path, "--parameter", "secret=hush"]);
    let ids = |stack: &str| {
        let listed = home.json(&["stack", "resource", "list", stack]);
        let mut ids: Vec<String> = listed
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| format!("{} {}", one["resource_name"], one["physical_resource_id"]))
            .collect();
        ids.sort();
        ids
    };
    let before = ids("web");
    let word = home.run(&["stack", "output", "show", "web", "word", "-f", "value"]).stdout;
    let exported = home.json(&["stack", "export", "web"]);
    assert_eq!(exported["environment"]["parameters"]["secret"], "hush");
    assert_eq!(home.json(&["stack", "show", "web"])["stack_status"], "CREATE_COMPLETE");

    let nowhere = home.run(&["stack", "abandon", "web", "--output-file", "nowhere/data.json"]);
    assert_eq!(nowhere.code, 1, "{}", nowhere.said());
    assert_eq!(
        home.json(&["stack", "show", "web"])["stack_status"],
        "CREATE_COMPLETE",
        "nothing was given up"
    );
    let abandoned = home.run(&["stack", "abandon", "web", "--output-file", "data.json"]);
    assert_eq!((abandoned.code, abandoned.stdout.as_str()), (0, ""), "{}", abandoned.said());
    assert_eq!(home.json(&["stack", "list"]), serde_json::json!([]));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(home.path().join("data.json")).expect("the data").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let planned = home.run(&["stack", "adopt", "again", "--adopt-file", "data.json", "--dry-run"]);
    assert!(planned.stdout.contains(", which exists"), "{}", planned.said());
    let adopted = home.json(&["stack", "adopt", "again", "--adopt-file", "data.json"]);
    assert_eq!(adopted["stack_status"], "ADOPT_COMPLETE");
    assert_eq!(ids("again"), before);
    assert_eq!(home.run(&["stack", "output", "show", "again", "word", "-f", "value"]).stdout, word);
    let planned = home.run(&["stack", "update", "again", "--existing", "--dry-run"]);
    assert!(planned.stdout.contains("nothing to do"), "{}", planned.said());
    let deleted = home.run(&["stack", "delete", "-y", "again"]);
    assert_eq!(deleted.code, 0, "{}", deleted.said());

    let wrong = home.run(&["stack", "adopt", "no", "--adopt-file", &path]);
    assert_eq!(wrong.code, 2, "{}", wrong.said());
}
