//! Neutron v2.0.

mod addresses;
mod agents;
mod attributes;
mod collection;
mod extensions;
mod floatingips;
mod gateways;
mod interfaces;
mod ipam;
mod networks;
mod ports;
mod qos;
mod quotas;
mod rbac;
mod resource;
mod routers;
mod security_group_rules;
mod security_groups;
mod subnet_checks;
mod subnetpools;
mod subnets;
mod tags;

use crate::cloud::{Caller, Cloud, Object};
use crate::http::exchange::{Answer, Outcome, Refusal, Request};
use resource::{Resource, resource};
use serde_json::{Value, json};

pub(crate) use security_groups::default_group_of;

/// What the compute service asks of the network service, below the API.
pub(super) mod plugging {
    pub(crate) use super::floatingips::detach_from_port;
    pub(crate) use super::networks::usable_networks;
    pub(crate) use super::ports::{PortRequest, create_port, delete_port_unchecked, groups_by_name_or_id};
}

/// Answers that need no token: version discovery.
pub(super) fn versions(request: &Request, base: &str, segments: &[&str]) -> Option<Answer> {
    let href = format!("{base}/network/v2.0/");
    match (request.method.as_str(), segments) {
        ("GET", []) => Some(Answer::json(
            200,
            json!({"versions": [{"id": "v2.0", "status": "CURRENT", "links": [{"rel": "self", "href": href}]}]}),
        )),
        _ => None,
    }
}

/// Works on a request below `/network`.
pub(super) fn serve(cloud: &mut Cloud, caller: &Caller, request: &Request, segments: &[&str]) -> Outcome {
    let Some(("v2.0", rest)) = segments.split_first().map(|(first, rest)| (*first, rest)) else {
        return Err(not_found());
    };
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            Ok(Answer::json(200, json!({"resources": extensions::resources(&request.base(&cloud.base))})))
        }
        ("GET", ["extensions"]) => Ok(Answer::json(200, json!({"extensions": extensions::list()}))),
        ("GET", ["extensions", alias]) => extensions::show(alias),
        ("GET", ["availability_zones"]) => Ok(agents::zones()),
        ("GET", ["agents"]) => Ok(agents::list()),
        ("GET", ["networks", id, "dhcp-agents"]) => agents::of_network(cloud, caller, id),
        ("GET" | "PUT" | "DELETE", ["quotas", ..]) => quotas::serve(cloud, caller, request, &rest[1..]),
        ("PUT", ["routers", id, action]) if *action != "tags" => {
            interfaces::serve(cloud, caller, request, id, action)
        }
        (_, ["qos", "policies", policy, rules, tail @ ..]) if *rules != "tags" => {
            qos::serve_rules(cloud, caller, request, policy, rules, tail)
        }
        (_, ["qos", "policies", tail @ ..]) => crud(cloud, caller, request, &resource("policies")?, tail),
        (_, [collection, id, "tags", tail @ ..]) => {
            tags::serve(cloud, caller, request, &resource(collection)?, id, tail)
        }
        (_, [collection, tail @ ..]) => crud(cloud, caller, request, &resource(collection)?, tail),
        _ => Err(not_found()),
    }
}

fn not_found() -> Refusal {
    Refusal::typed(404, "HTTPNotFound", "The resource could not be found.")
}

/// Create, list, show, update, delete: the same for all resources.
fn crud(
    cloud: &mut Cloud,
    caller: &Caller,
    request: &Request,
    resource: &Resource,
    tail: &[&str],
) -> Outcome {
    match (request.method.as_str(), tail) {
        ("GET", []) => collection::list(cloud, caller, request, resource),
        ("POST", []) => create(cloud, caller, request, resource),
        ("GET", [id]) => {
            let object = resource.find(cloud, caller, id)?;
            let shown = (resource.view)(cloud, caller, object);
            Ok(Answer::wrapped(200, resource.name, collection::only_asked_fields(shown, request)))
        }
        ("PUT", [id]) => {
            let before = resource.find_own(cloud, caller, id)?.clone();
            let changes = attributes::for_update(resource, caller, request)?;
            (resource.update)(cloud, caller, before, changes)?;
            cloud.touch(resource.kind, id);
            let after = resource.find(cloud, caller, id)?;
            Ok(Answer::wrapped(200, resource.name, (resource.view)(cloud, caller, after)))
        }
        ("DELETE", [id]) => {
            let object = resource.find_own(cloud, caller, id)?.clone();
            (resource.delete)(cloud, caller, &object)?;
            Ok(Answer::empty(204))
        }
        _ => Err(not_found()),
    }
}

/// One object, or several under the collection's name: all or none is made.
fn create(cloud: &mut Cloud, caller: &Caller, request: &Request, resource: &Resource) -> Outcome {
    let body = request.json().unwrap_or(Value::Null);
    let one = |cloud: &mut Cloud, given: &Object| -> Result<Value, Refusal> {
        let object = attributes::for_create(resource, caller, given)?;
        let id = (resource.create)(cloud, caller, object)?;
        let mut shown = (resource.view)(cloud, caller, resource.find(cloud, caller, &id)?);
        resource.as_created(&mut shown);
        Ok(Value::Object(shown))
    };
    match (body.get(resource.name), body.get(resource.plural())) {
        (Some(Value::Object(given)), _) => {
            let made = one(cloud, given)?;
            Ok(Answer::wrapped(201, resource.name, made))
        }
        (_, Some(Value::Array(many))) => {
            let empty = Object::new();
            let made: Result<Vec<_>, _> =
                many.iter().map(|given| one(cloud, given.as_object().unwrap_or(&empty))).collect();
            Ok(Answer::wrapped(201, &resource.plural(), made?))
        }
        _ => Err(Refusal::typed(
            400,
            "HTTPBadRequest",
            format!("Unable to find '{}' in request body", resource.name),
        )),
    }
}

/// Neutron's error body.
pub(super) fn error(refusal: &Refusal) -> Answer {
    let kind = if refusal.kind.is_empty() { "HTTPBadRequest" } else { refusal.kind };
    let body = json!({"NeutronError": {"type": kind, "message": refusal.message, "detail": ""}});
    Answer::json(refusal.status, body)
}
