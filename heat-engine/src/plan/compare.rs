//! In what two plans differ, whatever ids they have for what is new.

use super::draw::{because, words};
use super::{NestedPlan, Plan, Step, StepKind};
use crate::record::IncarnationId;
use std::collections::HashMap;
use std::fmt;

/// A step that two plans do not have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepDifference {
    /// Path of the resource: names with `/` between them.
    pub resource: String,
    /// What the one plan does, in words; `None` where it does nothing of the kind.
    pub planned: Option<String>,
    /// What the other one does.
    pub now: Option<String>,
}

impl fmt::Display for StepDifference {
    /// `resources.a: planned was keep, now it would be update (size)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |words: &Option<String>| words.clone().unwrap_or_else(|| "nothing".to_owned());
        let path = self.resource.replace('/', ".resources.");
        write!(f, "resources.{path}: planned was: {}; now it would be: {}", of(&self.planned), of(&self.now))
    }
}

impl Plan {
    /// The steps that this plan and another one, made later, do not have in common, also inside of nested stacks. Ids of
    /// what is new do not count. Linear in the steps.
    pub fn differences(&self, now: &Self) -> Vec<StepDifference> {
        let mut found = Vec::new();
        compare("", self, now, &mut found);
        found
    }
}

/// A step is known by its resource, and a deletion by what it deletes: a resource may have several.
type Key<'a> = (&'a str, Option<&'a IncarnationId>);

fn key(step: &Step) -> Key<'_> {
    (&step.resource, step.kind.is_delete().then(|| step.kind.incarnation()))
}

fn compare(outside: &str, planned: &Plan, now: &Plan, found: &mut Vec<StepDifference>) {
    let mut others: HashMap<Key<'_>, &Step> = now.steps.iter().map(|step| (key(step), step)).collect();
    let path = |step: &Step| format!("{outside}{}", step.resource);
    for step in &planned.steps {
        let Some(other) = others.remove(&key(step)) else {
            found.push(StepDifference { resource: path(step), planned: Some(told(step)), now: None });
            continue;
        };
        let waits = |plan: &Plan, step: &Step| {
            let mut keys: Vec<_> = step
                .after
                .iter()
                .filter_map(|before| plan.step(*before))
                .map(|before| {
                    let (name, id) = key(before);
                    (name.to_owned(), id.cloned())
                })
                .collect();
            keys.sort_unstable();
            keys
        };
        let same = step.type_name == other.type_name
            && step.reason == other.reason
            && step.hooks == other.hooks
            && without_new_ids(&step.kind) == without_new_ids(&other.kind)
            && waits(planned, step) == waits(now, other);
        if !same {
            let (before, after) = (told(step), told(other));
            let after = if before == after { format!("{after}, in another order") } else { after };
            found.push(StepDifference { resource: path(step), planned: Some(before), now: Some(after) });
            continue;
        }
        match (step.nested.as_deref(), other.nested.as_deref()) {
            (
                Some(NestedPlan::Planned { plan, exact }),
                Some(NestedPlan::Planned { plan: inside, exact: other_exact }),
            ) if exact == other_exact => compare(&format!("{}/", path(step)), plan, inside, found),
            (one, other) if one == other => {}
            (one, other) => {
                let known = |nested: Option<&NestedPlan>| {
                    Some(match nested {
                        Some(NestedPlan::Planned { exact: true, .. }) => "what is inside is known".to_owned(),
                        Some(_) => "what is inside is known only in the run".to_owned(),
                        None => "nothing inside".to_owned(),
                    })
                };
                found.push(StepDifference { resource: path(step), planned: known(one), now: known(other) });
            }
        }
    }
    for step in now.steps.iter().filter(|step| others.contains_key(&key(step))) {
        found.push(StepDifference { resource: path(step), planned: None, now: Some(told(step)) });
    }
}

fn told(step: &Step) -> String {
    let why = because(step);
    if why.is_empty() { words(&step.kind) } else { format!("{} ({why})", words(&step.kind)) }
}

/// What a step does without the ids that every plan makes anew, and without places in the plan.
fn without_new_ids(kind: &StepKind) -> StepKind {
    let none = || IncarnationId(String::new());
    let mut kind = kind.clone();
    match &mut kind {
        StepKind::Create { incarnation, .. } | StepKind::Adopt { incarnation, .. } => *incarnation = none(),
        StepKind::Decide { successor, .. } => *successor = none(),
        StepKind::Delete { only_if_replaced_by: Some(by), .. } => by.0 = 0,
        _ => {}
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Reason, StepId};
    use crate::record::Action;

    fn step(name: &str, kind: StepKind, after: &[u32]) -> Step {
        let after = after.iter().copied().map(StepId).collect();
        Step {
            resource: name.into(),
            type_name: "T".into(),
            kind,
            reason: Reason::New,
            after,
            hooks: Vec::new(),
            nested: None,
        }
    }

    fn id(text: &str) -> IncarnationId {
        IncarnationId(text.to_owned())
    }

    fn create(name: &str, as_id: &str, after: &[u32]) -> Step {
        let kind =
            StepKind::Create { incarnation: id(as_id), replaces: None, order: None, changes: Vec::new() };
        step(name, kind, after)
    }

    fn keep(name: &str) -> Step {
        step(name, StepKind::Keep { incarnation: id(name), restore: false }, &[])
    }

    fn plan(steps: Vec<Step>) -> Plan {
        Plan::new(Action::Update, 1, steps)
    }

    #[test]
    fn ids_of_what_is_new_and_the_order_of_independent_steps_do_not_count() {
        let one = plan(vec![keep("a"), create("b", "1", &[0])]);
        let other = plan(vec![keep("c"), keep("a"), create("b", "2", &[1])]);
        assert_eq!(one.differences(&one), []);
        let told: Vec<_> = one.differences(&other).iter().map(ToString::to_string).collect();
        assert_eq!(told, ["resources.c: planned was: nothing; now it would be: keep"]);
    }

    #[test]
    fn what_differs_inside_is_told_with_its_path() {
        let around = |inside: Step| {
            let nested = NestedPlan::Planned { plan: plan(vec![inside]), exact: true };
            plan(vec![Step { nested: Some(Box::new(nested)), ..keep("box") }])
        };
        let told = around(keep("a")).differences(&around(create("a", "1", &[])));
        assert_eq!(
            told.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["resources.box.resources.a: planned was: keep; now it would be: create"]
        );
    }

    #[test]
    fn a_step_that_waits_for_another_one_differs() {
        let one = plan(vec![keep("a"), keep("b"), create("c", "1", &[0])]);
        let other = plan(vec![keep("a"), keep("b"), create("c", "1", &[1])]);
        let told = one.differences(&other);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].now.as_deref(), Some("create, in another order"));
    }
}
