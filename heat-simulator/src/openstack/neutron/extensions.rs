//! The API extensions and the root's list of resources.

use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::{Value, json};

/// What is simulated, of what an ordinary cloud has.
const EXTENSIONS: &[&str] = &[
    "address-scope",
    "agent",
    "allowed-address-pairs",
    "availability_zone",
    "binding",
    "default-subnetpools",
    "dhcp_agent_scheduler",
    "dns-integration",
    "dvr",
    "empty-string-filtering",
    "ext-gw-mode",
    "external-net",
    "extra_dhcp_opt",
    "extraroute",
    "extraroute-atomic",
    "filter-validation",
    "fip-port-details",
    "ip_allocation",
    "l2_adjacency",
    "l3-ha",
    "net-mtu",
    "net-mtu-writable",
    "network_availability_zone",
    "pagination",
    "port-security",
    "project-id",
    "provider",
    "qos",
    "qos-bw-limit-direction",
    "qos-default",
    "qos-fip",
    "qos-port-network-policy",
    "quota_details",
    "quotas",
    "rbac-address-scope",
    "rbac-policies",
    "rbac-security-groups",
    "rbac-subnetpool",
    "router",
    "router_availability_zone",
    "security-group",
    "security-groups-normalized-cidr",
    "service-type",
    "sorting",
    "standard-attr-description",
    "standard-attr-revisions",
    "standard-attr-tag",
    "standard-attr-timestamp",
    "stateful-security-group",
    "subnet-service-types",
    "subnet_allocation",
];

fn describe(alias: &str) -> Value {
    json!({"name": alias, "alias": alias, "description": format!("The extension {alias}."),
        "updated": "2020-01-01T00:00:00-00:00", "links": []})
}

/// GET /extensions.
pub(super) fn list() -> Vec<Value> {
    EXTENSIONS.iter().map(|alias| describe(alias)).collect()
}

/// GET /extensions/{alias}.
pub(super) fn show(alias: &str) -> Outcome {
    if EXTENSIONS.contains(&alias) {
        return Ok(Answer::json(200, json!({"extension": describe(alias)})));
    }
    Err(Refusal::typed(404, "HTTPNotFound", format!("Extension with alias {alias} does not exist")))
}

/// GET /: the collections.
pub(super) fn resources(base: &str) -> Vec<Value> {
    let all =
        [("network", "networks"), ("subnet", "subnets"), ("subnetpool", "subnetpools"), ("port", "ports")];
    all.iter()
        .map(|(name, collection)| {
            json!({"links": [{"rel": "self", "href": format!("{base}/network/v2.0/{collection}")}],
                "name": name, "collection": collection})
        })
        .collect()
}
