//! `/_simulator/…`: steering the simulator from another process. No token is asked for.

use super::exchange::{Answer, Request};
use super::fault::Fault;
use super::server::Shared;
use crate::cloud::inventory::Inventory;
use crate::cloud::{Fields, quotas};
use serde_json::{Value, json};

/// Answers a request under `/_simulator`.
pub(crate) fn answer(shared: &Shared, request: &Request) -> Answer {
    let segments: Vec<&str> = request.segments.iter().skip(1).map(String::as_str).collect();
    let mut inner = shared.lock();
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", ["faults"]) => Answer::json(200, json!({"faults": inner.faults.list()})),
        ("POST", ["faults"]) => match faults_of(request) {
            Ok(faults) => {
                let count = faults.len();
                faults.into_iter().for_each(|fault| inner.faults.add(fault));
                Answer::json(201, json!({"added": count}))
            }
            Err(error) => Answer::json(400, json!({"error": format!("not a fault rule: {error}")})),
        },
        ("DELETE", ["faults"]) => {
            inner.faults.clear();
            Answer::empty(204)
        }
        ("GET", ["journal"]) => {
            let after = request.parameter("after").and_then(|number| number.parse().ok()).unwrap_or(0);
            Answer::json(200, json!({"journal": inner.journal.after(after)}))
        }
        ("DELETE", ["journal"]) => {
            inner.journal.clear();
            Answer::empty(204)
        }
        ("GET", ["inventory"]) => {
            let mut inventory = Inventory::take(&inner.cloud.tables);
            if let Some(project) = request.parameter("project") {
                inventory = inventory.in_project(project);
            }
            Answer::json(200, json!({"inventory": inventory}))
        }
        ("POST", ["reset"]) => {
            inner.cloud.reset();
            inner.faults.clear();
            inner.journal.clear();
            match inner.cloud.commit() {
                Ok(()) => Answer::empty(204),
                Err(error) => Answer::json(500, json!({"error": error})),
            }
        }
        ("POST", ["tokens", "expire"]) => {
            inner.cloud.tokens.clear();
            Answer::empty(204)
        }
        ("PUT", ["quotas", service, project]) => {
            let limits = request.json().unwrap_or_default();
            let limits = limits.as_object().cloned().unwrap_or_default();
            let known = quotas::defaults(service);
            if let Some(unknown) = limits.keys().find(|name| known.iter().all(|(known, _)| known != name)) {
                return Answer::json(
                    400,
                    json!({"error": format!("no quota {unknown} in service {service}")}),
                );
            }
            for name in limits.keys() {
                inner.cloud.set_quota(service, project, name, limits.int(name));
            }
            match inner.cloud.commit() {
                Ok(()) => Answer::json(200, json!({"quotas": inner.cloud.quota_set(service, project)})),
                Err(error) => Answer::json(500, json!({"error": error})),
            }
        }
        _ => Answer::json(
            404,
            json!({"error": "there are: GET/POST/DELETE faults, GET/DELETE journal, GET inventory, POST reset, POST tokens/expire, PUT quotas/SERVICE/PROJECT"}),
        ),
    }
}

/// One rule or a list of them.
fn faults_of(request: &Request) -> Result<Vec<Fault>, serde_json::Error> {
    let body: Value = serde_json::from_slice(&request.body)?;
    if body.is_array() {
        serde_json::from_value(body)
    } else {
        serde_json::from_value(body).map(|fault| vec![fault])
    }
}
