//! A plan and its steps.

use crate::record::{Action, IncarnationId};
use heat_plugin_sdk::ReplaceOrder;
use serde::{Deserialize, Serialize};

/// Position of a step in its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub u32);

/// What will be done to a stack. Made by pure functions, run by one mechanism; a preview is the plan without the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What the plan is for.
    pub action: Action,
    /// The revision of the stack that it was made for; it is refused when the stack has moved on.
    pub revision: u64,
    /// The steps. Each stands behind all that it waits for.
    pub steps: Vec<Step>,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Name of the resource.
    pub resource: String,
    /// Its type.
    pub type_name: String,
    /// What is done.
    pub kind: StepKind,
    /// Why.
    pub reason: Reason,
    /// The steps that must be done before, directly.
    pub after: Vec<StepId>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum StepKind {
    /// Makes the incarnation `incarnation`.
    Create {
        /// The new incarnation.
        incarnation: IncarnationId,
        /// The one that it takes the place of.
        replaces: Option<IncarnationId>,
        /// In which order the replacement goes.
        order: Option<ReplaceOrder>,
    },
    /// Changes it in place.
    Update {
        /// The incarnation.
        incarnation: IncarnationId,
        /// What changes.
        changes: Vec<PropertyChange>,
    },
    /// Leaves it as it is; its record may learn a new definition.
    Keep {
        /// The incarnation.
        incarnation: IncarnationId,
    },
    /// Hangs on values that are known only in the run: keeps, updates or replaces it then.
    Decide {
        /// The incarnation as it is.
        incarnation: IncarnationId,
        /// The incarnation that would take its place.
        successor: IncarnationId,
        /// What may change.
        changes: Vec<PropertyChange>,
        /// Whether it may turn out that it is kept.
        may_keep: bool,
        /// Whether it may turn out that it is updated in place.
        may_update: bool,
        /// Whether it may turn out that it is replaced.
        may_replace: bool,
    },
    /// Removes it.
    Delete {
        /// The incarnation.
        incarnation: IncarnationId,
        /// Only if that step replaced it.
        only_if_replaced_by: Option<StepId>,
        /// The real thing stays (deletion policy).
        retain: bool,
    },
}

/// A change of one property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropertyChange {
    /// Top-level name.
    pub property: String,
    /// The new value is known only in the run.
    pub unknown: bool,
    /// The change cannot be made in place.
    pub replaces: bool,
}

/// Why a step is in the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The template has it, nothing is recorded.
    New,
    /// Nothing differs.
    Unchanged,
    /// The definition differs, not the properties.
    DefinitionChanged,
    /// Properties differ.
    PropertiesChanged,
    /// Another type stands under its name.
    TypeChanged,
    /// Its last operation failed.
    RepairFailed,
    /// Its last operation was interrupted before it did anything, or it was never begun.
    NeverCompleted,
    /// The template has it no more.
    Removed,
    /// It was replaced.
    Replaced,
    /// The stack is deleted.
    StackDeleted,
}
