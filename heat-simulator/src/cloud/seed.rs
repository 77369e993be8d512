//! The ready-made objects of a fresh cloud.

use super::document::object_of;
use super::kind::Kind;
use super::{Cloud, Fields, Object, hashes, time};
use crate::openstack::default_group_of;
use serde_json::{Value, json};

/// The password of the user `demo`.
pub(crate) const DEMO_PASSWORD: &str = "demo";
/// The password of the user `admin`.
pub(crate) const ADMIN_PASSWORD: &str = "admin";

/// Puts users, projects, flavors, images, the external network and volume types into an empty cloud.
pub(crate) fn plant(cloud: &mut Cloud) {
    cloud.tables.put(
        Kind::Domain,
        object_of(json!({"id": "default", "name": "Default", "enabled": true,
        "description": "The default domain", "options": {}, "tags": []})),
    );
    for name in ["admin", "member", "reader", "heat_stack_owner"] {
        let id = cloud.fresh_hex();
        cloud.tables.put(
            Kind::Role,
            object_of(json!({"id": id, "name": name, "domain_id": null, "description": null, "options": {}})),
        );
    }
    let admin = project(cloud, "admin");
    let demo = project(cloud, "demo");
    let all = json!(["admin", "member", "reader"]);
    user(cloud, "admin", ADMIN_PASSWORD, &[(&admin, &all), (&demo, &all)]);
    user(cloud, "demo", DEMO_PASSWORD, &[(&demo, &json!(["member", "reader", "heat_stack_owner"]))]);
    for project in [&admin, &demo] {
        default_group_of(cloud, project);
    }
    for (id, name, ram, vcpus, disk) in [
        ("1", "m1.tiny", 512, 1, 1),
        ("2", "m1.small", 2048, 1, 20),
        ("3", "m1.medium", 4096, 2, 40),
        ("4", "m1.large", 8192, 4, 80),
        ("42", "m1.nano", 64, 1, 1),
    ] {
        cloud.tables.put(Kind::Flavor, object_of(json!({"id": id, "name": name, "ram": ram, "vcpus": vcpus, "disk": disk,
            "swap": 0, "ephemeral": 0, "rxtx_factor": 1.0, "is_public": true, "disabled": false, "description": null,
            "extra_specs": {}, "_access": []})));
    }
    for (name, min_disk, size) in [("cirros", 0, 12_716_032_i64), ("ubuntu", 8, 612_368_384)] {
        image(cloud, &admin, name, min_disk, size);
    }
    for (name, description) in [("lvmdriver-1", Value::Null), ("__DEFAULT__", json!("Default Volume Type"))] {
        let id = cloud.fresh_uuid();
        cloud.tables.put(
            Kind::VolumeType,
            object_of(json!({"id": id, "name": name, "is_public": true,
            "description": description, "extra_specs": {}})),
        );
    }
    external_network(cloud, &admin);
}

fn project(cloud: &mut Cloud, name: &str) -> String {
    let id = cloud.fresh_hex();
    cloud.tables.put(
        Kind::Project,
        object_of(json!({"id": id, "name": name, "domain_id": "default", "description": "",
        "enabled": true, "parent_id": "default", "is_domain": false, "tags": [], "options": {}})),
    );
    id
}

fn user(cloud: &mut Cloud, name: &str, password: &str, roles: &[(&str, &Value)]) {
    let id = cloud.fresh_hex();
    let roles: Object =
        roles.iter().map(|(project, roles)| ((*project).to_owned(), (*roles).clone())).collect();
    let digest = hashes::sha256_hex(format!("{id}:{password}").as_bytes());
    cloud.tables.put(
        Kind::User,
        object_of(json!({"id": id, "name": name, "domain_id": "default", "enabled": true,
        "password_expires_at": null, "options": {}, "_roles": roles, "_password": digest})),
    );
}

fn image(cloud: &mut Cloud, owner: &str, name: &str, min_disk: i64, size: i64) {
    let (id, now) = (cloud.fresh_uuid(), time::seconds_z(cloud.now));
    cloud.tables.put(Kind::Image, object_of(json!({"id": id, "name": name, "disk_format": "qcow2", "container_format": "bare",
        "visibility": "public", "size": size, "virtual_size": null, "status": "active",
        "checksum": hashes::md5_hex(name.as_bytes()), "protected": false, "min_ram": 0, "min_disk": min_disk, "owner": owner,
        "os_hidden": false, "os_hash_algo": "sha512", "os_hash_value": hashes::sha512_hex(name.as_bytes()),
        "created_at": now, "updated_at": now, "tags": [], "stores": "file", "_properties": {}, "project_id": owner})));
}

fn external_network(cloud: &mut Cloud, owner: &str) {
    let (network, subnet, policy) = (cloud.fresh_uuid(), cloud.fresh_uuid(), cloud.fresh_uuid());
    let now = time::seconds_z(cloud.now);
    let with_times = |document: Value| {
        let mut object = object_of(document);
        object.set("tenant_id", owner);
        object.set("project_id", owner);
        object.set("tags", json!([]));
        object.set("created_at", now.clone());
        object.set("updated_at", now.clone());
        object.set("revision_number", 2);
        object
    };
    cloud.tables.put(Kind::Network, with_times(json!({"id": network, "name": "public", "admin_state_up": true, "mtu": 1500,
        "status": "ACTIVE", "shared": false, "availability_zone_hints": [], "availability_zones": [], "router:external": true,
        "description": "", "port_security_enabled": true, "qos_policy_id": null, "dns_domain": "", "l2_adjacency": true,
        "is_default": true, "provider:network_type": "flat", "provider:physical_network": "public",
        "provider:segmentation_id": null})));
    cloud.tables.put(Kind::Subnet, with_times(json!({"id": subnet, "name": "public-subnet", "network_id": network,
        "ip_version": 4, "subnetpool_id": null, "enable_dhcp": false, "ipv6_ra_mode": null, "ipv6_address_mode": null,
        "gateway_ip": "172.24.4.1", "cidr": "172.24.0.0/16",
        "allocation_pools": [{"start": "172.24.4.2", "end": "172.24.255.254"}], "host_routes": [], "dns_nameservers": [],
        "description": "", "service_types": []})));
    cloud.tables.put(
        Kind::RbacPolicy,
        with_times(json!({"id": policy, "object_type": "network", "object_id": network,
        "target_tenant": "*", "action": "access_as_external"})),
    );
}
