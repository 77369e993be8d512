//! Images: listing, showing, making, deleting.

use crate::cloud::document::{object_of, python_repr, python_str};
use crate::cloud::{Caller, Cloud, Fields, Kind, Object, time};
use crate::http::exchange::{Answer, Outcome, Refusal, Request, encoded, whole_body};
use serde_json::{Value, json};

/// The attributes that the API itself defines, in the order in which it shows them.
pub(super) const BASE: &[&str] = &[
    "name",
    "disk_format",
    "container_format",
    "visibility",
    "size",
    "virtual_size",
    "status",
    "checksum",
    "protected",
    "min_ram",
    "min_disk",
    "owner",
    "os_hidden",
    "os_hash_algo",
    "os_hash_value",
    "id",
    "created_at",
    "updated_at",
];
/// Those that nobody may set.
pub(super) const READ_ONLY: &[&str] = &[
    "status",
    "size",
    "virtual_size",
    "checksum",
    "created_at",
    "updated_at",
    "schema",
    "self",
    "file",
    "direct_url",
    "os_hash_algo",
    "os_hash_value",
    "stores",
    "locations",
];
const DISK_FORMATS: &[&str] =
    &["ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"];
const CONTAINER_FORMATS: &[&str] = &["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"];
const VISIBILITIES: &[&str] = &["community", "public", "private", "shared"];

/// Whether a caller sees an image.
fn is_visible(cloud: &Cloud, caller: &Caller, image: &Object) -> bool {
    let member = || {
        let members = cloud.tables.find(Kind::Member, "image", image.text("id"));
        members.into_iter().any(|member| member.text("member_id") == caller.project_id)
    };
    matches!(image.text("visibility"), "public" | "community")
        || caller.may_see(image.text("owner"))
        || image.text("visibility") == "shared" && member()
}

/// The image, if the caller sees it.
pub(super) fn find<'c>(cloud: &'c Cloud, caller: &Caller, id: &str) -> Result<&'c Object, Refusal> {
    let image = cloud.tables.get(Kind::Image, id).filter(|image| is_visible(cloud, caller, image));
    image.ok_or_else(|| Refusal::new(404, format!("No image found with ID {id}")))
}

/// The image, if the caller may change it.
pub(super) fn find_own<'c>(
    cloud: &'c Cloud,
    caller: &Caller,
    id: &str,
    action: &str,
) -> Result<&'c Object, Refusal> {
    let image = find(cloud, caller, id)?;
    if caller.may_see(image.text("owner")) {
        return Ok(image);
    }
    Err(Refusal::new(403, format!("You are not authorized to complete {action} action.")))
}

/// An image as the API shows it.
pub(super) fn view(image: &Object) -> Object {
    let id = image.text("id");
    let mut shown = image.object("_properties").cloned().unwrap_or_default();
    for field in BASE {
        shown.set(field, image.value(field));
    }
    shown.set("tags", image.value("tags"));
    shown.set("self", format!("/v2/images/{id}"));
    shown.set("file", format!("/v2/images/{id}/file"));
    shown.set("schema", "/v2/schemas/image");
    if image.text("status") == "active" {
        shown.set("stores", "file");
    }
    shown
}

/// GET /images.
pub(super) fn list(cloud: &Cloud, caller: &Caller, request: &Request) -> Outcome {
    let mut found: Vec<&Object> = cloud
        .tables
        .all(Kind::Image)
        .filter(|image| is_visible(cloud, caller, image) && fits(caller, request, image))
        .collect();
    found.reverse();
    if let Some(sort) = request.parameter("sort") {
        let (key, direction) = sort.split_once(':').unwrap_or((sort, "desc"));
        found.sort_by(|a, b| {
            let order = python_str(&a.value(key)).cmp(&python_str(&b.value(key)));
            if direction == "asc" { order } else { order.reverse() }
        });
    } else if let Some(key) = request.parameter("sort_key") {
        let ascending = request.parameter("sort_dir") == Some("asc");
        found.sort_by(|a, b| {
            let order = python_str(&a.value(key)).cmp(&python_str(&b.value(key)));
            if ascending { order } else { order.reverse() }
        });
    }
    if let Some(marker) = request.parameter("marker") {
        let place = found.iter().position(|image| image.text("id") == marker);
        let place = place.ok_or_else(|| Refusal::new(400, format!("Image {marker} not found")))?;
        found.drain(..=place);
    }
    let limit = match request.parameter("limit") {
        None => 25,
        Some(text) => {
            text.parse::<usize>().map_err(|_| Refusal::new(400, "limit param must be an integer"))?.min(1000)
        }
    };
    let query = |extra: Option<&str>| {
        let mut parts: Vec<String> = request
            .query
            .iter()
            .filter(|(name, _)| name != "marker")
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        parts.extend(extra.map(|marker| format!("marker={marker}")));
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    };
    let full = found.len() >= limit && limit > 0;
    found.truncate(limit);
    let shown: Vec<Value> = found.iter().map(|image| Value::Object(view(image))).collect();
    let mut body = json!({"images": shown, "first": format!("/v2/images{}", query(None)), "schema": "/v2/schemas/images"});
    if let (true, Some(last)) = (full, found.last()) {
        body["next"] = json!(format!("/v2/images{}", query(Some(last.text("id")))));
    }
    Ok(Answer::json(200, body))
}

