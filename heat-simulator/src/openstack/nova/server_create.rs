//! POST /servers.

use super::schema::{allow, invalid, member, metadata, name, need, truth};
use super::{Cx, block_devices, flavors, requested_networks, server_view};
use crate::cloud::agenda::Step;
use crate::cloud::document::{object_of, python_repr, text_of};
use crate::cloud::{Cloud, Fields, Kind, Object, hashes, time};
use crate::http::exchange::{Answer, Outcome, Refusal};
use crate::openstack::neutron::plugging;
use serde_json::{Value, json};

const LARGEST_USER_DATA: usize = 65_535;

fn allowed(version: u32) -> Vec<&'static str> {
    let mut names = vec![
        "name",
        "imageRef",
        "flavorRef",
        "adminPass",
        "metadata",
        "networks",
        "OS-DCF:diskConfig",
        "accessIPv4",
        "accessIPv6",
        "availability_zone",
        "block_device_mapping",
        "block_device_mapping_v2",
        "config_drive",
        "min_count",
        "max_count",
        "return_reservation_id",
        "security_groups",
        "key_name",
        "user_data",
        "os:scheduler_hints",
        "OS-SCH-HNT:scheduler_hints",
    ];
    if version < 57 {
        names.push("personality");
    }
    for (since, name) in [
        (19, "description"),
        (52, "tags"),
        (63, "trusted_image_certificates"),
        (74, "host"),
        (74, "hypervisor_hostname"),
        (90, "hostname"),
    ] {
        if version >= since {
            names.push(name);
        }
    }
    names
}

/// POST /servers.
pub(super) fn create(cloud: &mut Cloud, cx: &Cx<'_>) -> Outcome {
    let given = member(cx, "server", &["os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"])?;
    need("server", &given, &["name", "flavorRef"])?;
    allow("server", &given, &allowed(cx.version))?;
    let project = cx.caller.project_id.clone();
    let server_name = name("name", &given.value("name"))?;
    let meta =
        given.get("metadata").map_or_else(|| Ok(Object::new()), |value| metadata("metadata", value))?;
    let user_data = user_data(&given)?;
    let networks = requested_networks::read(cloud, cx, given.get("networks"))?;
    let flavor = flavor(cloud, cx, &given.value("flavorRef"))?;
    let image = image(cloud, cx, given.text("imageRef"))?;
    let devices = block_devices::read(cloud, &project, &given)?;
    check_fit(&flavor, image.as_ref(), &devices)?;
    let key_name = given.text("key_name").to_owned();
    if !key_name.is_empty()
        && cloud.tables.get(Kind::KeyPair, &format!("{}/{key_name}", cx.caller.user_id)).is_none()
    {
        return Err(Refusal::new(400, "Invalid key_name provided."));
    }
    let zone = given.text("availability_zone").split(':').next().unwrap_or("").to_owned();
    if !zone.is_empty() && zone != "nova" {
        return Err(Refusal::new(400, "The requested availability zone is not available"));
    }
    let groups = security_groups(cloud, cx, &given)?;
    let tags = given.items("tags").to_vec();
    if tags.len() > 50 {
        return Err(invalid("tags", &given.value("tags"), "is too long"));
    }
    let group = server_group(cloud, cx, &given)?;
    let count = count(&given)?;
    check_quota(cloud, &project, &flavor, count, &meta)?;

    let password = match given.text("adminPass") {
        "" => {
            let n = cloud.fresh_number();
            let digest =
                hashes::sha256_hex(&hashes::mixed(cloud.settings.seed ^ 0x7061_7373_7764, n).to_be_bytes());
            digest[..12].to_owned()
        }
        own => own.to_owned(),
    };
    let reservation = format!("r-{}", &cloud.fresh_hex()[..8]);
    let mut first = None;
    for place in 0..count {
        let id = cloud.fresh_uuid();
        let own_name = if count == 1 { server_name.clone() } else { format!("{server_name}-{}", place + 1) };
        let now = time::seconds_z(cloud.now);
        let hostname = given
            .get("hostname")
            .and_then(Value::as_str)
            .map_or_else(|| hostname_of(&own_name, &id), str::to_owned);
        let document = object_of(json!({
            "id": id, "name": own_name, "project_id": project, "user_id": cx.caller.user_id, "status": "BUILD",
            "vm_state": "building", "task_state": "scheduling", "power_state": 0, "metadata": meta,
            "image_id": if has_image_disk(&devices) || image.is_none() { Value::Null } else { json!(given.text("imageRef")) },
            "flavor": flavor, "created": now, "updated": now, "launched_at": null, "terminated_at": null,
            "key_name": if key_name.is_empty() { Value::Null } else { json!(key_name) },
            "config_drive": given.get("config_drive").is_some_and(truth), "availability_zone": zone, "host_id": "",
            "access_ip_v4": given.text("accessIPv4"), "access_ip_v6": given.text("accessIPv6"),
            "disk_config": if given.text("OS-DCF:diskConfig") == "AUTO" { "AUTO" } else { "MANUAL" },
            "description": if cx.version < 19 { json!(own_name) } else { given.value("description") }, "tags": tags, "locked": false, "locked_reason": null,
            "hostname": hostname, "server_groups": group.iter().collect::<Vec<_>>(), "security_groups": groups,
            "interfaces": [], "reservation_id": reservation, "launch_index": place, "root_device_name": "/dev/vda",
            "_networks": networks, "_devices": devices, "_made_ports": [], "_user_data": user_data,
            "_password": hashes::sha256_hex(password.as_bytes()), "_personality": given.items("personality").len(),
        }));
        cloud.tables.put(Kind::Server, document);
        if let Some(group) = &group {
            cloud.tables.change(Kind::ServerGroup, group, |group| {
                let mut members = group.items("members").to_vec();
                members.push(id.clone().into());
                group.set("members", members);
            });
        }
        // What is asked for is reserved at once, so that nobody else takes it meanwhile.
        for device in devices.iter().filter(|device| device["source"] == "volume") {
            cloud.tables.change(Kind::Volume, text_of(device, "id"), |volume| {
                if volume.text("status") == "available" {
                    volume.set("status", "reserved");
                }
            });
        }
        let half = cloud.settings.durations.server_build / 2;
        cloud.later(half, &Step::ServerNetworks { id: id.clone() });
        first.get_or_insert(id);
    }
    if given.get("return_reservation_id").is_some_and(truth) {
        return Ok(Answer::json(202, json!({"reservation_id": reservation})));
    }
    let id = first.unwrap_or_default();
    let shown_groups: Vec<_> = match given.items("security_groups") {
        [] => vec![json!({"name": "default"})],
        asked => asked.iter().map(|group| json!({"name": text_of(group, "name")})).collect(),
    };
    let body = json!({"id": id, "links": cx.links(&format!("servers/{id}")),
        "OS-DCF:diskConfig": if given.text("OS-DCF:diskConfig") == "AUTO" { "AUTO" } else { "MANUAL" },
        "security_groups": shown_groups, "adminPass": password});
    let location = format!("{}/v2.1/servers/{id}", cx.base);
    Ok(Answer::wrapped(202, "server", body).with("location", location))
}

