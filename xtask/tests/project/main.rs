//! What must hold for the project as a whole, whatever its crates do.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod conformance_copy;
mod coverage;
mod links;
mod structure;
mod tree;
