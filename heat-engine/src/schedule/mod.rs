//! When each step of a plan runs, what follows a failure, and how long to wait: pure decisions over a
//! [`Plan`](crate::plan::Plan), without a clock and without I/O.
//!
//! A [`Schedule`] is a ledger: whoever executes asks it what is [`ready`](Schedule::ready), tells it what was
//! [started](Schedule::start) and how it [ended](Schedule::finish), until it [is finished](Schedule::is_finished).
//! [`classify`] says what follows a failed request, [`PollPolicy`] when to look again at something that takes its time.

mod counts;
mod poll;
mod progress;
mod retry;

pub use counts::Counts;
pub use poll::PollPolicy;
pub use progress::{Failed, Outcome, Schedule, ScheduleError, StepState};
pub use retry::{RetryPolicy, Trial, Verdict, classify};
