//! A router's interfaces on subnets.

use super::ipam::cidr_of;
use super::ports::{self, PortRequest};
use super::subnets::{first_subnet, fixed_ip};
use super::{floatingips, routers, subnets};
use crate::cloud::document::text_of;
use crate::cloud::{Caller, Cloud, Fields, Kind, Object};
use crate::http::exchange::{Answer, Outcome, Refusal, Request, whole_body};
use serde_json::{Value, json};

fn bad(message: impl std::fmt::Display) -> Refusal {
    Refusal::typed(400, "BadRequest", format!("Bad router request: {message}."))
}

/// PUT /routers/{id}/{action}.
pub(super) fn serve(
    cloud: &mut Cloud,
    caller: &Caller,
    request: &Request,
    id: &str,
    action: &str,
) -> Outcome {
    let body = whole_body(request);
    match action {
        "add_router_interface" => add(cloud, caller, id, &body),
        "remove_router_interface" => remove(cloud, caller, id, &body),
        "add_extraroutes" | "remove_extraroutes" => {
            extra_routes(cloud, caller, id, &body, action == "add_extraroutes")
        }
        _ => Err(super::not_found()),
    }
}

fn description(router: &Object, port: &Object) -> Value {
    let subnet = first_subnet(port);
    let all: Vec<&str> = port.items("fixed_ips").iter().map(|fixed| text_of(fixed, "subnet_id")).collect();
    json!({"id": router.text("id"), "tenant_id": port.text("project_id"), "port_id": port.text("id"),
        "network_id": port.text("network_id"), "subnet_id": subnet, "subnet_ids": all})
}

fn interfaces<'c>(cloud: &'c Cloud, router: &str) -> impl Iterator<Item = &'c Object> {
    let ports = cloud.tables.find(Kind::Port, "device", router);
    ports.filter(|port| port.text("device_owner") == "network:router_interface")
}

fn add(cloud: &mut Cloud, caller: &Caller, id: &str, body: &Object) -> Outcome {
    let router = routers::RESOURCE.find_own(cloud, caller, id)?.clone();
    let (subnet_id, port_id) = (body.text("subnet_id"), body.text("port_id"));
    let port_id = match (subnet_id.is_empty(), port_id.is_empty()) {
        (true, true) => return Err(bad("Either subnet_id or port_id must be specified")),
        (false, false) => return Err(bad("Cannot specify both subnet-id and port-id")),
        (false, true) => {
            let subnet = subnets::RESOURCE.find(cloud, caller, subnet_id)?.clone();
            if subnet.value("gateway_ip").is_null() {
                return Err(bad("Subnet for router interface must have a gateway IP"));
            }
            check_overlap(cloud, id, &subnet)?;
            if let Some(port) = of_network_v6(cloud, id, &subnet) {
                // Further IPv6 subnets of a network share one port.
                let mut fixed_ips = port.items("fixed_ips").to_vec();
                fixed_ips.push(fixed_ip(subnet_id, subnet.text("gateway_ip")));
                cloud.tables.change(Kind::Port, port.text("id"), |port| port.set("fixed_ips", fixed_ips));
                port.text("id").to_owned()
            } else {
                ports::create_port(
                    cloud,
                    PortRequest {
                        network_id: subnet.text("network_id"),
                        project_id: router.text("project_id"),
                        device_id: id,
                        device_owner: "network:router_interface",
                        fixed_ips: Some(vec![fixed_ip(subnet_id, subnet.text("gateway_ip"))]),
                        security_groups: Some(Vec::new()),
                    },
                )?
            }
        }
        (true, false) => {
            let port = ports::RESOURCE.find_own(cloud, caller, port_id)?.clone();
            if !port.text("device_id").is_empty() {
                return Err(Refusal::typed(
                    409,
                    "PortInUse",
                    format!(
                        "Unable to complete operation on port {port_id} for network {}. Port already has an attached device {}.",
                        port.text("network_id"),
                        port.text("device_id")
                    ),
                ));
            }
            if port.items("fixed_ips").is_empty() {
                return Err(bad("Router port must have at least one fixed IP"));
            }
            for fixed in port.items("fixed_ips") {
                let Some(subnet) = cloud.tables.get(Kind::Subnet, text_of(fixed, "subnet_id")).cloned()
                else {
                    continue;
                };
                check_overlap(cloud, id, &subnet)?;
            }
            cloud.tables.change(Kind::Port, port_id, |port| {
                port.set("device_id", id);
                port.set("device_owner", "network:router_interface");
            });
            port_id.to_owned()
        }
    };
    // With an agent on the job, the interface comes up.
    cloud.tables.change(Kind::Port, &port_id, |port| port.set("status", "ACTIVE"));
    cloud.touch(Kind::Router, id);
    let port = cloud.tables.get(Kind::Port, &port_id).cloned().unwrap_or_default();
    let mut shown = description(&router, &port);
    if !subnet_id.is_empty() {
        shown["subnet_id"] = json!(subnet_id);
        shown["subnet_ids"] = json!([subnet_id]);
    }
    Ok(Answer::json(200, shown))
}

