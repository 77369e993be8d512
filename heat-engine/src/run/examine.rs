//! Looking at the things that a template uses and that exist already, before anything is planned.

use super::configurations::Configurations;
use super::core::Core;
use super::goal::Goal;
use super::ids::short_id;
use super::lookups::is_passing;
use super::signalling::StackSignals;
use super::verify::missing;
use crate::engine::EngineError;
use crate::record::{IncarnationId, ResourceRecord, Resources, StackRecord};
use async_trait::async_trait;
use futures_util::future::join_all;
use heat_plugin_sdk::{
    CallContext, Failure, Journal, Observation, OperationKey, PhysicalId, ResourceIdentity, StackIdentity,
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Looks at all things that exist already by the template. What is recorded of them learns what is seen, so that a plan is
/// made from their attributes as they are now.
///
/// # Errors
/// [`EngineError::Refused`] with the place of each that is not there; a service that gives no answer.
pub(crate) async fn examine(
    core: &Arc<Core>,
    stack: &StackRecord,
    goal: &Goal,
    resources: &mut Resources,
) -> Result<(), EngineError> {
    let looks = goal.external().map(|(name, type_name, id)| {
        let is_it = |record: &&Arc<ResourceRecord>| {
            record.name == name && record.type_name == type_name && record.external_id() == Some(id.as_str())
        };
        let record = resources.values().find(is_it).cloned();
        async move {
            let seen = look(core, stack, name, type_name, id, record.as_deref()).await;
            (name, type_name, id, record.map(|record| record.id.clone()), seen)
        }
    });
    let mut wrong = Vec::new();
    for (name, type_name, id, record, seen) in join_all(looks).await {
        match seen {
            Ok(Some(seen)) => {
                if let Some(record) = record.and_then(|record| resources.get_mut(&record)) {
                    learn(Arc::make_mut(record), goal, name, seen);
                }
            }
            Ok(None) => wrong.extend(goal.external_is_missing(name, missing(type_name, id))),
            Err(failure) if failure.is_not_found() => {
                wrong.extend(goal.external_is_missing(name, missing(type_name, id)));
            }
            Err(failure) => return Err(EngineError::Service(failure)),
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

fn learn(record: &mut ResourceRecord, goal: &Goal, name: &str, seen: Observation) {
    if goal.wanted_attributes(name).contains("show") {
        record.attributes.insert("show".to_owned(), seen.show.clone().unwrap_or(Value::Null));
    }
    record.attributes.extend(seen.attributes);
}

/// What is seen of a thing.
pub(crate) struct Seen {
    pub(crate) observed: Observation,
    pub(crate) reference_id: String,
}

pub(super) async fn look(
    core: &Arc<Core>,
    stack: &StackRecord,
    name: &str,
    type_name: &str,
    id: &PhysicalId,
    record: Option<&ResourceRecord>,
) -> Result<Option<Observation>, Failure> {
    Ok(see(core, stack, name, type_name, id, record).await?.map(|seen| seen.observed))
}

/// Looks at a thing; nothing is recorded.
///
/// # Errors
/// A service that gives no answer.
pub(crate) async fn see(
    core: &Arc<Core>,
    stack: &StackRecord,
    name: &str,
    type_name: &str,
    id: &PhysicalId,
    record: Option<&ResourceRecord>,
) -> Result<Option<Seen>, Failure> {
    let unknown = || Failure::unsupported(format!("no plugin provides the type {type_name}"));
    let resource = core.registry.resource(type_name).ok_or_else(unknown)?;
    let connector = core.registry.resource_connector(type_name).ok_or_else(unknown)?;
    let incarnation = record.map_or_else(|| IncarnationId(stack.id.0.clone()), |record| record.id.clone());
    let mut attempt = 0;
    loop {
        let answer = async {
            let seat = core.connections.seat(resource.connector(), connector, &stack.credentials).await?;
            let cx = CallContext {
                stack: StackIdentity {
                    id: stack.id.0.clone(),
                    name: stack.name.clone(),
                    project: stack.project.clone(),
                },
                resource: ResourceIdentity {
                    name: name.to_owned(),
                    id: incarnation.to_string(),
                    short_id: short_id(&incarnation),
                },
                key: OperationKey::new(incarnation.as_str()),
                attempt: 0,
                now: core.clock.now(),
                seed: [0; 32],
                credentials: seat.credentials.clone(),
                connection: seat.connection.clone(),
                applied: record.and_then(|record| record.properties.clone()),
                attributes: record.map(|record| record.attributes.clone()).unwrap_or_default(),
                private: record.and_then(|record| record.private.clone()),
                owned: record.map(|record| record.owned.clone()).unwrap_or_default(),
                excluded: BTreeSet::new(),
                journal: Arc::new(Closed),
                signalled: Arc::new(StackSignals::new(core, &stack.id)),
                configurations: Arc::new(Configurations::new(core, &stack.project)),
            };
            let observed = resource.read(&cx, id).await?;
            Ok(observed.map(|observed| Seen { reference_id: resource.reference_id(&cx, id), observed }))
        }
        .await;
        match answer {
            // Somebody waits for the answer of a request: two more attempts, then it is told.
            Err(failure) if attempt < 2 && is_passing(&failure) => {
                attempt += 1;
                tokio::time::sleep(core.settings.retry.first * attempt).await;
            }
            other => return other,
        }
    }
}

/// The journal of a call that only looks.
struct Closed;

impl Closed {
    fn refuse() -> Result<(), Failure> {
        Err(Failure::failed("nothing can be recorded while a thing is only looked at"))
    }
}

#[async_trait]
impl Journal for Closed {
    async fn save_private(&self, _: Value) -> Result<(), Failure> {
        Self::refuse()
    }

    async fn record_id(&self, _: &PhysicalId) -> Result<(), Failure> {
        Self::refuse()
    }

    async fn owned_intent(&self, _: &str, _: &OperationKey) -> Result<(), Failure> {
        Self::refuse()
    }

    async fn owned_id(&self, _: &str, _: Option<&PhysicalId>) -> Result<(), Failure> {
        Self::refuse()
    }
}
