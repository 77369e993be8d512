//! Agents and availability zones: there are none, as on a control plane alone.

use super::networks;
use crate::cloud::{Caller, Cloud};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::json;

/// GET /availability_zones.
pub(super) fn zones() -> Answer {
    Answer::json(
        200,
        json!({"availability_zones": [
            {"name": "nova", "resource": "network", "state": "available"},
            {"name": "nova", "resource": "router", "state": "available"},
        ]}),
    )
}

/// GET /agents.
pub(super) fn list() -> Answer {
    Answer::json(200, json!({"agents": []}))
}

/// GET /networks/{id}/dhcp-agents.
pub(super) fn of_network(cloud: &Cloud, caller: &Caller, id: &str) -> Outcome {
    let _ = networks::RESOURCE.find(cloud, caller, id)?;
    if !caller.is_admin() {
        return Err(Refusal::typed(
            403,
            "PolicyNotAuthorized",
            "rule:get_dhcp-agents is disallowed by policy",
        ));
    }
    Ok(Answer::json(200, json!({"agents": []})))
}
