//! The web tier of the examples on a real OpenStack: created, updated in place and with replacements, deleted, and the
//! command killed five times on the way. In the end each object was there once, and none is left.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test stops where it fails")]

mod support;

use heat_plugins_openstack::client::{Client, CloudsFiles, Request};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use support::kills::{Operation, Scene};
use support::{Home, project_file};

const KILLS: usize = 5;

/// What the project holds whose name begins with the stack's, by name: how many of each.
async fn objects_of(client: &Client, stack: &str) -> BTreeMap<String, usize> {
    let collections = [
        ("network", ["v2.0", "networks"].as_slice(), "networks"),
        ("network", &["v2.0", "subnets"], "subnets"),
        ("network", &["v2.0", "ports"], "ports"),
        ("network", &["v2.0", "routers"], "routers"),
        ("network", &["v2.0", "security-groups"], "security_groups"),
        ("compute", &["servers"], "servers"),
        ("compute", &["os-keypairs"], "keypairs"),
        ("block-storage", &["volumes"], "volumes"),
    ];
    let mut found = BTreeMap::new();
    for (service, path, key) in collections {
        // The client knows the version in Neutron's address.
        let path = path.iter().copied().filter(|segment| *segment != "v2.0");
        for object in client.list(service, Request::get(path), key).await.expect("a list") {
            let object = object.get("keypair").unwrap_or(&object);
            let name = object["name"].as_str().unwrap_or_default();
            if let Some(rest) = name.strip_prefix(&format!("{stack}-")) {
                // Behind the resource's name stands the incarnation.
                let resource = rest.rsplit_once('-').map_or(rest, |(resource, _)| resource);
                *found.entry(format!("{key} {resource}")).or_insert(0) += 1;
            }
        }
    }
    let addresses =
        client.list("network", Request::get(["floatingips"]), "floatingips").await.expect("a list");
    let ports = client.list("network", Request::get(["ports"]), "ports").await.expect("a list");
    let own = |id: &Value| {
        ports.iter().any(|port| {
            port["id"] == *id
                && port["name"].as_str().is_some_and(|name| name.starts_with(&format!("{stack}-")))
        })
    };
    let own = addresses.iter().filter(|address| own(&address["port_id"])).count();
    if own > 0 {
        found.insert("floatingips".to_owned(), own);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the control plane: cargo xtask test --only cloud"]
async fn the_web_tier_lives_through_kills() {
    let file = std::env::var("HEAT_TEST_CLOUDS").expect("HEAT_TEST_CLOUDS names a clouds.yaml");
    let clouds = std::fs::read_to_string(&file).expect("a clouds.yaml");
    let files = CloudsFiles::locate([("OS_CLIENT_CONFIG_FILE", file.as_str())]).expect("clouds");
    let client = Client::new(files.cloud("demo").expect("the cloud demo")).expect("a client");

    let first = std::fs::read_to_string(project_file("examples/web-tier.yaml")).expect("the example");
    // Another page takes new servers, another port changes the security group, larger volumes grow.
    let second = first
        .replace("default: Hello", "default: Welcome")
        .replace("default: 80", "default: 8080")
        .replace("    default: 1\n", "    default: 2\n");
    assert_ne!(first, second);
    let stack = format!("kill{}", std::process::id());
    let home = Home::with_cloud("demo", &clouds);
    let mut scene = Scene::new(home, &stack, &first, &second, &["--parameter", "image=tiny"]);

    let run = |scene: &mut Scene, operation, kills| {
        let begun = Instant::now();
        tokio::task::block_in_place(|| scene.run_with_kills(operation, kills, Duration::from_secs(6)));
        eprintln!("{operation:?}: {} kills so far, {:?}", scene.kills, begun.elapsed());
    };
    let once: BTreeMap<String, usize> = [
        "networks network",
        "subnets subnet",
        "ports port_1",
        "ports port_2",
        "routers router",
        "security_groups security_group",
        "servers server_1",
        "servers server_2",
        "volumes volume_1",
        "volumes volume_2",
        "floatingips",
    ]
    .into_iter()
    .map(|name| (name.to_owned(), 1))
    .collect();
    // A command may end before its moment comes: then there is another round.
    while scene.kills < KILLS {
        run(&mut scene, Operation::Create, 2);
        assert_eq!(objects_of(&client, &stack).await, once);
        run(&mut scene, Operation::Update, 2);
        assert_eq!(objects_of(&client, &stack).await, once);
        run(&mut scene, Operation::Delete, 1);
        assert_eq!(objects_of(&client, &stack).await, BTreeMap::new());
    }
}
