//! Which stacks are worked on in this process, and by which task.

use super::EngineError;
use crate::record::{Action, Desired, OnFailure, StackId, StackRecord, TraversalRecord};
use crate::run::{
    Core, Current, End, Goal, InHand, Secrets, Signal, Traversal, begin, is_passing, make_plan,
};
use crate::store::{Claim, StoreError};
use heat_plugin_sdk::FailureClass;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// A stack that is worked on.
#[derive(Clone)]
struct Slot {
    /// Under which claim.
    claim: Claim,
    /// Tells the task to stop between two calls.
    interrupt: Arc<watch::Sender<Signal>>,
    /// `true` when the task has ended.
    over: watch::Receiver<bool>,
}

/// The stacks that are worked on in this process.
pub(super) struct Driver {
    core: Arc<Core>,
    slots: Arc<Mutex<HashMap<StackId, Slot>>>,
}

impl Driver {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core, slots: Arc::default() }
    }

    fn slot(&self, stack: &StackId) -> Option<Slot> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).get(stack).cloned()
    }

    /// Whether a task of this process works on the stack.
    pub(super) fn drives(&self, stack: &StackId) -> bool {
        self.slot(stack).is_some()
    }

    /// The claims of all stacks that a task of this process works on.
    pub(super) fn driven(&self) -> Vec<Claim> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.values().map(|slot| slot.claim.clone()).collect()
    }

    /// Tells the task that works on a stack under a claim which is lost to stop, and does not wait for it.
    pub(super) fn stop_lost(&self, claim: &Claim) {
        if let Some(slot) = self.slot(&claim.stack).filter(|slot| slot.claim == *claim) {
            slot.interrupt.send_replace(Signal::Interrupt);
        }
    }

    /// Waits until no task of this process works on the stack.
    pub(super) async fn wait(&self, stack: &StackId) {
        while let Some(mut slot) = self.slot(stack) {
            if slot.over.wait_for(|over| *over).await.is_err() {
                // The task is gone without a word (it panicked, or the runtime ends): nobody works on it.
                self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(stack);
            }
        }
    }

    /// Tells the task that works on the stack to stop between two calls, and waits for it.
    pub(super) async fn interrupt(&self, stack: &StackId) {
        if let Some(slot) = self.slot(stack) {
            slot.interrupt.send_replace(Signal::Interrupt);
            self.wait(stack).await;
        }
    }

    /// Tells the task that works on the stack to begin nothing new, and waits until it has ended. `false`: there is none.
    pub(super) async fn stop(&self, stack: &StackId) -> bool {
        let Some(slot) = self.slot(stack) else { return false };
        slot.interrupt.send_replace(Signal::Stop);
        self.wait(stack).await;
        true
    }

    /// Stops everything between two calls and waits for it.
    pub(super) async fn interrupt_all(&self) {
        let stacks: Vec<_> = {
            let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.iter().map(|(id, slot)| (id.clone(), slot.clone())).collect()
        };
        for (_, slot) in &stacks {
            slot.interrupt.send_replace(Signal::Interrupt);
        }
        for (id, _) in &stacks {
            self.wait(id).await;
        }
    }

    /// Starts a task for a traversal that is recorded. `before` is what the stack should be before it, where that is
    /// something else.
    pub(super) fn start(
        &self,
        claim: Claim,
        stack: StackRecord,
        record: TraversalRecord,
        goal: Arc<Goal>,
        current: Current,
        before: Option<&Desired>,
    ) {
        let secrets = Secrets::of(&self.core.registry, &stack, &goal, &current);
        if let Some(before) = before {
            secrets.learn_hidden(before);
        }
        let (interrupt, interrupted) = watch::channel(Signal::Run);
        let (end, over) = watch::channel(false);
        let id = stack.id.clone();
        let slot = Slot { claim: claim.clone(), interrupt: Arc::new(interrupt), over };
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), slot);
        let mut traversal = Traversal {
            core: Arc::clone(&self.core),
            claim,
            stack,
            record,
            goal,
            current,
            interrupt: interrupted,
            secrets: Arc::new(secrets),
            in_hand: InHand::default(),
        };
        let (core, slots) = (Arc::clone(&self.core), Arc::clone(&self.slots));
        tokio::spawn(async move {
            drive(&core, &mut traversal).await;
            slots.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            end.send_replace(true);
            core.published.send_modify(|count| *count = count.wrapping_add(1));
        });
    }
}

