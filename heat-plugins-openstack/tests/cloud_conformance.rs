//! Every type through its whole life on a real cloud: the one whose `clouds.yaml` the variable `HEAT_TEST_CLOUDS` names,
//! as its cloud `admin`. Without the variable there is nothing to try: `cargo xtask test` sets it in its layer `cloud`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on ends there.

mod fixtures;

use std::time::Duration;

use fixtures::{Site, a_test_for_each_type, credentials};
use heat_plugin_sdk::Resource;
use heat_plugin_sdk::testing::Call;
use heat_plugins_openstack::client::{Client, Cloud, Request};
use heat_plugins_openstack::nova::{KeyPair, KeyPairProperties};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn real() -> (Site, ()) {
    let path = std::env::var("HEAT_TEST_CLOUDS")
        .expect("HEAT_TEST_CLOUDS names the clouds.yaml of the cloud to test");
    let credentials = credentials(&std::fs::read_to_string(path).unwrap(), "admin");
    let settings = credentials.value().unwrap().as_object().unwrap().clone();
    let client = Client::new(Cloud::from_settings("admin", &settings).unwrap()).unwrap();
    let images =
        client.list("image", Request::get(["images"]).query("status", "active"), "images").await.unwrap();
    let types = client.list("volumev3", Request::get(["types"]), "volume_types").await.unwrap();
    let names: Vec<String> =
        types.iter().filter_map(|kind| kind["name"].as_str().map(str::to_owned)).collect();
    let site = Site {
        credentials,
        image: images[0]["name"].as_str().unwrap().to_owned(),
        image_url: serve_image().await,
        flavors: ["m1.tiny", "m1.small"],
        external_network: "public",
        volume_types: match names.as_slice() {
            [one, other, ..] => Some([one.clone(), other.clone()]),
            _ => None,
        },
        patience: Duration::from_secs(180),
        pause: Duration::from_millis(500),
    };
    (site, ())
}

a_test_for_each_type! { real;
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    net: "OS::Neutron::Net",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    subnet: "OS::Neutron::Subnet",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    port: "OS::Neutron::Port",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    router: "OS::Neutron::Router",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    router_interface: "OS::Neutron::RouterInterface",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    floating_ip: "OS::Neutron::FloatingIP",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    floating_ip_association: "OS::Neutron::FloatingIPAssociation",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    security_group: "OS::Neutron::SecurityGroup",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    security_group_rule: "OS::Neutron::SecurityGroupRule",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    key_pair: "OS::Nova::KeyPair",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    flavor: "OS::Nova::Flavor",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    server_group: "OS::Nova::ServerGroup",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    server: "OS::Nova::Server",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    volume: "OS::Cinder::Volume",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    volume_attachment: "OS::Cinder::VolumeAttachment",
    #[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
    web_image: "OS::Glance::WebImage",
}

#[tokio::test]
#[ignore = "needs a real cloud: HEAT_TEST_CLOUDS"]
async fn a_private_key_that_nova_generates_is_told_at_creation() {
    let (site, ()) = real().await;
    let client = heat_plugins_openstack::connect(site.credentials).await.unwrap();
    let call = Call::new("key").connection(client);
    let properties = KeyPairProperties {
        name: format!("heat-test-{}", std::process::id()),
        save_private_key: true,
        public_key: None,
        key_type: None,
        user: None,
    };
    let created = KeyPair.create(&call.context(), &properties).await.unwrap();
    KeyPair.delete(&call.context(), &created.id).await.unwrap();
    let key = created.attributes["private_key"].as_str().unwrap();
    assert!(key.starts_with("-----BEGIN"), "{}", key.len());
    assert!(!format!("{created:?}").contains("BEGIN"));
}

/// Serves a few bytes on the loopback address, from which the tests' control plane lets Glance fetch images.
async fn serve_image() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 4096\r\n\r\n";
            let _ = stream.write_all(format!("{head}{}", "x".repeat(4096)).as_bytes()).await;
        }
    });
    format!("http://{address}/small.raw")
}
