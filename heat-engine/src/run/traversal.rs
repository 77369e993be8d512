//! A traversal: one attempt to bring a stack to what it shall be, step by step, with all the parallelism that the plan
//! allows.
//!
//! The traversal's task owns the records of the stack. A step gets a copy of the record that it works on, makes every
//! change durable itself, and gives the record back when it ends. What is decided (what is ready, what follows a failure)
//! is decided by [`Schedule`]; here it is only performed.

mod course;
mod ending;
mod history;
mod hooks;
mod letters;
mod making;
mod nested;
mod permits;
mod predecessor;
mod refusal;

use super::core::Core;
use super::current::Current;
use super::goal::{Goal, Unresolved};
use super::ledger::Page;
use super::secrets::Secrets;
use super::work::{Ended, Facts, Ledger, Signal, Work};
use crate::plan::{
    Act, Decision, DesiredState, Prospects, Step, StepId, StepKind, decide, never_begun, order_of, rests,
};
use crate::record::{Action, IncarnationId, IntentKind, ResourceRecord, StackRecord, TraversalRecord};
use crate::schedule::Outcome;
use crate::store::{Claim, StoreError, Write};
pub(crate) use ending::stack_event;
use futures_util::future::BoxFuture;
use heat_plugin_sdk::{FailureClass, PhysicalId, PropertyMap, ReplaceOrder, StackIdentity};
use heat_template::environment::Hook;
pub(crate) use letters::InHand;
use making::{Place, make};
use predecessor::Predecessor;
use refusal::{failed, restricted};
use std::sync::Arc;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

/// How a traversal ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Everything is as it shall be; recorded.
    Complete,
    /// Something failed, for this reason; recorded. What follows is up to [`OnFailure`].
    Failed(String),
    /// It was told to stop; its intents are recorded and somebody else goes on.
    Interrupted,
    /// The credentials are not accepted any more, for this reason; recorded. It goes on when somebody says so.
    Paused(String),
}

/// What a step gives back.
struct StepEnd {
    step: StepId,
    /// Every incarnation that it worked on, as it is now; `None` for one that is gone.
    records: Vec<(IncarnationId, Option<Arc<ResourceRecord>>)>,
    result: Result<StepResult, StoreError>,
}

enum StepResult {
    Ended(Outcome),
    /// It ended before, and has left the hook behind it.
    Passed(Outcome),
    Failed(String),
    Interrupted,
    Paused(String),
    /// It begins anew: a service was asked for what it needs to know, or its hook was cleared.
    Anew,
}

/// One attempt to bring a stack to what it shall be.
pub(crate) struct Traversal {
    pub(crate) core: Arc<Core>,
    pub(crate) claim: Claim,
    pub(crate) stack: StackRecord,
    pub(crate) record: TraversalRecord,
    /// What the stack shall be; without resources for a deletion.
    pub(crate) goal: Arc<Goal>,
    pub(crate) current: Current,
    /// Told from outside: stop and let somebody else go on, or give up.
    pub(crate) interrupt: watch::Receiver<Signal>,
    /// What must not be told. Stacks inside of others share it: parts of what is secret in one are handed to another.
    pub(crate) secrets: Arc<Secrets>,
    /// The records that steps have in hand.
    pub(crate) in_hand: InHand,
}

impl Traversal {
    fn identity(&self) -> StackIdentity {
        StackIdentity {
            id: self.stack.id.0.clone(),
            name: self.stack.name.clone(),
            project: self.stack.project.clone(),
        }
    }

