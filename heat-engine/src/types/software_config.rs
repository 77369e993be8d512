//! `OS::Heat::SoftwareConfig`, `StructuredConfig`, `CloudConfig` and `SoftwareComponent`: configurations that servers are given. They are kept in
//! their own record; what they hold is their attribute.

use super::yaml_dump::dump;
use heat_plugin_sdk::{
    Attributes, Context, Created, Failure, Observed, PhysicalId, Properties, Resource, Result,
    SoftwareConfiguration,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The attribute that holds a configuration.
pub(crate) const CONFIG: &str = "config";
/// The attribute that holds the configurations of a component.
const CONFIGS: &str = "configs";

/// What a configuration takes from outside.
#[derive(Debug, Clone, Deserialize, Properties)]
#[expect(dead_code, reason = "a configuration only keeps them; the schema says what they are")]
struct ConfigInput {
    /// Name of the input.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// Type of its value.
    #[serde(rename = "type")]
    #[property(
        default = "String",
        constraint(allowed("String", "Number", "CommaDelimitedList", "Json", "Boolean"))
    )]
    input_type: String,
    /// Its value where none is given.
    default: Option<String>,
    /// A change of it replaces the deployment.
    #[property(default = false)]
    replace_on_change: bool,
}

/// What a configuration tells when it was deployed.
#[derive(Debug, Clone, Deserialize, Properties)]
#[expect(dead_code, reason = "a configuration only keeps them; the schema says what they are")]
struct ConfigOutput {
    /// Name of the output.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// Type of its value.
    #[serde(rename = "type")]
    #[property(
        default = "String",
        constraint(allowed("String", "Number", "CommaDelimitedList", "Json", "Boolean"))
    )]
    output_type: String,
    /// A value means that the deployment failed.
    #[property(default = false)]
    error_output: bool,
}

/// The whole configuration that a resource of one of these types keeps; `None` of another type.
pub(crate) fn configuration_of(
    type_name: &str,
    properties: &Map<String, Value>,
    attributes: &Map<String, Value>,
) -> Option<SoftwareConfiguration> {
    let list = |name: &str| properties.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let of = |name: &str| properties.get(name).cloned().unwrap_or(Value::Null);
    let ungrouped = "Heat::Ungrouped";
    let (group, config) = match type_name {
        SoftwareComponent::TYPE => ("component", serde_json::json!({CONFIGS: of(CONFIGS)})),
        SoftwareConfig::TYPE | StructuredConfig::TYPE | CloudConfig::TYPE | super::MultipartMime::TYPE => {
            let group = properties.get("group").and_then(Value::as_str).unwrap_or(ungrouped);
            (group, attributes.get(CONFIG).cloned().unwrap_or(Value::Null))
        }
        _ => return None,
    };
    Some(SoftwareConfiguration {
        name: String::new(),
        group: group.to_owned(),
        config,
        inputs: list("inputs"),
        outputs: list("outputs"),
        options: of("options"),
    })
}

macro_rules! config {
    (
        $(#[$doc:meta])* $name:ident = $type_name:literal, $properties:ident, $since:literal,
        $config_doc:literal $config:ty, $attributes:ident $kind:ident
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $name;

        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize, Properties)]
        #[property(since = $since)]
        #[expect(dead_code, reason = "a configuration only keeps them; the schema says what they are")]
        pub struct $properties {
            /// What the configuration is for: the tool that applies it.
            #[property(default = "Heat::Ungrouped")]
            group: String,
            #[doc = $config_doc]
            config: Option<$config>,
            /// Options of the tool.
            options: Option<Map<String, Value>>,
            /// What the configuration takes.
            inputs: Option<Vec<ConfigInput>>,
            /// What the configuration tells.
            outputs: Option<Vec<ConfigOutput>>,
        }

        /// What a configuration tells.
        #[derive(Debug, Serialize, Attributes)]
        pub struct $attributes {
            /// The configuration.
            #[attribute(at_creation, type = $kind)]
            config: Value,
        }

        kept!($name, $type_name, $properties, $attributes, CONFIG, |p: &$properties| {
            p.config.as_ref().map_or(Value::Null, |config| serde_json::json!(config))
        });
    };
}