fn fits(caller: &Caller, request: &Request, image: &Object) -> bool {
    let asked = |name: &str| request.parameter(name);
    let hidden = asked("os_hidden").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if image.flag("os_hidden") != hidden {
        return false;
    }
    // Community images show only where they are asked for.
    if image.text("visibility") == "community"
        && image.text("owner") != caller.project_id
        && !matches!(asked("visibility"), Some("community" | "all"))
    {
        return false;
    }
    request.query.iter().all(|(name, value)| match name.as_str() {
        "limit" | "marker" | "sort" | "sort_key" | "sort_dir" | "os_hidden" | "member_status" => true,
        "visibility" if value == "all" => true,
        "tag" => image.items("tags").iter().any(|tag| tag == value),
        "size_min" => value.parse().is_ok_and(|least: i64| image.int("size") >= least),
        "size_max" => value.parse().is_ok_and(|most: i64| image.int("size") <= most),
        "name" | "status" | "id" | "disk_format" | "container_format" if value.starts_with("in:") => {
            value[3..].split(',').any(|one| image.text(name) == one.trim_matches('"'))
        }
        name => {
            let own = image.get(name).or_else(|| image.object("_properties")?.get(name));
            own.is_some_and(|own| {
                python_str(own).eq_ignore_ascii_case(value) && (own.is_boolean() || python_str(own) == *value)
            })
        }
    })
}

/// GET /images/{id}.
pub(super) fn show(cloud: &Cloud, caller: &Caller, id: &str) -> Outcome {
    Ok(Answer::json(200, Value::Object(view(find(cloud, caller, id)?))))
}

/// Checks one attribute's value against the schema.
pub(super) fn check(caller: &Caller, name: &str, value: &Value) -> Result<(), Refusal> {
    let mismatch = |reason: String| {
        Err(Refusal::new(
            400,
            format!(
                "Provided object does not match schema 'image': {reason}\n\nFailed validating in schema['properties']['{name}']"
            ),
        ))
    };
    let one_of = |allowed: &[&str]| {
        let list: Vec<Value> =
            std::iter::once(Value::Null).chain(allowed.iter().map(|text| json!(text))).collect();
        match value {
            Value::Null => Ok(()),
            Value::String(text) if allowed.contains(&text.as_str()) => Ok(()),
            other => {
                mismatch(format!("{} is not one of {}", python_repr(other), python_repr(&Value::Array(list))))
            }
        }
    };
    match name {
        "disk_format" => one_of(DISK_FORMATS),
        "container_format" => one_of(CONTAINER_FORMATS),
        "visibility" => {
            one_of(VISIBILITIES)?;
            if value == "public" && !caller.is_admin() {
                return Err(Refusal::new(403, "You are not authorized to complete publicize_image action."));
            }
            Ok(())
        }
        "min_disk" | "min_ram" => match value.as_i64() {
            Some(number) if number >= 0 => Ok(()),
            Some(number) => mismatch(format!("{number} is less than the minimum of 0")),
            None => mismatch(format!("{} is not of type 'integer'", python_repr(value))),
        },
        "protected" | "os_hidden" if !value.is_boolean() => {
            mismatch(format!("{} is not of type 'boolean'", python_repr(value)))
        }
        "protected" | "os_hidden" => Ok(()),
        "tags" => match value.as_array() {
            Some(tags)
                if tags.iter().all(|tag| tag.as_str().is_some_and(|text| text.chars().count() <= 255)) =>
            {
                Ok(())
            }
            _ => mismatch(format!("{} is not of type 'array'", python_repr(value))),
        },
        "id" => match value.as_str().map(uuid::Uuid::try_parse) {
            Some(Ok(_)) => Ok(()),
            _ => mismatch(format!(
                "{} does not match '^([0-9a-fA-F]){{8}}-([0-9a-fA-F]){{4}}-([0-9a-fA-F]){{4}}-([0-9a-fA-F]){{4}}-([0-9a-fA-F]){{12}}$'",
                python_repr(value)
            )),
        },
        "owner" => {
            if value.as_str() == Some(&caller.project_id) || caller.is_admin() {
                Ok(())
            } else {
                Err(Refusal::new(
                    403,
                    format!("You are not permitted to create images owned by '{}'.", python_str(value)),
                ))
            }
        }
        "name" if value.is_null() => Ok(()),
        _ => match value.as_str() {
            Some(_) => Ok(()),
            None => mismatch(format!("{} is not of type 'string'", python_repr(value))),
        },
    }
}

