//! What will be done to a stack, in which order and why: data that can be shown, stored, compared and run.
//!
//! [`plan()`] makes a [`Plan`] from what shall be ([`Desired`]), what is recorded
//! ([`Resources`](crate::record::Resources)) and what the resource types say ([`TypeRules`]). [`decide()`] is the same
//! decision for one resource, for the run: a [`StepKind::Decide`] asks it again when all values are known. All of it is
//! pure; [`Schedule`](crate::schedule::Schedule) says when which step runs.

mod adopt;
mod asked;
mod change;
mod compare;
mod current;
mod decide;
mod desired;
mod draw;
mod error;
mod hooks;
mod nested;
mod order;
mod perform;
mod planner;
mod prospect;
mod select;
mod step;

pub(crate) use adopt::{adopting, resources_in};
pub use asked::{Along, Asked, Imported};
pub use compare::StepDifference;
pub use decide::{Decision, decide};
pub(crate) use decide::{never_begun, order_of, rests};
pub use desired::{
    CompositeState, Desired, DesiredResource, DesiredState, NestedDesired, NestedQuestion, NestedRecord,
    NestedRecords, Nothing, TypeRules, given,
};
pub use draw::Totals;
pub use error::PlanError;
pub(crate) use hooks::note_hooks;
pub use perform::plan_act;
pub(crate) use planner::saves_before;
pub use planner::{Request, plan};
pub use prospect::Prospects;
pub use select::SelectError;
pub use step::{Act, ChangeEffect, NestedPlan, Plan, PropertyChange, Reason, Step, StepId, StepKind};
