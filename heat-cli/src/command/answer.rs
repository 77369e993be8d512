//! Answers about stacks, resources, events and outputs: the Orchestration API's own JSON.

use crate::error::Result;
use crate::output::Answer;
use heat_engine::record::Event;
use heat_engine::{OutputView, ResourceView, SnapshotView, StackView};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A stack.
pub(super) fn stack(view: &StackView) -> Result<Answer> {
    // There where there is something to tell.
    let pending = !view.pending.is_empty();
    Ok(Answer::Object { object: object(view)?, shown: if pending { &SHOWN_WITH_PENDING } else { &SHOWN } })
}

const SHOWN: [&str; 10] = [
    "id",
    "stack_name",
    "description",
    "creation_time",
    "updated_time",
    "stack_status",
    "stack_status_reason",
    "parameters",
    "tags",
    "outputs",
];

const SHOWN_WITH_PENDING: [&str; 11] = [
    "id",
    "stack_name",
    "description",
    "creation_time",
    "updated_time",
    "stack_status",
    "stack_status_reason",
    "pending",
    "parameters",
    "tags",
    "outputs",
];

/// Stacks, without what takes their templates.
pub(super) fn stacks(views: &[StackView]) -> Result<Answer> {
    let objects = views.iter().map(|view| {
        let mut stack = object(view)?;
        for field in ["parameters", "outputs", "timeout_mins", "disable_rollback", "template_description"] {
            stack.remove(field);
        }
        // The API does not have it; on this side of it there are several clouds.
        stack.insert("cloud".to_owned(), json!(view.credentials));
        Ok(Value::Object(stack))
    });
    Ok(Answer::List {
        objects: objects.collect::<Result<_>>()?,
        shown: &["id", "stack_name", "cloud", "stack_status", "creation_time", "updated_time"],
    })
}

/// The resources of a stack.
pub(super) fn resources(views: &[ResourceView]) -> Result<Answer> {
    let objects = views.iter().map(|view| {
        let mut resource = object(view)?;
        resource.remove("attributes");
        resource.remove("description");
        Ok(Value::Object(resource))
    });
    Ok(Answer::List {
        objects: objects.collect::<Result<_>>()?,
        shown: if views.iter().any(|view| view.parent_resource.is_some()) {
            &[
                "resource_name",
                "physical_resource_id",
                "resource_type",
                "resource_status",
                "updated_time",
                "parent_resource",
            ]
        } else {
            &["resource_name", "physical_resource_id", "resource_type", "resource_status", "updated_time"]
        },
    })
}

/// A resource.
pub(super) fn resource(view: &ResourceView) -> Result<Answer> {
    Ok(Answer::Object {
        object: object(view)?,
        shown: &[
            "resource_name",
            "description",
            "resource_type",
            "physical_resource_id",
            "resource_status",
            "resource_status_reason",
            "creation_time",
            "updated_time",
            "required_by",
            "attributes",
        ],
    })
}

/// Events.
pub(super) fn events<'a>(events: impl Iterator<Item = &'a Event>) -> Answer {
    Answer::List {
        objects: events.map(event).collect(),
        shown: &["resource_name", "id", "resource_status_reason", "resource_status", "event_time"],
    }
}

/// An event as the API tells it.
pub(super) fn event(event: &Event) -> Value {
    json!({
        "event_time": event.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "id": event.id,
        "logical_resource_id": event.resource,
        "physical_resource_id": event.physical_id.as_ref().map(|id| id.as_str()),
        "resource_name": event.resource,
        "resource_status": format!("{}_{}", event.action, event.status),
        "resource_status_reason": event.reason,
        "resource_type": event.type_name,
    })
}

/// Snapshots, without their data.
pub(super) fn snapshots(views: &[SnapshotView]) -> Result<Answer> {
    let objects = views.iter().map(|view| {
        let mut snapshot = object(view)?;
        snapshot.remove("data");
        Ok(Value::Object(snapshot))
    });
    Ok(Answer::List {
        objects: objects.collect::<Result<_>>()?,
        shown: &["id", "name", "status", "status_reason", "creation_time"],
    })
}

/// A snapshot.
pub(super) fn snapshot(view: &SnapshotView) -> Result<Answer> {
    Ok(Answer::Object {
        object: object(view)?,
        shown: &["id", "name", "action", "status", "status_reason", "creation_time", "data"],
    })
}

/// The outputs of a stack, without their values as the API lists them, or with them.
pub(super) fn outputs(views: &[OutputView], with_values: bool) -> Result<Answer> {
    let objects = views.iter().map(|view| {
        let mut output = object(view)?;
        if !with_values {
            output.remove("output_value");
            output.remove("output_error");
        }
        Ok(Value::Object(output))
    });
    let objects = objects.collect::<Result<_>>()?;
    Ok(if with_values {
        Answer::List { objects, shown: &["output_key", "output_value", "output_error", "description"] }
    } else {
        Answer::List { objects, shown: &["output_key", "description"] }
    })
}

/// An output.
pub(super) fn output(view: &OutputView) -> Result<Answer> {
    let object = object(view)?;
    let shown: &[&str] = if object.contains_key("output_error") {
        &["output_key", "output_value", "output_error", "description"]
    } else {
        &["output_key", "output_value", "description"]
    };
    Ok(Answer::Object { object, shown })
}

/// The value of an output alone: a text as it is, all else as JSON.
pub(super) fn output_value(view: &OutputView) -> Answer {
    let data = view.output_value.clone();
    let text = match &data {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Answer::Text { text, data }
}

fn object(view: &impl Serialize) -> Result<Map<String, Value>> {
    match serde_json::to_value(view) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Ok(Map::new()),
        Err(error) => Err(crate::error::CliError::Failed(format!("an answer cannot be written: {error}"))),
    }
}
