//! What is done to a nested stack that is there and stays what it shall be: it is removed, given up, or the same is done to all
//! that is inside.

use super::{Found, Nested, Trouble, failure_of, outside, run, wrong};
use crate::engine::{EngineError, store_content};
use crate::plan::Act;
use crate::record::{Action, IntentKind, Resources, StackId, StackRecord, Status};
use crate::run::current::Current;
use crate::run::goal::Goal;
use crate::run::ledger::Ended;
use crate::run::perform::refusal;
use crate::run::planning::{begin, wake};
use crate::run::traversal::{End, InHand, Traversal};
use crate::store::{Batch, StoreError, Write};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Nested {
    /// Removes the nested stack with all that is inside, then the record. With `retain` it stays, as a stack of its own.
    pub(crate) async fn remove(&self, retain: bool) -> Result<Ended, StoreError> {
        match self.try_remove(retain).await {
            Ok(ended) => Ok(ended),
            Err(Trouble::Store(error)) => Err(error),
            Err(Trouble::Wrong(reason)) => self.ledger.fail(Action::Delete, reason).await,
        }
    }

    /// A nested stack becomes a stack of its own: it keeps the environment and the files that it had from outside, and is
    /// the outermost one of those inside of it.
    async fn uproot(&self, mut stack: StackRecord, resources: &Resources) -> Result<(), StoreError> {
        let core = &self.ledger.core;
        let sources = match store_content::keep_surroundings(core, &mut stack).await {
            Ok(sources) => sources,
            Err(EngineError::Store(error)) => return Err(error),
            Err(error) => {
                tracing::warn!(stack = %stack.name, %error, "what is kept loses its environment and its files");
                Vec::new()
            }
        };
        let Some(owner) = stack.owner.take() else { return Ok(()) };
        // Those inside are written first: whoever repeats this after a crash finds those that are left.
        let inside = |resources: &Resources| -> Vec<StackId> {
            resources.values().filter_map(|record| Some(record.nested.as_ref()?.stack.clone())).collect()
        };
        let mut rest = inside(resources);
        while let Some(id) = rest.pop() {
            let Some(mut below) = core.records.stack(&id).await? else { continue };
            rest.extend(inside(&core.records.resources(&id).await?));
            if let Some(inner) = below.owner.as_mut().filter(|inner| inner.root == owner.root) {
                inner.root = stack.id.clone();
                inner.depth = inner.depth.saturating_sub(owner.depth);
                let claim = core.records.claim(&id).await?;
                core.commit_batch(Batch::new(claim).with(Write::Stack(below)).releasing()).await?;
            }
        }
        let claim = core.records.claim(&stack.id).await?;
        let mut batch = Batch::new(claim).with(Write::Stack(stack));
        batch.writes.extend(sources.into_iter().map(Write::Source));
        core.commit_batch(batch.releasing()).await
    }

    async fn try_remove(&self, retain: bool) -> Result<Ended, Trouble> {
        if self.ledger.signal.borrow().ends() {
            return Ok(Ended::Interrupted);
        }
        let core = &self.ledger.core;
        let record = self.ledger.record().await;
        let found = match &record.nested {
            Some(nested) => self.found(&nested.stack).await?,
            None => Found { stack: None, resources: Resources::new() },
        };
        let Some(stack) = found.stack else {
            self.ledger.remove("state changed").await?;
            return Ok(Ended::Done);
        };
        if retain {
            self.uproot(stack, &found.resources).await?;
            self.ledger.remove("state changed").await?;
            return Ok(Ended::Done);
        }
        if record.intent.as_ref().is_none_or(|intent| intent.kind != IntentKind::Delete) {
            self.ledger
                .begin(IntentKind::Delete, Action::Delete, None, Vec::new(), BTreeSet::new(), None)
                .await?;
        }
        match self.run_as(stack, found.resources, Goal::nothing(core), Action::Delete).await? {
            End::Complete => {
                self.ledger.remove("state changed").await?;
                Ok(Ended::Done)
            }
            End::Failed(reason) => Err(Trouble::Wrong(outside(&record.name, &reason))),
            End::Paused(reason) => Ok(Ended::Paused(outside(&record.name, &reason))),
            End::Interrupted => Ok(Ended::Interrupted),
        }
    }

    /// Runs an action that leaves the nested stack what it shall be, or goes on with it after a crash.
    async fn run_as(
        &self,
        mut stack: StackRecord,
        resources: Resources,
        goal: Goal,
        action: Action,
    ) -> Result<End, Trouble> {
        let core = &self.ledger.core;
        let mine = stack.owner.as_ref().is_some_and(|owner| {
            owner.traversal.as_ref() == Some(&self.ledger.traversal) && stack.action == action
        });
        let running = match stack.traversal.as_ref().filter(|_| mine) {
            Some(id) => core.records.traversal(id).await?,
            None => None,
        };
        let (claim, traversal) = match running {
            Some(mut traversal) => {
                let claim = core.records.claim(&stack.id).await?;
                if wake(core, &mut stack, &mut traversal) {
                    core.commit(&claim, vec![Write::Stack(stack.clone())]).await?;
                }
                (claim, traversal)
            }
            None => {
                let plan = match self.planned.clone().filter(|_| !mine) {
                    Some(plan) => plan,
                    None => self.plan(&stack, &goal, &resources, action).await?,
                };
                let plan = if self.abandons { plan.abandoning() } else { plan };
                if let Some(owner) = &mut stack.owner {
                    owner.traversal = Some(self.ledger.traversal.clone());
                    owner.last = true;
                }
                let claim = core.records.claim(&stack.id).await?;
                let (traversal, batch) =
                    begin(core, &claim, &mut stack, plan, action, self.on_failure_inside(), "");
                core.commit_batch(batch).await?;
                (claim, traversal)
            }
        };
        stack.credentials = self.parent.credentials.clone();
        let current = Current::new(resources);
        let secrets = Arc::clone(&self.ledger.secrets);
        secrets.learn(&core.registry, &stack, &goal, &current);
        let end = run(Traversal {
            core: Arc::clone(core),
            claim,
            stack,
            record: traversal,
            goal: Arc::new(goal),
            current,
            interrupt: self.ledger.signal.clone(),
            secrets,
            in_hand: InHand::default(),
        })
        .await?;
        Ok(end)
    }

    /// Does to the nested stack what is done to every resource alike.
    pub(crate) async fn perform(&self, act: Act) -> Result<Ended, StoreError> {
        match self.try_perform(act).await {
            Ok(ended) => Ok(ended),
            Err(Trouble::Store(error)) => Err(error),
            Err(Trouble::Wrong(reason)) => self.ledger.fail(act.action(), reason).await,
        }
    }

    async fn try_perform(&self, act: Act) -> Result<Ended, Trouble> {
        if self.ledger.signal.borrow().ends() {
            return Ok(Ended::Interrupted);
        }
        let record = self.ledger.record().await;
        let begun = record.intent.as_ref().is_some_and(|intent| intent.kind == act.intent());
        if !begun && let Some(reason) = refusal(&record, act) {
            return Ok(self.ledger.refuse(act.action(), reason).await?);
        }
        let found = match &record.nested {
            Some(nested) => self.found(&nested.stack).await?,
            None => Found { stack: None, resources: Resources::new() },
        };
        let Some(stack) = found.stack else {
            return Err(Trouble::Wrong(format!("resources.{}: its nested stack is gone", record.name)));
        };
        if !begun {
            let (kind, action) = (act.intent(), act.action());
            self.ledger.begin(kind, action, None, Vec::new(), BTreeSet::new(), None).await?;
        }
        let goal = Goal::recorded(&self.ledger.core, &stack, &stack.desired).await;
        let goal = goal.map_err(|error| wrong(&format!("resources.{}", record.name), error))?;
        let mine = stack.owner.as_ref().is_some_and(|owner| {
            owner.traversal.as_ref() == Some(&self.ledger.traversal) && stack.action == act.action()
        });
        // It ended before a crash, and its end was not recorded here.
        let end = match stack.status {
            Status::Complete if mine && stack.traversal.is_none() => End::Complete,
            Status::Failed if mine && stack.traversal.is_none() => End::Failed(failure_of(&stack.reason)),
            _ => self.run_as(stack, found.resources, goal, act.action()).await?,
        };
        match end {
            End::Complete => {
                let event = Some((act.action(), Status::Complete, "state changed"));
                self.ledger.write(event, |record| record.intent = None).await?;
                Ok(Ended::Done)
            }
            End::Failed(reason) => Err(Trouble::Wrong(outside(&record.name, &reason))),
            End::Paused(reason) => Ok(Ended::Paused(outside(&record.name, &reason))),
            End::Interrupted => Ok(Ended::Interrupted),
        }
    }
}
