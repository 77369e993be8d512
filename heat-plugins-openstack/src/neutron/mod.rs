//! The types of Neutron, and what its objects have in common: a status, tags, and `value_specs`.

mod address;
mod floating_ip;
mod floating_ip_association;
mod net;
mod port;
mod router;
mod router_interface;
mod rule_match;
mod security_group;
mod security_group_rule;
mod subnet;

pub use floating_ip::{FloatingIp, FloatingIpAttributes, FloatingIpProperties};
pub use floating_ip_association::{FloatingIpAssociation, FloatingIpAssociationProperties};
pub use net::{Net, NetAttributes, NetProperties};
pub(crate) use port::PORTS;
pub use port::{AddressPair, FixedIp, Port, PortAttributes, PortProperties};
pub use router::{ExternalFixedIp, ExternalGateway, Router, RouterAttributes, RouterProperties};
pub use router_interface::{RouterInterface, RouterInterfaceProperties};
pub use security_group::{Rule, SecurityGroup, SecurityGroupProperties};
pub use security_group_rule::{SecurityGroupRule, SecurityGroupRuleProperties};
pub use subnet::{AllocationPool, HostRoute, Subnet, SubnetAttributes, SubnetProperties};

use heat_plugin_sdk::{
    Context, Failure, Observed, Operation, PhysicalId, Plugin, Properties, Resource, Result, State, satisfies,
};
use serde_json::{Map, Value, json};

use crate::client::{Client, Request};
use crate::rest::{Collection, text};

/// Adds Neutron's types.
pub(crate) fn register(plugin: Plugin) -> Plugin {
    plugin
        .resource(Net)
        .resource(Subnet)
        .resource(Port)
        .resource(Router)
        .resource(RouterInterface)
        .resource(FloatingIp)
        .resource(FloatingIpAssociation)
        .resource(SecurityGroup)
        .resource(SecurityGroupRule)
}

/// How far an object is by its status; kinds without one are ready at once.
pub(crate) fn state(object: &Value) -> State {
    match text(object, "status") {
        "" | "ACTIVE" | "DOWN" => State::Ready,
        "BUILD" => State::Working("status BUILD".to_owned()),
        status => State::Failed(format!("status {status}")),
    }
}

/// The project that a request is for: names are looked up there only.
pub(crate) async fn project(client: &Client) -> Result<String> {
    Ok(client.project_id().await?)
}

/// Refuses what `value_specs` must not hold: anything that is a property of its own, and what only operators set.
fn check_value_specs<P: Properties>(specs: &Map<String, Value>) -> Result<()> {
    let own = P::fields();
    let banned = |key: &str| own.contains_key(key) || key == "shared" || key == "tenant_id";
    match specs.keys().find(|key| banned(key)) {
        Some(key) => {
            Err(Failure::invalid("value_specs".to_owned(), format!("{key} not allowed in value_specs")))
        }
        None => Ok(()),
    }
}

/// Which tags an operation wants, `None` if it says nothing of them.
fn wanted_tags<'a, P>(
    operation: &Operation<'a, P>,
    tags: impl Fn(&'a P) -> Option<&'a Vec<String>>,
) -> Option<&'a [String]> {
    match operation {
        Operation::Create(properties) => tags(properties).map(Vec::as_slice),
        Operation::Update(change) if change.changed("tags") => {
            Some(tags(change.new_properties()).map(Vec::as_slice).unwrap_or_default())
        }
        _ => None,
    }
}

/// Sets an object's tags where they are others than those wanted. Says whether it did.
async fn settle_tags<R: Resource<Connection = Client>>(
    cx: &Context<'_, R>,
    collection: &Collection,
    id: &PhysicalId,
    observed: &Observed<R>,
    wanted: Option<&[String]>,
) -> Result<bool> {
    let Some(wanted) = wanted else { return Ok(false) };
    let present = observed.observation().show.as_ref().and_then(|object| object.get("tags"));
    if satisfies(&json!(wanted), present.unwrap_or(&Value::Null)) {
        return Ok(false);
    }
    collection.replace_tags(cx.connection()?, id.as_str(), wanted).await?;
    Ok(true)
}

/// Which agents an operation wants an object to be on, `None` if it says nothing of them.
fn wanted_agents<P>(
    operation: &Operation<'_, P>,
    property: &str,
    agents: impl Fn(&P) -> Option<Vec<String>>,
) -> Option<Vec<String>> {
    match operation {
        Operation::Create(properties) => agents(properties).filter(|agents| !agents.is_empty()),
        Operation::Update(change) if change.changed(property) => {
            Some(agents(change.new_properties()).unwrap_or_default())
        }
        _ => None,
    }
}

/// How agents of a kind are asked which objects they serve, and told.
struct Agents {
    /// Under the object: the agents that serve it.
    hosting: &'static str,
    /// Under an agent: the objects that it serves.
    served: &'static str,
    /// Names the object in a request to an agent.
    key: &'static str,
}

impl Agents {
    /// The ids of the agents that serve an object.
    async fn of(&self, client: &Client, collection: &Collection, id: &str) -> Result<Vec<String>> {
        let request = Request::get([collection.path, id, self.hosting]);
        let agents = client.list("network", request, "agents").await?;
        Ok(agents.iter().map(|agent| text(agent, "id").to_owned()).collect())
    }

    /// Takes the object off the agents that are not wanted and puts it on those that are missing. Says whether there was
    /// anything to do.
    async fn settle(
        &self,
        client: &Client,
        collection: &Collection,
        id: &str,
        wanted: &[String],
    ) -> Result<bool> {
        let present = self.of(client, collection, id).await?;
        let mut changed = false;
        for agent in present.iter().filter(|agent| !wanted.contains(agent)) {
            changed = true;
            let request = Request::delete(["agents", agent.as_str(), self.served, id]);
            match client.send("network", request).await {
                // The agent is gone, or does not serve it any more.
                Err(error) if error.is_not_found() || error.is_conflict() => {}
                result => drop(result?),
            }
        }
        for agent in wanted.iter().filter(|agent| !present.contains(agent)) {
            changed = true;
            let request = Request::post(["agents", agent.as_str(), self.served], json!({self.key: id}))
                .repeatable(true);
            match client.send("network", request).await {
                // The agent serves it already.
                Err(error) if error.is_conflict() => {}
                result => drop(result?),
            }
        }
        Ok(changed)
    }
}
