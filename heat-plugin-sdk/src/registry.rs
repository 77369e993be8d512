//! All plugins that an engine works with, registered explicitly.

use crate::Plugin;
use crate::connection::{ConnectorId, DynConnector};
use crate::dynamic::DynResource;
use crate::plugin::{DynConstraint, DynFinder};
use heat_template::schema::{ResourceSchema, ResourceTypes};
use indexmap::IndexMap;
use std::collections::HashMap;
use std::sync::Arc;

/// Two plugins do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two plugins provide the same resource type.
    #[error(
        "resource type {type_name} is provided by the plugins {first} and {second}; leave one of them out"
    )]
    DuplicateType {
        /// The type.
        type_name: String,
        /// The plugin that was registered first.
        first: String,
        /// The other one.
        second: String,
    },
    /// A resource type wants a connection that its plugin does not make.
    #[error(
        "plugin {plugin} registers {type_name} without the connector that it needs; call Plugin::connect"
    )]
    MissingConnector {
        /// The plugin.
        plugin: String,
        /// The type, constraint or finder.
        type_name: String,
    },
}

struct Registered<T: ?Sized> {
    plugin: usize,
    item: Arc<T>,
}

/// The resource types, constraints and finders of all plugins.
#[derive(Default)]
pub struct Registry {
    plugins: Vec<String>,
    connectors: Vec<HashMap<ConnectorId, Arc<dyn DynConnector>>>,
    resources: IndexMap<String, Registered<dyn DynResource>>,
    constraints: HashMap<String, Registered<dyn DynConstraint>>,
    finders: HashMap<String, Registered<dyn DynFinder>>,
    errors: Vec<RegistryError>,
}

impl Registry {
    /// A registry without plugins.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a plugin. A contradiction is kept and reported by [`check`](Self::check), which an engine calls when it is
    /// built.
    #[must_use]
    pub fn with(mut self, plugin: Plugin) -> Self {
        let at = self.plugins.len();
        for item in plugin.resources {
            let type_name = item.schema().type_name.clone();
            if !plugin.connectors.contains_key(&item.connector()) {
                self.errors.push(RegistryError::MissingConnector { plugin: plugin.name.clone(), type_name });
            } else if let Some(first) = self.resources.get(&type_name) {
                let first =
                    if first.plugin == at { plugin.name.clone() } else { self.plugins[first.plugin].clone() };
                self.errors.push(RegistryError::DuplicateType {
                    type_name,
                    first,
                    second: plugin.name.clone(),
                });
            } else {
                self.resources.insert(type_name, Registered { plugin: at, item });
            }
        }
        for (name, item) in plugin.constraints {
            if plugin.connectors.contains_key(&item.connector()) {
                self.constraints.entry(name).or_insert(Registered { plugin: at, item });
            } else {
                let plugin = plugin.name.clone();
                self.errors.push(RegistryError::MissingConnector { plugin, type_name: name });
            }
        }
        for (name, item) in plugin.finders {
            self.finders.entry(name).or_insert(Registered { plugin: at, item });
        }
        self.plugins.push(plugin.name);
        self.connectors.push(plugin.connectors);
        self
    }

    /// Whether the plugins go together.
    ///
    /// # Errors
    /// The first contradiction: a type that two plugins provide, a type without its connector.
    pub fn check(&self) -> Result<(), RegistryError> {
        self.errors.first().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// The resource type with this name.
    pub fn resource(&self, type_name: &str) -> Option<&Arc<dyn DynResource>> {
        self.resources.get(type_name).map(|registered| &registered.item)
    }

    /// All resource types, in the order of registration.
    pub fn resources(&self) -> impl Iterator<Item = &Arc<dyn DynResource>> {
        self.resources.values().map(|registered| &registered.item)
    }

    /// The custom constraint with this name.
    pub fn constraint(&self, name: &str) -> Option<&Arc<dyn DynConstraint>> {
        self.constraints.get(name).map(|registered| &registered.item)
    }

    /// The names of all custom constraints that plugins provide, in no order.
    pub fn constraint_names(&self) -> impl Iterator<Item = &str> {
        self.constraints.keys().map(String::as_str)
    }

    /// The finder with this name.
    pub fn finder(&self, name: &str) -> Option<&Arc<dyn DynFinder>> {
        self.finders.get(name).map(|registered| &registered.item)
    }

    /// The connector of a resource type.
    pub fn resource_connector(&self, type_name: &str) -> Option<&Arc<dyn DynConnector>> {
        let registered = self.resources.get(type_name)?;
        self.connectors.get(registered.plugin)?.get(&registered.item.connector())
    }

    /// The connector of a custom constraint.
    pub fn constraint_connector(&self, name: &str) -> Option<&Arc<dyn DynConnector>> {
        let registered = self.constraints.get(name)?;
        self.connectors.get(registered.plugin)?.get(&registered.item.connector())
    }

    /// The connector of a finder.
    pub fn finder_connector(&self, name: &str) -> Option<&Arc<dyn DynConnector>> {
        let registered = self.finders.get(name)?;
        self.connectors.get(registered.plugin)?.get(&registered.item.connector())
    }
}

impl ResourceTypes for Registry {
    fn resource_type(&self, name: &str) -> Option<Arc<ResourceSchema>> {
        self.resource(name).map(|resource| resource.schema())
    }

    fn type_names(&self) -> Vec<String> {
        self.resources.keys().cloned().collect()
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("plugins", &self.plugins)
            .field("types", &self.resources.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
