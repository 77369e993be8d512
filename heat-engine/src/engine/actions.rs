//! What is done to all resources of a stack alike: check, suspend, resume.

use super::{EngineError, Stack};
use crate::plan::{Act, Plan};
use crate::record::{Action, OnFailure, StackRecord, Status};
use crate::run::{Current, begin, perform_plan};
use std::sync::Arc;

impl Stack {
    /// Looks at every resource, whether it is there and in order, by reading it: `CHECK_COMPLETE`, or `CHECK_FAILED` with all
    /// that is wrong. A resource that is not in order is replaced by the next update.
    ///
    /// # Errors
    /// Something is being done to the stack, or it is suspended or being deleted. It is left as it is then.
    pub async fn check(&self) -> Result<(), EngineError> {
        self.act(Act::Check).await
    }

    /// Puts every resource to rest whose type can, those first that use others. The others count as suspended, as in Heat.
    /// Nothing happens where the stack is suspended already; one whose suspension failed is suspended again.
    ///
    /// # Errors
    /// Something is being done to the stack, or it is being deleted. It is left as it is then.
    pub async fn suspend(&self) -> Result<(), EngineError> {
        self.act(Act::Suspend).await
    }

    /// Wakes every resource that was suspended, those last that use others. Nothing happens where that was done already.
    ///
    /// # Errors
    /// The stack is not suspended, or something is being done to it. It is left as it is then.
    pub async fn resume(&self) -> Result<(), EngineError> {
        self.act(Act::Resume).await
    }

    /// The plan that [`check`](Self::check), [`suspend`](Self::suspend) or [`resume`](Self::resume) would run now. Nothing is
    /// done.
    ///
    /// # Errors
    /// As those.
    pub async fn preview_act(&self, act: Act) -> Result<Plan, EngineError> {
        let stack = self.living().await?;
        refuse(&stack, act)?;
        let core = self.engine.core();
        Ok(perform_plan(core, &stack, &core.records.resources(&self.id).await?, act).await?)
    }

    async fn act(&self, act: Act) -> Result<(), EngineError> {
        let _turn = self.engine.0.turn(&self.id).await?;
        let stack = self.living().await?;
        refuse(&stack, act)?;
        let again = stack.action == act.action() && stack.status == Status::Complete;
        if again && act != Act::Check {
            return Ok(());
        }
        let core = self.engine.core();
        let claim = core.records.claim(&self.id).await?;
        let prepared = async {
            let stack = self.living().await?;
            refuse(&stack, act)?;
            let (goal, _) = self.goal(&stack).await?;
            let resources = core.records.resources(&self.id).await?;
            let plan = perform_plan(core, &stack, &resources, act).await?;
            Ok((stack, goal, resources, plan))
        };
        let (mut stack, goal, resources, plan) = match prepared.await {
            Ok(prepared) => prepared,
            Err(error) => {
                core.records.release(&claim).await?;
                return Err(error);
            }
        };
        let on_failure = if act == Act::Check { OnFailure::Continue } else { OnFailure::Stop };
        let (record, batch) = begin(core, &claim, &mut stack, plan, act.action(), on_failure, "");
        core.commit_batch(batch).await?;
        let current = Current::new(resources);
        self.engine.0.driver.start(claim, stack, record, Arc::new(goal), current, None);
        Ok(())
    }
}

pub(super) fn refuse(stack: &StackRecord, act: Act) -> Result<(), EngineError> {
    let why = match (stack.action, act) {
        _ if stack.traversal.is_some() => "something is being done to it: wait for that, or cancel it",
        (Action::Delete, _) => "its deletion was begun: only that can be done",
        (Action::Suspend, Act::Snapshot) => "what rests is not saved: resume it first",
        (Action::Suspend, Act::Check) => "what is suspended is not in order: resume it first",
        (action, Act::Resume) if !matches!(action, Action::Suspend | Action::Resume) => {
            "only what was suspended is resumed"
        }
        _ => return Ok(()),
    };
    Err(EngineError::State {
        stack: stack.name.clone(),
        status: format!("{}_{}", stack.action, stack.status),
        why,
    })
}
