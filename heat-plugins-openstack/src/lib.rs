//! The OpenStack resource types of Heat (OS::Nova, OS::Neutron, …) and the client behind them.

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
    let plugin = Plugin::new("openstack").connect(connect);
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
