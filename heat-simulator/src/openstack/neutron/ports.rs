//! Ports.

use super::attributes::{Attribute, Check, Initial, fixed, free, privileged, shown};
use super::resource::{Resource, view_without};
use super::security_groups::default_group_of;
use super::{floatingips, ipam, networks};
use crate::cloud::document::{object_of, text_of};
use crate::cloud::{Caller, Cloud, Fields, Kind, Object, hashes};
use crate::http::exchange::Refusal;
use serde_json::{Value, json};

const ATTRIBUTES: &[Attribute] = &[
    free("name", Initial::Text(""), Check::Text(255)),
    fixed("network_id", Initial::Required, Check::Uuid),
    free("admin_state_up", Initial::Flag(true), Check::Flag),
    free("mac_address", Initial::Unset, Check::Mac),
    free("fixed_ips", Initial::Unset, Check::FixedIps),
    free("device_id", Initial::Text(""), Check::Text(255)),
    free("device_owner", Initial::Text(""), Check::Text(255)),
    shown("status"),
    free("description", Initial::Text(""), Check::Text(255)),
    free("security_groups", Initial::Unset, Check::Uuids),
    free("allowed_address_pairs", Initial::Nothing, Check::Dicts(&["ip_address"])),
    free("port_security_enabled", Initial::Unset, Check::Flag),
    free("extra_dhcp_opts", Initial::Nothing, Check::Dicts(&["opt_name", "opt_value"])),
    free("qos_policy_id", Initial::Null, Check::UuidOrNull),
    shown("qos_network_policy_id"),
    shown("resource_request"),
    free("dns_name", Initial::Text(""), Check::Text(255)),
    free("dns_domain", Initial::Text(""), Check::Text(255)),
    shown("dns_assignment"),
    shown("ip_allocation"),
    privileged("numa_affinity_policy", Initial::Null, Check::TextOrNull(64)),
    free(
        "binding:vnic_type",
        Initial::Text("normal"),
        Check::OneOf(&[
            "normal",
            "direct",
            "macvtap",
            "baremetal",
            "direct-physical",
            "virtio-forwarder",
            "smart-nic",
            "accelerator-direct",
            "accelerator-direct-physical",
            "vdpa",
            "remote-managed",
        ]),
    ),
    privileged("binding:host_id", Initial::Text(""), Check::TextOrNull(255)),
    free("binding:profile", Initial::Unset, Check::DictOrNull),
    shown("binding:vif_type"),
    shown("binding:vif_details"),
];

pub(super) const RESOURCE: Resource = Resource {
    kind: Kind::Port,
    name: "port",
    collection: "ports",
    missing: ("PortNotFound", "Port {} could not be found."),
    attributes: ATTRIBUTES,
    view,
    create,
    update,
    delete,
};

/// A port that another service or a router wants.
pub(crate) struct PortRequest<'r> {
    pub(crate) network_id: &'r str,
    pub(crate) project_id: &'r str,
    pub(crate) device_id: &'r str,
    pub(crate) device_owner: &'r str,
    /// None: as the network gives them.
    pub(crate) fixed_ips: Option<Vec<Value>>,
    /// None: the project's default group; empty for ports of the network's own devices.
    pub(crate) security_groups: Option<Vec<Value>>,
}

fn view(cloud: &Cloud, caller: &Caller, port: &Object) -> Object {
    let hidden = [
        "binding:host_id",
        "binding:profile",
        "binding:vif_type",
        "binding:vif_details",
        "resource_request",
        "numa_affinity_policy",
    ];
    let mut shown = view_without(caller, port, &hidden);
    let network = cloud.tables.get(Kind::Network, port.text("network_id"));
    shown.set("qos_network_policy_id", network.map_or(Value::Null, |network| network.value("qos_policy_id")));
    let assignments: Vec<Value> = port
        .items("fixed_ips")
        .iter()
        .map(|fixed| {
            let address = text_of(fixed, "ip_address");
            let host = match port.text("dns_name") {
                "" => format!("host-{}", address.replace(['.', ':'], "-")),
                name => name.to_owned(),
            };
            json!({"ip_address": address, "hostname": host, "fqdn": format!("{host}.openstack.local.")})
        })
        .collect();
    shown.set("dns_assignment", assignments);
    shown
}

