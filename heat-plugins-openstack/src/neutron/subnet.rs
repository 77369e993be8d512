//! `OS::Neutron::Subnet`.

use std::net::IpAddr;

use heat_plugin_sdk::{
    Attributes, Change, Context, Created, Failure, FindBasis, Finding, Observed, Operation, PhysicalId,
    Progress, Properties, PropertyType, ReplaceOrder, Resource, Result, State,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::address::overlap;
use super::{check_value_specs, settle_tags, wanted_tags};
use crate::client::Client;
use crate::rest::{self, Body, Collection};

const SUBNETS: Collection = Collection::network("subnets", "subnet", "subnets");
const RENAMED: &[(&str, &str)] =
    &[("network", "network_id"), ("subnetpool", "subnetpool_id"), ("segment", "segment_id")];

/// A subnet: a block of addresses of a network, from which its ports get theirs.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
pub struct SubnetProperties {
    /// Name or id of the network.
    #[property(
        resolve = "neutron.network",
        since = "2014.2",
        renamed_from(
            name = "network_id",
            deprecated(since = "2014.2"),
            hidden(since = "5.0.0", message = "Use property network.")
        )
    )]
    pub network: String,
    /// Name or id of the subnet pool that the range comes from.
    #[property(resolve = "neutron.subnetpool", since = "6.0.0")]
    pub subnetpool: Option<String>,
    /// Length of the prefix of a range from a subnet pool.
    #[property(constraint(range(min = 0)), since = "6.0.0")]
    pub prefixlen: Option<i64>,
    /// The range in CIDR notation.
    #[property(constraint(custom("net_cidr")))]
    pub cidr: Option<String>,
    /// Further parameters for the request.
    #[property(update_allowed, default = {})]
    pub value_specs: Map<String, Value>,
    /// Name of the subnet.
    #[property(update_allowed)]
    pub name: Option<String>,
    /// Version of the Internet Protocol, 4 or 6.
    #[property(default = 4, constraint(allowed(4, 6)))]
    pub ip_version: i64,
    /// DNS servers that the subnet's ports are told.
    #[property(update_allowed, default = [])]
    pub dns_nameservers: Vec<Value>,
    /// Address of the gateway; empty for none. Without it Neutron takes the first address of the range; `auto` says that
    /// too.
    #[property(update_allowed)]
    pub gateway_ip: Option<String>,
    /// Whether the subnet is served by DHCP.
    #[property(update_allowed, default = true)]
    pub enable_dhcp: bool,
    /// Parts of the range that ports get their addresses from.
    #[property(update_allowed)]
    pub allocation_pools: Option<Vec<AllocationPool>>,
    /// Id of the project that owns the subnet; only administrators may set it.
    pub tenant_id: Option<String>,
    /// Routes that the subnet's ports are told.
    #[property(update_allowed)]
    pub host_routes: Option<Vec<HostRoute>>,
    /// How routers advertise an IPv6 subnet.
    #[property(constraint(allowed("dhcpv6-stateful", "dhcpv6-stateless", "slaac")), since = "2015.1")]
    pub ipv6_ra_mode: Option<String>,
    /// How ports get their addresses in an IPv6 subnet.
    #[property(constraint(allowed("dhcpv6-stateful", "dhcpv6-stateless", "slaac")), since = "2015.1")]
    pub ipv6_address_mode: Option<String>,
    /// Name or id of the network's segment that the subnet belongs to. It can be given to a subnet without one.
    #[property(update_allowed, resolve = "neutron.segment", since = "9.0.0")]
    pub segment: Option<String>,
    /// Tags of the subnet.
    #[property(update_allowed, since = "9.0.0")]
    pub tags: Option<Vec<String>>,
}

/// A part of a range.
#[derive(Debug, Clone, Serialize, Deserialize, PropertyType)]
pub struct AllocationPool {
    /// First address.
    #[property(constraint(custom("ip_addr")))]
    pub start: String,
    /// Last address.
    #[property(constraint(custom("ip_addr")))]
    pub end: String,
}

/// A route.
#[derive(Debug, Clone, Serialize, Deserialize, PropertyType)]
pub struct HostRoute {
    /// Range of the destination.
    #[property(constraint(custom("net_cidr")))]
    pub destination: String,
    /// Address of the next hop.
    #[property(constraint(custom("ip_addr")))]
    pub nexthop: String,
}

/// What a subnet tells.
#[derive(Debug, Clone, Serialize, Deserialize, Attributes)]
pub struct SubnetAttributes {
    /// Name of the subnet.
    #[attribute(type = string)]
    pub name: Option<Value>,
    /// Id of the network.
    #[attribute(type = string)]
    pub network_id: Option<Value>,
    /// Id of the project that owns the subnet.
    #[attribute(type = string)]
    pub tenant_id: Option<Value>,
    /// Parts of the range that ports get their addresses from.
    #[attribute(type = list)]
    pub allocation_pools: Option<Value>,
    /// Address of the gateway.
    #[attribute(type = string)]
    pub gateway_ip: Option<Value>,
    /// Routes that the subnet's ports are told.
    #[attribute(type = list)]
    pub host_routes: Option<Value>,
    /// Version of the Internet Protocol.
    #[attribute(type = integer)]
    pub ip_version: Option<Value>,
    /// The range in CIDR notation.
    #[attribute(type = string)]
    pub cidr: Option<Value>,
    /// DNS servers that the subnet's ports are told.
    #[attribute(type = list)]
    pub dns_nameservers: Option<Value>,
    /// Whether the subnet is served by DHCP.
    #[attribute(type = boolean)]
    pub enable_dhcp: Option<Value>,
}

/// `OS::Neutron::Subnet`.
#[derive(Debug, Clone, Copy)]
pub struct Subnet;

