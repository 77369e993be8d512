//! Whether a failed request is tried again, and when. A pure decision over what is known of the failure.

use std::time::Duration;

use super::error::{Delivery, Error, ErrorClass};

/// How often and how patiently requests are repeated inside the client. What takes longer is the caller's matter:
/// it gets the error with its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Most tries of one request, the first included.
    pub attempts: u32,
    /// Pause before the second try; doubles with each further one.
    pub pause: Duration,
    /// The longest pause; a `Retry-After` beyond it is handed to the caller instead of being waited for.
    pub longest_pause: Duration,
}

impl Default for RetryPolicy {
    /// Four tries, pauses of 0.25, 0.5 and 1 second; a `Retry-After` of up to 10 seconds is waited for.
    fn default() -> Self {
        Self { attempts: 4, pause: Duration::from_millis(250), longest_pause: Duration::from_secs(10) }
    }
}

impl RetryPolicy {
    /// One try only.
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// The pause before the next try, or `None` to give the error up to the caller.
    ///
    /// `attempt` counts from 1. `repeatable` says that doing the request twice is the same as doing it once.
    /// `jitter` is from 0 to 1 and spreads callers that failed together.
    pub(crate) fn pause_after(
        &self,
        attempt: u32,
        repeatable: bool,
        error: &Error,
        jitter: f64,
    ) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let unharmed = error.delivery() == Delivery::NotSent || error.class() == ErrorClass::Busy;
        let worth_it = error.is_temporary() && (unharmed || repeatable);
        if !worth_it {
            return None;
        }
        let backoff = self.pause.saturating_mul(1 << (attempt - 1).min(16)).min(self.longest_pause);
        let backoff = backoff.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0));
        match error.retry_after() {
            Some(after) if after > self.longest_pause => None,
            Some(after) => Some(after.max(backoff)),
            None => Some(backoff),
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Method;

    use super::*;

    fn error(class: ErrorClass, delivery: Delivery, after: Option<u64>) -> Error {
        Error::new(class, "compute", "x")
            .on(&Method::POST, "/servers")
            .delivered(delivery)
            .retry_in(after.map(Duration::from_secs))
    }

    #[test]
    fn a_create_is_repeated_only_if_the_service_cannot_have_acted_on_it() {
        let policy = RetryPolicy::default();
        let decide = |error: &Error| policy.pause_after(1, false, error, 1.0).is_some();
        assert!(decide(&error(ErrorClass::Unavailable, Delivery::NotSent, None)));
        assert!(decide(&error(ErrorClass::Busy, Delivery::Answered, None)));
        assert!(!decide(&error(ErrorClass::Unavailable, Delivery::Unanswered, None)));
        assert!(!decide(&error(ErrorClass::Unavailable, Delivery::Answered, None)));
        assert!(!decide(&error(ErrorClass::Conflict, Delivery::Answered, None)));
    }

    #[test]
    fn a_repeatable_request_is_repeated_a_bounded_number_of_times() {
        let policy = RetryPolicy::default();
        let lost = error(ErrorClass::Unavailable, Delivery::Unanswered, None);
        let pauses: Vec<_> = (1..=4).map(|attempt| policy.pause_after(attempt, true, &lost, 1.0)).collect();
        let millis = |n| Some(Duration::from_millis(n));
        assert_eq!(pauses, [millis(250), millis(500), millis(1000), None]);
    }

    #[test]
    fn the_services_wish_is_honoured_unless_it_is_too_long_for_us() {
        let policy = RetryPolicy::default();
        let busy = |after| error(ErrorClass::Busy, Delivery::Answered, Some(after));
        assert_eq!(policy.pause_after(1, false, &busy(3), 1.0), Some(Duration::from_secs(3)));
        assert_eq!(policy.pause_after(1, false, &busy(300), 1.0), None);
    }

    #[test]
    fn a_missing_service_is_not_asked_again() {
        let missing = error(ErrorClass::Unsupported, Delivery::NotSent, None);
        assert_eq!(RetryPolicy::default().pause_after(1, true, &missing, 1.0), None);
    }
}
