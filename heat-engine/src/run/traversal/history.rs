//! What a traversal did before a crash, as the records tell it.

use super::Traversal;
use crate::plan::{Step, StepId, StepKind};
use crate::record::{Action, ResourceRecord, Status};
use crate::schedule::Outcome;

impl Traversal {
    /// The steps that this traversal ended well before a crash. Those that a hook holds are not over.
    pub(super) fn done_before(&self) -> Vec<(StepId, Outcome)> {
        let ended =
            |(id, step)| Some((id, self.ended_before(step).filter(|outcome| !self.is_held(step, *outcome))?));
        self.record.plan.iter().filter_map(ended).collect()
    }

    /// How this traversal ended a step well before a crash, if it did.
    pub(super) fn ended_before(&self, step: &Step) -> Option<Outcome> {
        let id = &self.record.id;
        let ended = |record: &ResourceRecord| {
            record.traversal.as_ref() == Some(id)
                && record.status == Status::Complete
                && record.intent.is_none()
        };
        match &step.kind {
            StepKind::Create { incarnation, replaces, .. } => self
                .current
                .resource(incarnation)
                .filter(|record| ended(record) && record.action == Action::Create)
                .map(|_| if replaces.is_some() { Outcome::Replaced } else { Outcome::Done }),
            StepKind::Adopt { incarnation, replaces, own, .. } => self
                .current
                .resource(incarnation)
                .filter(|record| {
                    ended(record) && record.action == if *own { Action::Adopt } else { Action::Check }
                })
                .map(|_| if replaces.is_some() { Outcome::Replaced } else { Outcome::Done }),
            StepKind::Perform { incarnation, act } => self
                .current
                .resource(incarnation)
                .filter(|record| ended(record) && record.action == act.action())
                .map(|_| Outcome::Done),
            StepKind::Update { incarnation, .. } => {
                self.current.resource(incarnation).filter(|record| ended(record)).map(|_| Outcome::Done)
            }
            // One that did not replace decides once more: it finds that nothing is left to do.
            StepKind::Decide { successor, .. } => {
                self.current.resource(successor).filter(|record| ended(record)).map(|_| Outcome::Replaced)
            }
            StepKind::Keep { .. } | StepKind::Refuse { .. } => None,
            // A deletion that hangs on a decision says nothing of it: the deciding step may have deleted the old one
            // itself, before it came to make the new one.
            StepKind::Delete { only_if_replaced_by: Some(_), .. } => None,
            StepKind::Delete { incarnation, .. } => {
                self.current.resource(incarnation).is_none().then_some(Outcome::Done)
            }
        }
    }

    /// The failure that this traversal recorded before a crash, if it had not come to record its own end.
    pub(super) fn failed_before(&self) -> Option<String> {
        let id = &self.record.id;
        let failed = |record: &&std::sync::Arc<ResourceRecord>| {
            record.traversal.as_ref() == Some(id) && record.status == Status::Failed
        };
        let mut reasons =
            self.current.resources().values().filter(failed).map(|record| record.reason.clone());
        match self.tells_all() {
            true => reasons.reduce(|before, reason| format!("{before}; {reason}")),
            false => reasons.next(),
        }
    }
}
