//! Running a plan: traversals, and the operations on single incarnations.

mod clock;
mod configurations;
mod connections;
mod core;
mod create;
mod current;
mod delete;
mod examine;
mod goal;
mod ids;
mod ledger;
mod lookups;
mod nested;
mod perform;
mod planning;
mod secrets;
mod traversal;
mod update;
mod verify;
mod work;

pub use clock::Clock;
pub(crate) use connections::Connections;
pub use connections::{CredentialSource, GivenCredentials};
pub(crate) use core::{Core, Settings};
pub(crate) use current::Current;
pub(crate) use examine::{Seen, examine, see};
pub(crate) use goal::{Goal, Unresolved};
pub(crate) use ids::Ids;
pub(crate) use ledger::Signal;
pub(crate) use lookups::is_passing;
pub(crate) use planning::{begin, make_plan, make_plan_on, nested_records, perform_plan, taken_back, wake};
pub(crate) use secrets::Secrets;
pub(crate) use traversal::{End, Traversal, stack_event};
