//! What will be done to a stack, in which order and why: data that can be shown, stored, compared and run.

mod step;

pub use step::{ChangeEffect, Plan, PropertyChange, Reason, Step, StepId, StepKind};
