//! Volumes.

use super::paging::{find, page};
use super::volume_view::{brief, view};
use super::{Cx, limits, member, volume_types};
use crate::cloud::agenda::Step;
use crate::cloud::document::{object_of, python_repr, python_str};
use crate::cloud::{Caller, Cloud, Fields, Kind, Object, time};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::{Value, json};

const FILTERS: &[&str] =
    &["name", "status", "availability_zone", "bootable", "multiattach", "snapshot_id", "volume_type", "size"];

/// GET /volumes and /volumes/detail.
pub(super) fn list(cloud: &Cloud, cx: &Cx<'_>, detail: bool) -> Outcome {
    let path = if detail { "volumes/detail" } else { "volumes" };
    page(cloud, cx, Kind::Volume, "volumes", path, FILTERS, |volume| {
        if detail { Value::Object(view(cloud, cx, volume, true)) } else { brief(cx, volume) }
    })
}

/// GET /volumes/{id}.
pub(super) fn show(cloud: &Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    Ok(Answer::wrapped(200, "volume", view(cloud, cx, find(cloud, cx, Kind::Volume, id)?, true)))
}

/// POST /volumes.
pub(super) fn create(cloud: &mut Cloud, cx: &Cx<'_>) -> Outcome {
    let given = member(cx, "volume")?;
    check_metadata(given.get("metadata"))?;
    let id = make(cloud, cx.caller, &given)?;
    let volume = cloud.tables.get(Kind::Volume, &id).cloned().unwrap_or_default();
    let mut shown = view(cloud, cx, &volume, false);
    shown.set("created_at", time::micros(cloud.now));
    Ok(Answer::wrapped(202, "volume", shown))
}

/// Metadata: texts of at most 255 characters.
pub(super) fn check_metadata(given: Option<&Value>) -> Result<(), Refusal> {
    let Some(value) = given.filter(|value| !value.is_null()) else { return Ok(()) };
    let Some(map) = value.as_object() else {
        return Err(Refusal::new(
            400,
            format!(
                "Invalid input for field/attribute metadata. Value: {}. {} is not of type 'object'",
                python_str(value),
                python_repr(value)
            ),
        ));
    };
    match map.iter().find(|(_, value)| value.as_str().is_none_or(|text| text.chars().count() > 255)) {
        None => Ok(()),
        Some((key, value)) => Err(Refusal::new(
            400,
            format!(
                "Invalid input for field/attribute {key}. Value: {}. {} is not of type 'string'",
                python_str(value),
                python_repr(value)
            ),
        )),
    }
}

/// The size that was asked for, if any.
fn size(given: &Object) -> Result<Option<i64>, Refusal> {
    let value = given.value("size");
    let refused = |reason: &str| {
        Err(Refusal::new(
            400,
            format!("Invalid input for field/attribute size. Value: {}. {reason}", python_str(&value)),
        ))
    };
    match &value {
        Value::Null => Ok(None),
        Value::Number(number) => match number.as_i64() {
            Some(size) if size >= 1 => Ok(Some(size)),
            Some(size) => refused(&format!("{size} is less than the minimum of 1")),
            None => refused(&format!("{number} is not of type 'integer', 'string', 'null'")),
        },
        Value::String(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            match text.parse::<i64>() {
                Ok(size) if size >= 1 => Ok(Some(size)),
                _ => Err(Refusal::new(
                    400,
                    format!(
                        "Invalid input received: Volume size '{text}' must be an integer and greater than 0"
                    ),
                )),
            }
        }
        Value::String(text) => refused(&format!("'{text}' does not match '^[0-9]+$'")),
        other => refused(&format!("{} is not of type 'integer', 'string', 'null'", python_repr(other))),
    }
}

