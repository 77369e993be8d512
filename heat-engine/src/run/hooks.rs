//! Waiting at a hook until somebody clears it: what is recorded of it, and how whoever clears it finds who waits.

use super::core::Core;
use super::ledger::{Break, Ledger, Signal};
use crate::record::{Event, IncarnationId, ResourceHook, ResourceRecord};
use crate::store::{StoreError, Write};
use heat_template::environment::Hook;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// Who wants to know when a hook is cleared, which is durable then.
type Clearing = oneshot::Sender<()>;

/// The steps of this process that wait at hooks.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<HashMap<(IncarnationId, Hook), mpsc::UnboundedSender<Clearing>>>);

impl Waiting {
    /// Asks the step that waits at this hook to go on. Gives the answer, which comes when that is durable, or never where the
    /// step stops waiting meanwhile. `None`: no step of this process waits there.
    pub(crate) fn clear(&self, incarnation: &IncarnationId, hook: Hook) -> Option<oneshot::Receiver<()>> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let step = waiting.get(&(incarnation.clone(), hook))?;
        let (done, answer) = oneshot::channel();
        step.send(done).ok()?;
        Some(answer)
    }

    fn change(&self, key: (IncarnationId, Hook), step: Option<mpsc::UnboundedSender<Clearing>>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match step {
            Some(step) => waiting.insert(key, step),
            None => waiting.remove(&key),
        };
    }
}

/// A step that waits, as long as this is there.
struct Place {
    core: Arc<Core>,
    key: (IncarnationId, Hook),
    asked: mpsc::UnboundedReceiver<Clearing>,
}

impl Place {
    fn take(core: &Arc<Core>, incarnation: IncarnationId, hook: Hook) -> Self {
        let (step, asked) = mpsc::unbounded_channel();
        let key = (incarnation, hook);
        core.waiting.change(key.clone(), Some(step));
        Self { core: Arc::clone(core), key, asked }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.core.waiting.change(self.key.clone(), None);
    }
}

/// How a step leaves a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// It was cleared.
    Cleared,
    /// Something else ended what it waits in: a failure elsewhere, a time-out, a cancellation.
    GivenUp,
    /// Somebody else takes over, and waits there, too.
    Interrupted,
}

impl Ledger {
    /// Waits at a hook, which is durable before it waits. No time-out of a step counts meanwhile.
    pub(crate) async fn wait_at(&self, hook: Hook) -> Result<Left, StoreError> {
        if let Err(Break::Interrupted) = self.check() {
            return Ok(Left::Interrupted);
        }
        let record = self.record().await;
        let waits = record.hook.as_ref().is_some_and(|it| it.hook == hook && it.waits(Some(&self.traversal)));
        if !waits && *self.signal.borrow() != Signal::Run {
            return Ok(Left::GivenUp);
        }
        // Whoever sees in the record that it waits finds it.
        let mut place = Place::take(&self.core, record.id.clone(), hook);
        if !waits {
            let reason = format!("{} paused until Hook {} is cleared", action(hook), hook.name());
            self.write_hook(Some(self.at(hook, false)), &reason).await?;
            tracing::info!(stack = %self.stack.name, resource = %record.name, hook = hook.name(), "waits at a hook");
        }
        let mut signal = self.signal.clone();
        let clearing = tokio::select! {
            biased;
            _ = signal.wait_for(|signal| *signal != Signal::Run) => None,
            clearing = place.asked.recv() => clearing,
        };
        let Some(clearing) = clearing else {
            if matches!(self.check(), Err(Break::Interrupted)) {
                return Ok(Left::Interrupted);
            }
            self.write_hook(None, "Failure occurred while waiting.").await?;
            return Ok(Left::GivenUp);
        };
        self.write_hook(Some(self.at(hook, true)), &cleared(hook)).await?;
        let _ = clearing.send(());
        Ok(Left::Cleared)
    }

    fn at(&self, hook: Hook, cleared: bool) -> ResourceHook {
        let (traversal, since) = (self.traversal.clone(), self.core.clock.now());
        ResourceHook { hook, traversal, since, cleared }
    }

    /// Changes nothing but the hook of the record; the event tells of its state as it is.
    async fn write_hook(&self, hook: Option<ResourceHook>, reason: &str) -> Result<(), StoreError> {
        let mut page = self.page.lock().await;
        let next = ResourceRecord { hook, ..(*page.record).clone() };
        let event = event(&self.core, &next, reason);
        page.turn(&self.core, &self.claim, Some(event), next).await
    }

    /// Removes a record that was kept until the hook behind its deletion was cleared.
    pub(crate) async fn remove_waited(&self) -> Result<(), StoreError> {
        let id = self.record().await.id.clone();
        self.core.commit(&self.claim, vec![Write::RemoveResource(id)]).await
    }
}

/// An event of a resource whose state stays as it is.
pub(crate) fn event(core: &Core, record: &ResourceRecord, reason: &str) -> Event {
    Event {
        id: core.ids.uuid(),
        stack: record.stack.clone(),
        time: core.clock.now(),
        resource: record.name.clone(),
        type_name: record.type_name.clone(),
        physical_id: record.physical_id.clone(),
        action: record.action,
        status: record.status,
        reason: reason.to_owned(),
    }
}

/// As Heat words it.
pub(crate) fn cleared(hook: Hook) -> String {
    format!("Hook {} is cleared", hook.name())
}

fn action(hook: Hook) -> &'static str {
    match hook {
        Hook::PreCreate | Hook::PostCreate => "CREATE",
        Hook::PreUpdate | Hook::PostUpdate => "UPDATE",
        Hook::PreDelete | Hook::PostDelete => "DELETE",
    }
}
