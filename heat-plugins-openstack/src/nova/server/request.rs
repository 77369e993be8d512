//! The request that makes a server.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use heat_plugin_sdk::{Failure, Result};
use serde_json::{Map, Value, json};

use super::properties::{BlockDevice, BlockDeviceV2, ServerProperties};
use crate::client::Request;
use crate::nova::version;

/// Nova's words for a server: the newest in which an answer still names the flavor by its id.
pub(super) const NEWEST: u32 = 46;
/// Since here a server without networks must say so; before, Nova takes the project's only one.
const NETWORKS_REQUIRED: u32 = 37;
/// Since here network cards have tags.
const CARD_TAGS: u32 = 42;
/// Since here a block device may name the type of its volume.
const VOLUME_TYPES: u32 = 67;
/// The newest that the requests here are written for.
pub(super) const LATEST: u32 = 90;

/// Nova takes texts only.
pub(super) fn metadata(metadata: &Map<String, Value>) -> Value {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    metadata.iter().map(|(key, value)| (key.clone(), Value::from(text(value)))).collect()
}

/// The files that are put into the server.
pub(super) fn personality(files: &Map<String, Value>) -> Vec<Value> {
    let file = |(path, contents): (&String, &Value)| {
        let contents = contents.as_str().unwrap_or_default();
        json!({"path": path, "contents": STANDARD.encode(contents)})
    };
    files.iter().map(file).collect()
}

/// The whole request. `networks` are the cards in Nova's words, `None` if Nova shall choose.
pub(super) fn create(
    p: &ServerProperties,
    name: &str,
    user_data: Option<&str>,
    networks: Option<Value>,
) -> Result<Request> {
    let (mut least, mut most) = (1, NEWEST);
    match &networks {
        None => most = NETWORKS_REQUIRED - 1,
        Some(Value::String(_)) => least = NETWORKS_REQUIRED,
        Some(Value::Array(cards)) if cards.iter().any(|card| card.get("tag").is_some()) => least = CARD_TAGS,
        Some(_) => {}
    }
    let devices = p.block_device_mapping_v2.iter().flatten();
    if devices.into_iter().any(|device| device.volume_type.is_some()) {
        if networks.is_none() || !p.personality.is_empty() {
            let message =
                "volume_type in block_device_mapping_v2 needs networks, and cannot stand beside personality";
            return Err(Failure::invalid("block_device_mapping_v2".to_owned(), message));
        }
        (least, most) = (VOLUME_TYPES, LATEST);
    }
    let mut server = Map::new();
    let mut set = |key: &str, value: Value| {
        if !value.is_null() {
            server.insert(key.to_owned(), value);
        }
    };
    set("name", json!(name));
    set("flavorRef", json!(p.flavor));
    set("imageRef", json!(p.image.as_deref().unwrap_or_default()));
    set("key_name", json!(p.key_name));
    set("availability_zone", json!(p.availability_zone));
    set("config_drive", json!(p.config_drive));
    set("OS-DCF:diskConfig", json!(p.disk_config));
    set("adminPass", json!(p.password()));
    set("reservation_id", json!(p.reservation_id));
    set("user_data", json!(user_data));
    set("networks", networks.unwrap_or_default());
    if !p.metadata.is_empty() {
        set("metadata", metadata(&p.metadata));
    }
    if !p.personality.is_empty() {
        set("personality", personality(&p.personality).into());
    }
    if !p.security_groups.is_empty() {
        set("security_groups", p.security_groups.iter().map(|group| json!({"name": group})).collect());
    }
    if let Some(devices) = p.block_device_mapping.as_ref().filter(|devices| !devices.is_empty()) {
        set("block_device_mapping", devices.iter().map(block_device).collect());
    }
    if let Some(devices) = p.block_device_mapping_v2.as_ref().filter(|devices| !devices.is_empty()) {
        let image = p.image.as_ref().map(|image| {
            json!({"uuid": image, "source_type": "image", "destination_type": "local", "boot_index": 0,
                "delete_on_termination": true})
        });
        set(
            "block_device_mapping_v2",
            image.into_iter().chain(devices.iter().map(block_device_v2)).collect(),
        );
    }
    let mut body = json!({"server": server});
    if let Some(hints) = p.scheduler_hints.as_ref().filter(|hints| !hints.is_empty()) {
        body["os:scheduler_hints"] = json!(hints);
    }
    Ok(Request::post(["servers"], body).microversion(version(least), version(most)))
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => map.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => other,
    }
}

fn block_device(device: &BlockDevice) -> Value {
    without_nulls(json!({
        "device_name": device.device_name,
        "volume_id": device.volume_id,
        "snapshot_id": device.snapshot_id,
        "volume_size": device.volume_size,
        "delete_on_termination": device.delete_on_termination,
    }))
}

