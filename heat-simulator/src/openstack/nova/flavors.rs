//! Flavors.

use super::Cx;
use super::schema::{allow, member, name, need, number, truth};
use crate::cloud::document::{object_of, python_str};
use crate::cloud::{Cloud, Fields, Kind, Object};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::{Value, json};

/// Works on `/flavors…`.
pub(super) fn serve(cloud: &mut Cloud, cx: &Cx<'_>, tail: &[&str]) -> Option<Outcome> {
    Some(match (cx.request.method.as_str(), tail) {
        ("GET", []) => list(cloud, cx, false),
        ("GET", ["detail"]) => list(cloud, cx, true),
        ("GET", [id]) => find(cloud, cx, id).map(|flavor| Answer::wrapped(200, "flavor", view(cx, flavor))),
        ("POST", []) => create(cloud, cx),
        ("PUT", [id]) if cx.version >= 55 => describe(cloud, cx, id),
        ("DELETE", [id]) => delete(cloud, cx, id),
        _ => return None,
    })
}

/// The flavor, if the caller may use it.
pub(super) fn visible<'c>(cloud: &'c Cloud, cx: &Cx<'_>, id: &str) -> Option<&'c Object> {
    let flavor = cloud.tables.get(Kind::Flavor, id)?;
    let access = flavor.flag("is_public")
        || cx.caller.is_admin()
        || flavor.items("_access").iter().any(|project| *project == cx.caller.project_id.as_str());
    access.then_some(flavor)
}

/// The flavor, or a refusal.
pub(super) fn find<'c>(cloud: &'c Cloud, cx: &Cx<'_>, id: &str) -> Result<&'c Object, Refusal> {
    visible(cloud, cx, id).ok_or_else(|| Refusal::new(404, format!("Flavor {id} could not be found.")))
}

/// The extra specs of a flavor document.
pub(super) fn specs_of(flavor: &Object) -> Value {
    Value::Object(flavor.object("extra_specs").cloned().unwrap_or_default())
}

fn view(cx: &Cx<'_>, flavor: &Object) -> Object {
    let id = flavor.text("id");
    let swap = match flavor.int("swap") {
        0 if cx.version < 75 => json!(""),
        swap => json!(swap),
    };
    let mut shown = object_of(json!({
        "id": id, "name": flavor.text("name"), "ram": flavor.int("ram"), "disk": flavor.int("disk"), "swap": swap,
        "OS-FLV-EXT-DATA:ephemeral": flavor.int("ephemeral"), "OS-FLV-DISABLED:disabled": false, "vcpus": flavor.int("vcpus"),
        "os-flavor-access:is_public": flavor.flag("is_public"), "rxtx_factor": flavor.value("rxtx_factor"),
        "links": cx.links(&format!("flavors/{id}")),
    }));
    if cx.version >= 55 {
        shown.set("description", flavor.value("description"));
    }
    if cx.version >= 61 {
        shown.set("extra_specs", specs_of(flavor));
    }
    shown
}

fn list(cloud: &Cloud, cx: &Cx<'_>, detail: bool) -> Outcome {
    let public = cx.request.parameter("is_public").map(str::to_ascii_lowercase);
    let fits = |flavor: &&Object| {
        let shown = match public.as_deref() {
            Some("none") if cx.caller.is_admin() => true,
            Some("false" | "0") if cx.caller.is_admin() => !flavor.flag("is_public"),
            _ => {
                flavor.flag("is_public")
                    || visible(cloud, cx, flavor.text("id")).is_some() && !cx.caller.is_admin()
            }
        };
        let at_least = |name: &str, field: &str| {
            cx.request
                .parameter(name)
                .and_then(|text| text.parse::<i64>().ok())
                .is_none_or(|least| flavor.int(field) >= least)
        };
        shown && at_least("minRam", "ram") && at_least("minDisk", "disk")
    };
    let mut found: Vec<&Object> = cloud.tables.all(Kind::Flavor).filter(fits).collect();
    if let Some(marker) = cx.request.parameter("marker") {
        let place = found.iter().position(|flavor| flavor.text("id") == marker);
        let place = place.ok_or_else(|| Refusal::new(400, format!("marker [{marker}] not found")))?;
        found.drain(..=place);
    }
    let limit = cx.request.parameter("limit").and_then(|text| text.parse().ok()).unwrap_or(1000_usize);
    let more = found.len() > limit;
    found.truncate(limit);
    let shown: Vec<Value> = found
        .iter()
        .map(|flavor| {
            if detail {
                return Value::Object(view(cx, flavor));
            }
            let id = flavor.text("id");
            let mut brief =
                json!({"id": id, "name": flavor.text("name"), "links": cx.links(&format!("flavors/{id}"))});
            if cx.version >= 55 {
                brief["description"] = flavor.value("description");
            }
            brief
        })
        .collect();
    let mut body = json!({"flavors": shown});
    if let (true, Some(last)) = (more, found.last()) {
        let path = if detail { "flavors/detail" } else { "flavors" };
        body["flavors_links"] = json!([{"rel": "next", "href": format!("{}/v2.1/{path}?limit={limit}&marker={}", cx.base, last.text("id"))}]);
    }
    Ok(Answer::json(200, body))
}

