//! Networks.

use super::attributes::{Attribute, Check, Initial, fixed, free, privileged, shown};
use super::rbac;
use super::resource::{Resource, apply, view_without};
use crate::cloud::document::text_of;
use crate::cloud::{Caller, Cloud, Fields, Kind, Object};
use crate::http::exchange::Refusal;
use serde_json::{Value, json};

const ATTRIBUTES: &[Attribute] = &[
    free("name", Initial::Text(""), Check::Text(255)),
    free("admin_state_up", Initial::Flag(true), Check::Flag),
    shown("status"),
    shown("subnets"),
    privileged("shared", Initial::Flag(false), Check::Flag),
    privileged("router:external", Initial::Flag(false), Check::Flag),
    privileged("is_default", Initial::Flag(false), Check::Flag),
    free("description", Initial::Text(""), Check::Text(255)),
    free("mtu", Initial::Number(0), Check::Number(0, 65_535)),
    free("port_security_enabled", Initial::Flag(true), Check::Flag),
    free("qos_policy_id", Initial::Null, Check::UuidOrNull),
    free("dns_domain", Initial::Text(""), Check::Text(255)),
    fixed("availability_zone_hints", Initial::Nothing, Check::Any),
    shown("availability_zones"),
    shown("ipv4_address_scope"),
    shown("ipv6_address_scope"),
    shown("l2_adjacency"),
    fixed("vlan_transparent", Initial::Unset, Check::Flag),
    privileged("provider:network_type", Initial::Unset, Check::Text(32)),
    privileged("provider:physical_network", Initial::Unset, Check::TextOrNull(64)),
    privileged("provider:segmentation_id", Initial::Unset, Check::NumberOrNull),
];

pub(super) const RESOURCE: Resource = Resource {
    kind: Kind::Network,
    name: "network",
    collection: "networks",
    missing: ("NetworkNotFound", "Network {} could not be found."),
    attributes: ATTRIBUTES,
    view,
    create,
    update,
    delete,
};

fn view(cloud: &Cloud, caller: &Caller, network: &Object) -> Object {
    let hidden = ["provider:network_type", "provider:physical_network", "provider:segmentation_id"];
    let mut shown = view_without(caller, network, &hidden);
    let id = network.text("id");
    let subnets: Vec<&Object> = cloud.tables.find(Kind::Subnet, "network", id).collect();
    shown.set("subnets", subnets.iter().map(|subnet| subnet.value("id")).collect::<Vec<_>>());
    for (version, name) in [(4, "ipv4_address_scope"), (6, "ipv6_address_scope")] {
        let scope = subnets
            .iter()
            .filter(|subnet| subnet.int("ip_version") == version)
            .filter_map(|subnet| cloud.tables.get(Kind::SubnetPool, subnet.text("subnetpool_id")))
            .map(|pool| pool.value("address_scope_id"))
            .find(|scope| !scope.is_null());
        shown.set(name, scope.unwrap_or(Value::Null));
    }
    let shared = network.flag("shared") || rbac::is_shared_with(cloud, id, caller);
    shown.set("shared", shared);
    if !network.flag("router:external") {
        shown.shift_remove("is_default");
    }
    shown
}

fn check_policy(cloud: &Cloud, changes: &Object) -> Result<(), Refusal> {
    let policy = changes.text("qos_policy_id");
    if !policy.is_empty() && cloud.tables.get(Kind::QosPolicy, policy).is_none() {
        return Err(Refusal::typed(
            404,
            "QosPolicyNotFound",
            format!("QoS policy {policy} could not be found."),
        ));
    }
    Ok(())
}

fn create(cloud: &mut Cloud, _: &Caller, given: Object) -> Result<String, Refusal> {
    cloud.check_network_quota(Kind::Network, given.text("project_id"))?;
    check_policy(cloud, &given)?;
    let mut network = given;
    let id = cloud.stamp(&mut network);
    let external = network.flag("router:external");
    network.set("status", "ACTIVE");
    network.set("availability_zones", json!([]));
    network.set("l2_adjacency", true);
    // What a tunnelled tenant network has; 1500 on a flat one.
    let flat = network.text("provider:network_type") == "flat" || external;
    let most = if flat { 1500 } else { 1450 };
    match network.int("mtu") {
        0 => network.set("mtu", most),
        mtu if mtu > most => {
            return Err(Refusal::typed(
                400,
                "InvalidInput",
                format!("Invalid input for operation: Requested MTU is too big, maximum is {most}."),
            ));
        }
        _ => {}
    }
    let segment = if flat { Value::Null } else { json!(cloud.fresh_number() % 100_000 + 1) };
    for (name, value) in [
        ("provider:network_type", json!(if flat { "flat" } else { "vxlan" })),
        ("provider:physical_network", if flat { json!("public") } else { Value::Null }),
        ("provider:segmentation_id", segment),
    ] {
        network.entry(name).or_insert(value);
    }
    let shared = network.flag("shared");
    network.set("revision_number", 1);
    let project = network.text("project_id").to_owned();
    cloud.tables.put(Kind::Network, network);
    if shared {
        rbac::share(cloud, &id, &project, "access_as_shared");
    }
    if external {
        rbac::share(cloud, &id, &project, "access_as_external");
    }
    Ok(id)
}

