//! All plugins that an engine works with, registered explicitly.

use crate::Plugin;
use crate::connection::{ConnectorId, DynConnector};
use crate::dynamic::DynResource;
use crate::plugin::{DynConstraint, DynFinder};
use heat_template::composite::CompositeType;
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
    /// Two plugins provide a custom constraint or a finder of the same name.
    #[error("{kind} {name} is provided by the plugins {first} and {second}; leave one of them out")]
    DuplicateName {
        /// `custom constraint` or `finder`.
        kind: &'static str,
        /// The name.
        name: String,
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
    versions: Vec<Option<String>>,
    connectors: Vec<HashMap<ConnectorId, Arc<dyn DynConnector>>>,
    resources: IndexMap<String, Registered<dyn DynResource>>,
    composites: IndexMap<String, Registered<dyn CompositeType>>,
    constraints: HashMap<String, Registered<dyn DynConstraint>>,
    finders: HashMap<String, Registered<dyn DynFinder>>,
    /// Why types are not there, by their names.
    unsupported: HashMap<String, String>,
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
            } else if let Some(first) = self.plugin_of(&type_name) {
                let first = if first == at { plugin.name.clone() } else { self.plugins[first].clone() };
                self.errors.push(RegistryError::DuplicateType {
                    type_name,
                    first,
                    second: plugin.name.clone(),
                });
            } else {
                self.resources.insert(type_name, Registered { plugin: at, item });
            }
        }
        for item in plugin.composites {
            let type_name = item.schema().type_name.clone();
            match self.plugin_of(&type_name) {
                Some(first) => {
                    let first = if first == at { plugin.name.clone() } else { self.plugins[first].clone() };
                    let second = plugin.name.clone();
                    self.errors.push(RegistryError::DuplicateType { type_name, first, second });
                }
                None => {
                    self.composites.insert(type_name, Registered { plugin: at, item });
                }
            }
        }
        self.plugins.push(plugin.name);
        self.versions.push(plugin.version);
        for (name, item) in plugin.constraints {
            let made = plugin.connectors.contains_key(&item.connector());
            self.errors.extend(add(
                &mut self.constraints,
                &self.plugins,
                "custom constraint",
                name,
                item,
                made,
            ));
        }
        for (name, item) in plugin.finders {
            let made = plugin.connectors.contains_key(&item.connector());
            self.errors.extend(add(&mut self.finders, &self.plugins, "finder", name, item, made));
        }
        self.connectors.push(plugin.connectors);
        self.unsupported.extend(plugin.unsupported);
        self
    }

    fn plugin_of(&self, type_name: &str) -> Option<usize> {
        let resource = self.resources.get(type_name).map(|known| known.plugin);
        resource.or_else(|| self.composites.get(type_name).map(|known| known.plugin))
    }

    /// Whether the plugins go together.
    ///
    /// # Errors
    /// The first contradiction: a type that two plugins provide, a type without its connector.
    pub fn check(&self) -> Result<(), RegistryError> {
        self.errors.first().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// All plugins by their names, in the order of registration, each with its version where it tells one.
    pub fn plugins(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.plugins.iter().zip(&self.versions).map(|(name, version)| (name.as_str(), version.as_deref()))
    }

    /// The resource type with this name.
    pub fn resource(&self, type_name: &str) -> Option<&Arc<dyn DynResource>> {
        self.resources.get(type_name).map(|registered| &registered.item)
    }

    /// All resource types, in the order of registration.
    pub fn resources(&self) -> impl Iterator<Item = &Arc<dyn DynResource>> {
        self.resources.values().map(|registered| &registered.item)
    }

    /// The type with this name whose resources are nested stacks.
    pub fn composite(&self, type_name: &str) -> Option<&Arc<dyn CompositeType>> {
        self.composites.get(type_name).map(|registered| &registered.item)
    }

    /// All types whose resources are nested stacks, in the order of registration.
    pub fn composites(&self) -> impl Iterator<Item = &Arc<dyn CompositeType>> {
        self.composites.values().map(|registered| &registered.item)
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

/// Adds a constraint or a finder of the plugin that came last; gives what contradicts.
fn add<T: ?Sized>(
    registered: &mut HashMap<String, Registered<T>>,
    plugins: &[String],
    kind: &'static str,
    name: String,
    item: Arc<T>,
    connector: bool,
) -> Option<RegistryError> {
    let plugin = plugins.len().saturating_sub(1);
    let name_of = |at: usize| plugins.get(at).cloned().unwrap_or_default();
    if !connector {
        return Some(RegistryError::MissingConnector { plugin: name_of(plugin), type_name: name });
    }
    match registered.get(&name) {
        // Within a plugin a constraint may stand before the finder of the same name: it is the more exact one.
        Some(known) if known.plugin == plugin => None,
        Some(known) => {
            let (first, second) = (name_of(known.plugin), name_of(plugin));
            Some(RegistryError::DuplicateName { kind, name, first, second })
        }
        None => {
            registered.insert(name, Registered { plugin, item });
            None
        }
    }
}

impl ResourceTypes for Registry {
    fn resource_type(&self, name: &str) -> Option<Arc<ResourceSchema>> {
        let resource = self.resource(name).map(|resource| resource.schema());
        resource.or_else(|| self.composite(name).map(|composite| composite.schema()))
    }

    fn type_names(&self) -> Vec<String> {
        self.resources.keys().chain(self.composites.keys()).cloned().collect()
    }

    fn composite(&self, name: &str) -> Option<Arc<dyn CompositeType>> {
        Self::composite(self, name).map(Arc::clone)
    }

    fn why_unsupported(&self, name: &str) -> Option<String> {
        self.unsupported.get(name).cloned()
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("plugins", &self.plugins)
            .field("types", &self.resources.keys().chain(self.composites.keys()).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Created, Credentials, Observed, PhysicalId, Resource, Result};
    use serde_json::Value;

    struct Thing;

    impl Resource for Thing {
        const TYPE: &'static str = "Acme::Thing";
        type Connection = u8;
        type Properties = ();
        type Attributes = ();

        async fn create(&self, _: &Context<'_, Self>, (): &()) -> Result<Created> {
            Ok(Created::new("1"))
        }

        async fn read(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
            Ok(None)
        }

        async fn delete(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
            Ok(())
        }
    }

    fn connected(name: &str) -> Plugin {
        Plugin::new(name).connect(|_: Credentials| async { Ok(7_u8) })
    }

    async fn good(_: Arc<u8>, _: Value) -> Result<()> {
        Ok(())
    }

    async fn found(_: Arc<u8>, value: Value) -> Result<Value> {
        Ok(value)
    }

    fn problem(registry: &Registry) -> String {
        registry.check().unwrap_err().to_string()
    }

    #[test]
    fn two_plugins_with_the_same_type_are_an_error_that_names_both() {
        let registry =
            Registry::new().with(connected("one").resource(Thing)).with(connected("two").resource(Thing));
        let expected =
            "resource type Acme::Thing is provided by the plugins one and two; leave one of them out";
        assert_eq!(problem(&registry), expected);
        assert!(
            registry.resource("Acme::Thing").is_some(),
            "the first one stays, so that everything else can be told"
        );
    }

    #[test]
    fn a_type_twice_in_one_plugin_is_an_error() {
        let registry = Registry::new().with(connected("one").resource(Thing).resource(Thing));
        assert!(problem(&registry).contains("plugins one and one"), "{}", problem(&registry));
    }

    #[test]
    fn two_plugins_with_the_same_constraint_or_finder_are_an_error_that_names_both() {
        let registry = Registry::new()
            .with(connected("one").constraint("acme.zone", good))
            .with(connected("two").constraint("acme.zone", good));
        let expected =
            "custom constraint acme.zone is provided by the plugins one and two; leave one of them out";
        assert_eq!(problem(&registry), expected);
        let registry = Registry::new()
            .with(connected("one").finder("acme.zone", found))
            .with(connected("two").finder("acme.zone", found));
        assert!(problem(&registry).contains("one and two"), "{}", problem(&registry));
    }

    #[test]
    fn within_a_plugin_a_constraint_goes_before_the_finder_of_its_name() {
        let plugin = connected("one").constraint("acme.zone", good).finder("acme.zone", found);
        let registry = Registry::new().with(plugin);
        assert_eq!(registry.check(), Ok(()));
        assert!(registry.constraint("acme.zone").is_some() && registry.finder("acme.zone").is_some());
    }

    #[test]
    fn a_type_that_one_plugin_explains_away_another_may_provide() {
        let registry = Registry::new().with(Plugin::new("one").unsupported("Acme::Thing", "too heavy"));
        assert!(registry.resource_type("Acme::Thing").is_none());
        assert_eq!(registry.why_unsupported("Acme::Thing").as_deref(), Some("too heavy"));
        assert_eq!(registry.why_unsupported("Acme::Other"), None);
        let registry = registry.with(connected("two").resource(Thing));
        assert!(registry.resource_type("Acme::Thing").is_some() && registry.check().is_ok());
    }

    #[test]
    fn a_type_without_its_connector_is_an_error_that_says_what_to_do() {
        let registry = Registry::new().with(Plugin::new("one").resource(Thing));
        let expected =
            "plugin one registers Acme::Thing without the connector that it needs; call Plugin::connect";
        assert_eq!(problem(&registry), expected);
        let registry = Registry::new().with(Plugin::new("one").finder("acme.zone", found));
        assert!(problem(&registry).contains("acme.zone"), "{}", problem(&registry));
    }
}
