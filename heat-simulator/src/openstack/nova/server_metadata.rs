//! A server's metadata.

use super::Cx;
use super::schema::{member, metadata};
use super::transitions::{check_unlocked, find};
use crate::cloud::{Cloud, Fields, Kind, Object};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::Value;

/// Works on `/servers/{id}/metadata…`.
pub(super) fn serve(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, tail: &[&str]) -> Option<Outcome> {
    Some(match (cx.request.method.as_str(), tail) {
        ("GET", []) => {
            find(cloud, cx, id).map(|server| Answer::wrapped(200, "metadata", server.value("metadata")))
        }
        ("GET", [key]) => one(cloud, cx, id, key),
        ("PUT" | "POST", []) => set(cloud, cx, id, cx.request.method == "PUT"),
        ("PUT", [key]) => set_one(cloud, cx, id, key),
        ("DELETE", [key]) => remove(cloud, cx, id, key),
        _ => return None,
    })
}

fn missing() -> Refusal {
    Refusal::new(404, "Metadata item was not found")
}

fn one(cloud: &Cloud, cx: &Cx<'_>, id: &str, key: &str) -> Outcome {
    let all = find(cloud, cx, id)?.object("metadata").cloned().unwrap_or_default();
    let value = all.get(key).cloned().ok_or_else(missing)?;
    let mut meta = Object::new();
    meta.insert(key.to_owned(), value);
    Ok(Answer::wrapped(200, "meta", meta))
}

fn store(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, all: Object) -> Result<(), Refusal> {
    let server = find(cloud, cx, id)?;
    check_unlocked(cx, server)?;
    let most = cloud.quota("compute", server.text("project_id"), "metadata_items");
    if most >= 0 && i64::try_from(all.len()).unwrap_or(i64::MAX) > most {
        return Err(Refusal::new(403, format!("Maximum number of metadata items exceeds {most}")));
    }
    cloud.tables.change(Kind::Server, id, |server| server.set("metadata", all));
    Ok(())
}

fn set(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, replaces: bool) -> Outcome {
    let server = find(cloud, cx, id)?;
    let given = metadata("metadata", &Value::Object(member(cx, "metadata", &[])?))?;
    let mut all =
        if replaces { Object::new() } else { server.object("metadata").cloned().unwrap_or_default() };
    all.extend(given);
    store(cloud, cx, id, all.clone())?;
    Ok(Answer::wrapped(200, "metadata", all))
}

fn set_one(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, key: &str) -> Outcome {
    let server = find(cloud, cx, id)?;
    let given = metadata("meta", &Value::Object(member(cx, "meta", &[])?))?;
    if given.len() != 1 || !given.contains_key(key) {
        return Err(Refusal::new(400, "Request body and URI mismatch"));
    }
    let mut all = server.object("metadata").cloned().unwrap_or_default();
    all.extend(given.clone());
    store(cloud, cx, id, all)?;
    Ok(Answer::wrapped(200, "meta", given))
}

fn remove(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, key: &str) -> Outcome {
    let mut all = find(cloud, cx, id)?.object("metadata").cloned().unwrap_or_default();
    all.shift_remove(key).ok_or_else(missing)?;
    store(cloud, cx, id, all)?;
    Ok(Answer::empty(204))
}