    /// The worker for an incarnation; `Err` with a reason where no plugin provides the type any more.
    fn work(
        &self,
        record: Arc<ResourceRecord>,
        signal: &watch::Receiver<Signal>,
    ) -> Result<Work, Unresolved> {
        let missing = || {
            Unresolved::Wrong(format!(
                "resources.{}: no plugin provides the type {}",
                record.name, record.type_name
            ))
        };
        let resource = self.core.registry.resource(&record.type_name).ok_or_else(missing)?;
        let connector = self.core.registry.resource_connector(&record.type_name).ok_or_else(missing)?;
        let wanted = self.goal.wanted_attributes(&record.name);
        let ledger = Ledger { local: resource.is_local(), ..self.ledger(record, signal) };
        Ok(Work {
            ledger,
            wanted,
            credentials: self.stack.credentials.clone(),
            resource: Arc::clone(resource),
            connector: Arc::clone(connector),
        })
    }

    /// The door to the record of an incarnation.
    fn ledger(&self, record: Arc<ResourceRecord>, signal: &watch::Receiver<Signal>) -> Ledger {
        // A nested stack has steps of its own.
        let limit = self.core.settings.step_timeout.filter(|_| record.nested.is_none());
        let id = record.id.clone();
        let page = Arc::new(Mutex::new(Page::new(record)));
        self.in_hand.put(id, &page);
        Ledger {
            core: Arc::clone(&self.core),
            stack: self.identity(),
            traversal: self.record.id.clone(),
            claim: self.claim.clone(),
            signal: signal.clone(),
            deadline: limit.map(|limit| Instant::now() + limit),
            page,
            local: false,
            secrets: Arc::clone(&self.secrets),
            held: false,
        }
    }

    fn facts(&self, name: &str, state: &DesiredState) -> Facts {
        self.goal.facts(name, state, &self.current)
    }

    fn new_record(&self, incarnation: &IncarnationId, step: &Step) -> Arc<ResourceRecord> {
        Arc::new(ResourceRecord::new(
            incarnation.clone(),
            self.stack.id.clone(),
            &step.resource,
            &step.type_name,
            self.core.clock.now(),
        ))
    }

    /// Begins a step. Everything that can be decided at once is decided here, where all records are at hand.
    fn begin(&mut self, id: StepId, step: &Step, signal: &watch::Receiver<Signal>) -> Begun {
        if let Some(waits) = self.at_hook(id, step, signal) {
            return waits;
        }
        let prepared = self.prepare(id, step, signal).map_err(|unresolved| match unresolved {
            Unresolved::Ask => Unresolved::Ask,
            // A service that was asked may have repeated the value.
            Unresolved::Wrong(reason) => Unresolved::Wrong(self.secrets.mask_reason(&reason)),
            Unresolved::Invalid(reason) => Unresolved::Invalid(self.secrets.mask_reason(&reason)),
        });
        match prepared {
            Ok(begun) => begun,
            Err(Unresolved::Ask) => {
                let (core, goal) = (Arc::clone(&self.core), Arc::clone(&self.goal));
                let (credentials, name) = (self.stack.credentials.clone(), step.resource.clone());
                let secrets = Arc::clone(&self.secrets);
                Begun::Works(Box::pin(async move {
                    let result = match goal.fetch(&core, &credentials).await {
                        Ok(_) => StepResult::Anew,
                        Err(failure) if *failure.class() == FailureClass::Unauthenticated => {
                            StepResult::Paused(format!("resources.{name}: {}", secrets.told(&failure)))
                        }
                        Err(failure) => {
                            StepResult::Failed(format!("resources.{name}: {}", secrets.told(&failure)))
                        }
                    };
                    StepEnd { step: id, records: Vec::new(), result: Ok(result) }
                }))
            }
            Err(Unresolved::Invalid(reason)) if self.invalid(step).is_some() => {
                let records: Vec<_> =
                    self.invalid(step).into_iter().map(|record| failed(record, step, &reason)).collect();
                let mut writes = vec![Write::Event(self.refusal(step, &reason))];
                writes.extend(records.iter().cloned().map(Write::Resource));
                let (core, claim) = (Arc::clone(&self.core), self.claim.clone());
                Begun::Works(Box::pin(async move {
                    let result = core.commit(&claim, writes).await;
                    let result = result.map(|()| StepResult::Failed(reason));
                    let records =
                        records.into_iter().map(|record| (record.id.clone(), Some(record))).collect();
                    StepEnd { step: id, records, result }
                }))
            }
            Err(Unresolved::Wrong(reason) | Unresolved::Invalid(reason)) => {
                let event = self.refusal(step, &reason);
                let (core, claim) = (Arc::clone(&self.core), self.claim.clone());
                Begun::Works(Box::pin(async move {
                    let result = core.commit(&claim, vec![Write::Event(event)]).await;
                    let result = result.map(|()| StepResult::Failed(reason));
                    StepEnd { step: id, records: Vec::new(), result }
                }))
            }
        }
    }

