//! `OS::Heat::SoftwareDeployment` and `OS::Heat::StructuredDeployment`: a configuration for a server, which tells how it went.

use super::derived_config::{
    COMPLETE, Deployment, DerivedConfig, FAILED, For, IN_PROGRESS, OUTPUTS, Substitution, concerns, inputs,
    replacing, signalled, substituted,
};
use heat_plugin_sdk::schema::ResourceSchema;
use heat_plugin_sdk::{
    Attributes, Change, Context, Created, Failure, FindBasis, Finding, Observation, Observed, Operation,
    PhysicalId, Progress, Properties, Resource, Result, Signal, SignalAnswer, Signals, SoftwareConfiguration,
    State, plain_data,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What both types of deployments are given.
struct Wanted<'a> {
    config: Option<&'a str>,
    server: &'a str,
    input_values: Option<&'a Map<String, Value>>,
    actions: &'a [String],
    name: Option<&'a str>,
    transport: &'a str,
    /// How inputs are put into the configuration, if it is a structured one.
    substitution: Option<Substitution<'a>>,
}

impl Wanted<'_> {
    /// The configuration that is deployed.
    async fn configuration<R: Resource>(&self, cx: &Context<'_, R>) -> Result<SoftwareConfiguration> {
        let Some(id) = self.config.filter(|id| !id.is_empty()) else {
            return Ok(SoftwareConfiguration::default());
        };
        let missing = || {
            Failure::invalid("config".to_owned(), format!("Software config with id {id} not found"))
                .named("NotFound")
        };
        cx.whole_configuration(id).await?.ok_or_else(missing)
    }

    /// Refuses what cannot be served.
    fn servable(&self) -> Result<()> {
        match self.transport {
            transport @ ("TEMP_URL_SIGNAL" | "ZAQAR_SIGNAL") => Err(Failure::unsupported(format!(
                "signal_transport {transport}: the engine fetches no signals from {}; with CFN_SIGNAL or HEAT_SIGNAL they come by \
                 `heat stack resource signal` or `Stack::signal`, with NO_SIGNAL none is waited for",
                if transport == "ZAQAR_SIGNAL" { "Zaqar" } else { "Swift" }
            ))),
            _ => Ok(()),
        }
    }

    fn inputs<R: Resource>(
        &self,
        cx: &Context<'_, R>,
        config: &SoftwareConfiguration,
        action: &str,
    ) -> Vec<Value> {
        let stack = cx.stack();
        let of = For {
            server: self.server,
            action,
            transport: self.transport,
            input_values: self.input_values,
            stack_path: format!("{}/{}", stack.name, stack.id),
            resource: cx.name(),
        };
        inputs(config, &of)
    }

    fn derived<R: Resource>(
        &self,
        cx: &Context<'_, R>,
        source: SoftwareConfiguration,
        inputs: Vec<Value>,
    ) -> Result<DerivedConfig> {
        let nothing = if self.substitution.is_some() { json!({}) } else { "".into() };
        let config = match &self.substitution {
            Some(with) => substituted(&source.config, &inputs, with)?,
            None => source.config,
        };
        let name =
            [self.name, Some(source.name.as_str())].into_iter().flatten().find(|name| !name.is_empty());
        // The same for every attempt of the operation.
        let mut seed = [0; 16];
        seed.copy_from_slice(&cx.seed()[..16]);
        Ok(DerivedConfig {
            id: uuid::Builder::from_random_bytes(seed).into_uuid().to_string(),
            name: name.map_or_else(|| cx.physical_name(255), str::to_owned),
            group: if source.group.is_empty() { "Heat::Ungrouped".to_owned() } else { source.group },
            config: if heat_template::python::truthy(&config) { config } else { nothing },
            inputs,
            outputs: source.outputs,
            options: source.options,
            created: cx.now(),
        })
    }

    /// Hands the configuration to the server, if it is for this action.
    async fn deploy<R: Resource>(&self, cx: &Context<'_, R>, action: &str) -> Result<()> {
        let before = cx.private::<Deployment>()?;
        if before.as_ref().is_some_and(|before| before.key == cx.key().as_str()) {
            return Ok(());
        }
        self.servable()?;
        let source = self.configuration(cx).await?;
        let inputs = self.inputs(cx, &source, action);
        if action == "UPDATE"
            && let Some(name) = before.as_ref().and_then(|before| replacing(&before.config.inputs, &inputs))
        {
            return Err(Failure::failed(format!(
                "the input {name} changes, and that takes a new deployment: the next update of the stack makes it"
            )));
        }
        if !concerns(&source, action, self.actions) {
            return Ok(());
        }
        let config = self.derived(cx, source, inputs)?;
        let silent = self.transport == "NO_SIGNAL";
        let (status, reason) = match silent {
            true => (COMPLETE, "Not waiting for outputs signal"),
            false => (IN_PROGRESS, "Deploy data available"),
        };
        let output_values = before.as_ref().map(|before| before.output_values.clone()).unwrap_or_default();
        cx.save_plain(&Deployment {
            key: cx.key().as_str().to_owned(),
            id: cx.incarnation_id().to_owned(),
            server: self.server.to_owned(),
            action: action.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            input_values: self.input_values.map_or(Value::Null, |values| Value::Object(values.clone())),
            output_values,
            config,
            created: before.map_or_else(|| cx.now(), |before| before.created),
            updated: None,
        })
        .await
    }
}

