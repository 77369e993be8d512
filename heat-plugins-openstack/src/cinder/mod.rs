//! The types of Cinder.

mod attachment;
mod backup;
mod volume;
mod volume_attachment;

pub use volume::{Volume, VolumeAttributes, VolumeProperties};
pub use volume_attachment::{VolumeAttachment, VolumeAttachmentProperties};

use heat_plugin_sdk::Plugin;

/// Adds Cinder's types.
pub(crate) fn register(plugin: Plugin) -> Plugin {
    plugin.resource(Volume).resource(VolumeAttachment)
}
