//! The types of Glance.

mod web_image;

pub use web_image::{WebImage, WebImageProperties};

use heat_plugin_sdk::Plugin;

/// Adds Glance's types.
pub(crate) fn register(plugin: Plugin) -> Plugin {
    plugin.resource(WebImage)
}
