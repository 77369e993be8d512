//! Steps that fail before anything was begun.

use super::Traversal;
use crate::plan::{Step, StepKind};
use crate::record::{Action, Event, ResourceRecord, Status};
use heat_template::environment::RestrictedAction;
use std::sync::Arc;

impl Traversal {
    /// The record of a step whose properties turn out to be wrong, where the resource is what it is about: a new one that
    /// takes nobody's place, or one that was to be changed.
    pub(super) fn invalid(&self, step: &Step) -> Option<ResourceRecord> {
        match &step.kind {
            StepKind::Create { incarnation, replaces: None, .. } => {
                Some(match self.current.resource(incarnation) {
                    Some(record) => (**record).clone(),
                    None => (*self.new_record(incarnation, step)).clone(),
                })
            }
            StepKind::Update { incarnation, .. }
            | StepKind::Decide { incarnation, interrupted: false, .. } => {
                self.current.resource(incarnation).map(|record| (**record).clone())
            }
            _ => None,
        }
    }

    /// The event of a step that fails before anything was begun. The record stays as it is: what is there is as good as
    /// before and must not be repaired, and what is not there was never begun.
    pub(super) fn refusal(&self, step: &Step, reason: &str) -> Event {
        let record = self.current.resource(step.kind.incarnation());
        Event {
            id: self.core.ids.uuid(),
            stack: self.stack.id.clone(),
            time: self.core.clock.now(),
            resource: step.resource.clone(),
            type_name: step.type_name.clone(),
            physical_id: record.and_then(|record| record.physical_id.clone()),
            action: action(step),
            status: Status::Failed,
            reason: reason.to_owned(),
        }
    }
}

/// The record of a step whose properties have values that they may not have: in Heat the operation was begun by then.
pub(super) fn failed(mut record: ResourceRecord, step: &Step, reason: &str) -> Arc<ResourceRecord> {
    record.action = action(step);
    record.status = Status::Failed;
    reason.clone_into(&mut record.reason);
    Arc::new(record)
}

fn action(step: &Step) -> Action {
    match step.kind {
        StepKind::Create { .. } => Action::Create,
        StepKind::Adopt { .. } => Action::Adopt,
        _ => Action::Update,
    }
}

/// The reason of a step that the environment forbids.
pub(super) fn restricted(resource: &str, action: RestrictedAction) -> String {
    format!("ResourceActionRestricted: resources.{resource}: {} is restricted for resource.", action.name())
}
