//! Security group rules.

use super::addresses::Cidr;
use super::attributes::{Attribute, Check, Initial, fixed, invalid, shown};
use super::resource::{Resource, plain_view};
use super::security_groups;
use crate::cloud::document::{object_of, python_str};
use crate::cloud::{Caller, Cloud, Fields, Kind, Object};
use crate::http::exchange::Refusal;
use serde_json::{Value, json};

const ATTRIBUTES: &[Attribute] = &[
    fixed("security_group_id", Initial::Required, Check::Uuid),
    fixed("direction", Initial::Required, Check::OneOf(&["ingress", "egress"])),
    fixed("ethertype", Initial::Text("IPv4"), Check::Any),
    fixed("protocol", Initial::Null, Check::Any),
    fixed("port_range_min", Initial::Null, Check::NumberOrNull),
    fixed("port_range_max", Initial::Null, Check::NumberOrNull),
    fixed("remote_ip_prefix", Initial::Null, Check::SubnetOrNull),
    fixed("remote_group_id", Initial::Null, Check::UuidOrNull),
    fixed("remote_address_group_id", Initial::Null, Check::UuidOrNull),
    fixed("description", Initial::Text(""), Check::Text(255)),
    shown("normalized_cidr"),
    shown("standard_attr_id"),
];

pub(super) const RESOURCE: Resource = Resource {
    kind: Kind::SecurityGroupRule,
    name: "security_group_rule",
    collection: "security-group-rules",
    missing: ("SecurityGroupRuleNotFound", "Security group rule {} does not exist"),
    attributes: ATTRIBUTES,
    view: plain_view,
    create,
    update,
    delete,
};

const PROTOCOLS: &[(&str, u8)] = &[
    ("ah", 51),
    ("dccp", 33),
    ("egp", 8),
    ("esp", 50),
    ("gre", 47),
    ("hopopt", 0),
    ("icmp", 1),
    ("igmp", 2),
    ("ip", 0),
    ("ipip", 4),
    ("ipv6-encap", 41),
    ("ipv6-frag", 44),
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("ipv6-route", 43),
    ("ospf", 89),
    ("pgm", 113),
    ("rsvp", 46),
    ("sctp", 132),
    ("tcp", 6),
    ("udp", 17),
    ("udplite", 136),
    ("vrrp", 112),
];

/// A rule as the groups' own defaults have them.
pub(super) struct NewRule<'r> {
    pub(super) group: &'r str,
    pub(super) project: &'r str,
    pub(super) direction: &'r str,
    pub(super) ethertype: &'r str,
    pub(super) remote: Option<&'r str>,
}

/// Makes a rule for all protocols.
pub(super) fn make(cloud: &mut Cloud, rule: NewRule<'_>) {
    let document = object_of(json!({
        "project_id": rule.project, "security_group_id": rule.group, "ethertype": rule.ethertype,
        "direction": rule.direction, "protocol": null, "port_range_min": null, "port_range_max": null,
        "remote_ip_prefix": null, "remote_address_group_id": null, "remote_group_id": rule.remote, "description": null,
    }));
    store(cloud, document);
}

fn store(cloud: &mut Cloud, mut rule: Object) -> String {
    let number = cloud.fresh_number();
    let normalized = Cidr::parse(rule.text("remote_ip_prefix")).map(|(cidr, _)| cidr.to_string());
    rule.set("normalized_cidr", json!(normalized));
    rule.set("standard_attr_id", number);
    let id = cloud.stamp(&mut rule);
    cloud.tables.put(Kind::SecurityGroupRule, rule);
    id
}

fn create(cloud: &mut Cloud, caller: &Caller, given: Object) -> Result<String, Refusal> {
    let group = given.text("security_group_id").to_owned();
    cloud.check_network_quota(Kind::SecurityGroupRule, given.text("project_id"))?;
    let mut rule = given;
    let ethertype = match python_str(&rule.value("ethertype")).to_ascii_lowercase().as_str() {
        "ipv4" | "none" => "IPv4",
        "ipv6" => "IPv6",
        other => {
            return Err(Refusal::typed(
                400,
                "SecurityGroupRuleInvalidEtherType",
                format!(
                    "Security group rule for ethertype '{other}' not supported. Allowed values are ['IPv4', 'IPv6']."
                ),
            ));
        }
    };
    rule.set("ethertype", ethertype);
    let number = protocol(&mut rule)?;
    check_ports(&rule, number)?;
    let prefix = rule.text("remote_ip_prefix").to_owned();
    if !prefix.is_empty() && !rule.value("remote_group_id").is_null() {
        return Err(Refusal::typed(
            400,
            "SecurityGroupMultipleRemoteEntitites",
            "Only one of remote_ip_prefix or remote_group_id may be provided.",
        ));
    }
    if let Some((cidr, _)) = Cidr::parse(&prefix)
        && cidr.v6 != (ethertype == "IPv6")
    {
        return Err(Refusal::typed(
            400,
            "SecurityGroupRuleParameterConflict",
            format!("Conflicting value ethertype {ethertype} for CIDR {prefix}"),
        ));
    }
    let _ = security_groups::RESOURCE.find_own(cloud, caller, &group)?;
    let remote = rule.text("remote_group_id").to_owned();
    if !remote.is_empty() {
        let _ = security_groups::RESOURCE.find(cloud, caller, &remote)?;
    }
    let owner =
        cloud.tables.get(Kind::SecurityGroup, &group).map_or(Value::Null, |group| group.value("project_id"));
    rule.set("project_id", owner);
    let key = |rule: &Object| {
        let fields = [
            "direction",
            "ethertype",
            "protocol",
            "port_range_min",
            "port_range_max",
            "remote_ip_prefix",
            "remote_group_id",
            "remote_address_group_id",
        ];
        fields.map(|field| python_str(&rule.value(field)))
    };
    let wanted = key(&rule);
    if let Some(same) =
        cloud.tables.find(Kind::SecurityGroupRule, "group", &group).find(|other| key(other) == wanted)
    {
        return Err(Refusal::typed(
            409,
            "SecurityGroupRuleExists",
            format!("Security group rule already exists. Rule id is {}.", same.text("id")),
        ));
    }
    cloud.touch(Kind::SecurityGroup, &group);
    Ok(store(cloud, rule))
}

