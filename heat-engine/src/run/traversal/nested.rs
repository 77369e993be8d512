//! Steps about nested stacks.

use super::{Begun, Predecessor, Traversal, end_as, known, restricted};
use crate::plan::{Act, Decision, NestedPlan, Plan, Prospects, Reason, Step, StepId, StepKind, decide};
use crate::record::{Action, IncarnationId, ResourceRecord};
use crate::run::goal::Unresolved;
use crate::run::ledger::{Ended, Signal};
use crate::run::nested::{Nested, Wanted};
use crate::run::scaling;
use crate::schedule::Outcome;
use crate::store::texts_in;
use heat_template::environment::Hook;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;

impl Traversal {
    /// Begins a step that is about a nested stack; `None` where it is about something else.
    pub(super) fn prepare_nested(
        &mut self,
        id: StepId,
        step: &Step,
        signal: &watch::Receiver<Signal>,
    ) -> Option<Result<Begun, Unresolved>> {
        if !self.is_about_nested(step) {
            return None;
        }
        Some(match &step.kind {
            StepKind::Create { incarnation, replaces, .. } => {
                self.bring_nested(id, step, incarnation, replaces.as_ref(), Vec::new(), signal)
            }
            StepKind::Update { incarnation, changes, .. } => {
                let changed = changes.iter().map(|change| change.property.clone()).collect();
                self.bring_nested(id, step, incarnation, None, changed, signal)
            }
            StepKind::Keep { incarnation, .. } => match self.current.resource(incarnation) {
                Some(record) if self.is_settled(record) => {
                    self.current.stand(&step.resource, incarnation);
                    Ok(Begun::Over(Outcome::Kept))
                }
                _ => self.bring_nested(id, step, incarnation, None, Vec::new(), signal),
            },
            StepKind::Decide { incarnation, successor, .. } => {
                self.decide_nested(id, step, incarnation, successor, signal)
            }
            StepKind::Delete { incarnation, retain, .. } => {
                let record = self.current.resource(incarnation)?.clone();
                Ok(self.remove_nested(id, step, record, *retain, signal))
            }
            StepKind::Perform { incarnation, act } => {
                let record = self.current.resource(incarnation)?.clone();
                Ok(self.perform_nested(id, step, record, *act, signal))
            }
            StepKind::Refuse { .. } | StepKind::Adopt { .. } => return None,
        })
    }

    /// Whether a step is about a nested stack.
    pub(super) fn is_about_nested(&self, step: &Step) -> bool {
        match &step.kind {
            StepKind::Delete { incarnation, .. } | StepKind::Perform { incarnation, .. } => {
                self.current.resource(incarnation).is_some_and(|record| record.nested.is_some())
            }
            StepKind::Refuse { .. } | StepKind::Adopt { .. } => false,
            _ => self.goal.is_nested(&step.resource),
        }
    }

    /// Whether nothing at all is left to do for a nested stack that is kept.
    fn is_settled(&self, record: &ResourceRecord) -> bool {
        record.intent.is_none()
            && record.replaced_by.is_none()
            && !self.goal.moves(record, &self.current)
            && !self.goal.wants_more(record)
    }

    fn nested(
        &self,
        record: Arc<ResourceRecord>,
        planned: Option<Plan>,
        signal: &watch::Receiver<Signal>,
    ) -> Nested {
        let mut ledger = self.ledger(record, signal);
        ledger.deadline = None;
        Nested {
            ledger,
            parent: self.stack.clone(),
            goal: Arc::clone(&self.goal),
            on_failure: self.record.on_failure,
            planned,
            adopts: self.record.action == Action::Adopt,
            abandons: self.record.plan.abandons,
            scales: false,
        }
    }

    #[allow(clippy::too_many_arguments, reason = "all of it is decided where the records are at hand")]
    fn bring_nested(
        &mut self,
        id: StepId,
        step: &Step,
        incarnation: &IncarnationId,
        replaces: Option<&IncarnationId>,
        changed: Vec<String>,
        signal: &watch::Receiver<Signal>,
    ) -> Result<Begun, Unresolved> {
        let state = self.goal.resolved(&step.resource, &self.current)?;
        let properties = known(&state)?;
        let facts = self.facts(&step.resource, &state);
        let recorded = self.current.resource(incarnation).cloned();
        let is_create = matches!(step.kind, StepKind::Create { .. });
        if recorded.is_none() && !is_create {
            return Err(Unresolved::Wrong(format!("resources.{}: its record is gone", step.resource)));
        }
        let mut record = recorded.unwrap_or_else(|| self.new_record(incarnation, step));
        let mut others: Vec<Predecessor> = Vec::new();
        if is_create {
            Arc::make_mut(&mut record).replaces = replaces.cloned();
            if let Some(mut old) = replaces.and_then(|old| self.current.resource(old)).cloned() {
                Arc::make_mut(&mut old).replaced_by = Some(incarnation.clone());
                others.push(self.predecessor(old, signal)?);
            }
        } else if record.replaced_by.is_some() {
            // It takes its place back.
            for mut other in self.current.others(&record).cloned().collect::<Vec<_>>() {
                Arc::make_mut(&mut other).replaced_by = Some(incarnation.clone());
                others.push(Predecessor::Bare(self.ledger(other, signal)));
            }
        }
        // What is handed in, and parts of it, must not be told inside either.
        let handed_in = facts.sensitive.iter().filter_map(|name| properties.get(name));
        self.secrets.learn_made(texts_in(handed_in));
        let mut nested = self.nested(record, planned(step), signal);
        nested.scales = step.reason == Reason::Scaled;
        let incarnation = incarnation.clone();
        self.current.stand(&step.resource, &incarnation);
        let replaced = replaces.is_some();
        let wanted = Wanted { state, properties, facts, changed };
        Ok(Begun::Works(Box::pin(async move {
            let result = async {
                for other in &others {
                    // Which one stands for the name is durable before either is touched.
                    other.write(None, |_| {}).await?;
                }
                nested.bring(wanted).await
            }
            .await;
            let (result, outcome) = match result {
                Ok((ended, Outcome::Done)) if replaced => (Ok(ended), Outcome::Replaced),
                Ok((ended, outcome)) => (Ok(ended), outcome),
                Err(error) => (Err(error), Outcome::Done),
            };
            let mut end = end_as(id, &nested.ledger, incarnation, result, outcome).await;
            for other in others {
                let other = other.record().await;
                end.records.push((other.id.clone(), Some(other)));
            }
            end
        })))
    }

