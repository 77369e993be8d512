//! Every type through its whole life on a real cloud: the one whose `clouds.yaml` the variable `HEAT_TEST_CLOUDS` names,
//! as its cloud `admin`. Without the variable there is nothing to try: `cargo xtask test` sets it in its layer `cloud`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on ends there.

mod fixtures;
#[path = "site/real.rs"]
mod real_site;
mod site;

use fixtures::a_test_for_each_type;
use heat_plugin_sdk::Resource;
use heat_plugin_sdk::testing::Call;
use heat_plugins_openstack::nova::{KeyPair, KeyPairProperties};
use real_site::real;

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
