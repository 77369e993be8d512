//! What becomes of a record by a signal, as one pure function, and the signals of a stack as its resources see them.

use super::core::Core;
use super::current::Current;
use super::post::{Addressee, Content, Undelivered};
use crate::record::{Action, Event, IncarnationId, ResourceRecord, StackId, Status};
use crate::store::StoreError;
use async_trait::async_trait;
use heat_plugin_sdk::{
    Adjustment, DynResource, Failure, PhysicalId, Signal, SignalAnswer, SignalledResource,
    SignalledResources, Signals, as_plain_data, plain_data,
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What becomes of a record.
pub(crate) struct Delivery {
    pub(crate) record: ResourceRecord,
    pub(crate) event: Option<Event>,
    /// A group is to be adjusted.
    pub(crate) adjust: Option<Adjustment>,
}

/// Why a record does not take a letter.
pub(crate) struct Refusal {
    pub(crate) why: String,
    /// The event that tells of it.
    pub(crate) event: Option<Box<Event>>,
}

impl Refusal {
    fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), event: None }
    }
}

/// What becomes of a record by a letter, with Heat's rules and in Heat's words.
pub(crate) fn deliver(core: &Core, record: &ResourceRecord, content: &Content) -> Result<Delivery, Refusal> {
    let name = &record.name;
    let not_there = || Refusal::new(format!("The Resource ({name}) is not available."));
    let gone = record.action == Action::Delete && record.status == Status::Complete;
    if gone || record.action == Action::Init {
        return Err(not_there());
    }
    let details = match content {
        Content::Metadata(metadata) => {
            let record = ResourceRecord { metadata: metadata.clone(), ..record.clone() };
            return Ok(Delivery { record, event: None, adjust: None });
        }
        Content::Signal(details) => details.as_ref(),
    };
    let resource = core.registry.resource(&record.type_name).filter(|_| record.nested.is_none());
    let takes = resource.map(|resource| resource.signals()).unwrap_or_default();
    let (Some(resource), true) = (resource, takes != Signals::Refused) else {
        return Err(Refusal::new("signal is not supported for resource."));
    };
    if takes == Signals::Taken && matches!(record.action, Action::Suspend | Action::Delete) {
        let (action, told) = (record.action, format!("Cannot signal resource during {}", record.action));
        return Err(Refusal {
            why: format!("Signal resource during {action} is not supported."),
            event: Some(Box::new(event(core, record, action, told))),
        });
    }
    taken(core, record, &**resource, details)
}

fn taken(
    core: &Core,
    record: &ResourceRecord,
    resource: &dyn DynResource,
    details: Option<&Value>,
) -> Result<Delivery, Refusal> {
    let signal = Signal {
        details,
        resource: &record.name,
        incarnation: record.id.as_str(),
        physical_id: record.physical_id.as_ref().map(PhysicalId::as_str),
        metadata: &record.metadata,
        private: record.private.as_ref().map(|private| plain_data(private).unwrap_or(private)),
        attributes: &record.attributes,
        now: core.clock.now(),
    };
    let nothing = Map::new();
    let asked_for = record.intent.as_ref().and_then(|intent| intent.properties.as_ref());
    let properties = record.properties.as_ref().or(asked_for).unwrap_or(&nothing);
    let answer = resource.signal(&signal, properties).map_err(|failure| {
        Refusal::new(format!("Error: resources.{}: {}", record.name, failure.message()))
    })?;
    let SignalAnswer { metadata, private, attributes, reason, adjust, ignored } = answer;
    let mut next = record.clone();
    if let Some(metadata) = metadata {
        next.metadata = metadata;
    }
    if let Some(private) = private {
        let plain = record.private.as_ref().is_some_and(|private| plain_data(private).is_some());
        next.private = Some(if plain { as_plain_data(private) } else { private });
    }
    next.attributes.extend(attributes);
    if next != *record {
        next.updated = signal.now;
    }
    let told = || match reason {
        Some(reason) => format!("Signal: {reason}"),
        None => told(details),
    };
    let event = (!ignored).then(|| event(core, record, Action::Signal, told()));
    Ok(Delivery { record: next, event, adjust })
}

/// What the event says of a signal that says nothing itself.
fn told(details: Option<&Value>) -> String {
    match details {
        None | Some(Value::Null) => "No signal details provided".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(map)) => match (map.get("previous"), map.get("current"), map.get("reason")) {
            (Some(previous), Some(current), Some(reason)) => {
                let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let (previous, current, reason) = (text(previous), text(current), text(reason));
                format!("alarm state changed from {previous} to {current} ({reason})")
            }
            _ => "Unknown".to_owned(),
        },
        Some(_) => "Unknown".to_owned(),
    }
}

