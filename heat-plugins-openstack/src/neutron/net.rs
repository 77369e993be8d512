//! `OS::Neutron::Net`.

use heat_plugin_sdk::{
    Attributes, Change, Context, Created, FindBasis, Finding, Observed, Operation, PhysicalId, Progress,
    Properties, Resource, Result,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Agents, check_value_specs, project, settle_tags, state, wanted_agents, wanted_tags};
use crate::client::{Client, Request};
use crate::rest::{self, Body, Collection};

const NETWORKS: Collection = Collection::network("networks", "network", "networks");
const DHCP_AGENTS: Agents = Agents { hosting: "dhcp-agents", served: "dhcp-networks", key: "network_id" };

/// A network: an isolated layer-2 broadcast domain, usually its project's own unless it is shared.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
pub struct NetProperties {
    /// Name of the network; need not be unique.
    #[property(update_allowed)]
    pub name: Option<String>,
    /// Further parameters for the request, often of an extension or of certain hardware.
    #[property(update_allowed, default = {})]
    pub value_specs: Map<String, Value>,
    /// Whether the network is administratively up.
    #[property(update_allowed, default = true)]
    pub admin_state_up: bool,
    /// Id of the project that owns the network; only administrators may set it.
    pub tenant_id: Option<String>,
    /// Whether all projects may use the network; usually only administrators may set it.
    #[property(update_allowed, default = false)]
    pub shared: bool,
    /// Ids of the DHCP agents that serve the network; usually only administrators may set it.
    #[property(update_allowed)]
    pub dhcp_agent_ids: Option<Vec<Value>>,
    /// Whether ports of the network have port security unless they say otherwise.
    #[property(update_allowed, since = "5.0.0")]
    pub port_security_enabled: Option<bool>,
    /// Name or id of the network's QoS policy.
    #[property(update_allowed, resolve = "neutron.qos_policy", since = "6.0.0")]
    pub qos_policy: Option<String>,
    /// DNS domain of the network.
    #[property(update_allowed, constraint(custom("dns_domain")), since = "7.0.0")]
    pub dns_domain: Option<String>,
    /// Availability zones where the network may be; needs Neutron's extension `availability_zone`.
    #[property(since = "19.0.0")]
    pub availability_zone_hints: Option<Vec<Value>>,
    /// Tags of the network.
    #[property(update_allowed, since = "9.0.0")]
    pub tags: Option<Vec<String>>,
}

/// What a network tells.
#[derive(Debug, Clone, Serialize, Deserialize, Attributes)]
pub struct NetAttributes {
    /// Status of the network.
    #[attribute(type = string)]
    pub status: Option<Value>,
    /// Name of the network.
    #[attribute(type = string)]
    pub name: Option<Value>,
    /// Ids of the network's subnets.
    #[attribute(type = list)]
    pub subnets: Option<Value>,
    /// Whether the network is administratively up.
    #[attribute(type = boolean)]
    pub admin_state_up: Option<Value>,
    /// Id of the project that owns the network.
    #[attribute(type = string)]
    pub tenant_id: Option<Value>,
    /// Whether ports have port security unless they say otherwise.
    #[attribute(type = boolean, since = "5.0.0")]
    pub port_security_enabled: Option<Value>,
    /// Largest size of a packet, in bytes.
    #[attribute(type = integer, since = "5.0.0")]
    pub mtu: Option<Value>,
    /// Id of the network's QoS policy.
    #[attribute(type = string, since = "6.0.0")]
    pub qos_policy_id: Option<Value>,
    /// Whether layer-2 connectivity can be expected throughout the network.
    #[attribute(type = boolean, since = "9.0.0")]
    pub l2_adjacency: Option<Value>,
    /// The network's segments.
    #[attribute(on_demand, type = list, since = "11.0.0")]
    pub segments: Option<Value>,
}

/// `OS::Neutron::Net`.
#[derive(Debug, Clone, Copy)]
pub struct Net;

