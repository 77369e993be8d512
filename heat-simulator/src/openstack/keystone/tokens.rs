//! Tokens: proving who one is, and what a token says.

use super::{catalog, unauthorized};
use crate::cloud::document::{Object, text_of};
use crate::cloud::identity::Token;
use crate::cloud::{Caller, Cloud, Fields, Kind, hashes, time};
use crate::http::exchange::{Answer, Outcome, Refusal, Request};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// POST /v3/auth/tokens.
pub(super) fn issue(cloud: &mut Cloud, request: &Request) -> Outcome {
    let body = request.json().ok_or_else(|| {
        Refusal::new(400, "Could not parse JSON request body. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.")
    })?;
    let auth = &body["auth"];
    let identity = &auth["identity"];
    let Some(methods) = identity["methods"].as_array() else {
        return Err(Refusal::new(
            400,
            "Expecting to find identity in auth. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.",
        ));
    };
    let methods: Vec<String> = methods.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let mut user_id = None;
    let mut scope = auth["scope"].clone();
    let mut credential = None;
    let mut earlier_methods = Vec::new();
    for method in &methods {
        let proof = &identity[method.as_str()];
        let proven = match method.as_str() {
            "password" => password(cloud, &proof["user"])?,
            "token" => {
                let token = cloud.tokens.get(text_of(proof, "id")).filter(|token| token.expires > cloud.now);
                let token = token.ok_or_else(unauthorized)?;
                earlier_methods.clone_from(&token.methods);
                if scope.is_null() && !token.caller.project_id.is_empty() {
                    scope = json!({"project": {"id": token.caller.project_id}});
                }
                token.caller.user_id.clone()
            }
            "application_credential" => {
                let found = application_credential(cloud, proof)?;
                scope = json!({"project": {"id": found.text("project_id")}});
                credential = Some(found.clone());
                found.text("user_id").to_owned()
            }
            other => {
                return Err(Refusal::new(
                    401,
                    format!("Attempted to authenticate with an unsupported method. {other}"),
                ));
            }
        };
        user_id = Some(proven);
    }
    let user_id = user_id.ok_or_else(unauthorized)?;
    let user = cloud.tables.get(Kind::User, &user_id).cloned().ok_or_else(unauthorized)?;
    let (project_id, roles) = scoped(cloud, &user, &scope)?;
    // As in Keystone, a token from a token names the methods of both.
    let mut methods = methods;
    for method in earlier_methods {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    let roles = match &credential {
        Some(credential) => {
            credential.items("_roles").iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        None => roles,
    };
    let life = i64::try_from(cloud.settings.token_life.as_millis()).unwrap_or(i64::MAX / 4);
    let n = cloud.fresh_number();
    let random: Vec<u8> = (0..17)
        .flat_map(|part| hashes::mixed(cloud.settings.seed ^ 0x746f_6b65_6e21, n * 32 + part).to_be_bytes())
        .collect();
    let text = format!("gAAAAA{}", URL_SAFE_NO_PAD.encode(random));
    let audit_id = URL_SAFE_NO_PAD.encode(hashes::uuid(cloud.settings.seed, n).as_bytes());
    let token = Token {
        caller: Caller { user_id, project_id, roles },
        methods,
        issued: cloud.now,
        expires: cloud.now + life,
        audit_id,
        application_credential: credential.map(|credential| credential.text("id").to_owned()),
    };
    let now = cloud.now;
    if n.is_multiple_of(256) {
        cloud.tokens.retain(|_, token| token.expires > now);
    }
    let with_catalog = request.query.iter().all(|(name, _)| name != "nocatalog");
    let body = describe(cloud, &token, with_catalog);
    cloud.tokens.insert(text.clone(), token);
    Ok(Answer::json(201, json!({"token": body})).with("x-subject-token", text).with("vary", "X-Auth-Token"))
}

fn password(cloud: &Cloud, given: &Value) -> Result<String, Refusal> {
    let user = find_named(cloud, Kind::User, given).ok_or_else(unauthorized)?;
    let digest = hashes::sha256_hex(format!("{}:{}", user.text("id"), text_of(given, "password")).as_bytes());
    if user.text("_password") == digest { Ok(user.text("id").to_owned()) } else { Err(unauthorized()) }
}

fn application_credential(cloud: &Cloud, given: &Value) -> Result<Object, Refusal> {
    let id = text_of(given, "id");
    let found = if id.is_empty() {
        let user = find_named(cloud, Kind::User, &given["user"]).ok_or_else(unauthorized)?;
        let mut of_user = cloud.tables.find(Kind::ApplicationCredential, "user", user.text("id"));
        of_user.find(|credential| credential.text("name") == text_of(given, "name"))
    } else {
        cloud.tables.get(Kind::ApplicationCredential, id)
    };
    let found =
        found.ok_or_else(|| Refusal::new(401, "The request you have made requires authentication."))?;
    let digest = hashes::sha256_hex(format!("{}:{}", found.text("id"), text_of(given, "secret")).as_bytes());
    let expired = time::parse(found.text("expires_at")).is_some_and(|expires| expires <= cloud.now);
    if found.text("_secret") == digest && !expired { Ok(found.clone()) } else { Err(unauthorized()) }
}

/// A user or project given by id, or by name and domain.
fn find_named<'c>(cloud: &'c Cloud, kind: Kind, given: &Value) -> Option<&'c Object> {
    let id = text_of(given, "id");
    if !id.is_empty() {
        return cloud.tables.get(kind, id);
    }
    let domain = &given["domain"];
    let domain_id = match (text_of(domain, "id"), text_of(domain, "name")) {
        ("", "") => return None,
        ("", name) => {
            let mut domains = cloud.tables.all(Kind::Domain);
            domains.find(|domain| domain.text("name").eq_ignore_ascii_case(name))?.text("id").to_owned()
        }
        (id, _) => id.to_owned(),
    };
    let mut named = cloud.tables.find(kind, "name", text_of(given, "name"));
    named.find(|object| object.text("domain_id") == domain_id)
}

