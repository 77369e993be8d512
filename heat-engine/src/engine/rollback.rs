//! Going back to what was last complete, because somebody wants it.

use super::{EngineError, Stack};
use crate::plan::Plan;
use crate::record::{Action, Resources, StackRecord, Status};
use crate::run::{Goal, make_plan};

impl Stack {
    /// Brings the stack back to what it was when it was last complete: after an update that failed and was left as it is, or
    /// instead of one that is in progress (as [`cancel_update`](Self::cancel_update)). Heat has nothing of the kind for a
    /// failed update.
    ///
    /// # Errors
    /// It was never complete, or is what it was then; it is suspended or being deleted. It is left as it is then.
    pub async fn rollback(&self) -> Result<(), EngineError> {
        let plan = self.plan_rollback().await?;
        self.engine.apply(&plan).await.map(drop)
    }

    /// The plan that [`rollback`](Self::rollback) would run now. Nothing is done.
    ///
    /// # Errors
    /// As [`rollback`](Self::rollback).
    pub async fn preview_rollback(&self) -> Result<Plan, EngineError> {
        let stack = self.living().await?;
        let resources = self.engine.core().records.resources(&self.id).await?;
        Ok(self.way_back_from(&stack, &resources).await?.1)
    }

    pub(super) async fn way_back_from(
        &self,
        stack: &StackRecord,
        resources: &Resources,
    ) -> Result<(Goal, Plan), EngineError> {
        let core = self.engine.core();
        let refused = |why| {
            let status = format!("{}_{}", stack.action, stack.status);
            Err(EngineError::State { stack: stack.name.clone(), status, why })
        };
        match stack.action {
            Action::Delete => return refused("its deletion was begun: only that can be done"),
            Action::Suspend => return refused("what is suspended cannot be brought back: resume it first"),
            _ => {}
        }
        let Some(target) = stack.last_complete.clone() else {
            return refused("it was never complete, so there is nothing to go back to");
        };
        if target == stack.desired && stack.status == Status::Complete {
            return refused("it is what it was when it was last complete");
        }
        let goal = Goal::recorded(core, stack, &target).await?;
        let back = StackRecord { desired: target, ..stack.clone() };
        let plan = make_plan(core, &back, &goal, resources, Action::Rollback).await?;
        Ok((goal, plan))
    }
}
