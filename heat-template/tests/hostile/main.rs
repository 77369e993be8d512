//! What a stranger may send to do harm: each kind of text by its name, with the diagnostic that it ends with, and where.
//!
//! Nothing here is measured by the clock. How much was done shows in how many bytes were allocated; a thread that never
//! ends, or that needs more stack than threads have, fails its test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something is not as it should be"
)]

mod aliases;
mod characters;
mod conditions;
mod functions;
mod kit;
#[allow(dead_code, reason = "the types alone are used here")]
#[path = "../language/kit.rs"]
mod language;
mod limits;
mod names;
mod nested;
mod nesting;
mod parameters;
mod patterns;
mod random;
mod registry;
mod size;
mod yaql;
