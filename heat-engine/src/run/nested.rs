//! Nested stacks: a step of the parent that runs a traversal of the nested stack, as a future of its own.
//!
//! The record of the resource names the nested stack before it is made, with the intent, so that nothing of it is ever lost:
//! whoever picks the intent up makes the stack if it is not there, goes on with its traversal if that was begun for the
//! same traversal of the parent, and otherwise plans anew from what is recorded inside.

mod existing;

use super::current::Current;
use super::goal::{ChildGoal, ChildOf, Goal, NestedAttributes, facade_of, same};
use super::ledger::{Ended, Facts, Ledger, Signal};
use super::observe::observe;
use super::planning::{begin, is_local, make_plan, perform_plan, to_be_adopted, wake};
use super::scaling;
use super::traversal::{End, InHand, Traversal};
use crate::engine::EngineError;
use crate::plan::{Act, DesiredState, Plan, adopting};
use crate::record::{
    Action, IntentKind, OnFailure, Owner, ResourceRecord, Resources, StackId, StackRecord, Status,
    TraversalRecord,
};
use crate::schedule::Outcome;
use crate::store::{Batch, Claim, StoreError, Write};
use heat_plugin_sdk::{PhysicalId, PropertyMap, physical_name};
use heat_template::composite::Stage;
use heat_template::definition::NestedError;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// The longest name of a nested stack.
const LONGEST_NAME: usize = 255;

/// A step of the parent that works on a nested stack.
pub(crate) struct Nested {
    /// The record of the resource.
    pub(crate) ledger: Ledger,
    /// The parent.
    pub(crate) parent: StackRecord,
    /// What the parent shall be.
    pub(crate) goal: Arc<Goal>,
    /// What follows a failure inside.
    pub(crate) on_failure: OnFailure,
    /// The plan of what is inside, where it was made from what is known now.
    pub(crate) planned: Option<Plan>,
    /// The stacks are adopted by Heat's data, which the records of their resources have.
    pub(crate) adopts: bool,
    /// Nothing real is removed.
    pub(crate) abandons: bool,
    /// What is really there counts, not what was applied.
    pub(crate) converges: bool,
    /// Nothing but its size, or that of a group inside, is changed.
    pub(crate) scales: bool,
}

/// What a nested stack is to be brought to.
pub(crate) struct Wanted {
    pub(crate) state: DesiredState,
    pub(crate) properties: PropertyMap,
    pub(crate) facts: Facts,
    /// The properties that change.
    pub(crate) changed: Vec<String>,
}

