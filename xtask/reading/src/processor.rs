//! The time that the processor spent on this thread: a long piece of work is interrupted by others more often than a short
//! one, so that on a busy machine the wall clock would favour the short one.

use crate::Failure;
use std::time::{Duration, Instant};

/// A moment, on the thread's own clock.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Processor {
    Spent(Duration),
    /// Where the system does not tell: the wall clock.
    Wall(Instant),
}

impl Processor {
    pub(crate) fn now() -> Result<Self, Failure> {
        Ok(match spent()? {
            Some(spent) => Self::Spent(spent),
            None => Self::Wall(Instant::now()),
        })
    }

    pub(crate) fn elapsed(self) -> Result<Duration, Failure> {
        Ok(match self {
            Self::Spent(before) => spent()?.unwrap_or_default().saturating_sub(before),
            Self::Wall(before) => before.elapsed(),
        })
    }
}

/// What Linux tells in nanoseconds.
fn spent() -> Result<Option<Duration>, Failure> {
    let Ok(text) = std::fs::read_to_string("/proc/thread-self/schedstat") else { return Ok(None) };
    let nanoseconds = text.split(' ').next().unwrap_or_default();
    Ok(Some(Duration::from_nanos(nanoseconds.parse()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_time_and_sleep_none_of_the_processors() {
        let began = Processor::now().unwrap();
        let mut sum = 0_u64;
        for number in 0..3_000_000 {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(number));
        }
        let worked = began.elapsed().unwrap();
        assert!(worked > Duration::ZERO);
        if let Processor::Spent(_) = began {
            let began = Processor::now().unwrap();
            std::thread::sleep(Duration::from_millis(300));
            assert!(began.elapsed().unwrap() < Duration::from_millis(300));
        }
    }
}
