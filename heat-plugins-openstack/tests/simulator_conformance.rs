//! Every type through its whole life on the simulated cloud.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on ends there.

mod fixtures;
#[path = "site/simulated.rs"]
mod simulated_site;
mod site;

use fixtures::a_test_for_each_type;
use simulated_site::simulated;

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
