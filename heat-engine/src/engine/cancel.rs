//! Cancelling what is being done to a stack.

use super::{EngineError, Stack};
use crate::plan::Plan;
use crate::record::{Action, OnFailure, Resources, StackRecord, Status};
use crate::run::{Current, Goal, begin, make_plan, stack_event, taken_back};
use crate::store::{Batch, Write};
use std::sync::Arc;

impl Stack {
    /// Cancels an update that is in progress, and goes back to what was complete before it: what is under way is stopped
    /// between two calls, as by another update, whichever engine does it. Returns when the beginning of the way back is
    /// durable.
    ///
    /// # Errors
    /// No update is in progress, or the stack was never complete; another engine does not let go of it. It goes on with what
    /// it was doing then.
    pub async fn cancel_update(&self) -> Result<(), EngineError> {
        let _turn = self.engine.0.turn(&self.id).await?;
        refuse(&self.living().await?, &[Action::Update])?;
        let core = self.engine.core();
        let claim = self.engine.seize(&self.id).await?;
        let (before, prepared) = match self.living().await {
            Ok(stack) => (Some(stack.clone()), self.way_back(stack).await),
            Err(error) => (None, Err(error)),
        };
        let (mut stack, goal, resources, plan, amended) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                core.records.release(&claim).await?;
                if let Some(stack) = before {
                    self.proceed(&stack).await?;
                }
                return Err(error);
            }
        };
        let because = "the update was cancelled by user";
        let (record, mut batch) =
            begin(core, &claim, &mut stack, plan, Action::Rollback, OnFailure::Stop, because);
        batch.writes.extend(amended);
        core.commit_batch(batch).await?;
        let before = before.map(|stack| stack.desired);
        let current = Current::new(resources);
        self.engine.0.driver.start(claim, stack, record, Arc::new(goal), current, before.as_ref());
        Ok(())
    }

    async fn way_back(
        &self,
        mut stack: StackRecord,
    ) -> Result<(StackRecord, Goal, Resources, Plan, Vec<Write>), EngineError> {
        let core = self.engine.core();
        // It may have come to its end meanwhile.
        refuse(&stack, &[Action::Update])?;
        let Some(target) = stack.last_complete.clone() else {
            return Err(state(&stack, "it was never complete, so there is nothing to go back to"));
        };
        let goal = Goal::recorded(core, &stack, &target).await?;
        stack.desired = target;
        let mut resources = core.records.resources(&self.id).await?;
        let amended = taken_back(&mut stack, &mut resources);
        let plan = make_plan(core, &stack, &goal, &resources, Action::Rollback).await?;
        Ok((stack, goal, resources, plan, amended))
    }

    /// Cancels a creation or an update that is in progress: nothing new is begun, also inside of nested stacks, what is in
    /// progress is let finish, and the stack is `FAILED`. Returns when that is durable. The next update goes on from there.
    ///
    /// Where nobody works on the stack, because its engine died, what was in progress is finished by the next update.
    ///
    /// # Errors
    /// Neither is in progress, or it came to its end before; another engine works on the stack.
    pub async fn cancel_without_rollback(&self) -> Result<(), EngineError> {
        let _turn = self.engine.0.turn(&self.id).await?;
        let begun = self.living().await?;
        refuse(&begun, &[Action::Create, Action::Update])?;
        if self.engine.0.driver.stop(&self.id).await {
            let ended = self.record().await?;
            return match (ended.traversal == begun.traversal, ended.status) {
                (false, Status::Failed) => Ok(()),
                (false, _) => Err(state(&ended, "it came to its end before it could be cancelled")),
                (true, _) => Err(state(&ended, "it could not be stopped: cancel it once more")),
            };
        }
        let core = self.engine.core();
        let claim = core.records.claim(&self.id).await?;
        let cancelled = async {
            let mut stack = self.living().await?;
            refuse(&stack, &[Action::Create, Action::Update])?;
            stack.status = Status::Failed;
            stack.reason = cancelled(stack.action);
            stack.paused = None;
            let mut batch = Batch::new(claim.clone());
            let old = stack.traversal.take();
            batch.push(Write::Event(stack_event(core, &stack, core.clock.now())));
            batch.push(Write::Stack(stack));
            batch.writes.extend(old.map(Write::RemoveTraversal));
            Ok(core.commit_batch(batch).await?)
        }
        .await;
        core.records.release(&claim).await?;
        cancelled
    }
}

/// As Heat words it.
pub(crate) fn cancelled(action: Action) -> String {
    format!("Stack {action} cancelled by user")
}

fn refuse(stack: &StackRecord, actions: &[Action]) -> Result<(), EngineError> {
    if stack.traversal.is_some() && stack.status == Status::InProgress && actions.contains(&stack.action) {
        return Ok(());
    }
    Err(state(
        stack,
        match actions {
            [Action::Update] => "only an update that is in progress is cancelled with a rollback",
            _ => "only a creation or an update that is in progress is cancelled",
        },
    ))
}

fn state(stack: &StackRecord, why: &'static str) -> EngineError {
    let status = format!("{}_{}", stack.action, stack.status);
    EngineError::State { stack: stack.name.clone(), status, why }
}