/// Runs a traversal, and the rollback that follows its failure.
async fn drive(core: &Arc<Core>, traversal: &mut Traversal) {
    let mut wait = Duration::from_millis(500);
    loop {
        match traversal.run().await {
            // Nobody told it to stop: the lease of this engine did not run. Nothing may be done until it does, and then
            // every write tells whether the stack is still its own.
            Ok(End::Interrupted) if *traversal.interrupt.borrow() == Signal::Run => {
                tracing::warn!(stack = %traversal.stack.name, "the lease of this engine has run out; waiting until it runs again");
                if !lease_runs_again(core, traversal).await || !read_anew(core, traversal).await {
                    return;
                }
            }
            Ok(End::Complete | End::Interrupted | End::Paused(_)) => return,
            Ok(End::Failed(_)) => {
                if !traversal.rolls_back() || !begin_rollback(core, traversal).await {
                    return;
                }
            }
            Err(error) if is_lost(core, &error) => {
                tracing::warn!(stack = %traversal.stack.name, %error, "stopped working on the stack");
                return;
            }
            // A store without room, or one that fails: nothing was lost, and nothing may be done until it works again.
            Err(error) => {
                tracing::error!(stack = %traversal.stack.name, %error, wait = ?wait, "the record cannot be written; trying again");
                if !waited(traversal, &mut wait).await || !read_anew(core, traversal).await {
                    return;
                }
            }
        }
    }
}

/// Whether the stack is another engine's now.
fn is_lost(core: &Core, error: &StoreError) -> bool {
    match error {
        StoreError::Fenced { .. } | StoreError::NoSuchStack { .. } => true,
        // One inside of it, which belongs to whoever holds the outermost one.
        StoreError::Claimed { .. } => core.records.store().shared().is_some(),
        _ => false,
    }
}

/// Waits until the lease runs. `false`: the traversal was told to stop.
async fn lease_runs_again(core: &Core, traversal: &mut Traversal) -> bool {
    while !core.records.lease_runs() {
        let mut wait = Duration::from_millis(100);
        if !waited(traversal, &mut wait).await {
            return false;
        }
    }
    true
}

/// Takes what is recorded for what is, as somebody who takes over would. `false`: the traversal was told to stop.
async fn read_anew(core: &Core, traversal: &mut Traversal) -> bool {
    let mut wait = Duration::from_millis(500);
    loop {
        match core.records.resources(&traversal.stack.id).await {
            Ok(resources) => {
                traversal.current = Current::new(resources);
                return true;
            }
            Err(error) => {
                tracing::error!(stack = %traversal.stack.name, %error, "the record cannot be read; trying again");
                if !waited(traversal, &mut wait).await {
                    return false;
                }
            }
        }
    }
}

/// Waits a while, longer each time. `false`: the traversal was told to stop.
async fn waited(traversal: &mut Traversal, wait: &mut Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(*wait) => {}
        () = async { drop(traversal.interrupt.wait_for(|signal| *signal != Signal::Run).await) } => return false,
    }
    *wait = (*wait * 2).min(Duration::from_secs(30));
    true
}

/// Begins the rollback of a traversal that failed. `false`: somebody else goes on, now or later, or it cannot be done,
/// which is recorded.
async fn begin_rollback(core: &Arc<Core>, traversal: &mut Traversal) -> bool {
    let mut wait = Duration::from_millis(500);
    loop {
        let Err(error) = roll_back(core, traversal).await else { return true };
        // A service that was asked may have repeated what it was sent.
        let why = traversal.secrets.mask(&error.to_string());
        tracing::error!(stack = %traversal.stack.name, error = why, "the rollback cannot begin");
        let recorded = match &error {
            EngineError::Store(error) if is_lost(core, error) => return false,
            EngineError::Service(failure) if *failure.class() == FailureClass::Unauthenticated => {
                Some(traversal.pause(traversal.secrets.told(failure)).await.map(drop))
            }
            // Neither the store nor a service stays away for ever.
            EngineError::Store(_) => None,
            EngineError::Service(failure) if is_passing(failure) => None,
            _ => Some(traversal.end_without_rollback(&why).await),
        };
        if matches!(recorded, Some(Ok(()))) {
            return false;
        }
        if !waited(traversal, &mut wait).await {
            return false;
        }
    }
}

/// Begins the way back to what was last complete.
async fn roll_back(core: &Arc<Core>, traversal: &mut Traversal) -> Result<(), EngineError> {
    let mut stack = traversal.stack.clone();
    let failed = std::mem::take(&mut stack.reason);
    let target = stack.last_complete.clone();
    let goal = match &target {
        Some(desired) => Goal::recorded(core, &stack, desired).await?,
        None => Goal::nothing(core),
    };
    let resources = core.records.resources(&stack.id).await?;
    traversal.secrets.learn_hidden(&stack.desired);
    stack.desired = target.unwrap_or_default();
    let goal = Arc::new(goal);
    let plan = make_plan(core, &stack, &goal, &resources, Action::Rollback).await?;
    // What the stack did not make stays.
    let plan = if traversal.record.action == Action::Adopt { plan.abandoning() } else { plan };
    let (record, batch) =
        begin(core, &traversal.claim, &mut stack, plan, Action::Rollback, OnFailure::Stop, &failed);
    core.commit_batch(batch).await?;
    traversal.stack = stack;
    traversal.record = record;
    traversal.goal = goal;
    traversal.current = Current::new(resources);
    Ok(())
}

/// What a stack shall be, read from its record.
pub(super) async fn recorded_goal(
    core: &Arc<Core>,
    stack: &StackRecord,
    desired: &Desired,
) -> Result<Goal, EngineError> {
    Goal::recorded(core, stack, desired).await
}