fn has_image_disk(devices: &[Value]) -> bool {
    devices.iter().any(|device| device["boot_index"] == 0 && device["destination"] == "volume")
}

fn user_data(given: &Object) -> Result<Value, Refusal> {
    let value = given.value("user_data");
    let refused = || Err(invalid("user_data", &value, &format!("{} is not a 'base64'", python_repr(&value))));
    match value.as_str() {
        None if value.is_null() => Ok(Value::Null),
        None => Err(invalid(
            "user_data",
            &value,
            &format!("{} is not of type 'string', 'null'", python_repr(&value)),
        )),
        Some(text) if text.len() > LARGEST_USER_DATA => {
            Err(invalid("user_data", &value, &format!("{} is too long", python_repr(&value))))
        }
        Some(text) => {
            // As lenient as Python's decoder: what is no Base64 is passed over, only the padding counts.
            let digits =
                text.bytes().filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
            let padding = text.bytes().filter(|byte| *byte == b'=').count();
            match digits.count() % 4 {
                0 => Ok(value),
                1 => refused(),
                rest if rest + padding >= 4 => Ok(value),
                _ => refused(),
            }
        }
    }
}

fn flavor(cloud: &Cloud, cx: &Cx<'_>, asked: &Value) -> Result<Object, Refusal> {
    let text = crate::cloud::document::python_str(asked);
    // A link ends in the id.
    let id = text.rsplit('/').next().unwrap_or("");
    let flavor = flavors::visible(cloud, cx, id)
        .ok_or_else(|| Refusal::new(400, format!("Flavor {id} could not be found.")))?;
    Ok(flavor.clone())
}

/// The image, which must be ready.
pub(super) fn image(cloud: &Cloud, cx: &Cx<'_>, asked: &str) -> Result<Option<Object>, Refusal> {
    let id = asked.rsplit('/').next().unwrap_or("");
    if id.is_empty() {
        return Ok(None);
    }
    if uuid::Uuid::try_parse(id).is_err() {
        let value = Value::from(id);
        return Err(invalid(
            "imageRef",
            &value,
            &format!("{} is not valid under any of the given schemas", python_repr(&value)),
        ));
    }
    let image = cloud.tables.get(Kind::Image, id);
    let image = image.filter(|image| {
        matches!(image.text("visibility"), "public" | "community") || cx.caller.may_see(image.text("owner"))
    });
    let image = image.ok_or_else(|| Refusal::new(400, "Can not find requested image"))?;
    if image.text("status") != "active" {
        return Err(Refusal::new(400, format!("Image {id} is not active.")));
    }
    Ok(Some(image.clone()))
}