fn create(cloud: &mut Cloud, caller: &Caller, given: Object) -> Result<String, Refusal> {
    let network_id = given.text("network_id").to_owned();
    let network = networks::RESOURCE.find(cloud, caller, &network_id)?.clone();
    let project = given.text("project_id").to_owned();
    if network.flag("router:external")
        && !network.flag("shared")
        && !caller.may_see(network.text("project_id"))
    {
        // Ports on an external network come with routers and floating IPs only.
        let message = format!("Tenant {project} not allowed to create port on this network");
        return Err(Refusal::typed(403, "HTTPForbidden", message));
    }
    cloud.check_network_quota(Kind::Port, &project)?;
    let secured = given
        .get("port_security_enabled")
        .map_or_else(|| network.flag("port_security_enabled"), |value| value == true);
    let groups = match given.get("security_groups") {
        Some(Value::Array(groups)) => {
            check_groups(cloud, caller, groups)?;
            groups.clone()
        }
        _ if secured && !given.text("device_owner").starts_with("network:") => {
            vec![default_group_of(cloud, &project).into()]
        }
        _ => Vec::new(),
    };
    check_security(secured, &groups, given.items("allowed_address_pairs"))?;
    check_policy(cloud, &given)?;
    let mut port = given;
    let mac = match port.text("mac_address") {
        "" => fresh_mac(cloud, &network_id),
        mac => {
            if cloud.tables.count_by(Kind::Port, "mac", &format!("{network_id}|{mac}")) > 0 {
                return Err(Refusal::typed(
                    409,
                    "MacAddressInUse",
                    format!(
                        "Unable to complete operation for network {network_id}. The mac address {mac} is in use."
                    ),
                ));
            }
            mac.to_owned()
        }
    };
    let asked = match port.shift_remove("fixed_ips") {
        Some(Value::Array(asked)) => Some(asked),
        _ => None,
    };
    let owner = port.text("device_owner").to_owned();
    let fixed_ips = ipam::allocate(cloud, &network_id, asked.as_deref(), &mac, &owner, &[])?;
    let pairs = pairs_with_mac(port.items("allowed_address_pairs"), &mac);
    port.set("mac_address", mac);
    port.set("fixed_ips", fixed_ips);
    port.set("security_groups", groups);
    port.set("port_security_enabled", secured);
    port.set("allowed_address_pairs", pairs);
    let options = port.items("extra_dhcp_opts").iter().map(with_ip_version).collect::<Vec<_>>();
    port.set("extra_dhcp_opts", options);
    port.set("status", "DOWN");
    port.set("binding:vif_type", "unbound");
    port.set("binding:vif_details", json!({}));
    port.entry("binding:profile").or_insert(json!({}));
    port.set("ip_allocation", "immediate");
    port.set("resource_request", Value::Null);

    let id = cloud.stamp(&mut port);
    port.set("revision_number", 1);
    bind(&mut port);
    cloud.tables.put(Kind::Port, port);
    Ok(id)
}

/// A port with a host is plugged; one without is not.
pub(super) fn bind(port: &mut Object) {
    let bound = !port.text("binding:host_id").is_empty();
    port.set("binding:vif_type", if bound { "ovs" } else { "unbound" });
    port.set("status", if bound { "ACTIVE" } else { "DOWN" });
}

fn with_ip_version(option: &Value) -> Value {
    let mut option = object_of(option.clone());
    option.entry("ip_version").or_insert(json!(4));
    Value::Object(option)
}

fn pairs_with_mac(pairs: &[Value], mac: &str) -> Vec<Value> {
    let complete = |pair: &Value| {
        let own = pair.get("mac_address").and_then(Value::as_str).unwrap_or(mac);
        json!({"mac_address": own, "ip_address": text_of(pair, "ip_address")})
    };
    pairs.iter().map(complete).collect()
}

