//! Cinder v3 with its microversions.

mod attachments;
mod backups;
mod limits;
mod microversion;
mod paging;
mod snapshots;
mod volume_actions;
mod volume_metadata;
mod volume_types;
mod volume_view;
mod volumes;

use crate::cloud::{Caller, Cloud};
use crate::http::exchange::{Answer, Outcome, Refusal, Request};
use serde_json::{Value, json};

pub(super) use volumes::{begin_delete, make as make_volume};

/// A request on its way through the service.
pub(super) struct Cx<'r> {
    pub(super) caller: &'r Caller,
    pub(super) request: &'r Request,
    /// The minor number of the microversion.
    pub(super) version: u32,
    /// `http://HOST:PORT/volume`.
    pub(super) base: String,
}

impl Cx<'_> {
    /// The links of an object: itself, and without the version.
    pub(super) fn links(&self, path: &str) -> Value {
        let project = &self.caller.project_id;
        json!([{"rel": "self", "href": format!("{}/v3/{project}/{path}", self.base)},
            {"rel": "bookmark", "href": format!("{}/{project}/{path}", self.base)}])
    }

    /// Refuses who is not administrator.
    pub(super) fn administrators_only(&self, rule: &str) -> Result<(), Refusal> {
        if self.caller.is_admin() {
            return Ok(());
        }
        Err(Refusal::new(403, format!("Policy doesn't allow {rule} to be performed.")))
    }
}

/// Answers that need no token: version discovery.
pub(super) fn versions(request: &Request, base: &str, segments: &[&str]) -> Option<Answer> {
    let version = json!({"id": "v3.0", "status": "CURRENT", "version": microversion::LATEST_TEXT, "min_version": "3.0",
        "updated": "2022-08-31T00:00:00Z",
        "links": [{"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
            {"rel": "self", "href": format!("{base}/volume/v3/")}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}]});
    match (request.method.as_str(), segments) {
        ("GET", []) => Some(Answer::json(300, json!({"versions": [version]}))),
        ("GET", ["v3"]) => Some(Answer::json(200, json!({"versions": [version]}))),
        _ => None,
    }
}

/// Works on a request below `/volume`.
pub(super) fn serve(
    cloud: &mut Cloud,
    caller: &Caller,
    request: &Request,
    segments: &[&str],
) -> Result<Answer, Answer> {
    let ["v3", rest @ ..] = segments else { return Err(super::no_route_page()) };
    // The project in the path is optional since 3.67.
    let rest = match rest {
        [project, rest @ ..] if *project == caller.project_id => rest,
        [project, ..] if uuid::Uuid::try_parse(project).is_ok() => {
            return Err(error(&Refusal::new(400, "Malformed request url")));
        }
        rest => rest,
    };
    let version = microversion::asked(request).map_err(|refusal| error(&refusal))?;
    let cx = Cx { caller, request, version, base: format!("{}/volume", request.base(&cloud.base)) };
    let answer = match route(cloud, &cx, rest) {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(refusal)) => Err(error(&refusal)),
        None => Err(super::no_route_page()),
    };
    answer
        .map(|answer| microversion::label(answer, request, version))
        .map_err(|answer| microversion::label(answer, request, version))
}

fn route(cloud: &mut Cloud, cx: &Cx<'_>, rest: &[&str]) -> Option<Outcome> {
    Some(match (cx.request.method.as_str(), rest) {
        ("GET", ["volumes"]) => volumes::list(cloud, cx, false),
        ("GET", ["volumes", "detail"]) => volumes::list(cloud, cx, true),
        ("POST", ["volumes"]) => volumes::create(cloud, cx),
        ("GET", ["volumes", id]) => volumes::show(cloud, cx, id),
        ("PUT", ["volumes", id]) => volumes::update(cloud, cx, id),
        ("DELETE", ["volumes", id]) => volumes::delete(cloud, cx, id),
        ("POST", ["volumes", id, "action"]) => volume_actions::act(cloud, cx, id),
        (_, ["volumes", id, "metadata", tail @ ..]) => {
            volume_metadata::serve(cloud, cx, crate::cloud::Kind::Volume, id, tail)?
        }
        (_, ["snapshots", id, "metadata", tail @ ..]) => {
            volume_metadata::serve(cloud, cx, crate::cloud::Kind::Snapshot, id, tail)?
        }
        (_, ["snapshots", tail @ ..]) => snapshots::serve(cloud, cx, tail)?,
        (_, ["backups", tail @ ..]) => backups::serve(cloud, cx, tail)?,
        (_, ["types", tail @ ..]) => volume_types::serve(cloud, cx, tail)?,
        (_, ["attachments", tail @ ..]) if cx.version >= 27 => attachments::serve(cloud, cx, tail)?,
        ("GET", ["limits"]) => Ok(limits::limits(cloud, cx)),
        (_, ["os-quota-sets", project, tail @ ..]) => limits::quota_sets(cloud, cx, project, tail)?,
        ("GET", ["os-availability-zone"]) => Ok(Answer::json(
            200,
            json!({"availabilityZoneInfo": [{"zoneName": "nova", "zoneState": {"available": true}}]}),
        )),
        ("GET", ["os-services"]) => limits::services(cloud, cx),
        ("GET", ["extensions"]) => Ok(Answer::json(200, json!({"extensions": []}))),
        _ => return None,
    })
}

/// Cinder's error body.
pub(super) fn error(refusal: &Refusal) -> Answer {
    let name = match refusal.status {
        400 => "badRequest",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "itemNotFound",
        405 => "badMethod",
        409 => "conflictingRequest",
        413 => "overLimit",
        415 => "badMediaType",
        501 => "notImplemented",
        503 => "serviceUnavailable",
        _ => "computeFault",
    };
    let mut body = json!({name: {"code": refusal.status, "message": refusal.message}});
    if refusal.status == 413 {
        body[name]["retryAfter"] = json!("0");
    }
    let answer = Answer::json(refusal.status, body);
    if refusal.status == 413 { answer.with("retry-after", "0") } else { answer }
}

/// The object under a name in the body.
pub(super) fn member(cx: &Cx<'_>, name: &str) -> Result<crate::cloud::Object, Refusal> {
    match cx.request.json() {
        None => Err(Refusal::new(400, "Malformed request body")),
        Some(body) => match body.get(name) {
            Some(Value::Object(object)) => Ok(object.clone()),
            Some(_) => Err(Refusal::new(
                400,
                format!("Invalid input for field/attribute {name}. It must be an object."),
            )),
            None => Err(Refusal::new(400, format!("'{name}' is a required property"))),
        },
    }
}
