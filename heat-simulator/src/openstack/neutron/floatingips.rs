//! Floating IPs.

use super::attributes::{Attribute, Check, Initial, fixed, free, shown};
use super::ports::{self, PortRequest};
use super::resource::{Resource, plain_view};
use super::{gateways, networks};
use crate::cloud::document::text_of;
use crate::cloud::{Caller, Cloud, Fields, Kind, Object};
use crate::http::exchange::Refusal;
use serde_json::{Value, json};

const ATTRIBUTES: &[Attribute] = &[
    fixed("floating_network_id", Initial::Required, Check::Uuid),
    fixed("floating_ip_address", Initial::Unset, Check::AddressOrNull),
    fixed("subnet_id", Initial::Unset, Check::UuidOrNull),
    free("port_id", Initial::Null, Check::UuidOrNull),
    free("fixed_ip_address", Initial::Null, Check::AddressOrNull),
    shown("router_id"),
    shown("status"),
    free("description", Initial::Text(""), Check::Text(255)),
    fixed("dns_name", Initial::Text(""), Check::Text(255)),
    fixed("dns_domain", Initial::Text(""), Check::Text(255)),
    free("qos_policy_id", Initial::Null, Check::UuidOrNull),
    shown("port_details"),
    shown("port_forwardings"),
    free("distributed", Initial::Unset, Check::Flag),
];

pub(super) const RESOURCE: Resource = Resource {
    kind: Kind::FloatingIp,
    name: "floatingip",
    collection: "floatingips",
    missing: ("FloatingIPNotFound", "Floating IP {} could not be found"),
    attributes: ATTRIBUTES,
    view,
    create,
    update,
    delete,
};

fn view(cloud: &Cloud, caller: &Caller, floating: &Object) -> Object {
    let mut shown = plain_view(cloud, caller, floating);
    let port = cloud.tables.get(Kind::Port, floating.text("port_id"));
    shown.set("port_details", port.map_or(Value::Null, |port| {
        json!({"name": port.text("name"), "network_id": port.text("network_id"), "mac_address": port.text("mac_address"),
            "admin_state_up": port.flag("admin_state_up"), "status": port.text("status"),
            "device_id": port.text("device_id"), "device_owner": port.text("device_owner")})
    }));
    shown.set("port_forwardings", json!([]));
    shown
}

fn bad(message: impl std::fmt::Display) -> Refusal {
    Refusal::typed(400, "BadRequest", format!("Bad floatingip request: {message}."))
}

