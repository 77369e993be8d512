//! Every type through its whole life on the simulated cloud.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on ends there.

mod fixtures;

use std::time::Duration;

use fixtures::{Site, a_test_for_each_type, credentials};
use heat_simulator::Simulator;

async fn simulated() -> (Site, Simulator) {
    let cloud = Simulator::builder().seed(11).start().await.unwrap();
    let site = Site {
        credentials: credentials(&cloud.clouds_yaml("simulated"), "simulated-admin"),
        image: "cirros".into(),
        // Nothing is fetched from there: a simulated image has no data.
        image_url: "http://images.example.org/small.raw".into(),
        flavors: ["m1.tiny", "m1.small"],
        external_network: "public",
        volume_types: None,
        patience: Duration::from_secs(10),
        pause: Duration::from_millis(10),
    };
    (site, cloud)
}

a_test_for_each_type! { simulated;
    net: "OS::Neutron::Net",
    subnet: "OS::Neutron::Subnet",
    port: "OS::Neutron::Port",
    router: "OS::Neutron::Router",
    router_interface: "OS::Neutron::RouterInterface",
    floating_ip: "OS::Neutron::FloatingIP",
    floating_ip_association: "OS::Neutron::FloatingIPAssociation",
    security_group: "OS::Neutron::SecurityGroup",
    security_group_rule: "OS::Neutron::SecurityGroupRule",
    key_pair: "OS::Nova::KeyPair",
    flavor: "OS::Nova::Flavor",
    server_group: "OS::Nova::ServerGroup",
    server: "OS::Nova::Server",
    volume: "OS::Cinder::Volume",
    volume_attachment: "OS::Cinder::VolumeAttachment",
    web_image: "OS::Glance::WebImage",
}
