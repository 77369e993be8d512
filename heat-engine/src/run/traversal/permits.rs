//! How many steps of a traversal work at once.

use crate::plan::StepId;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Steps about local things wait for nothing but the store, which writes so many together: more of them at once would gain
/// nothing and hold memory.
const LOCAL: usize = 256;

/// What a step waits on while it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    /// Steps inside a nested stack, which need permits of their own.
    Nested,
    /// The store.
    Store,
    /// A service.
    Service,
}

/// Why the next step is not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// Over all stacks so many steps work as may.
    OfAll,
    /// So many local ones of this traversal.
    OfLocal,
}

/// The permits that the steps of one traversal hold. A step gets one before it is begun: a step that waits costs nothing.
pub(super) struct Permits {
    of_all: Arc<Semaphore>,
    /// What was waited for and nobody took so far.
    spare: Option<OwnedSemaphorePermit>,
    held: HashMap<StepId, (OwnedSemaphorePermit, Waits)>,
    local: usize,
}

impl Permits {
    pub(super) fn new(of_all: Arc<Semaphore>) -> Self {
        Self { of_all, spare: None, held: HashMap::new(), local: 0 }
    }

    /// A permit for a step, if it needs one and there is one.
    pub(super) fn take(&mut self, step: StepId, waits: Waits) -> Result<(), Full> {
        match waits {
            Waits::Nested => return Ok(()),
            Waits::Store if self.local == LOCAL => return Err(Full::OfLocal),
            Waits::Store | Waits::Service => {}
        }
        let permit = self.spare.take().or_else(|| Arc::clone(&self.of_all).try_acquire_owned().ok());
        self.held.insert(step, (permit.ok_or(Full::OfAll)?, waits));
        self.local += usize::from(waits == Waits::Store);
        Ok(())
    }

    /// The step needs its permit no more, if it had one.
    pub(super) fn give_back(&mut self, step: StepId) {
        if let Some((_, Waits::Store)) = self.held.remove(&step) {
            self.local -= 1;
        }
    }

    /// Nobody waits for a permit any more: others may have it.
    pub(super) fn give_back_spare(&mut self) {
        self.spare = None;
    }

    /// Ends when the next step gets a permit.
    pub(super) async fn wait(&mut self) {
        if self.spare.is_none() {
            // It is never closed.
            self.spare = Arc::clone(&self.of_all).acquire_owned().await.ok();
        }
    }
}
