//! What every call knows, and the door through which it makes things durable.

use crate::identity::physical_name;
use crate::{
    Connection, Credentials, Failure, OperationKey, PhysicalId, Properties, Resource, ResourceIdentity,
    Result, SignalledResources, SoftwareConfiguration, SoftwareConfigurations, StackIdentity,
};
use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::sync::Arc;

/// Where a call makes things durable: each function returns when the engine's store has them.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Keeps private data of the resource, sealed.
    async fn save_private(&self, data: Value) -> Result<()>;

    /// Records the physical id before the operation is over, or that an update gave it another one.
    async fn record_id(&self, id: &PhysicalId) -> Result<()>;

    /// Records that an object beside the resource's own is about to be made, under this key.
    async fn owned_intent(&self, name: &str, key: &OperationKey) -> Result<()>;

    /// Records the id of such an object; `None` that it is gone.
    async fn owned_id(&self, name: &str, id: Option<&PhysicalId>) -> Result<()>;
}

/// An object that a resource made beside its own (a server's port).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OwnedObject {
    /// Key of the operation that makes it.
    pub key: OperationKey,
    /// Its id, once the service has answered.
    pub id: Option<PhysicalId>,
}

/// What a call knows, as plain data, beside the journal and the connection. The engine fills it.
#[derive(Clone)]
pub struct CallContext {
    /// The stack.
    pub stack: StackIdentity,
    /// The resource.
    pub resource: ResourceIdentity,
    /// Names the operation for ever.
    pub key: OperationKey,
    /// How often this operation was tried before.
    pub attempt: u32,
    /// The time of the call.
    pub now: jiff::Timestamp,
    /// The same for every attempt of the operation, different for every operation: where a plugin needs randomness.
    pub seed: [u8; 32],
    /// With whose rights.
    pub credentials: Credentials,
    /// The connection of the type.
    pub connection: Connection,
    /// The properties last applied to this incarnation.
    pub applied: Option<Map<String, Value>>,
    /// Its attributes as last recorded, those of the creation among them.
    pub attributes: Map<String, Value>,
    /// Private data of this incarnation.
    pub private: Option<Value>,
    /// Objects that this incarnation made beside its own.
    pub owned: BTreeMap<String, OwnedObject>,
    /// Ids that `find` leaves out: what was there before, and what the store knows as somebody else's.
    pub excluded: BTreeSet<PhysicalId>,
    /// Where things become durable.
    pub journal: Arc<dyn Journal>,
    /// The software configurations of the project.
    pub configurations: Arc<dyn SoftwareConfigurations>,
    /// The resources of the stack that take signals.
    pub signalled: Arc<dyn SignalledResources>,
}

impl std::fmt::Debug for CallContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallContext")
            .field("stack", &self.stack.name)
            .field("resource", &self.resource.name)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// What a call of a [`Resource`] knows.
#[derive(Debug)]
pub struct Context<'a, R: ?Sized> {
    call: &'a CallContext,
    resource: PhantomData<fn(&R)>,
}

impl<R: ?Sized> Clone for Context<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: ?Sized> Copy for Context<'_, R> {}

impl<'a, R: Resource> Context<'a, R> {
    /// The typed view of a call.
    pub fn new(call: &'a CallContext) -> Self {
        Self { call, resource: PhantomData }
    }

