//! What the API shows of a volume, by microversion.

use super::Cx;
use crate::cloud::document::object_of;
use crate::cloud::{Cloud, Fields, Kind, Object, hashes};
use serde_json::{Value, json};

/// The id, name and links.
pub(super) fn brief(cx: &Cx<'_>, volume: &Object) -> Value {
    let id = volume.text("id");
    json!({"id": id, "name": volume.value("name"), "links": cx.links(&format!("volumes/{id}"))})
}

/// A volume; `whole` adds what GET shows beside what creation and update show.
pub(super) fn view(cloud: &Cloud, cx: &Cx<'_>, volume: &Object, whole: bool) -> Object {
    let id = volume.text("id");
    let mut shown = object_of(json!({"id": id}));
    for field in [
        "status",
        "size",
        "availability_zone",
        "created_at",
        "updated_at",
        "name",
        "description",
        "volume_type",
        "snapshot_id",
        "source_volid",
        "metadata",
    ] {
        shown.set(field, volume.value(field));
    }
    shown.set("links", cx.links(&format!("volumes/{id}")));
    shown.set("user_id", volume.value("user_id"));
    shown.set("bootable", if volume.flag("_bootable") { "true" } else { "false" });
    shown.set("encrypted", false);
    shown.set("replication_status", Value::Null);
    shown.set("consistencygroup_id", Value::Null);
    shown.set("multiattach", volume.flag("multiattach"));
    let attachments = cloud
        .tables
        .find(Kind::Attachment, "volume", id)
        .filter(|one| one.text("status") == "attached" || one.text("status") == "detaching");
    let attachments: Vec<Value> = attachments
        .map(|one| {
            let host = if cx.caller.is_admin() { json!("compute-1") } else { Value::Null };
            json!({"id": id, "attachment_id": one.text("id"), "volume_id": id, "server_id": one.text("instance"),
                "host_name": host, "device": one.value("device"), "attached_at": one.value("attached_at")})
        })
        .collect();
    shown.set("attachments", attachments);
    if cx.caller.is_admin() {
        shown.set("migration_status", Value::Null);
    }
    for (since, field, value) in [
        (13, "group_id", Value::Null),
        (21, "provider_id", Value::Null),
        (48, "shared_targets", json!(false)),
        (48, "service_uuid", json!(hashes::uuid(cloud.settings.seed, 0).to_string())),
        (61, "cluster_name", Value::Null),
        (63, "volume_type_id", volume.value("_type_id")),
        (65, "consumes_quota", json!(true)),
    ] {
        let admin_only = matches!(field, "provider_id" | "cluster_name");
        if cx.version >= since && (!admin_only || cx.caller.is_admin()) {
            shown.set(field, value);
        }
    }
    if !whole {
        return shown;
    }
    shown.set("os-vol-tenant-attr:tenant_id", volume.text("project_id"));
    if cx.caller.is_admin() {
        shown.set("os-vol-host-attr:host", "block-1@lvmdriver-1#lvmdriver-1");
        shown.set("os-vol-mig-status-attr:migstat", Value::Null);
        shown.set("os-vol-mig-status-attr:name_id", Value::Null);
    }
    if let Some(image) = volume.object("volume_image_metadata") {
        shown.set("volume_image_metadata", image.clone());
    }
    shown
}
