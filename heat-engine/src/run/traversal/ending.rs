//! How a traversal ends: the last look for what may be there twice, and the record of the end.

use super::{End, Traversal};
use crate::plan::Reason;
use crate::record::{Action, Event, OnFailure, Paused, StackRecord, Status};
use crate::run::Core;
use crate::run::snapshots::{end_snapshot, remove_snapshots, saved};
use crate::run::work::{Break, Signal};
use crate::store::{Batch, StoreError, Write};
use heat_plugin_sdk::PhysicalId;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;

/// What a traversal fails of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failing {
    /// The failure of a resource, or of several.
    Resource(String),
    /// The whole stack: it took too long.
    Stack(String),
}

impl Failing {
    /// As Heat words the reason of a stack's status.
    fn told(&self, action: Action) -> String {
        match self {
            // In Heat's words a group that is scaled is updated.
            Self::Resource(reason) if action == Action::Signal => format!("Resource UPDATE failed: {reason}"),
            Self::Resource(reason) => format!("Resource {} failed: {reason}", action.as_str()),
            Self::Stack(reason) => reason.clone(),
        }
    }

    fn into_reason(self) -> String {
        match self {
            Self::Resource(reason) | Self::Stack(reason) => reason,
        }
    }
}

impl Traversal {
    /// What is done when all steps are: a stack that is deleted takes its snapshots with it.
    pub(super) async fn last_things(&mut self, signal: &watch::Receiver<Signal>) -> Result<(), Break> {
        self.look_again(signal).await?;
        if self.record.action != Action::Delete || self.stack.snapshots.is_empty() {
            return Ok(());
        }
        let (core, claim, secrets) = (Arc::clone(&self.core), self.claim.clone(), Arc::clone(&self.secrets));
        remove_snapshots(&core, &claim, &mut self.stack, None, Some(signal), &secrets).await
    }

    /// Creations that had to be repeated may have made a second thing: it is looked for once more, and removed where it
    /// is proven.
    async fn look_again(&mut self, signal: &watch::Receiver<Signal>) -> Result<(), Break> {
        let again: Vec<_> =
            self.current.resources().values().filter(|record| record.look_again).cloned().collect();
        for record in again {
            let id = record.id.clone();
            let Ok(work) = self.work(record, signal) else { continue };
            work.remove_second().await?;
            let record = work.record().await;
            self.current.put(id, Some(record));
        }
        Ok(())
    }

    /// Records that the traversal waits for credentials that are accepted. The stack stays in progress, and nobody works
    /// on it until somebody goes on with it.
    pub(crate) async fn pause(&mut self, reason: String) -> Result<End, StoreError> {
        let now = self.core.clock.now();
        tracing::warn!(stack = %self.stack.name, reason, "the credentials are not accepted: the stack waits for others");
        self.stack.reason = format!("Stack {} waits for credentials: {reason}", self.record.action);
        self.stack.paused = Some(Paused { since: now, reason: reason.clone() });
        let event = stack_event(&self.core, &self.stack, now);
        let mut batch = Batch::new(self.claim.clone());
        batch.push(Write::Stack(self.stack.clone()));
        batch.push(Write::Event(event));
        self.core.commit_batch(batch.releasing()).await?;
        Ok(End::Paused(reason))
    }

    /// Whether a failure of this traversal is followed by a rollback.
    pub(crate) fn rolls_back(&self) -> bool {
        self.record.on_failure == OnFailure::Rollback
            && matches!(self.record.action, Action::Create | Action::Adopt | Action::Update | Action::Restore)
    }

    /// Records that the rollback of this traversal, which failed, cannot begin.
    pub(crate) async fn end_without_rollback(&mut self, why: &str) -> Result<(), StoreError> {
        self.stack.reason = format!("{}; the rollback cannot begin: {why}", self.stack.reason);
        self.stack.traversal = None;
        let event = stack_event(&self.core, &self.stack, self.core.clock.now());
        let mut batch = Batch::new(self.claim.clone());
        batch.push(Write::Stack(self.stack.clone()));
        batch.push(Write::RemoveTraversal(self.record.id.clone()));
        batch.push(Write::Event(event));
        self.core.commit_batch(batch.releasing()).await
    }

