//! The trait that a resource type implements.

use crate::{
    Attributes, Change, Context, Created, Failure, FindBasis, Finding, Observed, Operation, PhysicalId,
    Progress, Properties, ReplaceOrder, Restored, Result, SavedData, Siblings, Signal, SignalAnswer, Signals,
    State,
};
use heat_template::schema::ResourceSchema;
use serde_json::{Map, Value};
use std::future::Future;
use std::time::Duration;

/// A resource type: typed properties and attributes, and what to do with the real thing.
///
/// **`read` is the heart.** The other functions only ask for something to happen; `read` tells whether the thing exists,
/// how far it is and what it looks like. From it the engine gets waiting (plugins have no loops and never sleep),
/// checks, drift detection, attributes, adoption, import, and the truth after a crash.
///
/// Every function may be called again with the same [`key`](Context::key) after a crash or a lost answer; before a
/// repeated create the engine asks [`find`](Self::find). Write `async fn` in the implementation; the futures must be
/// `Send`.
pub trait Resource: Send + Sync + Sized + 'static {
    /// Name of the type, such as `Acme::DNS::Record`.
    const TYPE: &'static str;

    /// What the functions talk through; `()` where nothing is needed.
    type Connection: Send + Sync + 'static;

    /// The properties.
    type Properties: Properties;

    /// The attributes.
    type Attributes: Attributes;

    /// What a template can see of the type. Made from the properties and attributes; override it to add a description, a
    /// support status, an update policy, or a schema that is data.
    fn schema(&self) -> ResourceSchema {
        ResourceSchema {
            type_name: Self::TYPE.to_owned(),
            description: Self::Properties::description().to_owned(),
            support: Self::Properties::support(),
            properties: Self::Properties::fields(),
            attributes: Self::Attributes::fields(),
            translations: Self::Properties::translations(),
            ..ResourceSchema::default()
        }
    }

    /// Asks the service to make the thing, and gives its id at once: the engine waits by reading it.
    ///
    /// # Errors
    /// In classes; `Unanswered` where the request was sent and no answer came.
    fn create(
        &self,
        cx: &Context<'_, Self>,
        properties: &Self::Properties,
    ) -> impl Future<Output = Result<Created>> + Send;

    /// Looks at the thing; `None` if it does not exist.
    ///
    /// # Errors
    /// Only where nothing can be said about it; a broken thing is an observation with [`State::Failed`].
    fn read(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
    ) -> impl Future<Output = Result<Option<Observed<Self>>>> + Send;

    /// Asks the service to change the thing in place. Called only with properties whose schema allows it.
    ///
    /// # Errors
    /// In classes.
    fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<Self::Properties>,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = (cx, id, change);
        async { Err(Failure::unsupported(format!("{} cannot be updated in place", Self::TYPE))) }
    }

    /// Asks the service to remove the thing. [`NotFound`](crate::FailureClass::NotFound) counts as done.
    ///
    /// # Errors
    /// In classes.
    fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> impl Future<Output = Result<()>> + Send;

    /// Asks the service to put the thing to rest, keeping it. Safe to call twice. The engine then waits for
    /// [`progress`](Self::progress) of [`Operation::Suspend`], which has to say when it rests.
    ///
    /// # Errors
    /// In classes. The default is [`Unsupported`](crate::FailureClass::Unsupported): as in Heat nothing is done then, and
    /// the resource counts as suspended.
    fn suspend(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> impl Future<Output = Result<()>> + Send {
        let _ = (cx, id);
        async { Err(Failure::unsupported(format!("{} cannot be suspended", Self::TYPE))) }
    }

    /// Asks the service to wake the thing that was put to rest. Safe to call twice.
    ///
    /// # Errors
    /// As [`suspend`](Self::suspend).
    fn resume(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> impl Future<Output = Result<()>> + Send {
        let _ = (cx, id);
        async { Err(Failure::unsupported(format!("{} cannot be resumed", Self::TYPE))) }
    }

    /// Asks the service to save the data of the thing, which stays, and gives at once what leads back to what is saved: the
    /// engine waits by [`snapshot_progress`](Self::snapshot_progress). Called again under the same
    /// [`key`](Context::key) after a crash or a lost answer: look then for what was saved under it before. A type that
    /// saves data says so in its schema, too (`snapshot_policy`), which makes the deletion policy `Snapshot` possible.
    ///
    /// # Errors
    /// In classes. The default is [`Unsupported`](crate::FailureClass::Unsupported): as in Heat nothing is saved then, and
    /// that counts as done.
    fn snapshot(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
    ) -> impl Future<Output = Result<SavedData>> + Send {
        let _ = (cx, id);
        async { Err(Failure::unsupported(format!("{} has no data that can be saved", Self::TYPE))) }
    }

    /// How far saving is.
    ///
    /// # Errors
    /// In classes. The default is done.
    fn snapshot_progress(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        saved: &SavedData,
    ) -> impl Future<Output = Result<Progress>> + Send {
        let _ = (cx, id, saved);
        async { Ok(Progress::Done) }
    }

    /// Removes what was saved. Called until it is gone, so safe to call twice;
    /// [`NotFound`](crate::FailureClass::NotFound) counts as gone. The thing itself may be gone before.
    ///
    /// # Errors
    /// In classes.
    fn remove_snapshot(
        &self,
        cx: &Context<'_, Self>,
        saved: &SavedData,
    ) -> impl Future<Output = Result<Progress>> + Send {
        let _ = (cx, saved);
        async { Ok(Progress::Done) }
    }

    /// How the definition of the thing changes so that it comes from what was saved; `None` where it stays as it is.
    fn restored(&self, saved: &SavedData) -> Option<Restored> {
        let _ = saved;
        None
    }

    /// Says how far an operation is after each read, and may issue its next request (confirm a resize, attach an
    /// interface). It must be safe to call twice.
    ///
    /// The default waits until the observation is ready, for a delete until there is none.
    ///
    /// # Errors
    /// A request that fails; the engine treats it as it would the operation's first one.
    fn progress(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        operation: &Operation<'_, Self::Properties>,
        observed: Option<&Observed<Self>>,
    ) -> impl Future<Output = Result<Progress>> + Send {
        let _ = cx;
        let progress = match self.is_local() {
            true => Progress::Done,
            false => default_progress(Self::TYPE, id, matches!(operation, Operation::Delete), observed),
        };
        async { Ok(progress) }
    }

    /// Whether the thing is nothing but what the engine records of it: no call of the type makes, changes or removes
    /// anything outside, and what was not recorded may be forgotten and done anew. The engine then writes the beginning of
    /// an operation together with its end, which is half of the writes. The defaults of the other methods say what is true of such
    /// a type: it is done at once, and nothing can be found.
    fn is_local(&self) -> bool {
        false
    }

    /// Whether the resources take signals. The metadata of those that do are what signals made of them: an update leaves
    /// them as they are.
    fn signals(&self) -> Signals {
        Signals::Refused
    }

    /// Whether operations wait for signals ([`Progress::Await`]) rather than for a service: as many of them as there are may
    /// wait at the same time.
    fn waits_for_signals(&self) -> bool {
        false
    }

    /// What a signal leads to. Pure: nothing is asked for; what is to be done is in the answer.
    ///
    /// # Errors
    /// The signal is not taken, for this reason; nothing changes then. The default takes none.
    fn signal(&self, signal: &Signal<'_>, properties: &Self::Properties) -> Result<SignalAnswer> {
        let _ = (signal, properties);
        Err(Failure::unsupported("signal is not supported for resource."))
    }

    /// The incarnation whose signals the attributes tell of, where that is another one of the stack.
    fn listens_to(&self, properties: &Self::Properties) -> Option<String> {
        let _ = properties;
        None
    }

    /// The attributes that change with the metadata of the one that it [listens to](Self::listens_to).
    fn hear(&self, metadata: &Value) -> Map<String, Value> {
        let _ = metadata;
        Map::new()
    }

    /// By what [`find`](Self::find) would recognise the object of a create with these properties.
    fn find_basis(&self, properties: &Self::Properties) -> FindBasis {
        let _ = properties;
        if self.is_local() { FindBasis::Key } else { FindBasis::None }
    }

    /// What became of a create whose answer was not recorded. Leave out what [`Context::is_excluded`] names.
    ///
    /// # Errors
    /// The service cannot be asked. The default says that the type cannot find anything.
    fn find(
        &self,
        cx: &Context<'_, Self>,
        properties: &Self::Properties,
    ) -> impl Future<Output = Result<Finding>> + Send {
        let _ = (cx, properties);
        // Nothing is made outside the record, so nothing can be there without one.
        let found = match self.is_local() {
            true => Ok(Finding::Absent),
            false => Err(Failure::unsupported(format!("{} cannot be found after a lost answer", Self::TYPE))),
        };
        async { found }
    }

    /// How long after a create [`Finding::Absent`] may still turn out wrong, because the service finishes a request
    /// late. Not waited for where [`find_basis`](Self::find_basis) is [`FindBasis::Unique`].
    fn settle_time(&self) -> Duration {
        if self.is_local() { Duration::ZERO } else { Duration::from_secs(10) }
    }

    /// Whether a change that the schema would allow in place needs a new thing all the same.
    fn needs_replace(&self, change: &Change<Self::Properties>) -> bool {
        let _ = change;
        false
    }

    /// What counts as the present value of a property, where what is observed is not what was applied; `None` where it is.
    /// The default compares by [`satisfies`](crate::satisfies), and takes what is observed. Override it where some of what is
    /// observed is not the resource's own, and no business of an update that brings it back.
    fn drift(&self, property: &str, applied: &Value, observed: &Value) -> Option<Value> {
        let _ = property;
        (!crate::satisfies(applied, observed)).then(|| observed.clone())
    }

    /// Whether every update of the stack makes a new one, though nothing of it changes.
    fn is_replaced_by_every_update(&self) -> bool {
        false
    }

    /// In which order a replacement goes.
    fn replace_order(&self, old: &Self::Properties, new: &Self::Properties) -> ReplaceOrder {
        let _ = (old, new);
        ReplaceOrder::CreateFirst
    }

    /// Makes the old thing give its exclusive place free ([`ReplaceOrder::Handover`]). Safe to call twice.
    ///
    /// # Errors
    /// In classes.
    fn prepare_for_replace(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = (cx, id);
        async { Ok(()) }
    }

    /// Gives the old thing its place back after a failed replacement or a rollback. Safe to call twice.
    ///
    /// # Errors
    /// In classes.
    fn restore_after_replace(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = (cx, id);
        async { Ok(()) }
    }

    /// What `get_resource` gives: the physical id, unless the type says otherwise.
    fn reference_id(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> String {
        let _ = cx;
        id.to_string()
    }

    /// The value of an on-demand attribute.
    ///
    /// # Errors
    /// In classes; the default knows none.
    fn attribute(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        name: &str,
    ) -> impl Future<Output = Result<Value>> + Send {
        let _ = (cx, id);
        let failure = Failure::not_found(format!("{} has no attribute {name} on demand", Self::TYPE));
        async { Err(failure) }
    }

    /// Checks across properties, before anything is done. Called only when all values are known.
    ///
    /// # Errors
    /// Class `Invalid`, with the property at fault.
    fn validate(&self, properties: &Self::Properties) -> Result<()> {
        let _ = properties;
        Ok(())
    }

    /// Names of resources of the same template that this one depends on though nothing refers to them.
    fn implicit_dependencies(&self, siblings: &Siblings<'_>) -> Vec<String> {
        let _ = siblings;
        Vec::new()
    }

    /// Reads several at once, each with its own context; an answer for each, in order. The default reads one by one.
    fn read_many(
        &self,
        calls: &[(Context<'_, Self>, &PhysicalId)],
    ) -> impl Future<Output = Vec<Result<Option<Observed<Self>>>>> + Send {
        async move {
            let mut answers = Vec::with_capacity(calls.len());
            for (cx, id) in calls {
                answers.push(self.read(cx, id).await);
            }
            answers
        }
    }
}

fn default_progress<R: Resource>(
    type_name: &str,
    id: &PhysicalId,
    deleting: bool,
    observed: Option<&Observed<R>>,
) -> Progress {
    match (deleting, observed.map(Observed::state)) {
        (true, None) | (false, Some(State::Ready)) => Progress::Done,
        (true, Some(State::Failed(reason))) => Progress::Failed(Failure::failed(format!(
            "{type_name} {id} went to error while it was deleted: {reason}"
        ))),
        (true, Some(_)) => Progress::wait("still there"),
        (false, Some(State::Working(reason))) => Progress::wait(reason.clone()),
        (false, Some(State::Failed(reason))) => {
            Progress::Failed(Failure::failed(format!("{type_name} {id} went to error: {reason}")))
        }
        (false, None) => Progress::Failed(Failure::not_found(format!("{type_name} {id} is gone"))),
    }
}
