//! When to look again at something that takes its time.

use super::retry::{jitter, millis};
use std::time::Duration;

/// How the waits between reads grow: fast first, then slower.
///
/// Each wait is a fraction of the time that has passed since the operation began, so that what is done in a second is
/// seen within a fraction of a second, what takes ten minutes costs some thirty reads, and nothing is seen later than
/// that fraction of its own duration. (Heat reads every second, whatever it waits for.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollPolicy {
    /// The first wait, and the shortest.
    pub shortest: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// The wait as a part of the time passed, in percent.
    pub percent: u32,
}

impl Default for PollPolicy {
    /// From 50 ms to 10 s, 15 % of the time passed.
    fn default() -> Self {
        Self { shortest: Duration::from_millis(50), longest: Duration::from_secs(10), percent: 15 }
    }
}

impl PollPolicy {
    /// How long to wait before the next read.
    ///
    /// `elapsed` is the time since the operation was asked for, `said` what the service or the plugin said
    /// (`Retry-After`, [`Progress::Wait`](heat_plugin_sdk::Progress)), which is kept even where it is longer than the
    /// longest wait. `seed` spreads the reads of things that were begun together by up to a tenth.
    pub fn next(&self, elapsed: Duration, said: Option<Duration>, seed: u64) -> Duration {
        if let Some(said) = said {
            return said.max(Duration::from_millis(1));
        }
        let part = elapsed.saturating_mul(self.percent) / 100;
        let wait = part.clamp(self.shortest, self.longest.max(self.shortest));
        jitter(wait, 10, seed ^ millis(elapsed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads_until(policy: &PollPolicy, total: Duration) -> (usize, Duration) {
        let (mut elapsed, mut reads) = (Duration::ZERO, 0);
        while elapsed < total {
            elapsed += policy.next(elapsed, None, 7);
            reads += 1;
        }
        (reads, elapsed - total)
    }

    #[test]
    fn short_operations_are_seen_at_once_and_long_ones_cost_few_reads() {
        let policy = PollPolicy::default();
        let (_, late) = reads_until(&policy, Duration::from_millis(100));
        assert!(late <= Duration::from_millis(50), "{late:?}");
        let (reads, late) = reads_until(&policy, Duration::from_secs(60));
        assert!(reads < 60 && late < Duration::from_secs(10), "{reads} {late:?}");
        let (reads, _) = reads_until(&policy, Duration::from_secs(3600));
        assert!(reads < 450, "{reads}");
    }

    #[test]
    fn the_services_own_word_counts() {
        let policy = PollPolicy::default();
        let said = Duration::from_secs(90);
        assert_eq!(policy.next(Duration::from_secs(1), Some(said), 0), said);
    }
}
