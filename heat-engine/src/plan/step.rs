//! A plan and its steps.

use super::Asked;
use crate::record::{Action, IncarnationId, IntentKind};
use heat_plugin_sdk::{PhysicalId, ReplaceOrder};
use heat_template::environment::{Hook, RestrictedAction};
use petgraph::graph::DiGraph;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Position of a step in its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub u32);

impl StepId {
    /// The position in [`Plan::steps`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What will be done to a stack. Made by pure functions, run by one mechanism; a preview is the plan without the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of this form of a plan, for plans that are kept: [`Plan::VERSION`].
    pub version: u32,
    /// What the plan is for.
    pub action: Action,
    /// The revision of the stack that it was made for; it is refused when the stack has moved on.
    pub revision: u64,
    /// The steps. Each stands behind all that it waits for.
    pub steps: Vec<Step>,
    /// Everything real stays, what lies inside of nested stacks too; only records go.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abandons: bool,
    /// What the request said of single resources, beside what the stack shall be.
    #[serde(default, skip_serializing_if = "Asked::is_empty")]
    pub asked: Box<Asked>,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Name of the resource.
    pub resource: String,
    /// Its type; that of the new definition, except for a deletion.
    pub type_name: String,
    /// What is done.
    pub kind: StepKind,
    /// Why.
    pub reason: Reason,
    /// The steps that must be done before, directly; each stands earlier in the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<StepId>,
    /// What is done inside, where the resource is a nested stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nested: Option<Box<NestedPlan>>,
    /// The hooks of the environment at which it waits until somebody clears them. One behind an update waits only where
    /// it is updated in place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<Hook>,
}

/// What is done inside a nested stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "known", rename_all = "snake_case")]
pub enum NestedPlan {
    /// The nested stack's own plan.
    Planned {
        /// The plan.
        plan: Plan,
        /// Every value that it is made from is known: it is run as it is. Otherwise it is made again in the run, and its
        /// steps then tell more.
        exact: bool,
    },
    /// Which resources there will be hangs on values that are known only in the run.
    InRun,
}

impl NestedPlan {
    /// Whether something inside is left out.
    pub(crate) fn is_selection(&self) -> bool {
        match self {
            Self::Planned { plan, .. } => {
                plan.asked.is_selection()
                    || plan
                        .steps
                        .iter()
                        .any(|step| step.nested.as_ref().is_some_and(|inner| inner.is_selection()))
            }
            Self::InRun => false,
        }
    }
}

/// What a step does. Every resource of the template has exactly one step that is not a [`StepKind::Delete`], but for those
/// that a selection leaves out ([`Asked::left_out`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum StepKind {
    /// Makes the incarnation `incarnation`.
    Create {
        /// The new incarnation. It is recorded already where an earlier traversal never began to make it.
        incarnation: IncarnationId,
        /// The one that it takes the place of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<IncarnationId>,
        /// In which order the replacement goes. `DeleteFirst`: the step that
        /// deletes the old one stands before this step. `Handover`: the old one is asked to give its place free within
        /// this step, and is deleted by a later one. `None` where the order hangs on values that are known only in the
        /// run; with `DeleteFirst` the old one is then deleted within this step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<ReplaceOrder>,
        /// What differs from the one that it takes the place of.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changes: Vec<PropertyChange>,
    },
    /// Takes something that exists already (`external_id`, or `own`): it is looked at and recorded, nothing is made.
    Adopt {
        /// The incarnation.
        incarnation: IncarnationId,
        /// The id under which the service knows it.
        external_id: PhysicalId,
        /// The one that it takes the place of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<IncarnationId>,
        /// It belongs to the stack from then on, as if the stack had made it: the stack is adopted.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        own: bool,
    },
    /// Changes it in place. Without changes only its record changes, the plugin is not asked.
    Update {
        /// The incarnation.
        incarnation: IncarnationId,
        /// What changes.
        changes: Vec<PropertyChange>,
        /// First it gets its place back that it had given to an incarnation that was to replace it
        /// (`restore_after_replace`).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        restore: bool,
    },
    /// Leaves it as it is; its record may learn a new definition.
    Keep {
        /// The incarnation.
        incarnation: IncarnationId,
        /// First it gets its place back that it had given to an incarnation that was to replace it
        /// (`restore_after_replace`).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        restore: bool,
    },
    /// Hangs on values that are known only in the run, or on how an interrupted operation ends: decides then, by
    /// `decide`, between the outcomes that are listed.
    Decide {
        /// The incarnation as it is.
        incarnation: IncarnationId,
        /// The incarnation that would take its place.
        successor: IncarnationId,
        /// What may change, and what surely does.
        changes: Vec<PropertyChange>,
        /// Whether it may turn out that it is kept.
        may_keep: bool,
        /// Whether it may turn out that it is updated in place.
        may_update: bool,
        /// Whether it may turn out that it is replaced. Then the order, too, is decided in the run; with `DeleteFirst`
        /// the old one is deleted within this step, and the later step that would delete it finds nothing to do.
        may_replace: bool,
        /// Whether it may turn out that a change is refused (an immutable property), which fails the step.
        may_refuse: bool,
        /// An operation was interrupted and is finished first.
        interrupted: bool,
        /// First it gets its place back that it had given to an incarnation that was to replace it
        /// (`restore_after_replace`).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        restore: bool,
    },
    /// Does to it what is done to every resource alike.
    Perform {
        /// The incarnation.
        incarnation: IncarnationId,
        /// What is done.
        act: Act,
    },
    /// Fails: the environment forbids what would have to be done to it (`restricted_actions` of the resource registry).
    /// It stays as it is.
    Refuse {
        /// The incarnation.
        incarnation: IncarnationId,
        /// What is forbidden.
        action: RestrictedAction,
    },
    /// Removes it.
    Delete {
        /// The incarnation.
        incarnation: IncarnationId,
        /// Only if that step replaced it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        only_if_replaced_by: Option<StepId>,
        /// The real thing stays (deletion policy), only the record goes.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        retain: bool,
        /// Its data are saved before (deletion policy).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        snapshot: bool,
    },
}

