//! Which disks a new server shall have.

use super::schema::{allow, invalid, truth};
use crate::cloud::{Cloud, Fields, Kind, Object};
use crate::http::exchange::Refusal;
use serde_json::{Value, json};

const MEMBERS: &[&str] = &[
    "boot_index",
    "uuid",
    "source_type",
    "destination_type",
    "volume_size",
    "delete_on_termination",
    "device_name",
    "guest_format",
    "no_device",
    "device_type",
    "disk_bus",
    "tag",
    "volume_type",
    "volume_id",
    "snapshot_id",
    "image_id",
];

/// The disks, each `{"source", "id", "destination", "size", "boot_index", "delete", "device", "type", "tag"}`.
pub(super) fn read(cloud: &Cloud, project: &str, server: &Object) -> Result<Vec<Value>, Refusal> {
    let mut devices = Vec::new();
    for (place, item) in server.items("block_device_mapping_v2").iter().enumerate() {
        let path = format!("block_device_mapping_v2/{place}");
        let map = item.as_object().ok_or_else(|| invalid(&path, item, "is not of type 'object'"))?;
        allow(&path, map, MEMBERS)?;
        if map.get("no_device").is_some_and(truth) {
            continue;
        }
        devices.push(second(cloud, project, map)?);
    }
    for item in server.items("block_device_mapping") {
        let map = item.as_object().cloned().unwrap_or_default();
        if !map.get("no_device").is_some_and(truth) {
            devices.push(first(cloud, project, &map)?);
        }
    }
    let has_image = !server.text("imageRef").is_empty();
    let boots = |device: &Value| device["boot_index"] == 0;
    let boot_count = devices.iter().filter(|device| boots(device)).count();
    let image_disk = devices.iter().any(|device| boots(device) && device["source"] == "image");
    if devices.is_empty() && !has_image {
        return Err(Refusal::new(400, "Missing imageRef attribute"));
    }
    // The image itself is the boot disk, unless a disk made from it is.
    let own = usize::from(has_image && !image_disk && boot_count == 0);
    if boot_count + own != 1 {
        return Err(no_boot());
    }
    Ok(devices)
}

fn no_boot() -> Refusal {
    Refusal::new(
        400,
        "Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination is not valid.",
    )
}

fn size_of(map: &Object) -> i64 {
    match map.get("volume_size") {
        Some(Value::String(text)) => text.parse().unwrap_or(0),
        _ => map.int("volume_size"),
    }
}

/// An entry of `block_device_mapping_v2`.
fn second(cloud: &Cloud, project: &str, map: &Object) -> Result<Value, Refusal> {
    let source = map.text("source_type");
    let id = [map.text("uuid"), map.text("volume_id"), map.text("snapshot_id"), map.text("image_id")]
        .into_iter()
        .find(|id| !id.is_empty())
        .unwrap_or("");
    let destination = match map.text("destination_type") {
        "" if matches!(source, "volume" | "snapshot") => "volume",
        "" => "local",
        given => given,
    };
    let boot_index = match map.get("boot_index") {
        Some(Value::String(text)) => text.parse().map_or(Value::Null, |number: i64| json!(number)),
        Some(value) => value.clone(),
        None => Value::Null,
    };
    let size = size_of(map);
    match source {
        "volume" => check_volume(cloud, project, id)?,
        "snapshot" => {
            if cloud.tables.get(Kind::Snapshot, id).is_none() {
                return Err(Refusal::new(
                    400,
                    format!("Block Device Mapping is Invalid: failed to get snapshot {id}."),
                ));
            }
        }
        "image" => {
            if cloud.tables.get(Kind::Image, id).is_none() {
                return Err(Refusal::new(
                    400,
                    format!("Block Device Mapping is Invalid: failed to get image {id}."),
                ));
            }
            if destination == "volume" && size == 0 {
                return Err(Refusal::new(
                    400,
                    "Images with destination_type 'volume' need to have a non-zero size specified",
                ));
            }
        }
        "blank" => {
            if destination == "volume" && size == 0 {
                return Err(Refusal::new(
                    400,
                    "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size",
                ));
            }
        }
        other => {
            return Err(Refusal::new(
                400,
                format!(
                    "Invalid input for field/attribute source_type. Value: {other}. '{other}' is not one of ['volume', 'image', 'snapshot', 'blank']"
                ),
            ));
        }
    }
    Ok(json!({"source": source, "id": id, "destination": destination, "size": size, "boot_index": boot_index,
        "delete": map.get("delete_on_termination").is_some_and(truth), "device": map.value("device_name"),
        "type": map.value("volume_type"), "tag": map.value("tag")}))
}

/// An entry of the older `block_device_mapping`: a volume or a snapshot by device name.
fn first(cloud: &Cloud, project: &str, map: &Object) -> Result<Value, Refusal> {
    let (volume, snapshot, device) =
        (map.text("volume_id"), map.text("snapshot_id"), map.text("device_name"));
    let (source, id) = if volume.is_empty() { ("snapshot", snapshot) } else { ("volume", volume) };
    if source == "volume" {
        check_volume(cloud, project, id)?;
    } else if cloud.tables.get(Kind::Snapshot, id).is_none() {
        return Err(Refusal::new(
            400,
            format!("Block Device Mapping is Invalid: failed to get snapshot {id}."),
        ));
    }
    let boots = matches!(device, "vda" | "/dev/vda");
    Ok(json!({"source": source, "id": id, "destination": "volume", "size": size_of(map),
        "boot_index": if boots { json!(0) } else { Value::Null },
        "delete": map.get("delete_on_termination").is_some_and(truth), "device": device, "type": null, "tag": null}))
}

fn check_volume(cloud: &Cloud, project: &str, id: &str) -> Result<(), Refusal> {
    let volume = cloud.tables.get(Kind::Volume, id).filter(|volume| volume.text("project_id") == project);
    let volume = volume.ok_or_else(|| Refusal::new(400, format!("Volume {id} could not be found.")))?;
    let (status, shared) = (volume.text("status"), volume.flag("multiattach"));
    if status != "available" && !(shared && status == "in-use") {
        return Err(Refusal::new(
            400,
            format!("Invalid volume: volume '{id}' status must be 'available'. Currently in '{status}'"),
        ));
    }
    Ok(())
}
