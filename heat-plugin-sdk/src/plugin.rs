//! A plugin: resource types, connectors, constraints and finders under one name.

use crate::connection::{Connector, ConnectorId, DynConnector, Erased};
use crate::dynamic::{DynResource, erase};
use crate::{Composite, Connection, Resource, Result, erase_composite};
use async_trait::async_trait;
use heat_template::composite::CompositeType;
use serde_json::Value;
use std::collections::HashMap;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

/// A check by name that asks a service: `neutron.network`, `acme.zone`.
#[async_trait]
pub trait DynConstraint: Send + Sync {
    /// Which connector makes its connections.
    fn connector(&self) -> ConnectorId;

    /// Checks a value.
    ///
    /// # Errors
    /// Class `Invalid` or `NotFound`: the value is not good. Other classes: it could not be checked.
    async fn check(&self, connection: &Connection, value: &Value) -> Result<()>;
}

/// Finds the id for a name or an id: `neutron.network`. Every finder is a constraint of the same name too.
#[async_trait]
pub trait DynFinder: Send + Sync {
    /// Which connector makes its connections.
    fn connector(&self) -> ConnectorId;

    /// The id for a value.
    ///
    /// # Errors
    /// Class `NotFound`: there is none; `Conflict`: several have that name.
    async fn find(&self, connection: &Connection, value: &Value) -> Result<Value>;
}

/// The name under which a registry has what [`Plugin::availability_zones`] added: a finder that gives the list of the names,
/// whatever it is asked with.
pub const AVAILABILITY_ZONES: &str = "nova.availability_zones";

/// What a plugin crate exports.
pub struct Plugin {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) resources: Vec<Arc<dyn DynResource>>,
    pub(crate) composites: Vec<Arc<dyn CompositeType>>,
    pub(crate) connectors: HashMap<ConnectorId, Arc<dyn DynConnector>>,
    pub(crate) constraints: Vec<(String, Arc<dyn DynConstraint>)>,
    pub(crate) finders: Vec<(String, Arc<dyn DynFinder>)>,
    pub(crate) unsupported: Vec<(String, String)>,
}

impl Plugin {
    /// A plugin without anything, under a name for people.
    pub fn new(name: impl Into<String>) -> Self {
        let mut connectors: HashMap<_, Arc<dyn DynConnector>> = HashMap::new();
        // Types that need no connection have `()`, which every plugin can make.
        connectors
            .insert(ConnectorId::of::<()>(), Arc::new(Erased(|_| async { Ok(()) }, PhantomData::<fn()>)));
        Self {
            name: name.into(),
            version: None,
            resources: Vec::new(),
            composites: Vec::new(),
            connectors,
            constraints: Vec::new(),
            finders: Vec::new(),
            unsupported: Vec::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Says which version it is, such as `env!("CARGO_PKG_VERSION")`: a plan that was made with another one is not applied.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Sets how connections of type `C` are made.
    #[must_use]
    pub fn connect<C: Send + Sync + 'static>(mut self, connector: impl Connector<C>) -> Self {
        self.connectors.insert(ConnectorId::of::<C>(), Arc::new(Erased(connector, PhantomData)));
        self
    }

    /// Adds a resource type.
    #[must_use]
    pub fn resource<R: Resource>(self, resource: R) -> Self {
        self.dynamic_resource(erase(resource))
    }

    /// Adds a resource type that is made at run time.
    #[must_use]
    pub fn dynamic_resource(mut self, resource: Arc<dyn DynResource>) -> Self {
        self.resources.push(resource);
        self
    }

    /// Adds a type whose resources are nested stacks.
    #[must_use]
    pub fn composite<C: Composite>(self, composite: C) -> Self {
        self.dynamic_composite(erase_composite(composite))
    }

    /// Adds such a type that is made at run time.
    #[must_use]
    pub fn dynamic_composite(mut self, composite: Arc<dyn CompositeType>) -> Self {
        self.composites.push(composite);
        self
    }

    /// Says why a resource type that people would expect here is not provided, so that they are told more than that it is
    /// unknown. Another plugin may provide it all the same.
    #[must_use]
    pub fn unsupported(mut self, type_name: impl Into<String>, reason: impl Into<String>) -> Self {
        self.unsupported.push((type_name.into(), reason.into()));
        self
    }

    /// Adds a custom constraint.
    #[must_use]
    pub fn constraint<C, F, Fut>(mut self, name: impl Into<String>, check: F) -> Self
    where
        C: Send + Sync + 'static,
        F: Fn(Arc<C>, Value) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send,
    {
        self.constraints.push((name.into(), Arc::new(Asynchronous(check, PhantomData::<fn(C)>))));
        self
    }

    /// Adds a finder, and a custom constraint of the same name that is met where the finder finds.
    #[must_use]
    pub fn finder<C, F, Fut>(mut self, name: impl Into<String>, find: F) -> Self
    where
        C: Send + Sync + 'static,
        F: Fn(Arc<C>, Value) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Value>> + Send,
    {
        let (name, finder) = (name.into(), Arc::new(Asynchronous(find, PhantomData::<fn(C)>)));
        self.constraints
            .push((name.clone(), Arc::new(FinderAsConstraint(Arc::clone(&finder) as Arc<dyn DynFinder>))));
        self.finders.push((name, finder));
        self
    }

    /// Says which availability zones there are, by name: what the template function `Fn::GetAZs` gives.
    #[must_use]
    pub fn availability_zones<C, F, Fut>(mut self, list: F) -> Self
    where
        C: Send + Sync + 'static,
        F: Fn(Arc<C>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<String>>> + Send,
    {
        let find = move |connection: Arc<C>, _: Value| {
            let zones = list(connection);
            async move { Ok(Value::from(zones.await?)) }
        };
        self.finders
            .push((AVAILABILITY_ZONES.to_owned(), Arc::new(Asynchronous(find, PhantomData::<fn(C)>))));
        self
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin").field("name", &self.name).finish_non_exhaustive()
    }
}

struct Asynchronous<C, F>(F, PhantomData<fn(C)>);

#[async_trait]
impl<C, F, Fut> DynConstraint for Asynchronous<C, F>
where
    C: Send + Sync + 'static,
    F: Fn(Arc<C>, Value) -> Fut + Send + Sync,
    Fut: Future<Output = Result<()>> + Send,
{
    fn connector(&self) -> ConnectorId {
        ConnectorId::of::<C>()
    }

    async fn check(&self, connection: &Connection, value: &Value) -> Result<()> {
        (self.0)(connection.shared()?, value.clone()).await
    }
}

#[async_trait]
impl<C, F, Fut> DynFinder for Asynchronous<C, F>
where
    C: Send + Sync + 'static,
    F: Fn(Arc<C>, Value) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Value>> + Send,
{
    fn connector(&self) -> ConnectorId {
        ConnectorId::of::<C>()
    }

    async fn find(&self, connection: &Connection, value: &Value) -> Result<Value> {
        (self.0)(connection.shared()?, value.clone()).await
    }
}

struct FinderAsConstraint(Arc<dyn DynFinder>);

#[async_trait]
impl DynConstraint for FinderAsConstraint {
    fn connector(&self) -> ConnectorId {
        self.0.connector()
    }

    async fn check(&self, connection: &Connection, value: &Value) -> Result<()> {
        self.0.find(connection, value).await.map(drop)
    }
}
