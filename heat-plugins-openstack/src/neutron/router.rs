//! `OS::Neutron::Router`.

use heat_plugin_sdk::schema::{ResourceSchema, Translation};
use heat_plugin_sdk::{
    Attributes, Change, Context, Created, Failure, FindBasis, Finding, Observed, Operation, PhysicalId,
    Progress, Properties, PropertyType, Resource, Result, Siblings,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Agents, check_value_specs, project, settle_tags, state, wanted_agents, wanted_tags};
use crate::client::Client;
use crate::rest::{self, Body, Collection};

pub(super) const ROUTERS: Collection = Collection::network("routers", "router", "routers");
const L3_AGENTS: Agents = Agents { hosting: "l3-agents", served: "l3-routers", key: "router_id" };

/// A router: passes packets between networks, and through its gateway to an external one.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
pub struct RouterProperties {
    /// Name of the router.
    #[property(update_allowed)]
    pub name: Option<String>,
    /// The gateway to an external network.
    #[property(update_allowed)]
    pub external_gateway_info: Option<ExternalGateway>,
    /// Further parameters for the request.
    #[property(update_allowed, default = {})]
    pub value_specs: Map<String, Value>,
    /// Whether the router is administratively up.
    #[property(update_allowed, default = true)]
    pub admin_state_up: bool,
    /// Id of the L3 agent; usually only administrators may set it.
    #[property(
        update_allowed,
        since = "2014.1",
        deprecated(since = "2015.1", message = "Use property l3_agent_ids."),
        hidden(since = "6.0.0")
    )]
    pub l3_agent_id: Option<String>,
    /// Ids of the L3 agents, several for a highly available router; usually only administrators may set it.
    #[property(update_allowed, since = "2015.1")]
    pub l3_agent_ids: Option<Vec<String>>,
    /// Whether the router is distributed; usually only administrators may set it, and not beside an L3 agent.
    #[property(since = "2015.1")]
    pub distributed: Option<bool>,
    /// Whether the router is highly available; usually only administrators may set it, and not beside `distributed`.
    #[property(since = "2015.1")]
    pub ha: Option<bool>,
    /// Availability zones where the router may be; needs Neutron's extension `availability_zone`.
    #[property(update_allowed, since = "19.0.0")]
    pub availability_zone_hints: Option<Vec<Value>>,
    /// Tags of the router.
    #[property(update_allowed, since = "9.0.0")]
    pub tags: Option<Vec<String>>,
    /// Id of the project that owns the router; only administrators may set it.
    #[property(since = "24.0.0")]
    pub tenant_id: Option<String>,
}

/// A gateway to an external network.
#[derive(Debug, Clone, Serialize, Deserialize, PropertyType)]
pub struct ExternalGateway {
    /// Name or id of the external network.
    #[property(update_allowed)]
    pub network: String,
    /// Whether source addresses are translated; usually only administrators may set it.
    #[property(update_allowed)]
    pub enable_snat: Option<bool>,
    /// Addresses of the gateway.
    #[property(update_allowed, since = "6.0.0")]
    pub external_fixed_ips: Option<Vec<ExternalFixedIp>>,
}

/// An address of a gateway.
#[derive(Debug, Clone, Serialize, Deserialize, PropertyType)]
pub struct ExternalFixedIp {
    /// The address.
    #[property(constraint(custom("ip_addr")))]
    pub ip_address: Option<String>,
    /// Name or id of the subnet that the address comes from.
    #[property(resolve = "neutron.subnet")]
    pub subnet: Option<String>,
}

/// What a router tells.
#[derive(Debug, Clone, Serialize, Deserialize, Attributes)]
pub struct RouterAttributes {
    /// Status of the router.
    #[attribute(type = string)]
    pub status: Option<Value>,
    /// The gateway to an external network.
    #[attribute(type = map)]
    pub external_gateway_info: Option<Value>,
    /// Name of the router.
    #[attribute(type = string)]
    pub name: Option<Value>,
    /// Whether the router is administratively up.
    #[attribute(type = boolean)]
    pub admin_state_up: Option<Value>,
    /// Id of the project that owns the router.
    #[attribute(type = string)]
    pub tenant_id: Option<Value>,
}

/// `OS::Neutron::Router`.
#[derive(Debug, Clone, Copy)]
pub struct Router;

/// The gateway in Neutron's words; an empty map is none.
fn gateway(mut body: Body) -> Body {
    match body.get_mut("external_gateway_info") {
        Some(Value::Object(gateway)) => {
            if let Some(network) = gateway.shift_remove("network") {
                gateway.insert("network_id".to_owned(), network);
            }
            let addresses = gateway.get_mut("external_fixed_ips").and_then(Value::as_array_mut);
            for address in addresses.into_iter().flatten().filter_map(Value::as_object_mut) {
                if let Some(subnet) = address.shift_remove("subnet") {
                    address.insert("subnet_id".to_owned(), subnet);
                }
            }
        }
        Some(Value::Null) => body.set("external_gateway_info", json!({})),
        _ => {}
    }
    body
}

/// Neutron's gateway in the template's words.
fn observed_gateway(router: &Value) -> Value {
    let gateway = &router["external_gateway_info"];
    if gateway.get("network_id").is_none_or(Value::is_null) {
        return Value::Null;
    }
    let addresses: Vec<Value> = gateway["external_fixed_ips"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|address| json!({"ip_address": address["ip_address"], "subnet": address["subnet_id"]}))
        .collect();
    json!({
        "network": gateway["network_id"],
        "enable_snat": gateway["enable_snat"],
        "external_fixed_ips": addresses,
    })
}

