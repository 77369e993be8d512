//! What traffic a security group's rule matches: what makes two rules the same for Neutron.

use heat_plugin_sdk::schema::{Constraint, PropertySchema, ValueType};
use serde_json::Value;

/// The protocols that Neutron knows by name.
const PROTOCOLS: &[&str] = &[
    "ah",
    "dccp",
    "egp",
    "esp",
    "gre",
    "icmp",
    "icmpv6",
    "igmp",
    "ipv6-encap",
    "ipv6-frag",
    "ipv6-icmp",
    "ipv6-nonxt",
    "ipv6-opts",
    "ipv6-route",
    "ospf",
    "pgm",
    "rsvp",
    "sctp",
    "tcp",
    "udp",
    "udplite",
    "vrrp",
];

/// A protocol: one of the names, or a number from 0 to 255.
pub(super) fn protocol() -> PropertySchema {
    let numbers = (0..=255).map(Value::from);
    let names = PROTOCOLS.iter().map(|name| Value::from(*name));
    PropertySchema::new(ValueType::String).constraint(Constraint::allowed(numbers.chain(names)))
}

/// The fields by which Neutron tells rules of a group apart.
const FIELDS: &[&str] = &[
    "direction",
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_group_id",
    "remote_ip_prefix",
];

/// Whether two rules, both in Neutron's words, match the same traffic.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    FIELDS.iter().all(|field| written(one, field) == written(other, field))
}

/// A field as text; addresses and protocols that mean the same are written the same.
fn written(rule: &Value, field: &str) -> Option<String> {
    let text = match rule.get(field)? {
        Value::Null => return None,
        Value::String(text) => text.to_ascii_lowercase(),
        other => other.to_string(),
    };
    Some(match (field, text.as_str()) {
        ("protocol", "icmpv6" | "58") => "ipv6-icmp".to_owned(),
        ("protocol", "1") => "icmp".to_owned(),
        ("protocol", "6") => "tcp".to_owned(),
        ("protocol", "17") => "udp".to_owned(),
        // Any address of a version is the same as none given.
        ("remote_ip_prefix", "0.0.0.0/0" | "::/0") => return None,
        _ => text,
    })
}

/// The wanted rules that are not among the present ones, each once.
pub(super) fn missing<'a>(wanted: &'a [Value], present: &[Value]) -> Vec<&'a Value> {
    let mut missing: Vec<&Value> = Vec::new();
    for rule in wanted {
        if !present.iter().any(|other| same(rule, other)) && !missing.iter().any(|other| same(rule, other)) {
            missing.push(rule);
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_that_match_the_same_traffic_are_the_same() {
        let rule = json!({"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 22,
            "port_range_max": 22, "remote_ip_prefix": "0.0.0.0/0"});
        let other = json!({"direction": "ingress", "ethertype": "IPv4", "protocol": "6", "port_range_min": "22",
            "port_range_max": "22", "remote_ip_prefix": null, "remote_group_id": null, "id": "x"});
        assert!(same(&rule, &other));
        assert!(!same(&rule, &json!({"direction": "egress"})));
        assert_eq!(missing(&[rule.clone(), other.clone()], &[]), [&rule]);
        assert!(missing(&[rule], &[other]).is_empty());
    }
}
