//! Steps that wait at hooks of the environment, before they are begun or after they are done.

use super::{Begun, StepEnd, StepResult, Traversal};
use crate::plan::{Step, StepId, StepKind};
use crate::record::{Action, ResourceRecord, Status};
use crate::run::hooks::Left;
use crate::run::ledger::Signal;
use crate::schedule::Outcome;
use heat_template::environment::Hook;
use std::sync::Arc;
use tokio::sync::watch;

impl Traversal {
    /// What a step waits for where it comes to a hook; `None` where it goes on.
    pub(super) fn at_hook(&self, id: StepId, step: &Step, signal: &watch::Receiver<Signal>) -> Option<Begun> {
        if step.hooks.is_empty() {
            return None;
        }
        // Done before a crash, or before it was interrupted.
        if let Some(outcome) = self.done_and_waits(step) {
            return self.behind(id, step, outcome, signal);
        }
        let hook = before(step)?;
        let record = self.subject(step)?;
        if self.is_passed(&record, hook) {
            return None;
        }
        let ledger = self.ledger(Arc::clone(&record), signal);
        let name = record.name.clone();
        Some(Begun::Works(Box::pin(async move {
            let left = ledger.wait_at(hook).await;
            let failed = *ledger.signal.borrow() == Signal::Hasten;
            let record = ledger.record().await;
            let result = left.map(|left| match left {
                Left::Interrupted => StepResult::Interrupted,
                Left::GivenUp if failed => StepResult::Failed(format!(
                    "resources.{name}: something else failed before its hook {} was cleared",
                    hook.name()
                )),
                // It was not begun, and is not where that is over.
                Left::Cleared | Left::GivenUp => StepResult::Anew,
            });
            // A new one that waited is recorded by now.
            let known = record.hook.is_some() || record.action != Action::Init;
            let records = known.then(|| (record.id.clone(), Some(record))).into_iter().collect();
            StepEnd { step: id, records, result }
        })))
    }

    /// What a step that did what it should waits for, where a hook is behind it.
    pub(super) fn behind(
        &self,
        id: StepId,
        step: &Step,
        outcome: Outcome,
        signal: &watch::Receiver<Signal>,
    ) -> Option<Begun> {
        let (hook, record) = self.holds(step, outcome)?;
        let ledger = self.ledger(record, signal);
        let removes = hook == Hook::PostDelete;
        Some(Begun::Works(Box::pin(async move {
            let result = async {
                Ok(match ledger.wait_at(hook).await? {
                    Left::Interrupted => StepResult::Interrupted,
                    Left::Cleared | Left::GivenUp => {
                        if removes {
                            ledger.remove_waited().await?;
                        }
                        StepResult::Passed(outcome)
                    }
                })
            }
            .await;
            let gone = removes && matches!(result, Ok(StepResult::Passed(_)));
            let record = ledger.record().await;
            StepEnd { step: id, records: vec![(record.id.clone(), (!gone).then_some(record))], result }
        })))
    }

    /// Whether a step that ended before a crash is held by a hook all the same.
    pub(super) fn is_held(&self, step: &Step, outcome: Outcome) -> bool {
        self.holds(step, outcome).is_some()
    }

    /// Whether it would wait at a hook if it were begun.
    pub(super) fn comes_to_hook(&self, step: &Step) -> bool {
        if step.hooks.is_empty() {
            return false;
        }
        let ahead = || Some((before(step)?, self.subject(step)?));
        self.done_and_waits(step).is_some_and(|outcome| self.is_held(step, outcome))
            || ahead().is_some_and(|(hook, record)| !self.is_passed(&record, hook))
    }

    /// The hook behind a step that ended so, and who waits there.
    fn holds(&self, step: &Step, outcome: Outcome) -> Option<(Hook, Arc<ResourceRecord>)> {
        let hook = *step
            .hooks
            .iter()
            .find(|hook| matches!(hook, Hook::PostCreate | Hook::PostUpdate | Hook::PostDelete))?;
        let record = self.current.resource(step.kind.incarnation())?;
        let fits = match hook {
            // Only what was changed in place waits there.
            Hook::PostUpdate => {
                outcome != Outcome::Replaced
                    && record.action == Action::Update
                    && record.traversal.as_ref() == Some(&self.record.id)
            }
            Hook::PostDelete => is_deleted(record),
            _ => true,
        };
        let here = record.hook.as_ref().filter(|at| at.hook == hook && at.traversal == self.record.id);
        let passed = here.is_some_and(|at| at.cleared);
        (fits && !passed).then(|| (hook, Arc::clone(record)))
    }

    /// How a step ended that did what it should, where only the hook behind it is left.
    fn done_and_waits(&self, step: &Step) -> Option<Outcome> {
        let record = self.current.resource(step.kind.incarnation())?;
        let here = record.hook.as_ref().filter(|at| at.traversal == self.record.id);
        let behind = |hook| matches!(hook, Hook::PostCreate | Hook::PostUpdate | Hook::PostDelete);
        match here {
            Some(at) if behind(at.hook) => Some(Outcome::Done),
            _ if is_deleted(record) => Some(Outcome::Done),
            _ => self.ended_before(step),
        }
    }

    /// The record that waits before a step.
    fn subject(&self, step: &Step) -> Option<Arc<ResourceRecord>> {
        let id = step.kind.replaces().unwrap_or(step.kind.incarnation());
        match self.current.resource(id) {
            Some(record) => Some(Arc::clone(record)),
            None if matches!(step.kind, StepKind::Create { replaces: None, .. }) => {
                Some(self.new_record(id, step))
            }
            None => None,
        }
    }

    /// Whether a hook before a step was cleared, or the operation behind it was begun.
    fn is_passed(&self, record: &ResourceRecord, hook: Hook) -> bool {
        let here = record.hook.as_ref().filter(|at| at.traversal == self.record.id);
        here.is_some_and(|at| at.hook != hook || at.cleared)
    }
}

fn before(step: &Step) -> Option<Hook> {
    step.hooks
        .iter()
        .copied()
        .find(|hook| matches!(hook, Hook::PreCreate | Hook::PreUpdate | Hook::PreDelete))
}

/// Whether nothing but its record is left.
pub(super) fn is_deleted(record: &ResourceRecord) -> bool {
    record.action == Action::Delete && record.status == Status::Complete
}