fn update(cloud: &mut Cloud, _: &Caller, network: Object, changes: Object) -> Result<(), Refusal> {
    check_policy(cloud, &changes)?;
    let id = network.text("id");
    if changes.get("shared") == Some(&Value::Bool(false)) && network.flag("shared") {
        let owner = network.text("project_id");
        let foreign = cloud.tables.find(Kind::Port, "network", id).any(|port| {
            let project = port.text("project_id");
            project != owner && !port.text("device_owner").starts_with("network:")
        });
        if foreign {
            return Err(Refusal::typed(
                409,
                "InvalidSharedSetting",
                format!(
                    "Unable to reconfigure sharing settings for network {id}. Multiple tenants are using it."
                ),
            ));
        }
    }
    if changes.get("router:external") == Some(&Value::Bool(false)) && network.flag("router:external") {
        let used = cloud
            .tables
            .find(Kind::Port, "network", id)
            .any(|port| port.text("device_owner") == "network:router_gateway");
        if used {
            return Err(Refusal::typed(
                409,
                "ExternalNetworkInUse",
                format!(
                    "External network {id} cannot be updated to be made non-external, since it has existing gateway ports."
                ),
            ));
        }
    }
    apply(cloud, Kind::Network, id, changes);
    Ok(())
}

fn delete(cloud: &mut Cloud, _: &Caller, network: &Object) -> Result<(), Refusal> {
    let id = network.text("id");
    let ports: Vec<(String, bool)> = cloud
        .tables
        .find(Kind::Port, "network", id)
        .map(|port| (port.text("id").to_owned(), is_removable(port)))
        .collect();
    let in_use: Vec<&str> = ports.iter().filter(|(_, own)| !own).map(|(id, _)| id.as_str()).collect();
    if !in_use.is_empty() {
        return Err(Refusal::typed(
            409,
            "NetworkInUse",
            format!(
                "Unable to complete operation on network {id}. There are one or more ports still in use on the network, id for these ports is: {}.",
                in_use.join(",")
            ),
        ));
    }
    for (port, _) in ports {
        super::ports::delete_port_unchecked(cloud, &port);
    }
    for subnet in cloud.tables.ids(Kind::Subnet, "network", id) {
        cloud.tables.remove(Kind::Subnet, &subnet);
        cloud.first_free.remove(&subnet);
    }
    for policy in cloud.tables.ids(Kind::RbacPolicy, "object", id) {
        cloud.tables.remove(Kind::RbacPolicy, &policy);
    }
    cloud.tables.remove(Kind::Network, id);
    Ok(())
}

/// Whether a port goes away with its network: those of the network's own services.
pub(super) fn is_removable(port: &Object) -> bool {
    matches!(port.text("device_owner"), "network:dhcp" | "network:distributed")
}

/// The networks on which a project can start servers without naming one: its own, or else the shared ones that are not
/// external.
pub(crate) fn usable_networks(cloud: &Cloud, project_id: &str) -> Vec<String> {
    let own: Vec<String> = cloud
        .tables
        .find(Kind::Network, "project", project_id)
        .filter(|network| !network.flag("router:external"))
        .map(|network| network.text("id").to_owned())
        .collect();
    let shared = cloud.tables.find(Kind::Network, "shared", "yes");
    let mut all = own;
    for network in shared.filter(|network| network.flag("shared")) {
        let id = network.text("id").to_owned();
        if !all.contains(&id) {
            all.push(id);
        }
    }
    all
}

/// The subnet and address of a fixed IP.
pub(super) fn fixed_parts(fixed: &Value) -> (&str, &str) {
    (text_of(fixed, "subnet_id"), text_of(fixed, "ip_address"))
}
