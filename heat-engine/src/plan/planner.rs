//! Makes a plan from what shall be and what is recorded.

use super::change::Differs;
use super::current::Incarnations;
use super::decide::{applied, as_finished, decide, is_interrupted, known, never_begun, order_of};
use super::nested::{Nested, with_inside};
use super::order::{self, Order, Wait};
use super::{
    Decision, Desired, DesiredState, NestedPlan, NestedRecords, Plan, PlanError, Prospects, Reason, Step,
    StepId, StepKind, TypeRules,
};
use crate::record::{Action, DeletionPolicy, IncarnationId, IntentKind, ResourceRecord, Resources, Status};
use heat_plugin_sdk::{FindBasis, PhysicalId, PropertyMap, ReplaceOrder};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a plan is made for.
pub struct Request<'a> {
    /// The action, for the plan's own record; with [`Action::Delete`] the reasons say so.
    pub action: Action,
    /// The stack's revision.
    pub revision: u64,
    /// All living incarnations. Operations of theirs that were begun may be unfinished.
    pub recorded: &'a Resources,
    /// The nested stacks of this one, at every depth.
    pub nested: &'a NestedRecords,
    /// The stack as it shall be; [`Nothing`](super::Nothing) for a deletion, the last complete template for a rollback.
    pub desired: &'a dyn Desired,
    /// What the types say.
    pub rules: &'a dyn TypeRules,
    /// Makes ids for new incarnations.
    pub new_incarnation: &'a mut dyn FnMut() -> IncarnationId,
}

/// Makes a plan: what will be done to each resource, why, and what waits for what.
///
/// Pure: the same request gives the same plan. Costs time linear in resources and dependencies, desired and recorded.
///
/// Resources are decided upon in the order of their dependencies, each with what will be known then of those before it:
/// one that is kept keeps its reference id and attributes, one that is updated in place its reference id, one that is
/// new has neither. What hangs on a value that is not known becomes a [`StepKind::Decide`] that lists its outcomes;
/// nothing else will differ from the plan.
///
/// # Errors
/// A [`PlanError`] where the template cannot be had: a circle of dependencies, an unknown type, a property that may not
/// change or cannot be evaluated.
pub fn plan(request: Request<'_>) -> Result<Plan, PlanError> {
    let Request { action, revision, recorded, nested, desired, rules, new_incarnation } = request;
    let planner = Planner {
        nested: Nested { desired, rules, records: nested },
        desired,
        rules,
        recorded,
        incarnations: Incarnations::new(recorded),
        drafts: Vec::new(),
        order: Order::default(),
        main: HashMap::new(),
        deletions: HashMap::new(),
        first: HashSet::new(),
    };
    planner.run(action, revision, new_incarnation)
}

/// A step before its place is known. In `kind`, [`StepId`]s are numbers of drafts.
struct Draft {
    resource: String,
    type_name: String,
    kind: StepKind,
    reason: Reason,
    nested: Option<Box<NestedPlan>>,
}

struct Planner<'a> {
    nested: Nested<'a>,
    desired: &'a dyn Desired,
    rules: &'a dyn TypeRules,
    recorded: &'a Resources,
    incarnations: Incarnations<'a>,
    drafts: Vec<Draft>,
    order: Order,
    /// The draft of each desired resource.
    main: HashMap<&'a str, usize>,
    /// The draft that deletes an incarnation.
    deletions: HashMap<&'a IncarnationId, usize>,
    /// Incarnations that go before the step of their name, not after it.
    first: HashSet<&'a IncarnationId>,
}

impl<'a> Planner<'a> {
    fn run(
        mut self,
        action: Action,
        revision: u64,
        new_incarnation: &mut dyn FnMut() -> IncarnationId,
    ) -> Result<Plan, PlanError> {
        let resources = self.desired.resources();
        let needs = |at: usize| {
            let requires = resources.get_index(at).map(|(_, resource)| &resource.requires);
            requires.into_iter().flatten().filter_map(|name| resources.get_index_of(name)).collect()
        };
        let sequence = order::by_need(resources.len(), needs).map_err(|circle| PlanError::Circular {
            resources: circle.into_iter().filter_map(|at| Some(resources.get_index(at)?.0.clone())).collect(),
        })?;
        let mut prospects = Prospects::default();
        for at in sequence {
            if let Some((name, _)) = resources.get_index(at) {
                self.draft_resource(name, &mut prospects, new_incarnation)?;
            }
        }
        let removed = if action == Action::Delete { Reason::StackDeleted } else { Reason::Removed };
        self.draft_deletions(removed, new_incarnation)?;
        self.order_deletions();
        Ok(self.finish(action, revision))
    }

