//! For those who write or measure a store: what every [`Store`](super::Store) promises as a suite, and a recorder of what
//! an engine commits.

mod behaviour;
mod recorder;
pub(super) mod rows;
mod sharing;

#[cfg(feature = "sqlite")]
pub use super::sqlite::{GroupLog, replay};
pub use behaviour::{BrokenPromise, Fixture, broken_promises};
pub use recorder::{Counts, Recorder};
pub use sharing::broken_shared_promises;
