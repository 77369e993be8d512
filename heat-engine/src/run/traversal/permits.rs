//! How many steps of a traversal work at once.

use crate::plan::StepId;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Steps about local things wait for nothing but the store, which writes so many together: more of them at once would gain
/// nothing and hold memory.
const LOCAL: usize = 256;

/// What a step waits on while it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    /// Steps inside a nested stack, which need permits of their own, or somebody outside, who is waited for without one.
    Nested,
    /// The store.
    Store,
    /// A service.
    Service,
}

/// The permits that the steps of one traversal hold. A step gets one before it is begun: a step that waits costs nothing.
/// A step that is put off keeps nobody waiting who needs something else.
pub(super) struct Permits {
    of_all: Arc<Semaphore>,
    /// What was waited for and nobody took so far.
    spare: Option<OwnedSemaphorePermit>,
    held: HashMap<StepId, (OwnedSemaphorePermit, Waits)>,
    local: usize,
    local_put_off: VecDeque<StepId>,
    put_off: VecDeque<StepId>,
}

impl Permits {
    pub(super) fn new(of_all: Arc<Semaphore>) -> Self {
        Self {
            of_all,
            spare: None,
            held: HashMap::new(),
            local: 0,
            local_put_off: VecDeque::new(),
            put_off: VecDeque::new(),
        }
    }

    /// Whether a step may begin: it got a permit, or needs none. If not it is put off.
    pub(super) fn admit(&mut self, step: StepId, waits: Waits) -> bool {
        // Those that were put off come first.
        let queue = match waits {
            Waits::Nested => return true,
            Waits::Store => &self.local_put_off,
            Waits::Service => &self.put_off,
        };
        if queue.is_empty() && self.take(step, waits) {
            return true;
        }
        match waits {
            Waits::Store => self.local_put_off.push_back(step),
            Waits::Nested | Waits::Service => self.put_off.push_back(step),
        }
        false
    }

    /// A step that was put off and may begin now.
    pub(super) fn next(&mut self) -> Option<StepId> {
        if let Some(step) = self.local_put_off.front().copied()
            && self.take(step, Waits::Store)
        {
            return self.local_put_off.pop_front();
        }
        let step = self.put_off.front().copied()?;
        self.take(step, Waits::Service).then(|| self.put_off.pop_front())?
    }

    /// Nothing begins any more: the steps that were put off.
    pub(super) fn give_up(&mut self) -> impl Iterator<Item = StepId> + '_ {
        self.spare = None;
        self.local_put_off.drain(..).chain(self.put_off.drain(..))
    }

    fn take(&mut self, step: StepId, waits: Waits) -> bool {
        let local = usize::from(waits == Waits::Store);
        if local > 0 && self.local == LOCAL {
            return false;
        }
        let permit = self.spare.take().or_else(|| Arc::clone(&self.of_all).try_acquire_owned().ok());
        let Some(permit) = permit else { return false };
        self.held.insert(step, (permit, waits));
        self.local += local;
        true
    }

    /// The step needs its permit no more, if it had one.
    pub(super) fn give_back(&mut self, step: StepId) {
        if let Some((_, Waits::Store)) = self.held.remove(&step) {
            self.local -= 1;
        }
    }

    /// Whether a step could begin if it got a permit.
    pub(super) fn is_short(&self) -> bool {
        !self.put_off.is_empty() || (!self.local_put_off.is_empty() && self.local < LOCAL)
    }

    /// Ends when the next step gets a permit.
    pub(super) async fn wait(&mut self) {
        if self.spare.is_none() {
            // It is never closed.
            self.spare = Arc::clone(&self.of_all).acquire_owned().await.ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_is_put_off_keeps_nobody_else_waiting_and_comes_first_later() {
        let of_all = Arc::new(Semaphore::new(LOCAL + 1));
        let mut permits = Permits::new(Arc::clone(&of_all));
        let step = |number: usize| StepId(number as u32);
        assert!((0..LOCAL).all(|number| permits.admit(step(number), Waits::Store)));
        assert!(!permits.admit(step(LOCAL), Waits::Store), "so many local ones");
        assert!(!permits.is_short(), "no permit would help it");
        assert!(permits.admit(step(LOCAL + 1), Waits::Service));
        assert!(!permits.admit(step(LOCAL + 2), Waits::Service), "there is no permit left");
        assert!(permits.admit(step(LOCAL + 3), Waits::Nested), "it needs none");
        assert!(permits.is_short() && permits.next().is_none());
        permits.give_back(step(0));
        assert_eq!(permits.next(), Some(step(LOCAL)));
        permits.give_back(step(1));
        permits.wait().await;
        assert_eq!(permits.next(), Some(step(LOCAL + 2)));
        assert!(!permits.is_short() && permits.next().is_none());
        drop(permits);
        assert_eq!(of_all.available_permits(), LOCAL + 1);
    }
}
