//! Nova v2.1 with its microversions.

mod block_devices;
mod building;
mod flavor_extras;
mod flavors;
mod interfaces;
mod keypairs;
mod limits;
mod microversion;
mod requested_networks;
mod schema;
mod server_actions;
mod server_create;
mod server_groups;
mod server_metadata;
mod server_tags;
mod server_view;
mod servers;
mod transitions;
mod volume_attachments;
mod zones;

use crate::cloud::{Caller, Cloud};
use crate::http::exchange::{Answer, Outcome, Refusal, Request};
use serde_json::json;

pub(super) use building::{build_networks, built, gone};
pub(super) use interfaces::interface_detached;
pub(super) use volume_attachments::{volume_attached, volume_detached};

/// A request on its way through the service.
pub(super) struct Cx<'r> {
    pub(super) caller: &'r Caller,
    pub(super) request: &'r Request,
    /// The minor number of the microversion.
    pub(super) version: u32,
    /// `http://HOST:PORT/compute`.
    pub(super) base: String,
}

impl Cx<'_> {
    /// The links of an object: itself, and without the version.
    pub(super) fn links(&self, path: &str) -> serde_json::Value {
        json!([{"rel": "self", "href": format!("{}/v2.1/{path}", self.base)},
            {"rel": "bookmark", "href": format!("{}/{path}", self.base)}])
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
    let link = json!({"rel": "self", "href": format!("{base}/compute/v2.1/")});
    let version = json!({"id": "v2.1", "status": "CURRENT", "version": microversion::LATEST_TEXT, "min_version": "2.1",
        "updated": "2013-07-23T11:33:21Z", "links": [link]});
    match (request.method.as_str(), segments) {
        ("GET", []) => Some(Answer::json(200, json!({"versions": [version]}))),
        ("GET", ["v2.1"]) => {
            let mut version = version;
            version["links"] = json!([link, {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"}]);
            version["media-types"] = json!([{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}]);
            Some(Answer::json(200, json!({"version": version})))
        }
        _ => None,
    }
}

/// Works on a request below `/compute`.
pub(super) fn serve(
    cloud: &mut Cloud,
    caller: &Caller,
    request: &Request,
    segments: &[&str],
) -> Result<Answer, Answer> {
    let Some(("v2.1", rest)) = segments.split_first().map(|(first, rest)| (*first, rest)) else {
        return Err(no_route());
    };
    let version = microversion::asked(request).map_err(|refusal| error(&refusal))?;
    let cx = Cx { caller, request, version, base: format!("{}/compute", request.base(&cloud.base)) };
    let answer = match route(cloud, &cx, rest) {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(refusal)) => Err(error(&refusal)),
        None => Err(no_route()),
    };
    answer
        .map(|answer| microversion::label(answer, version))
        .map_err(|answer| microversion::label(answer, version))
}

fn route(cloud: &mut Cloud, cx: &Cx<'_>, rest: &[&str]) -> Option<Outcome> {
    Some(match (cx.request.method.as_str(), rest) {
        ("GET", ["servers"]) => servers::list(cloud, cx, false),
        ("GET", ["servers", "detail"]) => servers::list(cloud, cx, true),
        ("POST", ["servers"]) => server_create::create(cloud, cx),
        ("GET", ["servers", id]) => servers::show(cloud, cx, id),
        ("PUT", ["servers", id]) => servers::update(cloud, cx, id),
        ("DELETE", ["servers", id]) => servers::delete(cloud, cx, id),
        ("POST", ["servers", id, "action"]) => server_actions::act(cloud, cx, id),
        ("GET", ["servers", id, "ips"]) => servers::addresses(cloud, cx, id),
        ("POST", ["servers", id, "remote-consoles"]) if cx.version >= 6 => {
            server_actions::remote_console(cloud, cx, id)
        }
        ("GET", ["servers", id, "os-security-groups"]) => servers::security_groups(cloud, cx, id),
        ("GET", ["servers", id, "os-instance-actions"]) => servers::instance_actions(cloud, cx, id),
        (_, ["servers", id, "metadata", tail @ ..]) => server_metadata::serve(cloud, cx, id, tail)?,
        (_, ["servers", id, "tags", tail @ ..]) if cx.version >= 26 => {
            server_tags::serve(cloud, cx, id, tail)?
        }
        (_, ["servers", id, "os-interface", tail @ ..]) => interfaces::serve(cloud, cx, id, tail)?,
        (_, ["servers", id, "os-volume_attachments", tail @ ..]) => {
            volume_attachments::serve(cloud, cx, id, tail)?
        }
        (_, ["flavors", id, "os-extra_specs", tail @ ..]) => flavor_extras::specs(cloud, cx, id, tail)?,
        ("GET", ["flavors", id, "os-flavor-access"]) => flavor_extras::access(cloud, cx, id),
        ("POST", ["flavors", id, "action"]) => flavor_extras::act(cloud, cx, id),
        (_, ["flavors", tail @ ..]) => flavors::serve(cloud, cx, tail)?,
        (_, ["os-keypairs", tail @ ..]) => keypairs::serve(cloud, cx, tail)?,
        (_, ["os-server-groups", tail @ ..]) => server_groups::serve(cloud, cx, tail)?,
        ("GET", ["limits"]) => limits::limits(cloud, cx),
        (_, ["os-quota-sets", project, tail @ ..]) => limits::quota_sets(cloud, cx, project, tail)?,
        ("GET", ["os-availability-zone"]) => zones::zones(cx, false),
        ("GET", ["os-availability-zone", "detail"]) => zones::zones(cx, true),
        ("GET", ["os-hypervisors"]) => zones::hypervisors(cx),
        ("GET", ["os-services"]) => zones::services(cloud, cx),
        ("GET", ["extensions"]) => Ok(Answer::json(200, json!({"extensions": []}))),
        _ => return None,
    })
}

/// What the router says where there is no such path.
fn no_route() -> Answer {
    super::no_route_page()
}

/// Nova's error body.
pub(super) fn error(refusal: &Refusal) -> Answer {
    let name = match refusal.status {
        400 => "badRequest",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "itemNotFound",
        405 => "badMethod",
        409 => "conflictingRequest",
        413 | 429 => "overLimit",
        415 => "badMediaType",
        501 => "notImplemented",
        503 => "serviceUnavailable",
        _ => "computeFault",
    };
    Answer::json(refusal.status, json!({name: {"code": refusal.status, "message": refusal.message}}))
}
