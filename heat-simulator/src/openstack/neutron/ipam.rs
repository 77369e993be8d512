//! Which addresses a port gets.

use super::addresses::{self, Cidr};
use crate::cloud::document::text_of;
use crate::cloud::{Cloud, Fields, Kind, Object};
use crate::http::exchange::Refusal;
use serde_json::{Value, json};

/// The subnet's CIDR; stored texts are valid.
pub(super) fn cidr_of(subnet: &Object) -> Cidr {
    Cidr::parse(subnet.text("cidr")).map_or(Cidr { v6: false, first: 0, prefix: 0 }, |(cidr, _)| cidr)
}

/// Whether addresses of a subnet come from MAC addresses.
fn is_automatic(subnet: &Object) -> bool {
    matches!(subnet.text("ipv6_address_mode"), "slaac" | "dhcpv6-stateless")
}

fn is_taken(cloud: &Cloud, subnet: &str, address: &str) -> bool {
    cloud.tables.count_by(Kind::Port, "ip", &format!("{subnet}|{address}")) > 0
}

/// The lowest free address of a subnet's pools.
fn lowest_free(cloud: &mut Cloud, subnet: &Object) -> Option<String> {
    let id = subnet.text("id");
    let cidr = cidr_of(subnet);
    let hint = cloud.first_free.get(id).copied().unwrap_or(0);
    let mut pools: Vec<(u128, u128)> = subnet
        .items("allocation_pools")
        .iter()
        .filter_map(|pool| {
            Some((addresses::parse(text_of(pool, "start"))?, addresses::parse(text_of(pool, "end"))?))
        })
        .collect();
    pools.sort_unstable();
    for (start, end) in pools {
        let mut number = start.max(hint);
        while number <= end {
            let text = addresses::address(number, cidr.v6).to_string();
            if !is_taken(cloud, id, &text) {
                cloud.first_free.insert(id.to_owned(), number);
                return Some(text);
            }
            number += 1;
        }
    }
    None
}

impl Cloud {
    /// Tells the allocator that a port's addresses are free again.
    pub(super) fn release(&mut self, fixed_ips: &[Value]) {
        for fixed in fixed_ips {
            if let (Some(hint), Some(number)) = (
                self.first_free.get_mut(text_of(fixed, "subnet_id")),
                addresses::parse(text_of(fixed, "ip_address")),
            ) {
                *hint = (*hint).min(number);
            }
        }
    }
}

/// The addresses for a port of a network. `asked` is none where the client left it open; `kept` are those that the port has already.
pub(super) fn allocate(
    cloud: &mut Cloud,
    network_id: &str,
    asked: Option<&[Value]>,
    mac: &str,
    owner: &str,
    kept: &[Value],
) -> Result<Vec<Value>, Refusal> {
    let subnets: Vec<Object> = cloud.tables.find(Kind::Subnet, "network", network_id).cloned().collect();
    let mut given = Vec::new();
    match asked {
        None => {
            // One of each version, and every automatic IPv6 subnet beside it.
            for v6 in [false, true] {
                let of_version: Vec<&Object> =
                    subnets.iter().filter(|subnet| cidr_of(subnet).v6 == v6).collect();
                let (automatic, managed): (Vec<&Object>, Vec<&Object>) =
                    of_version.into_iter().partition(|subnet| is_automatic(subnet));
                if !managed.is_empty() {
                    let mut found = None;
                    for subnet in &managed {
                        if let Some(address) = lowest_free(cloud, subnet) {
                            found = Some(json!({"subnet_id": subnet.text("id"), "ip_address": address}));
                            break;
                        }
                    }
                    given.push(found.ok_or_else(|| exhausted(network_id))?);
                }
                for subnet in automatic {
                    given.extend(automatic_address(cloud, subnet, mac));
                }
            }
        }
        Some(asked) => {
            for one in asked {
                let fixed = asked_address(cloud, network_id, &subnets, one, mac, owner, kept)?;
                if given.contains(&fixed) {
                    return Err(Refusal::typed(
                        409,
                        "IpAddressInUse",
                        in_use(network_id, text_of(&fixed, "ip_address")),
                    ));
                }
                given.push(fixed);
            }
        }
    }
    Ok(given)
}

fn automatic_address(cloud: &Cloud, subnet: &Object, mac: &str) -> Option<Value> {
    let address = addresses::address(cidr_of(subnet).eui64(mac)?, true).to_string();
    (!is_taken(cloud, subnet.text("id"), &address))
        .then(|| json!({"subnet_id": subnet.text("id"), "ip_address": address}))
}

