//! Volumes attached to servers.

use super::Cx;
use super::building::next_device;
use super::schema::{allow, device, member, need, truth};
use super::transitions::{check_state, check_unlocked, find};
use crate::cloud::agenda::Step;
use crate::cloud::document::object_of;
use crate::cloud::{Cloud, Fields, Kind, Object, time};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::{Value, json};

/// Works on `/servers/{id}/os-volume_attachments…`.
pub(super) fn serve(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, tail: &[&str]) -> Option<Outcome> {
    Some(match (cx.request.method.as_str(), tail) {
        ("GET", []) => list(cloud, cx, id),
        ("GET", [volume]) => show(cloud, cx, id, volume),
        ("POST", []) => attach(cloud, cx, id),
        ("PUT", [volume]) => update(cloud, cx, id, volume),
        ("DELETE", [volume]) => detach(cloud, cx, id, volume),
        _ => return None,
    })
}

fn view(cx: &Cx<'_>, attachment: &Object) -> Value {
    let volume = attachment.text("volume_id");
    let mut shown = object_of(
        json!({"id": volume, "serverId": attachment.text("instance"), "volumeId": volume, "device": attachment.value("device")}),
    );
    if cx.version >= 70 {
        shown.set("tag", attachment.value("tag"));
    }
    if cx.version >= 79 {
        shown.set("delete_on_termination", attachment.flag("delete_on_termination"));
    }
    if cx.version >= 89 {
        shown.shift_remove("id");
        shown.set("attachment_id", attachment.text("id"));
        shown.set("bdm_uuid", attachment.text("_bdm"));
    }
    Value::Object(shown)
}

fn of_server<'c>(cloud: &'c Cloud, id: &str) -> impl Iterator<Item = &'c Object> {
    cloud.tables.find(Kind::Attachment, "server", id).filter(|attachment| attachment.flag("by_compute"))
}

fn attachment_of<'c>(cloud: &'c Cloud, id: &str, volume: &str) -> Option<&'c Object> {
    of_server(cloud, id).find(|attachment| attachment.text("volume_id") == volume)
}

fn list(cloud: &Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    find(cloud, cx, id)?;
    Ok(Answer::wrapped(
        200,
        "volumeAttachments",
        of_server(cloud, id).map(|one| view(cx, one)).collect::<Vec<_>>(),
    ))
}

fn not_attached(id: &str, volume: &str) -> Refusal {
    Refusal::new(404, format!("Instance {id} is not attached to volume {volume}"))
}

fn show(cloud: &Cloud, cx: &Cx<'_>, id: &str, volume: &str) -> Outcome {
    find(cloud, cx, id)?;
    let found = attachment_of(cloud, id, volume);
    let found = found.ok_or_else(|| not_attached(id, volume))?;
    Ok(Answer::wrapped(200, "volumeAttachment", view(cx, found)))
}

fn attach(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let server = find(cloud, cx, id)?.clone();
    let given = member(cx, "volumeAttachment", &[])?;
    need("volumeAttachment", &given, &["volumeId"])?;
    let mut allowed = vec!["volumeId", "device"];
    if cx.version >= 49 {
        allowed.push("tag");
    }
    if cx.version >= 79 {
        allowed.push("delete_on_termination");
    }
    allow("volumeAttachment", &given, &allowed)?;
    device("device", &given.value("device"))?;
    let volume_id = given.text("volumeId");
    let volume = cloud
        .tables
        .get(Kind::Volume, volume_id)
        .filter(|volume| cx.caller.may_see(volume.text("project_id")));
    let volume = volume
        .cloned()
        .ok_or_else(|| Refusal::new(404, format!("Volume {volume_id} could not be found.")))?;
    check_unlocked(cx, &server)?;
    check_state(&server, "attach_volume", &["active", "paused", "stopped", "resized", "suspended"])?;
    if attachment_of(cloud, id, volume_id).is_some() {
        return Err(Refusal::new(
            400,
            format!("Invalid volume: volume {volume_id} is already attached to instances: {id}"),
        ));
    }
    let (status, shared) = (volume.text("status"), volume.flag("multiattach"));
    if shared && cx.version < 60 {
        return Err(Refusal::new(
            400,
            "Multiattach volumes are only supported starting with compute API version 2.60.",
        ));
    }
    if status != "available" && !(shared && status == "in-use") {
        return Err(Refusal::new(
            400,
            format!(
                "Invalid input received: Invalid volume: Volume {volume_id} status must be available or downloading to reserve, but the current status is {status}. (HTTP 400) (Request-ID: {})",
                super::server_view::request_id(cloud, volume_id)
            ),
        ));
    }
    let used: Vec<String> = of_server(cloud, id).map(|one| one.text("device").to_owned()).collect();
    let device = match given.text("device") {
        "" => {
            let mut used = used;
            if !server.text("image_id").is_empty() {
                used.push("/dev/vda".to_owned());
            }
            next_device(&used)
        }
        asked => {
            if used.iter().any(|other| other == asked) {
                return Err(Refusal::new(400, format!("The supplied device path ({asked}) is in use.")));
            }
            asked.to_owned()
        }
    };
    let with_server = given.get("delete_on_termination").is_some_and(truth);
    let attachment = reserve(cloud, id, volume_id, &device, with_server, &given.value("tag"));
    cloud.tables.change(Kind::Volume, volume_id, |volume| {
        if volume.text("status") == "available" {
            volume.set("status", "attaching");
        }
    });
    let after = cloud.settings.durations.attach;
    cloud.later(after, &Step::VolumeAttached { attachment: attachment.clone() });
    let made = cloud.tables.get(Kind::Attachment, &attachment).cloned().unwrap_or_default();
    Ok(Answer::wrapped(200, "volumeAttachment", view(cx, &made)))
}