    fn prepare(
        &mut self,
        id: StepId,
        step: &Step,
        signal: &watch::Receiver<Signal>,
    ) -> Result<Begun, Unresolved> {
        if let Some(begun) = self.prepare_nested(id, step, signal) {
            return begun;
        }
        match &step.kind {
            StepKind::Create { incarnation, replaces, order, .. } => {
                self.create(id, step, incarnation, replaces.as_ref(), *order, signal)
            }
            StepKind::Update { incarnation, changes, restore } => {
                let changed = changes.iter().map(|change| change.property.clone()).collect();
                self.update(id, step, incarnation, Wanted::Update(changed), *restore, signal)
            }
            StepKind::Adopt { incarnation, external_id, own: true, .. } => {
                self.take_on(id, step, incarnation, external_id, signal)
            }
            StepKind::Adopt { incarnation, external_id, replaces, .. } => {
                self.adopt(id, step, incarnation, external_id, replaces.as_ref(), signal)
            }
            StepKind::Perform { incarnation, act } => {
                let Some(record) = self.current.resource(incarnation).cloned() else {
                    return Ok(Begun::Over(Outcome::Skipped));
                };
                let (work, act, incarnation) = (self.work(record, signal)?, *act, incarnation.clone());
                Ok(Begun::Works(Box::pin(async move {
                    let result = perform(&work, act).await;
                    end(id, &work, incarnation, result).await
                })))
            }
            StepKind::Keep { incarnation, restore } => {
                let Some(record) = self.current.resource(incarnation) else {
                    return Err(Unresolved::Wrong(format!(
                        "resources.{}: its record is gone",
                        step.resource
                    )));
                };
                if !restore
                    && record.external_id().is_none()
                    && record.intent.is_none()
                    && record.replaced_by.is_none()
                    && !self.goal.moves(record, &self.current)
                    && !self.goal.wants_more(record)
                {
                    self.current.stand(&step.resource, incarnation);
                    return Ok(Begun::Over(Outcome::Kept));
                }
                self.update(id, step, incarnation, Wanted::Keep, *restore, signal)
            }
            StepKind::Decide { incarnation, successor, restore, .. } => {
                self.decide(id, step, incarnation, successor, *restore, signal)
            }
            StepKind::Refuse { action, .. } => Err(Unresolved::Wrong(restricted(&step.resource, *action))),
            StepKind::Delete { incarnation, retain, .. } => {
                let Some(record) = self.current.resource(incarnation).cloned() else {
                    return Ok(Begun::Over(Outcome::Skipped));
                };
                // It only waited at a hook, perhaps to become a nested stack.
                if never_begun(&record) && record.owned.is_empty() {
                    let (ledger, incarnation) = (self.ledger(record, signal), incarnation.clone());
                    return Ok(Begun::Works(Box::pin(async move {
                        let result = ledger.remove("state changed").await.map(|()| Ended::Done);
                        let mut end = end(id, &ledger, incarnation, result).await;
                        end.records.iter_mut().for_each(|(_, record)| *record = None);
                        end
                    })));
                }
                let successor = self.successor_of(&record);
                let (mut work, retain, incarnation) =
                    (self.work(record, signal)?, *retain, incarnation.clone());
                work.ledger.held = step.hooks.contains(&Hook::PostDelete);
                Ok(Begun::Works(Box::pin(async move {
                    let result = work.delete(retain, successor).await;
                    let gone = matches!(result, Ok(Ended::Done)) && !work.ledger.held;
                    let mut end = end(id, &work, incarnation, result).await;
                    if gone {
                        end.records.iter_mut().for_each(|(_, record)| *record = None);
                    }
                    end
                })))
            }
        }
    }

