//! What a Heat resource plugin is: typed resources, schemas, classed failures, and a conformance test kit.
//!
//! A plugin teaches a Heat engine new resource types. Its author writes, for each type, one struct of properties, one of
//! attributes, and what to do with the real thing; schema, checks, decoding and documentation follow from the structs, and
//! waiting, retries, time-outs, order, crashes and rollback are the engine's.
//!
//! # A plugin
//!
//! A DNS service, kept in memory here so that the example runs; in a real plugin `AcmeClient` is an HTTP client.
//!
//! ```
//! use heat_plugin_sdk::{
//!     Attributes, Change, Context, Created, Credentials, Failure, FindBasis, Finding, Observed,
//!     PhysicalId, Plugin, Properties, Resource, Result, Secret,
//! };
//! use serde::{Deserialize, Serialize};
//! use serde_json::Value;
//! use std::collections::BTreeMap;
//! use std::net::IpAddr;
//! use std::sync::{Arc, Mutex};
//!
//! /// A DNS record at Acme.
//! #[derive(Debug, Deserialize, Properties)]
//! struct RecordProperties {
//!     /// Fully qualified name.
//!     #[property(immutable, constraint(length(max = 255)), constraint(custom("acme.zone")))]
//!     name: String,
//!     /// Addresses the name answers with.
//!     #[property(update_allowed)]
//!     addresses: Vec<IpAddr>,
//!     /// Seconds that resolvers may keep the answer.
//!     #[property(update_allowed, default = 300, constraint(range(min = 60)))]
//!     ttl: u32,
//!     /// Token of the zone.
//!     #[property(secret)]
//!     token: Secret<String>,
//! }
//!
//! #[derive(Debug, Serialize, Attributes)]
//! struct RecordAttributes {
//!     /// Serial number of the zone after the last change.
//!     serial: u64,
//! }
//!
//! struct Record;
//!
//! impl Resource for Record {
//!     const TYPE: &'static str = "Acme::DNS::Record";
//!     type Connection = AcmeClient;
//!     type Properties = RecordProperties;
//!     type Attributes = RecordAttributes;
//!
//!     async fn create(&self, cx: &Context<'_, Self>, p: &RecordProperties) -> Result<Created> {
//!         cx.connection()?.put(p, true)?;
//!         Ok(Created::new(&p.name))
//!     }
//!
//!     // The heart: from this one function the engine knows whether to wait, what has drifted, the attributes, and the truth
//!     // after a crash.
//!     async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
//!         let zone = cx.connection()?.0.lock().unwrap();
//!         let Some((addresses, ttl)) = zone.records.get(id.as_str()) else { return Ok(None) };
//!         let observed = Observed::ready()
//!             .property("name", id.as_str())?
//!             .property("addresses", addresses)?
//!             .property("ttl", ttl)?
//!             .unreadable("token");
//!         Ok(Some(observed.attributes(&RecordAttributes { serial: zone.serial })?))
//!     }
//!
//!     async fn update(
//!         &self,
//!         cx: &Context<'_, Self>,
//!         _: &PhysicalId,
//!         change: &Change<RecordProperties>,
//!     ) -> Result<()> {
//!         if change.names().next().is_none() {
//!             return Ok(());
//!         }
//!         cx.connection()?.put(change.new_properties(), false)
//!     }
//!
//!     async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
//!         match cx.connection()?.0.lock().unwrap().records.remove(id.as_str()) {
//!             Some(_) => Ok(()),
//!             None => Err(Failure::not_found(format!("there is no record {id}"))),
//!         }
//!     }
//!
//!     // After a crash between request and answer: the name is unique, so whoever has it is it.
//!     fn find_basis(&self, _: &RecordProperties) -> FindBasis {
//!         FindBasis::Unique
//!     }
//!
//!     async fn find(&self, cx: &Context<'_, Self>, p: &RecordProperties) -> Result<Finding> {
//!         let exists = cx.connection()?.0.lock().unwrap().records.contains_key(&p.name);
//!         let ids = exists.then(|| PhysicalId::new(&p.name)).filter(|id| !cx.is_excluded(id));
//!         Ok(Finding::from_ids(ids))
//!     }
//! }
//!
//! async fn zone_exists(_: Arc<AcmeClient>, name: Value) -> Result<()> {
//!     match name.as_str() {
//!         Some(name) if name.ends_with("example.com.") => Ok(()),
//!         _ => Err(Failure::not_found(format!("Acme has no zone for {name}"))),
//!     }
//! }
//!
//! pub fn plugin() -> Plugin {
//!     Plugin::new("acme")
//!         .connect(AcmeClient::connect)
//!         .resource(Record)
//!         .constraint("acme.zone", zone_exists)
//! }
//!
//! /// Stands for the client of a real service.
//! #[derive(Default)]
//! struct AcmeClient(Mutex<Zone>);
//!
//! #[derive(Default)]
//! struct Zone {
//!     serial: u64,
//!     records: BTreeMap<String, (Vec<IpAddr>, u32)>,
//! }
//!
//! impl AcmeClient {
//!     async fn connect(_: Credentials) -> Result<Self> {
//!         Ok(Self::default())
//!     }
//!
//!     fn put(&self, p: &RecordProperties, new: bool) -> Result<()> {
//!         let mut zone = self.0.lock().unwrap();
//!         if p.token.expose() != "t0p-s3cret" {
//!             return Err(Failure::denied(format!("Acme does not accept the token for {}", p.name)));
//!         }
//!         if new && zone.records.contains_key(&p.name) {
//!             return Err(Failure::conflict(format!("record {} exists", p.name)));
//!         }
//!         zone.serial += 1;
//!         zone.records.insert(p.name.clone(), (p.addresses.clone(), p.ttl));
//!         Ok(())
//!     }
//! }
//!
//! // What every plugin should have as its first test: each type through its whole life, against the real service or a
//! // simulated one.
//! use heat_plugin_sdk::testing::{Fixture, Fixtures, conformance};
//! use serde_json::json;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let fixtures = Fixtures::new(Credentials::none(), tokio::time::sleep).with(
//!     Fixture::new("Acme::DNS::Record")
//!         .properties(|run| {
//!             json!({
//!                 "name": run.name("www.example.com."),
//!                 "addresses": ["192.0.2.1"],
//!                 "token": "t0p-s3cret",
//!             })
//!         })
//!         .update("addresses", json!(["192.0.2.2", "2001:db8::2"]))
//!         .update("ttl", 600),
//! );
//! conformance(plugin(), fixtures).await.assert_clean();
//! # });
//! ```
//!
//! # Where to go from here
//!
//! - [`Resource`] – everything that a type can do beside these: progress of operations in several steps, replacement order,
//!   attributes on demand, dependencies that nothing names.
//! - [`Properties`](derive@Properties) and [`Attributes`](derive@Attributes) – the options of the derives.
//! - [`Failure`] – the classes of failures, and what an engine makes of them.
//! - [`Context`] – what a call knows: names, key, private data, objects beside the resource's own.
//! - [`Plugin`] and [`Registry`] – how plugins are put together. Registration is explicit; two plugins with the same type are
//!   an error that names both.
//! - `heat_plugin_sdk::testing` – the conformance kit, and contexts for unit tests (feature `testing`, for `dev-dependencies`).
//! - [`schema`] – schemas as data, for types that are made at run time: see [`schema::ResourceSchema`] and [`DynResource`].
//!
//! The crate is light: no HTTP client, no database, no runtime. What crosses the border between engine and plugin is plain
//! data; errors are data; time and randomness come from the context.

