//! What an engine does because others work on the same store: it takes up work that nobody does, lets go of what another
//! engine asks for, stops what it has lost, and tells those who wait for events that there may be some.

use super::{Engine, EngineError, Inner};
use crate::record::StackId;
use crate::store::{Claim, Heard, SharedStore, StoreError};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often the store is looked at, in case nobody tells of what is there.
const LOOK: Duration = Duration::from_secs(1);

/// So many stacks are taken at once: the rest is for other engines, if there are any.
const TAKEN_AT_ONCE: u32 = 8;

/// The waits before a stack is taken again that could not be gone on with.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// How long another engine may take to let go of a stack: what it is doing is waited for.
const HANDOVER: Duration = Duration::from_secs(300);

/// How often it is asked.
const ASK: Duration = Duration::from_secs(5);

/// Looks after an engine's part of a shared store until the engine is gone.
pub(super) struct Steward {
    engine: Weak<Inner>,
    /// Takes up work that nobody does.
    resumes: bool,
    heard: watch::Receiver<Heard>,
    /// Stacks that could not be gone on with: when they are tried again, and the wait after that.
    put_off: HashMap<StackId, (Instant, Duration)>,
}

impl Steward {
    /// Takes up what was left unfinished, what waits for credentials too, and goes on looking after it in a task. Nothing
    /// happens where the store is not shared.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn begin(engine: &Engine, resumes: bool) -> Result<bool, StoreError> {
        let Some(shared) = engine.core().records.store().shared() else { return Ok(false) };
        let mut steward = Self {
            engine: Arc::downgrade(&engine.0),
            resumes,
            heard: shared.heard(),
            put_off: HashMap::new(),
        };
        if resumes {
            steward.take(engine, shared, true).await?;
        }
        tokio::spawn(steward.run());
        Ok(true)
    }

    async fn run(mut self) {
        let mut before = *self.heard.borrow_and_update();
        let mut look_at = Instant::now() + LOOK;
        loop {
            let told = tokio::select! {
                told = self.heard.changed() => told,
                () = tokio::time::sleep_until(look_at) => Ok(()),
            };
            if told.is_err() {
                // Nobody tells any more; there is still what is found.
                tokio::time::sleep_until(look_at).await;
            }
            let Some(inner) = self.engine.upgrade() else { return };
            let engine = Engine(inner);
            if engine.0.closed.load(Ordering::SeqCst) {
                return;
            }
            let heard = *self.heard.borrow_and_update();
            if heard.events != before.events {
                engine.core().published.send_modify(|count| *count = count.wrapping_add(1));
            }
            let now = Instant::now();
            if heard.stacks != before.stacks || now >= look_at {
                look_at = now + LOOK;
                if let Err(error) = self.round(&engine).await {
                    // Whoever writes says it louder.
                    tracing::debug!(%error, "the store cannot be looked after");
                }
            }
            before = heard;
        }
    }

    async fn round(&mut self, engine: &Engine) -> Result<(), StoreError> {
        let Some(shared) = engine.core().records.store().shared() else { return Ok(()) };
        // In this order: what is driven now and is not held then was lost.
        let driven = engine.0.driver.driven();
        let held = shared.held().await?;
        let still: HashSet<_> = held.iter().map(|held| (&held.stack, held.epoch)).collect();
        for claim in driven.iter().filter(|claim| !still.contains(&(&claim.stack, claim.epoch))) {
            engine.0.driver.stop_lost(claim);
        }
        for wanted in held.into_iter().filter(|held| held.wanted) {
            let claim = Claim { stack: wanted.stack, epoch: wanted.epoch };
            let engine = engine.clone();
            // What is under way is waited for, but not here.
            tokio::spawn(async move { engine.let_go(&claim).await });
        }
        if self.resumes {
            self.take(engine, shared, false).await?;
        } else {
            engine.take_back().await?;
        }
        Ok(())
    }

    /// Takes up work that nobody does, a little at a time.
    async fn take(
        &mut self,
        engine: &Engine,
        shared: &dyn SharedStore,
        waiting: bool,
    ) -> Result<(), StoreError> {
        let now = Instant::now();
        self.put_off.retain(|_, (until, wait)| *until + *wait * 4 > now);
        loop {
            let mut except: Vec<StackId> =
                engine.0.driver.driven().into_iter().map(|claim| claim.stack).collect();
            let put_off = self.put_off.iter().filter(|(_, (until, _))| *until > now);
            except.extend(put_off.map(|(stack, _)| stack.clone()));
            let work = shared.take(TAKEN_AT_ONCE, &except, waiting).await?;
            let count = work.len();
            for (row, epoch) in work {
                let claim = Claim { stack: row.stack.clone(), epoch };
                let taken = match engine.core().records.open_work(row) {
                    Ok(record) => engine.take_up(claim.clone(), record).await,
                    Err(error) => Err(error.into()),
                };
                if let Err(error) = taken {
                    if !matches!(error, EngineError::Stopped { .. }) {
                        tracing::error!(stack = %claim.stack, %error, "the stack cannot be gone on with");
                    }
                    let _ = engine.core().records.release(&claim).await;
                    let wait = self.put_off.get(&claim.stack).map_or(FIRST_WAIT, |(_, wait)| *wait);
                    let next = (wait * 2).min(LONGEST_WAIT);
                    self.put_off.insert(claim.stack, (Instant::now() + wait, next));
                }
            }
            if count < TAKEN_AT_ONCE as usize {
                return Ok(());
            }
            // Others get their share.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Engine {
    /// Goes on with work that was taken, unless a request of this engine is about that stack just now: that one goes first.
    async fn take_up(&self, claim: Claim, record: crate::record::TraversalRecord) -> Result<(), EngineError> {
        let Some(_turn) = self.0.free_turn(&claim.stack)? else {
            self.core().records.release(&claim).await?;
            return Ok(());
        };
        if self.0.driver.drives(&claim.stack) {
            return Ok(());
        }
        self.go_on_with(claim, record, None).await
    }

    /// Lets another engine have a stack: stops between two calls, and gives the claim back.
    async fn let_go(&self, claim: &Claim) {
        if self.0.driver.drives(&claim.stack) {
            self.0.lent.lock().unwrap_or_else(PoisonError::into_inner).insert(claim.stack.clone());
            self.0.driver.interrupt(&claim.stack).await;
        } else if !matches!(self.0.free_turn(&claim.stack), Ok(Some(_))) {
            // A request of this engine is about it; what that begins is interrupted next time.
            return;
        }
        match self.core().records.release(claim).await {
            Ok(()) => tracing::info!(stack = %claim.stack, "let another engine have the stack"),
            Err(error) => tracing::debug!(%error, "the stack cannot be given back"),
        }
    }

    /// Goes on with what it let go of for another engine that only wanted to tell it something and left it unfinished.
    async fn take_back(&self) -> Result<(), StoreError> {
        let lent: Vec<StackId> =
            self.0.lent.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        for stack in lent {
            let record = self.core().records.stack(&stack).await?;
            let running = record.filter(|record| record.paused.is_none()).and_then(|record| record.traversal);
            let traversal = match running {
                Some(id) => self.core().records.traversal(&id).await?,
                None => None,
            };
            // Whoever holds it is alive and works on it, until it is left or done.
            if let Some(traversal) = traversal
                && let Ok(Some(_turn)) = self.0.free_turn(&stack)
                && let Err(error) = self.go_on(traversal, None).await
            {
                tracing::debug!(%stack, %error, "the stack cannot be gone on with");
            }
            if running_nowhere(self, &stack).await? || self.0.driver.drives(&stack) {
                self.0.lent.lock().unwrap_or_else(PoisonError::into_inner).remove(&stack);
            }
        }
        Ok(())
    }

    /// Claims a stack for a request: stops what this engine does to it, and asks another engine that works on it to let go.
    ///
    /// # Errors
    /// See [`Store::claim`](crate::store::Store::claim); `Claimed` where the other engine does not let go.
    pub(super) async fn seize(&self, stack: &StackId) -> Result<Claim, StoreError> {
        self.0.driver.interrupt(stack).await;
        let records = &self.core().records;
        let end = Instant::now() + HANDOVER;
        let mut ask_at = Instant::now();
        loop {
            let refused = match records.claim(stack).await {
                Err(error @ StoreError::Claimed { .. }) => error,
                other => return other,
            };
            let Some(shared) = records.store().shared().filter(|_| Instant::now() < end) else {
                return Err(refused);
            };
            let mut heard = shared.heard();
            heard.mark_unchanged();
            if Instant::now() >= ask_at {
                shared.ask_for(stack).await?;
                ask_at = Instant::now() + ASK;
            }
            let _ = tokio::time::timeout(Duration::from_millis(250), heard.changed()).await;
        }
    }

    /// Whether a stack is left by all engines: on a shared store nobody alive has held it for a moment, else nobody
    /// holds it. The engine itself does not drive it.
    ///
    /// # Errors
    /// The store fails.
    pub(super) async fn is_left(
        &self,
        stack: &StackId,
        since: &mut Option<Instant>,
    ) -> Result<bool, EngineError> {
        let records = &self.core().records;
        let Some(shared) = records.store().shared() else {
            let _turn = self.0.turn(stack).await?;
            return Ok(match records.claim(stack).await {
                Ok(claim) => {
                    records.release(&claim).await?;
                    true
                }
                Err(_) => false,
            });
        };
        if self.0.closed.load(Ordering::SeqCst) {
            return Ok(true);
        }
        if self.0.resumes || shared.holder(stack).await?.is_some() {
            *since = None;
            return Ok(false);
        }
        Ok(since.get_or_insert_with(Instant::now).elapsed() > 3 * LOOK)
    }

    /// Whether the store is shared and only away for the moment: who waits for a stack waits for it, too.
    pub(super) fn is_away(&self, error: &StoreError) -> bool {
        use crate::store::Unconnected::{Crowded, Unreachable};
        let passing = matches!(
            error,
            StoreError::Unavailable { .. } | StoreError::NotConnected { why: Unreachable | Crowded, .. }
        );
        passing && self.core().records.store().shared().is_some() && !self.0.closed.load(Ordering::SeqCst)
    }
}

/// Whether nothing is left to do for a stack.
async fn running_nowhere(engine: &Engine, stack: &StackId) -> Result<bool, StoreError> {
    Ok(engine.core().records.stack(stack).await?.is_none_or(|record| record.traversal.is_none()))
}