/// POST /images.
pub(super) fn create(cloud: &mut Cloud, caller: &Caller, request: &Request) -> Outcome {
    let given = whole_body(request);
    for (name, value) in &given {
        if READ_ONLY.contains(&name.as_str()) {
            return Err(Refusal::new(403, format!("Attribute '{name}' is read-only.")));
        }
        check(caller, name, value)?;
    }
    let id = match given.text("id") {
        "" => cloud.fresh_uuid(),
        own => own.to_owned(),
    };
    // Glance keeps the row of a deleted image, and with it the id.
    if [Kind::Image, Kind::GoneImage].iter().any(|kind| cloud.tables.get(*kind, &id).is_some()) {
        return Err(Refusal::new(409, format!("Image ID {id} already exists!")));
    }
    let image = new(cloud, caller, &id, &given);
    let shown = view(&image);
    cloud.tables.put(Kind::Image, image);
    let base = request.base(&cloud.base);
    Ok(Answer::json(201, Value::Object(shown))
        .with("location", format!("{base}/image/v2/images/{id}"))
        .with("openstack-image-import-methods", "glance-direct,web-download"))
}

fn new(cloud: &Cloud, caller: &Caller, id: &str, given: &Object) -> Object {
    let now = time::seconds_z(cloud.now);
    let or = |name: &str, default: Value| given.get(name).cloned().unwrap_or(default);
    let properties: Object = given
        .iter()
        .filter(|(name, _)| !BASE.contains(&name.as_str()) && *name != "tags")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut tags: Vec<Value> = Vec::new();
    for tag in given.items("tags") {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    let owner = or("owner", json!(caller.project_id));
    object_of(json!({
        "id": id, "name": or("name", Value::Null), "disk_format": or("disk_format", Value::Null),
        "container_format": or("container_format", Value::Null), "visibility": or("visibility", json!("shared")), "size": null,
        "virtual_size": null, "status": "queued", "checksum": null, "protected": or("protected", json!(false)),
        "min_ram": or("min_ram", json!(0)), "min_disk": or("min_disk", json!(0)), "owner": owner, "project_id": owner,
        "os_hidden": or("os_hidden", json!(false)), "os_hash_algo": null, "os_hash_value": null, "created_at": now,
        "updated_at": now, "tags": tags, "_properties": properties,
    }))
}

/// DELETE /images/{id}.
pub(super) fn delete(cloud: &mut Cloud, caller: &Caller, id: &str) -> Outcome {
    let image = find_own(cloud, caller, id, "delete_image")?;
    if image.flag("protected") {
        return Err(Refusal::new(403, format!("Image {id} is protected and cannot be deleted.")));
    }
    for member in cloud.tables.ids(Kind::Member, "image", id) {
        cloud.tables.remove(Kind::Member, &member);
    }
    cloud.tables.remove(Kind::Image, id);
    cloud.tables.put(Kind::GoneImage, object_of(json!({"id": id})));
    Ok(Answer::empty(204))
}

/// The image of a server, as the compute service makes it; gives its id.
pub(crate) fn make_snapshot(
    cloud: &mut Cloud,
    caller: &Caller,
    server: &Object,
    name: &str,
    metadata: Option<&Object>,
) -> String {
    let id = cloud.fresh_uuid();
    let flavor = server.object("flavor").cloned().unwrap_or_default();
    let mut given = object_of(json!({"name": name, "visibility": "private", "min_disk": flavor.int("disk"),
        "base_image_ref": server.text("image_id"), "instance_uuid": server.text("id"), "user_id": caller.user_id, "image_type": "snapshot"}));
    let name_of =
        |kind: Kind, id: &str| cloud.tables.get(kind, id).map_or(Value::Null, |object| object.value("name"));
    given.set("owner_user_name", name_of(Kind::User, &caller.user_id));
    given.set("owner_project_name", name_of(Kind::Project, &caller.project_id));
    given.set("boot_roles", caller.roles.join(","));
    given.extend(metadata.cloned().unwrap_or_default());
    let image = new(cloud, caller, &id, &given);
    cloud.tables.put(Kind::Image, image);
    let done = json!({"status": "active", "disk_format": "qcow2", "container_format": "bare", "size": 1024,
        "checksum": crate::cloud::hashes::md5_hex(id.as_bytes()), "os_hash_algo": "sha512",
        "os_hash_value": crate::cloud::hashes::sha512_hex(id.as_bytes())});
    let after = cloud.settings.durations.server_action;
    cloud.later_become(after, Kind::Image, &id, ("status", "queued"), done);
    id
}
