//! The software configurations of a project, as plugins ask for them: from the records of the resources that keep them.

use super::core::Core;
use crate::record::{Action, IncarnationId, Status};
use crate::types::CONFIG;
use async_trait::async_trait;
use heat_plugin_sdk::{Failure, SoftwareConfigurations};
use serde_json::Value;
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

#[async_trait]
impl SoftwareConfigurations for Configurations {
    async fn software_configuration(&self, id: &str) -> Result<Option<Value>, Failure> {
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
        let Some(config) = record.attributes.get(CONFIG).filter(|_| is_kept) else { return Ok(None) };
        // What another project has does not exist, as in Heat.
        let stack = records.stack(&record.stack).await.map_err(unread)?;
        Ok(stack.is_some_and(|stack| stack.project == self.project).then(|| config.clone()))
    }
}
