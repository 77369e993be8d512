//! Volume types.

use super::{Cx, member};
use crate::cloud::document::object_of;
use crate::cloud::{Cloud, Fields, Kind, Object};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::{Value, json};

/// Works on `/types…`.
pub(super) fn serve(cloud: &mut Cloud, cx: &Cx<'_>, tail: &[&str]) -> Option<Outcome> {
    Some(match (cx.request.method.as_str(), tail) {
        ("GET", []) => {
            let types: Vec<Value> =
                cloud.tables.all(Kind::VolumeType).map(|kind| Value::Object(view(cx, kind))).collect();
            Ok(Answer::wrapped(200, "volume_types", types))
        }
        ("GET", ["default"]) => Ok(Answer::wrapped(
            200,
            "volume_type",
            default(cloud).map_or(Value::Null, |kind| Value::Object(view(cx, kind))),
        )),
        ("GET", [id]) => find(cloud, id).map(|kind| Answer::wrapped(200, "volume_type", view(cx, kind))),
        ("POST", []) => create(cloud, cx),
        ("PUT", [id]) => update(cloud, cx, id),
        ("DELETE", [id]) => delete(cloud, cx, id),
        (_, [id, "extra_specs", tail @ ..]) => specs(cloud, cx, id, tail)?,
        _ => return None,
    })
}

/// The type for volumes that name none: the first one.
fn default(cloud: &Cloud) -> Option<&Object> {
    cloud.tables.all(Kind::VolumeType).next()
}

/// The type of that name or id; the default for an empty name.
pub(super) fn named(cloud: &Cloud, text: &str) -> Result<Option<Object>, Refusal> {
    if text.is_empty() {
        return Ok(default(cloud).cloned());
    }
    let found = cloud
        .tables
        .get(Kind::VolumeType, text)
        .or_else(|| cloud.tables.find(Kind::VolumeType, "name", text).next());
    match found {
        Some(kind) => Ok(Some(kind.clone())),
        None if uuid::Uuid::try_parse(text).is_ok() => {
            Err(Refusal::new(404, format!("Volume type {text} could not be found.")))
        }
        None => Err(Refusal::new(404, format!("Volume type with name {text} could not be found."))),
    }
}

fn find<'c>(cloud: &'c Cloud, id: &str) -> Result<&'c Object, Refusal> {
    cloud
        .tables
        .get(Kind::VolumeType, id)
        .ok_or_else(|| Refusal::new(404, format!("Volume type {id} could not be found.")))
}

fn view(cx: &Cx<'_>, kind: &Object) -> Object {
    let mut shown = object_of(
        json!({"id": kind.text("id"), "name": kind.text("name"), "is_public": kind.flag("is_public"),
        "description": kind.value("description"), "extra_specs": kind.value("extra_specs")}),
    );
    if cx.caller.is_admin() {
        shown.set("qos_specs_id", Value::Null);
    }
    shown.set("os-volume-type-access:is_public", kind.flag("is_public"));
    shown
}

fn create(cloud: &mut Cloud, cx: &Cx<'_>) -> Outcome {
    cx.administrators_only("volume_extension:types_manage")?;
    let given = member(cx, "volume_type")?;
    let name = given.text("name");
    if name.is_empty() {
        return Err(Refusal::new(
            400,
            "Invalid input for field/attribute volume_type. 'name' is a required property",
        ));
    }
    if cloud.tables.find(Kind::VolumeType, "name", name).next().is_some() {
        return Err(Refusal::new(409, format!("Volume Type {name} already exists.")));
    }
    let id = cloud.fresh_uuid();
    let kind = object_of(json!({"id": id, "name": name, "description": given.value("description"),
        "is_public": given.get("os-volume-type-access:is_public").and_then(Value::as_bool).unwrap_or(true),
        "extra_specs": given.get("extra_specs").cloned().unwrap_or_else(|| json!({}))}));
    let shown = view(cx, &kind);
    cloud.tables.put(Kind::VolumeType, kind);
    Ok(Answer::wrapped(200, "volume_type", shown))
}

fn update(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    cx.administrators_only("volume_extension:types_manage")?;
    let mut kind = find(cloud, id)?.clone();
    let given = member(cx, "volume_type")?;
    for field in ["name", "description", "is_public"] {
        if let Some(value) = given.get(field) {
            kind.set(field, value.clone());
        }
    }
    let shown = view(cx, &kind);
    cloud.tables.put(Kind::VolumeType, kind);
    Ok(Answer::wrapped(200, "volume_type", shown))
}

fn delete(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    cx.administrators_only("volume_extension:types_manage")?;
    find(cloud, id)?;
    if cloud.tables.count_by(Kind::Volume, "type", id) > 0 {
        return Err(Refusal::new(400, "Target volume type is still in use."));
    }
    cloud.tables.remove(Kind::VolumeType, id);
    Ok(Answer::empty(202))
}

fn specs(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, tail: &[&str]) -> Option<Outcome> {
    let kind = match find(cloud, id) {
        Ok(kind) => kind.clone(),
        Err(refusal) => return Some(Err(refusal)),
    };
    let mut all = kind.object("extra_specs").cloned().unwrap_or_default();
    let missing =
        |key: &str| Refusal::new(404, format!("Volume Type {id} has no extra specs with key {key}."));
    let method = cx.request.method.as_str();
    if method != "GET"
        && let Err(refusal) = cx.administrators_only("volume_extension:types_extra_specs:create")
    {
        return Some(Err(refusal));
    }
    let answer = match (method, tail) {
        ("GET", []) => return Some(Ok(Answer::wrapped(200, "extra_specs", all))),
        ("GET", [key]) => {
            return Some(
                all.get(*key)
                    .cloned()
                    .map(|value| Answer::wrapped(200, key, value))
                    .ok_or_else(|| missing(key)),
            );
        }
        ("POST", []) => match member(cx, "extra_specs") {
            Ok(given) => {
                all.extend(given.clone());
                Answer::wrapped(200, "extra_specs", given)
            }
            Err(refusal) => return Some(Err(refusal)),
        },
        ("PUT", [key]) => {
            let value = cx.request.json().and_then(|body| body.get(*key).cloned()).unwrap_or(Value::Null);
            all.insert((*key).to_owned(), value.clone());
            Answer::wrapped(200, key, value)
        }
        ("DELETE", [key]) => {
            if all.shift_remove(*key).is_none() {
                return Some(Err(missing(key)));
            }
            Answer::empty(202)
        }
        _ => return None,
    };
    cloud.tables.change(Kind::VolumeType, id, |kind| kind.set("extra_specs", all));
    Some(Ok(answer))
}
