//! What a request says of single resources becomes part of the record that the plan starts from: other names, things that exist
//! already, and what was seen of things that somebody else changed.

use super::EngineError;
use super::drift::{self, Look};
use super::particulars::Particulars;
use crate::plan::{Asked, ChangeEffect, Imported, NestedRecords, Plan, StepKind, rename};
use crate::record::{Action, Event, IncarnationId, ResourceRecord, Resources, StackId, StackRecord, Status};
use crate::run::{Core, Current, Goal, Seen, Unresolved, see};
use heat_plugin_sdk::{ObservedProperty, PhysicalId, State};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is other than it is recorded.
#[derive(Default)]
pub(super) struct Amended {
    /// Records of the stack itself.
    pub(super) own: BTreeSet<IncarnationId>,
    /// Records of the stacks inside.
    pub(super) inside: Vec<(StackId, Arc<ResourceRecord>)>,
    /// What happened to resources by it.
    pub(super) events: Vec<Event>,
    /// What the plan is to tell of it.
    pub(super) asked: Asked,
}

/// Amends what is recorded. The stack learns what a way back would have to take back.
pub(super) async fn amend(
    core: &Arc<Core>,
    stack: &mut StackRecord,
    goal: &Goal,
    particulars: &Particulars,
    resources: &mut Resources,
    nested: &mut NestedRecords,
) -> Result<Amended, EngineError> {
    let mut amended = Amended::default();
    if !particulars.moves.is_empty() {
        let (renamed, moved) =
            rename(resources, &particulars.moves, &stack.moved, |name| goal.type_of(name))?;
        amended.own.extend(renamed);
        amended.asked.moved.clone_from(&particulars.moves);
        stack.moved = moved;
    }
    for (name, id) in &particulars.imports {
        let incarnation = particulars.incarnations.get(name).cloned();
        let incarnation = incarnation.unwrap_or_else(|| core.ids.incarnation());
        let record = import(core, stack, goal, resources, name, id, incarnation).await?;
        amended.events.push(Event {
            id: core.ids.uuid(),
            stack: stack.id.clone(),
            time: record.updated,
            resource: record.name.clone(),
            type_name: record.type_name.clone(),
            physical_id: record.physical_id.clone(),
            action: record.action,
            status: record.status,
            reason: record.reason.clone(),
        });
        amended.own.insert(record.id.clone());
        stack.imported.insert(record.id.clone());
        let imported = Imported { id: id.clone(), incarnation: record.id.clone() };
        amended.asked.imported.insert(name.clone(), imported);
        resources.insert(record.id.clone(), Arc::new(record));
    }
    for (wanted, accepts) in [(&particulars.repair, false), (&particulars.accept, true)] {
        let Some(wanted) = wanted else { continue };
        let looks = drift::look(core, stack, resources, nested).await?;
        for Look { path, stack: own, record, found } in looks {
            let Ok(found) = found else { continue };
            let (next, what) = if accepts {
                drift::accepted(core, &record, &found, |property| {
                    wanted.contains(&format!("{path}.{property}"))
                })
            } else if wanted.is_empty() || wanted.contains(&path) {
                drift::as_seen(core, &record, &found)
            } else {
                continue;
            };
            if what.is_empty() {
                continue;
            }
            let named = what.iter().map(|property| match property.as_str() {
                "" => path.clone(),
                property => format!("{path}.{property}"),
            });
            match accepts {
                true => amended.asked.accepted.extend(named),
                false => amended.asked.repaired.extend(named),
            }
            let next = Arc::new(next);
            if own == stack.id {
                amended.own.insert(next.id.clone());
                resources.insert(next.id.clone(), next);
            } else {
                if let Some(inside) = nested.get_mut(&own) {
                    inside.resources.insert(next.id.clone(), Arc::clone(&next));
                }
                amended.inside.push((own, next));
            }
        }
    }
    Ok(amended)
}

fn refused(name: &str, why: impl std::fmt::Display) -> EngineError {
    EngineError::Import { resource: name.to_owned(), reason: why.to_string() }
}

