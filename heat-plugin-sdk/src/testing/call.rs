//! The context of a single call, with a journal in memory.

use crate::{
    CallContext, Connection, Context, Credentials, Journal, OperationKey, OwnedObject, PhysicalId, Resource,
    ResourceIdentity, Result, StackIdentity,
};
use async_trait::async_trait;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// What a plugin made durable during its calls.
#[derive(Clone, Default, PartialEq)]
pub struct Journaled {
    /// Private data.
    pub private: Option<Value>,
    /// The physical id that was recorded last.
    pub id: Option<PhysicalId>,
    /// Objects beside the resource's own.
    pub owned: BTreeMap<String, OwnedObject>,
}

/// Private data may be secret, so it is not printed.
impl fmt::Debug for Journaled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journaled").field("id", &self.id).field("owned", &self.owned).finish_non_exhaustive()
    }
}

/// A [`Journal`] that keeps everything in memory.
#[derive(Debug, Default)]
pub struct MemoryJournal(Mutex<Journaled>);

impl MemoryJournal {
    /// What was made durable so far.
    pub fn contents(&self) -> Journaled {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Journaled)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn save_private(&self, data: Value) -> Result<()> {
        self.change(|journaled| journaled.private = Some(data));
        Ok(())
    }

    async fn record_id(&self, id: &PhysicalId) -> Result<()> {
        self.change(|journaled| journaled.id = Some(id.clone()));
        Ok(())
    }

    async fn owned_intent(&self, name: &str, key: &OperationKey) -> Result<()> {
        self.change(|journaled| {
            journaled.owned.insert(name.to_owned(), OwnedObject { key: key.clone(), id: None });
        });
        Ok(())
    }

    async fn owned_id(&self, name: &str, id: Option<&PhysicalId>) -> Result<()> {
        self.change(|journaled| match id {
            Some(id) => {
                if let Some(object) = journaled.owned.get_mut(name) {
                    object.id = Some(id.clone());
                }
            }
            None => {
                journaled.owned.remove(name);
            }
        });
        Ok(())
    }
}

/// The context of one call, for unit tests of a resource type's functions.
///
/// ```
/// # use heat_plugin_sdk::{Context, Created, Observed, PhysicalId, Resource, Result};
/// # struct Counter;
/// # impl Resource for Counter {
/// #     const TYPE: &'static str = "Acme::Counter";
/// #     type Connection = ();
/// #     type Properties = ();
/// #     type Attributes = ();
/// #     async fn create(&self, cx: &Context<'_, Self>, (): &()) -> Result<Created> {
/// #         cx.save(&7).await?;
/// #         Ok(Created::new(cx.physical_name(64)))
/// #     }
/// #     async fn read(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> { Ok(None) }
/// #     async fn delete(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<()> { Ok(()) }
/// # }
/// use heat_plugin_sdk::testing::Call;
///
/// # futures_executor(async {
/// let call = Call::new("hits");
/// let created = Counter.create(&call.context(), &()).await?;
/// assert_eq!(created.id.as_str(), "stack-hits-aaaaaaaaaaaa");
/// assert_eq!(call.journal().contents().private, Some(7.into()));
///
/// // The next call after a crash knows what was made durable.
/// let next = call.again();
/// assert_eq!(next.context::<Counter>().private::<u8>()?, Some(7));
/// # Ok::<_, heat_plugin_sdk::Failure>(())
/// # }).unwrap();
/// # fn futures_executor<T>(future: impl Future<Output = T>) -> T {
/// #     let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// #     match std::pin::pin!(future).poll(&mut cx) { std::task::Poll::Ready(t) => t, _ => unreachable!() }
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Call {
    context: CallContext,
    journal: Arc<MemoryJournal>,
}