fn event(core: &Core, record: &ResourceRecord, action: Action, reason: String) -> Event {
    Event {
        id: core.ids.uuid(),
        stack: record.stack.clone(),
        time: core.clock.now(),
        resource: record.name.clone(),
        type_name: record.type_name.clone(),
        physical_id: record.physical_id.clone(),
        action,
        status: record.status,
        reason,
    }
}

/// The records of a stack whose attributes tell of the signals to one that has changed, as they are then.
pub(crate) fn listeners(
    core: &Core,
    current: &Current,
    changed: &ResourceRecord,
) -> Vec<Arc<ResourceRecord>> {
    let mut found = Vec::new();
    for record in current.standing_records().filter(|record| record.id != changed.id) {
        let Some(resource) = core.registry.resource(&record.type_name) else { continue };
        let Some(properties) = record.properties.as_ref().filter(|_| resource.waits_for_signals()) else {
            continue;
        };
        if resource.listens_to(properties).as_deref() == Some(changed.id.as_str()) {
            let mut record = ResourceRecord::clone(record);
            record.attributes.extend(resource.hear(&changed.metadata));
            found.push(Arc::new(record));
        }
    }
    found
}

/// The resources of one stack that take signals, as each other sees them.
pub(crate) struct StackSignals {
    core: Arc<Core>,
    stack: StackId,
}

impl StackSignals {
    pub(crate) fn new(core: &Arc<Core>, stack: &StackId) -> Self {
        Self { core: Arc::clone(core), stack: stack.clone() }
    }

    /// Sends a letter to another resource of the stack, which the traversal that asks for it delivers.
    async fn send(&self, id: &str, content: Content) -> Result<Result<(), Undelivered>, Failure> {
        let to = Addressee::Incarnation(IncarnationId(id.to_owned()));
        match self.core.post.send(&self.stack, to, content).await {
            Some(answer) => Ok(answer.map(drop)),
            None => Err(Failure::unavailable(None, "the stack is not worked on any more")),
        }
    }
}

fn unread(error: &StoreError) -> Failure {
    Failure::unavailable(None, format!("the engine's store does not tell of the resource: {error}"))
}

#[async_trait]
impl SignalledResources for StackSignals {
    async fn signalled(&self, id: &str) -> Result<Option<SignalledResource>, Failure> {
        let found = self.core.records.resource(&IncarnationId(id.to_owned())).await;
        let found = found.map_err(|error| unread(&error))?.filter(|record| {
            let takes = |resource: &Arc<dyn DynResource>| resource.signals() != Signals::Refused;
            record.stack == self.stack && self.core.registry.resource(&record.type_name).is_some_and(takes)
        });
        Ok(found.map(|record| SignalledResource {
            name: record.name,
            type_name: record.type_name,
            properties: record.properties.unwrap_or_default(),
            metadata: record.metadata,
        }))
    }

    async fn signal(&self, id: &str, details: Value) -> Result<(), Failure> {
        match self.send(id, Content::Signal(Some(details))).await? {
            Ok(()) => Ok(()),
            Err(Undelivered::Store(error)) => Err(unread(&error)),
            Err(Undelivered::Refused(why)) => Err(Failure::failed(why)),
            Err(Undelivered::NoSuchResource) => {
                Err(Failure::not_found(format!("the stack has no resource with the id {id}")))
            }
        }
    }

    async fn set_metadata(&self, id: &str, metadata: Value) -> Result<(), Failure> {
        match self.send(id, Content::Metadata(metadata)).await? {
            Err(Undelivered::Store(error)) => Err(unread(&error)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_event_of_a_signal_tells_of_alarms_and_texts() {
        for (details, text) in [
            (None, "No signal details provided"),
            (Some(json!("deployed")), "deployed"),
            (Some(json!({})), "Unknown"),
            (Some(json!({"current": "alarm", "previous": "ok"})), "Unknown"),
            (
                Some(json!({"current": "alarm", "previous": "ok", "reason": "cpu > 50"})),
                "alarm state changed from ok to alarm (cpu > 50)",
            ),
            (Some(json!([1])), "Unknown"),
        ] {
            assert_eq!(told(details.as_ref()), text);
        }
    }
}
