//! The record of one incarnation while something works on it: what becomes durable when, and whether to go on.

use super::core::Core;
use super::secrets::Secrets;
use crate::record::{Action, Event, IncarnationId, Intent, IntentKind, ResourceRecord, Status, TraversalId};
use crate::store::{Claim, StoreError, Write};
use heat_plugin_sdk::{Failure, FailureClass, PhysicalId, PropertyMap, StackIdentity};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
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
    /// Something failed: what waits for people waits no more, everything else goes on.
    Hasten,
    /// Begin nothing new and let finish what is begun: the action was cancelled.
    Stop,
    /// Stop between two calls and leave the intent: another traversal or another process takes over.
    Interrupt,
    /// Stop at once and record the failure, for this reason (a time-out).
    Abort(String),
}

impl Signal {
    /// Whether what is begun ends, too.
    pub(crate) fn ends(&self) -> bool {
        matches!(self, Self::Interrupt | Self::Abort(_))
    }
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
    /// The metadata are what signals made of them: those of the definition count only for a new one.
    pub(crate) keeps_metadata: bool,
}

impl Facts {
    pub(crate) fn put(self, record: &mut ResourceRecord) {
        if !self.keeps_metadata || record.action == Action::Init {
            record.metadata = self.metadata;
        }
        record.definition = self.definition;
        record.requires = self.requires;
        record.deletion_policy = self.deletion_policy;
        record.sensitive = self.sensitive;
    }
}

/// A record as it is now, and what becomes durable together with its next change.
pub(crate) struct Page {
    pub(crate) record: Arc<ResourceRecord>,
    /// Events of changes that were made in memory only, see [`Ledger::local`].
    unwritten: Vec<Event>,
}

impl Page {
    pub(crate) fn new(record: Arc<ResourceRecord>) -> Self {
        Self { record, unwritten: Vec::new() }
    }

    /// Makes a changed record durable, after the events that were kept back, and then has it for the current one.
    pub(crate) async fn turn(
        &mut self,
        core: &Core,
        claim: &Claim,
        events: impl IntoIterator<Item = Event>,
        next: ResourceRecord,
    ) -> Result<(), StoreError> {
        self.turn_with(core, claim, events, next, Vec::new()).await
    }

    /// As [`turn`](Self::turn), with more that becomes durable in the same moment.
    pub(crate) async fn turn_with(
        &mut self,
        core: &Core,
        claim: &Claim,
        events: impl IntoIterator<Item = Event>,
        next: ResourceRecord,
        more: Vec<Write>,
    ) -> Result<(), StoreError> {
        let next = Arc::new(next);
        let mut writes = Vec::with_capacity(self.unwritten.len() + 2 + more.len());
        writes.extend(self.unwritten.iter().cloned().chain(events).map(Write::Event));
        writes.push(Write::Resource(Arc::clone(&next)));
        writes.extend(more);
        core.commit(claim, writes).await?;
        self.unwritten.clear();
        self.record = next;
        Ok(())
    }
}

/// The record of one incarnation, and the door through which it becomes durable.
pub(crate) struct Ledger {
    pub(crate) core: Arc<Core>,
    pub(crate) stack: StackIdentity,
    pub(crate) traversal: TraversalId,
    pub(crate) claim: Claim,
    pub(crate) signal: watch::Receiver<Signal>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) page: Arc<Mutex<Page>>,
    /// Whether the thing is nothing but its record ([`is_local`](heat_plugin_sdk::Resource::is_local)): what is not durable
    /// was not done, so the beginning of an operation becomes durable together with its end.
    pub(crate) local: bool,
    /// What it must not tell.
    pub(crate) secrets: Arc<Secrets>,
    /// When the thing is gone its record stays until the hook behind the deletion is cleared.
    pub(crate) held: bool,
}

impl Ledger {
    /// The record as it is now.
    pub(crate) async fn record(&self) -> Arc<ResourceRecord> {
        Arc::clone(&self.page.lock().await.record)
    }

    /// Changes the record and makes it durable, together with an event if there is one.
    pub(crate) async fn write(
        &self,
        event: Option<(Action, Status, &str)>,
        change: impl FnOnce(&mut ResourceRecord),
    ) -> Result<(), StoreError> {
        let mut page = self.page.lock().await;
        let (next, event) = self.changed(&page.record, event, change);
        page.turn(&self.core, &self.claim, event, next).await
    }

    /// As [`write`](Self::write), with an event for each of several states that it goes through at once.
    pub(crate) async fn write_states(
        &self,
        states: &[(Action, Status)],
        change: impl FnOnce(&mut ResourceRecord),
    ) -> Result<(), StoreError> {
        let mut page = self.page.lock().await;
        let (mut next, _) = self.changed(&page.record, None, change);
        let mut events = Vec::with_capacity(states.len());
        for (action, status) in states {
            let (after, event) = self.changed(&next, Some((*action, *status, "state changed")), |_| {});
            next = after;
            events.extend(event);
        }
        if !self.local {
            return page.turn(&self.core, &self.claim, events, next).await;
        }
        page.unwritten.extend(events);
        page.record = Arc::new(next);
        Ok(())
    }

    /// As [`write`](Self::write), but of a local thing it becomes durable with the next change.
    async fn write_beginning(
        &self,
        event: (Action, Status, &str),
        change: impl FnOnce(&mut ResourceRecord),
    ) -> Result<(), StoreError> {
        let mut page = self.page.lock().await;
        let (next, event) = self.changed(&page.record, Some(event), change);
        if !self.local {
            return page.turn(&self.core, &self.claim, event, next).await;
        }
        page.unwritten.extend(event);
        page.record = Arc::new(next);
        Ok(())
    }

