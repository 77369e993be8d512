//! One incarnation while an operation works on it: its record, its calls, what becomes durable when.

use super::connections::Seat;
use super::core::Core;
use super::goal::lacks;
use super::ids::short_id;
use crate::record::{Action, Event, IncarnationId, Intent, IntentKind, ResourceRecord, Status, TraversalId};
use crate::schedule::{Trial, Verdict, classify};
use crate::store::{Claim, StoreError, Write};
use async_trait::async_trait;
use heat_plugin_sdk::{
    CallContext, Credentials, DynConnector, DynResource, Failure, FailureClass, Journal, Observation,
    OperationKey, OwnedObject, PhysicalId, PropertyMap, ResourceIdentity, StackIdentity,
};
use heat_template::schema::AttributeMode;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

/// What a traversal tells the operations that it has begun.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Signal {
    /// Go on.
    #[default]
    Run,
    /// Stop between two calls and leave the intent: another traversal or another process takes over.
    Interrupt,
    /// Stop at once and record the failure, for this reason (a time-out).
    Abort(String),
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It did what it should; recorded.
    Done,
    /// It failed for this reason; recorded.
    Failed(String),
    /// It was interrupted; its intent is still recorded.
    Interrupted,
    /// The credentials are not accepted any more, for this reason; its intent is still recorded.
    Paused(String),
}

/// Why an operation leaves its path. A store that does not take a record ends the whole traversal: what is not durable
/// must not be followed by anything.
#[derive(Debug)]
pub(crate) enum Break {
    Failed(Failure),
    /// The credentials are not accepted any more.
    Refused(Failure),
    Aborted(String),
    Interrupted,
    Store(StoreError),
}

impl From<StoreError> for Break {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What a record learns of its definition besides the properties.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) metadata: Value,
    pub(crate) definition: Map<String, Value>,
    pub(crate) requires: BTreeSet<IncarnationId>,
    pub(crate) deletion_policy: crate::record::DeletionPolicy,
    /// See [`ResourceRecord::sensitive`].
    pub(crate) sensitive: BTreeSet<String>,
}

impl Facts {
    pub(crate) fn put(self, record: &mut ResourceRecord) {
        record.metadata = self.metadata;
        record.definition = self.definition;
        record.requires = self.requires;
        record.deletion_policy = self.deletion_policy;
        record.sensitive = self.sensitive;
    }
}

/// One incarnation under work.
pub(crate) struct Work {
    pub(crate) core: Arc<Core>,
    pub(crate) stack: StackIdentity,
    pub(crate) credentials: Credentials,
    pub(crate) traversal: TraversalId,
    pub(crate) claim: Claim,
    pub(crate) resource: Arc<dyn DynResource>,
    pub(crate) connector: Arc<dyn DynConnector>,
    /// On-demand attributes that something in the template refers to.
    pub(crate) wanted: BTreeSet<String>,
    pub(crate) signal: watch::Receiver<Signal>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) record: Arc<Mutex<ResourceRecord>>,
}

impl Work {
    /// The record as it is now.
    pub(crate) async fn record(&self) -> ResourceRecord {
        self.record.lock().await.clone()
    }

    /// Changes the record and makes it durable, together with an event if there is one.
    pub(crate) async fn write(
        &self,
        event: Option<(Action, Status, &str)>,
        change: impl FnOnce(&mut ResourceRecord),
    ) -> Result<(), StoreError> {
        let mut record = self.record.lock().await;
        let mut next = record.clone();
        change(&mut next);
        let now = self.core.clock.now();
        next.updated = now;
        let mut writes = Vec::with_capacity(2);
        if let Some((action, status, reason)) = event {
            // Only what an operation did is this traversal's; a failure that it merely finds is not.
            next.traversal = Some(self.traversal.clone());
            next.action = action;
            next.status = status;
            reason.clone_into(&mut next.reason);
            writes.push(Write::Event(self.event(&next, now)));
        }
        writes.push(Write::Resource(next.clone()));
        self.core.commit(&self.claim, writes).await?;
        *record = next;
        Ok(())
    }

    /// Changes the record in memory only: the next write makes it durable together with its own change.
    pub(crate) async fn remember(&self, change: impl FnOnce(&mut ResourceRecord)) {
        change(&mut *self.record.lock().await);
    }

    /// Whether something refers to an attribute that is fetched only when somebody wants it, and nobody did so far.
    pub(crate) async fn lacks_wanted(&self) -> bool {
        let record = self.record.lock().await;
        lacks(&self.resource.schema(), &self.wanted, &record.attributes)
    }