    fn predecessor(
        &self,
        old: Arc<ResourceRecord>,
        signal: &watch::Receiver<Signal>,
    ) -> Result<Predecessor, Unresolved> {
        // What was never begun hands nothing over, and may have waited to become a nested stack.
        Ok(match old.nested {
            None if !never_begun(&old) => Predecessor::Typed(Box::new(self.work(old, signal)?)),
            _ => Predecessor::Bare(self.ledger(old, signal)),
        })
    }

    /// The id of the real thing that took the place of this one.
    fn successor_of(&self, record: &ResourceRecord) -> Option<PhysicalId> {
        let by = record.replaced_by.as_ref().and_then(|by| self.current.resource(by));
        by.or_else(|| self.current.standing(&record.name).filter(|other| other.id != record.id))
            .and_then(|other| other.physical_id.clone())
    }

    fn create(
        &mut self,
        id: StepId,
        step: &Step,
        incarnation: &IncarnationId,
        replaces: Option<&IncarnationId>,
        order: Option<ReplaceOrder>,
        signal: &watch::Receiver<Signal>,
    ) -> Result<Begun, Unresolved> {
        let recorded = self.current.resource(incarnation).cloned();
        let state = self.goal.resolved(&step.resource, &self.current)?;
        let properties = known(&state)?;
        let facts = self.facts(&step.resource, &state);
        let mut record = recorded.unwrap_or_else(|| self.new_record(incarnation, step));
        Arc::make_mut(&mut record).replaces = replaces.cloned();
        let old = replaces.and_then(|old| self.current.resource(old)).cloned();
        // What hung on values that nobody knew when the plan was made is known now.
        let order = order.or_else(|| {
            let old = old.as_ref().filter(|old| old.type_name == step.type_name)?;
            Some(order_of(old, &properties, &*self.core.registry))
        });
        let predecessor = match old {
            Some(mut old) => {
                Arc::make_mut(&mut old).replaced_by = Some(incarnation.clone());
                Some(self.predecessor(old, signal)?)
            }
            None => None,
        };
        let work = self.work(record, signal)?;
        let incarnation = incarnation.clone();
        self.current.stand(&step.resource, &incarnation);
        let outcome = if replaces.is_some() { Outcome::Replaced } else { Outcome::Done };
        Ok(Begun::Works(Box::pin(async move {
            let place = Place { incarnation, predecessor, order };
            make(id, work, place, properties, facts, outcome).await
        })))
    }

    /// Takes what exists already for the stack's own.
    fn take_on(
        &mut self,
        id: StepId,
        step: &Step,
        incarnation: &IncarnationId,
        external_id: &PhysicalId,
        signal: &watch::Receiver<Signal>,
    ) -> Result<Begun, Unresolved> {
        let state = self.goal.resolved(&step.resource, &self.current)?;
        let properties = known(&state)?;
        let facts = self.facts(&step.resource, &state);
        let recorded = self.current.resource(incarnation).cloned();
        let record = recorded.unwrap_or_else(|| self.new_record(incarnation, step));
        let work = self.work(record, signal)?;
        let (incarnation, external_id) = (incarnation.clone(), external_id.clone());
        self.current.stand(&step.resource, &incarnation);
        Ok(Begun::Works(Box::pin(async move {
            let result = work.take_on(external_id, properties, facts).await;
            end(id, &work, incarnation, result).await
        })))
    }

