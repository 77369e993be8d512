//! QoS policies and their rules.

use super::attributes::{Attribute, Check, Initial, free, privileged, shown};
use super::resource::{Resource, apply, plain_view};
use crate::cloud::document::object_of;
use crate::cloud::{Caller, Cloud, Fields, Kind, Object};
use crate::http::exchange::{Answer, Outcome, Refusal, Request, body_of};
use serde_json::{Value, json};

const ATTRIBUTES: &[Attribute] = &[
    free("name", Initial::Required, Check::Text(255)),
    privileged("shared", Initial::Flag(false), Check::Flag),
    free("description", Initial::Text(""), Check::Text(255)),
    free("is_default", Initial::Flag(false), Check::Flag),
    shown("rules"),
];

pub(super) const RESOURCE: Resource = Resource {
    kind: Kind::QosPolicy,
    name: "policy",
    collection: "policies",
    missing: ("QosPolicyNotFound", "QoS policy {} could not be found."),
    attributes: ATTRIBUTES,
    view,
    create,
    update,
    delete,
};

fn view(cloud: &Cloud, caller: &Caller, policy: &Object) -> Object {
    let mut shown = plain_view(cloud, caller, policy);
    let rules = cloud.tables.find(Kind::QosRule, "policy", policy.text("id"));
    shown.set("rules", rules.map(|rule| Value::Object(plain_view(cloud, caller, rule))).collect::<Vec<_>>());
    shown
}

fn administrators_only(caller: &Caller, action: &str) -> Result<(), Refusal> {
    if caller.is_admin() {
        Ok(())
    } else {
        Err(Refusal::typed(403, "PolicyNotAuthorized", format!("rule:{action} is disallowed by policy")))
    }
}

fn create(cloud: &mut Cloud, caller: &Caller, given: Object) -> Result<String, Refusal> {
    administrators_only(caller, "create_policy")?;
    let mut policy = given;
    let id = cloud.stamp(&mut policy);
    cloud.tables.put(Kind::QosPolicy, policy);
    Ok(id)
}

fn update(cloud: &mut Cloud, caller: &Caller, policy: Object, changes: Object) -> Result<(), Refusal> {
    administrators_only(caller, "update_policy")?;
    apply(cloud, Kind::QosPolicy, policy.text("id"), changes);
    Ok(())
}

fn delete(cloud: &mut Cloud, caller: &Caller, policy: &Object) -> Result<(), Refusal> {
    administrators_only(caller, "delete_policy")?;
    let id = policy.text("id");
    let network = cloud
        .tables
        .find(Kind::Network, "qos", id)
        .next()
        .map(|network| ("network", network.text("id").to_owned()));
    let port = cloud
        .tables
        .all(Kind::Port)
        .find(|port| port.text("qos_policy_id") == id)
        .map(|port| ("port", port.text("id").to_owned()));
    if let Some((kind, user)) = network.or(port) {
        return Err(Refusal::typed(
            409,
            "QosPolicyInUse",
            format!("QoS Policy {id} is used by {kind} {user}."),
        ));
    }
    for rule in cloud.tables.ids(Kind::QosRule, "policy", id) {
        cloud.tables.remove(Kind::QosRule, &rule);
    }
    cloud.tables.remove(Kind::QosPolicy, id);
    Ok(())
}

/// The attributes of each kind of rule, with their defaults; null is required.
fn rule_fields(collection: &str) -> Option<(&'static str, Value)> {
    Some(match collection {
        "bandwidth_limit_rules" => {
            ("bandwidth_limit", json!({"max_kbps": null, "max_burst_kbps": 0, "direction": "egress"}))
        }
        "dscp_marking_rules" => ("dscp_marking", json!({"dscp_mark": null})),
        "minimum_bandwidth_rules" => ("minimum_bandwidth", json!({"min_kbps": null, "direction": "egress"})),
        "packet_rate_limit_rules" => {
            ("packet_rate_limit", json!({"max_kpps": null, "max_burst_kpps": 0, "direction": "ingress"}))
        }
        "minimum_packet_rate_rules" => ("minimum_packet_rate", json!({"min_kpps": null, "direction": null})),
        _ => return None,
    })
}

/// Works on `/qos/policies/{policy}/{rules}…`.
pub(super) fn serve_rules(
    cloud: &mut Cloud,
    caller: &Caller,
    request: &Request,
    policy: &str,
    collection: &str,
    tail: &[&str],
) -> Outcome {
    let policy = RESOURCE.find(cloud, caller, policy)?.clone();
    let (kind, fields) = rule_fields(collection).ok_or_else(super::not_found)?;
    let name = format!("{kind}_rule");
    let policy_id = policy.text("id");
    let find = |cloud: &Cloud, id: &str| {
        let rule =
            cloud.tables.get(Kind::QosRule, id).filter(|rule| rule.text("_policy_id") == policy_id).cloned();
        rule.ok_or_else(|| {
            Refusal::typed(
                404,
                "QosRuleNotFound",
                format!("QoS rule {id} for policy {policy_id} could not be found."),
            )
        })
    };
    let shown = |cloud: &Cloud, rule: &Object| {
        let mut rule = plain_view(cloud, caller, rule);
        rule.shift_remove("type");
        rule
    };
    match (request.method.as_str(), tail) {
        ("GET", []) => {
            let rules = cloud
                .tables
                .find(Kind::QosRule, "policy", policy_id)
                .filter(|rule| rule.text("type") == kind);
            let rules: Vec<_> = rules.map(|rule| Value::Object(shown(cloud, rule))).collect();
            Ok(Answer::wrapped(200, collection, rules))
        }
        ("GET", [id]) => {
            let rule = find(cloud, id)?;
            Ok(Answer::wrapped(200, &name, shown(cloud, &rule)))
        }
        ("POST", []) => {
            administrators_only(caller, &format!("create_policy_{name}"))?;
            let given = body_of(request, &name, &format!("Unable to find '{name}' in request body"))?;
            let mut rule = object_of(fields);
            for (field, value) in &given {
                if !rule.contains_key(field) {
                    return Err(super::attributes::bad(format!("Unrecognized attribute(s) '{field}'")));
                }
                rule.set(field, value.clone());
            }
            if let Some((missing, _)) = rule.iter().find(|(_, value)| value.is_null()) {
                return Err(super::attributes::bad(format!(
                    "Failed to parse request. Required attribute '{missing}' not specified"
                )));
            }
            let id = cloud.fresh_uuid();
            rule.set("id", id);
            rule.set("type", kind);
            rule.set("_policy_id", policy_id);
            cloud.tables.put(Kind::QosRule, rule.clone());
            Ok(Answer::wrapped(201, &name, shown(cloud, &rule)))
        }
        ("PUT", [id]) => {
            administrators_only(caller, &format!("update_policy_{name}"))?;
            let mut rule = find(cloud, id)?;
            rule.extend(body_of(request, &name, &format!("Unable to find '{name}' in request body"))?);
            cloud.tables.put(Kind::QosRule, rule.clone());
            Ok(Answer::wrapped(200, &name, shown(cloud, &rule)))
        }
        ("DELETE", [id]) => {
            administrators_only(caller, &format!("delete_policy_{name}"))?;
            let rule = find(cloud, id)?;
            cloud.tables.remove(Kind::QosRule, rule.text("id"));
            Ok(Answer::empty(204))
        }
        _ => Err(super::not_found()),
    }
}
