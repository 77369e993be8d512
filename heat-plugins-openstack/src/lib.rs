//! The OpenStack resource types of Heat (`OS::Nova`, `OS::Neutron`, `OS::Cinder`, `OS::Glance`) and the client behind them.
//!
//! [`plugin`] is what an engine registers. Each type is a file of this crate: its properties and attributes as Heat has
//! them, and what is special about it. Names become ids by finders (`neutron.network`, `nova.flavor`, `glance.image`, …),
//! which are also the custom constraints of those names.
//!
//! ```
//! use heat_plugin_sdk::Registry;
//!
//! let registry = Registry::new().with(heat_plugins_openstack::plugin());
//! assert!(registry.resource("OS::Nova::Server").is_some());
//! ```
//!
//! # Credentials
//!
//! An engine hands [`connect`] the content of a cloud's entry in `clouds.yaml`; [`client::choose_settings`] finds the one
//! that a user means, with `secure.yaml` and the `OS_*` variables, as openstacksdk does:
//!
//! ```
//! use heat_plugin_sdk::Credentials;
//! use heat_plugins_openstack::client::{CloudsFiles, choose_settings};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = "clouds: {dev: {auth: {auth_url: 'https://cloud.example.org:5000', username: ada, password: secret}}}";
//! let files = CloudsFiles { clouds: Some(text.to_owned()), ..CloudsFiles::default() };
//! let (name, settings) = choose_settings(Some("dev"), &files, std::iter::empty::<(&str, &str)>())?;
//! let credentials = Credentials::named(name).with_content(settings.into());
//! # let _ = credentials;
//! # Ok(())
//! # }
//! ```
//!
//! # The client alone
//!
//! [`client`] is of use without Heat: a thin client of OpenStack's HTTP APIs with authentication, catalog, microversions,
//! paging and classed errors.

pub mod cinder;
pub mod client;
mod finders;
pub mod glance;
pub mod neutron;
pub mod nova;
mod rest;

use heat_plugin_sdk::{Credentials, Failure, Plugin, Result};
use serde_json::Value;

use client::{Client, Cloud};

/// The plugin with all types of this crate.
pub fn plugin() -> Plugin {
    let plugin = Plugin::new("openstack").version(env!("CARGO_PKG_VERSION")).connect(connect);
    let plugin = finders::register(plugin);
    [neutron::register, nova::register, cinder::register, glance::register]
        .into_iter()
        .fold(plugin, |plugin, register| register(plugin))
}

/// Makes a connection. The credentials' content is a cloud's entry as `clouds.yaml` has it (see
/// [`CloudsFiles::settings`](client::CloudsFiles::settings)).
///
/// # Errors
/// The content is missing or not usable. Nothing is sent yet.
pub async fn connect(credentials: Credentials) -> Result<Client> {
    let name = credentials.name().unwrap_or("unnamed");
    let settings = match credentials.value() {
        Some(Value::Object(settings)) => settings,
        Some(_) => {
            return Err(Failure::unauthenticated(format!(
                "the settings of cloud {name:?} are not a mapping"
            )));
        }
        None => {
            return Err(Failure::unauthenticated(format!(
                "OpenStack needs credentials: those of cloud {name:?} were not given with their content"
            )));
        }
    };
    Ok(Client::new(Cloud::from_settings(name, settings)?)?)
}
