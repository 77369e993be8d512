//! Deleting a stack, or some of its resources.

use super::{EngineError, Stack};
use crate::plan::Plan;
use crate::record::{Action, OnFailure, Resources, StackRecord, Status};
use crate::run::{Core, Current, Goal, begin, give_up_snapshot, make_plan, nested_records};
use std::sync::Arc;

/// What is deleted, and what follows a failure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deletion {
    pub(super) only: Vec<String>,
    pub(super) except: Vec<String>,
    pub(super) on_failure: OnFailure,
}

impl Deletion {
    /// The whole stack.
    pub fn whole() -> Self {
        Self::default()
    }

    /// Nothing but these resources, and those that use them. The stack stays, unless nothing else is left of it, and says
    /// what is missing ([`StackView::pending`](super::StackView::pending)); the next update makes it again. May be called several
    /// times.
    #[must_use]
    pub fn only(mut self, resources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.only.extend(resources.into_iter().map(Into::into));
        self
    }

    /// All but these resources, and what they use. The stack stays.
    #[must_use]
    pub fn except(mut self, resources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.except.extend(resources.into_iter().map(Into::into));
        self
    }

    /// What follows a failure: [`OnFailure::Stop`] unless said otherwise. There is no way back from a deletion, so
    /// [`OnFailure::Rollback`] is [`OnFailure::Stop`].
    #[must_use]
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.on_failure = if on_failure == OnFailure::Rollback { OnFailure::Stop } else { on_failure };
        self
    }

    pub(super) fn is_whole(&self) -> bool {
        self.only.is_empty() && self.except.is_empty()
    }
}

impl Stack {
    /// Deletes the stack, or some of its resources, in reverse order. May be asked for at any moment.
    ///
    /// # Errors
    /// It is gone already; no such part of it can be deleted; the store fails.
    pub async fn delete_with(&self, deletion: &Deletion) -> Result<(), EngineError> {
        let _turn = self.engine.0.turn(&self.id).await?;
        let stack = self.living().await?;
        if deletion.is_whole()
            && stack.action == Action::Delete
            && stack.status == Status::InProgress
            && self.engine.0.driver.drives(&self.id)
        {
            return Ok(());
        }
        if !deletion.is_whole() {
            self.preview_delete_with(deletion).await?;
        }
        let core = self.engine.core();
        let claim = self.engine.seize(&self.id).await?;
        let mut stack = self.living().await?;
        let resources = core.records.resources(&self.id).await?;
        give_up_snapshot(core, &mut stack, &resources).await?;
        let (goal, plan) = match self.deleting(&stack, &resources, deletion).await {
            Ok(found) => found,
            Err(error) => {
                core.records.release(&claim).await?;
                self.proceed(&stack).await?;
                return Err(error);
            }
        };
        let (action, because) = (plan.action, because(&plan));
        let (record, batch) = begin(core, &claim, &mut stack, plan, action, deletion.on_failure, &because);
        core.commit_batch(batch).await?;
        self.engine.0.driver.start(claim, stack, record, Arc::new(goal), Current::new(resources), None);
        Ok(())
    }

    /// The plan that [`delete_with`](Self::delete_with) would run now. Nothing is done.
    ///
    /// # Errors
    /// As [`delete_with`](Self::delete_with).
    pub async fn preview_delete_with(&self, deletion: &Deletion) -> Result<Plan, EngineError> {
        let stack = if deletion.is_whole() { self.living().await? } else { self.updatable().await? };
        let resources = self.engine.core().records.resources(&self.id).await?;
        planned(self.engine.core(), &stack, &resources, deletion).await
    }

    pub(super) async fn deleting(
        &self,
        stack: &StackRecord,
        resources: &Resources,
        deletion: &Deletion,
    ) -> Result<(Goal, Plan), EngineError> {
        let plan = planned(self.engine.core(), stack, resources, deletion).await?;
        let goal = match plan.action {
            Action::Delete => Goal::nothing(self.engine.core()),
            _ => self.goal(stack).await?.0,
        };
        Ok((goal, plan))
    }
}

/// Why the stack is updated where only a part of it goes.
pub(super) fn because(plan: &Plan) -> String {
    if plan.action == Action::Delete {
        return String::new();
    }
    let mut names: Vec<&str> = plan.steps.iter().map(|step| step.resource.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    format!("deletion of {}", names.join(", "))
}

async fn planned(
    core: &Arc<Core>,
    stack: &StackRecord,
    resources: &Resources,
    deletion: &Deletion,
) -> Result<Plan, EngineError> {
    let plan = make_plan(core, stack, &Goal::nothing(core), resources, Action::Delete).await?;
    if deletion.is_whole() {
        return Ok(plan);
    }
    let nested = nested_records(core, resources).await?;
    let mut part = plan.select(&deletion.only, &deletion.except, resources, &nested)?;
    if !part.asked.left_out.is_empty() {
        part.action = Action::Update;
    }
    Ok(part)
}
