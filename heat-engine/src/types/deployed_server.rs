//! `OS::Heat::DeployedServer`: a machine that somebody else made, for deployments to name.

use heat_plugin_sdk::{
    Attributes, Change, Context, Created, Failure, Observed, PhysicalId, Properties, PropertyType, Resource,
    Result,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A machine that somebody else made.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeployedServer;

/// A machine that somebody else made. Deployments name it by its id.
#[derive(Debug, Clone, Deserialize, Properties)]
pub struct DeployedServerProperties {
    /// Its name.
    #[property(update_allowed)]
    name: Option<String>,
    /// Has no meaning.
    #[property(update_allowed, deprecated(since = "9.0.0", message = "This property will be ignored"))]
    #[expect(dead_code, reason = "it has no meaning")]
    metadata: Option<Map<String, Value>>,
    /// How the machine is handed its deployments. Whichever it is, here it is who asks the engine for them.
    #[property(
        update_allowed,
        default = "POLL_SERVER_CFN",
        constraint(allowed("POLL_SERVER_CFN", "POLL_SERVER_HEAT", "POLL_TEMP_URL", "ZAQAR_MESSAGE"))
    )]
    software_config_transport: String,
    /// Where in Swift its deployments are put.
    #[property(update_allowed, default = serde_json::json!({}), since = "9.0.0")]
    #[expect(dead_code, reason = "nothing is put into Swift")]
    deployment_swift_data: SwiftData,
}

/// A place in Swift.
#[derive(Debug, Clone, Deserialize, PropertyType)]
#[expect(dead_code, reason = "nothing is put into Swift")]
struct SwiftData {
    /// The container.
    #[property(constraint(length(min = 1)))]
    container: Option<String>,
    /// The object.
    #[property(constraint(length(min = 1)))]
    object: Option<String>,
}

/// What such a machine tells.
#[derive(Debug, Serialize, Attributes)]
pub struct DeployedServerAttributes {
    /// Its name.
    name: String,
    /// How the agent on it is set up to ask for its deployments.
    #[attribute(on_demand, type = map)]
    os_collect_config: Value,
}

/// Which transports the engine does not have.
fn servable(transport: &str) -> Result<()> {
    match transport {
        "POLL_TEMP_URL" | "ZAQAR_MESSAGE" => Err(Failure::unsupported(format!(
            "software_config_transport {transport}: the engine puts nothing into {}; with POLL_SERVER_CFN or POLL_SERVER_HEAT the \
             deployments of the server are asked for by `Engine::deployments_of_server`",
            if transport == "ZAQAR_MESSAGE" { "Zaqar" } else { "Swift" }
        ))),
        _ => Ok(()),
    }
}

impl Resource for DeployedServer {
    const TYPE: &'static str = "OS::Heat::DeployedServer";
    type Connection = ();
    type Properties = DeployedServerProperties;
    type Attributes = DeployedServerAttributes;

    async fn create(&self, cx: &Context<'_, Self>, p: &DeployedServerProperties) -> Result<Created> {
        servable(&p.software_config_transport)?;
        let name = p.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| cx.physical_name(63));
        let created = Created::new(cx.incarnation_id()).attribute("name", name);
        Ok(created.complete(Observed::<Self>::ready()))
    }

    async fn read(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let recorded = cx.recorded_attribute("name").and_then(Value::as_str).map(str::to_owned);
        let name = recorded.unwrap_or_else(|| cx.physical_name(63));
        Ok(Some(
            Observed::ready()
                .attributes(&DeployedServerAttributes { name, os_collect_config: Value::Null })?,
        ))
    }

    async fn update(
        &self,
        _: &Context<'_, Self>,
        _: &PhysicalId,
        change: &Change<DeployedServerProperties>,
    ) -> Result<()> {
        servable(&change.new_properties().software_config_transport)
    }

    async fn delete(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
        Ok(())
    }

    fn is_local(&self) -> bool {
        true
    }

    async fn attribute(&self, _: &Context<'_, Self>, _: &PhysicalId, name: &str) -> Result<Value> {
        Err(Failure::unsupported(format!(
            "attribute {name}: it holds the address of an API service, which this engine does not have; whoever runs the \
             machine's agent asks `Engine::deployments_of_server`"
        )))
    }
}