/// The project of the scope and the user's roles on it; both empty without a scope.
fn scoped(cloud: &Cloud, user: &Object, scope: &Value) -> Result<(String, Vec<String>), Refusal> {
    let given = &scope["project"];
    let project_id = if given.is_object() {
        find_named(cloud, Kind::Project, given).ok_or_else(unauthorized)?.text("id").to_owned()
    } else if scope.is_null() && !user.text("default_project_id").is_empty() {
        user.text("default_project_id").to_owned()
    } else {
        return Ok((String::new(), Vec::new()));
    };
    let roles: Vec<String> = user
        .object("_roles")
        .map(|roles| roles.items(&project_id).iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    if roles.is_empty() {
        return Err(unauthorized());
    }
    Ok((project_id, roles))
}

/// A token's body.
fn describe(cloud: &Cloud, token: &Token, with_catalog: bool) -> Value {
    let caller = &token.caller;
    let user = cloud.tables.get(Kind::User, &caller.user_id);
    let domain = json!({"id": "default", "name": "Default"});
    let mut body = json!({
        "methods": token.methods,
        "user": {"domain": domain, "id": caller.user_id, "name": user.map_or("", |user| user.text("name")),
            "password_expires_at": null},
        "audit_ids": [token.audit_id],
        "expires_at": time::micros_z(token.expires),
        "issued_at": time::micros_z(token.issued),
    });
    if let Some(project) = cloud.tables.get(Kind::Project, &caller.project_id) {
        let role = |name: &String| {
            let role = cloud.tables.find(Kind::Role, "name", name).next();
            json!({"id": role.map_or("", |role| role.text("id")), "name": name})
        };
        body["project"] = json!({"domain": domain, "id": project.text("id"), "name": project.text("name")});
        body["is_domain"] = json!(false);
        body["roles"] = caller.roles.iter().map(role).collect();
        if with_catalog {
            body["catalog"] = catalog::catalog(cloud, &caller.project_id);
        }
    }
    if let Some(id) = &token.application_credential
        && let Some(credential) = cloud.tables.get(Kind::ApplicationCredential, id)
    {
        body["application_credential"] = json!({"id": id, "name": credential.text("name"), "restricted": !credential.flag("unrestricted")});
    }
    body
}

/// GET and HEAD /v3/auth/tokens.
pub(super) fn show(cloud: &Cloud, request: &Request, caller: &Caller) -> Outcome {
    let subject = request.header("x-subject-token").unwrap_or("");
    let token = cloud.tokens.get(subject).filter(|token| token.expires > cloud.now);
    let token = token.filter(|token| caller.is_admin() || token.caller.user_id == caller.user_id);
    let token = token.ok_or_else(|| Refusal::new(404, format!("Could not find token: {subject}.")))?;
    let with_catalog = request.query.iter().all(|(name, _)| name != "nocatalog");
    Ok(Answer::json(200, json!({"token": describe(cloud, token, with_catalog)}))
        .with("x-subject-token", subject))
}

/// DELETE /v3/auth/tokens.
pub(super) fn revoke(cloud: &mut Cloud, request: &Request) -> Outcome {
    let subject = request.header("x-subject-token").unwrap_or("");
    match cloud.tokens.remove(subject) {
        Some(_) => Ok(Answer::empty(204)),
        None => Err(Refusal::new(404, format!("Could not find token: {subject}."))),
    }
}
