//! Application credentials: a user's limited keys to one project.

use crate::cloud::document::object_of;
use crate::cloud::{Caller, Cloud, Fields, Kind, Object, hashes};
use crate::http::exchange::{Answer, Outcome, Refusal, Request, body_of};
use serde_json::{Value, json};

fn view(credential: &Object, base: &str) -> Object {
    let mut shown: Object = credential
        .iter()
        .filter(|(name, _)| !name.starts_with('_'))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    // The owner is part of the address, not of the body.
    shown.shift_remove("user_id");
    let path = format!(
        "{base}/v3/users/{}/application_credentials/{}",
        credential.text("user_id"),
        credential.text("id")
    );
    shown.set("links", json!({"self": path}));
    shown
}

fn own(caller: &Caller, user: &str, action: &str) -> Result<(), Refusal> {
    if caller.user_id == user {
        return Ok(());
    }
    Err(Refusal::new(
        403,
        format!(
            "You are not authorized to perform the requested action: identity:{action}_application_credential."
        ),
    ))
}

fn find<'c>(cloud: &'c Cloud, user: &str, id: &str) -> Result<&'c Object, Refusal> {
    let found =
        cloud.tables.get(Kind::ApplicationCredential, id).filter(|found| found.text("user_id") == user);
    found.ok_or_else(|| Refusal::new(404, format!("Could not find Application Credential: {id}.")))
}

/// GET …/application_credentials.
pub(super) fn list(cloud: &Cloud, caller: &Caller, request: &Request, user: &str, base: &str) -> Outcome {
    own(caller, user, "list")?;
    let name = request.parameter("name");
    let of_user = cloud.tables.find(Kind::ApplicationCredential, "user", user);
    let items: Vec<Value> = of_user
        .filter(|found| name.is_none_or(|name| found.text("name") == name))
        .map(|found| Value::Object(view(found, base)))
        .collect();
    let link = format!("{base}/v3/users/{user}/application_credentials");
    Ok(Answer::json(
        200,
        json!({"application_credentials": items,
        "links": {"next": null, "self": link, "previous": null}}),
    ))
}

/// POST …/application_credentials. The secret is shown only in this answer.
pub(super) fn create(
    cloud: &mut Cloud,
    caller: &Caller,
    request: &Request,
    user: &str,
    base: &str,
) -> Outcome {
    own(caller, user, "create")?;
    let body = body_of(
        request,
        "application_credential",
        "Expecting to find application_credential in request body.",
    )?;
    let name = body.text("name").to_owned();
    if name.is_empty() {
        return Err(Refusal::new(400, "'name' is a required property"));
    }
    if cloud.tables.find(Kind::ApplicationCredential, "user", user).any(|found| found.text("name") == name) {
        return Err(Refusal::new(
            409,
            format!(
                "Conflict occurred attempting to store application_credential - Duplicate entry found with name {name}."
            ),
        ));
    }
    let asked: Vec<String> = body
        .items("roles")
        .iter()
        .filter_map(|role| {
            let by_name = role["name"].as_str().map(str::to_owned);
            by_name
                .or_else(|| Some(cloud.tables.get(Kind::Role, role["id"].as_str()?)?.text("name").to_owned()))
        })
        .collect();
    let roles = if asked.is_empty() { caller.roles.clone() } else { asked };
    if let Some(missing) = roles.iter().find(|role| !caller.roles.contains(role)) {
        return Err(Refusal::new(404, format!("Could not find role assignment with role: {missing}.")));
    }
    let id = cloud.fresh_hex();
    let made_up = format!("{}{}", cloud.fresh_hex(), cloud.fresh_hex());
    let secret = body.get("secret").and_then(Value::as_str).map_or(made_up, str::to_owned);
    let role_list: Vec<_> = roles
        .iter()
        .filter_map(|name| cloud.tables.find(Kind::Role, "name", name).next())
        .map(|role| json!({"id": role.text("id"), "name": role.text("name"), "domain_id": null, "description": null, "options": {}}))
        .collect();
    let credential = object_of(json!({
        "id": id, "name": name, "description": body.value("description"), "project_id": caller.project_id,
        "system": null, "roles": role_list, "expires_at": body.value("expires_at"),
        "unrestricted": body.flag("unrestricted"), "user_id": user, "_roles": roles,
        "_secret": hashes::sha256_hex(format!("{id}:{secret}").as_bytes()),
    }));
    let mut shown = view(&credential, base);
    shown.set("secret", secret);
    cloud.tables.put(Kind::ApplicationCredential, credential);
    Ok(Answer::wrapped(201, "application_credential", shown))
}

/// GET …/application_credentials/{id}.
pub(super) fn show(cloud: &Cloud, caller: &Caller, user: &str, id: &str, base: &str) -> Outcome {
    own(caller, user, "get")?;
    Ok(Answer::wrapped(200, "application_credential", view(find(cloud, user, id)?, base)))
}

/// DELETE …/application_credentials/{id}. Tokens that it gave end with it.
pub(super) fn delete(cloud: &mut Cloud, caller: &Caller, user: &str, id: &str) -> Outcome {
    own(caller, user, "delete")?;
    find(cloud, user, id)?;
    cloud.tables.remove(Kind::ApplicationCredential, id);
    cloud.tokens.retain(|_, token| token.application_credential.as_deref() != Some(id));
    Ok(Answer::empty(204))
}