/// Checks the protocol, brings it into Neutron's form, and gives its number.
fn protocol(rule: &mut Object) -> Result<Option<u8>, Refusal> {
    let text = match rule.value("protocol") {
        Value::Null => return Ok(None),
        value => python_str(&value).to_ascii_lowercase(),
    };
    if matches!(text.as_str(), "any" | "") {
        rule.set("protocol", Value::Null);
        return Ok(None);
    }
    let number = match text.parse::<u16>() {
        Ok(number) => u8::try_from(number).ok(),
        Err(_) => PROTOCOLS.iter().find(|(name, _)| *name == text).map(|(_, number)| *number),
    };
    if number.is_none() {
        let mut names = vec!["None".to_owned()];
        names.extend(PROTOCOLS.iter().map(|(name, _)| format!("'{name}'")));
        return Err(Refusal::typed(
            400,
            "SecurityGroupRuleInvalidProtocol",
            format!(
                "Security group rule protocol {text} not supported. Only protocol values [{}] and integer representations [0 to 255] are supported.",
                names.join(", ")
            ),
        ));
    }
    let v6 = rule.text("ethertype") == "IPv6";
    if !v6
        && matches!(
            text.as_str(),
            "ipv6-encap" | "ipv6-frag" | "ipv6-icmp" | "icmpv6" | "ipv6-nonxt" | "ipv6-opts" | "ipv6-route"
        )
    {
        return Err(Refusal::typed(
            400,
            "SecurityGroupEthertypeConflictWithProtocol",
            format!("Invalid ethertype {} for protocol {text}.", rule.text("ethertype")),
        ));
    }
    // The legacy names of ICMP for IPv6.
    let canonical =
        if v6 && matches!(text.as_str(), "icmp" | "icmpv6") { "ipv6-icmp".to_owned() } else { text };
    rule.set("protocol", canonical.clone());
    Ok(if canonical == "ipv6-icmp" { Some(58) } else { number })
}

fn check_ports(rule: &Object, protocol: Option<u8>) -> Result<(), Refusal> {
    let (least, most) = (
        rule.get("port_range_min").and_then(Value::as_i64),
        rule.get("port_range_max").and_then(Value::as_i64),
    );
    if least.is_none() && most.is_none() {
        return Ok(());
    }
    match protocol {
        None => Err(Refusal::typed(
            400,
            "SecurityGroupProtocolRequiredWithPorts",
            "Must also specify protocol if port range is given.",
        )),
        Some(6 | 17 | 132 | 136 | 33) => match (least, most) {
            (Some(0), _) | (_, Some(0)) if protocol != Some(0) => {
                Err(Refusal::typed(400, "SecurityGroupInvalidPortValue", "Invalid value for port 0"))
            }
            (Some(least), Some(most)) if least > most => Err(Refusal::typed(
                400,
                "SecurityGroupInvalidPortRange",
                "For TCP/UDP protocols, port_range_min must be <= port_range_max",
            )),
            (Some(_), Some(most)) if most > 65_535 => Err(invalid(
                "port_range_max",
                &format!("Invalid port '{most}', valid port must be in range from 0 to 65535"),
            )),
            (Some(_), Some(_)) => Ok(()),
            _ => Err(Refusal::typed(
                400,
                "SecurityGroupInvalidPortRange",
                "For TCP/UDP protocols, port_range_min must be <= port_range_max",
            )),
        },
        Some(1 | 58) => {
            for (value, field, name) in [(least, "port_range_min", "type"), (most, "port_range_max", "code")]
            {
                if let Some(value) = value.filter(|value| !(0..=255).contains(value)) {
                    return Err(Refusal::typed(
                        400,
                        "SecurityGroupInvalidIcmpValue",
                        format!("Invalid value for ICMP {name} ({field}) {value}. It must be 0 to 255."),
                    ));
                }
            }
            if least.is_none() {
                return Err(Refusal::typed(
                    400,
                    "SecurityGroupMissingIcmpType",
                    format!(
                        "ICMP code (port-range-max) {} is provided but ICMP type (port-range-min) is missing.",
                        most.unwrap_or(0)
                    ),
                ));
            }
            Ok(())
        }
        Some(_) => Err(Refusal::typed(
            400,
            "SecurityGroupInvalidProtocolForPort",
            format!(
                "Invalid protocol {} for port range, only supported for TCP, UDP, UDPLITE, SCTP and DCCP.",
                rule.text("protocol")
            ),
        )),
    }
}

fn update(_: &mut Cloud, _: &Caller, _: Object, _: Object) -> Result<(), Refusal> {
    // Every attribute but the description is read-only, and the description cannot be changed either.
    Err(super::not_found())
}

fn delete(cloud: &mut Cloud, _: &Caller, rule: &Object) -> Result<(), Refusal> {
    cloud.tables.remove(Kind::SecurityGroupRule, rule.text("id"));
    cloud.touch(Kind::SecurityGroup, rule.text("security_group_id"));
    Ok(())
}