fn create(cloud: &mut Cloud, caller: &Caller, given: Object) -> Result<String, Refusal> {
    let network_id = given.text("floating_network_id").to_owned();
    let network = networks::RESOURCE.find(cloud, caller, &network_id)?;
    if !network.flag("router:external") {
        return Err(bad(format_args!("Network {network_id} is not a valid external network")));
    }
    cloud.check_network_quota(Kind::FloatingIp, given.text("project_id"))?;
    let mut floating = given;
    let address = floating.text("floating_ip_address").to_owned();
    let subnet = floating
        .shift_remove("subnet_id")
        .and_then(|subnet| subnet.as_str().map(str::to_owned))
        .unwrap_or_default();
    if !address.is_empty() && !caller.is_admin() {
        return Err(Refusal::typed(
            403,
            "PolicyNotAuthorized",
            "(rule:create_floatingip and rule:create_floatingip:floating_ip_address) is disallowed by policy",
        ));
    }
    if cloud.tables.count_by(Kind::Subnet, "network", &network_id) == 0 {
        return Err(bad(format_args!("Network {network_id} does not contain any IPv4 subnet")));
    }
    let mut asked = Object::new();
    if !address.is_empty() {
        asked.set("ip_address", address);
    }
    if !subnet.is_empty() {
        asked.set("subnet_id", subnet);
    }
    let asked = if asked.is_empty() { None } else { Some(vec![Value::Object(asked)]) };
    floating.shift_remove("distributed");
    let id = cloud.stamp(&mut floating);
    let port = ports::create_port(
        cloud,
        PortRequest {
            network_id: &network_id,
            project_id: "",
            device_id: &id,
            device_owner: "network:floatingip",
            fixed_ips: asked,
            security_groups: Some(Vec::new()),
        },
    );
    let port = port.map_err(|refusal| match refusal.kind {
        "IpAddressGenerationFailure" => Refusal::typed(
            400,
            "ExternalIpAddressExhausted",
            format!("Unable to find any IP address on external network {network_id}."),
        ),
        _ => refusal,
    })?;
    let fixed_ips =
        cloud.tables.get(Kind::Port, &port).map(|port| port.items("fixed_ips").to_vec()).unwrap_or_default();
    let is_v4 = |fixed: &&Value| !text_of(fixed, "ip_address").contains(':');
    let address = fixed_ips.iter().find(is_v4).map_or("", |fixed| text_of(fixed, "ip_address"));
    floating.set("floating_ip_address", address);
    floating.set("router_id", Value::Null);
    floating.set("status", "DOWN");
    floating.set("_port", port);
    let (port_id, fixed_address) =
        (floating.text("port_id").to_owned(), floating.text("fixed_ip_address").to_owned());
    floating.set("port_id", Value::Null);
    floating.set("fixed_ip_address", Value::Null);
    cloud.tables.put(Kind::FloatingIp, floating);
    if !port_id.is_empty() {
        associate(cloud, caller, &id, &port_id, &fixed_address)?;
    }
    Ok(id)
}

fn update(cloud: &mut Cloud, caller: &Caller, floating: Object, changes: Object) -> Result<(), Refusal> {
    let id = floating.text("id").to_owned();
    for name in ["description", "qos_policy_id"] {
        if let Some(value) = changes.get(name) {
            cloud.tables.change(Kind::FloatingIp, &id, |floating| floating.set(name, value.clone()));
        }
    }
    if changes.contains_key("port_id") {
        let port = changes.text("port_id").to_owned();
        if port.is_empty() {
            disassociate(cloud, &id);
        } else {
            let address = changes.text("fixed_ip_address").to_owned();
            associate(cloud, caller, &id, &port, &address)?;
        }
    } else if !changes.text("fixed_ip_address").is_empty() {
        let port = floating.text("port_id").to_owned();
        if port.is_empty() {
            return Err(bad(format_args!("Floating IP {id} is not associated with a port")));
        }
        associate(cloud, caller, &id, &port, changes.text("fixed_ip_address"))?;
    } else if !changes.contains_key("description") && !changes.contains_key("qos_policy_id") {
        // An update that says nothing about the port takes the association away, as in Neutron.
        disassociate(cloud, &id);
    }
    Ok(())
}

fn delete(cloud: &mut Cloud, _: &Caller, floating: &Object) -> Result<(), Refusal> {
    ports::delete_port_unchecked(cloud, floating.text("_port"));
    cloud.tables.remove(Kind::FloatingIp, floating.text("id"));
    Ok(())
}

fn disassociate(cloud: &mut Cloud, id: &str) {
    cloud.tables.change(Kind::FloatingIp, id, |floating| {
        for name in ["port_id", "fixed_ip_address", "router_id"] {
            floating.set(name, Value::Null);
        }
        floating.set("status", "DOWN");
    });
}

