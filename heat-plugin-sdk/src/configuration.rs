//! Software configurations, as the resources that are given one see them.

use crate::Result;
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

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

    /// The configuration that has this id, with all that belongs to it. `None` if the project has no such configuration.
    ///
    /// # Errors
    /// The store gives no answer.
    async fn whole_configuration(&self, id: &str) -> Result<Option<SoftwareConfiguration>> {
        let found = self.software_configuration(id).await?;
        Ok(found.map(|config| SoftwareConfiguration { config, ..SoftwareConfiguration::default() }))
    }
}

/// A software configuration. Its values may be secret, so only its name is printed.
#[derive(Clone, PartialEq, Default)]
pub struct SoftwareConfiguration {
    /// Its name.
    pub name: String,
    /// The tool that applies it.
    pub group: String,
    /// The configuration itself; null where it has none.
    pub config: Value,
    /// What it takes: maps with `name`, `type`, `default` and the like.
    pub inputs: Vec<Value>,
    /// What it tells.
    pub outputs: Vec<Value>,
    /// Options of the tool; null where it has none.
    pub options: Value,
}

impl fmt::Debug for SoftwareConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareConfiguration").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Those that are given, by id: for tests, and where there are none.
#[async_trait]
impl SoftwareConfigurations for BTreeMap<String, Value> {
    async fn software_configuration(&self, id: &str) -> Result<Option<Value>> {
        Ok(self.get(id).cloned())
    }
}
