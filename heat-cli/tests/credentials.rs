//! Credentials that end while a stack is being made: a token that runs out is renewed where that is possible, and where
//! it is not, nothing is lost.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::process::Child;
use support::cloud::CloudProcess;
use support::{Home, Ran, until};

const NETWORKS: usize = 6;

/// Networks, one after the other.
fn chain() -> String {
    let mut text = String::from("heat_template_version: 2021-04-16\nresources:\n");
    for number in 0..NETWORKS {
        let _ = writeln!(text, "  net{number}:\n    type: OS::Neutron::Net");
        if number > 0 {
            let _ = writeln!(text, "    depends_on: net{}", number - 1);
        }
    }
    text
}

/// Networks of the chain that there are.
fn made(cloud: &CloudProcess) -> usize {
    let networks = cloud.objects("network");
    networks
        .iter()
        .filter(|network| network["name"].as_str().is_some_and(|name| name.starts_with("s-")))
        .count()
}

/// Begins to create the chain, and ends all tokens in the middle of it.
fn interrupted(cloud: &CloudProcess, home: &Home) -> Child {
    let path = home.put("chain.yaml", chain());
    let child = home.begin(&["stack", "create", "s", "-t", &path]);
    until("the second network is there", || made(cloud) >= 2);
    cloud.ask("POST", "tokens/expire", "");
    child
}

/// A token of the user `demo`, as somebody would take it along who does not want to leave the password.
fn token(cloud: &CloudProcess) -> String {
    let body = serde_json::json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": "demo", "domain": {"id": "default"}, "password": "demo"
        }}},
        "scope": {"project": {"name": "demo", "domain": {"id": "default"}}}
    }})
    .to_string();
    let url =
        cloud.clouds_yaml.lines().find_map(|line| line.trim().strip_prefix("auth_url: ")).expect("an URL");
    let path = url.trim_matches('"').split_once(&cloud.address).expect("the address").1;
    let mut stream = TcpStream::connect(&cloud.address).expect("the simulator answers");
    write!(
        stream,
        "POST {}/auth/tokens HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        path.trim_end_matches('/'),
        cloud.address,
        body.len()
    )
    .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let header = answer.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-subject-token").then(|| value.trim().to_owned())
    });
    header.unwrap_or_else(|| panic!("no token: {answer}"))
}

#[test]
fn a_token_that_runs_out_is_renewed_with_the_password() {
    let cloud = CloudProcess::start(&["--latency", "40-80"]);
    let home = Home::with_cloud("simulator", &cloud.clouds_yaml);
    let ran = Ran::new(interrupted(&cloud, &home).wait_with_output().expect("the command ends"));
    assert_eq!(ran.code, 0, "{}", ran.said());
    assert_eq!(home.json(&["stack", "show", "s"])["stack_status"], "CREATE_COMPLETE");
    assert_eq!(made(&cloud), NETWORKS);
}

#[test]
fn a_stack_waits_for_credentials_and_goes_on_with_them() {
    let cloud = CloudProcess::start(&["--latency", "40-80"]);
    let token = token(&cloud);
    let by_token = cloud
        .clouds_yaml
        .replace("username: demo", &format!("token: {token}"))
        .replace("password: demo", "x: y")
        .replace("  simulator:\n", "  simulator:\n    auth_type: token\n");
    let home = Home::with_cloud("simulator", &by_token);
    let ran = Ran::new(interrupted(&cloud, &home).wait_with_output().expect("the command ends"));
    assert_eq!(ran.code, 1, "{}", ran.said());
    assert!(ran.stderr.contains("heat stack wait s"), "{}", ran.said());
    assert!(!ran.said().contains(&token), "{}", ran.said());
    let shown = home.json(&["stack", "show", "s"]);
    assert_eq!(shown["stack_status"], "CREATE_IN_PROGRESS", "{shown}");
    let reason = shown["stack_status_reason"].as_str().unwrap_or_default();
    assert!(reason.contains("waits for credentials"), "{reason}");
    assert!(made(&cloud) < NETWORKS);
    // The same again ends the same.
    assert_eq!(home.run(&["stack", "wait", "s"]).code, 1);
    home.put("clouds.yaml", &cloud.clouds_yaml);
    home.ok(&["stack", "wait", "s"]);
    assert_eq!(home.json(&["stack", "show", "s"])["stack_status"], "CREATE_COMPLETE");
    assert_eq!(made(&cloud), NETWORKS);
}
