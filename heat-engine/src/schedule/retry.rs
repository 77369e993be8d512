//! What follows a failed request: try again, look what happened, pause, or give up.

use crate::record::IntentKind;
use heat_plugin_sdk::{Failure, FailureClass};
use std::time::Duration;

/// What the engine does after a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The request is sent again after this time.
    Retry {
        /// How long to wait.
        after: Duration,
    },
    /// Nobody knows whether the request was done: look (`find` for a create, `read` for everything else) before
    /// anything else.
    Look,
    /// What was asked for is so already (a deletion of what is not there).
    Done,
    /// The credentials are not accepted any more: the work pauses until there are others.
    Pause,
    /// The operation failed.
    Fail,
}

/// How often, and how long between. The whole time is bounded by the time-outs of the step and of the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts where something else is in the way (Heat's `action_retry_limit`: 5).
    pub conflicts: u32,
    /// Attempts where the object is busy or a rate is exhausted.
    pub busy: u32,
    /// Attempts where the service cannot be reached.
    pub unavailable: u32,
    /// The first wait; each later one is twice as long.
    pub first: Duration,
    /// The longest wait of our own; a longer one that the service asks for is kept.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    /// 5 conflicts, 20 times busy, 12 times unavailable; 500 ms doubling to 60 s.
    fn default() -> Self {
        Self {
            conflicts: 5,
            busy: 20,
            unavailable: 12,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(60),
        }
    }
}

/// Which request failed, and for the how manieth time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    /// The operation; `None` for a read, a `find` or anything else that changes nothing.
    pub operation: Option<IntentKind>,
    /// How often it was tried, this time included: 1 after the first failure.
    pub attempt: u32,
    /// Spreads the waits of things that failed together; any number that belongs to the operation (its key).
    pub seed: u64,
}

/// Decides by the class of a failure what follows it.
///
/// Conflicts, busy objects, exhausted rates and unreachable services are tried again with a wait that doubles and is
/// spread by half (or after the time that the service asks for, never earlier); a request without an answer is looked
/// after; missing credentials pause the work; everything else is final.
pub fn classify(failure: &Failure, trial: Trial, policy: &RetryPolicy) -> Verdict {
    let (limit, said) = match failure.class() {
        FailureClass::NotFound if trial.operation == Some(IntentKind::Delete) => return Verdict::Done,
        FailureClass::Conflict => (policy.conflicts, None),
        FailureClass::Busy { after } => (policy.busy, *after),
        FailureClass::OverLimit { after: Some(after) } => (policy.busy, Some(*after)),
        FailureClass::Unavailable { after } => (policy.unavailable, *after),
        FailureClass::Unanswered if trial.operation.is_some() => return Verdict::Look,
        FailureClass::Unanswered => (policy.unavailable, None),
        FailureClass::Unauthenticated => return Verdict::Pause,
        // NotFound, an exhausted quota, Denied, Invalid, Failed, Unsupported, and classes to come.
        _ => return Verdict::Fail,
    };
    if trial.attempt >= limit {
        return Verdict::Fail;
    }
    let doubled = policy.first.saturating_mul(1 << trial.attempt.saturating_sub(1).min(16));
    let own = jitter(doubled.min(policy.longest), 50, trial.seed.wrapping_add(u64::from(trial.attempt)));
    Verdict::Retry { after: own.max(said.unwrap_or_default()) }
}

/// `wait`, made longer by up to `percent`, by the seed.
pub(super) fn jitter(wait: Duration, percent: u64, seed: u64) -> Duration {
    // SplitMix64: neighbouring seeds give numbers that have nothing to do with each other.
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    let part = millis(wait).saturating_mul(percent) / 100;
    wait + Duration::from_millis(if part == 0 { 0 } else { mixed % (part + 1) })
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(operation: IntentKind, attempt: u32) -> Trial {
        Trial { operation: Some(operation), attempt, seed: 1 }
    }

    fn verdict(failure: &Failure, attempt: u32) -> Verdict {
        classify(failure, trial(IntentKind::Create, attempt), &RetryPolicy::default())
    }

    #[test]
    fn a_conflict_is_tried_five_times_with_growing_waits() {
        let failure = Failure::conflict("the name is taken");
        let mut last = Duration::ZERO;
        for attempt in 1..5 {
            let Verdict::Retry { after } = verdict(&failure, attempt) else { panic!("attempt {attempt}") };
            assert!(after > last, "{after:?} after {last:?}");
            assert!(after <= Duration::from_millis(750) * (1 << (attempt - 1)));
            last = after;
        }
        assert_eq!(verdict(&failure, 5), Verdict::Fail);
    }

    #[test]
    fn the_services_own_time_is_never_undercut() {
        let said = Duration::from_secs(300);
        for failure in [
            Failure::busy(Some(said), "busy"),
            Failure::over_limit(Some(said), "slow down"),
            Failure::unavailable(Some(said), "maintenance"),
        ] {
            assert_eq!(verdict(&failure, 1), Verdict::Retry { after: said });
        }
    }

    #[test]
    fn a_lost_answer_is_looked_after_and_a_lost_read_is_repeated() {
        let lost = Failure::unanswered("connection reset");
        for operation in [IntentKind::Create, IntentKind::Update, IntentKind::Delete] {
            assert_eq!(classify(&lost, trial(operation, 9), &RetryPolicy::default()), Verdict::Look);
        }
        let read = Trial { operation: None, attempt: 1, seed: 1 };
        assert!(matches!(classify(&lost, read, &RetryPolicy::default()), Verdict::Retry { .. }));
    }

    #[test]
    fn final_classes_fail_at_once() {
        for failure in [
            Failure::over_limit(None, "quota"),
            Failure::denied("no"),
            Failure::invalid(None, "bad"),
            Failure::failed("error state"),
            Failure::unsupported("cannot"),
            Failure::not_found("gone"),
        ] {
            assert_eq!(verdict(&failure, 1), Verdict::Fail, "{failure}");
        }
    }

    #[test]
    fn what_is_not_there_is_deleted_and_expired_credentials_pause() {
        let gone = Failure::not_found("gone");
        assert_eq!(classify(&gone, trial(IntentKind::Delete, 1), &RetryPolicy::default()), Verdict::Done);
        assert_eq!(verdict(&Failure::unauthenticated("expired"), 1), Verdict::Pause);
    }
}
