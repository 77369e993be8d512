//! From what a stack shall be and what is recorded to a plan, and to the record of a traversal that runs it.

use super::core::Core;
use super::goal::Goal;
use super::traversal::stack_event;
use crate::engine::{EngineError, store_content};
use crate::plan::{self, Act, NestedRecord, NestedRecords, Plan, PlanError, Step, StepKind};
use crate::record::{
    Action, OnFailure, ResourceRecord, Resources, StackId, StackRecord, Status, TraversalRecord,
};
use crate::store::{Batch, Claim, StoreError, Write};
use std::sync::Arc;
use std::time::Duration;

/// The nested stacks behind these resources, at every depth.
pub(crate) async fn nested_records(core: &Core, resources: &Resources) -> Result<NestedRecords, StoreError> {
    let mut found = NestedRecords::new();
    let of = |resources: &Resources| -> Vec<_> {
        resources.values().filter_map(|record| Some(record.nested.as_ref()?.stack.clone())).collect()
    };
    let mut rest = of(resources);
    while let Some(id) = rest.pop() {
        let Some(stack) = core.records.stack(&id).await?.filter(|stack| stack.deleted.is_none()) else {
            continue;
        };
        let resources = core.records.resources(&id).await?;
        rest.extend(of(&resources));
        let StackRecord { name, revision, desired, .. } = stack;
        found.insert(id, NestedRecord { name, revision, desired, resources });
    }
    Ok(found)
}

/// Makes a plan that does this to every resource that is there.
pub(crate) async fn perform_plan(
    core: &Core,
    stack: &StackRecord,
    resources: &Resources,
    act: Act,
) -> Result<Plan, StoreError> {
    let nested = nested_records(core, resources).await?;
    Ok(plan::plan_act(act, stack.revision, resources, &nested))
}

/// Makes a plan, asking the services for the names that it hangs on.
pub(crate) async fn make_plan(
    core: &Arc<Core>,
    stack: &StackRecord,
    goal: &Goal,
    resources: &Resources,
    action: Action,
) -> Result<Plan, EngineError> {
    let nested = nested_records(core, resources).await?;
    loop {
        let mut plan = plan::plan(plan::Request {
            action,
            revision: stack.revision,
            recorded: resources,
            nested: &nested,
            desired: goal,
            rules: &*core.registry,
            new_incarnation: &mut || core.ids.incarnation(),
        });
        if goal.fetch(core, &stack.credentials).await.map_err(EngineError::Service)? {
            continue;
        }
        let limit = core.settings.max_resources;
        if let Ok(plan) = &plan
            && plan.resources() > limit
        {
            let found = plan.resources();
            return Err(EngineError::Limit {
                what: "resources in a stack and those inside of it",
                found,
                limit,
            });
        }
        if let Ok(plan) = &mut plan {
            note_hooks(core, stack, goal, resources, &nested, plan).await;
        }
        return plan.map_err(|error| match error {
            // Their places are in the template, like those of everything else that is wrong with it.
            PlanError::Properties { diagnostics, .. } => diagnostics.into(),
            other => other.into(),
        });
    }
}

/// Notes in a plan at which hooks of the environment it waits.
async fn note_hooks(
    core: &Core,
    stack: &StackRecord,
    goal: &Goal,
    resources: &Resources,
    nested: &NestedRecords,
    plan: &mut Plan,
) {
    if let Some(environment) = goal.environment() {
        return plan::note_hooks(plan, environment, resources, nested);
    }
    match store_content::recorded_environment(core, stack).await {
        Ok(environment) => plan::note_hooks(plan, &environment, resources, nested),
        // What cannot be read any more must not be in the way of a deletion.
        Err(error) => {
            tracing::warn!(stack = %stack.name, %error, "the environment cannot be read: its hooks are passed");
        }
    }
}

/// Whether a type is nothing but its record.
pub(crate) fn is_local(core: &Core, type_name: &str) -> bool {
    core.registry.resource(type_name).is_some_and(|found| found.is_local())
}

/// New records of the resources that a plan adopts, with what Heat's data say of them: nothing of it is known to be there
/// before it was looked at.
pub(crate) fn to_be_adopted(
    core: &Core,
    stack: &StackId,
    plan: &Plan,
    data: &serde_json::Value,
    recorded: &Resources,
) -> Vec<Arc<ResourceRecord>> {
    let Some(known) = plan::resources_in(data) else { return Vec::new() };
    let new = |step: &Step| {
        let incarnation = step.kind.incarnation();
        let own = known.get(&step.resource).filter(|_| !recorded.contains_key(incarnation))?;
        let (id, now) = (incarnation.clone(), core.clock.now());
        let mut record = ResourceRecord::new(id, stack.clone(), &step.resource, &step.type_name, now);
        record.adopts = Some(own.clone());
        Some(Arc::new(record))
    };
    let takes = |step: &&Step| matches!(step.kind, StepKind::Adopt { .. } | StepKind::Create { .. });
    plan.steps.iter().filter(takes).filter_map(new).collect()
}

/// The record of a new traversal, and the batch that makes it durable.
pub(crate) fn begin(
    core: &Core,
    claim: &Claim,
    stack: &mut StackRecord,
    plan: Plan,
    action: Action,
    on_failure: OnFailure,
    because: &str,
) -> (TraversalRecord, Batch) {
    let now = core.clock.now();
    let limit = stack
        .timeout_minutes
        .map(|minutes| Duration::from_secs(u64::from(minutes) * 60))
        .or(core.settings.action_timeout);
    // A nested stack has the time that its parent has.
    let limit = limit.filter(|_| stack.owner.is_none());
    let deadline = limit.and_then(|limit| now.checked_add(limit).ok());
    let record = TraversalRecord {
        id: core.ids.traversal(),
        stack: stack.id.clone(),
        action,
        plan,
        started: now,
        deadline,
        on_failure,
    };
    let old = stack.traversal.replace(record.id.clone());
    stack.paused = None;
    stack.revision += 1;
    // As in Heat the stack stays what it was while a signal scales a group inside of it.
    let silent = action == Action::Signal;
    if !silent {
        stack.action = action;
        stack.status = Status::InProgress;
        stack.reason = match because {
            "" => format!("Stack {action} started"),
            because => format!("Stack {action} started: {because}"),
        };
    }
    if !matches!(action, Action::Create | Action::Adopt | Action::Delete | Action::Signal) {
        stack.updated = Some(now);
    }
    let mut batch = Batch::new(claim.clone());
    batch.push(Write::Stack(stack.clone()));
    if let Some(old) = old {
        batch.push(Write::RemoveTraversal(old));
    }
    batch.push(Write::Traversal(TraversalRecord { plan: record.plan.alone(), ..record.clone() }));
    if !silent {
        batch.push(Write::Event(stack_event(core, stack, now)));
    }
    (record, batch)
}

/// What becomes of a stack that waited for credentials when somebody goes on with it. The time in which it could not work
/// does not count for its time-out. Gives whether it waited.
pub(crate) fn wake(core: &Core, stack: &mut StackRecord, record: &mut TraversalRecord) -> bool {
    let Some(paused) = stack.paused.take() else { return false };
    let waited = core.clock.now().duration_since(paused.since);
    record.deadline = record.deadline.and_then(|deadline| deadline.checked_add(waited).ok());
    stack.reason = format!("Stack {} goes on", record.action);
    true
}
