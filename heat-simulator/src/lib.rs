//! OpenStack as an in-process HTTP server: for tests, demonstrations and benchmarks.
//!
//! [`Simulator`] answers on one port as Keystone v3, Nova v2.1, Neutron v2.0, Cinder v3 and Glance v2 would, with their
//! schemas, defaults, referential integrity, quotas, asynchronous states and error bodies, so that a client that
//! is wrong about OpenStack is wrong here too. It knows nothing of Heat and shares no code with any client.
//!
//! ```
//! # async fn run() -> Result<(), heat_simulator::StartError> {
//! use heat_simulator::{Fault, Simulator};
//!
//! let cloud = Simulator::builder().seed(7).start().await?;
//! println!("{}", cloud.clouds_yaml("simulated")); // for any OpenStack client
//! // The answer to the second server creation gets lost, though the server is made:
//! cloud.add_fault(Fault::on("POST", "/compute/v2.1/servers").skip(1).lose_answer());
//! // … run what is to be tested against cloud.auth_url() …
//! assert_eq!(cloud.inventory().of("server").len(), 0);
//! cloud.shutdown().await;
//! # Ok(()) }
//! ```
//!
//! - **Deterministic.** Ids, addresses and latencies come from a [seed](Builder::seed); time is [`tokio::time`]'s, so
//!   a paused clock works.
//! - **Durable if wanted.** With a [state file](Builder::state_file) every change is on disk before its answer
//!   is sent, and asynchronous work (a server that builds, a volume that is deleted) goes on after a restart.
//! - **Faulty if wanted.** [`Fault`]s refuse, delay, drop, lose, hold back; from Rust or, for another process, through
//!   `POST /_simulator/faults`.
//! - **Seen through.** The [journal](Simulator::journal) has every request with secrets masked; the
//!   [inventory](Simulator::inventory) has every object.

mod cloud;
mod http;
mod openstack;
mod settings;
mod simulator;

pub use cloud::inventory::Inventory;
pub use cloud::state_file::StateFileError;
pub use http::fault::{Effect, Fault};
pub use http::journal::JournalEntry;
pub use settings::{Durations, Latency};
pub use simulator::{Builder, Simulator, StartError};