    /// What is not as the template says because somebody wanted it so.
    fn pending_after(&self, failed: bool) -> BTreeSet<String> {
        let asked = &self.record.plan.asked;
        let mut pending = match asked.is_selection() {
            // What was deleted by itself is missing.
            true if self.record.plan.steps.iter().all(|step| step.reason == Reason::StackDeleted) => {
                let gone = self.record.plan.steps.iter().map(|step| step.resource.clone());
                gone.filter(|name| self.goal.has(name)).chain(self.stack.pending.iter().cloned()).collect()
            }
            true => asked.left_out.iter().cloned().collect(),
            false => BTreeSet::new(),
        };
        if failed {
            pending.extend(self.stack.pending.iter().cloned());
        }
        pending
    }

    /// Records the end of the traversal.
    pub(super) async fn finish(&mut self, failure: Option<Failing>) -> Result<End, StoreError> {
        let now = self.core.clock.now();
        let action = self.record.action;
        let name = title(action);
        let (status, reason) = match &failure {
            None => (Status::Complete, format!("Stack {} completed successfully", action.as_str())),
            Some(failing) => (Status::Failed, failing.told(action)),
        };
        tracing::info!(stack = %self.stack.name, status = %status, "{name} ended");
        // A group that was scaled changes nothing of what the stack was before; one that could not be is told.
        let silent = action == Action::Signal && failure.is_none();
        if !silent {
            self.stack.action = if action == Action::Signal { Action::Update } else { action };
            self.stack.status = status;
            self.stack.reason = reason;
        }
        self.stack.paused = None;
        if action == Action::Snapshot && self.stack.owner.is_none() {
            let saved = saved(&self.core, self.current.resources(), &self.record.id).await?;
            let end = (status, self.stack.reason.clone());
            end_snapshot(&mut self.stack, &self.record.id, end, saved);
        }
        let rolls_back = failure.is_some() && self.rolls_back();
        // What shall be rolled back is not over: whoever finds it after a crash comes to the same end, and rolls back.
        if !rolls_back {
            self.stack.traversal = None;
        }
        // The other actions leave what it shall be as it is, and a failed one is not complete by them.
        if matches!(
            action,
            Action::Create | Action::Adopt | Action::Update | Action::Restore | Action::Rollback
        ) {
            self.stack.pending = self.pending_after(failure.is_some());
            match self.stack.pending.is_empty() {
                _ if failure.is_some() => {}
                true => {
                    self.stack.last_complete = Some(self.stack.desired.clone());
                    self.stack.moved.clear();
                }
                false => {
                    let pending: Vec<&str> = self.stack.pending.iter().map(String::as_str).collect();
                    let told = format!(
                        "{}; not as the template says, as asked: {}",
                        self.stack.reason,
                        pending.join(", ")
                    );
                    self.stack.reason = told;
                }
            }
        }
        let event = stack_event(&self.core, &self.stack, now);
        let mut batch = Batch::new(self.claim.clone());
        if failure.is_none() && action == Action::Delete {
            self.stack.deleted = Some(now);
            batch.push(Write::Event(event));
            batch.push(Write::RemoveStack(self.stack.clone()));
        } else {
            batch.push(Write::Stack(self.stack.clone()));
            if !rolls_back {
                batch.push(Write::RemoveTraversal(self.record.id.clone()));
            }
            if !silent {
                batch.push(Write::Event(event));
            }
        }
        batch.release = !rolls_back;
        self.core.commit_batch(batch).await?;
        Ok(failure.map_or(End::Complete, |failing| End::Failed(failing.into_reason())))
    }
}

/// An event of the stack itself.
pub(crate) fn stack_event(core: &Core, stack: &StackRecord, now: jiff::Timestamp) -> Event {
    Event {
        id: core.ids.uuid(),
        stack: stack.id.clone(),
        time: now,
        resource: stack.name.clone(),
        type_name: "OS::Heat::Stack".to_owned(),
        physical_id: Some(PhysicalId::new(stack.id.as_str())),
        action: stack.action,
        status: stack.status,
        reason: stack.reason.clone(),
    }
}

/// `Create`, `Update`, as Heat words its reasons.
pub(super) fn title(action: Action) -> &'static str {
    match action {
        Action::Create => "Create",
        Action::Update => "Update",
        Action::Delete => "Delete",
        Action::Rollback => "Rollback",
        Action::Check => "Check",
        Action::Suspend => "Suspend",
        Action::Resume => "Resume",
        Action::Snapshot => "Snapshot",
        Action::Adopt => "Adopt",
        Action::Restore => "Restore",
        Action::Signal => "Scaling",
        _ => "Action",
    }
}
