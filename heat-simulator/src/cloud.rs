//! The simulated cloud's state and what happens to it: pure of I/O but for the state file's append.

pub(crate) mod agenda;
pub(crate) mod document;
pub(crate) mod hashes;
pub(crate) mod identity;
pub(crate) mod inventory;
pub(crate) mod kind;
pub(crate) mod quotas;
pub(crate) mod seed;
pub(crate) mod state;
pub(crate) mod state_file;
pub(crate) mod tables;
pub(crate) mod time;

pub(crate) use document::{Fields, Object};
pub(crate) use identity::Caller;
pub(crate) use kind::Kind;
pub(crate) use state::Cloud;