/// What is done to every resource of a stack alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// It is looked at, whether it is there and in order.
    Check,
    /// It is put to rest, where its type can.
    Suspend,
    /// It is woken.
    Resume,
    /// Its data are saved, where its type can.
    Snapshot,
}

impl Act {
    /// The action of a stack or a resource to which it is done.
    pub fn action(self) -> Action {
        match self {
            Self::Check => Action::Check,
            Self::Suspend => Action::Suspend,
            Self::Resume => Action::Resume,
            Self::Snapshot => Action::Snapshot,
        }
    }

    /// That which is done in an action of that kind.
    pub(crate) fn of(action: Action) -> Option<Self> {
        [Self::Check, Self::Suspend, Self::Resume, Self::Snapshot]
            .into_iter()
            .find(|act| act.action() == action)
    }

    /// `check`, `suspend`, `resume`, `snapshot`.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Snapshot => "snapshot",
        }
    }

    pub(crate) fn intent(self) -> IntentKind {
        match self {
            Self::Check => IntentKind::Check,
            Self::Suspend => IntentKind::Suspend,
            Self::Resume => IntentKind::Resume,
            Self::Snapshot => IntentKind::Snapshot,
        }
    }
}

/// A change of one property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropertyChange {
    /// Top-level name.
    pub property: String,
    /// Whether it changes at all is known only in the run.
    pub uncertain: bool,
    /// What a change of it means.
    pub effect: ChangeEffect,
}

/// What the change of a property means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeEffect {
    /// It is made in place, if the type does not say otherwise for the change as a whole.
    InPlace,
    /// It takes a new resource.
    Replace,
    /// It is refused.
    Refuse,
}

/// Why a step is in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The template has it, nothing is recorded.
    New,
    /// Nothing differs.
    Unchanged,
    /// The definition differs, not the properties.
    DefinitionChanged,
    /// Properties differ, or may differ.
    PropertiesChanged,
    /// The type says that this change of properties takes a new resource.
    TypeNeedsReplace,
    /// Another type stands under its name.
    TypeChanged,
    /// Its last operation failed.
    RepairFailed,
    /// Something inside the nested stack differs.
    NestedChanged,
    /// Its last operation was interrupted and is finished first.
    Interrupted,
    /// It was recorded, but never begun.
    NeverCompleted,
    /// It was being deleted.
    WasDeleted,
    /// It takes back the place of an incarnation that was to replace it.
    Revived,
    /// The environment forbids what would have to be done.
    Restricted,
    /// It is asked for, for every resource.
    Requested,
    /// A signal changes the size of a group, this one or one inside of it.
    Scaled,
    /// The template has it no more.
    Removed,
    /// It is replaced by a step of this plan.
    Replaced,
    /// It was replaced, or given up, by an earlier traversal.
    LeftOver,
    /// The stack is deleted.
    StackDeleted,
}

impl Plan {
    /// The present version of the form.
    pub const VERSION: u32 = 1;

    /// A plan by which nothing was said of single resources.
    pub fn new(action: Action, revision: u64, steps: Vec<Step>) -> Self {
        Self { version: Self::VERSION, action, revision, steps, abandons: false, asked: Box::default() }
    }