    /// Decides what becomes of one desired resource.
    fn draft_resource(
        &mut self,
        name: &'a str,
        prospects: &mut Prospects<'a>,
        new_incarnation: &mut dyn FnMut() -> IncarnationId,
    ) -> Result<(), PlanError> {
        let Some(resource) = self.desired.resources().get(name) else { return Ok(()) };
        let type_name = resource.type_name.as_str();
        let unknown_type =
            || PlanError::UnknownType { resource: name.to_owned(), type_name: type_name.to_owned() };
        let state = self
            .desired
            .evaluate(name, prospects)
            .map_err(|diagnostics| PlanError::Properties { resource: name.to_owned(), diagnostics })?;
        let composite = state.composite.as_ref().map(|composite| Arc::clone(&composite.schema));
        let is_composite = composite.is_some();
        let schema = composite.or_else(|| self.rules.schema(type_name)).ok_or_else(unknown_type)?;
        let rules = self.rules;
        let choice = self.incarnations.choose(name, |record| {
            // What was interrupted inside a nested stack is finished there.
            let finished = (is_interrupted(record) && !is_composite).then(|| as_finished(record));
            decide(finished.as_ref().unwrap_or(record), type_name, &state, rules, prospects)
        });
        // What is made anew is made without what is there.
        let inside = match &choice {
            _ if !is_composite => None,
            Some((record, Decision::Keep | Decision::Update { .. } | Decision::Open { .. })) => {
                Some(self.nested.plan(name, &state, Some(record), prospects, new_incarnation)?)
            }
            _ => Some(self.nested.plan(name, &state, None, prospects, new_incarnation)?),
        };
        let choice = choice.map(|(record, decision)| match &inside {
            Some(inside) => (record, with_inside(decision, inside)),
            None => (record, decision),
        });
        let same_inside = inside.as_ref().is_some_and(|inside| inside.differs == Differs::No);
        let inside = inside.map(|inside| Box::new(inside.plan));
        let Some((record, decision)) = choice else {
            prospects.is_new(name);
            let incarnation = new_incarnation();
            let kind = match &state.external_id {
                Some(id) => adopt(incarnation, id, None),
                None => StepKind::Create { incarnation, replaces: None, order: None, changes: Vec::new() },
            };
            self.draft_main(name, type_name, kind, Reason::New, inside);
            return Ok(());
        };
        // Nothing is finished for what exists already, or makes way for it.
        let external = record.external_id().is_some() || state.external_id.is_some();
        let interrupted = is_interrupted(record) && !is_composite && !external;
        let restore = self.is_handed_over(record);
        let incarnation = record.id.clone();
        let revived = |reason| if record.replaced_by.is_some() { Reason::Revived } else { reason };
        let forbidden = if interrupted { None } else { decision.forbidden(&self.desired.restricted(name)) };
        if let Some(action) = forbidden {
            prospects.stays(name, record, Some(schema));
            let kind = StepKind::Refuse { incarnation, action };
            self.draft_main(name, type_name, kind, Reason::Restricted, None);
            return Ok(());
        }
        let (kind, reason) = match decision {
            Decision::UnknownType => return Err(unknown_type()),
            Decision::Refuse { property } => {
                let place = self.desired.place(name, &property);
                let (resource, type_name) = (name.to_owned(), type_name.to_owned());
                return Err(PlanError::Immutable { resource, type_name, property, place });
            }
            Decision::RefuseExternalId => {
                let place = self.desired.place_of_external_id(name);
                let (resource, type_name) = (name.to_owned(), type_name.to_owned());
                return Err(PlanError::ExternalId { resource, type_name, place });
            }
            Decision::Adopt => {
                prospects.changes(name, record, Some(schema));
                let external_id = state.external_id.clone().unwrap_or_else(|| PhysicalId::new(""));
                (adopt(incarnation, &external_id, None), Reason::RepairFailed)
            }
            Decision::Begin => {
                prospects.is_new(name);
                // It may have been meant to replace one that is still there.
                let replaces = record.replaces.clone().filter(|old| self.recorded.contains_key(old));
                if let Some(id) = &state.external_id {
                    let kind = adopt(incarnation, id, replaces);
                    self.draft_main(name, type_name, kind, Reason::NeverCompleted, inside);
                    return Ok(());
                }
                let order = replaces.as_ref().and_then(|old| self.recorded.get(old)).and_then(|old| {
                    let new = known(&state.properties)?;
                    let same_type = old.type_name == type_name;
                    Some(if same_type { order_of(old, &new, self.rules) } else { ReplaceOrder::CreateFirst })
                });
                (
                    StepKind::Create { incarnation, replaces, order, changes: Vec::new() },
                    Reason::NeverCompleted,
                )
            }
            Decision::Replace { changes, reason, order } if !interrupted => {
                prospects.is_new(name);
                if let Some(old) = self.minted_reference(record) {
                    prospects.reference_goes(name, old);
                }
                let new = new_incarnation();
                let kind = match &state.external_id {
                    Some(id) => adopt(new, id, Some(incarnation)),
                    None => {
                        StepKind::Create { incarnation: new, replaces: Some(incarnation), order, changes }
                    }
                };
                (kind, reason)
            }
            Decision::Keep if !interrupted => {
                prospects.stays(name, record, Some(schema));
                (StepKind::Keep { incarnation, restore }, revived(Reason::Unchanged))
            }
            Decision::Update { changes } if !interrupted => {
                let reason = if is_composite && record.status != Status::Complete {
                    prospects.changes(name, record, Some(schema));
                    Reason::RepairFailed
                } else if is_composite && changes.is_empty() && same_inside {
                    prospects.stays(name, record, Some(schema));
                    Reason::Unchanged
                } else if is_composite && changes.is_empty() {
                    prospects.changes(name, record, Some(schema));
                    Reason::NestedChanged
                } else if changes.is_empty() {
                    prospects.stays(name, record, Some(schema));
                    Reason::DefinitionChanged
                } else {
                    prospects.changes(name, record, Some(schema));
                    Reason::PropertiesChanged
                };
                (StepKind::Update { incarnation, changes, restore }, reason)
            }
            Decision::Open { changes, may_keep, may_update, may_replace, may_refuse } if !interrupted => {
                let reason = match (may_replace, changes.is_empty()) {
                    (true, _) => {
                        prospects.is_new(name);
                        Reason::PropertiesChanged
                    }
                    (false, true) if is_composite => {
                        prospects.changes(name, record, Some(schema));
                        Reason::NestedChanged
                    }
                    (false, true) => {
                        prospects.stays(name, record, Some(schema));
                        Reason::DefinitionChanged
                    }
                    (false, false) => {
                        prospects.changes(name, record, Some(schema));
                        Reason::PropertiesChanged
                    }
                };
                let successor = new_incarnation();
                let kind = StepKind::Decide {
                    incarnation,
                    successor,
                    changes,
                    may_keep,
                    may_update,
                    may_replace,
                    may_refuse,
                    interrupted,
                    restore,
                };
                (kind, reason)
            }
            // The interrupted operation may yet fail, and then the resource is replaced.
            decision => {
                prospects.is_new(name);
                let successor = new_incarnation();
                (after_interruption(decision, incarnation, successor, restore), Reason::Interrupted)
            }
        };
        let creates = matches!(kind, StepKind::Create { .. } | StepKind::Decide { may_replace: true, .. });
        let inside = inside.filter(|_| !matches!(kind, StepKind::Keep { .. }));
        self.draft_main(name, type_name, kind, reason, inside);
        self.choose_what_goes_first(record, type_name, &state, creates, restore);
        Ok(())
    }