impl Call {
    /// A first call for a resource of this name in a stack called `stack`, without connection and credentials.
    pub fn new(resource_name: impl Into<String>) -> Self {
        let journal = Arc::new(MemoryJournal::default());
        let stack = StackIdentity {
            id: "00000000-0000-4000-8000-000000000000".to_owned(),
            name: "stack".to_owned(),
            project: "project".to_owned(),
        };
        let resource = ResourceIdentity {
            name: resource_name.into(),
            id: "00000000-0000-4000-8000-000000000001".to_owned(),
            short_id: "a".repeat(12),
        };
        let context = CallContext {
            stack,
            resource,
            key: OperationKey::new("0".repeat(32)),
            attempt: 0,
            now: jiff::Timestamp::UNIX_EPOCH,
            seed: [0; 32],
            credentials: Credentials::none(),
            connection: Connection::new(()),
            applied: None,
            private: None,
            attributes: Map::new(),
            owned: BTreeMap::new(),
            excluded: BTreeSet::new(),
            journal: Arc::clone(&journal) as Arc<dyn Journal>,
            configurations: Arc::new(BTreeMap::new()),
            signalled: Arc::new(BTreeMap::new()),
        };
        Self { context, journal }
    }

    /// Sets the connection, of the type that the resource type wants.
    #[must_use]
    pub fn connection<C: Send + Sync + 'static>(mut self, connection: C) -> Self {
        self.context.connection = Connection::new(connection);
        self
    }

    /// Sets the software configurations of the project, by id.
    #[must_use]
    pub fn configurations(mut self, configurations: BTreeMap<String, Value>) -> Self {
        self.context.configurations = Arc::new(configurations);
        self
    }

    /// Sets a connection that is shared with other calls.
    #[must_use]
    pub fn shared_connection(mut self, connection: Connection) -> Self {
        self.context.connection = connection;
        self
    }

    /// Sets with whose rights the call is made.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.context.credentials = credentials;
        self
    }

    /// Sets the stack.
    #[must_use]
    pub fn stack(mut self, stack: StackIdentity) -> Self {
        self.context.stack = stack;
        self
    }

    /// Sets the short id of the incarnation, which stands in physical names.
    #[must_use]
    pub fn short_id(mut self, short_id: impl Into<String>) -> Self {
        self.context.resource.short_id = short_id.into();
        self
    }

    /// Sets the key of the operation, and with it the random seed.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        let key = OperationKey::new(key);
        for (byte, digit) in self.context.seed.iter_mut().zip(key.as_str().bytes()) {
            *byte = digit;
        }
        self.context.key = key;
        self
    }

    /// Sets how often the operation was tried before.
    #[must_use]
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.context.attempt = attempt;
        self
    }

    /// Sets the time of the call.
    #[must_use]
    pub fn now(mut self, now: jiff::Timestamp) -> Self {
        self.context.now = now;
        self
    }

    /// Sets the properties last applied.
    #[must_use]
    pub fn applied(mut self, properties: Map<String, Value>) -> Self {
        self.context.applied = Some(properties);
        self
    }

    /// Sets the private data that an earlier call saved.
    #[must_use]
    pub fn private(mut self, data: Value) -> Self {
        self.journal.change(|journaled| journaled.private = Some(data.clone()));
        self.context.private = Some(data);
        self
    }

    /// Sets an attribute that is recorded.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.context.attributes.insert(name.into(), value.into());
        self
    }

    /// Adds an id that `find` must leave out.
    #[must_use]
    pub fn excluding(mut self, id: impl Into<PhysicalId>) -> Self {
        self.context.excluded.insert(id.into());
        self
    }

    /// The next call of the same operation, as after a crash: it knows what was made durable, and nothing else.
    #[must_use]
    pub fn again(&self) -> Self {
        let mut next = self.clone();
        next.context.attempt += 1;
        let contents = self.journal.contents();
        next.context.private = contents.private;
        next.context.owned = contents.owned;
        next
    }

    /// The context that a typed resource's functions take.
    pub fn context<R: Resource>(&self) -> Context<'_, R> {
        Context::new(&self.context)
    }

    /// The context that the object-safe twin's functions take.
    pub fn data(&self) -> &CallContext {
        &self.context
    }

    /// What the calls make durable.
    pub fn journal(&self) -> &MemoryJournal {
        &self.journal
    }
}
