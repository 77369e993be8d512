//! An orchestrator of its own on Heat's public, pure parts.
//!
//! It deploys templates whose resources are directories and files. The template language reads and evaluates them
//! ([`heat_template`]); [`heat_engine::plan`] says what becomes of each resource; [`heat_engine::schedule`] says which
//! step can run. Everything else is this program's: the types ([`types`]), how a template meets a plan ([`desired`]),
//! the work on threads ([`execute`]), and a store that is one JSON file ([`store`]). There is no `Engine` and no async.

pub mod desired;
pub mod execute;
pub mod store;
pub mod types;
