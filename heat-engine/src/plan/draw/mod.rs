//! A plan for people: a short list with reasons and counts, DOT and Mermaid. (JSON is its `serde` form.)

mod asked;
mod chart;
mod text;

use super::{Act, ChangeEffect, NestedPlan, Plan, Reason, Step, StepKind};
use heat_plugin_sdk::ReplaceOrder;
use serde::Serialize;
use std::fmt;

/// How many resources a plan does what to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// New ones.
    pub create: usize,
    /// Changed in place.
    pub update: usize,
    /// Replaced by new ones.
    pub replace: usize,
    /// Removed, without those that are replaced.
    pub delete: usize,
    /// Exist already, and are used from now on.
    pub adopt: usize,
    /// Looked at.
    pub check: usize,
    /// Put to rest.
    pub suspend: usize,
    /// Woken.
    pub resume: usize,
    /// Saved.
    pub snapshot: usize,
    /// Left as they are.
    pub keep: usize,
    /// What becomes of them is decided in the run.
    pub decide: usize,
    /// Fail, because the environment forbids what would have to be done.
    pub refuse: usize,
}

impl Plan {
    /// How many resources it does what to, those inside nested stacks among them.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for step in &self.steps {
            if let Some(NestedPlan::Planned { plan, .. }) = step.nested.as_deref()
                && !is_part_of_replacement(step)
            {
                totals.add(plan.totals());
            }
            match &step.kind {
                StepKind::Create { replaces: None, .. } => totals.create += 1,
                StepKind::Create { .. } => totals.replace += 1,
                StepKind::Adopt { .. } => totals.adopt += 1,
                StepKind::Perform { act, .. } => match act {
                    Act::Check => totals.check += 1,
                    Act::Suspend => totals.suspend += 1,
                    Act::Resume => totals.resume += 1,
                    Act::Snapshot => totals.snapshot += 1,
                },
                StepKind::Update { .. } => totals.update += 1,
                StepKind::Keep { .. } => totals.keep += 1,
                StepKind::Decide { .. } => totals.decide += 1,
                StepKind::Refuse { .. } => totals.refuse += 1,
                StepKind::Delete { .. } if is_part_of_replacement(step) => {}
                StepKind::Delete { .. } => totals.delete += 1,
            }
        }
        totals
    }
}

impl Totals {
    fn add(&mut self, inside: Self) {
        self.create += inside.create;
        self.adopt += inside.adopt;
        self.check += inside.check;
        self.suspend += inside.suspend;
        self.resume += inside.resume;
        self.snapshot += inside.snapshot;
        self.update += inside.update;
        self.replace += inside.replace;
        self.delete += inside.delete;
        self.keep += inside.keep;
        self.decide += inside.decide;
        self.refuse += inside.refuse;
    }
}

impl fmt::Display for Totals {
    /// `2 to create, 1 to delete`; `nothing to do` where nothing changes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.create, "to create"),
            (self.adopt, "to use that exist"),
            (self.check, "to check"),
            (self.suspend, "to suspend"),
            (self.resume, "to resume"),
            (self.snapshot, "to snapshot"),
            (self.update, "to update"),
            (self.replace, "to replace"),
            (self.decide, "to decide in the run"),
            (self.refuse, "that may not be changed"),
            (self.delete, "to delete"),
        ];
        let mut first = true;
        for (count, what) in parts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{}{count} {what}", if first { "" } else { ", " })?;
            first = false;
        }
        if first {
            f.write_str("nothing to do")?;
        }
        if self.keep > 0 {
            write!(f, " ({} unchanged)", self.keep)?;
        }
        Ok(())
    }
}

/// Whether it deletes what another step of the plan replaces, so that people need not be told.
fn is_part_of_replacement(step: &Step) -> bool {
    step.kind.is_delete() && step.reason == Reason::Replaced
}

/// A mark of one or two characters for what a step does.
fn mark(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::Create { replaces: None, .. } => "+",
        StepKind::Create { order: Some(ReplaceOrder::DeleteFirst), .. } => "-/+",
        StepKind::Create { .. } => "+/-",
        StepKind::Adopt { .. } => ">",
        StepKind::Perform { .. } => "*",
        StepKind::Update { .. } => "~",
        StepKind::Keep { .. } => "=",
        StepKind::Decide { .. } => "?",
        StepKind::Refuse { .. } => "!",
        StepKind::Delete { retain: true, .. } => "<",
        StepKind::Delete { .. } => "-",
    }
}