    /// Takes on what exists already.
    fn adopt(
        &mut self,
        id: StepId,
        step: &Step,
        incarnation: &IncarnationId,
        external_id: &PhysicalId,
        replaces: Option<&IncarnationId>,
        signal: &watch::Receiver<Signal>,
    ) -> Result<Begun, Unresolved> {
        let state = self.goal.resolved(&step.resource, &self.current)?;
        let facts = self.facts(&step.resource, &state);
        let recorded = self.current.resource(incarnation).cloned();
        let mut record = recorded.unwrap_or_else(|| self.new_record(incarnation, step));
        let old = replaces.and_then(|old| self.current.resource(old)).cloned();
        let mut predecessor = None;
        if let Some(mut old) = old {
            Arc::make_mut(&mut record).replaces = Some(old.id.clone());
            Arc::make_mut(&mut old).replaced_by = Some(incarnation.clone());
            predecessor = Some(self.predecessor(old, signal)?);
        }
        let work = self.work(record, signal)?;
        let (incarnation, external_id) = (incarnation.clone(), external_id.clone());
        self.current.stand(&step.resource, &incarnation);
        let outcome = if replaces.is_some() { Outcome::Replaced } else { Outcome::Done };
        Ok(Begun::Works(Box::pin(async move {
            let result = async {
                if let Some(old) = &predecessor {
                    // That one takes the other's place is durable before it is there.
                    old.write(None, |_| {}).await?;
                }
                work.adopt(external_id, facts).await
            }
            .await;
            let mut end = end_as(id, &work, incarnation, result, outcome).await;
            if let Some(old) = predecessor {
                let old = old.record().await;
                end.records.push((old.id.clone(), Some(old)));
            }
            end
        })))
    }

    fn update(
        &mut self,
        id: StepId,
        step: &Step,
        incarnation: &IncarnationId,
        wanted: Wanted,
        restore: bool,
        signal: &watch::Receiver<Signal>,
    ) -> Result<Begun, Unresolved> {
        let Some(record) = self.current.resource(incarnation).cloned() else {
            return Err(Unresolved::Wrong(format!("resources.{}: its record is gone", step.resource)));
        };
        let state = self.goal.resolved(&step.resource, &self.current)?;
        let properties = known(&state)?;
        let facts = self.facts(&step.resource, &state);
        let revived = record.replaced_by.is_some();
        let mut others = Vec::new();
        if revived {
            for other in self.current.others(&record) {
                others.push(self.ledger(other.clone(), signal));
            }
        }
        let work = self.work(record, signal)?;
        let incarnation = incarnation.clone();
        let work_id = incarnation.clone();
        self.current.stand(&step.resource, &incarnation);
        Ok(Begun::Works(Box::pin(async move {
            let mut outcome = Outcome::Done;
            let result = async {
                if revived {
                    work.write(None, |record| record.replaced_by = None).await?;
                    // Whoever starts from the record sees which one stands for the name.
                    for other in &others {
                        other.write(None, |record| record.replaced_by = Some(work_id.clone())).await?;
                    }
                }
                if !restore && matches!(wanted, Wanted::Update(_)) && is_this_update(&work, &properties).await
                {
                    // It was begun by this very step before a crash: it is finished, and not done once more.
                    return work.resume_update(Some(facts)).await;
                }
                if let Some(ended) = settle(&work).await? {
                    return Ok(ended);
                }
                if restore {
                    match work.hand_over(true).await? {
                        Ended::Done => {}
                        other => return Ok(other),
                    }
                }
                if work.record().await.action == Action::Init {
                    return work.create(properties, facts).await;
                }
                match wanted {
                    Wanted::Update(changed) => work.update(properties, changed, facts).await,
                    Wanted::Keep => {
                        outcome = Outcome::Kept;
                        if work.lacks_wanted().await
                            && let Err(stopped) = work.refresh().await
                        {
                            return work.ended(Action::Update, Err(stopped)).await;
                        }
                        work.write(None, |record| facts.put(record)).await?;
                        Ok(Ended::Done)
                    }
                }
            }
            .await;
            let mut end = end_as(id, &work, incarnation, result, outcome).await;
            for other in others {
                let other = other.record().await;
                end.records.push((other.id.clone(), Some(other)));
            }
            end
        })))
    }

