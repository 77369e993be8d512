//! What a plan was made from, as far as it is recorded: a short mark of every field of every record, so that one can tell
//! later what has moved. Marks are made of fields without what is secret in them.

use crate::engine::EngineError;
use crate::record::{Resources, StackId, StackRecord};
use crate::run::Core;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Fields whose values are short and tell something.
const PLAIN: [&str; 7] = ["action", "status", "physical_id", "type_name", "name", "replaced_by", UPDATED];

/// Every write of a record changes it.
const UPDATED: &str = "updated";

/// A stack as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recorded {
    /// Path of the resource that it is, from the outermost stack; empty for that one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    path: String,
    stack: StackId,
    revision: u64,
    /// By incarnation.
    resources: BTreeMap<String, Marks>,
}

/// A record: its name, and a mark of every field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Marks {
    name: String,
    fields: BTreeMap<String, String>,
}

impl Marks {
    fn of(name: &str, fields: &Map<String, Value>) -> Self {
        let fields = fields.iter().map(|(field, value)| (field.clone(), mark(field, value))).collect();
        Self { name: name.to_owned(), fields }
    }
}

fn mark(field: &str, value: &Value) -> String {
    if PLAIN.contains(&field)
        && let Value::String(text) = value
    {
        return text.clone();
    }
    let mut mark = "sha256:".to_owned();
    for byte in Sha256::digest(value.to_string()).iter().take(8) {
        let _ = write!(mark, "{byte:02x}");
    }
    mark
}

/// A stack as it is recorded, and those inside of it.
pub(super) async fn recorded(
    core: &Core,
    stack: &StackRecord,
    resources: &Resources,
) -> Result<Vec<Recorded>, EngineError> {
    let mut found = Vec::new();
    let mut rest = vec![(String::new(), stack.clone(), resources.clone())];
    while let Some((path, stack, resources)) = rest.pop() {
        let mut marks = BTreeMap::new();
        for record in resources.values() {
            let fields = core.records.fields_without_secrets(record)?;
            marks.insert(record.id.0.clone(), Marks::of(&record.name, &fields));
            let Some(nested) = &record.nested else { continue };
            if let Some(inner) =
                core.records.stack(&nested.stack).await?.filter(|inner| inner.deleted.is_none())
            {
                let inside = core.records.resources(&inner.id).await?;
                rest.push((format!("{path}{}/", record.name), inner, inside));
            }
        }
        found.push(Recorded { path, stack: stack.id, revision: stack.revision, resources: marks });
    }
    Ok(found)
}

/// What has moved between two looks at the record: which resource, which field.
pub(super) fn moved(before: &[Recorded], now: &[Recorded]) -> Vec<String> {
    let mut reasons = Vec::new();
    let is = |stack: &Recorded| {
        format!("resources.{}", stack.path.trim_end_matches('/').replace('/', ".resources."))
    };
    for old in before {
        let Some(new) = now.iter().find(|new| new.stack == old.stack) else {
            reasons.push(format!("{}: its nested stack is gone", is(old)));
            continue;
        };
        if old.revision != new.revision {
            let which = if old.path.is_empty() { "the stack".to_owned() } else { is(old) };
            reasons.push(format!("{which}: its revision was {}, and is {}", old.revision, new.revision));
        }
        let path = |name: &str| format!("resources.{}{name}", old.path.replace('/', ".resources."));
        for (id, marks) in &old.resources {
            match new.resources.get(id) {
                None => reasons.push(format!("{}: its record is gone", path(&marks.name))),
                Some(other) => {
                    let changes = differences(marks, other);
                    reasons.extend(changes.into_iter().map(|what| format!("{}: {what}", path(&marks.name))));
                }
            }
        }
        let added = new.resources.iter().filter(|(id, _)| !old.resources.contains_key(*id));
        reasons.extend(added.map(|(_, marks)| format!("{}: it was not recorded", path(&marks.name))));
    }
    reasons
}

fn differences(old: &Marks, new: &Marks) -> Vec<String> {
    let mut found = Vec::new();
    let gone = old.fields.keys().filter(|field| !new.fields.contains_key(*field));
    for field in new.fields.keys().chain(gone) {
        let (before, after) = (old.fields.get(field), new.fields.get(field));
        if before == after || field == UPDATED {
            continue;
        }
        let plain = |mark: Option<&String>| mark.map_or("nothing", String::as_str).to_owned();
        found.push(match PLAIN.contains(&field.as_str()) {
            true => format!("{field} was {}, and is {}", plain(before), plain(after)),
            false => format!("{field} is another one"),
        });
    }
    if found.is_empty() && old.fields.get(UPDATED) != new.fields.get(UPDATED) {
        found.push("it was written since".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stack(path: &str, revision: u64, resources: &[(&str, Value)]) -> Recorded {
        let marks = resources.iter().map(|(name, fields)| {
            ((*name).to_owned(), Marks::of(name, fields.as_object().unwrap_or(&Map::new())))
        });
        Recorded {
            path: path.to_owned(),
            stack: StackId(format!("s{path}")),
            revision,
            resources: marks.collect(),
        }
    }

    #[test]
    fn it_is_told_which_resource_and_which_field_has_moved() {
        let record = json!({"status": "COMPLETE", "properties": {"a": 1}, "updated": "t1"});
        let before = [stack("", 3, &[("a", record.clone()), ("b", record.clone())]), stack("box/", 1, &[])];
        assert_eq!(moved(&before, &before), [""; 0]);
        let failed = json!({"status": "FAILED", "properties": {"a": 2}, "updated": "t2"});
        let written = json!({"status": "COMPLETE", "properties": {"a": 1}, "updated": "t2"});
        let now = [stack("", 4, &[("a", failed), ("b", written), ("c", record.clone())])];
        assert_eq!(
            moved(&before, &now),
            [
                "the stack: its revision was 3, and is 4",
                "resources.a: properties is another one",
                "resources.a: status was COMPLETE, and is FAILED",
                "resources.b: it was written since",
                "resources.c: it was not recorded",
                "resources.box: its nested stack is gone",
            ]
        );
        let inside = [stack("", 3, &[("a", record.clone()), ("b", record)]), stack("box/", 2, &[])];
        assert_eq!(moved(&before, &inside), ["resources.box: its revision was 1, and is 2"]);
    }

    #[test]
    fn a_mark_shows_nothing_of_what_may_be_long_or_private() {
        let mark = mark("attributes", &json!({"address": "10.0.0.3"}));
        assert!(mark.starts_with("sha256:") && !mark.contains("10.0.0.3") && mark.len() == 23, "{mark}");
    }
}