/// The image must fit into the flavor.
pub(super) fn check_fit(flavor: &Object, image: Option<&Object>, devices: &[Value]) -> Result<(), Refusal> {
    let Some(image) = image else { return Ok(()) };
    if flavor.int("ram") < image.int("min_ram") {
        return Err(Refusal::new(400, "Flavor's memory is too small for requested image."));
    }
    let disk = flavor.int("disk");
    if disk == 0 || has_image_disk(devices) {
        return Ok(());
    }
    const GIB: i64 = 1 << 30;
    if image.int("size") > disk * GIB {
        return Err(Refusal::new(
            400,
            format!(
                "Flavor's disk is too small for requested image. Flavor disk is {} bytes, image is {} bytes.",
                disk * GIB,
                image.int("size")
            ),
        ));
    }
    if image.int("min_disk") > disk {
        return Err(Refusal::new(
            400,
            format!(
                "Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is {} bytes, minimum size is {} bytes.",
                disk * GIB,
                image.int("min_disk") * GIB
            ),
        ));
    }
    Ok(())
}

fn security_groups(cloud: &mut Cloud, cx: &Cx<'_>, given: &Object) -> Result<Value, Refusal> {
    let project = cx.caller.project_id.as_str();
    let mut ids = Vec::new();
    for group in given.items("security_groups") {
        let asked = text_of(group, "name");
        match plugging::groups_by_name_or_id(cloud, project, asked) {
            Ok(id) => ids.push(Value::from(id)),
            Err(0) => {
                return Err(Refusal::new(
                    400,
                    format!("Unable to find security_group with name or id '{asked}'"),
                ));
            }
            Err(_) => {
                return Err(Refusal::new(
                    409,
                    format!(
                        "Multiple security groups found matching '{asked}'. Use an ID to be more specific."
                    ),
                ));
            }
        }
    }
    Ok(Value::Array(ids))
}

fn server_group(cloud: &Cloud, cx: &Cx<'_>, given: &Object) -> Result<Option<String>, Refusal> {
    let body = cx.request.json().unwrap_or_default();
    let hints = ["os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"]
        .into_iter()
        .find_map(|name| body.get(name).or_else(|| given.get(name)).and_then(Value::as_object).cloned());
    let Some(hints) = hints else { return Ok(None) };
    let group = match hints.get("group") {
        Some(Value::Array(groups)) => groups.first().and_then(Value::as_str).unwrap_or("").to_owned(),
        _ => hints.text("group").to_owned(),
    };
    if group.is_empty() {
        return Ok(None);
    }
    let found = cloud
        .tables
        .get(Kind::ServerGroup, &group)
        .filter(|found| found.text("project_id") == cx.caller.project_id);
    let found =
        found.ok_or_else(|| Refusal::new(400, format!("Instance group {group} could not be found.")))?;
    let limit = cloud.quota("compute", &cx.caller.project_id, "server_group_members");
    if limit >= 0 && i64::try_from(found.items("members").len()).unwrap_or(i64::MAX) >= limit {
        return Err(Refusal::new(403, "Quota exceeded, too many servers in group"));
    }
    Ok(Some(group))
}

fn count(given: &Object) -> Result<i64, Refusal> {
    let one = |name: &str| {
        given.get(name).map_or(Ok(None), |value| super::schema::number(name, value, 1).map(Some))
    };
    let (least, most) = (one("min_count")?, one("max_count")?);
    let most = most.or(least).unwrap_or(1);
    if least.unwrap_or(1) > most {
        return Err(Refusal::new(400, "min_count must be <= max_count"));
    }
    Ok(most)
}

fn check_quota(
    cloud: &Cloud,
    project: &str,
    flavor: &Object,
    count: i64,
    meta: &Object,
) -> Result<(), Refusal> {
    let most = cloud.quota("compute", project, "metadata_items");
    if most >= 0 && i64::try_from(meta.len()).unwrap_or(i64::MAX) > most {
        return Err(Refusal::new(403, format!("Maximum number of metadata items exceeds {most}")));
    }
    let mut over: Vec<(&str, i64, i64, i64)> = Vec::new();
    let used = i64::try_from(cloud.tables.count_by(Kind::Server, "project", project)).unwrap_or(i64::MAX);
    for (resource, field) in [("cores", "vcpus"), ("instances", ""), ("ram", "ram")] {
        let limit = cloud.quota("compute", project, resource);
        if limit < 0 {
            continue;
        }
        let (asked, used) = if field.is_empty() {
            (count, used)
        } else {
            (count * flavor.int(field), server_view::used(cloud, project, field))
        };
        if used + asked > limit {
            over.push((resource, asked, used, limit));
        }
    }
    if over.is_empty() {
        return Ok(());
    }
    let list =
        |pick: fn(&(&str, i64, i64, i64)) -> String| over.iter().map(pick).collect::<Vec<_>>().join(", ");
    Err(Refusal::new(
        403,
        format!(
            "Quota exceeded for {}: Requested {}, but already used {} of {} {}",
            list(|one| one.0.to_owned()),
            list(|one| one.1.to_string()),
            list(|one| one.2.to_string()),
            list(|one| one.3.to_string()),
            list(|one| one.0.to_owned()),
        ),
    ))
}

/// A host name from a server's name.
fn hostname_of(name: &str, id: &str) -> String {
    let plain: String = name
        .to_ascii_lowercase()
        .chars()
        .map(|c| if matches!(c, ' ' | '_' | '.') { '-' } else { c })
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { format!("server-{id}") } else { plain.chars().take(63).collect() }
}