    fn draft_main(
        &mut self,
        name: &'a str,
        type_name: &str,
        kind: StepKind,
        reason: Reason,
        nested: Option<Box<NestedPlan>>,
    ) {
        let at = self.draft(name, type_name, kind, reason, nested);
        self.main.insert(name, at);
    }

    fn draft(
        &mut self,
        name: &str,
        type_name: &str,
        kind: StepKind,
        reason: Reason,
        nested: Option<Box<NestedPlan>>,
    ) -> usize {
        let (resource, type_name) = (name.to_owned(), type_name.to_owned());
        self.drafts.push(Draft { resource, type_name, kind, reason, nested });
        self.order.add()
    }

    /// Whether the incarnation may have given its place free to one that was to replace it.
    fn is_handed_over(&self, record: &ResourceRecord) -> bool {
        let asked = record.intent.as_ref().is_some_and(|intent| {
            matches!(intent.kind, IntentKind::PrepareForReplace | IntentKind::RestoreAfterReplace)
        });
        let successor = record.replaced_by.as_ref().and_then(|id| self.recorded.get(id));
        let handover = successor.is_some_and(|successor| {
            successor.type_name == record.type_name
                && self.rules.replace_order(&record.type_name, applied(record), applied(successor))
                    == ReplaceOrder::Handover
        });
        asked || handover
    }

