//! The OpenStack resource types of Heat (OS::Nova, OS::Neutron, …) and the client behind them.

pub mod client;
