//! Running a plan: traversals, and the operations on single incarnations.

mod clock;
mod connections;
mod core;
mod create;
mod delete;
mod ids;
mod update;
mod work;

pub use clock::Clock;
pub use connections::{CredentialSource, GivenCredentials};
pub(crate) use core::{Core, Settings};
pub(crate) use ids::Ids;
