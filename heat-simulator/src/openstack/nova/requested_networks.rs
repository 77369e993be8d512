//! On which networks a new server shall be.

use super::Cx;
use super::schema::{allow, invalid};
use crate::cloud::document::{python_repr, text_of};
use crate::cloud::{Cloud, Fields, Kind};
use crate::http::exchange::Refusal;
use crate::openstack::neutron::plugging;
use serde_json::{Value, json};

/// Checks what the client asks for and gives the list of networks and ports, each `{"network"}` or `{"port"}`, with `fixed_ip` and `tag`.
pub(super) fn read(cloud: &Cloud, cx: &Cx<'_>, asked: Option<&Value>) -> Result<Vec<Value>, Refusal> {
    let project = cx.caller.project_id.as_str();
    let list = match asked {
        None if cx.version >= 37 => {
            let server = cx.request.json().map_or(Value::Null, |body| body["server"].clone());
            return Err(invalid("server", &server, "'networks' is a required property"));
        }
        None => return one_of_all(cloud, project),
        Some(Value::String(word)) if cx.version >= 37 && word == "none" => return Ok(Vec::new()),
        Some(Value::String(word)) if cx.version >= 37 && word == "auto" => return one_of_all(cloud, project),
        Some(Value::Array(list)) if list.is_empty() && cx.version < 37 => return one_of_all(cloud, project),
        Some(Value::Array(list)) => list,
        Some(other) => {
            let reason = if cx.version >= 37 {
                "is not valid under any of the given schemas"
            } else {
                "is not of type 'array'"
            };
            return Err(invalid("networks", other, &format!("{} {reason}", python_repr(other))));
        }
    };
    let mut wanted = Vec::new();
    for (place, item) in list.iter().enumerate() {
        let path = format!("networks/{place}");
        let map = item.as_object().ok_or_else(|| invalid(&path, item, "is not of type 'object'"))?;
        let tagged = cx.version == 32 || cx.version >= 42;
        allow(
            &path,
            map,
            if tagged { &["uuid", "port", "fixed_ip", "tag"] } else { &["uuid", "port", "fixed_ip"] },
        )?;
        let (network, port, address) = (map.text("uuid"), map.text("port"), map.text("fixed_ip"));
        let mut entry = if port.is_empty() {
            if network.is_empty() {
                return Err(Refusal::new(400, "Bad network format: missing 'uuid'"));
            }
            check_network(cloud, cx, network)?;
            json!({"network": network})
        } else {
            if !address.is_empty() {
                return Err(Refusal::new(
                    400,
                    format!(
                        "Specified Fixed IP '{address}' cannot be used with port '{port}': the two cannot be specified together."
                    ),
                ));
            }
            check_port(cloud, cx, port)?;
            if wanted.iter().any(|other: &Value| other["port"] == port) {
                return Err(Refusal::new(409, format!("Port {port} is still in use.")));
            }
            json!({"port": port})
        };
        if !address.is_empty() {
            entry["fixed_ip"] = json!(address);
            check_address(cloud, network, address)?;
        }
        if let Some(tag) = map.get("tag") {
            entry["tag"] = tag.clone();
        }
        wanted.push(entry);
    }
    let new_ports = wanted.iter().filter(|entry| entry.get("network").is_some()).count();
    check_quota(cloud, project, new_ports)?;
    Ok(wanted)
}

/// The only network there is; none if there is none; a refusal if there are several.
fn one_of_all(cloud: &Cloud, project: &str) -> Result<Vec<Value>, Refusal> {
    let usable = plugging::usable_networks(cloud, project);
    match usable.as_slice() {
        [] => Ok(Vec::new()),
        [one] => {
            if cloud.tables.count_by(Kind::Subnet, "network", one) == 0 {
                return Ok(Vec::new());
            }
            check_quota(cloud, project, 1)?;
            Ok(vec![json!({"network": one})])
        }
        _ => {
            Err(Refusal::new(409, "Multiple possible networks found, use a Network ID to be more specific."))
        }
    }
}

/// Whether a server can be put on a network.
pub(super) fn check_network(cloud: &Cloud, cx: &Cx<'_>, id: &str) -> Result<(), Refusal> {
    let missing = || Refusal::new(400, format!("Network {id} could not be found."));
    let network = cloud.tables.get(Kind::Network, id).ok_or_else(missing)?;
    let own = cx.caller.may_see(network.text("project_id"));
    let shared = plugging::usable_networks(cloud, &cx.caller.project_id).iter().any(|usable| usable == id);
    if network.flag("router:external") && !cx.caller.is_admin() && !network.flag("shared") {
        return Err(Refusal::new(
            403,
            format!("It is not allowed to create an interface on external network {id}"),
        ));
    }
    if !own && !shared {
        return Err(missing());
    }
    if cloud.tables.count_by(Kind::Subnet, "network", id) == 0 {
        return Err(Refusal::new(
            400,
            format!("Network {id} requires a subnet in order to boot instances on."),
        ));
    }
    Ok(())
}

/// Whether a port can be given to a server.
pub(super) fn check_port(cloud: &Cloud, cx: &Cx<'_>, id: &str) -> Result<(), Refusal> {
    let port = cloud.tables.get(Kind::Port, id).filter(|port| cx.caller.may_see(port.text("project_id")));
    let port = port.ok_or_else(|| Refusal::new(400, format!("Port id {id} could not be found.")))?;
    if !port.text("device_id").is_empty() {
        return Err(Refusal::new(409, format!("Port {id} is still in use.")));
    }
    if port.items("fixed_ips").is_empty() && port.text("ip_allocation") != "none" {
        return Err(Refusal::new(400, format!("Port {id} requires a FixedIP in order to be used.")));
    }
    Ok(())
}

fn check_address(cloud: &Cloud, network: &str, address: &str) -> Result<(), Refusal> {
    if address.parse::<std::net::IpAddr>().is_err() {
        return Err(Refusal::new(400, format!("Invalid fixed IP address ({address})")));
    }
    for subnet in cloud.tables.find(Kind::Subnet, "network", network) {
        if let Some(port) =
            cloud.tables.find(Kind::Port, "ip", &format!("{}|{address}", subnet.text("id"))).next()
        {
            return Err(Refusal::new(
                400,
                format!(
                    "Fixed IP address {address} is already in use on instance {}.",
                    text_of(&Value::Object(port.clone()), "device_id")
                ),
            ));
        }
    }
    Ok(())
}

fn check_quota(cloud: &Cloud, project: &str, more: usize) -> Result<(), Refusal> {
    let limit = cloud.quota("network", project, "port");
    let used = cloud.tables.count_by(Kind::Port, "project", project) + more;
    if limit >= 0 && more > 0 && i64::try_from(used).unwrap_or(i64::MAX) > limit {
        return Err(Refusal::new(403, "Maximum number of ports exceeded"));
    }
    Ok(())
}
