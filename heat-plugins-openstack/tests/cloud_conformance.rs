//! Every type through its whole life on a real cloud: the one whose `clouds.yaml` the variable `HEAT_TEST_CLOUDS` names,
//! as its cloud `admin`. Without the variable there is nothing to try: `cargo xtask test` sets it in its layer `cloud`.

mod fixtures;

use std::time::Duration;

use fixtures::{Site, a_test_for_each_type, credentials};
use heat_plugins_openstack::client::{Client, Cloud, Request};
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

/// Serves a few bytes where Glance may fetch an image from: it allows the usual ports only.
async fn serve_image() -> String {
    const ADDRESS: &str = "127.0.0.77:80";
    let listener =
        tokio::net::TcpListener::bind(ADDRESS).await.expect("port 80 of a loopback address can be used");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 4096\r\n\r\n";
            let _ = stream.write_all(format!("{head}{}", "x".repeat(4096)).as_bytes()).await;
        }
    });
    format!("http://{ADDRESS}/small.raw")
}
