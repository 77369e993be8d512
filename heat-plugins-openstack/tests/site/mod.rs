//! What the tests know of the cloud that they run against.

use std::time::Duration;

use heat_plugin_sdk::Credentials;
use heat_plugins_openstack::client::CloudsFiles;
use serde_json::Value;

/// What a cloud has already.
#[allow(dead_code, reason = "each test asks for a part of it")]
pub(crate) struct Site {
    /// An administrator's credentials: flavors, agents and shared networks are theirs.
    pub(crate) credentials: Credentials,
    /// An image that small servers boot from.
    pub(crate) image: String,
    /// Where an image of a few bytes can be fetched.
    pub(crate) image_url: String,
    /// A flavor, and another one that servers can be resized to.
    pub(crate) flavors: [&'static str; 2],
    /// An external network.
    pub(crate) external_network: &'static str,
    /// Two of Cinder's volume types, if it has them.
    pub(crate) volume_types: Option<[String; 2]>,
    /// How long an operation may take.
    pub(crate) patience: Duration,
    /// Between two looks.
    pub(crate) pause: Duration,
    /// Whether there are a backup service and a hypervisor that makes images of servers.
    pub(crate) saves: bool,
}

/// The credentials of one of the clouds in a `clouds.yaml`.
pub(crate) fn credentials(clouds: &str, name: &str) -> Credentials {
    let files = CloudsFiles { clouds: Some(clouds.to_owned()), ..CloudsFiles::default() };
    let settings = files.settings(name).unwrap();
    Credentials::named(name).with_content(Value::Object(settings))
}
