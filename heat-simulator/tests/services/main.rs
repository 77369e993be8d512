//! The simulated cloud through its HTTP interface, service by service.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is all tests")]

mod cinder;
mod client;
mod durability;
mod faults;
mod glance;
mod keystone;
mod neutron;
mod nova;