/// Gives the ports of a network an address of a new subnet, if its addresses come from MAC addresses.
pub(super) fn address_ports(cloud: &mut Cloud, subnet: &Object) {
    if !is_automatic(subnet) {
        return;
    }
    for id in cloud.tables.ids(Kind::Port, "network", subnet.text("network_id")) {
        let Some(port) = cloud.tables.get(Kind::Port, &id) else { continue };
        if port.text("device_owner").starts_with("network:router_") {
            continue;
        }
        let mac = port.text("mac_address").to_owned();
        if let Some(fixed) = automatic_address(cloud, subnet, &mac) {
            cloud.tables.change(Kind::Port, &id, |port| {
                let mut fixed_ips = port.items("fixed_ips").to_vec();
                fixed_ips.push(fixed);
                port.set("fixed_ips", fixed_ips);
            });
        }
    }
}

fn exhausted(network_id: &str) -> Refusal {
    Refusal::typed(
        409,
        "IpAddressGenerationFailure",
        format!("No more IP addresses available on network {network_id}."),
    )
}

fn in_use(network_id: &str, address: &str) -> String {
    format!("Unable to complete operation for network {network_id}. The IP address {address} is in use.")
}

fn asked_address(
    cloud: &mut Cloud,
    network_id: &str,
    subnets: &[Object],
    asked: &Value,
    mac: &str,
    owner: &str,
    kept: &[Value],
) -> Result<Value, Refusal> {
    let subnet_id = text_of(asked, "subnet_id");
    let address = text_of(asked, "ip_address");
    let subnet = if subnet_id.is_empty() {
        if address.is_empty() {
            return Err(Refusal::typed(
                400,
                "InvalidInput",
                "Invalid input for operation: IP allocation requires subnet_id or ip_address.",
            ));
        }
        let number = addresses::parse(address);
        let v6 = address.contains(':');
        let holds = |subnet: &&Object| {
            cidr_of(subnet).v6 == v6 && number.is_some_and(|number| cidr_of(subnet).contains(number))
        };
        subnets.iter().find(holds).ok_or_else(|| {
            Refusal::typed(
                400,
                "InvalidIpForNetwork",
                format!(
                    "IP address {address} is not a valid IP for any of the subnets on the specified network."
                ),
            )
        })?
    } else {
        match subnets.iter().find(|subnet| subnet.text("id") == subnet_id) {
            Some(subnet) => subnet,
            None if cloud.tables.get(Kind::Subnet, subnet_id).is_none() => {
                return Err(Refusal::typed(
                    404,
                    "SubnetNotFound",
                    format!("Subnet {subnet_id} could not be found."),
                ));
            }
            None => {
                return Err(Refusal::typed(
                    400,
                    "InvalidInput",
                    format!(
                        "Invalid input for operation: Failed to create port on network {network_id}, because fixed_ips included invalid subnet {subnet_id}."
                    ),
                ));
            }
        }
    };
    let id = subnet.text("id");
    let is_kept = |address: &str| {
        kept.iter().any(|fixed| {
            text_of(fixed, "subnet_id") == id
                && (address.is_empty() || text_of(fixed, "ip_address") == address)
        })
    };
    if address.is_empty() {
        if let Some(fixed) = kept.iter().find(|fixed| text_of(fixed, "subnet_id") == id) {
            return Ok(fixed.clone());
        }
        if is_automatic(subnet) && !owner.starts_with("network:router_") {
            return automatic_address(cloud, subnet, mac).ok_or_else(|| exhausted(network_id));
        }
        let found = lowest_free(cloud, subnet).ok_or_else(|| exhausted(network_id))?;
        return Ok(json!({"subnet_id": id, "ip_address": found}));
    }
    let cidr = cidr_of(subnet);
    if !addresses::parse(address).is_some_and(|number| cidr.is_host(number)) {
        return Err(Refusal::typed(
            400,
            "InvalidIpForSubnet",
            format!("IP address {address} is not a valid IP for the specified subnet."),
        ));
    }
    if is_automatic(subnet)
        && !owner.starts_with("network:router_")
        && cidr.eui64(mac) != addresses::parse(address)
    {
        return Err(Refusal::typed(
            400,
            "AllocationOnAutoAddressSubnet",
            format!(
                "IPv6 address {address} cannot be directly assigned to a port on subnet {id} as the subnet is configured for automatic addresses"
            ),
        ));
    }
    if is_taken(cloud, id, address) && !is_kept(address) {
        return Err(Refusal::typed(
            409,
            "IpAddressAlreadyAllocated",
            format!("IP address {address} already allocated in subnet {id}"),
        ));
    }
    Ok(json!({"subnet_id": id, "ip_address": address}))
}