    /// Decides by values that are known only now, or after an interrupted operation is finished.
    fn decide(
        &mut self,
        id: StepId,
        step: &Step,
        incarnation: &IncarnationId,
        successor: &IncarnationId,
        restore: bool,
        signal: &watch::Receiver<Signal>,
    ) -> Result<Begun, Unresolved> {
        if self.current.resource(successor).is_some() {
            // Decided before a crash: it is being replaced.
            let old = self.current.resource(incarnation).map(|old| old.id.clone());
            return self.create(id, step, successor, old.as_ref(), None, signal);
        }
        let Some(record) = self.current.resource(incarnation).cloned() else {
            return self.create(id, step, successor, None, None, signal);
        };
        let state = self.goal.resolved(&step.resource, &self.current)?;
        let properties = known(&state)?;
        let facts = self.facts(&step.resource, &state);
        let mut new_record = self.new_record(successor, step);
        Arc::make_mut(&mut new_record).replaces = Some(incarnation.clone());
        let old = self.work(record, signal)?;
        let new = self.work(new_record, signal)?;
        let (incarnation, successor) = (incarnation.clone(), successor.clone());
        let (type_name, core) = (step.type_name.clone(), Arc::clone(&self.core));
        // Which one stands for the name is known when the step ends.
        let name = step.resource.clone();
        let forbidden = self.goal.restricted(&name);
        Ok(Begun::Works(Box::pin(async move {
            // An interrupted operation that fails now is repaired like any other failure.
            match settle(&old).await {
                Ok(None | Some(Ended::Failed(_))) => {}
                other => {
                    let result = other.map(|ended| ended.unwrap_or(Ended::Done));
                    return end(id, &old, incarnation, result).await;
                }
            }
            let record = old.record().await;
            let decision = decide(&record, &type_name, &state, &*core.registry, &Prospects::default());
            if let Some(action) = decision.forbidden(&forbidden) {
                let result = old.refuse(Action::Update, restricted(&name, action)).await;
                return end(id, &old, incarnation, result).await;
            }
            let result = async {
                if restore && !matches!(decision, Decision::Replace { .. }) {
                    match old.hand_over(true).await? {
                        Ended::Done => {}
                        other => return Ok((other, Outcome::Done)),
                    }
                }
                Ok(match decision {
                    Decision::Keep => {
                        if record.replaced_by.is_some() {
                            old.write(None, |record| record.replaced_by = None).await?;
                        }
                        (Ended::Done, Outcome::Kept)
                    }
                    Decision::Update { ref changes } => {
                        let changed = changes.iter().map(|change| change.property.clone()).collect();
                        (old.update(properties.clone(), changed, facts.clone()).await?, Outcome::Done)
                    }
                    Decision::Begin => (old.create(properties.clone(), facts.clone()).await?, Outcome::Done),
                    Decision::Refuse { ref property } => {
                        let reason = format!(
                            "resources.{name}: property {property} of {type_name} cannot be changed after creation"
                        );
                        (old.fail(Action::Update, reason).await?, Outcome::Done)
                    }
                    Decision::Replace { .. } => (Ended::Done, Outcome::Replaced),
                    // What exists already is decided upon when the plan is made.
                    Decision::Adopt
                    | Decision::RefuseExternalId
                    | Decision::UnknownType
                    | Decision::Open { .. } => {
                        let reason = format!("resources.{name}: it cannot be decided what becomes of it");
                        (old.fail(Action::Update, reason).await?, Outcome::Done)
                    }
                })
            }
            .await;
            match (result, decision) {
                (Ok((Ended::Done, Outcome::Replaced)), Decision::Replace { order, .. }) => {
                    old.remember(|record| record.replaced_by = Some(successor.clone())).await;
                    let old = Some(Predecessor::Typed(Box::new(old)));
                    let place = Place { incarnation: successor, predecessor: old, order };
                    make(id, new, place, properties, facts, Outcome::Replaced).await
                }
                (Ok((ended, outcome)), _) => end_as(id, &old, incarnation, Ok(ended), outcome).await,
                (Err(error), _) => end(id, &old, incarnation, Err(error)).await,
            }
        })))
    }
}