/// A type of which only one attribute is kept. The incarnation is its physical id, so that servers and deployments find it.
macro_rules! kept {
    ($name:ident, $type_name:literal, $properties:ident, $attributes:ident, $attribute:expr, $config:expr $(, $validate:expr)?) => {
        impl Resource for $name {
            const TYPE: &'static str = $type_name;
            type Connection = ();
            type Properties = $properties;
            type Attributes = $attributes;

            $(fn validate(&self, p: &$properties) -> Result<()> {
                let validate: fn(&$properties) -> Result<()> = $validate;
                validate(p)
            })?

            async fn create(&self, cx: &Context<'_, Self>, p: &$properties) -> Result<Created> {
                let config = $config;
                let created = Created::new(cx.incarnation_id()).attribute($attribute, config(p));
                Ok(created.complete(Observed::<Self>::ready()))
            }

            async fn read(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
                Ok(Some(Observed::ready()))
            }

            async fn delete(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
                Ok(())
            }

            fn is_local(&self) -> bool {
                true
            }

        }
    };
}

config! {
    /// A configuration that is a text: a script, usually.
    SoftwareConfig = "OS::Heat::SoftwareConfig", SoftwareConfigProperties, "2014.1",
    "The configuration." String, SoftwareConfigAttributes string
}

config! {
    /// A configuration that is a map.
    StructuredConfig = "OS::Heat::StructuredConfig", StructuredConfigProperties, "2014.1",
    "The configuration." Map<String, Value>, StructuredConfigAttributes map
}

/// A configuration for cloud-init.
#[derive(Debug, Clone, Copy, Default)]
pub struct CloudConfig;

/// A configuration for cloud-init.
#[derive(Debug, Clone, Deserialize, Properties)]
#[property(since = "2014.1")]
pub struct CloudConfigProperties {
    /// The configuration, as a map.
    cloud_config: Option<Map<String, Value>>,
}

/// What a configuration for cloud-init tells.
#[derive(Debug, Serialize, Attributes)]
pub struct CloudConfigAttributes {
    /// The configuration as cloud-init reads it.
    #[attribute(at_creation, type = string)]
    config: Value,
}

kept!(
    CloudConfig,
    "OS::Heat::CloudConfig",
    CloudConfigProperties,
    CloudConfigAttributes,
    CONFIG,
    |p: &CloudConfigProperties| {
        let map = p.cloud_config.clone().map_or(Value::Null, Value::Object);
        Value::from(format!("#cloud-config\n{}", dump(&map)))
    }
);

/// Several configurations, each for some actions of the life of what is deployed.
#[derive(Debug, Clone, Copy, Default)]
pub struct SoftwareComponent;

/// One configuration of a component.
#[derive(Debug, Clone, Deserialize, Serialize, Properties)]
struct ComponentConfig {
    /// The actions that it is for: CREATE, DELETE, UPDATE, SUSPEND, RESUME, or others that the tools on the server know.
    #[property(default = serde_json::json!(["CREATE", "UPDATE"]), constraint(length(min = 1)))]
    actions: Vec<String>,
    /// The configuration.
    config: Option<String>,
    /// The tool that applies it.
    tool: String,
}

/// Several configurations, each for some actions of the life of what is deployed.
#[derive(Debug, Clone, Deserialize, Properties)]
#[property(since = "2014.2")]
pub struct SoftwareComponentProperties {
    /// The configurations.
    #[property(constraint(length(min = 1)))]
    configs: Vec<ComponentConfig>,
    /// What the configurations take.
    #[expect(dead_code, reason = "a configuration only keeps them; the schema says what they are")]
    inputs: Option<Vec<ConfigInput>>,
    /// What the configurations tell.
    #[expect(dead_code, reason = "a configuration only keeps them; the schema says what they are")]
    outputs: Option<Vec<ConfigOutput>>,
    /// Options of the tools.
    #[expect(dead_code, reason = "a configuration only keeps them; the schema says what they are")]
    options: Option<Map<String, Value>>,
}

/// What a component tells.
#[derive(Debug, Serialize, Attributes)]
pub struct SoftwareComponentAttributes {
    /// The configurations.
    #[attribute(at_creation, type = list)]
    configs: Value,
}

kept!(
    SoftwareComponent,
    "OS::Heat::SoftwareComponent",
    SoftwareComponentProperties,
    SoftwareComponentAttributes,
    CONFIGS,
    |p: &SoftwareComponentProperties| serde_json::json!(p.configs),
    |p| {
        let mut taken = BTreeSet::new();
        for config in &p.configs {
            // An action may come twice in one list.
            let own: BTreeSet<&str> = config.actions.iter().map(String::as_str).collect();
            for action in own {
                if !taken.insert(action) {
                    return Err(Failure::invalid(
                        CONFIGS.to_owned(),
                        format!(
                            "Defining more than one configuration for the same action is not allowed: {action}"
                        ),
                    ));
                }
            }
        }
        Ok(())
    }
);