/// What a step does, in a few words.
pub(super) fn words(kind: &StepKind) -> String {
    match kind {
        StepKind::Create { replaces: None, .. } => "create".to_owned(),
        StepKind::Create { order, .. } => match order {
            Some(ReplaceOrder::CreateFirst) => "replace, the new one first".to_owned(),
            Some(ReplaceOrder::DeleteFirst) => "replace, the old one goes first".to_owned(),
            Some(ReplaceOrder::Handover) => "replace, the old one hands over".to_owned(),
            None => "replace".to_owned(),
        },
        StepKind::Adopt { own: true, external_id, .. } => format!("adopt {external_id}, which exists"),
        StepKind::Adopt { external_id, .. } => format!("use {external_id}, which exists"),
        StepKind::Perform { act, .. } => act.verb().to_owned(),
        StepKind::Update { changes, .. } if changes.is_empty() => "update the record".to_owned(),
        StepKind::Update { .. } => "update".to_owned(),
        StepKind::Keep { .. } => "keep".to_owned(),
        StepKind::Decide { may_keep, may_update, may_replace, may_refuse, .. } => {
            let may = [
                (*may_keep, "keep"),
                (*may_update, "update"),
                (*may_replace, "replace"),
                (*may_refuse, "refuse"),
            ];
            let may: Vec<&str> = may.into_iter().filter_map(|(may, what)| may.then_some(what)).collect();
            may.join(" or ")
        }
        StepKind::Refuse { action, .. } => format!("fail: {} is restricted", action.name()),
        StepKind::Delete { retain: true, .. } => "forget, the real thing stays".to_owned(),
        StepKind::Delete { only_if_replaced_by: Some(_), .. } => "delete if replaced".to_owned(),
        StepKind::Delete { snapshot: true, .. } => "delete, its data are saved before".to_owned(),
        StepKind::Delete { .. } => "delete".to_owned(),
    }
}

/// Why, in a few words; the properties where they are the reason. Never a value: values may be secret.
pub(super) fn because(step: &Step) -> String {
    let changes = match &step.kind {
        StepKind::Create { changes, .. }
        | StepKind::Update { changes, .. }
        | StepKind::Decide { changes, .. } => changes.as_slice(),
        _ => &[],
    };
    let mut why = match step.reason {
        Reason::New
        | Reason::Requested
        | Reason::Scaled
        | Reason::Unchanged
        | Reason::Removed
        | Reason::StackDeleted => String::new(),
        // The properties speak for themselves.
        Reason::PropertiesChanged => String::new(),
        Reason::DefinitionChanged => "only the definition differs".to_owned(),
        Reason::TypeNeedsReplace => "its type cannot make this change in place".to_owned(),
        Reason::TypeChanged => "another type".to_owned(),
        Reason::RepairFailed => "its last operation failed".to_owned(),
        Reason::NestedChanged => "something inside differs".to_owned(),
        Reason::Interrupted => "its last operation was interrupted and is finished first".to_owned(),
        Reason::NeverCompleted => "it was never begun".to_owned(),
        Reason::WasDeleted => "it was being deleted".to_owned(),
        Reason::Restricted => "the environment forbids it".to_owned(),
        Reason::Revived => "it takes its place back".to_owned(),
        Reason::Replaced => "replaced".to_owned(),
        Reason::LeftOver => "left over".to_owned(),
    };
    for change in changes {
        let effect = match change.effect {
            ChangeEffect::InPlace => "",
            ChangeEffect::Replace => "!",
            ChangeEffect::Refuse => "!!",
        };
        if !why.is_empty() {
            why.push_str(", ");
        }
        why.push_str(&change.property);
        why.push_str(effect);
        why.push_str(if change.uncertain { "?" } else { "" });
    }
    if !step.hooks.is_empty() {
        let hooks: Vec<&str> = step.hooks.iter().map(|hook| hook.name()).collect();
        why.push_str(if why.is_empty() { "" } else { "; " });
        why.push_str("waits at ");
        why.push_str(&hooks.join(", "));
    }
    why
}
