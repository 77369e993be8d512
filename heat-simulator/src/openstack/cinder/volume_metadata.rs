//! Metadata of volumes and snapshots.

use super::paging::{find, label};
use super::volumes::check_metadata;
use super::{Cx, member};
use crate::cloud::{Cloud, Fields, Kind, Object};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::Value;

/// Works on `/{volumes,snapshots}/{id}/metadata…`.
pub(super) fn serve(cloud: &mut Cloud, cx: &Cx<'_>, kind: Kind, id: &str, tail: &[&str]) -> Option<Outcome> {
    let all = match find(cloud, cx, kind, id) {
        Ok(object) => object.object("metadata").cloned().unwrap_or_default(),
        Err(refusal) => return Some(Err(refusal)),
    };
    let missing =
        |key: &str| Refusal::new(404, format!("{} {id} has no metadata with key {key}.", label(kind)));
    let outcome = match (cx.request.method.as_str(), tail) {
        ("GET", []) => Ok((None, Answer::wrapped(200, "metadata", all))),
        ("GET", [key]) => {
            all.get(*key).cloned().map(|value| (None, one(key, value))).ok_or_else(|| missing(key))
        }
        ("POST" | "PUT", []) => member(cx, "metadata").and_then(|given| {
            check_metadata(Some(&Value::Object(given.clone())))?;
            let mut after = if cx.request.method == "PUT" { Object::new() } else { all };
            after.extend(given);
            Ok((Some(after.clone()), Answer::wrapped(200, "metadata", after)))
        }),
        ("PUT", [key]) => member(cx, "meta").and_then(|given| {
            check_metadata(Some(&Value::Object(given.clone())))?;
            let value =
                given.get(*key).cloned().ok_or_else(|| Refusal::new(400, "Request body and URI mismatch"))?;
            let mut after = all;
            after.insert((*key).to_owned(), value.clone());
            Ok((Some(after), one(key, value)))
        }),
        ("DELETE", [key]) => {
            let mut after = all;
            after.shift_remove(*key).ok_or_else(|| missing(key)).map(|_| (Some(after), Answer::empty(200)))
        }
        _ => return None,
    };
    Some(outcome.map(|(after, answer)| {
        if let Some(after) = after {
            cloud.tables.change(kind, id, |object| object.set("metadata", after));
        }
        answer
    }))
}

fn one(key: &str, value: Value) -> Answer {
    let mut single = Object::new();
    single.insert(key.to_owned(), value);
    Answer::wrapped(200, "meta", single)
}
