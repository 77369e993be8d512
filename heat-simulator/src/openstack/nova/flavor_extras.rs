//! Extra specs of flavors, and the projects that may use a private one.

use super::schema::invalid;
use super::{Cx, flavors};
use crate::cloud::document::{python_repr, text_of};
use crate::cloud::{Cloud, Fields, Kind, Object};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::{Value, json};

/// Works on `/flavors/{id}/os-extra_specs…`.
pub(super) fn specs(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, tail: &[&str]) -> Option<Outcome> {
    let method = cx.request.method.as_str();
    if !matches!((method, tail), ("GET" | "POST", []) | ("GET" | "PUT" | "DELETE", [_])) {
        return None;
    }
    Some(change_specs(cloud, cx, id, method, tail.first().copied()))
}

fn change_specs(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, method: &str, key: Option<&str>) -> Outcome {
    let flavor = flavors::find(cloud, cx, id)?.clone();
    let mut all = flavor.object("extra_specs").cloned().unwrap_or_default();
    let missing = |key: &str| Refusal::new(404, format!("Flavor {id} has no extra specs with key {key}."));
    let one = |key: &str, value: Value| {
        let mut single = Object::new();
        single.insert(key.to_owned(), value);
        Answer::json(200, Value::Object(single))
    };
    let answer = match (method, key) {
        ("GET", None) => return Ok(Answer::wrapped(200, "extra_specs", all)),
        ("GET", Some(key)) => {
            return all.get(key).cloned().map(|value| one(key, value)).ok_or_else(|| missing(key));
        }
        _ => {
            let rule = match method {
                "POST" => "create",
                "PUT" => "update",
                _ => "delete",
            };
            cx.administrators_only(&format!("os_compute_api:os-flavor-extra-specs:{rule}"))?;
            match (method, key) {
                ("POST", _) => {
                    let given = super::schema::member(cx, "extra_specs", &[])?;
                    for (key, value) in &given {
                        check(key, value)?;
                    }
                    all.extend(given);
                    Answer::wrapped(200, "extra_specs", all.clone())
                }
                ("PUT", Some(key)) => {
                    let given = cx.request.json().unwrap_or_default();
                    let value = given
                        .get(key)
                        .cloned()
                        .ok_or_else(|| Refusal::new(400, "Request body and URI mismatch"))?;
                    check(key, &value)?;
                    all.insert(key.to_owned(), value.clone());
                    one(key, value)
                }
                (_, Some(key)) => {
                    all.shift_remove(key).ok_or_else(|| missing(key))?;
                    Answer::empty(200)
                }
                _ => return Err(Refusal::new(400, "No Request Body")),
            }
        }
    };
    cloud.tables.change(Kind::Flavor, id, |flavor| flavor.set("extra_specs", all));
    Ok(answer)
}

fn check(key: &str, value: &Value) -> Result<(), Refusal> {
    match value {
        Value::String(text) if text.chars().count() <= 255 => Ok(()),
        Value::Number(_) => Ok(()),
        other => Err(invalid(
            &format!("extra_specs/{key}"),
            other,
            &format!("{} is not of type 'string', 'number'", python_repr(other)),
        )),
    }
}

/// GET /flavors/{id}/os-flavor-access.
pub(super) fn access(cloud: &Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    cx.administrators_only("os_compute_api:os-flavor-access")?;
    let flavor = flavors::find(cloud, cx, id)?;
    if flavor.flag("is_public") {
        return Err(Refusal::new(404, "Access list not available for public flavors."));
    }
    Ok(Answer::wrapped(200, "flavor_access", list(flavor)))
}

fn list(flavor: &Object) -> Vec<Value> {
    flavor
        .items("_access")
        .iter()
        .map(|project| json!({"flavor_id": flavor.text("id"), "tenant_id": project}))
        .collect()
}

/// POST /flavors/{id}/action: addTenantAccess and removeTenantAccess.
pub(super) fn act(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let body = cx.request.json().unwrap_or_default();
    let (adds, argument) = match (body.get("addTenantAccess"), body.get("removeTenantAccess")) {
        (Some(argument), _) => (true, argument),
        (_, Some(argument)) => (false, argument),
        _ => return Err(Refusal::new(400, "There is no such action")),
    };
    cx.administrators_only(if adds {
        "os_compute_api:os-flavor-access:add_tenant_access"
    } else {
        "os_compute_api:os-flavor-access:remove_tenant_access"
    })?;
    let project = text_of(argument, "tenant");
    let mut flavor = flavors::find(cloud, cx, id)?.clone();
    let mut access = flavor.items("_access").to_vec();
    let has = access.iter().any(|other| other == project);
    if adds {
        if flavor.flag("is_public") {
            return Err(Refusal::new(409, "Can not add access to a public flavor."));
        }
        if has {
            return Err(Refusal::new(
                409,
                format!("Flavor access already exists for flavor {id} and project {project} combination."),
            ));
        }
        if cloud.tables.get(Kind::Project, project).is_none() {
            return Err(Refusal::new(400, format!("Project ID {project} is not a valid project.")));
        }
        access.push(project.into());
    } else {
        if !has {
            return Err(Refusal::new(
                404,
                format!("Flavor access not found for {id} / {project} combination."),
            ));
        }
        access.retain(|other| other != project);
    }
    flavor.set("_access", access);
    let shown = list(&flavor);
    cloud.tables.put(Kind::Flavor, flavor);
    Ok(Answer::wrapped(200, "flavor_access", shown))
}