/// Why a nested stack cannot go on.
enum Trouble {
    /// For this reason.
    Wrong(String),
    Store(StoreError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What is recorded of a nested stack.
struct Found {
    stack: Option<StackRecord>,
    resources: Resources,
}

impl Nested {
    /// Brings the nested stack to what it shall be; makes it where it is not there.
    pub(crate) async fn bring(&self, wanted: Wanted) -> Result<(Ended, Outcome), StoreError> {
        let action = match self.ledger.record().await {
            _ if self.adopts => Action::Adopt,
            record if record.action == Action::Init || record.properties.is_none() => Action::Create,
            _ => Action::Update,
        };
        match self.try_bring(wanted, action).await {
            Ok(ended) => Ok(ended),
            Err(Trouble::Store(error)) => Err(error),
            Err(Trouble::Wrong(reason)) => Ok((self.ledger.fail(action, reason).await?, Outcome::Done)),
        }
    }

    async fn try_bring(&self, wanted: Wanted, action: Action) -> Result<(Ended, Outcome), Trouble> {
        if self.ledger.signal.borrow().ends() {
            return Ok((Ended::Interrupted, Outcome::Done));
        }
        let record = self.ledger.record().await;
        let id = match &record.nested {
            Some(nested) => nested.stack.clone(),
            None => self.ledger.core.ids.stack(),
        };
        let found = self.found(&id).await?;
        let child = self.child(&record, &id, &wanted, &found, None)?;
        let child = match self.picked_up(&found, child).await? {
            Picked::Ended(end, child) => return self.close(end, action, wanted, child, &id).await,
            Picked::No(child) => child,
        };
        self.begin(&record, action, &id, &wanted, &child).await?;
        match self.run_through(&record, &id, &wanted, child, found).await? {
            Ran::Ended(end, child) => self.close(end, action, wanted, *child, &id).await,
            Ran::Interrupted => Ok((Ended::Interrupted, Outcome::Done)),
        }
    }

    async fn found(&self, id: &StackId) -> Result<Found, StoreError> {
        let records = &self.ledger.core.records;
        let stack = records.stack(id).await?.filter(|stack| stack.deleted.is_none());
        let resources = if stack.is_some() { records.resources(id).await? } else { Resources::new() };
        Ok(Found { stack, resources })
    }

    fn child(
        &self,
        record: &ResourceRecord,
        id: &StackId,
        wanted: &Wanted,
        found: &Found,
        template: Option<&Value>,
    ) -> Result<ChildGoal, Trouble> {
        let definition = wanted.facts.definition.clone();
        let members = Current::new(found.resources.clone()).members();
        let child = self.goal.child(ChildOf {
            name: &record.name,
            template,
            properties: &wanted.state.properties,
            memory: record.private.as_ref(),
            members: &members,
            exists: found.stack.is_some(),
            size: self.size(record),
            facade: facade_of(Some(&definition), Some(&wanted.facts.metadata)),
            stack_name: match &found.stack {
                Some(stack) => stack.name.clone(),
                None => self.name(record),
            },
            stack_id: Some(id.0.clone()),
            sensitive: wanted.facts.sensitive.clone(),
        });
        child.map_err(|error| {
            let path = format!("resources.{}", record.name);
            Trouble::Wrong(match error {
                NestedError::NotKnownYet => {
                    format!("{path}: what is inside is not known though all that it needs is done")
                }
                NestedError::Wrong(found) => {
                    let first = found.iter().find(|one| one.is_error()).or(found.first());
                    first.map_or_else(|| format!("{path}: it cannot be defined"), ToString::to_string)
                }
            })
        })
    }

    /// Whether it is gone into for nothing but a group inside of it that is scaled.
    fn leads_inside(&self, record: &ResourceRecord) -> bool {
        let scaling = record.nested.as_ref().and_then(|nested| nested.scaling.as_ref());
        self.scales && scaling.is_some_and(|scaling| scaling.size.is_none())
    }

    /// How many members are wanted by a change of the size alone.
    fn size(&self, record: &ResourceRecord) -> Option<u64> {
        let scaling = record.nested.as_ref().and_then(|nested| nested.scaling.as_ref());
        scaling.filter(|_| self.scales).and_then(|scaling| scaling.size)
    }

    fn name(&self, record: &ResourceRecord) -> String {
        let resource = heat_plugin_sdk::ResourceIdentity {
            name: record.name.clone(),
            id: record.id.to_string(),
            short_id: super::ids::short_id(&record.id),
        };
        physical_name(&self.ledger.stack, &resource, LONGEST_NAME)
    }

    /// Goes on with what was begun inside for this very traversal of the parent before a crash.
    async fn picked_up(&self, found: &Found, child: ChildGoal) -> Result<Picked, Trouble> {
        let core = &self.ledger.core;
        let Some(stack) = &found.stack else { return Ok(Picked::No(child)) };
        let mine = stack.owner.as_ref().is_some_and(|owner| {
            // One on the way to another template is planned anew.
            owner.traversal.as_ref() == Some(&self.ledger.traversal) && owner.last
        });
        if !mine || stack.action == Action::Delete || !same(&stack.desired, &child.desired) {
            return Ok(Picked::No(child));
        }
        // What the traversal did to it before does not tell whether it was scaled.
        if self.scales && stack.traversal.is_none() {
            return Ok(Picked::No(child));
        }
        let Some(running) = &stack.traversal else {
            let end = match stack.status {
                Status::Complete => End::Complete,
                _ => End::Failed(failure_of(&stack.reason)),
            };
            return Ok(Picked::Ended(end, child));
        };
        let Some(record) = core.records.traversal(running).await? else { return Ok(Picked::No(child)) };
        let claim = core.records.claim(&stack.id).await?;
        let mut stack = StackRecord { credentials: self.parent.credentials.clone(), ..stack.clone() };
        let mut record = record;
        if wake(core, &mut stack, &mut record) {
            core.commit(&claim, vec![Write::Stack(stack.clone())]).await?;
        }
        let (end, child) = self.run(claim, stack, record, child, found.resources.clone()).await?;
        Ok(Picked::Ended(end, child))
    }

    /// Runs a traversal inside the one of the parent.
    async fn run(
        &self,
        claim: Claim,
        stack: StackRecord,
        record: TraversalRecord,
        child: ChildGoal,
        resources: Resources,
    ) -> Result<(End, ChildGoal), Trouble> {
        let ChildGoal { goal, desired, source, memory, stages, complete } = child;
        let goal = Arc::new(goal);
        let current = Current::new(resources);
        let secrets = Arc::clone(&self.ledger.secrets);
        secrets.learn(&self.ledger.core.registry, &stack, &goal, &current);
        let end = run(Traversal {
            core: Arc::clone(&self.ledger.core),
            claim,
            stack,
            record,
            goal: Arc::clone(&goal),
            current,
            interrupt: self.ledger.signal.clone(),
            secrets,
            in_hand: InHand::default(),
        })
        .await?;
        // The traversal is over, and nobody else holds it.
        let goal = Arc::try_unwrap(goal)
            .map_err(|_| Trouble::Wrong(format!("{}: it is still worked on", self.resource_path())))?;
        Ok((end, ChildGoal { goal, desired, source, memory, stages, complete }))
    }

    async fn plan(
        &self,
        stack: &StackRecord,
        goal: &Goal,
        resources: &Resources,
        action: Action,
    ) -> Result<Plan, Trouble> {
        let plan = match Act::of(action) {
            Some(act) => Ok(perform_plan(&self.ledger.core, stack, resources, act).await?),
            None => make_plan(&self.ledger.core, stack, goal, resources, action).await,
        };
        plan.map_err(|error| wrong(&self.resource_path(), error))
    }

    fn resource_path(&self) -> String {
        let page = self.ledger.page.try_lock();
        page.map_or_else(|_| "resources".to_owned(), |page| format!("resources.{}", page.record.name))
    }

    /// Makes the intent durable, and with it which stack is meant.
    async fn begin(
        &self,
        record: &ResourceRecord,
        action: Action,
        id: &StackId,
        wanted: &Wanted,
        child: &ChildGoal,
    ) -> Result<(), StoreError> {
        if record.intent.as_ref().is_some_and(|intent| intent.traversal == self.ledger.traversal) {
            return Ok(());
        }
        let mut nested = self.goal.nested_stack(&record.name, id.clone());
        // Whatever it is brought to, what was asked for besides is over only when that is recorded.
        nested.scaling = record.nested.as_ref().and_then(|nested| nested.scaling.clone());
        let (memory, type_name) = (child.memory.clone(), self.goal.type_of(&record.name));
        self.ledger
            .remember(|record| {
                record.physical_id = Some(PhysicalId::new(nested.stack.as_str()));
                record.nested = Some(nested);
                record.private = memory;
                record.replaced_by = None;
                if let Some(type_name) = type_name {
                    record.type_name = type_name;
                }
            })
            .await;
        let is_new = matches!(action, Action::Create | Action::Adopt);
        let kind = if is_new { IntentKind::Create } else { IntentKind::Update };
        let (properties, mut facts) = (Some(wanted.properties.clone()), wanted.facts.clone());
        // What is inside may still use what it was made with before.
        facts.requires.extend(record.requires.iter().cloned());
        let facts = Some(facts);
        self.ledger.begin(kind, action, properties, wanted.changed.clone(), BTreeSet::new(), facts).await
    }

    /// Brings the nested stack to the templates on the way, one after the other, then to the last one.
    async fn run_through(
        &self,
        record: &ResourceRecord,
        id: &StackId,
        wanted: &Wanted,
        child: ChildGoal,
        mut found: Found,
    ) -> Result<Ran, Trouble> {
        if let Some(stack) = found.stack.as_ref().filter(|_| self.leads_inside(record)) {
            // Nothing of what it shall be changes: it has no other steps than those that scale.
            let plan = scaling::scaling_plan(stack.revision);
            let (end, child) = self.run_one(record, id, child, found, Some(plan), true).await?;
            return Ok(match end {
                End::Interrupted => Ran::Interrupted,
                end => Ran::Ended(end, Box::new(child)),
            });
        }
        for Stage { template, pause } in &child.stages {
            let stage = self.child(record, id, wanted, &found, Some(template))?;
            let (end, _) = self.run_one(record, id, stage, found, None, false).await?;
            match end {
                End::Complete => {}
                end @ (End::Failed(_) | End::Paused(_)) => return Ok(Ran::Ended(end, Box::new(child))),
                End::Interrupted => return Ok(Ran::Interrupted),
            }
            if *pause > 0.0 {
                let mut signal = self.ledger.signal.clone();
                tokio::select! {
                    () = tokio::time::sleep(Duration::try_from_secs_f64(*pause).unwrap_or_default()) => {}
                    _ = signal.wait_for(|signal| !matches!(signal, Signal::Run | Signal::Hasten)) => {}
                }
            }
            if self.ledger.signal.borrow().ends() {
                return Ok(Ran::Interrupted);
            }
            found = self.found(id).await?;
        }
        let planned = if child.stages.is_empty() { self.planned.clone() } else { None };
        let (end, child) = self.run_one(record, id, child, found, planned, true).await?;
        Ok(match end {
            End::Interrupted => Ran::Interrupted,
            end => Ran::Ended(end, Box::new(child)),
        })
    }

    /// One traversal of the nested stack.
    async fn run_one(
        &self,
        record: &ResourceRecord,
        id: &StackId,
        mut child: ChildGoal,
        mut found: Found,
        planned: Option<Plan>,
        last: bool,
    ) -> Result<(End, ChildGoal), Trouble> {
        let core = &self.ledger.core;
        let is_new = found.stack.is_none();
        let mut stack = match found.stack {
            Some(stack) => stack,
            None => self.new_stack(record, id),
        };
        self.ledger.secrets.learn_hidden(&stack.desired);
        stack.desired = child.desired.clone();
        stack.timeout_minutes = self.parent.timeout_minutes;
        if let Some(owner) = &mut stack.owner {
            owner.traversal = Some(self.ledger.traversal.clone());
            owner.last = last;
            // It may have another name since.
            owner.resource.clone_from(&record.name);
            owner.type_name = self.goal.written_type(&record.name).unwrap_or_default();
        }
        let action = match &planned {
            _ if self.adopts => Action::Adopt,
            _ if is_new => Action::Create,
            // It only leads to a group that is scaled.
            Some(plan) if plan.action == Action::Signal => Action::Signal,
            _ => Action::Update,
        };
        let mut plan = match planned {
            Some(plan) => plan,
            None => {
                child.goal.converges = self.converges;
                if self.converges {
                    let seen = observe(core, &stack, &mut found.resources).await;
                    seen.map_err(|error| wrong(&self.resource_path(), error))?;
                }
                self.plan(&stack, &child.goal, &found.resources, action).await?
            }
        };
        let mut resources = found.resources;
        let mut adopted = Vec::new();
        if self.adopts {
            let data = record.adopts.clone().unwrap_or_default();
            adopting(&mut plan, &data, &|type_name| is_local(core, type_name));
            adopted = to_be_adopted(core, id, &plan, &data, &resources);
            resources.extend(adopted.iter().map(|record| (record.id.clone(), Arc::clone(record))));
        }
        let claim = match is_new {
            true => Batch::create(stack.clone()).claim,
            false => core.records.claim(id).await?,
        };
        stack.credentials = self.parent.credentials.clone();
        let (traversal, begun) = begin(core, &claim, &mut stack, plan, action, self.on_failure_inside(), "");
        let mut batch = Batch::new(claim.clone());
        if is_new {
            batch.push(Write::CreateStack(stack.clone()));
        }
        batch.push(Write::Source(child.source.clone()));
        batch.writes.extend(adopted.into_iter().map(Write::Resource));
        batch
            .writes
            .extend(begun.writes.into_iter().filter(|write| !is_new || !matches!(write, Write::Stack(_))));
        core.commit_batch(batch).await?;
        self.run(claim, stack, traversal, child, resources).await
    }

    /// The parent rolls back what is inside.
    fn on_failure_inside(&self) -> OnFailure {
        match self.on_failure {
            OnFailure::Continue => OnFailure::Continue,
            OnFailure::Stop | OnFailure::Rollback => OnFailure::Stop,
        }
    }

    fn new_stack(&self, record: &ResourceRecord, id: &StackId) -> StackRecord {
        let now = self.ledger.core.clock.now();
        let outer = self.parent.owner.as_ref();
        StackRecord {
            id: id.clone(),
            name: self.name(record),
            project: self.parent.project.clone(),
            revision: 0,
            action: Action::Create,
            status: Status::InProgress,
            reason: String::new(),
            created: now,
            updated: None,
            deleted: None,
            timeout_minutes: self.parent.timeout_minutes,
            disable_rollback: true,
            tags: Vec::new(),
            credentials: self.parent.credentials.clone(),
            desired: crate::record::Desired::default(),
            last_complete: None,
            traversal: None,
            paused: None,
            pending: BTreeSet::new(),
            moved: BTreeMap::new(),
            imported: BTreeSet::new(),
            owner: Some(Owner {
                root: outer.map_or_else(|| self.parent.id.clone(), |owner| owner.root.clone()),
                stack: self.parent.id.clone(),
                resource: record.name.clone(),
                type_name: String::new(),
                incarnation: record.id.clone(),
                depth: outer.map_or(1, |owner| owner.depth + 1),
                traversal: None,
                last: false,
            }),
            snapshots: Vec::new(),
        }
    }

    /// Records how it ended.
    async fn close(
        &self,
        end: End,
        action: Action,
        wanted: Wanted,
        child: ChildGoal,
        id: &StackId,
    ) -> Result<(Ended, Outcome), Trouble> {
        let core = &self.ledger.core;
        match end {
            End::Interrupted => return Ok((Ended::Interrupted, Outcome::Done)),
            End::Paused(reason) => {
                let reason = outside(&self.ledger.record().await.name, &reason);
                return Ok((Ended::Paused(reason), Outcome::Done));
            }
            End::Failed(reason) => {
                let reason = outside(&self.ledger.record().await.name, &reason);
                let found = self.found(id).await?;
                let told = self.told(&wanted, &child, found).await;
                let (properties, mut sensitive) = (wanted.properties, wanted.facts.sensitive);
                sensitive.extend(told.secret);
                // What is inside was brought towards these, and is repaired from there. What failed tells as far as it came.
                self.ledger
                    .remember(|record| {
                        record.properties = Some(properties);
                        record.attributes = told.attributes;
                        record.reference_id = Some(told.reference_id);
                        record.sensitive = sensitive;
                        scaling::close(&core.registry, record, false, core.clock.now());
                    })
                    .await;
                return Ok((self.ledger.fail(action, reason).await?, Outcome::Done));
            }
            End::Complete => {}
        }
        let found = self.found(id).await?;
        let told = self.told(&wanted, &child, found).await;
        let mut sensitive = wanted.facts.sensitive.clone();
        sensitive.extend(told.secret);
        self.ledger
            .write(Some((action, Status::Complete, "state changed")), |record| {
                record.properties = Some(wanted.properties);
                record.attributes = told.attributes;
                record.reference_id = Some(told.reference_id);
                record.intent = None;
                record.adopts = None;
                wanted.facts.put(record);
                record.sensitive = sensitive;
                scaling::close(&core.registry, record, true, core.clock.now());
            })
            .await?;
        Ok((Ended::Done, Outcome::Done))
    }

    /// What the nested stack tells.
    async fn told(&self, wanted: &Wanted, child: &ChildGoal, found: Found) -> NestedAttributes {
        let current = Current::new(found.resources);
        let arn = found.stack.as_ref().map(arn).unwrap_or_default();
        let record = self.ledger.record().await;
        self.goal.nested_attributes(&record, &wanted.properties, &child.goal, &current, &arn)
    }
}

/// What became of what was begun before a crash.
enum Picked {
    /// Nothing was begun, or it is planned anew.
    No(ChildGoal),
    Ended(End, ChildGoal),
}

/// How the templates of a nested stack were run through.
enum Ran {
    Ended(End, Box<ChildGoal>),
    Interrupted,
}

/// Runs a traversal inside the one of the parent. Boxed, because a nested stack may hold nested stacks.
fn run(mut traversal: Traversal) -> futures_util::future::BoxFuture<'static, Result<End, StoreError>> {
    Box::pin(async move { traversal.run().await })
}

/// The ARN of a stack.
pub(crate) fn arn(stack: &StackRecord) -> String {
    format!("arn:openstack:heat::{}:stacks/{}/{}", stack.project, stack.name, stack.id)
}

/// A failure inside a nested stack as the parent has to tell it: `Class: resources.outer.resources.inner: message`.
fn outside(name: &str, failure: &str) -> String {
    match failure.split_once("resources.") {
        Some((class, rest)) => format!("{class}resources.{name}.resources.{rest}"),
        None => format!("resources.{name}: {failure}"),
    }
}

/// The failure in the reason of a stack's status.
fn failure_of(reason: &str) -> String {
    match reason.split_once(" failed: ") {
        Some((before, failure)) if before.starts_with("Resource ") => failure.to_owned(),
        _ => reason.to_owned(),
    }
}

fn wrong(path: &str, error: EngineError) -> Trouble {
    match error {
        EngineError::Store(error) => Trouble::Store(error),
        other => Trouble::Wrong(format!("{path}: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_inside_is_told_with_the_way_to_it() {
        let inner = "ResourceInError: resources.core: it broke";
        assert_eq!(outside("box", inner), "ResourceInError: resources.box.resources.core: it broke");
        assert_eq!(outside("box", "Create timed out"), "resources.box: Create timed out");
        assert_eq!(failure_of(&format!("Resource CREATE failed: {inner}")), inner);
        assert_eq!(failure_of("Create timed out"), "Create timed out");
    }
}