    /// Reads the thing and keeps what is seen of its attributes.
    pub(crate) async fn refresh(&self) -> Result<(), Break> {
        let Some(id) = self.record().await.physical_id else { return Ok(()) };
        let mut attempt = 0;
        let observed = loop {
            let answer = match self.seat().await {
                Ok(seat) => {
                    let cx = self.context(&seat, BTreeSet::new()).await;
                    self.call(self.resource.read(&cx, &id)).await?
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(observed) => break observed,
                Err(failure) => {
                    self.retry(failure, None, &mut attempt).await?;
                }
            }
        };
        let (attributes, _) = self.gather(&id, observed.as_ref()).await?;
        self.write(None, |record| record.attributes = attributes).await?;
        Ok(())
    }

    /// Removes the record, with the event of its deletion.
    pub(crate) async fn remove(&self, reason: &str) -> Result<(), StoreError> {
        let mut record = self.record.lock().await;
        record.action = Action::Delete;
        record.status = Status::Complete;
        reason.clone_into(&mut record.reason);
        let event = self.event(&record, self.core.clock.now());
        let writes = vec![Write::Event(event), Write::RemoveResource(record.id.clone())];
        self.core.commit(&self.claim, writes).await
    }

    fn event(&self, record: &ResourceRecord, now: jiff::Timestamp) -> Event {
        Event {
            id: self.core.ids.uuid(),
            stack: record.stack.clone(),
            time: now,
            resource: record.name.clone(),
            type_name: record.type_name.clone(),
            physical_id: record.physical_id.clone(),
            action: record.action,
            status: record.status,
            reason: record.reason.clone(),
        }
    }

    /// Makes an intent durable before its first call, with the event of its beginning.
    pub(crate) async fn begin(
        &self,
        kind: IntentKind,
        action: Action,
        properties: Option<PropertyMap>,
        changed: Vec<String>,
        seen_before: BTreeSet<PhysicalId>,
        facts: Option<Facts>,
    ) -> Result<(), StoreError> {
        let intent = Intent {
            key: self.core.ids.operation(),
            traversal: self.traversal.clone(),
            kind,
            begun: self.core.clock.now(),
            attempt: 0,
            properties,
            changed,
            uncertain: false,
            repeated: false,
            seen_before,
        };
        self.write(Some((action, Status::InProgress, "state changed")), |record| {
            if let Some(create) =
                record.intent.take().filter(|old| old.kind == IntentKind::Create && old.repeated)
            {
                // Its first request may still be done; what it asked for is needed to find the result.
                record.look_again = true;
                record.created_as = Some(create.key);
                record.seen_before = create.seen_before;
                if record.properties.is_none() {
                    record.properties = create.properties;
                }
            }
            record.intent = Some(intent);
            match facts {
                // While it is updated it depends on what it depended on before and on what it will depend on. What is
                // new to come from a hidden parameter lies in the intent already.
                Some(facts) if kind == IntentKind::Update => {
                    record.requires.extend(facts.requires);
                    record.sensitive.extend(facts.sensitive);
                }
                Some(facts) => facts.put(record),
                None => {}
            }
        })
        .await
    }

    /// Records a failure. The intent stays where it is not known whether the request was done: whoever comes next looks.
    pub(crate) async fn fail(&self, action: Action, reason: String) -> Result<Ended, StoreError> {
        self.write(Some((action, Status::Failed, &reason)), |record| {
            let nothing_made = record.physical_id.is_none();
            if let Some(intent) = &mut record.intent {
                // The first request of a repeated create may still be done, whatever became of the second one.
                intent.uncertain |= intent.kind == IntentKind::Create && intent.repeated && nothing_made;
            }
            if !record.intent.as_ref().is_some_and(|intent| intent.uncertain) {
                record.intent = None;
            }
        })
        .await?;
        Ok(Ended::Failed(reason))
    }

    /// Fails before anything was begun: the event tells it, the record stays as it is.
    pub(crate) async fn refuse(&self, action: Action, reason: String) -> Result<Ended, StoreError> {
        let record = self.record().await;
        let refused = ResourceRecord { action, status: Status::Failed, reason: reason.clone(), ..record };
        let event = self.event(&refused, self.core.clock.now());
        self.core.commit(&self.claim, vec![Write::Event(event)]).await?;
        Ok(Ended::Failed(reason))
    }

    /// Records the way an operation left its path.
    pub(crate) async fn ended(
        &self,
        action: Action,
        result: Result<Ended, Break>,
    ) -> Result<Ended, StoreError> {
        match result {
            Ok(ended) => Ok(ended),
            Err(Break::Interrupted) => Ok(Ended::Interrupted),
            // What was refused was not done: the intent stays, and whoever has other credentials goes on from it.
            Err(Break::Refused(failure)) => {
                self.core.connections.forget(self.resource.connector(), &self.credentials);
                Ok(Ended::Paused(self.reason(&failure).await))
            }
            Err(Break::Store(error)) => Err(error),
            Err(Break::Aborted(reason)) => self.fail(action, reason).await,
            Err(Break::Failed(failure)) => self.fail(action, self.reason(&failure).await).await,
        }
    }

    /// `Class: resources.name: message`, as Heat words the reason of a resource's failure.
    async fn reason(&self, failure: &Failure) -> String {
        let name = self.record.lock().await.name.clone();
        let class = match failure.class() {
            FailureClass::NotFound => "NotFound",
            FailureClass::Conflict => "Conflict",
            FailureClass::Busy { .. } => "Busy",
            FailureClass::OverLimit { .. } => "OverLimit",
            FailureClass::Unauthenticated => "Unauthorized",
            FailureClass::Denied => "Forbidden",
            FailureClass::Invalid { .. } => "BadRequest",
            FailureClass::Unavailable { .. } => "ServiceUnavailable",
            FailureClass::Unanswered => "NoAnswer",
            FailureClass::Unsupported => "NotSupported",
            _ => "ResourceInError",
        };
        format!("{class}: resources.{name}: {failure}")
    }

    /// A place on the connection of the resource's type.
    pub(crate) async fn seat(&self) -> Result<Seat, Failure> {
        self.core.connections.seat(self.resource.connector(), &self.connector, &self.credentials).await
    }

    /// What a call knows.
    pub(crate) async fn context(&self, seat: &Seat, excluded: BTreeSet<PhysicalId>) -> CallContext {
        let record = self.record.lock().await;
        let intent = record.intent.as_ref();
        let key = intent
            .map(|intent| intent.key.clone())
            .or_else(|| record.created_as.clone())
            .unwrap_or_else(|| OperationKey::new(record.id.as_str()));
        let mut seed = [0; 32];
        for (byte, digit) in seed.iter_mut().zip(key.as_str().bytes()) {
            *byte = digit;
        }
        CallContext {
            stack: self.stack.clone(),
            resource: ResourceIdentity { name: record.name.clone(), short_id: short_id(&record.id) },
            attempt: intent.map_or(0, |intent| intent.attempt),
            key,
            now: self.core.clock.now(),
            seed,
            credentials: seat.credentials.clone(),
            connection: seat.connection.clone(),
            applied: record.properties.clone(),
            attributes: record.attributes.clone(),
            private: record.private.clone(),
            owned: record.owned.clone(),
            excluded,
            journal: Arc::new(DurableJournal {
                core: Arc::clone(&self.core),
                record: Arc::clone(&self.record),
                traversal: self.traversal.clone(),
                claim: self.claim.clone(),
            }),
        }
    }

    /// Waits, unless the traversal or the step's time-out says otherwise.
    pub(crate) async fn pause(&self, time: Duration) -> Result<(), Break> {
        self.check()?;
        let mut signal = self.signal.clone();
        tokio::select! {
            () = tokio::time::sleep(time) => self.check(),
            () = async { drop(signal.wait_for(|signal| *signal != Signal::Run).await) } => self.check(),
            reason = self.timed_out() => Err(Break::Aborted(reason)),
        }
    }

    /// Whether the operation may go on.
    pub(crate) fn check(&self) -> Result<(), Break> {
        match &*self.signal.borrow() {
            Signal::Run => Ok(()),
            Signal::Interrupt => Err(Break::Interrupted),
            Signal::Abort(reason) => Err(Break::Aborted(reason.clone())),
        }
    }

    async fn timed_out(&self) -> String {
        match self.deadline {
            Some(deadline) => {
                tokio::time::sleep_until(deadline).await;
                let limit = self.core.settings.step_timeout.unwrap_or_default();
                format!("timed out: the step took longer than {} s", limit.as_secs())
            }
            None => std::future::pending().await,
        }
    }

    /// Runs one call of the plugin. An interruption waits for its answer, an abort and a time-out do not.
    pub(crate) async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<Result<T, Failure>, Break> {
        self.check()?;
        let mut signal = self.signal.clone();
        let aborted = async {
            // The borrowed value must not live on while this waits.
            let reason = match signal.wait_for(|signal| matches!(signal, Signal::Abort(_))).await.as_deref() {
                Ok(Signal::Abort(reason)) => Some(reason.clone()),
                _ => None,
            };
            match reason {
                Some(reason) => reason,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            answer = call => Ok(answer),
            reason = aborted => Err(Break::Aborted(reason)),
            reason = self.timed_out() => Err(Break::Aborted(reason)),
        }
    }

    /// Acts on a failure as its class says: waits and gives `Ok` where the call is to be tried again. `operation` is
    /// `None` for what changes nothing; `attempt` counts the failures.
    pub(crate) async fn retry(
        &self,
        failure: Failure,
        operation: Option<IntentKind>,
        attempt: &mut u32,
    ) -> Result<Next, Break> {
        *attempt += 1;
        let seed = seed_of(self.record.lock().await.id.as_str());
        let trial = Trial { operation, attempt: *attempt, seed };
        match classify(&failure, trial, &self.core.settings.retry) {
            Verdict::Retry { after } => {
                tracing::debug!(attempt = *attempt, wait = ?after, %failure, "trying again");
                self.pause(after).await?;
                Ok(Next::Again)
            }
            Verdict::Look => Ok(Next::Look),
            Verdict::Done => Ok(Next::Done),
            Verdict::Pause => Err(Break::Refused(failure)),
            Verdict::Fail => Err(Break::Failed(failure)),
        }
    }

    /// Puts an observation's attributes and the reference id into the record, and fetches on-demand attributes that
    /// something refers to.
    pub(crate) async fn gather(
        &self,
        id: &PhysicalId,
        observed: Option<&Observation>,
    ) -> Result<(Map<String, Value>, String), Break> {
        let schema = self.resource.schema();
        let mut attributes = self.record.lock().await.attributes.clone();
        if let Some(observed) = observed {
            for (name, value) in &observed.attributes {
                attributes.insert(name.clone(), value.clone());
            }
            if self.wanted.contains("show") {
                attributes.insert("show".to_owned(), observed.show.clone().unwrap_or(Value::Null));
            }
        }
        let on_demand: Vec<_> = self
            .wanted
            .iter()
            .filter(|name| {
                schema
                    .attributes
                    .get(*name)
                    .map_or(schema.open_attributes && !attributes.contains_key(*name), |attribute| {
                        attribute.mode == AttributeMode::OnDemand
                    })
            })
            .filter(|name| *name != "show")
            .collect();
        let seat = self.seat().await.map_err(Break::Failed)?;
        let cx = self.context(&seat, BTreeSet::new()).await;
        for name in on_demand {
            match self.call(self.resource.attribute(&cx, id, name)).await? {
                Ok(value) => attributes.insert(name.clone(), value),
                // What is not there is null, as in Heat.
                Err(failure) => {
                    tracing::debug!(attribute = name.as_str(), %failure, "attribute is not there");
                    attributes.insert(name.clone(), Value::Null)
                }
            };
        }
        Ok((attributes, self.resource.reference_id(&cx, id)))
    }
}

/// What follows a failed call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The same call again.
    Again,
    /// Look what became of it first.
    Look,
    /// What was asked for is so already.
    Done,
}

/// Spreads the retries of many operations; the same operation waits the same time.
pub(super) fn seed_of(text: &str) -> u64 {
    // FNV-1a
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The door through which a plugin makes things durable.
struct DurableJournal {
    core: Arc<Core>,
    record: Arc<Mutex<ResourceRecord>>,
    traversal: TraversalId,
    claim: Claim,
}

impl DurableJournal {
    async fn write(&self, change: impl FnOnce(&mut ResourceRecord)) -> Result<(), Failure> {
        let mut record = self.record.lock().await;
        let mut next = record.clone();
        change(&mut next);
        next.traversal = Some(self.traversal.clone());
        self.core.commit(&self.claim, vec![Write::Resource(next.clone())]).await.map_err(|error| {
            Failure::unavailable(None, format!("the engine's store does not take a record: {error}"))
        })?;
        *record = next;
        Ok(())
    }
}

#[async_trait]
impl Journal for DurableJournal {
    async fn save_private(&self, data: Value) -> Result<(), Failure> {
        self.write(|record| record.private = Some(data)).await
    }

    async fn record_id(&self, id: &PhysicalId) -> Result<(), Failure> {
        self.write(|record| record.physical_id = Some(id.clone())).await
    }

    async fn owned_intent(&self, name: &str, key: &OperationKey) -> Result<(), Failure> {
        self.write(|record| {
            record.owned.entry(name.to_owned()).or_insert_with(|| OwnedObject { key: key.clone(), id: None });
        })
        .await
    }

    async fn owned_id(&self, name: &str, id: Option<&PhysicalId>) -> Result<(), Failure> {
        self.write(|record| match id {
            Some(id) => {
                if let Some(object) = record.owned.get_mut(name) {
                    object.id = Some(id.clone());
                }
            }
            None => {
                record.owned.remove(name);
            }
        })
        .await
    }
}
