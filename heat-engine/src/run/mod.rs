//! Running a plan: traversals, and the operations on single incarnations.

mod adopt;
mod clock;
mod configurations;
mod connections;
mod core;
mod create;
mod current;
mod delete;
mod examine;
mod goal;
mod hooks;
mod ids;
mod ledger;
mod lookups;
mod nested;
mod observe;
mod perform;
mod planning;
mod post;
mod scaling;
mod secrets;
mod signalling;
mod snapshot;
mod snapshots;
mod traversal;
mod update;
mod verify;
mod work;

pub(crate) use adopt::OWN_DATA;
pub use clock::Clock;
pub(crate) use connections::Connections;
pub use connections::{CredentialSource, GivenCredentials};
pub(crate) use core::{Core, Settings};
pub(crate) use current::Current;
pub(crate) use examine::{Seen, examine, see};
pub(crate) use goal::{Goal, Unresolved};
pub(crate) use hooks::{Waiting, cleared, event as hook_event};
pub(crate) use ids::Ids;
pub(crate) use ledger::{Break, Signal};
pub(crate) use lookups::{availability_zones, is_passing};
pub(crate) use observe::{observe, observe_nested};
pub(crate) use planning::{
    begin, is_local, make_plan, make_plan_on, nested_records, perform_plan, taken_back, to_be_adopted, wake,
};
pub(crate) use post::{Addressee, Content as LetterContent, Undelivered};
pub(crate) use scaling::{adjusted, leads_inside, scaling_plan};
pub(crate) use secrets::Secrets;
pub(crate) use signalling::{deliver, listeners};
pub(crate) use snapshots::{give_up_snapshot, remove_snapshots};
pub(crate) use traversal::{End, InHand, Traversal, stack_event};