/// How far a deployment is.
fn progress<R: Resource>(cx: &Context<'_, R>) -> Result<Progress> {
    // One that was made by an earlier operation is over: this one has nothing to deploy.
    let deployment = cx.private::<Deployment>()?.filter(|deployment| deployment.key == cx.key().as_str());
    let Some(deployment) = deployment else { return Ok(Progress::Done) };
    Ok(match deployment.status.as_str() {
        FAILED => {
            let message = format!("Deployment to server failed: {}", deployment.reason);
            Progress::Failed(Failure::failed(message).named("Error"))
        }
        IN_PROGRESS => Progress::Await {
            signal: cx.incarnation_id().to_owned(),
            reason: format!("the server {} has not told yet how it went", deployment.server),
            after: None,
        },
        _ => Progress::Done,
    })
}

/// What is seen of a deployment.
fn read<R: Resource>(cx: &Context<'_, R>) -> Result<Observation> {
    let mut observation = Observation::new(State::Ready);
    let told = cx.private::<Deployment>()?.map(|deployment| deployment.output_values).unwrap_or_default();
    observation.attributes = attributes(told);
    Ok(observation)
}

fn attributes(told: Map<String, Value>) -> Map<String, Value> {
    let mut attributes: Map<_, _> = OUTPUTS.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    attributes.extend(told);
    attributes
}

fn answer(signal: &Signal<'_>) -> Result<SignalAnswer> {
    let nothing = Map::new();
    let details = match signal.details {
        None | Some(Value::Null) => &nothing,
        Some(Value::Object(map)) => map,
        Some(_) => return Err(Failure::invalid(None, "the details of a deployment's signal are a map")),
    };
    let before = signal.private.and_then(|private| Deployment::deserialize(private).ok());
    let Some((next, told)) = before.and_then(|before| signalled(&before, details, signal.now)) else {
        // Output values are only expected while they are waited for.
        return Ok(SignalAnswer::default());
    };
    let private = serde_json::to_value(&next)
        .map_err(|error| Failure::failed(format!("the deployment cannot be kept: {error}")))?;
    Ok(SignalAnswer {
        private: Some(private),
        attributes: attributes(next.output_values),
        ..SignalAnswer::default()
    }
    .reason(told))
}

/// The deployment that the resource of one of these types is.
pub(crate) fn deployment_of(type_name: &str, private: Option<&Value>) -> Option<Deployment> {
    let is_one = [SoftwareDeployment::TYPE, StructuredDeployment::TYPE].contains(&type_name);
    let private = private.filter(|_| is_one)?;
    Deployment::deserialize(plain_data(private)?).ok()
}

/// What a deployment tells; beside these every output of the configuration.
#[derive(Debug, Serialize, Attributes)]
pub struct SoftwareDeploymentAttributes {
    /// What the tool wrote.
    #[attribute(type = string)]
    deploy_stdout: Value,
    /// What the tool wrote as an error.
    #[attribute(type = string)]
    deploy_stderr: Value,
    /// The tool's exit code.
    #[attribute(type = string)]
    deploy_status_code: Value,
}