/// Makes a volume as POST /volumes does; gives its id.
pub(crate) fn make(cloud: &mut Cloud, caller: &Caller, given: &Object) -> Result<String, Refusal> {
    let project = caller.project_id.as_str();
    let asked = size(given)?;
    let own = |cloud: &Cloud, kind: Kind, id: &str| {
        cloud.tables.get(kind, id).filter(|object| caller.may_see(object.text("project_id"))).cloned()
    };
    let mut kind = volume_types::named(cloud, given.text("volume_type"))?;
    let (snapshot_id, source_id, image_id) =
        (given.text("snapshot_id"), given.text("source_volid"), given.text("imageRef"));
    let too_small = |asked: i64, what: &str, size: i64| {
        Refusal::new(
            400,
            format!(
                "Invalid input received: Volume size '{asked}'GB cannot be smaller than the {what} size {size}GB. They must be >= original {what} size."
            ),
        )
    };
    let mut bootable = false;
    let mut image_metadata = Value::Null;
    let mut least = None;
    if !snapshot_id.is_empty() {
        let snapshot = own(cloud, Kind::Snapshot, snapshot_id)
            .ok_or_else(|| Refusal::new(404, format!("Snapshot {snapshot_id} could not be found.")))?;
        if snapshot.text("status") != "available" {
            return Err(Refusal::new(
                400,
                "Invalid snapshot: Originating snapshot status must be one of 'available' values",
            ));
        }
        if asked.is_some_and(|asked| asked < snapshot.int("size")) {
            return Err(too_small(asked.unwrap_or(0), "snapshot", snapshot.int("size")));
        }
        least = Some(snapshot.int("size"));
        if let Some(origin) = cloud.tables.get(Kind::Volume, snapshot.text("volume_id")) {
            bootable = origin.flag("_bootable");
            image_metadata = origin.value("volume_image_metadata");
            if given.text("volume_type").is_empty() {
                kind = cloud.tables.get(Kind::VolumeType, origin.text("_type_id")).cloned().or(kind);
            }
        }
    }
    if !source_id.is_empty() {
        let source = own(cloud, Kind::Volume, source_id)
            .ok_or_else(|| Refusal::new(404, format!("Volume {source_id} could not be found.")))?;
        if !matches!(source.text("status"), "available" | "in-use") {
            return Err(Refusal::new(
                400,
                "Invalid volume: Originating volume status must be one of 'available', 'in-use' values",
            ));
        }
        if asked.is_some_and(|asked| asked < source.int("size")) {
            return Err(Refusal::new(
                400,
                format!(
                    "Invalid input received: Volume size '{}'GB cannot be smaller than original volume size {}GB. They must be >= original volume size.",
                    asked.unwrap_or(0),
                    source.int("size")
                ),
            ));
        }
        least = Some(source.int("size"));
        bootable = source.flag("_bootable");
        image_metadata = source.value("volume_image_metadata");
    }
    if !image_id.is_empty() {
        let image = cloud
            .tables
            .get(Kind::Image, image_id)
            .filter(|image| image.text("visibility") != "private" || caller.may_see(image.text("owner")))
            .cloned();
        let image = image.ok_or_else(|| {
            Refusal::new(400, "Invalid image identifier or unable to access requested image.")
        })?;
        if image.text("status") != "active" {
            return Err(Refusal::new(
                400,
                format!("Invalid input received: Image {image_id} is not active."),
            ));
        }
        let bytes = image.int("size");
        if let Some(asked) = asked {
            if bytes > asked << 30 {
                return Err(Refusal::new(
                    400,
                    format!(
                        "Invalid input received: Size of specified image {}GB is larger than volume size {asked}GB.",
                        (bytes + (1 << 30) - 1) >> 30
                    ),
                ));
            }
            if image.int("min_disk") > asked {
                return Err(Refusal::new(
                    400,
                    format!(
                        "Invalid input received: Volume size {asked}GB cannot be smaller than the image minDisk size {}GB.",
                        image.int("min_disk")
                    ),
                ));
            }
        }
        bootable = true;
        image_metadata = json!({"image_id": image_id, "image_name": image.text("name"), "checksum": image.value("checksum"),
            "container_format": image.value("container_format"), "disk_format": image.value("disk_format"),
            "min_disk": image.int("min_disk").to_string(), "min_ram": image.int("min_ram").to_string(), "size": bytes.to_string()});
    }
    let Some(size) = asked.or(least) else {
        return Err(Refusal::new(
            400,
            if image_id.is_empty() {
                "The server could not comply with the request since it is either malformed or otherwise incorrect."
            } else {
                "Invalid input received: Volume size 'None' must be an integer and greater than 0"
            },
        ));
    };
    let zone = given.text("availability_zone");
    if !zone.is_empty() && zone != "nova" {
        return Err(Refusal::new(400, format!("Availability zone '{zone}' is invalid.")));
    }
    limits::check(cloud, project, "volumes", size)?;
    let id = cloud.fresh_uuid();
    let text = |name: &str, older: &str| {
        let value = given.value(name);
        if value.is_null() { given.value(older) } else { value }
    };
    let multiattach =
        given.get("multiattach").is_some_and(|value| *value == true || value == "true" || value == "True")
            || kind
                .as_ref()
                .and_then(|kind| kind.object("extra_specs"))
                .is_some_and(|specs| specs.text("multiattach") == "<is> True");
    let mut volume = object_of(json!({
        "id": id, "status": "creating", "size": size, "availability_zone": "nova", "created_at": time::micros(cloud.now / 1000 * 1000),
        "updated_at": null, "name": text("name", "display_name"), "description": text("description", "display_description"),
        "volume_type": kind.as_ref().map(|kind| kind.value("name")), "_type_id": kind.as_ref().map(|kind| kind.value("id")),
        "snapshot_id": if snapshot_id.is_empty() { Value::Null } else { json!(snapshot_id) },
        "source_volid": if source_id.is_empty() { Value::Null } else { json!(source_id) },
        "metadata": given.get("metadata").filter(|meta| meta.is_object()).cloned().unwrap_or_else(|| json!({})),
        "user_id": caller.user_id, "project_id": project, "multiattach": multiattach, "_bootable": false,
    }));
    let mut done = json!({"status": "available", "_bootable": bootable});
    if !image_metadata.is_null() {
        done["volume_image_metadata"] = image_metadata;
    }
    volume.set("_image_id", image_id);
    cloud.tables.put(Kind::Volume, volume);
    let after = cloud.settings.durations.volume;
    done["updated_at"] = json!(time::micros(cloud.now / 1000 * 1000));
    cloud.later_become(after, Kind::Volume, &id, ("status", "creating"), done);
    Ok(id)
}

