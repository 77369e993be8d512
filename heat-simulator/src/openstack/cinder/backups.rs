//! Backups of volumes.

use super::paging::{find, page};
use super::{Cx, limits, member, volumes};
use crate::cloud::agenda::Step;
use crate::cloud::document::object_of;
use crate::cloud::{Cloud, Fields, Kind, Object, time};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::{Value, json};

/// Works on `/backups…`.
pub(super) fn serve(cloud: &mut Cloud, cx: &Cx<'_>, tail: &[&str]) -> Option<Outcome> {
    let filters = ["name", "status", "volume_id"];
    Some(match (cx.request.method.as_str(), tail) {
        ("GET", []) => page(cloud, cx, Kind::Backup, "backups", "backups", &filters, |one| brief(cx, one)),
        ("GET", ["detail"]) => page(cloud, cx, Kind::Backup, "backups", "backups/detail", &filters, |one| {
            Value::Object(view(cx, one))
        }),
        ("GET", [id]) => {
            find(cloud, cx, Kind::Backup, id).map(|one| Answer::wrapped(200, "backup", view(cx, one)))
        }
        ("POST", []) => create(cloud, cx),
        ("POST", [id, "restore"]) => restore(cloud, cx, id),
        ("DELETE", [id]) => delete(cloud, cx, id),
        _ => return None,
    })
}

fn brief(cx: &Cx<'_>, backup: &Object) -> Value {
    let id = backup.text("id");
    json!({"id": id, "name": backup.value("name"), "links": cx.links(&format!("backups/{id}"))})
}

fn view(cx: &Cx<'_>, backup: &Object) -> Object {
    let mut shown = Object::new();
    for field in [
        "id",
        "status",
        "size",
        "object_count",
        "availability_zone",
        "container",
        "created_at",
        "updated_at",
        "name",
        "description",
        "fail_reason",
        "volume_id",
    ] {
        shown.set(field, backup.value(field));
    }
    shown.set("links", cx.links(&format!("backups/{}", backup.text("id"))));
    for field in ["is_incremental", "has_dependent_backups", "snapshot_id", "data_timestamp"] {
        shown.set(field, backup.value(field));
    }
    if cx.caller.is_admin() {
        shown.set("os-backup-project-attr:project_id", backup.text("project_id"));
    }
    if cx.version >= 43 {
        shown.set("metadata", backup.value("metadata"));
    }
    shown
}

fn create(cloud: &mut Cloud, cx: &Cx<'_>) -> Outcome {
    let given = member(cx, "backup")?;
    let volume = find(cloud, cx, Kind::Volume, given.text("volume_id"))?.clone();
    let (volume_id, status) = (volume.text("id"), volume.text("status"));
    let force = given.get("force").is_some_and(|value| *value == true || value == "true" || value == "True");
    if status != "available" && !(force && status == "in-use") {
        return Err(Refusal::new(
            400,
            format!(
                "Invalid volume: Volume to be backed up must be available or in-use, but the current status is \"{status}\"."
            ),
        ));
    }
    let project = cx.caller.project_id.clone();
    limits::check(cloud, &project, "backups", volume.int("size"))?;
    let (id, now) = (cloud.fresh_uuid(), time::micros(cloud.now / 1000 * 1000));
    let backup = object_of(
        json!({"id": id, "status": "creating", "size": volume.int("size"), "object_count": 0,
        "availability_zone": null, "container": given.value("container"), "created_at": now, "updated_at": null,
        "name": given.value("name"), "description": given.value("description"), "fail_reason": null, "volume_id": volume_id,
        "is_incremental": given.flag("incremental"), "has_dependent_backups": false, "snapshot_id": given.value("snapshot_id"),
        "data_timestamp": now, "project_id": project, "metadata": given.get("metadata").cloned().unwrap_or_else(|| json!({}))}),
    );
    let shown = brief(cx, &backup);
    cloud.tables.put(Kind::Backup, backup);
    let after = cloud.settings.durations.volume;
    cloud.tables.change(Kind::Volume, volume_id, |volume| volume.set("status", "backing-up"));
    cloud.later_become(after, Kind::Volume, volume_id, ("status", "backing-up"), json!({"status": status}));
    cloud.later_become(after, Kind::Backup, &id, ("status", "creating"), json!({"status": "available", "container": "volumebackups", "availability_zone": "nova", "object_count": 1}));
    Ok(Answer::wrapped(202, "backup", shown))
}

fn restore(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let backup = find(cloud, cx, Kind::Backup, id)?.clone();
    let given = member(cx, "restore")?;
    if backup.text("status") != "available" {
        return Err(Refusal::new(400, "Invalid backup: Backup status must be available"));
    }
    let volume_id = match given.text("volume_id") {
        "" => {
            let name = match given.text("name") {
                "" => format!("restore_backup_{id}"),
                name => name.to_owned(),
            };
            volumes::make(cloud, cx.caller, &object_of(json!({"size": backup.int("size"), "name": name})))?
        }
        own => {
            let volume = find(cloud, cx, Kind::Volume, own)?;
            if volume.text("status") != "available" {
                return Err(Refusal::new(400, "Invalid volume: Volume to be restored to must be available"));
            }
            if volume.int("size") < backup.int("size") {
                return Err(Refusal::new(
                    400,
                    format!(
                        "Invalid volume: volume size {} is too small to restore backup of size {}.",
                        volume.int("size"),
                        backup.int("size")
                    ),
                ));
            }
            own.to_owned()
        }
    };
    let after = cloud.settings.durations.volume;
    cloud.tables.change(Kind::Backup, id, |backup| backup.set("status", "restoring"));
    cloud.tables.change(Kind::Volume, &volume_id, |volume| volume.set("status", "restoring-backup"));
    cloud.later_become(after, Kind::Backup, id, ("status", "restoring"), json!({"status": "available"}));
    cloud.later_become(
        after,
        Kind::Volume,
        &volume_id,
        ("status", "restoring-backup"),
        json!({"status": "available"}),
    );
    let name = cloud.tables.get(Kind::Volume, &volume_id).map_or(Value::Null, |volume| volume.value("name"));
    Ok(Answer::wrapped(202, "restore", json!({"backup_id": id, "volume_id": volume_id, "volume_name": name})))
}

fn delete(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let backup = find(cloud, cx, Kind::Backup, id)?;
    if !matches!(backup.text("status"), "available" | "error") {
        return Err(Refusal::new(400, "Invalid backup: Backup status must be available or error"));
    }
    cloud.tables.change(Kind::Backup, id, |backup| backup.set("status", "deleting"));
    let after = cloud.settings.durations.volume_delete;
    cloud.later(after, &Step::Vanish { kind: Kind::Backup.name().to_owned(), id: id.to_owned() });
    Ok(Answer::empty(202))
}
