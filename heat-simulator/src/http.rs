//! Requests and answers, and what may happen to them on their way.

pub(crate) mod admin;
pub(crate) mod connection;
pub(crate) mod exchange;
pub(crate) mod fault;
pub(crate) mod journal;
pub(crate) mod masking;
pub(crate) mod server;
