//! What can be set about the simulated cloud.

use std::time::Duration;

/// How long requests are under way. Each takes its own time, uniform in a range, drawn from the seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    pub(crate) least: Duration,
    pub(crate) most: Duration,
}

impl Latency {
    /// Answers come at once.
    pub const NONE: Self = Self { least: Duration::ZERO, most: Duration::ZERO };

    /// Uniform between two durations, half of it before the request is worked on and half after.
    pub fn uniform(least: Duration, most: Duration) -> Self {
        Self { least, most: most.max(least) }
    }

    /// The time of the request with that random number.
    pub(crate) fn of(self, random: u64) -> Duration {
        let span = u64::try_from((self.most - self.least).as_micros()).unwrap_or(u64::MAX - 1);
        self.least + Duration::from_micros(random % (span + 1))
    }
}

/// How long asynchronous work takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Durations {
    /// A server from BUILD to ACTIVE.
    pub server_build: Duration,
    /// A server's deletion.
    pub server_delete: Duration,
    /// A server's other actions: stop, reboot, resize, rebuild, …
    pub server_action: Duration,
    /// Attaching or detaching a volume or an interface.
    pub attach: Duration,
    /// A volume, snapshot or backup from creating to available; also extending and retyping.
    pub volume: Duration,
    /// A volume's, snapshot's or backup's deletion.
    pub volume_delete: Duration,
    /// An image import.
    pub image_import: Duration,
}

impl Durations {
    /// All the same.
    pub fn all(duration: Duration) -> Self {
        Self {
            server_build: duration,
            server_delete: duration,
            server_action: duration,
            attach: duration,
            volume: duration,
            volume_delete: duration,
            image_import: duration,
        }
    }
}

impl Default for Durations {
    /// Five milliseconds each: long enough to be seen, too short to be waited for.
    fn default() -> Self {
        Self::all(Duration::from_millis(5))
    }
}

/// All settings of a running simulator.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) latency: Latency,
    pub(crate) durations: Durations,
    pub(crate) token_life: Duration,
    pub(crate) journal_length: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            latency: Latency::NONE,
            durations: Durations::default(),
            token_life: Duration::from_secs(3600),
            journal_length: 100_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_stay_in_their_range() {
        let latency = Latency::uniform(Duration::from_millis(20), Duration::from_millis(200));
        for n in 0..1000 {
            let one = latency.of(crate::cloud::hashes::mixed(3, n));
            assert!(one >= Duration::from_millis(20) && one <= Duration::from_millis(200));
        }
        assert_eq!(Latency::NONE.of(9), Duration::ZERO);
    }
}
