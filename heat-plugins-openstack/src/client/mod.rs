//! A thin client of OpenStack's HTTP APIs.
//!
//! It knows what all services have in common (authentication, catalog, microversions, paging, errors) and nothing of
//! what each offers: requests and answers are JSON. Settings are data that the caller hands over; only
//! [`CloudsFiles::locate`] reads the disk, and TLS files are read from the paths that the settings give.
//!
//! ```no_run
//! use heat_plugins_openstack::client::{Client, CloudsFiles, Request, choose_cloud};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let environment: Vec<(String, String)> = std::env::vars().collect();
//! let files = CloudsFiles::locate(environment.iter().map(|(key, value)| (key, value)))?;
//! let cloud = choose_cloud(Some("dev"), &files, environment)?;
//! let client = Client::new(cloud)?;
//! for server in client.list("compute", Request::get(["servers"]), "servers").await? {
//!     tracing::info!(name = %server["name"]);
//! }
//! # Ok(())
//! # }
//! ```

mod auth;
mod catalog;
mod cloud;
mod clouds_yaml;
mod connection;
mod error;
mod fault;
mod microversion;
mod pages;
mod request;
mod retry;
mod secret;
mod service_type;
mod tls;
mod token;

pub use auth::{ApplicationCredential, Auth, Credentials, Domain, Named, Scope};
pub use catalog::{Catalog, Interface};
pub use cloud::{Cloud, ServiceOptions};
pub use clouds_yaml::{CloudsFiles, choose_cloud, choose_settings, environment_settings};
pub use connection::Client;
pub use error::{Delivery, Error, ErrorClass, Result};
pub use microversion::{Microversion, MicroversionNeed};
pub use request::{Request, Response};
pub use reqwest::Method;
pub use retry::RetryPolicy;
pub use secret::SecretText;
pub use service_type::official_service_type;
pub use tls::{Pem, TlsOptions, Trust};
pub use token::{Identity, Token};