    /// The plain data behind it.
    pub fn call(&self) -> &'a CallContext {
        self.call
    }

    /// The connection of the type.
    ///
    /// # Errors
    /// The plugin registered the type beside another connector than its own.
    pub fn connection(&self) -> Result<&'a R::Connection> {
        self.call.connection.get()
    }

    /// The stack.
    pub fn stack(&self) -> &'a StackIdentity {
        &self.call.stack
    }

    /// Name of the resource in the template.
    pub fn name(&self) -> &'a str {
        &self.call.resource.name
    }

    /// UUID of this incarnation: a physical id for what is nothing but its record.
    pub fn incarnation_id(&self) -> &'a str {
        &self.call.resource.id
    }

    /// The software configuration with this id. `None` if the project has none; a property that may be either takes the text
    /// for what it is then, as Heat does.
    ///
    /// # Errors
    /// The store gives no answer.
    pub async fn software_configuration(&self, id: &str) -> Result<Option<Value>> {
        self.call.configurations.software_configuration(id).await
    }

    /// As [`software_configuration`](Self::software_configuration), with all that belongs to it.
    ///
    /// # Errors
    /// The store gives no answer.
    pub async fn whole_configuration(&self, id: &str) -> Result<Option<SoftwareConfiguration>> {
        self.call.configurations.whole_configuration(id).await
    }

    /// The resources of the same stack that take signals.
    pub fn signalled(&self) -> &'a dyn SignalledResources {
        &*self.call.signalled
    }

    /// Names the operation for ever: give it to services that know idempotency keys.
    pub fn key(&self) -> &'a OperationKey {
        &self.call.key
    }

    /// The time of the call.
    pub fn now(&self) -> jiff::Timestamp {
        self.call.now
    }

    /// 32 random bytes that are the same for every attempt of this operation.
    pub fn seed(&self) -> &'a [u8; 32] {
        &self.call.seed
    }

    /// The name that Heat gives to an object without one, at most `limit` characters long.
    pub fn physical_name(&self, limit: usize) -> String {
        physical_name(&self.call.stack, &self.call.resource, limit)
    }

    /// The properties last applied to this incarnation.
    ///
    /// # Errors
    /// What is stored does not fit the properties any more (the plugin is another version).
    pub fn applied(&self) -> Result<Option<R::Properties>> {
        self.call.applied.as_ref().map(R::Properties::decode).transpose()
    }

    /// An attribute as last recorded: what `create` gave with [`Created::attribute`](crate::Created::attribute), or what
    /// was last observed.
    pub fn recorded_attribute(&self, name: &str) -> Option<&'a Value> {
        self.call.attributes.get(name)
    }

    /// Private data that was saved for this incarnation.
    ///
    /// # Errors
    /// What is stored does not fit `T`.
    pub fn private<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        let Some(data) = &self.call.private else { return Ok(None) };
        T::deserialize(plain_data(data).unwrap_or(data)).map(Some).map_err(|error| {
            Failure::failed(format!("private data of {} cannot be read: {error}", self.name()))
        })
    }

    /// Makes private data durable before it returns. It is sealed at rest.
    ///
    /// # Errors
    /// The store does not take it.
    pub async fn save<T: Serialize + Sync>(&self, data: &T) -> Result<()> {
        let data = serde_json::to_value(data)
            .map_err(|error| Failure::failed(format!("private data cannot be written as JSON: {error}")))?;
        self.call.journal.save_private(data).await
    }

    /// As [`save`](Self::save), for data of which none is a secret: it is sealed at rest all the same, but an engine does not
    /// mask its texts where somebody tells them.
    ///
    /// # Errors
    /// The store does not take it.
    pub async fn save_plain<T: Serialize + Sync>(&self, data: &T) -> Result<()> {
        let data = serde_json::to_value(data)
            .map_err(|error| Failure::failed(format!("private data cannot be written as JSON: {error}")))?;
        self.call.journal.save_private(as_plain_data(data)).await
    }

    /// Makes a physical id durable before the operation is over: a create of several requests calls it after the first
    /// one, an update whose object got another id calls it at once.
    ///
    /// # Errors
    /// The store does not take it.
    pub async fn record_id(&self, id: &PhysicalId) -> Result<()> {
        self.call.journal.record_id(id).await
    }

    /// Whether `find` must leave this id out: it was there before, or belongs to another resource.
    pub fn is_excluded(&self, id: &PhysicalId) -> bool {
        self.call.excluded.contains(id)
    }

    /// An object beside the resource's own, by a name that stays the same (`port-0`).
    pub fn owned(&self, name: impl Into<String>) -> Owned<'a> {
        let name = name.into();
        let known = self.call.owned.get(&name).cloned();
        let key = known.as_ref().map_or_else(|| self.call.key.owned(&name), |object| object.key.clone());
        Owned { call: self.call, name, key, id: known.and_then(|object| object.id) }
    }

    /// The names of all objects beside the resource's own.
    pub fn owned_names(&self) -> impl Iterator<Item = &'a str> {
        self.call.owned.keys().map(String::as_str)
    }
}

/// An object beside the resource's own: its intent is durable before it is made, its id before anything else happens.
#[derive(Debug)]
pub struct Owned<'a> {
    call: &'a CallContext,
    name: String,
    key: OperationKey,
    id: Option<PhysicalId>,
}

impl Owned<'_> {
    /// Its id, if it was made already.
    pub fn id(&self) -> Option<&PhysicalId> {
        self.id.as_ref()
    }

    /// Whether its creation was begun in an earlier attempt without a recorded answer: look for it first.
    pub fn is_uncertain(&self) -> bool {
        self.id.is_none() && self.call.owned.contains_key(&self.name)
    }

    /// Names its creation for ever.
    pub fn key(&self) -> &OperationKey {
        &self.key
    }

    /// Call it before the request that makes the object.
    ///
    /// # Errors
    /// The store does not take it.
    pub async fn begin(&self) -> Result<()> {
        self.call.journal.owned_intent(&self.name, &self.key).await
    }

    /// Call it as soon as the id is known.
    ///
    /// # Errors
    /// The store does not take it.
    pub async fn made(&mut self, id: PhysicalId) -> Result<()> {
        self.call.journal.owned_id(&self.name, Some(&id)).await?;
        self.id = Some(id);
        Ok(())
    }

    /// Call it when the object is gone.
    ///
    /// # Errors
    /// The store does not take it.
    pub async fn gone(&mut self) -> Result<()> {
        self.call.journal.owned_id(&self.name, None).await?;
        self.id = None;
        Ok(())
    }
}

/// The key under which private data lies of which none is a secret.
const PLAIN: &str = "[plain]";

/// Private data of a resource that holds no secret, where it is such data ([`Context::save_plain`]).
pub fn plain_data(private: &Value) -> Option<&Value> {
    let map = private.as_object().filter(|map| map.len() == 1)?;
    map.get(PLAIN)
}

/// Private data of a resource that holds no secret, as it is kept.
pub fn as_plain_data(data: Value) -> Value {
    Value::Object(Map::from_iter([(PLAIN.to_owned(), data)]))
}