fn fresh_mac(cloud: &mut Cloud, network_id: &str) -> String {
    loop {
        let n = cloud.fresh_number();
        let [a, b, c, ..] = hashes::mixed(cloud.settings.seed ^ 0x6d61_6321, n).to_be_bytes();
        let mac = format!("fa:16:3e:{a:02x}:{b:02x}:{c:02x}");
        if cloud.tables.count_by(Kind::Port, "mac", &format!("{network_id}|{mac}")) == 0 {
            return mac;
        }
    }
}

fn check_groups(cloud: &Cloud, caller: &Caller, groups: &[Value]) -> Result<(), Refusal> {
    for group in groups {
        let id = group.as_str().unwrap_or("");
        let known = cloud.tables.get(Kind::SecurityGroup, id);
        if !known.is_some_and(|group| caller.may_see(group.text("project_id"))) {
            return Err(Refusal::typed(
                404,
                "SecurityGroupNotFound",
                format!("Security group {id} does not exist"),
            ));
        }
    }
    Ok(())
}

fn check_security(secured: bool, groups: &[Value], pairs: &[Value]) -> Result<(), Refusal> {
    if secured {
        return Ok(());
    }
    if !groups.is_empty() {
        return Err(Refusal::typed(
            400,
            "PortSecurityAndIPRequiredForSecurityGroups",
            "Port security must be enabled and port must have an IP address in order to use security groups.",
        ));
    }
    if !pairs.is_empty() {
        return Err(Refusal::typed(
            409,
            "AddressPairAndPortSecurityRequired",
            "Port Security must be enabled in order to have allowed address pairs on a port.",
        ));
    }
    Ok(())
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

fn update(cloud: &mut Cloud, caller: &Caller, port: Object, changes: Object) -> Result<(), Refusal> {
    let id = port.text("id").to_owned();
    let mut after = port.clone();
    after.extend(changes.clone());
    let groups_given = changes.get("security_groups").and_then(Value::as_array);
    if let Some(groups) = groups_given {
        check_groups(cloud, caller, groups)?;
    }
    check_policy(cloud, &changes)?;
    let secured = after.flag("port_security_enabled");
    if secured
        && !port.flag("port_security_enabled")
        && groups_given.is_none()
        && port.items("security_groups").is_empty()
    {
        let group = default_group_of(cloud, port.text("project_id"));
        after.set("security_groups", json!([group]));
    }
    check_security(secured, after.items("security_groups"), after.items("allowed_address_pairs"))?;
    let device = changes.text("device_id");
    if !device.is_empty()
        && !port.text("device_id").is_empty()
        && device != port.text("device_id")
        && port.text("device_owner").starts_with("network:")
    {
        return Err(Refusal::typed(
            409,
            "PortInUse",
            format!(
                "Unable to complete operation on port {id} for network {}. Port already has an attached device {}.",
                port.text("network_id"),
                port.text("device_id")
            ),
        ));
    }
    let network_id = port.text("network_id").to_owned();
    let mac = after.text("mac_address").to_owned();
    if mac != port.text("mac_address") {
        if port.text("binding:vif_type") != "unbound" {
            return Err(Refusal::typed(
                409,
                "PortBound",
                format!(
                    "Unable to complete operation on port {id}, port is already bound, port type: {}, old_mac {}, new_mac {mac}.",
                    port.text("binding:vif_type"),
                    port.text("mac_address")
                ),
            ));
        }
        if cloud.tables.count_by(Kind::Port, "mac", &format!("{network_id}|{mac}")) > 0 {
            return Err(Refusal::typed(
                409,
                "MacAddressInUse",
                format!(
                    "Unable to complete operation for network {network_id}. The mac address {mac} is in use."
                ),
            ));
        }
    }
    if let Some(asked) = changes.get("fixed_ips").and_then(Value::as_array) {
        let kept = port.items("fixed_ips");
        let owner = after.text("device_owner").to_owned();
        let fixed_ips = ipam::allocate(cloud, &network_id, Some(asked), &mac, &owner, kept)?;
        let lost: Vec<Value> = kept.iter().filter(|fixed| !fixed_ips.contains(fixed)).cloned().collect();
        cloud.release(&lost);
        after.set("fixed_ips", fixed_ips);
    }
    let pairs = pairs_with_mac(after.items("allowed_address_pairs"), &mac);
    after.set("allowed_address_pairs", pairs);
    if let Some(asked) = changes.get("extra_dhcp_opts").and_then(Value::as_array) {
        after.set("extra_dhcp_opts", merged_options(port.items("extra_dhcp_opts"), asked));
    }
    if after.value("binding:profile").is_null() {
        after.set("binding:profile", json!({}));
    }
    if after.value("binding:host_id") != port.value("binding:host_id") {
        bind(&mut after);
    }
    cloud.tables.put(Kind::Port, after);
    Ok(())
}

/// Neutron merges DHCP options by name; one with the value null is taken away.
fn merged_options(before: &[Value], asked: &[Value]) -> Vec<Value> {
    let same = |one: &Value, other: &Value| {
        one["opt_name"] == other["opt_name"] && one["ip_version"] == other["ip_version"]
    };
    let asked: Vec<Value> = asked.iter().map(with_ip_version).collect();
    let mut after: Vec<Value> =
        before.iter().filter(|old| !asked.iter().any(|new| same(old, new))).cloned().collect();
    after.extend(asked.into_iter().filter(|option| !option["opt_value"].is_null()));
    after
}

fn delete(cloud: &mut Cloud, _: &Caller, port: &Object) -> Result<(), Refusal> {
    let (id, owner) = (port.text("id"), port.text("device_owner"));
    let of_router = owner.starts_with("network:router_")
        && cloud.tables.get(Kind::Router, port.text("device_id")).is_some();
    let of_floating =
        owner == "network:floatingip" && cloud.tables.get(Kind::FloatingIp, port.text("device_id")).is_some();
    if of_router || of_floating {
        return Err(Refusal::typed(
            409,
            "ServicePortInUse",
            format!("Port {id} cannot be deleted directly via the port API: has device owner {owner}."),
        ));
    }
    floatingips::detach_from_port(cloud, id);
    delete_port_unchecked(cloud, id);
    Ok(())
}

/// Makes a port for another service or a router; no project's quota of the caller's is asked where the project is empty.
pub(crate) fn create_port(cloud: &mut Cloud, request: PortRequest<'_>) -> Result<String, Refusal> {
    let caller = Caller {
        project_id: request.project_id.to_owned(),
        roles: vec!["admin".to_owned()],
        ..Caller::default()
    };
    let mut given = object_of(json!({
        "network_id": request.network_id, "device_id": request.device_id, "device_owner": request.device_owner,
    }));
    if let Some(fixed_ips) = request.fixed_ips {
        given.set("fixed_ips", fixed_ips);
    }
    if let Some(groups) = request.security_groups {
        given.set("security_groups", groups);
    }
    let mut object = super::attributes::for_create(&RESOURCE, &caller, &given)?;
    object.set("project_id", request.project_id);
    create(cloud, &caller, object)
}

/// Takes a port away, whoever uses it.
pub(crate) fn delete_port_unchecked(cloud: &mut Cloud, id: &str) {
    if let Some(port) = cloud.tables.remove(Kind::Port, id) {
        cloud.release(port.items("fixed_ips"));
    }
}

/// A security group's id from a name or an id, among a project's groups; `Err` is how many of that name there are.
pub(crate) fn groups_by_name_or_id(cloud: &mut Cloud, project_id: &str, text: &str) -> Result<String, usize> {
    if text == "default" {
        return Ok(default_group_of(cloud, project_id));
    }
    let own =
        cloud.tables.get(Kind::SecurityGroup, text).filter(|group| group.text("project_id") == project_id);
    if own.is_some() {
        return Ok(text.to_owned());
    }
    let named = cloud.tables.find(Kind::SecurityGroup, "name", text);
    let ids: Vec<String> = named
        .filter(|group| group.text("project_id") == project_id)
        .map(|group| group.text("id").to_owned())
        .collect();
    match ids.as_slice() {
        [id] => Ok(id.clone()),
        other => Err(other.len()),
    }
}
