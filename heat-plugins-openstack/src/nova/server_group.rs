//! `OS::Nova::ServerGroup`.

use heat_plugin_sdk::{
    Context, Created, FindBasis, Finding, Observed, PhysicalId, Properties, PropertyType, Resource, Result,
    State,
};
use serde::{Deserialize, Serialize};
use serde_json::{Number, json};

use super::version;
use crate::client::{Client, Request};
use crate::rest::{self, Collection};

const GROUPS: Collection = Collection::new(
    "compute",
    "os-server-groups",
    "server_group",
    "server_groups",
    Some((version(1), version(POLICY))),
);

/// Since 2.64 a group has one policy, with rules.
const POLICY: u32 = 64;
/// Since 2.15 policies may be soft.
const SOFT: u32 = 15;

/// A server group: keeps its servers on the same host, or on different ones.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
#[property(since = "2014.2")]
pub struct ServerGroupProperties {
    /// Name of the group; need not be unique.
    pub name: Option<String>,
    /// The policy, as a list of one.
    #[property(
        default = ["anti-affinity"],
        constraint(allowed("anti-affinity", "affinity", "soft-anti-affinity", "soft-affinity"))
    )]
    pub policies: Vec<String>,
    /// Rules for the policy.
    #[property(since = "17.0.0")]
    pub rules: Option<ServerGroupRules>,
}

/// Rules for a server group's policy.
#[derive(Debug, Clone, Serialize, Deserialize, PropertyType)]
pub struct ServerGroupRules {
    /// Most servers of the group on one host, for `anti-affinity`.
    pub max_server_per_host: Option<Number>,
}

/// `OS::Nova::ServerGroup`.
#[derive(Debug, Clone, Copy)]
pub struct ServerGroup;

impl Resource for ServerGroup {
    const TYPE: &'static str = "OS::Nova::ServerGroup";
    type Connection = Client;
    type Properties = ServerGroupProperties;
    type Attributes = ();

    async fn create(&self, cx: &Context<'_, Self>, p: &ServerGroupProperties) -> Result<Created> {
        let client = cx.connection()?;
        let name = p.name.clone().filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| cx.physical_name(rest::NAME_LIMIT));
        let rules = p.rules.as_ref().and_then(|rules| rules.max_server_per_host.as_ref());
        let modern = client.best_microversion("compute", version(POLICY), version(POLICY)).await?.is_some();
        let request = if modern || rules.is_some() {
            let mut group = json!({"name": name, "policy": p.policies.first()});
            if let Some(most) = rules {
                group["rules"] = json!({"max_server_per_host": most});
            }
            Request::post([GROUPS.path], json!({"server_group": group}))
                .microversion(version(POLICY), version(POLICY))
        } else {
            let least = if p.policies.iter().any(|policy| policy.starts_with("soft-")) { SOFT } else { 1 };
            let group = json!({"name": name, "policies": p.policies});
            Request::post([GROUPS.path], json!({"server_group": group}))
                .microversion(version(least), version(POLICY - 1))
        };
        let group = client.send("compute", request).await?.object("server_group")?;
        Ok(Created::new(rest::id_of(&group)?))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let Some(group) = GROUPS.show(cx.connection()?, id.as_str()).await? else { return Ok(None) };
        let policies = match group.get("policy") {
            Some(policy) => json!([policy]),
            None => group["policies"].clone(),
        };
        let mut observed =
            Observed::new(State::Ready).property("name", &group["name"])?.property("policies", policies)?;
        if let Some(rules) = group.get("rules") {
            observed = observed.property("rules", rules)?;
        }
        Ok(Some(observed.show(group)))
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        GROUPS.delete(cx.connection()?, id.as_str()).await
    }

    fn find_basis(&self, p: &ServerGroupProperties) -> FindBasis {
        rest::basis_of_name(p.name.as_deref().filter(|name| !name.is_empty()))
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &ServerGroupProperties) -> Result<Finding> {
        let name = p.name.clone().filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| cx.physical_name(rest::NAME_LIMIT));
        // This list knows no filter by name.
        let mut groups = GROUPS.list(cx.connection()?, &[]).await?;
        groups.retain(|group| rest::text(group, "name") == name);
        Ok(rest::finding(cx, &groups))
    }
}
