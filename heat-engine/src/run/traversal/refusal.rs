//! Steps that fail before anything was begun.

use super::Traversal;
use crate::plan::{Step, StepKind};
use crate::record::{Action, Event, Status};
use heat_template::environment::RestrictedAction;

impl Traversal {
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
            action: if matches!(step.kind, StepKind::Create { .. }) {
                Action::Create
            } else {
                Action::Update
            },
            status: Status::Failed,
            reason: reason.to_owned(),
        }
    }
}

/// The reason of a step that the environment forbids.
pub(super) fn restricted(resource: &str, action: RestrictedAction) -> String {
    format!("ResourceActionRestricted: resources.{resource}: {} is restricted for resource.", action.name())
}
