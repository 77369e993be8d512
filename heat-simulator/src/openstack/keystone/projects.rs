//! Projects, users, roles, domains: reading them. They are ready-made.

use crate::cloud::{Caller, Cloud, Fields, Kind, Object};
use crate::http::exchange::{Answer, Outcome, Refusal, Request};
use serde_json::{Value, json};

fn kind_of(collection: &str) -> Option<(Kind, &'static str)> {
    match collection {
        "projects" => Some((Kind::Project, "project")),
        "users" => Some((Kind::User, "user")),
        "roles" => Some((Kind::Role, "role")),
        "domains" => Some((Kind::Domain, "domain")),
        _ => None,
    }
}

fn view(object: &Object, collection: &str, base: &str) -> Value {
    let mut shown: Object = object
        .iter()
        .filter(|(name, _)| !name.starts_with('_'))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    shown.set("links", json!({"self": format!("{base}/v3/{collection}/{}", object.text("id"))}));
    Value::Object(shown)
}

fn forbidden(action: &str) -> Refusal {
    Refusal::new(403, format!("You are not authorized to perform the requested action: identity:{action}."))
}

/// GET /v3/{projects,users,roles,domains}. Administrators only, as Keystone's policy has it.
pub(super) fn list(
    cloud: &Cloud,
    caller: &Caller,
    request: &Request,
    collection: &str,
    base: &str,
) -> Outcome {
    let (kind, _) =
        kind_of(collection).ok_or_else(|| Refusal::new(404, "The resource could not be found."))?;
    if !caller.is_admin() {
        return Err(forbidden(&format!("list_{collection}")));
    }
    let wanted = |object: &&Object| {
        ["name", "domain_id", "parent_id", "enabled"].iter().all(|field| {
            request.parameter(field).is_none_or(|value| match object.get(*field) {
                Some(Value::String(text)) => text == value,
                Some(other) => other.to_string().eq_ignore_ascii_case(value),
                None => false,
            })
        })
    };
    let items: Vec<_> =
        cloud.tables.all(kind).filter(wanted).map(|object| view(object, collection, base)).collect();
    Ok(Answer::json(
        200,
        json!({collection: items,
        "links": {"next": null, "self": format!("{base}/v3/{collection}"), "previous": null}}),
    ))
}

/// GET /v3/auth/projects.
pub(super) fn of_caller(cloud: &Cloud, caller: &Caller, base: &str) -> Outcome {
    let user = cloud.tables.get(Kind::User, &caller.user_id);
    let roles = user.and_then(|user| user.object("_roles")).cloned().unwrap_or_default();
    let projects: Vec<_> = roles
        .keys()
        .filter_map(|id| cloud.tables.get(Kind::Project, id))
        .map(|project| view(project, "projects", base))
        .collect();
    Ok(Answer::json(
        200,
        json!({"projects": projects,
        "links": {"next": null, "self": format!("{base}/v3/auth/projects"), "previous": null}}),
    ))
}

/// GET /v3/{projects,users,roles,domains}/{id}. One's own project and user, or any for administrators.
pub(super) fn show(cloud: &Cloud, caller: &Caller, collection: &str, id: &str, base: &str) -> Outcome {
    let (kind, name) =
        kind_of(collection).ok_or_else(|| Refusal::new(404, "The resource could not be found."))?;
    let own = match kind {
        Kind::Project => id == caller.project_id,
        Kind::User => id == caller.user_id,
        _ => false,
    };
    if !own && !caller.is_admin() {
        return Err(forbidden(&format!("get_{name}")));
    }
    match cloud.tables.get(kind, id) {
        Some(object) => Ok(Answer::wrapped(200, name, view(object, collection, base))),
        None => Err(Refusal::new(404, format!("Could not find {name}: {id}."))),
    }
}