fn of_network_v6(cloud: &Cloud, router: &str, subnet: &Object) -> Option<Object> {
    if !cidr_of(subnet).v6 {
        return None;
    }
    let same = interfaces(cloud, router).find(|port| {
        port.text("network_id") == subnet.text("network_id")
            && port.items("fixed_ips").iter().all(|fixed| text_of(fixed, "ip_address").contains(':'))
    });
    same.cloned()
}

/// No two subnets of a router may have addresses in common.
fn check_overlap(cloud: &Cloud, router: &str, subnet: &Object) -> Result<(), Refusal> {
    let cidr = cidr_of(subnet);
    for fixed in interfaces(cloud, router).flat_map(|port| port.items("fixed_ips")) {
        let other_id = text_of(fixed, "subnet_id");
        if other_id == subnet.text("id") {
            return Err(bad(format_args!("Router already has a port on subnet {other_id}")));
        }
        let Some(other) = cloud.tables.get(Kind::Subnet, other_id) else { continue };
        if cidr_of(other).overlaps(cidr) {
            return Err(bad(format_args!(
                "Cidr {cidr} of subnet {} overlaps with cidr {} of subnet {other_id}",
                subnet.text("id"),
                cidr_of(other)
            )));
        }
    }
    Ok(())
}

fn remove(cloud: &mut Cloud, caller: &Caller, id: &str, body: &Object) -> Outcome {
    let router = routers::RESOURCE.find_own(cloud, caller, id)?.clone();
    let (subnet_id, port_id) = (body.text("subnet_id"), body.text("port_id"));
    if subnet_id.is_empty() && port_id.is_empty() {
        return Err(bad("Either subnet_id or port_id must be specified"));
    }
    let found = if port_id.is_empty() {
        let _ = subnets::RESOURCE.find(cloud, caller, subnet_id)?;
        let on_subnet = |port: &&Object| {
            port.items("fixed_ips").iter().any(|fixed| text_of(fixed, "subnet_id") == subnet_id)
        };
        interfaces(cloud, id).find(on_subnet).cloned().ok_or_else(|| {
            Refusal::typed(
                404,
                "RouterInterfaceNotFoundForSubnet",
                format!("Router {id} has no interface on subnet {subnet_id}"),
            )
        })?
    } else {
        let port =
            interfaces(cloud, id).find(|port| port.text("id") == port_id).cloned().ok_or_else(|| {
                Refusal::typed(
                    404,
                    "RouterInterfaceNotFound",
                    format!("Router {id} does not have an interface with id {port_id}"),
                )
            })?;
        if !subnet_id.is_empty() && first_subnet(&port) != subnet_id {
            return Err(Refusal::typed(
                409,
                "SubnetMismatchForPort",
                format!("Subnet on port {port_id} does not match the requested subnet {subnet_id}."),
            ));
        }
        port
    };
    let leaving: Vec<&str> = match subnet_id {
        "" => found.items("fixed_ips").iter().map(|fixed| text_of(fixed, "subnet_id")).collect(),
        one => vec![one],
    };
    for subnet in &leaving {
        if floatingips::any_through_subnet(cloud, id, subnet) {
            return Err(Refusal::typed(
                409,
                "RouterInterfaceInUseByFloatingIP",
                format!(
                    "Router interface for subnet {subnet} on router {id} cannot be deleted, as it is required by one or more floating IPs."
                ),
            ));
        }
    }
    let mut shown = description(&router, &found);
    shown["subnet_id"] = json!(leaving.first());
    shown["subnet_ids"] = json!(leaving);
    let rest: Vec<Value> = found
        .items("fixed_ips")
        .iter()
        .filter(|fixed| !leaving.contains(&text_of(fixed, "subnet_id")))
        .cloned()
        .collect();
    if rest.is_empty() {
        ports::delete_port_unchecked(cloud, found.text("id"));
    } else {
        cloud.tables.change(Kind::Port, found.text("id"), |port| port.set("fixed_ips", rest));
    }
    cloud.touch(Kind::Router, id);
    Ok(Answer::json(200, shown))
}

fn extra_routes(cloud: &mut Cloud, caller: &Caller, id: &str, body: &Object, adds: bool) -> Outcome {
    let router = routers::RESOURCE.find_own(cloud, caller, id)?.clone();
    let asked = body.object("router").map(|router| router.items("routes").to_vec()).unwrap_or_default();
    let mut routes = router.items("routes").to_vec();
    routes.retain(|route| !asked.contains(route));
    if adds {
        routes.extend(asked);
    }
    let mut changes = Object::new();
    changes.set("routes", routes);
    (routers::RESOURCE.update)(cloud, caller, router, changes)?;
    cloud.touch(Kind::Router, id);
    let router = routers::RESOURCE.find(cloud, caller, id)?;
    Ok(Answer::wrapped(200, "router", (routers::RESOURCE.view)(cloud, caller, router)))
}
