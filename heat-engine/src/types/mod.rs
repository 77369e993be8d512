//! The `OS::Heat::*` types, written against the SDK like anybody's.

use heat_plugin_sdk::Plugin;

/// The plugin with these types; an engine registers it by itself.
pub fn plugin() -> Plugin {
    Plugin::new("heat")
}
