//! What the language does, row by row of Heat's features, through the public interface alone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where something is not as it should be")]

mod conditions;
mod defaults;
mod diagnostics;
mod environments;
mod functions;
mod kit;
mod nested;
mod parameters;
mod properties;
mod secrets;
mod structure;
