//! Waiting without sleeping: a moment that is recorded, and a time that must have passed since.

use heat_plugin_sdk::{Context, OperationKey, Progress, Resource};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// When an operation was begun: private data, so that a wait goes on after a crash and does not begin anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Begun {
    key: OperationKey,
    at: Timestamp,
}

impl Begun {
    /// This operation: as it is known already, else it begins now.
    pub(super) fn of<R: Resource>(cx: &Context<'_, R>, known: Option<Self>) -> Self {
        known
            .filter(|begun| begun.key == *cx.key())
            .unwrap_or_else(|| Self { key: cx.key().clone(), at: cx.now() })
    }
}

impl Begun {
    /// What is left of a time since this operation was begun; `None` where it is over.
    pub(super) fn rest<R: Resource>(&self, cx: &Context<'_, R>, time: Duration) -> Option<Duration> {
        let begun = if self.key == *cx.key() { self.at } else { cx.now() };
        let passed = Duration::try_from(cx.now().duration_since(begun)).unwrap_or(Duration::ZERO);
        time.checked_sub(passed).filter(|rest| !rest.is_zero())
    }
}

/// Whether the wait of this operation is over. One that was never recorded had none.
pub(super) fn progress<R: Resource>(cx: &Context<'_, R>, begun: Option<Begun>, seconds: f64) -> Progress {
    let Some(begun) = begun.filter(|begun| begun.key == *cx.key()) else { return Progress::Done };
    let passed = Duration::try_from(cx.now().duration_since(begun.at)).unwrap_or(Duration::ZERO);
    if seconds < 0.0 {
        return Progress::wait(format!("{} s passed, there is no end", passed.as_secs()));
    }
    match duration(seconds).checked_sub(passed) {
        Some(rest) if !rest.is_zero() => Progress::Wait {
            reason: format!("{:.1} s of {seconds:.1} s passed", passed.as_secs_f64()),
            after: Some(rest),
        },
        _ => Progress::Done,
    }
}

/// Seconds as a duration; what is too long for one is the longest there is.
pub(super) fn duration(seconds: f64) -> Duration {
    if seconds.is_nan() || seconds <= 0.0 {
        return Duration::ZERO;
    }
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