fn block_device_v2(device: &BlockDeviceV2) -> Value {
    let bootable = |kind: &str, id: &str| {
        json!({"uuid": id, "source_type": kind, "destination_type": "volume", "boot_index": 0,
            "delete_on_termination": false})
    };
    let blank = || json!({"source_type": "blank", "destination_type": "local", "boot_index": -1, "delete_on_termination": true});
    let mut mapping = match device {
        BlockDeviceV2 { volume_id: Some(id), .. } => bootable("volume", id),
        BlockDeviceV2 { snapshot_id: Some(id), .. } => bootable("snapshot", id),
        BlockDeviceV2 { image: Some(id), .. } => bootable("image", id),
        BlockDeviceV2 { swap_size: Some(size), .. } => {
            let mut swap = blank();
            swap["guest_format"] = json!("swap");
            swap["volume_size"] = json!(size);
            swap
        }
        BlockDeviceV2 { ephemeral_size, ephemeral_format, .. } => {
            let mut disk = blank();
            disk["volume_size"] = json!(ephemeral_size);
            disk["guest_format"] = json!(ephemeral_format);
            disk
        }
    };
    for (key, value) in [
        ("device_name", json!(device.device_name.as_deref().filter(|name| !name.is_empty()))),
        ("device_type", json!(device.device_type)),
        ("disk_bus", json!(device.disk_bus)),
        ("boot_index", json!(device.boot_index)),
        ("volume_size", json!(device.volume_size)),
        ("delete_on_termination", json!(device.delete_on_termination)),
        ("volume_type", json!(device.volume_type)),
    ] {
        if !value.is_null() {
            mapping[key] = value;
        }
    }
    without_nulls(mapping)
}

/// Checks what the schema cannot: which properties go together. The rules are Heat's.
pub(super) fn validate(p: &ServerProperties) -> Result<()> {
    let invalid = |property: &str, message: String| Err(Failure::invalid(property.to_owned(), message));
    let both = |one: &str, other: &str| {
        invalid(other, format!("Cannot define the following properties at the same time: {one}, {other}."))
    };
    if p.user_data_format == "SOFTWARE_CONFIG" {
        return Err(Failure::unsupported(
            "user_data_format SOFTWARE_CONFIG needs software deployments, which are not available; use RAW with \
             user data that configures the server itself",
        ));
    }
    let (old, new) = (
        p.block_device_mapping.as_deref().unwrap_or_default(),
        p.block_device_mapping_v2.as_deref().unwrap_or_default(),
    );
    if !old.is_empty() && !new.is_empty() {
        return both("block_device_mapping", "block_device_mapping_v2");
    }
    let mut bootable = p.image.is_some();
    for device in old {
        bootable |= device.device_name == "vda";
        match (&device.volume_id, &device.snapshot_id) {
            (Some(_), Some(_)) => return both("volume_id", "snapshot_id"),
            (None, None) => {
                let name = &device.device_name;
                return invalid(
                    "block_device_mapping",
                    format!("Either volume_id or snapshot_id must be specified for device mapping {name}"),
                );
            }
            _ => {}
        }
    }
    let mut sources = usize::from(p.image.is_some());
    for device in new {
        let bootable_source =
            [&device.volume_id, &device.snapshot_id, &device.image].into_iter().flatten().count();
        let other = usize::from(device.swap_size.is_some())
            + usize::from(device.ephemeral_size.is_some() || device.ephemeral_format.is_some());
        match bootable_source + other {
            0 => {
                let message = "Either volume_id, snapshot_id, image_id, swap_size, ephemeral_size or \
                               ephemeral_format must be specified.";
                return invalid("block_device_mapping_v2", message.to_owned());
            }
            1 => {}
            _ => {
                let message = "Cannot define the following properties at the same time: volume_id, snapshot_id, \
                               image, swap_size, ephemeral_size, ephemeral_format.";
                return invalid("block_device_mapping_v2", message.to_owned());
            }
        }
        if bootable_source == 1 && device.boot_index.unwrap_or(0) == 0 {
            bootable = true;
            sources += 1;
        }
    }
    if !bootable {
        return invalid("image", "Neither image nor bootable volume is specified for the server.".to_owned());
    }
    if !new.is_empty() && sources != 1 {
        return invalid("block_device_mapping_v2", "Multiple bootable sources for the server.".to_owned());
    }
    validate_networks(p)
}