/// The record of a thing that exists already, as if the stack had made it.
async fn import(
    core: &Arc<Core>,
    stack: &StackRecord,
    goal: &Goal,
    resources: &Resources,
    name: &str,
    id: &PhysicalId,
    incarnation: IncarnationId,
) -> Result<ResourceRecord, EngineError> {
    let Some(type_name) = goal.type_of(name) else {
        return Err(refused(name, "the template has no such resource"));
    };
    if resources.values().any(|record| record.name == name) {
        return Err(refused(name, "it is recorded already"));
    }
    if goal.is_nested(name) {
        return Err(refused(
            name,
            "it is a nested stack: import what is inside of it when that is a stack of its own",
        ));
    }
    if goal.is_external(name) {
        return Err(refused(name, "it has an external_id, so it is used without being the stack's own"));
    }
    let plugin = core.registry.resource(&type_name);
    if plugin.is_none_or(|plugin| plugin.is_local()) {
        return Err(refused(name, format!("a {type_name} exists nowhere but in the record")));
    }
    if core.records.physical_ids(&stack.project).await?.contains(id) {
        return Err(refused(name, format!("{id} belongs to a stack already")));
    }
    let now = core.clock.now();
    let mut record = ResourceRecord::new(incarnation, stack.id.clone(), name, &type_name, now);
    record.physical_id = Some(id.clone());
    let seen = see(core, stack, name, &type_name, id, Some(&record)).await;
    let gone = || refused(name, format!("there is no {type_name} {id}"));
    let Seen { observed, reference_id } = match seen {
        Ok(seen) => seen.ok_or_else(gone)?,
        Err(failure) if failure.is_not_found() => return Err(gone()),
        Err(failure) => return Err(EngineError::Service(failure)),
    };
    match &observed.state {
        State::Ready => {}
        State::Working(why) | State::Failed(why) => {
            return Err(refused(name, format!("{type_name} {id} is not in order: {why}")));
        }
    }
    let current = Current::new(resources.clone());
    let state = loop {
        match goal.resolved(name, &current) {
            Ok(state) => break state,
            Err(Unresolved::Ask) => {
                goal.fetch(core, &stack.credentials).await.map_err(EngineError::Service)?;
            }
            Err(Unresolved::Wrong(reason) | Unresolved::Invalid(reason)) => {
                return Err(refused(name, reason));
            }
        }
    };
    goal.facts(name, &state, &current).put(&mut record);
    // What is there counts; what the service does not tell is taken to be as the template says.
    let properties: Map<String, Value> = state
        .properties
        .iter()
        .map(|(property, value)| {
            let wanted = value.to_value_lossy();
            let live = match observed.properties.get(property) {
                Some(ObservedProperty::Known(live)) => drift::asked_for(&wanted, live),
                _ => wanted.clone(),
            };
            // What the template leaves open may be as it is.
            (property.clone(), if drift::is_left_open(&wanted, &live) { wanted } else { live })
        })
        .collect();
    record.properties = Some(properties);
    if goal.wanted_attributes(name).contains("show") {
        record.attributes.insert("show".to_owned(), observed.show.clone().unwrap_or(Value::Null));
    }
    record.attributes.extend(observed.attributes);
    record.reference_id = Some(reference_id);
    (record.action, record.status) = (Action::Adopt, Status::Complete);
    record.reason = format!("imported: {id} existed already");
    Ok(record)
}

/// Refuses what would replace or remove what is imported by this very update.
pub(super) fn check_imports(plan: &Plan) -> Result<(), EngineError> {
    for (name, imported) in &plan.asked.imported {
        let steps = plan.steps.iter().filter(|step| step.resource == *name);
        for step in steps {
            let changes = match &step.kind {
                StepKind::Create { replaces: Some(old), changes, .. } if *old == imported.incarnation => {
                    changes
                }
                StepKind::Decide { may_replace: true, changes, .. } => changes,
                _ => continue,
            };
            let of = |all: bool| {
                let which =
                    changes.iter().filter(move |change| all || change.effect == ChangeEffect::Replace);
                which.map(|change| change.property.as_str()).collect::<Vec<_>>()
            };
            let properties = Some(of(false)).filter(|some| !some.is_empty()).unwrap_or_else(|| of(true));
            return Err(refused(
                name,
                format!(
                    "{} differs from the template in {}, which could not be changed in place: it would be replaced",
                    imported.id,
                    properties.join(", ")
                ),
            ));
        }
    }
    Ok(())
}