    /// A step.
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.steps.get(id.index())
    }

    /// All steps with their ids, in an order in which each stands behind all that it waits for.
    pub fn iter(&self) -> impl Iterator<Item = (StepId, &Step)> {
        self.steps.iter().enumerate().map(|(at, step)| (StepId(at as u32), step))
    }

    /// The steps as a graph; each edge leads from a step to one that waits for it. A node's index is its [`StepId`].
    pub fn graph(&self) -> DiGraph<&Step, ()> {
        let edges = self.steps.iter().map(|step| step.after.len()).sum();
        let mut graph = DiGraph::with_capacity(self.steps.len(), edges);
        let nodes: Vec<_> = self.steps.iter().map(|step| graph.add_node(step)).collect();
        for (id, step) in self.iter() {
            for before in &step.after {
                if let Some(before) = nodes.get(before.index()) {
                    graph.add_edge(*before, nodes[id.index()], ());
                }
            }
        }
        graph
    }

    /// How many resources there will be at most, those in nested stacks among them, as far as they are known.
    pub fn resources(&self) -> usize {
        let of = |step: &Step| match step.nested.as_deref() {
            _ if step.kind.is_delete() => 0,
            Some(NestedPlan::Planned { plan, .. }) => 1 + plan.resources(),
            _ => 1,
        };
        self.steps.iter().map(of).sum()
    }

    /// The plan without those of nested stacks: each of them has its own record.
    pub(crate) fn alone(&self) -> Self {
        // One that leaves something out inside cannot be made again from what is recorded there.
        let kept = |step: &Step| step.nested.clone().filter(|nested| nested.is_selection());
        let steps = self.steps.iter().map(|step| Step { nested: kept(step), ..step.clone() }).collect();
        Self { steps, asked: self.asked.clone(), ..*self }
    }

    /// The steps that are known to fail, by the paths of their resources, each with the reason; also those inside of nested
    /// stacks. A step that may turn out to be refused is not among them.
    pub fn failing(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for step in &self.steps {
            if let StepKind::Refuse { action, .. } = &step.kind {
                let reason = format!("the environment forbids to {} it", action.name());
                found.push((step.resource.clone(), reason));
            }
            if let Some(NestedPlan::Planned { plan, .. }) = step.nested.as_deref() {
                let inside = plan.failing().into_iter();
                found.extend(inside.map(|(path, reason)| (format!("{}/{path}", step.resource), reason)));
            }
        }
        found
    }

    /// Whether nothing but records would change: every step keeps what it is about, or goes into a nested stack of which
    /// that is true.
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(Step::does_nothing)
    }
}

impl Step {
    /// Whether nothing but records would change.
    pub(super) fn does_nothing(&self) -> bool {
        match (&self.kind, self.nested.as_deref()) {
            (StepKind::Keep { restore: false, .. }, _) => true,
            (
                StepKind::Update { changes, restore: false, .. },
                Some(NestedPlan::Planned { plan, exact: true }),
            ) => self.reason == Reason::Unchanged && changes.is_empty() && plan.is_empty(),
            _ => false,
        }
    }
}

impl StepKind {
    /// The incarnation that exists after the step where it succeeds as planned; for a [`StepKind::Decide`] the one
    /// that exists before, for a [`StepKind::Delete`] the one that goes.
    pub fn incarnation(&self) -> &IncarnationId {
        match self {
            Self::Create { incarnation, .. }
            | Self::Adopt { incarnation, .. }
            | Self::Update { incarnation, .. }
            | Self::Keep { incarnation, .. }
            | Self::Decide { incarnation, .. }
            | Self::Refuse { incarnation, .. }
            | Self::Perform { incarnation, .. }
            | Self::Delete { incarnation, .. } => incarnation,
        }
    }

    /// The incarnation that it surely takes the place of.
    pub fn replaces(&self) -> Option<&IncarnationId> {
        match self {
            Self::Create { replaces, .. } | Self::Adopt { replaces, .. } => replaces.as_ref(),
            _ => None,
        }
    }

    /// The incarnation that stands for the resource's name behind the step: dependents see its values. With `replaced`
    /// the step ended with [`Outcome::Replaced`](crate::schedule::Outcome). `None` for a deletion.
    pub fn standing(&self, replaced: bool) -> Option<&IncarnationId> {
        match self {
            Self::Decide { successor, .. } if replaced => Some(successor),
            Self::Delete { .. } => None,
            other => Some(other.incarnation()),
        }
    }

    /// Whether it removes something.
    pub fn is_delete(&self) -> bool {
        matches!(self, Self::Delete { .. })
    }
}
