//! What the cloud does by and by: steps that are due at a time, kept in the state, so that a restart loses none.

use super::document::{Object, object_of};
use super::kind::{Kind, due_key};
use super::{Cloud, Fields};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

/// A piece of asynchronous work.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(crate) enum Step {
    /// Fields of an object change, if `field` still has the value `from` (an object that was reset or deleted meanwhile is left alone).
    Become { kind: String, id: String, field: String, from: Value, fields: Object },
    /// An object is gone, if its status is still `deleting`.
    Vanish { kind: String, id: String },
    /// A server gets its ports and volumes.
    ServerNetworks { id: String },
    /// A server runs.
    ServerBuilt { id: String },
    /// A server and what was made with it is gone.
    ServerGone { id: String },
    /// A volume is attached to a server.
    VolumeAttached { attachment: String },
    /// A volume is detached from a server.
    VolumeDetached { attachment: String },
    /// A port is unplugged from a server.
    InterfaceDetached { server: String, port: String },
    /// An image's data has been fetched from an address, or taken from the staging area if that is empty.
    ImageImported { id: String, uri: String },
}

impl Cloud {
    /// Puts a step on the agenda.
    pub(crate) fn later(&mut self, after: Duration, step: &Step) {
        let id = self.fresh_uuid();
        let due = self.now + i64::try_from(after.as_millis()).unwrap_or(i64::MAX / 4);
        if let Ok(Value::Object(mut fields)) = serde_json::to_value(step) {
            // The step's own id is called `id` as well.
            let target = fields.shift_remove("id");
            let document = object_of(json!({"id": id, "due": due, "target": target, "fields": fields}));
            self.tables.put(Kind::Step, document);
        }
    }

    /// An object's field changes from one value to others, after a while.
    pub(crate) fn later_become(
        &mut self,
        after: Duration,
        kind: Kind,
        id: &str,
        (field, from): (&str, &str),
        fields: Value,
    ) {
        let step = Step::Become {
            kind: kind.name().to_owned(),
            id: id.to_owned(),
            field: field.to_owned(),
            from: from.into(),
            fields: object_of(fields),
        };
        self.later(after, &step);
    }

    /// The next step that is due by now, taken off the agenda, with the time at which it was due.
    pub(crate) fn next_step(&mut self, now: i64) -> Option<(i64, Step)> {
        let document = self.tables.least(Kind::Step, "due", &due_key(now))?;
        let (id, due) = (document.text("id").to_owned(), document.int("due"));
        let mut fields = document.object("fields").cloned().unwrap_or_default();
        if let Some(target) = document.get("target").filter(|target| !target.is_null()) {
            fields.insert("id".to_owned(), target.clone());
        }
        self.tables.remove(Kind::Step, &id);
        match serde_json::from_value(Value::Object(fields)) {
            Ok(step) => Some((due, step)),
            Err(_) => self.next_step(now),
        }
    }

    /// When the next step is due.
    pub(crate) fn next_due(&self) -> Option<i64> {
        self.tables.least(Kind::Step, "due", "~").map(|step| step.int("due"))
    }
}