/// Points a floating IP at a port's IPv4 address, if a router connects the two networks.
fn associate(
    cloud: &mut Cloud,
    caller: &Caller,
    id: &str,
    port_id: &str,
    address: &str,
) -> Result<(), Refusal> {
    let floating = RESOURCE.find_own(cloud, caller, id)?.clone();
    let port = ports::RESOURCE.find(cloud, caller, port_id)?.clone();
    let network_id = floating.text("floating_network_id");
    let v4: Vec<&Value> =
        port.items("fixed_ips").iter().filter(|fixed| !text_of(fixed, "ip_address").contains(':')).collect();
    let fixed = match address {
        "" => match v4.as_slice() {
            [] => {
                return Err(bad(format_args!(
                    "Cannot add floating IP to port {port_id} that has no fixed IPv4 addresses"
                )));
            }
            [one] => *one,
            _ => {
                return Err(bad(format_args!(
                    "Port {port_id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning a floating IP"
                )));
            }
        },
        wanted => match v4.iter().find(|fixed| text_of(fixed, "ip_address") == wanted) {
            Some(fixed) => *fixed,
            None => return Err(bad(format_args!("Port {port_id} does not have fixed ip {wanted}"))),
        },
    };
    let (subnet_id, fixed_address) = (text_of(fixed, "subnet_id"), text_of(fixed, "ip_address"));
    let router = router_between(cloud, subnet_id, network_id).ok_or_else(|| {
        Refusal::typed(404, "ExternalGatewayForFloatingIPNotFound", format!("External network {network_id} is not reachable from subnet {subnet_id}.  Therefore, cannot associate Port {port_id} with a Floating IP."))
    })?;
    let other = cloud.tables.find(Kind::FloatingIp, "port", port_id).find(|other| {
        other.text("id") != id
            && other.text("fixed_ip_address") == fixed_address
            && other.text("floating_network_id") == network_id
    });
    if let Some(other) = other {
        return Err(Refusal::typed(
            409,
            "FloatingIPPortAlreadyAssociated",
            format!(
                "Cannot associate floating IP {} ({id}) with port {port_id} using fixed IP {fixed_address}, as that fixed IP already has a floating IP on external network {network_id}.",
                other.text("floating_ip_address")
            ),
        ));
    }
    cloud.tables.change(Kind::FloatingIp, id, |floating| {
        floating.set("port_id", port_id);
        floating.set("fixed_ip_address", fixed_address);
        floating.set("router_id", router);
    });
    let after = cloud.settings.durations.attach;
    cloud.later_become(after, Kind::FloatingIp, id, ("port_id", port_id), json!({"status": "ACTIVE"}));
    Ok(())
}

fn router_between(cloud: &Cloud, subnet_id: &str, network_id: &str) -> Option<String> {
    let on_subnet = cloud.tables.find(Kind::Port, "subnet", subnet_id);
    let mut routers = on_subnet
        .filter(|port| port.text("device_owner") == "network:router_interface")
        .map(|port| port.text("device_id"));
    let leads_out = |router: &&str| {
        gateways::gateway_port(cloud, router).is_some_and(|port| port.text("network_id") == network_id)
    };
    routers.find(leads_out).map(str::to_owned)
}

/// Whether floating IPs need a router's gateway.
pub(super) fn any_through(cloud: &Cloud, router_id: &str) -> bool {
    cloud.tables.count_by(Kind::FloatingIp, "router", router_id) > 0
}

/// Whether floating IPs need a router's interface on a subnet.
pub(super) fn any_through_subnet(cloud: &Cloud, router_id: &str, subnet_id: &str) -> bool {
    cloud.tables.find(Kind::FloatingIp, "router", router_id).any(|floating| {
        let port = cloud.tables.get(Kind::Port, floating.text("port_id"));
        port.is_some_and(|port| {
            port.items("fixed_ips").iter().any(|fixed| {
                text_of(fixed, "subnet_id") == subnet_id
                    && text_of(fixed, "ip_address") == floating.text("fixed_ip_address")
            })
        })
    })
}

/// Takes all floating IPs off a port.
pub(crate) fn detach_from_port(cloud: &mut Cloud, port_id: &str) {
    for id in cloud.tables.ids(Kind::FloatingIp, "port", port_id) {
        disassociate(cloud, &id);
    }
}
