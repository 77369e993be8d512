//! The types of Nova.

mod flavor;
mod keypair;
mod server;
mod server_group;

pub use flavor::{Flavor, FlavorAttributes, FlavorProperties};
pub use keypair::{KeyPair, KeyPairAttributes, KeyPairProperties};
pub use server::{
    BlockDevice, BlockDeviceV2, Network, PortExtra, Server, ServerAttributes, ServerProperties, SwiftData,
};
pub use server_group::{ServerGroup, ServerGroupProperties, ServerGroupRules};

use heat_plugin_sdk::Plugin;

use crate::client::Microversion;

/// Adds Nova's types.
pub(crate) fn register(plugin: Plugin) -> Plugin {
    plugin.resource(KeyPair).resource(Flavor).resource(ServerGroup).resource(Server)
}

/// A microversion of Nova.
pub(crate) const fn version(minor: u32) -> Microversion {
    Microversion::new(2, minor)
}
