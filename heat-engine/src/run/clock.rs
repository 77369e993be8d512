//! Where the engine gets the time from.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A clock for records, events and plugins. Waiting itself is always done by tokio, whose clock a test can pause.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    System,
    Simulated { base: Timestamp, started: Instant },
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that shows `base` now and goes on as tokio's clock does: deterministic where that is paused. Must be
    /// made inside a tokio runtime.
    pub fn simulated(base: Timestamp) -> Self {
        Self(Kind::Simulated { base, started: Instant::now() })
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::System => Timestamp::now(),
            Kind::Simulated { base, started } => {
                let elapsed = SignedDuration::try_from(started.elapsed()).unwrap_or(SignedDuration::ZERO);
                base.checked_add(elapsed).unwrap_or(*base)
            }
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}
