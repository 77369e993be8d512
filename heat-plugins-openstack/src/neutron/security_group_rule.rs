//! `OS::Neutron::SecurityGroupRule`.

use heat_plugin_sdk::{
    Context, Created, Failure, FindBasis, Finding, Observed, PhysicalId, Properties, ReplaceOrder, Resource,
    Result, State,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::rule_match;
use crate::client::Client;
use crate::rest::{self, Body, Collection};

const RULES: Collection =
    Collection::network("security-group-rules", "security_group_rule", "security_group_rules");
const RENAMED: &[(&str, &str)] =
    &[("security_group", "security_group_id"), ("remote_group", "remote_group_id")];

/// A single rule of a security group.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
#[property(since = "7.0.0")]
pub struct SecurityGroupRuleProperties {
    /// Name or id of the security group.
    #[property(resolve = "neutron.security_group")]
    pub security_group: String,
    /// What the rule is for.
    pub description: Option<String>,
    /// Whether traffic to the instance (`ingress`) or from it (`egress`) is meant.
    #[property(default = "ingress", constraint(allowed("ingress", "egress")))]
    pub direction: String,
    /// Version of the Internet Protocol.
    #[property(default = "IPv4", constraint(allowed("IPv4", "IPv6")))]
    pub ethertype: String,
    /// First port, or the type of an ICMP message.
    #[property(constraint(range(min = 0, max = 65535)))]
    pub port_range_min: Option<i64>,
    /// Last port, or the code of an ICMP message.
    #[property(constraint(range(min = 0, max = 65535)))]
    pub port_range_max: Option<i64>,
    /// The protocol, by name or number.
    #[property(schema = rule_match::protocol(), default = "tcp")]
    pub protocol: String,
    /// Name or id of the security group of the other end.
    #[property(resolve = "neutron.security_group")]
    pub remote_group: Option<String>,
    /// Addresses of the other end in CIDR notation.
    #[property(constraint(custom("net_cidr")))]
    pub remote_ip_prefix: Option<String>,
}

/// `OS::Neutron::SecurityGroupRule`.
#[derive(Debug, Clone, Copy)]
pub struct SecurityGroupRule;

fn request(p: &SecurityGroupRuleProperties) -> Result<Body> {
    let mut body = Body::of(p)?;
    for (property, field) in RENAMED {
        body = body.rename(property, field);
    }
    Ok(body)
}

impl Resource for SecurityGroupRule {
    const TYPE: &'static str = "OS::Neutron::SecurityGroupRule";
    type Connection = Client;
    type Properties = SecurityGroupRuleProperties;
    type Attributes = ();

    async fn create(&self, cx: &Context<'_, Self>, p: &SecurityGroupRuleProperties) -> Result<Created> {
        let rule = RULES.create(cx.connection()?, request(p)?).await?;
        Ok(Created::new(rest::id_of(&rule)?))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let Some(rule) = RULES.show(cx.connection()?, id.as_str()).await? else { return Ok(None) };
        let mut observed = Observed::new(State::Ready);
        for (property, field) in [
            ("security_group", "security_group_id"),
            ("description", "description"),
            ("direction", "direction"),
            ("ethertype", "ethertype"),
            ("port_range_min", "port_range_min"),
            ("port_range_max", "port_range_max"),
            ("protocol", "protocol"),
            ("remote_group", "remote_group_id"),
            ("remote_ip_prefix", "remote_ip_prefix"),
        ] {
            if let Some(value) = rule.get(field) {
                observed = observed.property(property, value)?;
            }
        }
        // Neutron may write what the rule matches in other words than it was asked in.
        if let Some(applied) = cx.applied()?
            && rule_match::same(&request(&applied)?.into_value(), &rule)
        {
            observed = observed
                .property("protocol", &applied.protocol)?
                .property("remote_ip_prefix", &applied.remote_ip_prefix)?;
        }
        Ok(Some(observed.show(rule)))
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        RULES.delete(cx.connection()?, id.as_str()).await
    }

    fn find_basis(&self, _: &SecurityGroupRuleProperties) -> FindBasis {
        // Neutron refuses two rules of a group that match the same.
        FindBasis::Unique
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &SecurityGroupRuleProperties) -> Result<Finding> {
        let wanted = request(p)?.into_value();
        let mut rules = RULES.list(cx.connection()?, &[("security_group_id", &p.security_group)]).await?;
        rules.retain(|rule| rule_match::same(&wanted, rule));
        Ok(rest::finding(cx, &rules))
    }

    fn replace_order(
        &self,
        old: &SecurityGroupRuleProperties,
        new: &SecurityGroupRuleProperties,
    ) -> ReplaceOrder {
        let matched =
            |p: &SecurityGroupRuleProperties| request(p).map(Body::into_value).unwrap_or(json!(null));
        if old.security_group == new.security_group && rule_match::same(&matched(old), &matched(new)) {
            ReplaceOrder::DeleteFirst
        } else {
            ReplaceOrder::CreateFirst
        }
    }

    fn validate(&self, p: &SecurityGroupRuleProperties) -> Result<()> {
        if p.remote_group.is_some() && p.remote_ip_prefix.is_some() {
            return Err(Failure::invalid(
                "remote_ip_prefix".to_owned(),
                "Cannot define the following properties at the same time: remote_group, remote_ip_prefix.",
            ));
        }
        let icmp = matches!(p.protocol.as_str(), "icmp" | "icmpv6" | "ipv6-icmp");
        if let (Some(first), Some(last)) = (p.port_range_min, p.port_range_max)
            && !icmp
            && last < first
        {
            return Err(Failure::invalid(
                "port_range_min".to_owned(),
                "The minimum port number must be less than or equal to the maximum port number.",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_uses_neutrons_words() {
        let p: SecurityGroupRuleProperties = serde_json::from_value(json!({
            "security_group": "g", "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp",
            "port_range_min": 22, "remote_group": "h"
        }))
        .unwrap();
        let expected = json!({"direction": "ingress", "ethertype": "IPv4", "port_range_min": 22, "protocol": "tcp",
            "security_group_id": "g", "remote_group_id": "h"});
        assert_eq!(request(&p).unwrap().into_value(), expected);
    }
}