    fn changed(
        &self,
        record: &ResourceRecord,
        event: Option<(Action, Status, &str)>,
        change: impl FnOnce(&mut ResourceRecord),
    ) -> (ResourceRecord, Option<Event>) {
        let mut next = record.clone();
        change(&mut next);
        let now = self.core.clock.now();
        next.updated = now;
        let event = event.map(|(action, status, reason)| {
            // Only what an operation did is this traversal's; a failure that it merely finds is not.
            next.traversal = Some(self.traversal.clone());
            next.action = action;
            next.status = status;
            reason.clone_into(&mut next.reason);
            self.event(&next, now)
        });
        (next, event)
    }

    /// Changes the record in memory only: the next write makes it durable together with its own change.
    pub(crate) async fn remember(&self, change: impl FnOnce(&mut ResourceRecord)) {
        change(Arc::make_mut(&mut self.page.lock().await.record));
    }

    /// Removes the record, with the event of its deletion; one that is held tells from now on that nothing else is left.
    pub(crate) async fn remove(&self, reason: &str) -> Result<(), StoreError> {
        let mut page = self.page.lock().await;
        let record = Arc::make_mut(&mut page.record);
        let told = record.action == Action::Delete && record.status == Status::Complete;
        record.action = Action::Delete;
        record.status = Status::Complete;
        reason.clone_into(&mut record.reason);
        let (event, id) = (self.event(record, self.core.clock.now()), record.id.clone());
        if self.held {
            record.physical_id = None;
            record.owned.clear();
            record.intent = None;
            record.look_again = false;
            let next = (*page.record).clone();
            return page.turn(&self.core, &self.claim, Some(event), next).await;
        }
        let events = page.unwritten.iter().cloned().chain((!told).then_some(event));
        let mut writes: Vec<_> = events.map(Write::Event).collect();
        writes.push(Write::RemoveResource(id));
        self.core.commit(&self.claim, writes).await?;
        page.unwritten.clear();
        Ok(())
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

    /// Makes an intent durable before its first call, with the event of its beginning; of a local thing with its outcome.
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
        self.write_beginning((action, Status::InProgress, "state changed"), |record| {
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
        let reason = self.redacted(&reason).await;
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
        let reason = self.redacted(&reason).await;
        let record = self.record().await;
        let refused =
            ResourceRecord { action, status: Status::Failed, reason: reason.clone(), ..(*record).clone() };
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
            Err(Break::Refused(failure)) => Ok(Ended::Paused(self.reason(&failure).await)),
            Err(Break::Store(error)) => Err(error),
            Err(Break::Aborted(reason)) => self.fail(action, reason).await,
            Err(Break::Failed(failure)) => self.fail(action, self.reason(&failure).await).await,
        }
    }

    /// What is secret in the record as it is now must not be told from now on, here and elsewhere.
    pub(crate) async fn learn(&self) {
        self.secrets.learn_record(&self.core.registry, &*self.record().await);
    }

    /// What a service says of a failure, for reasons and the log: it may repeat secrets, or parts of them.
    pub(crate) async fn told(&self, failure: &Failure) -> String {
        self.learn().await;
        self.secrets.told(failure)
    }

    /// A reason without secrets, whoever worded it.
    async fn redacted(&self, reason: &str) -> String {
        self.learn().await;
        self.secrets.mask_reason(reason)
    }

    /// `Class: resources.name: message`, as Heat words the reason of a resource's failure.
    pub(crate) async fn reason(&self, failure: &Failure) -> String {
        let name = &self.record().await.name;
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
        let class = failure.name().unwrap_or(class);
        format!("{class}: resources.{name}: {}", self.told(failure).await)
    }

    /// Waits, unless the traversal or the step's time-out says otherwise.
    pub(crate) async fn pause(&self, time: Duration) -> Result<(), Break> {
        self.pause_until(tokio::time::sleep(time)).await
    }

    /// As [`pause`](Self::pause), until something happens.
    pub(crate) async fn pause_until(&self, happens: impl Future<Output = ()>) -> Result<(), Break> {
        self.check()?;
        let mut signal = self.signal.clone();
        tokio::select! {
            () = happens => self.check(),
            () = async { drop(signal.wait_for(Signal::ends).await) } => self.check(),
            reason = self.timed_out() => Err(Break::Aborted(reason)),
        }
    }

    /// Whether the operation may go on.
    pub(crate) fn check(&self) -> Result<(), Break> {
        match &*self.signal.borrow() {
            // Another engine may have taken over by now.
            Signal::Run | Signal::Hasten | Signal::Stop if !self.core.records.lease_runs() => {
                Err(Break::Interrupted)
            }
            Signal::Run | Signal::Hasten | Signal::Stop => Ok(()),
            Signal::Interrupt => Err(Break::Interrupted),
            Signal::Abort(reason) => Err(Break::Aborted(reason.clone())),
        }
    }

    /// Ends with the reason when the step has taken too long.
    pub(crate) async fn timed_out(&self) -> String {
        match self.deadline {
            Some(deadline) => {
                tokio::time::sleep_until(deadline).await;
                let limit = self.core.settings.step_timeout.unwrap_or_default();
                format!("timed out: the step took longer than {} s", limit.as_secs())
            }
            None => std::future::pending().await,
        }
    }
}