mod comparison;
mod composite;
mod configuration;
mod connection;
mod context;
mod decoding;
mod dynamic;
mod failure;
mod identity;
mod observation;
mod operation;
mod plugin;
mod properties;
mod property_type;
mod registry;
mod resource;
mod secret;
mod siblings;
mod signal;
mod snapshot;
#[cfg(feature = "testing")]
pub mod testing;

pub use comparison::satisfies;
pub use composite::{Composite, erase_composite};
pub use configuration::{SoftwareConfiguration, SoftwareConfigurations};
pub use connection::{Connection, ConnectionLimits, Connector, ConnectorId, Credentials, DynConnector};
pub use context::{CallContext, Context, Journal, Owned, OwnedObject, as_plain_data, plain_data};
pub use dynamic::{DynResource, PropertyMap, erase};
pub use failure::{Failure, FailureClass, Result};
pub use identity::{OperationKey, PhysicalId, ResourceIdentity, StackIdentity, physical_name};
pub use observation::{Created, Observation, Observed, ObservedProperty, State};
pub use operation::{Change, FindBasis, Finding, Operation, Progress, ReplaceOrder};
pub use plugin::{AVAILABILITY_ZONES, DynConstraint, DynFinder, Plugin};
pub use properties::{Attributes, Properties};
pub use property_type::{PropertyType, Shape};
pub use registry::{Registry, RegistryError};
pub use resource::Resource;
pub use secret::Secret;
pub use siblings::{Sibling, SiblingIndex, Siblings};
pub use signal::{Adjustment, Signal, SignalAnswer, SignalledResource, SignalledResources, Signals};
pub use snapshot::{Restored, SavedData};

/// The derives, each beside the trait of the same name.
pub use heat_plugin_sdk_macros::{Attributes, Properties, PropertyType};

/// What the derives' code calls.
#[doc(hidden)]
#[path = "derived.rs"]
pub mod __private;

/// What composites are made of, which this crate shares with the template language.
pub use heat_template::composite::{
    AttributeRequest, Capacity, Child, ChildRequest, CompositeError, CompositeType, Inside, Member, Stage,
};
/// A step of the way to where a member of a composite is written.
pub use heat_template::expression::Step;
/// Schemas, which this crate shares with the template language.
pub use heat_template::schema;

// The plugin author's guide is tested with the crate that it is about.
#[cfg(doctest)]
#[doc = include_str!("../../docs/plugin-author.md")]
mod guide {}
