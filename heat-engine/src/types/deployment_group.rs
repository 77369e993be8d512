//! `OS::Heat::SoftwareDeploymentGroup` and `OS::Heat::StructuredDeploymentGroup`: one deployment for each of several servers.

use super::members;
use super::resource_group::{pause, policy, whole};
use heat_plugin_sdk::schema::{Constraint, PropertySchema, ResourceSchema, ValueType};
use heat_plugin_sdk::{
    AttributeRequest, Attributes, Child, ChildRequest, Composite, CompositeError, Properties, Stage,
};
use heat_template::{Evaluated, EvaluationError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What a group tells. Any other attribute is the map of what the deployments have under that name.
#[derive(Debug, Serialize, Attributes)]
pub struct SoftwareDeploymentGroupAttributes {
    /// By names, what the tools wrote.
    deploy_stdouts: Map<String, Value>,
    /// By names, what the tools wrote as errors.
    deploy_stderrs: Map<String, Value>,
    /// By names, the tools' exit codes.
    deploy_status_codes: Map<String, Value>,
}

/// The attribute of a deployment behind an attribute of the group.
fn of_member(name: &str) -> &str {
    match name {
        "deploy_stdouts" => "deploy_stdout",
        "deploy_stderrs" => "deploy_stderr",
        "deploy_status_codes" => "deploy_status_code",
        other => other,
    }
}

fn update_policy() -> [(String, PropertySchema); 2] {
    let number = |kind, text: &str, min: i64, default: Value| {
        let schema = PropertySchema::new(kind).description(text).default(default);
        schema.constraint(Constraint::range(min, None))
    };
    let fields = || {
        let size = number(ValueType::Integer, "How many deployments there are in a batch.", 1, json!(1));
        let pause = number(ValueType::Number, "Seconds between batches.", 0, json!(0));
        PropertySchema::map_of([("max_batch_size", size), ("pause_time", pause)])
    };
    [("rolling_update".to_owned(), fields()), ("batch_create".to_owned(), fields())]
}

/// The members by their names, and the templates on the way to them.
fn child(request: &ChildRequest<'_>, members: &[(String, Value)]) -> Child {
    let template = |members: &[(String, Value)]| members::template(members.iter().cloned());
    let name = if request.exists { "rolling_update" } else { "batch_create" };
    let last = Child::new(template(members));
    let Some(policy) = policy(request, name).filter(|_| !request.sample) else { return last };
    let (size, pause) = (whole(policy, "max_batch_size", 1).max(1), pause(policy));
    if !request.exists {
        let ends = (size..members.len()).step_by(size);
        return last.stages(ends.map(|end| Stage { template: template(&members[..end]), pause }));
    }
    let was = |name: &String| request.members.iter().find(|member| member.name == *name);
    let there: Vec<_> = members.iter().filter_map(|(name, new)| Some((name, was(name)?, new))).collect();
    let ends = (size..there.len()).step_by(size);
    last.stages(ends.map(|end| {
        let members = there.iter().enumerate().map(|(at, (name, was, new))| {
            ((*name).clone(), if at < end { (*new).clone() } else { was.definition.clone() })
        });
        Stage { template: members::template(members), pause }
    }))
}

macro_rules! group {
    ($(#[$doc:meta])* $name:ident = $type_name:literal of $member:literal, $properties:ident, { $($(#[$field:meta])* $more:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $name;

        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize, Properties)]
        #[property(since = "5.0.0")]
        pub struct $properties {
            /// The ids of the servers by names, which are those of the deployments.
            #[property(update_allowed)]
            servers: Map<String, Value>,
            /// The id of the configuration.
            #[property(update_allowed)]
            config: Option<String>,
            /// Values for the inputs of the configuration.
            #[property(update_allowed)]
            input_values: Option<Map<String, Value>>,
            /// Which actions of a deployment's life it is for.
            #[property(
                update_allowed,
                default = serde_json::json!(["CREATE", "UPDATE"]),
                constraint(allowed("CREATE", "UPDATE", "DELETE", "SUSPEND", "RESUME"))
            )]
            actions: Vec<String>,
            /// Name of what the servers are handed: configurations come in the order of their names.
            #[property(update_allowed)]
            name: Option<String>,
            /// How the servers tell how it went. With NO_SIGNAL nobody waits for that.
            #[property(
                default = "CFN_SIGNAL",
                constraint(allowed("CFN_SIGNAL", "TEMP_URL_SIGNAL", "HEAT_SIGNAL", "NO_SIGNAL", "ZAQAR_SIGNAL"))
            )]
            signal_transport: String,
            $($(#[$field])* $more: $kind,)*
        }

        impl Composite for $name {
            const TYPE: &'static str = $type_name;
            type Properties = $properties;
            type Attributes = SoftwareDeploymentGroupAttributes;

            fn schema(&self) -> ResourceSchema {
                ResourceSchema {
                    type_name: Self::TYPE.to_owned(),
                    description: $properties::description().to_owned(),
                    support: $properties::support(),
                    properties: $properties::fields(),
                    attributes: SoftwareDeploymentGroupAttributes::fields(),
                    open_attributes: true,
                    update_policy: update_policy().into(),
                    ..ResourceSchema::default()
                }
            }

            fn child(&self, request: &ChildRequest<'_>, p: &$properties) -> Result<Child, CompositeError> {
                let one = if request.sample { 1 } else { usize::MAX };
                let members: Vec<_> = p
                    .servers
                    .iter()
                    .take(one)
                    .map(|(name, server)| {
                        let properties = json!({
                            "server": server,
                            "config": p.config,
                            "input_values": p.input_values,
                            "actions": p.actions,
                            "name": p.name,
                            "signal_transport": p.signal_transport,
                            $(stringify!($more): p.$more,)*
                        });
                        (name.clone(), members::definition($member, properties.as_object().cloned(), None))
                    })
                    .collect();
                Ok(child(request, &members))
            }

            fn attribute(
                &self,
                request: &AttributeRequest<'_>,
                p: &$properties,
            ) -> Result<Option<Evaluated>, EvaluationError> {
                let names: Vec<String> = p.servers.keys().cloned().collect();
                let path = [Value::from(of_member(request.name))];
                let whole = members::attribute(&AttributeRequest { name: "attributes", path: &path, ..*request }, &names)?;
                Ok(whole.map(|whole: Evaluated| heat_template::function::select_attribute(whole, request.path)))
            }
        }
    };
}

group! {
    /// One deployment of a configuration for each of several servers.
    SoftwareDeploymentGroup = "OS::Heat::SoftwareDeploymentGroup" of "OS::Heat::SoftwareDeployment",
    SoftwareDeploymentGroupProperties, {}
}

group! {
    /// One deployment of a structured configuration for each of several servers.
    StructuredDeploymentGroup = "OS::Heat::StructuredDeploymentGroup" of "OS::Heat::StructuredDeployment",
    StructuredDeploymentGroupProperties, {
        /// The key of maps in the configuration that stand for an input.
        #[property(default = "get_input")]
        input_key: String,
        /// Whether every input that the configuration names must have a value.
        #[property(default = "LAX", constraint(allowed("LAX", "STRICT")))]
        input_values_validate: String,
    }
}
