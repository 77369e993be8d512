//! Software configurations, as the resources that are given one see them.

use crate::Result;
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeMap;

/// The software configurations of a project: what `OS::Heat::SoftwareConfig` and its kin keep. In Heat this is the software
/// config API; here an engine answers from its store.
#[async_trait]
pub trait SoftwareConfigurations: Send + Sync {
    /// The configuration (the attribute `config`) that has this id: the reference id of the resource that keeps it. `None` if
    /// the project has no such configuration.
    ///
    /// # Errors
    /// The store gives no answer.
    async fn software_configuration(&self, id: &str) -> Result<Option<Value>>;
}

/// Those that are given, by id: for tests, and where there are none.
#[async_trait]
impl SoftwareConfigurations for BTreeMap<String, Value> {
    async fn software_configuration(&self, id: &str) -> Result<Option<Value>> {
        Ok(self.get(id).cloned())
    }
}
