//! The software configurations of a project, as plugins ask for them: from the records of the resources that keep them.

use super::core::Core;
use super::ids::short_id;
use crate::record::{Action, IncarnationId, ResourceRecord, StackRecord, Status};
use crate::types::{CONFIG, configuration_of};
use async_trait::async_trait;
use heat_plugin_sdk::{
    Failure, ResourceIdentity, SoftwareConfiguration, SoftwareConfigurations, StackIdentity, physical_name,
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Those of one project.
pub(crate) struct Configurations {
    core: Arc<Core>,
    project: String,
}

impl Configurations {
    pub(crate) fn new(core: &Arc<Core>, project: &str) -> Self {
        Self { core: Arc::clone(core), project: project.to_owned() }
    }
}

impl Configurations {
    /// The record of the resource that keeps the configuration with this id.
    async fn record(&self, id: &str) -> Result<Option<(ResourceRecord, StackRecord)>, Failure> {
        let unread = |error: crate::store::StoreError| {
            Failure::unavailable(
                None,
                format!("the engine's store does not tell the software configuration: {error}"),
            )
        };
        // A resource that keeps a configuration has its own incarnation for its physical id; no other has.
        let records = &self.core.records;
        let Some(record) = records.resource(&IncarnationId(id.to_owned())).await.map_err(unread)? else {
            return Ok(None);
        };
        let is_kept = record.physical_id.as_ref().is_some_and(|own| own.as_str() == id)
            && (record.action, record.status) != (Action::Delete, Status::Complete);
        if !is_kept {
            return Ok(None);
        }
        // What another project has does not exist, as in Heat.
        let stack = records.stack(&record.stack).await.map_err(unread)?;
        Ok(stack.filter(|stack| stack.project == self.project).map(|stack| (record, stack)))
    }
}

#[async_trait]
impl SoftwareConfigurations for Configurations {
    async fn software_configuration(&self, id: &str) -> Result<Option<Value>, Failure> {
        Ok(self.record(id).await?.and_then(|(record, _)| record.attributes.get(CONFIG).cloned()))
    }

    async fn whole_configuration(&self, id: &str) -> Result<Option<SoftwareConfiguration>, Failure> {
        let Some((record, stack)) = self.record(id).await? else { return Ok(None) };
        let nothing = Map::new();
        let properties = record.properties.as_ref().unwrap_or(&nothing);
        let found = configuration_of(&record.type_name, properties, &record.attributes);
        let identity = StackIdentity { id: stack.id.0, name: stack.name, project: stack.project };
        let resource = ResourceIdentity {
            name: record.name.clone(),
            id: record.id.to_string(),
            short_id: short_id(&record.id),
        };
        Ok(found
            .map(|found| SoftwareConfiguration { name: physical_name(&identity, &resource, 255), ..found }))
    }
}