impl Resource for Net {
    const TYPE: &'static str = "OS::Neutron::Net";
    type Connection = Client;
    type Properties = NetProperties;
    type Attributes = NetAttributes;

    async fn create(&self, cx: &Context<'_, Self>, p: &NetProperties) -> Result<Created> {
        let body = Body::of(p)?
            .without(&["dhcp_agent_ids", "tags"])
            .rename("qos_policy", "qos_policy_id")
            .merge_value_specs(None)
            .name(cx);
        let network = NETWORKS.create(cx.connection()?, body).await?;
        Ok(Created::new(rest::id_of(&network)?))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let client = cx.connection()?;
        let Some(network) = NETWORKS.show(client, id.as_str()).await? else { return Ok(None) };
        let mut observed = rest::observe(state(&network), &network, &[("qos_policy", "qos_policy_id")])?;
        if cx.applied()?.is_some_and(|applied| applied.dhcp_agent_ids.is_some()) {
            let agents = DHCP_AGENTS.of(client, &NETWORKS, id.as_str()).await?;
            observed = observed.property("dhcp_agent_ids", agents)?;
        }
        Ok(Some(observed))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<NetProperties>,
    ) -> Result<()> {
        let body = Body::of_change(change)?
            .without(&["dhcp_agent_ids", "tags"])
            .without_null(&["port_security_enabled"])
            .empty_for_null(&["dns_domain"])
            .rename("qos_policy", "qos_policy_id")
            .merge_value_specs(Some(&change.old().value_specs))
            .changed_name(cx);
        NETWORKS.update(cx.connection()?, id.as_str(), body).await
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        NETWORKS.delete(cx.connection()?, id.as_str()).await
    }

    async fn progress(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        operation: &Operation<'_, NetProperties>,
        observed: Option<&Observed<Self>>,
    ) -> Result<Progress> {
        let progress = rest::by_state(id, operation, observed);
        let (Progress::Done, Some(observed)) = (&progress, observed) else { return Ok(progress) };
        let agents = |p: &NetProperties| {
            let ids = p.dhcp_agent_ids.as_ref()?.iter();
            Some(ids.filter_map(|id| id.as_str().map(str::to_owned)).collect())
        };
        if let Some(wanted) = wanted_agents(operation, "dhcp_agent_ids", agents)
            && DHCP_AGENTS.settle(cx.connection()?, &NETWORKS, id.as_str(), &wanted).await?
        {
            return Ok(Progress::wait("DHCP agents"));
        }
        if settle_tags(cx, &NETWORKS, id, observed, wanted_tags(operation, |p| p.tags.as_ref())).await? {
            return Ok(Progress::wait("tags"));
        }
        Ok(progress)
    }

    fn find_basis(&self, p: &NetProperties) -> FindBasis {
        rest::basis_of_name(p.name.as_deref())
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &NetProperties) -> Result<Finding> {
        let client = cx.connection()?;
        let name = p.name.clone().unwrap_or_else(|| cx.physical_name(rest::NAME_LIMIT));
        let project = match &p.tenant_id {
            Some(project) => project.clone(),
            None => project(client).await?,
        };
        Ok(rest::finding(cx, &NETWORKS.named(client, &name, &[("project_id", &project)]).await?))
    }

    fn validate(&self, p: &NetProperties) -> Result<()> {
        check_value_specs::<NetProperties>(&p.value_specs)
    }

    async fn attribute(&self, cx: &Context<'_, Self>, id: &PhysicalId, _name: &str) -> Result<Value> {
        let request = Request::get(["segments"]).query("network_id", id.as_str());
        let mut segments = match cx.connection()?.list("network", request, "segments").await {
            Ok(segments) => segments,
            // Neutron runs without segments.
            Err(error) if error.is_not_found() => return Ok(Value::Null),
            Err(error) => return Err(error.into()),
        };
        // As Heat: those without a name first.
        segments.sort_by_key(|segment| segment.get("name").is_some_and(|name| !name.is_null()));
        Ok(segments.into())
    }
}
