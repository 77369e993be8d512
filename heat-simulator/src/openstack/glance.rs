//! Glance v2.

mod image_changes;
mod image_data;
mod images;
mod members;

use crate::cloud::{Caller, Cloud};
use crate::http::exchange::{Answer, Body, Outcome, Refusal, Request};
use serde_json::json;

pub(super) use image_data::imported;
pub(super) use images::make_snapshot;

/// Answers that need no token: version discovery.
pub(super) fn versions(request: &Request, base: &str, segments: &[&str]) -> Option<Answer> {
    if request.method != "GET" || !matches!(segments, [] | ["versions"]) {
        return None;
    }
    let one = |id: &str, status: &str| json!({"id": id, "status": status, "links": [{"rel": "self", "href": format!("{base}/image/v2/")}]});
    let mut versions = vec![one("v2.15", "CURRENT")];
    versions.extend(
        [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map(|minor| one(&format!("v2.{minor}"), "SUPPORTED")),
    );
    Some(Answer::json(if segments.is_empty() { 300 } else { 200 }, json!({"versions": versions})))
}

/// Works on a request below `/image`.
pub(super) fn serve(cloud: &mut Cloud, caller: &Caller, request: &Request, segments: &[&str]) -> Outcome {
    let answer = route(cloud, caller, request, segments)?;
    // A type is named even where there is no body.
    Ok(match answer.body {
        Body::Empty => answer.with("content-type", "text/html; charset=UTF-8"),
        _ => answer,
    })
}

fn route(cloud: &mut Cloud, caller: &Caller, request: &Request, segments: &[&str]) -> Outcome {
    let ["v2", rest @ ..] = segments else { return Err(not_found()) };
    match (request.method.as_str(), rest) {
        ("GET", ["images"]) => images::list(cloud, caller, request),
        ("POST", ["images"]) => images::create(cloud, caller, request),
        ("GET", ["images", id]) => images::show(cloud, caller, id),
        ("PATCH", ["images", id]) => image_changes::patch(cloud, caller, request, id),
        ("DELETE", ["images", id]) => images::delete(cloud, caller, id),
        ("PUT", ["images", id, "file"]) => image_data::upload(cloud, caller, request, id),
        ("GET", ["images", id, "file"]) => image_data::download(cloud, caller, id),
        ("PUT", ["images", id, "stage"]) => image_data::stage(cloud, caller, request, id),
        ("POST", ["images", id, "import"]) => image_data::import(cloud, caller, request, id),
        ("POST", ["images", id, "actions", action]) => image_changes::act(cloud, caller, id, action),
        ("PUT" | "DELETE", ["images", id, "tags", tag]) => {
            image_changes::tag(cloud, caller, request, id, tag)
        }
        (_, ["images", id, "members", tail @ ..]) => members::serve(cloud, caller, request, id, tail),
        ("GET", ["info", "import"]) => Ok(Answer::json(
            200,
            json!({"import-methods": {"description": "Import methods available.",
            "type": "array", "value": ["glance-direct", "web-download"]}}),
        )),
        ("GET", ["info", "stores"]) => {
            Ok(Answer::json(200, json!({"stores": [{"id": "file", "default": "true"}]})))
        }
        _ => Err(not_found()),
    }
}

fn not_found() -> Refusal {
    Refusal::new(404, "The resource could not be found.")
}

/// Glance's error page.
pub(super) fn error(refusal: &Refusal) -> Answer {
    let title = match refusal.status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        410 => "Gone",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    };
    let escaped = refusal
        .message
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;");
    // A general explanation stands in front of the message where there is one.
    match refusal.kind {
        "" | "SimulatedFault" => super::html_page(refusal.status, title, &escaped, ""),
        explanation => super::html_page(refusal.status, title, explanation, &escaped),
    }
}

/// Glance's refusal of a request without a valid token.
pub(super) fn unauthorized() -> Answer {
    super::html_page(
        401,
        "Unauthorized",
        "This server could not verify that you are authorized to access the document you requested. Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required.",
        "",
    )
}
