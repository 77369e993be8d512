//! Bringing a stack to another form: what is foreseen, and the beginning of it.

use super::particulars::Particulars;
use super::saved_plan::SavedPlan;
use super::{EngineError, Stack};
use crate::plan::Plan;
use crate::record::{Action, OnFailure, ResourceRecord, Resources, StackRecord};
use crate::run::{Core, Current, Goal, begin, examine, give_up_snapshot, make_plan, nested_records};
use crate::store::{Source, Write};
use std::sync::Arc;

/// An update about which everything is right.
pub(super) struct Prepared {
    /// The stack as it shall be.
    pub(super) stack: StackRecord,
    /// The texts that it is made from.
    pub(super) sources: Vec<Source>,
    pub(super) goal: Goal,
    pub(super) particulars: Particulars,
    pub(super) on_failure: Option<OnFailure>,
    /// An update, or the return to a snapshot.
    pub(super) action: Action,
}

impl Prepared {
    /// What a plan of it is made from.
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject { stack: &self.stack, goal: &self.goal, particulars: &self.particulars, action: self.action }
    }

    /// What follows a failure.
    pub(super) fn on_failure(&self) -> OnFailure {
        let usual = if self.stack.disable_rollback { OnFailure::Stop } else { OnFailure::Rollback };
        self.on_failure.unwrap_or(usual)
    }
}

/// What a plan is made from, beside what is recorded.
#[derive(Clone, Copy)]
pub(super) struct Subject<'p> {
    pub(super) stack: &'p StackRecord,
    pub(super) goal: &'p Goal,
    pub(super) particulars: &'p Particulars,
    pub(super) action: Action,
}

/// A plan that was made before and is to be run, it and no other.
#[derive(Clone, Copy)]
pub(super) enum Planned<'p> {
    /// With all that it was made from.
    Saved(&'p SavedPlan),
    /// The plan alone.
    Shown(&'p Plan),
}

impl Planned<'_> {
    fn plan(&self) -> &Plan {
        match self {
            Self::Saved(saved) => saved.plan(),
            Self::Shown(plan) => plan,
        }
    }

    /// Refuses it where what is recorded has moved.
    pub(super) async fn fits_record(
        &self,
        core: &Core,
        stack: &StackRecord,
        resources: &Resources,
    ) -> Result<(), EngineError> {
        let because = match self {
            Self::Saved(saved) => saved.moved(core, stack, resources).await?,
            Self::Shown(_) => Vec::new(),
        };
        self.stale_if(stack, because, self.plan().revision != stack.revision)
    }

    /// Gives it where the plan that would be made now does the same; refuses it where services tell something else, or
    /// another plan would be made.
    pub(super) fn fits_plan(
        &self,
        stack: &StackRecord,
        goal: &Goal,
        now: &Plan,
    ) -> Result<Plan, EngineError> {
        let mut because: Vec<String> = self.plan().differences(now).iter().map(ToString::to_string).collect();
        if let Self::Saved(saved) = self {
            because.extend(saved.found_otherwise(goal));
        }
        self.stale_if(stack, because, self.plan().action != now.action || self.plan().asked != now.asked)?;
        Ok(self.plan().clone())
    }

    fn stale_if(
        &self,
        stack: &StackRecord,
        because: Vec<String>,
        otherwise: bool,
    ) -> Result<(), EngineError> {
        if because.is_empty() && !otherwise {
            return Ok(());
        }
        let (stack, found) = (stack.name.clone(), stack.revision);
        Err(EngineError::StalePlan { stack, planned: self.plan().revision, found, because })
    }
}

/// What would be done.
pub(super) struct Foreseen {
    pub(super) plan: Plan,
    /// The records that it starts from.
    pub(super) resources: Resources,
    /// Those of them that are other than they are recorded: they become durable with the beginning.
    pub(super) amended: Vec<Arc<ResourceRecord>>,
}

/// What an update would do. What is recorded learns what is seen of the things that exist already.
pub(super) async fn foresee(
    core: &Arc<Core>,
    Subject { stack, goal, particulars, action }: Subject<'_>,
    mut resources: Resources,
) -> Result<Foreseen, EngineError> {
    examine(core, stack, goal, &mut resources).await?;
    let mut plan = make_plan(core, stack, goal, &resources, action).await?;
    if !particulars.only.is_empty() || !particulars.except.is_empty() {
        let nested = nested_records(core, &resources).await?;
        plan = plan.select(&particulars.only, &particulars.except, &resources, &nested)?;
    }
    let failing = if particulars.all_or_nothing { plan.failing() } else { Vec::new() };
    if !failing.is_empty() {
        let told = |(path, reason): (String, String)| {
            format!("resources.{}: {reason}", path.replace('/', ".resources."))
        };
        let reasons = failing.into_iter().map(told).collect();
        return Err(EngineError::WouldFail { stack: stack.name.clone(), reasons });
    }
    Ok(Foreseen { plan, resources, amended: Vec::new() })
}

impl Stack {
    /// Begins an update. `planned`: that plan and no other.
    pub(super) async fn begin_update(
        &self,
        prepared: Prepared,
        planned: Option<Planned<'_>>,
    ) -> Result<(), EngineError> {
        let core = self.engine.core();
        if let Some(planned) = planned {
            // What is refused anyway stops nothing.
            let (stack, resources) = (self.record().await?, core.records.resources(&self.id).await?);
            planned.fits_record(core, &stack, &resources).await?;
        }
        // Everything about the request is right: only now the running traversal is stopped, whoever runs it.
        let claim = self.engine.seize(&self.id).await?;
        let mut now = self.record().await?;
        let before = now.desired.clone();
        let on_failure = prepared.on_failure();
        let foreseen = async {
            let resources = core.records.resources(&self.id).await?;
            give_up_snapshot(core, &mut now, &resources).await?;
            if let Some(planned) = planned {
                planned.fits_record(core, &now, &resources).await?;
            }
            let mut foreseen = foresee(core, prepared.subject(), resources).await?;
            if let Some(planned) = planned {
                foreseen.plan = planned.fits_plan(&now, &prepared.goal, &foreseen.plan)?;
            }
            Ok(foreseen)
        }
        .await;
        let Foreseen { plan, resources, amended } = match foreseen {
            Ok(foreseen) => foreseen,
            Err(error) => {
                // The stack goes on with what it was doing.
                core.records.release(&claim).await?;
                self.proceed(&now).await?;
                return Err(error);
            }
        };
        let Prepared { stack: next, sources, goal, action, .. } = prepared;
        let mut stack = StackRecord {
            revision: now.revision,
            action: now.action,
            status: now.status,
            reason: now.reason,
            last_complete: now.last_complete,
            traversal: now.traversal,
            paused: now.paused,
            snapshots: now.snapshots,
            ..next
        };
        let (record, mut batch) = begin(core, &claim, &mut stack, plan, action, on_failure, "");
        batch.writes.splice(0..0, sources.into_iter().map(Write::Source));
        batch.writes.extend(amended.into_iter().map(Write::Resource));
        core.commit_batch(batch).await?;
        let current = Current::new(resources);
        self.engine.0.driver.start(claim, stack, record, Arc::new(goal), current, Some(&before));
        Ok(())
    }
}