macro_rules! deployment {
    ($(#[$doc:meta])* $name:ident = $type_name:literal, $properties:ident, { $($(#[$field:meta])* $more:ident: $kind:ty,)* }, $substitution:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $name;

        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize, Properties)]
        #[property(since = "2014.1")]
        pub struct $properties {
            /// The id of the configuration.
            #[property(update_allowed)]
            config: Option<String>,
            /// The id of the server.
            server: String,
            /// Values for the inputs of the configuration.
            #[property(update_allowed)]
            input_values: Option<Map<String, Value>>,
            /// Which actions of the deployment's life it is for.
            #[property(
                update_allowed,
                default = serde_json::json!(["CREATE", "UPDATE"]),
                constraint(allowed("CREATE", "UPDATE", "DELETE", "SUSPEND", "RESUME"))
            )]
            actions: Vec<String>,
            /// Name of what the server is handed: configurations come in the order of their names.
            #[property(update_allowed)]
            name: Option<String>,
            /// How the server tells how it went. With NO_SIGNAL nobody waits for that.
            #[property(
                default = "CFN_SIGNAL",
                constraint(allowed("CFN_SIGNAL", "TEMP_URL_SIGNAL", "HEAT_SIGNAL", "NO_SIGNAL", "ZAQAR_SIGNAL"))
            )]
            signal_transport: String,
            $($(#[$field])* $more: $kind,)*
        }

        impl $properties {
            fn wanted(&self) -> Wanted<'_> {
                let substitution: fn(&Self) -> Option<Substitution<'_>> = $substitution;
                Wanted {
                    config: self.config.as_deref(),
                    server: &self.server,
                    input_values: self.input_values.as_ref(),
                    actions: &self.actions,
                    name: self.name.as_deref(),
                    transport: &self.signal_transport,
                    substitution: substitution(self),
                }
            }
        }

        impl $name {
            async fn again(cx: &Context<'_, Self>, action: &str) -> Result<()> {
                match cx.applied()? {
                    Some(properties) => properties.wanted().deploy(cx, action).await,
                    None => Ok(()),
                }
            }
        }

        impl Resource for $name {
            const TYPE: &'static str = $type_name;
            type Connection = ();
            type Properties = $properties;
            type Attributes = SoftwareDeploymentAttributes;

            fn schema(&self) -> ResourceSchema {
                ResourceSchema {
                    type_name: Self::TYPE.to_owned(),
                    description: $properties::description().to_owned(),
                    support: $properties::support(),
                    properties: $properties::fields(),
                    attributes: SoftwareDeploymentAttributes::fields(),
                    open_attributes: true,
                    ..ResourceSchema::default()
                }
            }

            async fn create(&self, cx: &Context<'_, Self>, p: &$properties) -> Result<Created> {
                p.wanted().deploy(cx, "CREATE").await?;
                Ok(Created::new(cx.incarnation_id()))
            }

            async fn read(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
                Ok(Some(Observed::from_observation(read(cx)?)))
            }

            async fn update(&self, cx: &Context<'_, Self>, _: &PhysicalId, change: &Change<$properties>) -> Result<()> {
                change.new_properties().wanted().deploy(cx, "UPDATE").await
            }

            async fn delete(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
                // One whose configuration is gone has nothing to deploy any more.
                match Self::again(cx, "DELETE").await {
                    Err(failure) if failure.name() == Some("NotFound") => Ok(()),
                    other => other,
                }
            }

            async fn suspend(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
                Self::again(cx, "SUSPEND").await
            }

            async fn resume(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
                Self::again(cx, "RESUME").await
            }

            async fn progress(
                &self,
                cx: &Context<'_, Self>,
                _: &PhysicalId,
                _: &Operation<'_, $properties>,
                _: Option<&Observed<Self>>,
            ) -> Result<Progress> {
                progress(cx)
            }

            fn find_basis(&self, _: &$properties) -> FindBasis {
                FindBasis::Unique
            }

            async fn find(&self, _: &Context<'_, Self>, _: &$properties) -> Result<Finding> {
                Ok(Finding::Absent)
            }

            async fn attribute(&self, _: &Context<'_, Self>, _: &PhysicalId, _: &str) -> Result<Value> {
                // What the server did not tell has no value.
                Ok(Value::Null)
            }

            fn signals(&self) -> Signals {
                Signals::AlwaysTaken
            }

            fn settle_time(&self) -> Duration {
                Duration::ZERO
            }

            fn waits_for_signals(&self) -> bool {
                true
            }

            fn signal(&self, signal: &Signal<'_>, _: &$properties) -> Result<SignalAnswer> {
                answer(signal)
            }
        }
    };
}

deployment! {
    /// Hands a configuration to a server, and waits until the server tells how it went.
    SoftwareDeployment = "OS::Heat::SoftwareDeployment", SoftwareDeploymentProperties, {}, |_| None
}

deployment! {
    /// Hands a structured configuration to a server, with the values of its inputs put into it.
    StructuredDeployment = "OS::Heat::StructuredDeployment", StructuredDeploymentProperties, {
        /// The key of maps in the configuration that stand for an input.
        #[property(default = "get_input")]
        input_key: String,
        /// Whether every input that the configuration names must have a value.
        #[property(default = "LAX", constraint(allowed("LAX", "STRICT")))]
        input_values_validate: String,
    }, |p| Some(Substitution { key: &p.input_key, strict: p.input_values_validate == "STRICT" })
}
