//! What strangers may send. Whatever comes, nothing panics, everything ends, every place that is told lies inside the text,
//! and what must hold for every text ([`judge`]) holds.
//!
//! Three ways lead there: the recorded cases with random changes (`mutation`); the texts that the fuzzer found worth keeping
//! (`replay`, `fuzz/corpus`); and the fuzzer itself, which is not run by tests (`cargo xtask fuzz`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be"
)]

mod judge;
mod mutate;
mod mutation;
mod replay;

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// A text that takes so long never ends: others take a thousandth of it.
const ENDLESS: Duration = Duration::from_secs(120);

/// Does some work on a thread; `work` tells by `begin` what it comes to next, and that is named where it fails or never ends.
fn watched(work: impl FnOnce(&mut dyn FnMut(&str)) + Send + 'static) {
    let (begin, begun) = mpsc::channel();
    let thread = std::thread::spawn(move || work(&mut |what| begin.send(what.to_owned()).unwrap()));
    let mut current = String::new();
    loop {
        match begun.recv_timeout(ENDLESS) {
            Ok(what) => current = what,
            Err(RecvTimeoutError::Timeout) => panic!("{current} does not end"),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    assert!(thread.join().is_ok(), "{current} fails");
}