fn create(cloud: &mut Cloud, cx: &Cx<'_>) -> Outcome {
    cx.administrators_only("os_compute_api:os-flavor-manage:create")?;
    let given = member(cx, "flavor", &[])?;
    need("flavor", &given, &["name", "ram", "vcpus", "disk"])?;
    let mut allowed = vec![
        "name",
        "id",
        "ram",
        "vcpus",
        "disk",
        "OS-FLV-EXT-DATA:ephemeral",
        "swap",
        "rxtx_factor",
        "os-flavor-access:is_public",
    ];
    if cx.version >= 55 {
        allowed.push("description");
    }
    allow("flavor", &given, &allowed)?;
    let flavor_name = name("name", &given.value("name"))?;
    let optional = |field: &str| {
        given.get(field).filter(|value| !value.is_null()).map_or(Ok(0), |value| number(field, value, 0))
    };
    let (ram, vcpus, disk) = (
        number("ram", &given.value("ram"), 1)?,
        number("vcpus", &given.value("vcpus"), 1)?,
        number("disk", &given.value("disk"), 0)?,
    );
    let (ephemeral, swap) = (optional("OS-FLV-EXT-DATA:ephemeral")?, optional("swap")?);
    let rxtx = match given.get("rxtx_factor") {
        Some(Value::String(text)) => text.parse::<f64>().map_or(json!(1.0), |number| json!(number)),
        Some(Value::Number(number)) => json!(number.as_f64().unwrap_or(1.0)),
        _ => json!(1.0),
    };
    let id = match given.get("id") {
        None | Some(Value::Null) => cloud.fresh_uuid(),
        Some(Value::String(text)) if text == "auto" => cloud.fresh_uuid(),
        Some(value) => python_str(value),
    };
    if cloud.tables.find(Kind::Flavor, "name", &flavor_name).next().is_some() {
        return Err(Refusal::new(409, format!("Flavor with name {flavor_name} already exists.")));
    }
    if cloud.tables.get(Kind::Flavor, &id).is_some() {
        return Err(Refusal::new(409, format!("Flavor with ID {id} already exists.")));
    }
    let public = given.get("os-flavor-access:is_public").is_none_or(truth);
    let flavor = object_of(
        json!({"id": id, "name": flavor_name, "ram": ram, "vcpus": vcpus, "disk": disk, "swap": swap,
        "ephemeral": ephemeral, "rxtx_factor": rxtx, "is_public": public, "disabled": false,
        "description": given.value("description"), "extra_specs": {},
        "_access": if public { json!([]) } else { json!([cx.caller.project_id]) }}),
    );
    let shown = view(cx, &flavor);
    cloud.tables.put(Kind::Flavor, flavor);
    Ok(Answer::wrapped(200, "flavor", shown))
}

fn describe(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    cx.administrators_only("os_compute_api:os-flavor-manage:update")?;
    let given = member(cx, "flavor", &[])?;
    allow("flavor", &given, &["description"])?;
    let mut flavor = find(cloud, cx, id)?.clone();
    flavor.set("description", given.value("description"));
    let shown = view(cx, &flavor);
    cloud.tables.put(Kind::Flavor, flavor);
    Ok(Answer::wrapped(200, "flavor", shown))
}

fn delete(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    cx.administrators_only("os_compute_api:os-flavor-manage:delete")?;
    find(cloud, cx, id)?;
    cloud.tables.remove(Kind::Flavor, id);
    Ok(Answer::empty(202))
}
