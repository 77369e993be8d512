//! What a server is to be configured with: the deployments that name it.

use super::{Engine, EngineError};
use crate::record::StackId;
use crate::store::StackQuery;
use crate::types::{Deployment, deployment_of};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;

/// A deployment of a software configuration to a server. Serialises as Heat's API shows one. Its values may be secret, so they
/// are not printed.
#[derive(Clone, PartialEq, Serialize)]
pub struct DeploymentView {
    /// The stack of the resource that it is.
    #[serde(skip)]
    pub stack: StackId,
    /// The name of that resource: how the server went about it is told by a signal to it ([`Stack::signal`](super::Stack::signal)).
    #[serde(skip)]
    pub resource: String,
    /// The derived configuration.
    #[serde(skip)]
    pub config: DerivedConfigView,
    /// UUID.
    pub id: String,
    /// The server.
    pub server_id: String,
    /// The action that it was made for.
    pub action: String,
    /// `IN_PROGRESS` while the server has not told how it went, then `COMPLETE` or `FAILED`.
    pub status: String,
    /// Why.
    pub status_reason: String,
    /// The values that the deployment was given.
    pub input_values: Value,
    /// What the server told.
    pub output_values: Map<String, Value>,
    /// UUID of the derived configuration.
    pub config_id: String,
    /// When it was made, RFC 3339.
    pub creation_time: String,
    /// When the server told how it went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_time: Option<String>,
}

/// A configuration with the values for one server and one action. Serialises as Heat's API shows one. Its values may be secret,
/// so they are not printed.
#[derive(Clone, PartialEq, Serialize)]
pub struct DerivedConfigView {
    /// UUID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The tool that applies it.
    pub group: String,
    /// When it was made, RFC 3339.
    pub creation_time: String,
    /// The configuration.
    pub config: Value,
    /// The inputs with their values, those about the deployment itself (`deploy_*`) among them.
    pub inputs: Vec<Value>,
    /// What the server is to tell.
    pub outputs: Vec<Value>,
    /// Options of the tool.
    pub options: Value,
}

impl fmt::Debug for DeploymentView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeploymentView")
            .field("id", &self.id)
            .field("resource", &self.resource)
            .field("server_id", &self.server_id)
            .field("action", &self.action)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DerivedConfigView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DerivedConfigView").field("name", &self.name).finish_non_exhaustive()
    }
}

impl DeploymentView {
    fn new(stack: StackId, resource: String, deployment: Deployment) -> Self {
        let time = |time: jiff::Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let config = deployment.config;
        Self {
            stack,
            resource,
            id: deployment.id,
            server_id: deployment.server,
            action: deployment.action,
            status: deployment.status,
            status_reason: deployment.reason,
            input_values: deployment.input_values,
            output_values: deployment.output_values,
            config_id: config.id.clone(),
            creation_time: time(deployment.created),
            updated_time: deployment.updated.map(time),
            config: DerivedConfigView {
                id: config.id,
                name: config.name,
                group: config.group,
                creation_time: time(config.created),
                config: config.config,
                inputs: config.inputs,
                outputs: config.outputs,
                options: config.options,
            },
        }
    }
}

impl Engine {
    /// All deployments of a project to a server, in the order of the names of their configurations: what an agent on the server
    /// asks for, and applies in this order. Every resource of the project's stacks is looked at.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn deployments_of_server(
        &self,
        project: &str,
        server: &str,
    ) -> Result<Vec<DeploymentView>, EngineError> {
        let records = &self.core().records;
        let query = StackQuery { project: Some(project.to_owned()), nested: true, ..StackQuery::default() };
        let mut found = Vec::new();
        for stack in records.stacks(&query).await? {
            for record in records.resources(&stack.id).await?.values() {
                let deployment = deployment_of(&record.type_name, record.private.as_ref());
                let Some(deployment) = deployment.filter(|deployment| deployment.server == server) else {
                    continue;
                };
                found.push(DeploymentView::new(stack.id.clone(), record.name.clone(), deployment));
            }
        }
        found.sort_by(|one, other| (&one.config.name, &one.id).cmp(&(&other.config.name, &other.id)));
        Ok(found)
    }
}
