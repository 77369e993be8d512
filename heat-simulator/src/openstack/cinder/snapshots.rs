//! Snapshots of volumes.

use super::paging::{find, page};
use super::{Cx, limits, member};
use crate::cloud::agenda::Step;
use crate::cloud::document::object_of;
use crate::cloud::{Cloud, Fields, Kind, Object, time};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::{Value, json};

/// Works on `/snapshots…`.
pub(super) fn serve(cloud: &mut Cloud, cx: &Cx<'_>, tail: &[&str]) -> Option<Outcome> {
    let filters = ["name", "status", "volume_id"];
    Some(match (cx.request.method.as_str(), tail) {
        ("GET", []) => page(cloud, cx, Kind::Snapshot, "snapshots", "snapshots", &filters, |one| {
            Value::Object(view(cx, one, false))
        }),
        ("GET", ["detail"]) => {
            page(cloud, cx, Kind::Snapshot, "snapshots", "snapshots/detail", &filters, |one| {
                Value::Object(view(cx, one, true))
            })
        }
        ("GET", [id]) => find(cloud, cx, Kind::Snapshot, id)
            .map(|one| Answer::wrapped(200, "snapshot", view(cx, one, true))),
        ("POST", []) => create(cloud, cx),
        ("PUT", [id]) => update(cloud, cx, id),
        ("DELETE", [id]) => delete(cloud, cx, id),
        ("POST", [id, "action"]) => act(cloud, cx, id),
        _ => return None,
    })
}

fn view(cx: &Cx<'_>, snapshot: &Object, whole: bool) -> Object {
    let mut shown = Object::new();
    for field in
        ["id", "created_at", "updated_at", "name", "description", "volume_id", "status", "size", "metadata"]
    {
        shown.set(field, snapshot.value(field));
    }
    if cx.version >= 14 {
        shown.set("group_snapshot_id", Value::Null);
    }
    if cx.version >= 41 {
        shown.set("user_id", snapshot.value("user_id"));
    }
    if cx.version >= 65 {
        shown.set("consumes_quota", true);
    }
    if whole {
        shown.set("os-extended-snapshot-attributes:project_id", snapshot.text("project_id"));
        let progress = if snapshot.text("status") == "available" { "100%" } else { "0%" };
        shown.set("os-extended-snapshot-attributes:progress", progress);
    }
    shown
}

fn create(cloud: &mut Cloud, cx: &Cx<'_>) -> Outcome {
    let given = member(cx, "snapshot")?;
    let volume_id = given.text("volume_id");
    if volume_id.is_empty() {
        return Err(Refusal::new(
            400,
            "Invalid input for field/attribute snapshot. 'volume_id' is a required property",
        ));
    }
    super::volumes::check_metadata(given.get("metadata"))?;
    let volume = find(cloud, cx, Kind::Volume, volume_id)?.clone();
    let status = volume.text("status");
    let force = given.get("force").is_some_and(|value| *value == true || value == "true" || value == "True")
        || cx.version >= 66;
    if status != "available" && !(force && status == "in-use") {
        return Err(Refusal::new(
            400,
            format!(
                "Invalid volume: Volume {volume_id} status must be available, but current status is: {status}."
            ),
        ));
    }
    let project = cx.caller.project_id.clone();
    limits::check(cloud, &project, "snapshots", volume.int("size"))?;
    let id = cloud.fresh_uuid();
    let text = |name: &str, older: &str| {
        let value = given.value(name);
        if value.is_null() { given.value(older) } else { value }
    };
    let snapshot = object_of(
        json!({"id": id, "name": text("name", "display_name"), "description": text("description", "display_description"),
        "volume_id": volume_id, "status": "creating", "size": volume.int("size"), "volume_size": volume.int("size"),
        "created_at": time::micros(cloud.now / 1000 * 1000), "updated_at": null, "project_id": project, "user_id": cx.caller.user_id,
        "metadata": given.get("metadata").filter(|meta| meta.is_object()).cloned().unwrap_or_else(|| json!({}))}),
    );
    let shown = view(cx, &snapshot, false);
    cloud.tables.put(Kind::Snapshot, snapshot);
    let done = json!({"status": "available", "updated_at": time::micros(cloud.now / 1000 * 1000)});
    let after = cloud.settings.durations.volume;
    cloud.later_become(after, Kind::Snapshot, &id, ("status", "creating"), done);
    Ok(Answer::wrapped(202, "snapshot", shown))
}

fn update(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    find(cloud, cx, Kind::Snapshot, id)?;
    let given = member(cx, "snapshot")?;
    cloud.tables.change(Kind::Snapshot, id, |snapshot| {
        for name in ["name", "description"] {
            if let Some(value) = given.get(name) {
                snapshot.set(name, value.clone());
            }
        }
    });
    find(cloud, cx, Kind::Snapshot, id).map(|one| Answer::wrapped(200, "snapshot", view(cx, one, false)))
}

fn delete(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let snapshot = find(cloud, cx, Kind::Snapshot, id)?;
    if !matches!(snapshot.text("status"), "available" | "error") {
        return Err(Refusal::new(
            400,
            "Invalid snapshot: Snapshot status must be available or error to delete.",
        ));
    }
    begin_delete(cloud, id);
    Ok(Answer::empty(202))
}

fn begin_delete(cloud: &mut Cloud, id: &str) {
    cloud.tables.change(Kind::Snapshot, id, |snapshot| snapshot.set("status", "deleting"));
    let after = cloud.settings.durations.volume_delete;
    cloud.later(after, &Step::Vanish { kind: Kind::Snapshot.name().to_owned(), id: id.to_owned() });
}

fn act(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    find(cloud, cx, Kind::Snapshot, id)?;
    cx.administrators_only("volume_extension:snapshot_admin_actions:reset_status")?;
    let body = cx.request.json().unwrap_or_default();
    if body.get("os-force_delete").is_some() {
        begin_delete(cloud, id);
    } else if let Some(status) = body.pointer("/os-reset_status/status").and_then(Value::as_str) {
        cloud.tables.change(Kind::Snapshot, id, |snapshot| snapshot.set("status", status));
    } else {
        return Err(Refusal::new(400, "There is no such action"));
    }
    Ok(Answer::empty(202))
}