/// Neutron takes null for "no gateway", which a template writes as an empty text.
fn gateway(mut body: Body) -> Body {
    match body.get("gateway_ip").and_then(Value::as_str) {
        Some("") => body.set("gateway_ip", Value::Null),
        Some("auto") => drop(body.take("gateway_ip")),
        _ => {}
    }
    body
}

impl Resource for Subnet {
    const TYPE: &'static str = "OS::Neutron::Subnet";
    type Connection = Client;
    type Properties = SubnetProperties;
    type Attributes = SubnetAttributes;

    async fn create(&self, cx: &Context<'_, Self>, p: &SubnetProperties) -> Result<Created> {
        let mut body = gateway(Body::of(p)?.without(&["tags"])).merge_value_specs(None).name(cx);
        for (property, field) in RENAMED {
            body = body.rename(property, field);
        }
        let subnet = SUBNETS.create(cx.connection()?, body).await?;
        Ok(Created::new(rest::id_of(&subnet)?))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let Some(subnet) = SUBNETS.show(cx.connection()?, id.as_str()).await? else { return Ok(None) };
        let mut observed = rest::observe(State::Ready, &subnet, RENAMED)?;
        if cx.applied()?.and_then(|applied| applied.gateway_ip).as_deref() == Some("auto") {
            observed = observed.property("gateway_ip", "auto")?;
        }
        Ok(Some(observed))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<SubnetProperties>,
    ) -> Result<()> {
        if change.changed("segment") && change.old().segment.is_some() {
            return Err(Failure::unsupported(
                "a subnet that belongs to a segment cannot be moved to another one",
            ));
        }
        if change.changed("gateway_ip") && change.new_properties().gateway_ip.as_deref() == Some("auto") {
            return Err(Failure::unsupported(
                "gateway_ip \"auto\" is for new subnets only; an existing one keeps its gateway or is given another",
            ));
        }
        let mut body = gateway(Body::of_change(change)?.without(&["tags"]))
            .rename("segment", "segment_id")
            .merge_value_specs(Some(&change.old().value_specs))
            .changed_name(cx);
        // What is no longer given is emptied.
        for list in ["allocation_pools", "host_routes"] {
            if body.get(list).is_some_and(Value::is_null) {
                body.set(list, json!([]));
            }
        }
        SUBNETS.update(cx.connection()?, id.as_str(), body).await
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        SUBNETS.delete(cx.connection()?, id.as_str()).await
    }

    async fn progress(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        operation: &Operation<'_, SubnetProperties>,
        observed: Option<&Observed<Self>>,
    ) -> Result<Progress> {
        let progress = rest::by_state(id, operation, observed);
        let (Progress::Done, Some(observed)) = (&progress, observed) else { return Ok(progress) };
        if settle_tags(cx, &SUBNETS, id, observed, wanted_tags(operation, |p| p.tags.as_ref())).await? {
            return Ok(Progress::wait("tags"));
        }
        Ok(progress)
    }

    fn find_basis(&self, p: &SubnetProperties) -> FindBasis {
        // Neutron refuses ranges that overlap in one network.
        if p.cidr.is_some() { FindBasis::Unique } else { rest::basis_of_name(p.name.as_deref()) }
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &SubnetProperties) -> Result<Finding> {
        let name = p.name.clone().unwrap_or_else(|| cx.physical_name(rest::NAME_LIMIT));
        let mut filters = vec![("network_id", p.network.as_str())];
        if let Some(cidr) = &p.cidr {
            filters.push(("cidr", cidr));
        }
        Ok(rest::finding(cx, &SUBNETS.named(cx.connection()?, &name, &filters).await?))
    }

    fn replace_order(&self, old: &SubnetProperties, new: &SubnetProperties) -> ReplaceOrder {
        match (&old.cidr, &new.cidr) {
            (Some(one), Some(other)) if old.network == new.network && overlap(one, other) => {
                ReplaceOrder::DeleteFirst
            }
            _ => ReplaceOrder::CreateFirst,
        }
    }

    fn validate(&self, p: &SubnetProperties) -> Result<()> {
        let invalid = |property: &str, message: String| Err(Failure::invalid(property.to_owned(), message));
        let both = |one: &str, other: &str| {
            invalid(
                other,
                format!("Cannot define the following properties at the same time: {one}, {other}."),
            )
        };
        let cidr = p.cidr.as_deref().filter(|cidr| !cidr.is_empty());
        match (&p.subnetpool, cidr) {
            (Some(_), Some(_)) => return both("subnetpool", "cidr"),
            (None, None) => {
                return invalid(
                    "cidr",
                    "At least one of the following properties must be specified: subnetpool, cidr.".into(),
                );
            }
            _ => {}
        }
        if p.prefixlen.is_some_and(|length| length != 0) && cidr.is_some() {
            return both("prefixlen", "cidr");
        }
        if p.ip_version == 4 && (p.ipv6_ra_mode.is_some() || p.ipv6_address_mode.is_some()) {
            return invalid(
                "ip_version",
                "ipv6_ra_mode and ipv6_address_mode are not supported for ipv4.".into(),
            );
        }
        if let (Some(ra), Some(address)) = (&p.ipv6_ra_mode, &p.ipv6_address_mode)
            && ra != address
        {
            let message = "When both ipv6_ra_mode and ipv6_address_mode are set, they must be equal.";
            return invalid("ipv6_address_mode", message.into());
        }
        if let Some(gateway) = &p.gateway_ip
            && !matches!(gateway.as_str(), "" | "~" | "auto")
            && gateway.parse::<IpAddr>().is_err()
        {
            return invalid("gateway_ip", format!("Gateway IP address {gateway:?} is in invalid format."));
        }
        check_value_specs::<SubnetProperties>(&p.value_specs)
    }
}