enum Begun {
    /// Nothing had to be asked for.
    Over(Outcome),
    Works(BoxFuture<'static, StepEnd>),
}

enum Wanted {
    Update(Vec<String>),
    Keep,
}

/// Whether what was begun and is not recorded as done is an update to these properties, by this traversal.
async fn is_this_update(work: &Work, properties: &PropertyMap) -> bool {
    work.record().await.intent.as_ref().is_some_and(|intent| {
        intent.kind == IntentKind::Update
            && intent.traversal == work.traversal
            && intent.properties.as_ref() == Some(properties)
    })
}

/// Does to it what is done to every resource alike; another operation that was interrupted is finished first.
async fn perform(work: &Work, act: Act) -> Result<Ended, StoreError> {
    let begun = match (&work.record().await.intent, act) {
        (None, _) => true,
        (Some(intent), Act::Resume) if intent.kind == IntentKind::Suspend => true,
        // One for another snapshot is none for this one.
        (Some(intent), Act::Snapshot) => intent.kind == act.intent() && intent.traversal == work.traversal,
        (Some(intent), act) => intent.kind == act.intent(),
    };
    if !begun && let Some(ended) = settle(work).await? {
        return Ok(ended);
    }
    work.perform(act).await
}

/// Finishes an operation that was interrupted. `None`: there was none, or it succeeded.
async fn settle(work: &Work) -> Result<Option<Ended>, StoreError> {
    let record = work.record().await;
    let kind = match &record.intent {
        Some(intent) => intent.kind,
        // It is woken before anything else is done to it.
        None if rests(&record) => IntentKind::Resume,
        None => return Ok(None),
    };
    let ended = match kind {
        IntentKind::Create => work.settle_interrupted_create().await?,
        IntentKind::Update => work.resume_update(None).await?,
        IntentKind::Check => work.verify().await?,
        IntentKind::Suspend | IntentKind::Resume => work.perform(Act::Resume).await?,
        IntentKind::Snapshot => work.perform(Act::Snapshot).await?,
        IntentKind::PrepareForReplace | IntentKind::RestoreAfterReplace => work.hand_over(true).await?,
        // A deletion that was begun is repaired by the decision that follows.
        IntentKind::Delete => return Ok(None),
    };
    Ok(match ended {
        Ended::Done => None,
        other => Some(other),
    })
}

async fn end(step: StepId, work: &Ledger, id: IncarnationId, result: Result<Ended, StoreError>) -> StepEnd {
    end_as(step, work, id, result, Outcome::Done).await
}

async fn end_as(
    step: StepId,
    work: &Ledger,
    id: IncarnationId,
    result: Result<Ended, StoreError>,
    outcome: Outcome,
) -> StepEnd {
    let result = result.map(|ended| match ended {
        Ended::Done => StepResult::Ended(outcome),
        Ended::Failed(reason) => StepResult::Failed(reason),
        Ended::Interrupted => StepResult::Interrupted,
        Ended::Paused(reason) => StepResult::Paused(reason),
    });
    // What is secret in it may be handed on from now on.
    work.learn().await;
    StepEnd { step, records: vec![(id, Some(work.record().await))], result }
}

fn known(state: &DesiredState) -> Result<PropertyMap, Unresolved> {
    state
        .properties
        .iter()
        .map(|(name, value)| match value.known() {
            Some(value) => Ok((name.clone(), value.clone())),
            None => Err(Unresolved::Wrong(format!(
                "the value of property {name} is not known though all that it needs is done"
            ))),
        })
        .collect()
}
