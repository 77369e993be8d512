//! Keystone v3: tokens, the catalog, projects, users, application credentials.

mod application_credentials;
mod catalog;
mod projects;
mod tokens;

use crate::cloud::{Caller, Cloud};
use crate::http::exchange::{Answer, Outcome, Refusal, Request};
use serde_json::{Value, json};

/// Works on a request below `/identity`.
pub(super) fn serve(
    cloud: &mut Cloud,
    request: &Request,
    segments: &[&str],
    caller: Option<Caller>,
) -> Outcome {
    let base = format!("{}/identity", request.base(&cloud.base));
    let method = request.method.as_str();
    match (method, segments) {
        ("GET" | "HEAD", []) => {
            return Ok(Answer::json(300, json!({"versions": {"values": [version(&base)]}})));
        }
        ("GET" | "HEAD", ["v3"]) => return Ok(Answer::json(200, json!({"version": version(&base)}))),
        ("POST", ["v3", "auth", "tokens"]) => return tokens::issue(cloud, request),
        _ => {}
    }
    let caller = caller.ok_or_else(unauthorized)?;
    match (method, segments) {
        ("GET" | "HEAD", ["v3", "auth", "tokens"]) => tokens::show(cloud, request, &caller),
        ("DELETE", ["v3", "auth", "tokens"]) => tokens::revoke(cloud, request),
        ("GET", ["v3", "auth", "catalog"]) => Ok(Answer::json(
            200,
            json!({"catalog": catalog::catalog(cloud, &caller.project_id),
                "links": {"next": null, "self": format!("{base}/v3/auth/catalog"), "previous": null}}),
        )),
        ("GET", ["v3", "auth", "projects"]) => projects::of_caller(cloud, &caller, &base),
        ("GET", ["v3", "users", user, "application_credentials"]) => {
            application_credentials::list(cloud, &caller, request, user, &base)
        }
        ("POST", ["v3", "users", user, "application_credentials"]) => {
            application_credentials::create(cloud, &caller, request, user, &base)
        }
        ("GET", ["v3", "users", user, "application_credentials", id]) => {
            application_credentials::show(cloud, &caller, user, id, &base)
        }
        ("DELETE", ["v3", "users", user, "application_credentials", id]) => {
            application_credentials::delete(cloud, &caller, user, id)
        }
        ("GET", ["v3", collection]) => projects::list(cloud, &caller, request, collection, &base),
        ("GET", ["v3", collection, id]) => projects::show(cloud, &caller, collection, id, &base),
        _ => Err(Refusal::new(404, "The resource could not be found.")),
    }
}

fn version(base: &str) -> Value {
    json!({"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": format!("{base}/v3/")}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]})
}

/// The refusal of a missing, wrong or expired proof of identity.
fn unauthorized() -> Refusal {
    Refusal::new(401, "The request you have made requires authentication.")
}

/// Keystone's error body.
pub(super) fn error(refusal: &Refusal) -> Answer {
    let title = match refusal.status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        413 => "Request Entity Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Error",
    };
    let body = json!({"error": {"code": refusal.status, "message": refusal.message, "title": title}});
    let answer = Answer::json(refusal.status, body).with("vary", "X-Auth-Token");
    if refusal.status == 401 {
        answer.with("www-authenticate", "Keystone uri=\"http://127.0.0.1/identity\"")
    } else {
        answer
    }
}
