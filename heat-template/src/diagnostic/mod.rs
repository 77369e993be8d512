//! What is wrong with a template, as plain data: a stable code, a message, the places, a way out.
//!
//! Nothing here renders; see [`crate::render`] for terminal, one-line, JSON and Heat-style texts.

pub mod codes;
pub mod suggest;