/// PUT /volumes/{id}.
pub(super) fn update(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    find(cloud, cx, Kind::Volume, id)?;
    let given = member(cx, "volume")?;
    if given.is_empty() {
        return Err(Refusal::new(400, "Must specify 'name', 'description' or 'metadata' in request body."));
    }
    check_metadata(given.get("metadata"))?;
    let now = time::micros(cloud.now / 1000 * 1000);
    cloud.tables.change(Kind::Volume, id, |volume| {
        for (from, to) in [
            ("name", "name"),
            ("display_name", "name"),
            ("description", "description"),
            ("display_description", "description"),
            ("metadata", "metadata"),
        ] {
            if let Some(value) = given.get(from) {
                volume.set(to, value.clone());
            }
        }
        volume.set("updated_at", now);
    });
    let volume = find(cloud, cx, Kind::Volume, id)?;
    Ok(Answer::wrapped(200, "volume", view(cloud, cx, volume, false)))
}

/// DELETE /volumes/{id}: refused while it is used, else done by and by.
pub(super) fn delete(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let volume = find(cloud, cx, Kind::Volume, id)?;
    let cascade = cx
        .request
        .query
        .iter()
        .any(|(name, value)| name == "cascade" && !matches!(value.as_str(), "False" | "false" | "0"));
    let deletable = matches!(
        volume.text("status"),
        "available" | "error" | "error_restoring" | "error_extending" | "error_managing"
    );
    let snapshots = cloud.tables.ids(Kind::Snapshot, "volume", id);
    if !deletable
        || (!snapshots.is_empty() && !cascade)
        || cloud.tables.count_by(Kind::Attachment, "volume", id) > 0
    {
        return Err(Refusal::new(
            400,
            "Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer.",
        ));
    }
    for snapshot in snapshots {
        cloud.tables.change(Kind::Snapshot, &snapshot, |snapshot| snapshot.set("status", "deleting"));
        let after = cloud.settings.durations.volume_delete;
        cloud.later(after, &Step::Vanish { kind: Kind::Snapshot.name().to_owned(), id: snapshot });
    }
    begin_delete(cloud, id);
    Ok(Answer::empty(202))
}

/// Begins a volume's deletion.
pub(crate) fn begin_delete(cloud: &mut Cloud, id: &str) {
    if cloud.tables.change(Kind::Volume, id, |volume| volume.set("status", "deleting")) {
        let after = cloud.settings.durations.volume_delete;
        cloud.later(after, &Step::Vanish { kind: Kind::Volume.name().to_owned(), id: id.to_owned() });
    }
}