fn agents(p: &RouterProperties) -> Option<Vec<String>> {
    match (&p.l3_agent_ids, &p.l3_agent_id) {
        (Some(ids), _) if !ids.is_empty() => Some(ids.clone()),
        (_, Some(id)) => Some(vec![id.clone()]),
        (ids, None) => ids.clone(),
    }
}

impl Resource for Router {
    const TYPE: &'static str = "OS::Neutron::Router";
    type Connection = Client;
    type Properties = RouterProperties;
    type Attributes = RouterAttributes;

    fn schema(&self) -> ResourceSchema {
        let mut schema =
            rest::schema_resolving::<Self>(&[(&["external_gateway_info", "network"], "neutron.network")]);
        // The old property takes one agent, the new one a list: `agents` knows both.
        schema.translations.retain(|rule| !matches!(rule, Translation::Replace { .. }));
        schema
    }

    async fn create(&self, cx: &Context<'_, Self>, p: &RouterProperties) -> Result<Created> {
        let body = Body::of(p)?.without(&["l3_agent_id", "l3_agent_ids", "tags"]);
        let body = gateway(body).merge_value_specs(None).name(cx);
        let router = ROUTERS.create(cx.connection()?, body).await?;
        Ok(Created::new(rest::id_of(&router)?))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let client = cx.connection()?;
        let Some(router) = ROUTERS.show(client, id.as_str()).await? else { return Ok(None) };
        let observed = rest::observe(state(&router), &router, &[])?;
        let gateway = observed_gateway(&router);
        let mut observed = observed.property("external_gateway_info", gateway)?;
        let applied = cx.applied()?;
        if applied
            .as_ref()
            .is_some_and(|applied| applied.l3_agent_ids.is_some() || applied.l3_agent_id.is_some())
        {
            let serving = L3_AGENTS.of(client, &ROUTERS, id.as_str()).await?;
            if let Some(one) = applied.and_then(|applied| applied.l3_agent_id) {
                observed = observed.property("l3_agent_id", serving.iter().find(|agent| **agent == one))?;
            }
            observed = observed.property("l3_agent_ids", serving)?;
        }
        Ok(Some(observed))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<RouterProperties>,
    ) -> Result<()> {
        let body = Body::of_change(change)?.without(&["l3_agent_id", "l3_agent_ids", "tags"]);
        let body = gateway(body).merge_value_specs(Some(&change.old().value_specs)).changed_name(cx);
        ROUTERS.update(cx.connection()?, id.as_str(), body).await
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        ROUTERS.delete(cx.connection()?, id.as_str()).await
    }

    async fn progress(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        operation: &Operation<'_, RouterProperties>,
        observed: Option<&Observed<Self>>,
    ) -> Result<Progress> {
        let progress = rest::by_state(id, operation, observed);
        let (Progress::Done, Some(observed)) = (&progress, observed) else { return Ok(progress) };
        let wanted = wanted_agents(operation, "l3_agent_ids", agents)
            .or_else(|| wanted_agents(operation, "l3_agent_id", agents));
        if let Some(wanted) = wanted
            && L3_AGENTS.settle(cx.connection()?, &ROUTERS, id.as_str(), &wanted).await?
        {
            return Ok(Progress::wait("L3 agents"));
        }
        if settle_tags(cx, &ROUTERS, id, observed, wanted_tags(operation, |p| p.tags.as_ref())).await? {
            return Ok(Progress::wait("tags"));
        }
        Ok(progress)
    }

    fn find_basis(&self, p: &RouterProperties) -> FindBasis {
        rest::basis_of_name(p.name.as_deref())
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &RouterProperties) -> Result<Finding> {
        let client = cx.connection()?;
        let name = p.name.clone().unwrap_or_else(|| cx.physical_name(rest::NAME_LIMIT));
        let project = match &p.tenant_id {
            Some(project) => project.clone(),
            None => project(client).await?,
        };
        Ok(rest::finding(cx, &ROUTERS.named(client, &name, &[("project_id", &project)]).await?))
    }

    fn validate(&self, p: &RouterProperties) -> Result<()> {
        let both = |one: &str, other: &str| {
            let message = format!("Cannot define the following properties at the same time: {one}, {other}.");
            Err(Failure::invalid(other.to_owned(), message))
        };
        let ids = p.l3_agent_ids.as_ref().map_or(0, Vec::len);
        if p.l3_agent_id.is_some() && ids > 0 {
            return both("l3_agent_id", "l3_agent_ids");
        }
        let (distributed, ha) = (p.distributed == Some(true), p.ha == Some(true));
        if distributed && (p.l3_agent_id.is_some() || ids > 0) {
            return both("l3_agent_id/l3_agent_ids", "distributed");
        }
        if distributed && ha {
            return both("ha", "distributed");
        }
        if !ha && ids > 1 {
            return Err(Failure::invalid(
                "l3_agent_ids".to_owned(),
                "Non HA routers can only have one L3 agent.",
            ));
        }
        check_value_specs::<RouterProperties>(&p.value_specs)
    }

    /// The gateway gets its address from a subnet of the external network.
    fn implicit_dependencies(&self, siblings: &Siblings<'_>) -> Vec<String> {
        let Some(own) = siblings.own() else { return Vec::new() };
        siblings
            .of_type("OS::Neutron::Subnet")
            .filter(|subnet| {
                rest::refers_to(own, "external_gateway_info", subnet, &["network", "network_id"])
            })
            .map(|subnet| subnet.name.clone())
            .collect()
    }
}