    /// The reference id of a resource, if it is an id that the service made up.
    fn minted_reference(&self, record: &'a ResourceRecord) -> Option<&'a str> {
        let reference = record.reference_id.as_deref()?;
        let is_physical = record.physical_id.as_ref().is_some_and(|id| id.as_str() == reference);
        if record.nested.is_some() {
            // A nested stack gets an id of its own, which its reference is made of.
            return record
                .physical_id
                .as_ref()
                .filter(|id| reference.contains(id.as_str()))
                .map(|_| reference);
        }
        let basis = self.rules.find_basis(&record.type_name, applied(record));
        (is_physical && matches!(basis, FindBasis::Key | FindBasis::Name)).then_some(reference)
    }

    /// Which other incarnations of the name must be gone before its step: those that hold the place that a new one, or
    /// one that is given back its place, wants to have.
    fn choose_what_goes_first(
        &mut self,
        current: &'a ResourceRecord,
        type_name: &str,
        state: &DesiredState,
        creates: bool,
        restore: bool,
    ) {
        let new: Option<PropertyMap> = known(&state.properties);
        for old in self.incarnations.left_over(&current.name) {
            let same_type = old.type_name == type_name;
            let place = |new: &PropertyMap| order_of(old, new, self.rules) != ReplaceOrder::CreateFirst;
            let first = match &new {
                _ if never_begun(old) || !same_type => false,
                Some(new) if creates || restore => place(new),
                // Whether it holds the place is not known: it is given up in any case.
                None if creates => true,
                None if restore => place(applied(current)),
                _ => false,
            };
            if first {
                self.first.insert(&old.id);
            }
        }
    }

    /// Drafts the deletion of everything that does not stay.
    fn draft_deletions(
        &mut self,
        removed: Reason,
        new: &mut dyn FnMut() -> IncarnationId,
    ) -> Result<(), PlanError> {
        for record in self.recorded.values() {
            let Some(&main) = self.main.get(record.name.as_str()) else {
                self.draft_deletion(record, None, removed, new)?;
                continue;
            };
            if !self.incarnations.is_current(record) {
                let replaced = self.drafts[main].kind.replaces() == Some(&record.id);
                let reason = if replaced { Reason::Replaced } else { Reason::LeftOver };
                self.draft_deletion(record, None, reason, new)?;
                continue;
            }
            match &self.drafts[main].kind {
                kind if kind.replaces() == Some(&record.id) => {
                    self.draft_deletion(record, None, Reason::Replaced, new)?;
                }
                StepKind::Decide { may_replace: true, .. } => {
                    self.draft_deletion(record, Some(StepId(main as u32)), Reason::Replaced, new)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn draft_deletion(
        &mut self,
        record: &'a ResourceRecord,
        condition: Option<StepId>,
        reason: Reason,
        new_incarnation: &mut dyn FnMut() -> IncarnationId,
    ) -> Result<(), PlanError> {
        let kind = StepKind::Delete {
            incarnation: record.id.clone(),
            only_if_replaced_by: condition,
            retain: record.deletion_policy == DeletionPolicy::Retain,
            snapshot: saves_before(record),
        };
        let retained = record.deletion_policy == DeletionPolicy::Retain;
        let nested = if retained { None } else { self.nested.removal(record, new_incarnation)? };
        let at = self.draft(&record.name, &record.type_name, kind, reason, nested.map(Box::new));
        self.deletions.insert(&record.id, at);
        Ok(())
    }

    /// Says what waits for what.
    fn order_deletions(&mut self) {
        let resources = self.desired.resources();
        for (name, resource) in resources {
            let Some(&later) = self.main.get(name.as_str()) else { continue };
            for required in &resource.requires {
                if let Some(&earlier) = self.main.get(required.as_str()) {
                    self.order.wait(later, earlier, Wait::Must);
                }
            }
        }
        for record in self.recorded.values() {
            let (Some(&deletion), Some(&main)) =
                (self.deletions.get(&record.id), self.main.get(record.name.as_str()))
            else {
                continue;
            };
            match &self.drafts[main].kind {
                StepKind::Create { replaces: Some(old), order, .. } if *old == record.id => match order {
                    Some(ReplaceOrder::DeleteFirst) => self.order.wait(main, deletion, Wait::Must),
                    _ => self.order.wait(deletion, main, Wait::Succeeds),
                },
                _ if self.first.contains(&record.id) => {
                    self.order.wait(main, deletion, Wait::Must);
                }
                StepKind::Create { .. } | StepKind::Adopt { .. } => {
                    self.order.wait(deletion, main, Wait::Succeeds);
                }
                StepKind::Decide { .. } if self.incarnations.is_current(record) => {
                    self.order.wait(deletion, main, Wait::Must);
                }
                _ => self.order.wait(deletion, main, Wait::Should),
            }
        }
        self.order_by_recorded_use();
    }

    /// What is deleted is deleted after all that used it, by the record: those that are deleted too are gone before,
    /// those that stay have moved on.
    fn order_by_recorded_use(&mut self) {
        let index = |id: &IncarnationId| self.recorded.get_index_of(id);
        let mut edges = Vec::new();
        for (user, record) in self.recorded.values().enumerate() {
            let used =
                record.requires.iter().filter(|used| self.deletions.contains_key(used)).filter_map(index);
            edges.extend(used.map(|used| (user, used)));
        }
        let age = |at: usize| self.recorded.get_index(at).map(|(_, record)| (record.created, at));
        let stands = order::without_recorded_circles(self.recorded.len(), &edges, |a, b| age(a) < age(b));
        for ((user, used), stands) in edges.into_iter().zip(stands) {
            let (Some((_, user)), Some((used, _))) =
                (self.recorded.get_index(user), self.recorded.get_index(used))
            else {
                continue;
            };
            let Some(&deletion) = self.deletions.get(used) else { continue };
            if let Some(&gone) = self.deletions.get(&user.id).filter(|_| stands) {
                let conditional =
                    matches!(self.drafts[gone].kind, StepKind::Delete { only_if_replaced_by: Some(_), .. });
                self.order.wait(deletion, gone, if conditional { Wait::Should } else { Wait::Must });
            }
            if self.incarnations.is_current(user)
                && let Some(&moved) = self.main.get(user.name.as_str())
                && !matches!(self.drafts[moved].kind, StepKind::Create { .. } | StepKind::Adopt { .. })
            {
                self.order.wait(deletion, moved, Wait::Should);
            }
        }
    }

    fn finish(mut self, action: Action, revision: u64) -> Plan {
        let line = self.order.line();
        for (replaces, deletes) in line.turned {
            let gone = self.drafts[deletes].kind.incarnation().clone();
            if let StepKind::Create { replaces: Some(old), order, .. } = &mut self.drafts[replaces].kind
                && *old == gone
            {
                *order = Some(ReplaceOrder::DeleteFirst);
            }
        }
        let mut place = vec![StepId(0); self.drafts.len()];
        for (at, draft) in line.steps.iter().enumerate() {
            place[*draft] = StepId(at as u32);
        }
        let mut drafts: Vec<Option<Draft>> = self.drafts.into_iter().map(Some).collect();
        let mut steps = Vec::with_capacity(drafts.len());
        for (draft, after) in line.steps.into_iter().zip(line.after) {
            let Some(Draft { resource, type_name, mut kind, reason, nested }) = drafts[draft].take() else {
                continue;
            };
            if let StepKind::Delete { only_if_replaced_by: Some(by), .. } = &mut kind {
                *by = place[by.index()];
            }
            steps.push(Step { resource, type_name, kind, reason, after, nested, hooks: Vec::new() });
        }
        Plan::new(action, revision, steps)
    }
}

/// Whether its data are saved before it is deleted. As in Heat what failed is not worth it.
pub(crate) fn saves_before(record: &ResourceRecord) -> bool {
    record.deletion_policy == DeletionPolicy::Snapshot
        && record.status != Status::Failed
        && record.physical_id.is_some()
        && record.external_id().is_none()
}

fn adopt(incarnation: IncarnationId, id: &PhysicalId, replaces: Option<IncarnationId>) -> StepKind {
    StepKind::Adopt { incarnation, external_id: id.clone(), replaces, own: false }
}

/// What may become of a resource whose interrupted operation is finished first: what would if that succeeds, or a
/// replacement if it fails.
fn after_interruption(
    decision: Decision,
    incarnation: IncarnationId,
    successor: IncarnationId,
    restore: bool,
) -> StepKind {
    let (changes, may_keep, may_update, may_refuse) = match decision {
        Decision::Keep => (Vec::new(), true, false, false),
        Decision::Update { changes } => (changes, false, true, false),
        Decision::Replace { changes, .. } => (changes, false, false, false),
        Decision::Open { changes, may_keep, may_update, may_refuse, .. } => {
            (changes, may_keep, may_update, may_refuse)
        }
        Decision::Begin
        | Decision::Adopt
        | Decision::Refuse { .. }
        | Decision::RefuseExternalId
        | Decision::UnknownType => (Vec::new(), false, false, false),
    };
    let (may_replace, interrupted) = (true, true);
    StepKind::Decide {
        incarnation,
        successor,
        changes,
        may_keep,
        may_update,
        may_replace,
        may_refuse,
        interrupted,
        restore,
    }
}
