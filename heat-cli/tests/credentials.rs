//! Tokens that expire, and credentials that are revoked, while a command is at work.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use heat_plugins_openstack::client::Request;
use serde_json::Value;
use support::cloud::CloudProcess;
use support::{Home, Ran, project_file, until};

fn web_tier(verb: &'static str) -> Vec<String> {
    ["stack", verb, "web", "-t", &project_file("examples/web-tier.yaml")].map(str::to_owned).to_vec()
}

/// How often something was asked of Keystone or refused by anybody.
fn requests(cloud: &CloudProcess, wanted: impl Fn(&Value) -> bool) -> usize {
    let journal = cloud.ask("GET", "journal", "");
    journal["journal"].as_array().expect("a journal").iter().filter(|entry| wanted(entry)).count()
}

#[test]
fn a_token_that_expires_in_mid_operation_is_renewed() {
    // Servers and volumes take longer than a token lives.
    let cloud = CloudProcess::start(&["--work", "1500", "--token-life", "1"]);
    let home = Home::with_cloud("simulator", &cloud.clouds_yaml);
    let before = cloud.inventory();
    let create = web_tier("create");
    home.ok(&create.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(home.json(&["stack", "show", "web"])["stack_status"], "CREATE_COMPLETE");
    let tokens = requests(&cloud, |entry| {
        entry["method"] == "POST"
            && entry["path"].as_str().is_some_and(|path| path.ends_with("/auth/tokens"))
            && entry["status"] == 201
    });
    assert!(tokens > 2, "{tokens} tokens for an operation of several lives");

    // They also go at once, whatever their time: Keystone was restarted with new keys.
    let mut update = home.begin(&["stack", "update", "web", "--existing", "--parameter", "greeting=Welcome"]);
    while update.try_wait().expect("a process").is_none() {
        cloud.ask("POST", "tokens/expire", "");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let ran = Ran::new(update.wait_with_output().expect("an end"));
    assert_eq!(ran.code, 0, "{}", ran.said());
    assert!(requests(&cloud, |entry| entry["status"] == 401) > 0, "no token was refused");
    home.ok(&["stack", "delete", "-y", "web"]);
    assert_eq!(cloud.inventory(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_whose_credentials_are_revoked_waits_and_goes_on_with_others() {
    let cloud = CloudProcess::start(&["--work", "1500"]);
    let (client, user, id, clouds) = cloud.application_credential().await;
    let home = Home::with_cloud("simulator", &clouds);
    let before = cloud.inventory();
    let create = web_tier("create");
    let begun = home.begin(&create.iter().map(String::as_str).collect::<Vec<_>>());
    until("a server is being built", || cloud.objects("server").len() == 2);
    let path = ["users", user.as_str(), "application_credentials", id.as_str()];
    client.send("identity", Request::delete(path)).await.expect("the credential is revoked");

    let ran = Ran::new(begun.wait_with_output().expect("an end"));
    assert_eq!(ran.code, 1, "{}", ran.said());
    assert!(!ran.said().contains("hunter2"), "{}", ran.said());
    assert!(ran.stderr.contains("heat stack wait web"), "{}", ran.said());
    let stack = home.json(&["stack", "show", "web"]);
    assert_eq!(stack["stack_status"], "CREATE_IN_PROGRESS");
    let reason = stack["stack_status_reason"].as_str().expect("a reason");
    assert!(reason.contains("waits for credentials") && reason.contains("Unauthorized"), "{reason}");
    // With what is revoked it cannot go on, nothing new can be begun, and nothing is lost by trying.
    for words in [["stack", "wait", "web"].as_slice(), &["stack", "update", "web", "--existing"]] {
        let ran = home.run(words);
        assert_ne!(ran.code, 0, "{}", ran.said());
        assert_eq!(home.json(&["stack", "show", "web"])["stack_status"], "CREATE_IN_PROGRESS");
    }

    home.put("clouds.yaml", &cloud.clouds_yaml);
    home.ok(&["stack", "wait", "web"]);
    assert_eq!(home.json(&["stack", "show", "web"])["stack_status"], "CREATE_COMPLETE");
    for (kind, count) in [("server", 2), ("volume", 2), ("router", 1)] {
        assert_eq!(cloud.objects(kind).len(), count, "{kind}: nothing is there twice");
    }
    home.ok(&["stack", "delete", "-y", "web"]);
    let mut after = cloud.inventory();
    after.insert("application_credential".to_owned(), 1);
    let mut before = before;
    before.insert("application_credential".to_owned(), 1);
    assert_eq!(after, before);
}
