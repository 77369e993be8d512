//! The time that the processor spent on this thread: a long piece of work is interrupted by others more often than a short
//! one, so that on a busy machine the wall clock would favour the short one.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// A moment, on the thread's own clock.
#[derive(Debug, Clone, Copy)]
pub struct Processor(Duration);

impl Processor {
    /// This moment.
    pub fn now() -> Self {
        // Not what /proc/thread-self/schedstat tells: that moves only when the scheduler looks at the thread.
        let time = clock_gettime(ClockId::ThreadCPUTime);
        let seconds = Duration::from_secs(time.tv_sec.unsigned_abs());
        Self(seconds + Duration::from_nanos(time.tv_nsec.unsigned_abs()))
    }

    /// What was spent since then.
    pub fn elapsed(self) -> Duration {
        Self::now().0.saturating_sub(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() -> u64 {
        let mut sum = 0_u64;
        for number in 0..20_000 {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(number));
        }
        sum
    }

    #[test]
    fn short_work_takes_time_and_sleep_none_of_the_processors() {
        // Each piece is far shorter than the scheduler's ticks.
        for _ in 0..100 {
            let began = Processor::now();
            work();
            assert!(began.elapsed() > Duration::ZERO);
        }
        let began = Processor::now();
        std::thread::sleep(Duration::from_millis(300));
        assert!(began.elapsed() < Duration::from_millis(300));
    }
}
