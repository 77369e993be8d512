//! Plans of nested stacks, as parts of the plan of their parent.

use super::change::Differs;
use super::{
    Decision, Desired, DesiredState, NestedDesired, NestedPlan, NestedQuestion, NestedRecords, Nothing, Plan,
    PlanError, Prospects, Request, Step, StepKind, TypeRules, plan,
};
use crate::record::{Action, IncarnationId, ResourceRecord, Resources};

/// Makes plans of nested stacks.
pub(super) struct Nested<'a> {
    pub(super) desired: &'a dyn Desired,
    pub(super) rules: &'a dyn TypeRules,
    pub(super) records: &'a NestedRecords,
}

impl Nested<'_> {
    /// The plan of the nested stack of a resource. `record`: the incarnation whose nested stack it is; none for a new one.
    pub(super) fn plan(
        &self,
        name: &str,
        state: &DesiredState,
        record: Option<&ResourceRecord>,
        scope: &Prospects<'_>,
        new_incarnation: &mut dyn FnMut() -> IncarnationId,
    ) -> Result<Inside, PlanError> {
        let recorded =
            record.and_then(|record| record.nested.as_ref()).and_then(|own| self.records.get(&own.stack));
        let question = NestedQuestion { resource: name, state, record, recorded, scope };
        let (desired, complete, other) = match self.desired.nested(question) {
            NestedDesired::Known { desired, complete, differs } => (desired, complete, differs),
            NestedDesired::InRun => return Ok(Inside { plan: NestedPlan::InRun, differs: Differs::Perhaps }),
            NestedDesired::Wrong(diagnostics) => {
                return Err(PlanError::Properties { resource: name.to_owned(), diagnostics });
            }
        };
        let nothing = Resources::new();
        let made = plan(Request {
            action: if recorded.is_some() { Action::Update } else { Action::Create },
            revision: recorded.map_or(0, |recorded| recorded.revision),
            recorded: recorded.map_or(&nothing, |recorded| &recorded.resources),
            nested: self.records,
            desired: &*desired,
            rules: self.rules,
            new_incarnation,
        });
        let plan = made.map_err(|error| self.outside(name, error))?;
        let exact = complete && !desired.is_staged() && is_exact(&plan);
        let mut differs = differs(&plan);
        if other {
            differs = differs.max(if complete { Differs::Surely } else { Differs::Perhaps });
        }
        Ok(Inside { plan: NestedPlan::Planned { plan, exact }, differs })
    }

    /// The plan that removes a nested stack.
    pub(super) fn removal(
        &self,
        record: &ResourceRecord,
        new_incarnation: &mut dyn FnMut() -> IncarnationId,
    ) -> Result<Option<NestedPlan>, PlanError> {
        let Some(own) = &record.nested else { return Ok(None) };
        let nothing = Resources::new();
        let recorded = self.records.get(&own.stack);
        let plan = plan(Request {
            action: Action::Delete,
            revision: recorded.map_or(0, |recorded| recorded.revision),
            recorded: recorded.map_or(&nothing, |recorded| &recorded.resources),
            nested: self.records,
            desired: &Nothing::default(),
            rules: self.rules,
            new_incarnation,
        })?;
        Ok(Some(NestedPlan::Planned { plan, exact: true }))
    }

    /// An error of a nested stack's plan as the parent has to tell it.
    fn outside(&self, name: &str, error: PlanError) -> PlanError {
        let within = |inner: String| format!("{name}.resources.{inner}");
        match error {
            PlanError::Circular { resources } => {
                PlanError::Circular { resources: resources.into_iter().map(within).collect() }
            }
            PlanError::Immutable { resource, type_name, property, place } => {
                PlanError::Immutable { resource: within(resource), type_name, property, place }
            }
            PlanError::ExternalId { resource, type_name, place } => {
                PlanError::ExternalId { resource: within(resource), type_name, place }
            }
            PlanError::UnknownType { resource, type_name } => {
                PlanError::UnknownType { resource: within(resource), type_name }
            }
            PlanError::Properties { resource, diagnostics } => PlanError::Properties {
                resource: within(resource),
                diagnostics: self.desired.inside(name, diagnostics),
            },
        }
    }
}

/// Whether the plans inside are exact, too.
fn is_exact(plan: &Plan) -> bool {
    plan.steps.iter().all(|step| match step.nested.as_deref() {
        None => true,
        Some(NestedPlan::Planned { exact, .. }) => *exact,
        Some(NestedPlan::InRun) => false,
    })
}

/// What becomes of a nested stack.
pub(super) struct Inside {
    /// What is done inside.
    pub(super) plan: NestedPlan,
    /// Whether that changes anything.
    pub(super) differs: Differs,
}

/// Whether running it would change anything.
fn differs(plan: &Plan) -> Differs {
    let of = |step: &Step| match &step.kind {
        _ if step.does_nothing() => Differs::No,
        StepKind::Decide { may_keep: true, restore: false, .. } => Differs::Perhaps,
        StepKind::Delete { only_if_replaced_by: Some(_), .. } => Differs::Perhaps,
        _ => Differs::Surely,
    };
    plan.steps.iter().map(of).max().unwrap_or(Differs::No)
}

/// What is decided about a nested stack, given what would be done inside.
pub(super) fn with_inside(decision: Decision, inside: &Inside) -> Decision {
    match (decision, inside.differs) {
        // An update goes into every nested stack, for what is inside to decide.
        (Decision::Keep, _) => Decision::Update { changes: Vec::new() },
        (Decision::Open { changes, may_replace: false, may_refuse: false, .. }, Differs::Surely) => {
            Decision::Update { changes }
        }
        (decision, _) => decision,
    }
}