    /// Decides by values that are known only now.
    fn decide_nested(
        &mut self,
        id: StepId,
        step: &Step,
        incarnation: &IncarnationId,
        successor: &IncarnationId,
        signal: &watch::Receiver<Signal>,
    ) -> Result<Begun, Unresolved> {
        if self.current.resource(successor).is_some() {
            // Decided before a crash: it is being replaced.
            let old = self.current.resource(incarnation).map(|old| old.id.clone());
            return self.replace_nested(id, step, successor, old.as_ref(), signal);
        }
        let Some(record) = self.current.resource(incarnation).cloned() else {
            return self.replace_nested(id, step, successor, None, signal);
        };
        let state = self.goal.resolved(&step.resource, &self.current)?;
        let decision =
            match decide(&record, &step.type_name, &state, &*self.core.registry, &Prospects::default()) {
                // An update goes into every nested stack.
                Decision::Keep => Decision::Update { changes: Vec::new() },
                decision => decision,
            };
        if let Some(action) = decision.forbidden(&self.goal.restricted(&step.resource)) {
            return Err(Unresolved::Wrong(restricted(&step.resource, action)));
        }
        match decision {
            Decision::Replace { .. } => self.replace_nested(id, step, successor, Some(incarnation), signal),
            Decision::Update { changes } => {
                let changed = changes.into_iter().map(|change| change.property).collect();
                self.bring_nested(id, step, incarnation, None, changed, signal)
            }
            Decision::Refuse { property } => Err(Unresolved::Wrong(format!(
                "resources.{}: property {property} of {} cannot be changed after creation",
                step.resource, step.type_name
            ))),
            _ => self.bring_nested(id, step, incarnation, None, Vec::new(), signal),
        }
    }

    /// Makes a new nested stack in the place of an old one, within the step that decided so.
    fn replace_nested(
        &mut self,
        id: StepId,
        step: &Step,
        successor: &IncarnationId,
        old: Option<&IncarnationId>,
        signal: &watch::Receiver<Signal>,
    ) -> Result<Begun, Unresolved> {
        let create = Step {
            kind: StepKind::Create {
                incarnation: successor.clone(),
                replaces: old.cloned(),
                order: None,
                changes: Vec::new(),
            },
            nested: None,
            ..step.clone()
        };
        self.bring_nested(id, &create, successor, old, Vec::new(), signal)
    }

    fn perform_nested(
        &self,
        id: StepId,
        step: &Step,
        record: Arc<ResourceRecord>,
        act: Act,
        signal: &watch::Receiver<Signal>,
    ) -> Begun {
        let incarnation = record.id.clone();
        let nested = self.nested(record, planned(step), signal);
        Begun::Works(Box::pin(async move {
            let result = nested.perform(act).await;
            end_as(id, &nested.ledger, incarnation, result, Outcome::Done).await
        }))
    }

    fn remove_nested(
        &self,
        id: StepId,
        step: &Step,
        record: Arc<ResourceRecord>,
        retain: bool,
        signal: &watch::Receiver<Signal>,
    ) -> Begun {
        let incarnation = record.id.clone();
        let mut nested = self.nested(record, planned(step), signal);
        nested.ledger.held = step.hooks.contains(&Hook::PostDelete);
        Begun::Works(Box::pin(async move {
            let result = nested.remove(retain).await;
            let gone = matches!(result, Ok(Ended::Done)) && !nested.ledger.held;
            let mut end = end_as(id, &nested.ledger, incarnation, result, Outcome::Done).await;
            if gone {
                end.records.iter_mut().for_each(|(_, record)| *record = None);
            }
            end
        }))
    }
}

/// The ids of steps that are in no plan: those of groups that are scaled beside it.
const BESIDE: StepId = StepId(u32::MAX);

impl Traversal {
    /// Whether groups are still to be scaled.
    pub(super) fn is_to_scale(&self) -> bool {
        self.current.standing_records().any(|record| scaling::step(record).is_some())
    }

    /// Begins to scale the groups for which that is recorded, but for these and those that a step has in hand.
    pub(super) fn scale(&mut self, signal: &watch::Receiver<Signal>, but: &BTreeSet<&str>) -> Vec<Begun> {
        let wanted: Vec<Step> = self
            .current
            .standing_records()
            .filter(|record| self.goal.is_nested(&record.name) && !but.contains(record.name.as_str()))
            .filter(|record| !self.in_hand.has(&record.id))
            .filter_map(|record| scaling::step(record))
            .collect();
        let mut begun = Vec::with_capacity(wanted.len());
        for step in wanted {
            begun.push(self.begin(BESIDE, &step, signal));
        }
        begun
    }
}

/// The plan of what is inside, if it was made from what is known now, too.
fn planned(step: &Step) -> Option<Plan> {
    match step.nested.as_deref() {
        Some(NestedPlan::Planned { plan, exact: true }) => Some(plan.clone()),
        _ => None,
    }
}
