//! Attachments through Cinder's own API (since 3.27).

use super::paging::{find as find_volume, page};
use super::{Cx, member};
use crate::cloud::document::object_of;
use crate::cloud::{Cloud, Fields, Kind, Object, time};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::{Value, json};

/// Works on `/attachments…`.
pub(super) fn serve(cloud: &mut Cloud, cx: &Cx<'_>, tail: &[&str]) -> Option<Outcome> {
    let filters = ["volume_id", "status"];
    Some(match (cx.request.method.as_str(), tail) {
        ("GET", []) => page(cloud, cx, Kind::Attachment, "attachments", "attachments", &filters, brief),
        ("GET", ["detail"]) => {
            page(cloud, cx, Kind::Attachment, "attachments", "attachments/detail", &filters, |one| {
                Value::Object(view(one))
            })
        }
        ("GET", [id]) => find(cloud, cx, id).map(|one| Answer::wrapped(200, "attachment", view(one))),
        ("POST", []) => create(cloud, cx),
        ("PUT", [id]) => update(cloud, cx, id),
        ("POST", [id, "action"]) if cx.version >= 44 => complete(cloud, cx, id),
        ("DELETE", [id]) => delete(cloud, cx, id),
        _ => return None,
    })
}

fn find<'c>(cloud: &'c Cloud, cx: &Cx<'_>, id: &str) -> Result<&'c Object, Refusal> {
    let found =
        cloud.tables.get(Kind::Attachment, id).filter(|found| cx.caller.may_see(found.text("project_id")));
    found.ok_or_else(|| {
        Refusal::new(404, format!("Volume attachment could not be found with filter: attachment_id = {id}."))
    })
}

fn brief(attachment: &Object) -> Value {
    json!({"id": attachment.text("id"), "status": attachment.text("status"), "instance": attachment.value("instance"), "volume_id": attachment.text("volume_id")})
}

fn view(attachment: &Object) -> Object {
    let mut shown = Object::new();
    for field in [
        "id",
        "status",
        "instance",
        "volume_id",
        "attached_at",
        "detached_at",
        "attach_mode",
        "connection_info",
    ] {
        shown.set(field, attachment.value(field));
    }
    shown
}

fn create(cloud: &mut Cloud, cx: &Cx<'_>) -> Outcome {
    let given = member(cx, "attachment")?;
    let volume_id = given.text("volume_uuid");
    let volume = find_volume(cloud, cx, Kind::Volume, volume_id)?;
    let (status, shared) = (volume.text("status"), volume.flag("multiattach"));
    let free = matches!(status, "available" | "downloading" | "attaching");
    let joins = shared && status == "in-use";
    if !free && !joins {
        return Err(Refusal::new(
            400,
            format!(
                "Invalid volume: Volume {volume_id} status must be available or downloading to reserve, but the current status is {status}."
            ),
        ));
    }
    let project = volume.value("project_id");
    let connected = given
        .get("connector")
        .is_some_and(|connector| connector.as_object().is_some_and(|map| !map.is_empty()));
    let id = cloud.fresh_uuid();
    let attachment = object_of(
        json!({"id": id, "volume_id": volume_id, "instance": given.value("instance_uuid"), "device": null,
        "status": if connected { "attaching" } else { "reserved" }, "attach_mode": if connected { json!("rw") } else { Value::Null },
        "attached_at": null, "detached_at": null, "connection_info": {}, "project_id": project}),
    );
    let shown = view(&attachment);
    cloud.tables.put(Kind::Attachment, attachment);
    cloud.tables.change(Kind::Volume, volume_id, |volume| {
        if volume.text("status") != "in-use" {
            volume.set("status", if connected { "attaching" } else { "reserved" });
        }
    });
    Ok(Answer::wrapped(200, "attachment", shown))
}

fn update(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let attachment = find(cloud, cx, id)?.clone();
    let given = member(cx, "attachment")?;
    let connector = given.object("connector").cloned().unwrap_or_default();
    if connector.is_empty() {
        return Err(Refusal::new(
            400,
            "Invalid input for field/attribute attachment. 'connector' is a required property",
        ));
    }
    let mountpoint = connector.value("mountpoint");
    cloud.tables.change(Kind::Attachment, id, |attachment| {
        attachment.set("status", "attaching");
        attachment.set("attach_mode", "rw");
        attachment.set("device", mountpoint);
        attachment.set("connection_info", json!({"driver_volume_type": "fake", "attachment_id": id, "volume_id": attachment.text("volume_id")}));
    });
    cloud
        .tables
        .change(Kind::Volume, attachment.text("volume_id"), |volume| volume.set("status", "attaching"));
    find(cloud, cx, id).map(|one| Answer::wrapped(200, "attachment", view(one)))
}

fn complete(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let attachment = find(cloud, cx, id)?.clone();
    if cx.request.json().is_none_or(|body| body.get("os-complete").is_none()) {
        return Err(Refusal::new(400, "There is no such action"));
    }
    if attachment.text("status") != "attaching" {
        return Err(Refusal::new(
            400,
            format!(
                "Invalid volume: Volume {} status must be attaching to complete attachment, but the current status is {}.",
                attachment.text("volume_id"),
                attachment.text("status")
            ),
        ));
    }
    let now = time::micros(cloud.now / 1000 * 1000);
    cloud.tables.change(Kind::Attachment, id, |attachment| {
        attachment.set("status", "attached");
        attachment.set("attached_at", now);
    });
    cloud.tables.change(Kind::Volume, attachment.text("volume_id"), |volume| volume.set("status", "in-use"));
    Ok(Answer::empty(204))
}

fn delete(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let attachment = find(cloud, cx, id)?.clone();
    let by_compute = attachment.flag("by_compute")
        && cloud.tables.get(Kind::Server, attachment.text("instance")).is_some();
    if by_compute {
        return Err(Refusal::new(
            409,
            format!("Detach volume from instance {} using the Compute API", attachment.text("instance")),
        ));
    }
    let volume = attachment.text("volume_id");
    cloud.tables.remove(Kind::Attachment, id);
    let left: Vec<Value> = cloud.tables.find(Kind::Attachment, "volume", volume).map(brief).collect();
    cloud.tables.change(Kind::Volume, volume, |volume| {
        volume.set("status", if left.is_empty() { "available" } else { "in-use" })
    });
    Ok(Answer::wrapped(200, "attachments", left))
}
