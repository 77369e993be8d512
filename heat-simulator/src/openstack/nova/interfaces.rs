//! A server's interfaces: plugging it into networks while it exists.

use super::Cx;
use super::building::{plug, unplug};
use super::requested_networks::{check_network, check_port};
use super::schema::{allow, member};
use super::transitions::{check_state, check_unlocked, find};
use crate::cloud::agenda::Step;
use crate::cloud::document::text_of;
use crate::cloud::{Cloud, Fields, Kind, Object};
use crate::http::exchange::{Answer, Outcome, Refusal};
use crate::openstack::neutron::plugging;
use serde_json::{Value, json};

const PLUGGABLE: &[&str] = &["active", "paused", "stopped"];

/// Works on `/servers/{id}/os-interface…`.
pub(super) fn serve(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, tail: &[&str]) -> Option<Outcome> {
    Some(match (cx.request.method.as_str(), tail) {
        ("GET", []) => list(cloud, cx, id),
        ("GET", [port]) => show(cloud, cx, id, port),
        ("POST", []) => attach(cloud, cx, id),
        ("DELETE", [port]) => detach(cloud, cx, id, port),
        _ => return None,
    })
}

fn view(cx: &Cx<'_>, port: &Object) -> Value {
    let fixed: Vec<Value> = port
        .items("fixed_ips")
        .iter()
        .map(|fixed| json!({"subnet_id": text_of(fixed, "subnet_id"), "ip_address": text_of(fixed, "ip_address")}))
        .collect();
    let mut shown = json!({"net_id": port.text("network_id"), "port_id": port.text("id"), "mac_addr": port.text("mac_address"),
        "port_state": port.text("status"), "fixed_ips": fixed});
    if cx.version >= 70 {
        shown["tag"] = Value::Null;
    }
    shown
}

fn list(cloud: &Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let server = find(cloud, cx, id)?;
    let interfaces = server.items("interfaces").iter();
    let mut ports: Vec<&Object> =
        interfaces.filter_map(|port| cloud.tables.get(Kind::Port, port.as_str()?)).collect();
    // Nova asks Neutron for the ports, which tells them by id, not in the order in which the server got them.
    ports.sort_by(|one, other| one.text("id").cmp(other.text("id")));
    let shown: Vec<Value> = ports.into_iter().map(|port| view(cx, port)).collect();
    Ok(Answer::wrapped(200, "interfaceAttachments", shown))
}

fn port_of<'c>(cloud: &'c Cloud, id: &str, port: &str) -> Option<&'c Object> {
    cloud.tables.get(Kind::Port, port).filter(|port| port.text("device_id") == id)
}

fn show(cloud: &Cloud, cx: &Cx<'_>, id: &str, port: &str) -> Outcome {
    find(cloud, cx, id)?;
    if cloud.tables.get(Kind::Port, port).is_none() {
        return Err(Refusal::new(404, format!("Port id {port} could not be found.")));
    }
    let found = port_of(cloud, id, port)
        .ok_or_else(|| Refusal::new(404, format!("Instance {id} does not have a port with id {port}")))?;
    Ok(Answer::wrapped(200, "interfaceAttachment", view(cx, found)))
}

fn attach(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let server = find(cloud, cx, id)?.clone();
    let body = cx.request.json().unwrap_or_default();
    let given = if body.get("interfaceAttachment").is_some() {
        member(cx, "interfaceAttachment", &[])?
    } else {
        Object::new()
    };
    allow("interfaceAttachment", &given, &["net_id", "port_id", "fixed_ips", "tag"])?;
    let (network, port) = (given.text("net_id"), given.text("port_id"));
    let address = given.items("fixed_ips").first().map_or("", |fixed| text_of(fixed, "ip_address"));
    if !network.is_empty() && !port.is_empty() {
        return Err(Refusal::new(400, "Must not input both network_id and port_id"));
    }
    if !address.is_empty() && network.is_empty() {
        return Err(Refusal::new(400, "Must input network_id when request IP address"));
    }
    check_unlocked(cx, &server)?;
    check_state(&server, "attach_interface", PLUGGABLE)?;
    let wanted = if !port.is_empty() {
        check_port(cloud, cx, port).map_err(|refusal| {
            if refusal.message.contains("could not be found") {
                Refusal::new(404, refusal.message)
            } else if refusal.status == 409 {
                Refusal::new(400, refusal.message)
            } else {
                refusal
            }
        })?;
        json!({"port": port})
    } else if !network.is_empty() {
        check_network(cloud, cx, network).map_err(|refusal| {
            if refusal.message.contains("could not be found") {
                Refusal::new(404, refusal.message)
            } else {
                refusal
            }
        })?;
        json!({"network": network, "fixed_ip": address})
    } else {
        let usable = plugging::usable_networks(cloud, &cx.caller.project_id);
        match usable.as_slice() {
            [] => return Err(Refusal::new(400, "No suitable network could be found")),
            [one] => json!({"network": one}),
            _ => {
                return Err(Refusal::new(
                    409,
                    "Multiple possible networks found, use a Network ID to be more specific.",
                ));
            }
        }
    };
    let groups = server.items("security_groups").to_vec();
    let (port, own) = plug(cloud, id, server.text("project_id"), &wanted, &groups).map_err(|refusal| {
        match refusal.kind {
            "OverQuota" => Refusal::new(403, "Maximum number of ports exceeded"),
            "IpAddressAlreadyAllocated" => Refusal::new(
                400,
                format!(
                    "Fixed IP address {address} is already in use on instance {}.",
                    holder(cloud, network, address)
                ),
            ),
            _ => Refusal::new(400, refusal.message),
        }
    })?;
    cloud.tables.change(Kind::Server, id, |server| {
        let mut interfaces = server.items("interfaces").to_vec();
        interfaces.push(port.clone().into());
        server.set("interfaces", interfaces);
        if own {
            let mut made = server.items("_made_ports").to_vec();
            made.push(port.clone().into());
            server.set("_made_ports", made);
        }
    });
    let plugged = cloud.tables.get(Kind::Port, &port).cloned().unwrap_or_default();
    Ok(Answer::wrapped(200, "interfaceAttachment", view(cx, &plugged)))
}

fn holder(cloud: &Cloud, network: &str, address: &str) -> String {
    let mut subnets = cloud.tables.find(Kind::Subnet, "network", network);
    let port = subnets.find_map(|subnet| {
        cloud.tables.find(Kind::Port, "ip", &format!("{}|{address}", subnet.text("id"))).next()
    });
    port.map_or_else(String::new, |port| port.text("device_id").to_owned())
}

fn detach(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, port: &str) -> Outcome {
    let server = find(cloud, cx, id)?;
    check_unlocked(cx, server)?;
    check_state(server, "detach_interface", PLUGGABLE)?;
    // Whether the port is the server's is found out later, by the host.
    let after = cloud.settings.durations.attach;
    cloud.later(after, &Step::InterfaceDetached { server: id.to_owned(), port: port.to_owned() });
    Ok(Answer::empty(202))
}

/// The port is unplugged: one that was made for the server goes.
pub(crate) fn interface_detached(cloud: &mut Cloud, id: &str, port: &str) {
    let Some(server) = cloud.tables.get(Kind::Server, id).cloned() else { return };
    let own = server.items("_made_ports").iter().any(|made| made == port);
    unplug(cloud, id, port, own);
    cloud.tables.change(Kind::Server, id, |server| {
        for name in ["interfaces", "_made_ports"] {
            let rest: Vec<Value> =
                server.items(name).iter().filter(|other| *other != port).cloned().collect();
            server.set(name, rest);
        }
    });
}
