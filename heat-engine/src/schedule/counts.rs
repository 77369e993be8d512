//! How far a schedule is, in numbers.

use super::StepState;
use serde::Serialize;

/// How many steps are in which state. Kept up to date as steps change, never counted anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Wait for other steps.
    pub waiting: usize,
    /// Could start.
    pub ready: usize,
    /// In progress.
    pub running: usize,
    /// Done: created, updated, deleted or kept.
    pub done: usize,
    /// Were not needed.
    pub skipped: usize,
    /// Failed.
    pub failed: usize,
    /// Will not run, because something before them failed.
    pub blocked: usize,
}

impl Counts {
    /// All steps.
    pub fn total(&self) -> usize {
        self.waiting + self.ready + self.running + self.done + self.skipped + self.failed + self.blocked
    }

    pub(super) fn of(&mut self, state: StepState) -> &mut usize {
        match state {
            StepState::Waiting => &mut self.waiting,
            StepState::Ready => &mut self.ready,
            StepState::Running => &mut self.running,
            StepState::Done(super::Outcome::Skipped) => &mut self.skipped,
            StepState::Done(_) => &mut self.done,
            StepState::Failed => &mut self.failed,
            StepState::Blocked => &mut self.blocked,
        }
    }
}
