//! Subnets.

use super::addresses::{self, Cidr};
use super::attributes::{Attribute, Check, Initial, bad, fixed, free};
use super::ipam::cidr_of;
use super::networks::{self, fixed_parts, is_removable};
use super::resource::{Resource, apply, plain_view};
use super::subnet_checks::{check_gateway, check_pools, check_routes, default_pools};
use super::{ipam, ports, subnetpools};
use crate::cloud::document::{python_str, text_of};
use crate::cloud::{Caller, Cloud, Fields, Kind, Object};
use crate::http::exchange::Refusal;
use serde_json::{Value, json};

const MODES: Check = Check::OneOf(&["dhcpv6-stateful", "dhcpv6-stateless", "slaac", ""]);

const ATTRIBUTES: &[Attribute] = &[
    free("name", Initial::Text(""), Check::Text(255)),
    fixed("ip_version", Initial::Required, Check::Any),
    fixed("network_id", Initial::Required, Check::Uuid),
    fixed("cidr", Initial::Null, Check::Subnet),
    fixed("subnetpool_id", Initial::Null, Check::UuidOrNull),
    fixed("use_default_subnetpool", Initial::Flag(false), Check::Flag),
    fixed("prefixlen", Initial::Null, Check::NumberOrNull),
    free("gateway_ip", Initial::Unset, Check::AddressOrNull),
    free("allocation_pools", Initial::Unset, Check::Dicts(&["start", "end"])),
    free("dns_nameservers", Initial::Nothing, Check::Addresses),
    free("host_routes", Initial::Nothing, Check::Dicts(&["destination", "nexthop"])),
    free("enable_dhcp", Initial::Flag(true), Check::Flag),
    fixed("ipv6_ra_mode", Initial::Null, MODES),
    fixed("ipv6_address_mode", Initial::Null, MODES),
    free("description", Initial::Text(""), Check::Text(255)),
    free("service_types", Initial::Nothing, Check::Any),
];

pub(super) const RESOURCE: Resource = Resource {
    kind: Kind::Subnet,
    name: "subnet",
    collection: "subnets",
    missing: ("SubnetNotFound", "Subnet {} could not be found."),
    attributes: ATTRIBUTES,
    view: plain_view,
    create,
    update,
    delete,
};

fn invalid(message: impl std::fmt::Display) -> Refusal {
    Refusal::typed(400, "InvalidInput", format!("Invalid input for operation: {message}."))
}

fn create(cloud: &mut Cloud, caller: &Caller, given: Object) -> Result<String, Refusal> {
    let network_id = given.text("network_id").to_owned();
    let _ = networks::RESOURCE.find_own(cloud, caller, &network_id)?;
    cloud.check_network_quota(Kind::Subnet, given.text("project_id"))?;
    let mut subnet = given;
    let use_default = subnet.shift_remove("use_default_subnetpool") == Some(Value::Bool(true));
    let prefix = subnet.shift_remove("prefixlen").and_then(|prefix| prefix.as_i64());
    let version = match subnet.get("ip_version") {
        None => None,
        Some(value) => match python_str(value).as_str() {
            "4" => Some(4),
            "6" => Some(6),
            other => {
                return Err(super::attributes::invalid(
                    "ip_version",
                    &format!("{other} is not in valid_values"),
                ));
            }
        },
    };
    if use_default && subnet.value("subnetpool_id").is_null() {
        let pool = subnetpools::default_pool(cloud, version.unwrap_or(4));
        subnet.set(
            "subnetpool_id",
            pool.ok_or_else(|| {
                bad(format!(
                    "Bad subnets request: No default subnetpool found for IPv{}.",
                    version.unwrap_or(4)
                ))
            })?,
        );
    }
    let cidr = if subnet.value("subnetpool_id").is_null() {
        let Some((cidr, _)) = Cidr::parse(subnet.text("cidr")) else {
            return Err(Refusal::typed(
                400,
                "BadRequest",
                "Bad subnets request: a subnetpool must be specified in the absence of a cidr.",
            ));
        };
        let Some(version) = version else {
            return Err(Refusal::typed(
                400,
                "BadRequest",
                "Bad subnets request: ip_version must be specified in the absence of a subnetpool",
            ));
        };
        if (version == 6) != cidr.v6 {
            return Err(invalid(format!("cidr '{cidr}' does not match the ip_version '{version}'")));
        }
        cidr
    } else {
        let pool_id = subnet.text("subnetpool_id").to_owned();
        let pool = subnetpools::RESOURCE.find(cloud, caller, &pool_id)?.clone();
        subnetpools::carve(cloud, &pool, Cidr::parse(subnet.text("cidr")).map(|(cidr, _)| cidr), prefix)?
    };
    let v6 = cidr.v6;
    subnet.set("cidr", cidr.to_string());
    subnet.set("ip_version", if v6 { 6 } else { 4 });
    check_modes(&subnet, v6)?;
    let others = cloud.tables.find(Kind::Subnet, "network", &network_id);
    if others.map(cidr_of).any(|other| other.overlaps(cidr)) {
        return Err(invalid(format!(
            "Requested subnet with cidr: {cidr} for network: {network_id} overlaps with another subnet"
        )));
    }

    match subnet.get("gateway_ip") {
        None => {
            // The network's own address is the routers' in IPv6.
            let gateway = if v6 { cidr.first } else { cidr.hosts().0 };
            subnet.set("gateway_ip", addresses::address(gateway, v6).to_string());
        }
        Some(Value::Null) => {}
        Some(_) => check_gateway(&subnet, cidr)?,
    }
    match subnet.get("allocation_pools") {
        None => {
            let pools = default_pools(cidr, subnet.text("gateway_ip"));
            subnet.set("allocation_pools", pools);
        }
        Some(_) => check_pools(&subnet, cidr)?,
    }
    check_routes(&subnet)?;
    let id = cloud.stamp(&mut subnet);
    cloud.tables.put(Kind::Subnet, subnet.clone());
    ipam::address_ports(cloud, &subnet);
    Ok(id)
}