fn validate_networks(p: &ServerProperties) -> Result<()> {
    let invalid = |message: &str| Err(Failure::invalid("networks".to_owned(), message.to_owned()));
    let networks = p.networks.as_deref().unwrap_or_default();
    for card in networks {
        let place = [&card.network, &card.port, &card.subnet].into_iter().flatten().count();
        match &card.allocate_network {
            None if place == 0 => {
                return invalid(
                    "One of the properties \"network\", \"port\", \"allocate_network\" or \"subnet\" should be set for \
                     the specified network of the server.",
                );
            }
            Some(_)
                if place > 0
                    || card.fixed_ip.is_some()
                    || card.floating_ip.is_some()
                    || card.tag.is_some()
                    || card.port_extra_properties.is_some() =>
            {
                return invalid(
                    "Can not specify \"allocate_network\" with other keys of networks at the same time.",
                );
            }
            Some(_) if networks.len() != 1 => {
                return invalid(
                    "Property \"allocate_network\" can not be specified if multiple network interfaces set for server.",
                );
            }
            _ => {}
        }
        if card.fixed_ip.is_some() && card.port.is_some() {
            return invalid(
                "Cannot define the following properties at the same time: networks/fixed_ip, networks/port.",
            );
        }
        if card.floating_ip.is_some()
            && card.port.is_none()
            && card.subnet.is_none()
            && card.port_extra_properties.is_none()
        {
            return invalid(
                "Property \"floating_ip\" is not supported if only \"network\" is specified, because the corresponding \
                 port can not be retrieved.",
            );
        }
        if card.fixed_ip.as_deref().is_some_and(|address| address.parse::<IpAddr>().is_err()) {
            return invalid("fixed_ip is not an IP address.");
        }
    }
    if networks.iter().any(|card| card.port.is_some()) && !p.security_groups.is_empty() {
        return Err(Failure::invalid(
            "security_groups".to_owned(),
            "Cannot define the following properties at the same time: security_groups, networks/port.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(more: Value) -> ServerProperties {
        let mut all = json!({"flavor": "f", "image": "i", "flavor_update_policy": "RESIZE",
            "image_update_policy": "REBUILD", "security_groups": [], "metadata": {}, "user_data_format": "RAW",
            "user_data": "", "personality": {}, "software_config_transport": "POLL_SERVER_CFN",
            "user_data_update_policy": "REPLACE", "deployment_swift_data": {}});
        for (key, value) in more.as_object().unwrap() {
            match value {
                Value::Null => drop(all.as_object_mut().unwrap().remove(key)),
                value => all[key] = value.clone(),
            }
        }
        serde_json::from_value(all).unwrap()
    }

    fn body(more: Value, networks: Option<Value>) -> Value {
        create(&properties(more), "s", None, networks).unwrap().body.unwrap()
    }

    #[test]
    fn only_what_is_given_is_sent() {
        assert_eq!(
            body(json!({}), None),
            json!({"server": {"name": "s", "flavorRef": "f", "imageRef": "i"}})
        );
        assert_eq!(
            body(
                json!({"metadata": {"a": 1, "b": "x"}, "scheduler_hints": {"group": "g"}, "security_groups": ["web"]}),
                Some(json!([{"uuid": "n"}]))
            ),
            json!({"server": {"name": "s", "flavorRef": "f", "imageRef": "i", "networks": [{"uuid": "n"}],
                "metadata": {"a": "1", "b": "x"}, "security_groups": [{"name": "web"}]},
                "os:scheduler_hints": {"group": "g"}})
        );
    }

    #[test]
    fn block_devices_are_written_in_novas_words() {
        let devices = json!({"image": null, "block_device_mapping_v2": [
            {"volume_id": "v", "boot_index": 0, "delete_on_termination": true},
            {"swap_size": 512}, {"ephemeral_size": 2, "ephemeral_format": "ext4"}]});
        assert_eq!(
            body(devices, None)["server"]["block_device_mapping_v2"],
            json!([
                {"uuid": "v", "source_type": "volume", "destination_type": "volume", "boot_index": 0,
                    "delete_on_termination": true},
                {"source_type": "blank", "destination_type": "local", "boot_index": -1, "delete_on_termination": true,
                    "guest_format": "swap", "volume_size": 512},
                {"source_type": "blank", "destination_type": "local", "boot_index": -1, "delete_on_termination": true,
                    "volume_size": 2, "guest_format": "ext4"}
            ])
        );
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for (more, part) in [
            (json!({"image": null}), "Neither image nor bootable volume"),
            (json!({"block_device_mapping_v2": [{"volume_id": "v"}]}), "Multiple bootable sources"),
            (json!({"image": null, "block_device_mapping_v2": [{}]}), "must be specified"),
            (json!({"networks": [{"fixed_ip": "10.0.0.1"}]}), "should be set"),
            (json!({"networks": [{"network": "n", "allocate_network": "auto"}]}), "with other keys"),
            (json!({"networks": [{"network": "n", "floating_ip": "f"}]}), "is not supported if only"),
            (json!({"networks": [{"port": "p"}], "security_groups": ["web"]}), "security_groups"),
            (json!({"user_data_format": "SOFTWARE_CONFIG"}), "SOFTWARE_CONFIG"),
        ] {
            let failure = validate(&properties(more.clone())).unwrap_err();
            assert!(failure.message().contains(part), "{more}: {failure}");
        }
        validate(&properties(json!({"networks": [{"port": "p"}]}))).unwrap();
        validate(&properties(
            json!({"image": null, "block_device_mapping": [{"device_name": "vda", "volume_id": "v"}]}),
        ))
        .unwrap();
    }
}
