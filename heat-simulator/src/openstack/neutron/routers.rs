//! Routers.

use super::addresses::{self, Cidr};
use super::attributes::{Attribute, Check, Initial, fixed, free, privileged, shown};
use super::gateways;
use super::resource::{Resource, apply, view_without};
use crate::cloud::document::text_of;
use crate::cloud::{Caller, Cloud, Fields, Kind, Object};
use crate::http::exchange::Refusal;
use serde_json::{Value, json};

const ATTRIBUTES: &[Attribute] = &[
    free("name", Initial::Text(""), Check::Text(255)),
    free("admin_state_up", Initial::Flag(true), Check::Flag),
    shown("status"),
    free("external_gateway_info", Initial::Null, Check::DictOrNull),
    free("description", Initial::Text(""), Check::Text(255)),
    fixed("availability_zone_hints", Initial::Nothing, Check::Any),
    shown("availability_zones"),
    privileged("distributed", Initial::Flag(false), Check::Flag),
    privileged("ha", Initial::Flag(false), Check::Flag),
    Attribute {
        name: "routes",
        post: false,
        put: true,
        initial: Initial::Nothing,
        check: Check::Dicts(&["destination", "nexthop"]),
        admin: false,
    },
    fixed("flavor_id", Initial::Null, Check::TextOrNull(36)),
];

pub(super) const RESOURCE: Resource = Resource {
    kind: Kind::Router,
    name: "router",
    collection: "routers",
    missing: ("RouterNotFound", "Router {} could not be found"),
    attributes: ATTRIBUTES,
    view,
    create,
    update,
    delete,
};

fn view(_: &Cloud, caller: &Caller, router: &Object) -> Object {
    view_without(caller, router, &["distributed", "ha"])
}

fn create(cloud: &mut Cloud, caller: &Caller, given: Object) -> Result<String, Refusal> {
    cloud.check_network_quota(Kind::Router, given.text("project_id"))?;
    let mut router = given;
    let gateway = router.insert("external_gateway_info".to_owned(), Value::Null).unwrap_or(Value::Null);
    router.set("status", "ACTIVE");
    router.set("availability_zones", json!([]));
    router.set("routes", json!([]));
    let id = cloud.stamp(&mut router);
    router.set("revision_number", 1);
    cloud.tables.put(Kind::Router, router);
    gateways::set(cloud, caller, &id, &gateway)?;
    Ok(id)
}

fn update(cloud: &mut Cloud, caller: &Caller, router: Object, changes: Object) -> Result<(), Refusal> {
    let id = router.text("id").to_owned();
    let mut changes = changes;
    if let Some(gateway) = changes.shift_remove("external_gateway_info") {
        gateways::set(cloud, caller, &id, &gateway)?;
    }
    if let Some(routes) = changes.get("routes").and_then(Value::as_array) {
        check_routes(cloud, &id, routes)?;
    }
    apply(cloud, Kind::Router, &id, changes);
    Ok(())
}

/// A next hop must be on a subnet that the router is connected to, and not the router's own address.
fn check_routes(cloud: &Cloud, id: &str, routes: &[Value]) -> Result<(), Refusal> {
    let ports: Vec<&Object> = cloud.tables.find(Kind::Port, "device", id).collect();
    let connected: Vec<(Cidr, &str)> = ports
        .iter()
        .flat_map(|port| port.items("fixed_ips"))
        .filter_map(|fixed| {
            let subnet = cloud.tables.get(Kind::Subnet, text_of(fixed, "subnet_id"))?;
            Some((Cidr::parse(subnet.text("cidr"))?.0, text_of(fixed, "ip_address")))
        })
        .collect();
    for route in routes {
        let (destination, hop) = (text_of(route, "destination"), text_of(route, "nexthop"));
        if Cidr::parse(destination).is_none() {
            return Err(super::attributes::invalid(
                "routes",
                &format!("'{destination}' is not a valid CIDR"),
            ));
        }
        let refused = |reason: &str| {
            Err(Refusal::typed(
                400,
                "InvalidRoutes",
                format!(
                    "Invalid format for routes: [{{'destination': '{destination}', 'nexthop': '{hop}'}}], {reason}"
                ),
            ))
        };
        let Some(number) = addresses::parse(hop) else {
            return Err(super::attributes::invalid("routes", &format!("'{hop}' is not a valid IP address")));
        };
        if !connected.iter().any(|(cidr, _)| cidr.v6 == hop.contains(':') && cidr.contains(number)) {
            return refused("the nexthop is not connected with router");
        }
        if connected.iter().any(|(_, own)| *own == hop) {
            return refused("the nexthop is used by router");
        }
    }
    Ok(())
}

fn delete(cloud: &mut Cloud, caller: &Caller, router: &Object) -> Result<(), Refusal> {
    let id = router.text("id");
    let ports = cloud.tables.find(Kind::Port, "device", id);
    let interfaces: Vec<&str> = ports
        .filter(|port| port.text("device_owner") == "network:router_interface")
        .map(|port| port.text("id"))
        .collect();
    if !interfaces.is_empty() {
        let message = format!("Router {id} has ports still attached: {}", interfaces.join(", "));
        return Err(Refusal::typed(409, "RouterInUse", message));
    }
    gateways::set(cloud, caller, id, &Value::Null)?;
    cloud.tables.remove(Kind::Router, id);
    Ok(())
}
