//! Signals: what somebody outside tells a resource, and what becomes of the resource by it.

use crate::Result;
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Whether the resources of a type take signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signals {
    /// No: whoever sends one is told so.
    #[default]
    Refused,
    /// Yes, unless the resource is suspended or being deleted.
    Taken,
    /// Yes, whatever is being done to it.
    AlwaysTaken,
}

/// A signal, and what is known of the resource that gets it. Details and metadata may be secret, so neither is printed.
#[derive(Clone, Copy)]
pub struct Signal<'a> {
    /// What was sent; `None` where nothing was.
    pub details: Option<&'a Value>,
    /// Name of the resource.
    pub resource: &'a str,
    /// Id of the incarnation.
    pub incarnation: &'a str,
    /// Its physical id.
    pub physical_id: Option<&'a str>,
    /// Its metadata as recorded; null where it has none.
    pub metadata: &'a Value,
    /// Its private data; what was saved as plain data is that data itself.
    pub private: Option<&'a Value>,
    /// Its attributes as recorded.
    pub attributes: &'a Map<String, Value>,
    /// When it came.
    pub now: Timestamp,
}

impl Signal<'_> {
    /// The details as a map; `None` where they are none.
    pub fn map(&self) -> Option<&Map<String, Value>> {
        self.details.and_then(Value::as_object)
    }
}

impl fmt::Debug for Signal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal").field("resource", &self.resource).finish_non_exhaustive()
    }
}

/// What a signal leads to. Pure data: the engine makes it durable in one transaction with the event of the signal, and then
/// wakes whoever waits for it ([`Progress::Await`](crate::Progress::Await)).
#[derive(Clone, PartialEq, Default)]
pub struct SignalAnswer {
    /// The metadata from now on, if they change.
    pub metadata: Option<Value>,
    /// The private data from now on, if they change; plain data stay plain.
    pub private: Option<Value>,
    /// Attributes that change.
    pub attributes: Map<String, Value>,
    /// What the event says: `Signal: <this>`. Without it the event tells what the details say of an alarm, as in Heat.
    pub reason: Option<String>,
    /// The size of a group changes.
    pub adjust: Option<Adjustment>,
    /// Nothing is to be done: not even an event tells of the signal.
    pub ignored: bool,
}

impl SignalAnswer {
    /// Nothing is to be done: not even an event tells of the signal.
    pub fn ignored() -> Self {
        Self { ignored: true, ..Self::default() }
    }

    /// These are the metadata from now on.
    pub fn metadata(metadata: impl Into<Value>) -> Self {
        Self { metadata: Some(metadata.into()), ..Self::default() }
    }

    /// What the event says.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

impl fmt::Debug for SignalAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalAnswer")
            .field("reason", &self.reason)
            .field("adjust", &self.adjust)
            .field("ignored", &self.ignored)
            .finish_non_exhaustive()
    }
}

/// How the size of a group is to be changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Adjustment {
    /// The reference id of the group, a resource of the same stack.
    pub group: String,
    /// By how much, or to how many.
    pub by: f64,
    /// What that number means, in the words of the group's type (`change_in_capacity`).
    pub kind: String,
    /// The least change, where it is a percentage.
    pub min_step: Option<u64>,
    /// Seconds for which further changes are refused; the group's own where nothing is said.
    pub cooldown: Option<f64>,
}

/// A resource that takes signals, as others of its stack see it. Its values may be secret, so they are not printed.
#[derive(Clone, PartialEq)]
pub struct SignalledResource {
    /// Its name.
    pub name: String,
    /// Its type.
    pub type_name: String,
    /// The properties last applied.
    pub properties: Map<String, Value>,
    /// Its metadata; null where it has none.
    pub metadata: Value,
}

impl fmt::Debug for SignalledResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalledResource")
            .field("name", &self.name)
            .field("type_name", &self.type_name)
            .finish_non_exhaustive()
    }
}

/// The resources of the same stack that take signals, by the ids of their incarnations
/// ([`Context::incarnation_id`](crate::Context::incarnation_id)).
#[async_trait]
pub trait SignalledResources: Send + Sync {
    /// One of them as it is now, with every signal that came so far. `None` if the stack has none with this id.
    ///
    /// # Errors
    /// The store gives no answer.
    async fn signalled(&self, id: &str) -> Result<Option<SignalledResource>>;

    /// Signals one of them.
    ///
    /// # Errors
    /// There is none, it does not take the signal, or the store gives no answer.
    async fn signal(&self, id: &str, details: Value) -> Result<()>;

    /// Puts metadata in the place of what signals left. Nothing happens where it is gone.
    ///
    /// # Errors
    /// The store gives no answer.
    async fn set_metadata(&self, id: &str, metadata: Value) -> Result<()>;
}

/// Those that are given, by id: for tests, and where there are none.
#[async_trait]
impl SignalledResources for BTreeMap<String, SignalledResource> {
    async fn signalled(&self, id: &str) -> Result<Option<SignalledResource>> {
        Ok(self.get(id).cloned())
    }

    async fn signal(&self, id: &str, _: Value) -> Result<()> {
        Err(crate::Failure::not_found(format!("nobody takes signals as {id} here")))
    }

    async fn set_metadata(&self, _: &str, _: Value) -> Result<()> {
        Ok(())
    }
}