/// Writes an attachment down; the volume is not attached yet.
pub(super) fn reserve(
    cloud: &mut Cloud,
    server: &str,
    volume: &str,
    device: &str,
    with_server: bool,
    tag: &Value,
) -> String {
    let (id, bdm) = (cloud.fresh_uuid(), cloud.fresh_uuid());
    let project =
        cloud.tables.get(Kind::Volume, volume).map_or(Value::Null, |volume| volume.value("project_id"));
    cloud.tables.put(Kind::Attachment, object_of(json!({"id": id, "volume_id": volume, "instance": server, "device": device,
        "status": "attaching", "attach_mode": "rw", "attached_at": null, "detached_at": null, "connection_info": {},
        "delete_on_termination": with_server, "tag": tag, "by_compute": true, "project_id": project, "_bdm": bdm})));
    id
}

/// The volume is attached.
pub(crate) fn volume_attached(cloud: &mut Cloud, attachment: &str) {
    let Some(found) = cloud.tables.get(Kind::Attachment, attachment).cloned() else { return };
    if found.text("status") != "attaching" {
        return;
    }
    let now = time::micros(cloud.now);
    cloud.tables.change(Kind::Attachment, attachment, |attachment| {
        attachment.set("status", "attached");
        attachment.set("attached_at", now.clone());
    });
    cloud.tables.change(Kind::Volume, found.text("volume_id"), |volume| {
        volume.set("status", "in-use");
        volume.set("updated_at", now);
    });
}

fn update(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, volume: &str) -> Outcome {
    find(cloud, cx, id)?;
    let given = member(cx, "volumeAttachment", &[])?;
    let found = attachment_of(cloud, id, volume).cloned().ok_or_else(|| not_attached(id, volume))?;
    if given.text("volumeId") != volume {
        // Swapping volumes is the administrator's, done by Cinder's migration.
        cx.administrators_only("os_compute_api:os-volumes-attachments:swap")?;
        return Err(Refusal::new(501, "The simulated cloud does not swap volumes."));
    }
    if cx.version < 85 {
        return Err(Refusal::new(
            400,
            "Additional properties are not allowed ('delete_on_termination' was unexpected)",
        ));
    }
    if let Some(value) = given.get("delete_on_termination") {
        cloud.tables.change(Kind::Attachment, found.text("id"), |attachment| {
            attachment.set("delete_on_termination", truth(value))
        });
    }
    Ok(Answer::empty(202))
}

fn detach(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, volume: &str) -> Outcome {
    let server = find(cloud, cx, id)?;
    check_unlocked(cx, server)?;
    let Some(found) = attachment_of(cloud, id, volume).cloned() else {
        if cloud.tables.get(Kind::Volume, volume).is_none() {
            return Err(Refusal::new(404, format!("Volume {volume} could not be found.")));
        }
        return Err(not_attached(id, volume));
    };
    check_state(server, "detach_volume", &["active", "paused", "stopped", "resized", "suspended"])?;
    let root = server.text("image_id").is_empty() && server.text("root_device_name") == found.text("device");
    if root {
        return Err(Refusal::new(403, "Cannot detach a root device volume"));
    }
    if found.text("status") != "attached" {
        let status = cloud.tables.get(Kind::Volume, volume).map_or("", |volume| volume.text("status"));
        return Err(Refusal::new(
            400,
            format!(
                "Invalid volume: Invalid input received: Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach. Currently: status: '{status}', attach_status: 'attached.'"
            ),
        ));
    }
    cloud
        .tables
        .change(Kind::Attachment, found.text("id"), |attachment| attachment.set("status", "detaching"));
    cloud.tables.change(Kind::Volume, volume, |volume| volume.set("status", "detaching"));
    let after = cloud.settings.durations.attach;
    cloud.later(after, &Step::VolumeDetached { attachment: found.text("id").to_owned() });
    Ok(Answer::empty(202))
}

/// The volume is detached: free again, unless another server has it too.
pub(crate) fn volume_detached(cloud: &mut Cloud, attachment: &str) {
    let Some(found) = cloud.tables.remove(Kind::Attachment, attachment) else { return };
    let volume = found.text("volume_id");
    let left = cloud.tables.count_by(Kind::Attachment, "volume", volume) > 0;
    let now = time::micros(cloud.now);
    cloud.tables.change(Kind::Volume, volume, |volume| {
        volume.set("status", if left { "in-use" } else { "available" });
        volume.set("updated_at", now);
    });
}
