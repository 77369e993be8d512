//! How long what is over is kept.

use jiff::{SignedDuration, Timestamp};

/// How long what is over is kept. Living stacks and their last events are never touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long a deleted stack and its events can still be shown.
    pub deleted_stacks: SignedDuration,
    /// How many events of one stack are kept, the newest (Heat's `max_events_per_stack`, there 1,000).
    pub events_per_stack: u32,
}

impl Default for Retention {
    /// 30 days, 10,000 events a stack.
    fn default() -> Self {
        Self { deleted_stacks: SignedDuration::from_hours(30 * 24), events_per_stack: 10_000 }
    }
}

impl Retention {
    /// Stacks that were deleted before this moment go.
    pub fn deleted_before(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.deleted_stacks).unwrap_or(Timestamp::MIN)
    }
}
