//! The simulated cloud through its HTTP interface, service by service.

mod cinder;
mod client;
mod durability;
mod faults;
mod glance;
mod keystone;
mod neutron;
mod nova;
