//! Connections to services: made once per provider and credentials, shared by all resources.

use crate::{Failure, Result, Secret};
use async_trait::async_trait;
use serde_json::Value;
use std::any::{Any, TypeId};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::sync::Arc;

/// With whose rights a stack is deployed.
///
/// Either a name that the engine's embedder resolves when it is needed (a cloud of `clouds.yaml`), so that nothing
/// secret is stored, or the content itself, which the store seals.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Credentials {
    name: Option<String>,
    content: Option<Secret<Value>>,
}

impl Credentials {
    /// No credentials: for types that need none.
    pub fn none() -> Self {
        Self::default()
    }

    /// Credentials that the embedder knows under a name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), content: None }
    }

    /// The content itself, in the shape that the provider's plugin documents.
    pub fn content(content: Value) -> Self {
        Self { name: None, content: Some(Secret::new(content)) }
    }

    /// Adds the content to a name.
    #[must_use]
    pub fn with_content(mut self, content: Value) -> Self {
        self.content = Some(Secret::new(content));
        self
    }

    /// The name, if there is one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The content, if it is known.
    pub fn value(&self) -> Option<&Value> {
        self.content.as_ref().map(Secret::expose)
    }
}

/// How many calls a connection bears. A call is one of a plugin's functions (`create`, `read`, …); it may send several
/// requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Calls at the same time.
    pub concurrency: usize,
    /// Calls that begin within a second; `None` for no limit.
    pub calls_per_second: Option<NonZeroU32>,
}

/// 64 calls at the same time, at any rate.
impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { concurrency: 64, calls_per_second: None }
    }
}

/// Makes connections of one type.
///
/// A plain `async fn(Credentials) -> Result<C>` is one; implement it by hand to set limits.
pub trait Connector<C>: Send + Sync + 'static {
    /// Makes a connection. Called once for the same credentials, as long as the connection is in use.
    fn connect(&self, credentials: Credentials) -> impl Future<Output = Result<C>> + Send;

    /// How many calls such a connection bears.
    fn limits(&self) -> ConnectionLimits {
        ConnectionLimits::default()
    }
}

impl<C, F, Fut> Connector<C> for F
where
    F: Fn(Credentials) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<C>> + Send,
{
    fn connect(&self, credentials: Credentials) -> impl Future<Output = Result<C>> + Send {
        self(credentials)
    }
}

/// A connection as the engine holds it: opaque, shared.
#[derive(Clone)]
pub struct Connection(Arc<dyn Any + Send + Sync>);

impl Connection {
    /// Wraps a plugin's own connection.
    pub fn new<C: Send + Sync + 'static>(connection: C) -> Self {
        Self(Arc::new(connection))
    }

    /// The plugin's own connection.
    ///
    /// # Errors
    /// The connection is of another type: the resource was registered beside another connector than its own.
    pub fn get<C: Send + Sync + 'static>(&self) -> Result<&C> {
        self.0.downcast_ref().ok_or_else(wrong_type::<C>)
    }

    /// The plugin's own connection, shared.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn shared<C: Send + Sync + 'static>(&self) -> Result<Arc<C>> {
        Arc::clone(&self.0).downcast().map_err(|_| wrong_type::<C>())
    }
}

fn wrong_type<C>() -> Failure {
    Failure::unsupported(format!(
        "the resource wants a connection of type {}, its plugin made another one",
        std::any::type_name::<C>()
    ))
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection(..)")
    }
}

/// A [`Connector`] as the engine holds it.
#[async_trait]
pub trait DynConnector: Send + Sync {
    /// Makes a connection.
    async fn connect(&self, credentials: Credentials) -> Result<Connection>;

    /// How many calls such a connection bears.
    fn limits(&self) -> ConnectionLimits;
}

/// Names the connector of a type: the engine keeps one connection for each and for each credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectorId(TypeId);

impl ConnectorId {
    /// The connector that makes connections of type `C`.
    pub fn of<C: 'static>() -> Self {
        Self(TypeId::of::<C>())
    }
}

pub(crate) struct Erased<C, F>(pub(crate) F, pub(crate) PhantomData<fn() -> C>);

#[async_trait]
impl<C: Send + Sync + 'static, F: Connector<C>> DynConnector for Erased<C, F> {
    async fn connect(&self, credentials: Credentials) -> Result<Connection> {
        self.0.connect(credentials).await.map(Connection::new)
    }

    fn limits(&self) -> ConnectionLimits {
        self.0.limits()
    }
}
