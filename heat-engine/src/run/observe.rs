//! Looking at what is really there before an update is planned: Heat's `converge`.

use super::core::Core;
use super::examine::look;
use crate::engine::EngineError;
use crate::plan::NestedRecords;
use crate::record::{Action, IncarnationId, ResourceRecord, Resources, StackRecord, Status};
use futures_util::stream::{self, StreamExt};
use heat_plugin_sdk::{DynResource, Failure, FailureClass, Observation, ObservedProperty};
use std::sync::Arc;

/// So many things are looked at together.
const TOGETHER: usize = 64;

/// Reads every thing of a stack, and puts what is seen of it into its record, so that a plan is made from that: properties
/// that differ from what was applied, and attributes. What is gone counts as failed, so that it is replaced.
///
/// What exists already, what an operation was interrupted on, and what is nothing but a record is left as it is.
///
/// # Errors
/// A service gives no answer: then it is not known what would have to be done.
pub(crate) async fn observe(
    core: &Arc<Core>,
    stack: &StackRecord,
    resources: &mut Resources,
) -> Result<(), EngineError> {
    let looks: Vec<(IncarnationId, Arc<ResourceRecord>)> = resources
        .iter()
        .filter(|(_, record)| is_looked_at(core, record))
        .map(|(id, record)| (id.clone(), Arc::clone(record)))
        .collect();
    let mut seen = stream::iter(looks)
        .map(|(id, record)| async move {
            let answer = match &record.physical_id {
                Some(physical) => {
                    look(core, stack, &record.name, &record.type_name, physical, Some(&*record)).await
                }
                None => Ok(None),
            };
            (id, answer)
        })
        .buffer_unordered(TOGETHER);
    while let Some((id, answer)) = seen.next().await {
        let Some(record) = resources.get_mut(&id) else { continue };
        match answer {
            Ok(Some(observation)) => learn(core, record, observation),
            Ok(None) => lost(record),
            Err(failure) if failure.is_not_found() => lost(record),
            Err(failure) if *failure.class() == FailureClass::Unsupported => {}
            Err(failure) => return Err(EngineError::Service(named(&record.name, failure))),
        }
    }
    Ok(())
}

/// As [`observe`], for the nested stacks of a stack, at every depth.
///
/// # Errors
/// As [`observe`].
pub(crate) async fn observe_nested(
    core: &Arc<Core>,
    stack: &StackRecord,
    nested: &mut NestedRecords,
) -> Result<(), EngineError> {
    for (id, inside) in nested.iter_mut() {
        let own = StackRecord { id: id.clone(), name: inside.name.clone(), ..stack.clone() };
        observe(core, &own, &mut inside.resources).await?;
    }
    Ok(())
}

fn is_looked_at(core: &Core, record: &ResourceRecord) -> bool {
    record.physical_id.is_some()
        && record.status == Status::Complete
        && record.intent.is_none()
        && record.replaced_by.is_none()
        && record.nested.is_none()
        && record.external_id().is_none()
        && !matches!(record.action, Action::Delete | Action::Init | Action::Suspend)
        && core.registry.resource(&record.type_name).is_some_and(|found| !found.is_local())
}

fn lost(record: &mut Arc<ResourceRecord>) {
    let record = Arc::make_mut(record);
    record.action = Action::Check;
    record.status = Status::Failed;
    record.reason = format!("{} is gone", record.type_name);
}

fn learn(core: &Core, record: &mut Arc<ResourceRecord>, seen: Observation) {
    let Some(resource) = core.registry.resource(&record.type_name) else { return };
    let drifted = drifted(record, &**resource, &seen);
    if drifted.is_empty()
        && seen.attributes.iter().all(|(name, value)| record.attributes.get(name) == Some(value))
    {
        return;
    }
    let record = Arc::make_mut(record);
    if let Some(properties) = &mut record.properties {
        properties.extend(drifted);
    }
    record.attributes.extend(seen.attributes);
}

/// The properties that are not what was applied. What was not given may be anything.
fn drifted(
    record: &ResourceRecord,
    resource: &dyn DynResource,
    seen: &Observation,
) -> Vec<(String, serde_json::Value)> {
    let (Some(applied), schema) = (&record.properties, resource.schema()) else { return Vec::new() };
    seen.properties
        .iter()
        .filter_map(|(name, observed)| {
            let ObservedProperty::Known(observed) = observed else { return None };
            let (property, wanted) = (schema.properties.get(name)?, applied.get(name)?);
            if wanted.is_null() || property.secret {
                return None;
            }
            Some((name.clone(), resource.drift(name, wanted, observed)?))
        })
        .collect()
}

fn named(resource: &str, failure: Failure) -> Failure {
    Failure::new(failure.class().clone(), format!("resources.{resource}: {failure}"))
}