fn check_modes(subnet: &Object, v6: bool) -> Result<(), Refusal> {
    let (ra, address) = (subnet.text("ipv6_ra_mode"), subnet.text("ipv6_address_mode"));
    if ra.is_empty() && address.is_empty() {
        return Ok(());
    }
    if !v6 {
        let name = if ra.is_empty() { "ipv6_address_mode" } else { "ipv6_ra_mode" };
        return Err(invalid(format!("{name} is not valid when ip_version is 4")));
    }
    if !subnet.flag("enable_dhcp") {
        return Err(invalid(
            "ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False",
        ));
    }
    if !ra.is_empty() && !address.is_empty() && ra != address {
        return Err(invalid(format!(
            "ipv6_ra_mode set to '{ra}' with ipv6_address_mode set to '{address}' is not valid. If both attributes are set, they must be the same value"
        )));
    }
    let prefix = cidr_of(subnet).prefix;
    if address != "dhcpv6-stateful" && prefix != 64 {
        return Err(invalid(format!(
            "Invalid CIDR {} for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the prefix to be /64",
            subnet.text("cidr")
        )));
    }
    Ok(())
}

fn update(cloud: &mut Cloud, _: &Caller, subnet: Object, changes: Object) -> Result<(), Refusal> {
    let id = subnet.text("id");
    let cidr = cidr_of(&subnet);
    let mut after = subnet.clone();
    after.extend(changes.clone());
    if changes.contains_key("gateway_ip") && changes.value("gateway_ip") != subnet.value("gateway_ip") {
        let old = subnet.text("gateway_ip");
        let holder = cloud.tables.find(Kind::Port, "ip", &format!("{id}|{old}")).next();
        if let Some(port) = holder.filter(|port| port.text("device_owner").starts_with("network:router_")) {
            return Err(Refusal::typed(
                409,
                "GatewayIpInUse",
                format!(
                    "Current gateway ip {old} already in use by port {}. Unable to update.",
                    port.text("id")
                ),
            ));
        }
        if !changes.value("gateway_ip").is_null() {
            check_gateway(&after, cidr)?;
        }
    }
    if changes.contains_key("allocation_pools") {
        check_pools(&after, cidr)?;
        cloud.first_free.remove(id);
    } else if changes.contains_key("gateway_ip") {
        check_pools(&after, cidr)?;
    }
    if changes.contains_key("host_routes") {
        check_routes(&after)?;
    }
    apply(cloud, Kind::Subnet, id, changes);
    Ok(())
}

fn delete(cloud: &mut Cloud, _: &Caller, subnet: &Object) -> Result<(), Refusal> {
    let id = subnet.text("id");
    let automatic = matches!(subnet.text("ipv6_address_mode"), "slaac" | "dhcpv6-stateless");
    let holders: Vec<Object> = cloud.tables.find(Kind::Port, "subnet", id).cloned().collect();
    for port in &holders {
        let router = port.text("device_owner").starts_with("network:router_");
        if is_removable(port) || automatic && !router {
            continue;
        }
        return Err(Refusal::typed(
            409,
            "SubnetInUse",
            format!(
                "Unable to complete operation on subnet {id}: One or more ports have an IP allocation from this subnet."
            ),
        ));
    }
    for port in holders {
        let rest: Vec<Value> =
            port.items("fixed_ips").iter().filter(|fixed| fixed_parts(fixed).0 != id).cloned().collect();
        if is_removable(&port) && rest.is_empty() {
            ports::delete_port_unchecked(cloud, port.text("id"));
        } else {
            cloud.tables.change(Kind::Port, port.text("id"), |port| port.set("fixed_ips", rest));
        }
    }
    cloud.tables.remove(Kind::Subnet, id);
    cloud.first_free.remove(id);
    Ok(())
}

/// The routers' side: the first fixed IP's subnet of a port.
pub(super) fn first_subnet(port: &Object) -> &str {
    port.items("fixed_ips").first().map_or("", |fixed| text_of(fixed, "subnet_id"))
}

/// The view of a fixed IP list for a subnet.
pub(super) fn fixed_ip(subnet: &str, address: &str) -> Value {
    if address.is_empty() {
        json!({"subnet_id": subnet})
    } else {
        json!({"subnet_id": subnet, "ip_address": address})
    }
}
