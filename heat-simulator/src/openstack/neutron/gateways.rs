//! A router's way to an external network.

use super::ports::{self, PortRequest};
use super::{floatingips, ipam, networks};
use crate::cloud::document::text_of;
use crate::cloud::{Caller, Cloud, Fields, Kind, Object};
use crate::http::exchange::Refusal;
use serde_json::{Value, json};

/// The port by which a router reaches an external network.
pub(super) fn gateway_port<'c>(cloud: &'c Cloud, router_id: &str) -> Option<&'c Object> {
    cloud
        .tables
        .find(Kind::Port, "device", router_id)
        .find(|port| port.text("device_owner") == "network:router_gateway")
}

fn bad(message: impl std::fmt::Display) -> Refusal {
    Refusal::typed(400, "BadRequest", format!("Bad router request: {message}."))
}

/// Sets, changes or clears (null, or `{}`) a router's gateway.
pub(super) fn set(cloud: &mut Cloud, caller: &Caller, router_id: &str, info: &Value) -> Result<(), Refusal> {
    let network_id = text_of(info, "network_id").to_owned();
    let old = gateway_port(cloud, router_id).cloned();
    let old_network = old.as_ref().map_or("", |port| port.text("network_id"));
    if info.as_object().is_some_and(|info| !info.is_empty()) && network_id.is_empty() {
        return Err(super::attributes::invalid(
            "external_gateway_info",
            "Validation of dictionary's keys failed. Expected keys: {'network_id'} Provided keys: {}",
        ));
    }
    if info.get("enable_snat").is_some() && !caller.is_admin() {
        return Err(Refusal::typed(
            403,
            "PolicyNotAuthorized",
            "((rule:create_router and rule:create_router:external_gateway_info) and rule:create_router:external_gateway_info:enable_snat) is disallowed by policy",
        ));
    }
    if !network_id.is_empty() {
        let network = networks::RESOURCE.find(cloud, caller, &network_id)?;
        if !network.flag("router:external") {
            return Err(bad(format_args!("Network {network_id} is not an external network")));
        }
    }
    let asked =
        info.get("external_fixed_ips").and_then(Value::as_array).cloned().filter(|asked| !asked.is_empty());
    if let Some(old) = &old {
        if old_network == network_id {
            if let Some(asked) = asked {
                let kept = old.items("fixed_ips").to_vec();
                let fixed_ips = ipam::allocate(
                    cloud,
                    &network_id,
                    Some(&asked),
                    old.text("mac_address"),
                    "network:router_gateway",
                    &kept,
                )?;
                cloud.tables.change(Kind::Port, old.text("id"), |port| port.set("fixed_ips", fixed_ips));
            }
            return describe(cloud, router_id, info);
        }
        if floatingips::any_through(cloud, router_id) {
            return Err(Refusal::typed(
                409,
                "RouterExternalGatewayInUseByFloatingIp",
                format!(
                    "Gateway cannot be updated for router {router_id}, since a gateway to external network {old_network} is required by one or more floating IPs."
                ),
            ));
        }
        ports::delete_port_unchecked(cloud, old.text("id"));
    }
    if !network_id.is_empty() {
        if cloud.tables.count_by(Kind::Subnet, "network", &network_id) > 0 || asked.is_some() {
            ports::create_port(
                cloud,
                PortRequest {
                    network_id: &network_id,
                    project_id: "",
                    device_id: router_id,
                    device_owner: "network:router_gateway",
                    fixed_ips: asked,
                    security_groups: Some(Vec::new()),
                },
            )?;
        } else {
            return Err(bad(format_args!("No IPs available for external network {network_id}")));
        }
    }
    describe(cloud, router_id, info)
}

/// Writes into the router what its gateway port is.
fn describe(cloud: &mut Cloud, router_id: &str, info: &Value) -> Result<(), Refusal> {
    let shown = match gateway_port(cloud, router_id) {
        Some(port) => {
            let before =
                cloud.tables.get(Kind::Router, router_id).map(|router| router.value("external_gateway_info"));
            let before = before.and_then(|info| info.get("enable_snat").cloned()).unwrap_or(json!(true));
            let snat = info.get("enable_snat").cloned().unwrap_or(before);
            json!({"network_id": port.text("network_id"), "external_fixed_ips": port.value("fixed_ips"), "enable_snat": snat})
        }
        None => Value::Null,
    };
    cloud.tables.change(Kind::Router, router_id, |router| router.set("external_gateway_info", shown));
    Ok(())
}
