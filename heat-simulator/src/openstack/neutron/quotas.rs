//! A project's limits in Neutron.

use super::attributes::bad;
use crate::cloud::{Caller, Cloud, Fields, Kind, Object, quotas};
use crate::http::exchange::{Answer, Outcome, Refusal, Request, body_of};
use serde_json::{Value, json};

/// Works on `/quotas…`.
pub(super) fn serve(cloud: &mut Cloud, caller: &Caller, request: &Request, tail: &[&str]) -> Outcome {
    let project = tail.first().copied().unwrap_or(&caller.project_id).to_owned();
    if project != caller.project_id && !caller.is_admin() {
        return Err(Refusal::typed(
            403,
            "HTTPForbidden",
            "Only admin is authorized to access quotas for another tenant",
        ));
    }
    match (request.method.as_str(), tail) {
        ("GET", [_, "details.json" | "details"]) => {
            let details: Object = cloud
                .quota_set("network", &project)
                .into_iter()
                .map(|(name, limit)| {
                    let used =
                        Kind::named(&name).map_or(0, |kind| cloud.tables.count_by(kind, "project", &project));
                    (name, json!({"limit": limit, "used": used, "reserved": 0}))
                })
                .collect();
            Ok(Answer::wrapped(200, "quota", details))
        }
        ("GET", [_, "default"]) => {
            let all =
                quotas::defaults("network").iter().map(|(name, limit)| ((*name).to_owned(), json!(limit)));
            Ok(Answer::wrapped(200, "quota", all.collect::<Object>()))
        }
        ("GET", _) => Ok(Answer::wrapped(200, "quota", cloud.quota_set("network", &project))),
        _ if !caller.is_admin() => Err(Refusal::typed(403, "HTTPForbidden", "Admin-only access to quotas.")),
        ("PUT", [_]) => {
            let given = body_of(request, "quota", "Unable to find 'quota' in request body")?;
            for (name, limit) in &given {
                let known = quotas::defaults("network").iter().any(|(known, _)| known == name);
                if !known {
                    return Err(bad(format!("Unrecognized attribute(s) '{name}'")));
                }
                match limit {
                    Value::Number(number) if number.as_i64().is_some_and(|number| number >= -1) => {}
                    other => {
                        return Err(bad(format!(
                            "Invalid input for {name}. Reason: '{other}' is not an integer."
                        )));
                    }
                }
            }
            for name in given.keys() {
                cloud.set_quota("network", &project, name, given.int(name));
            }
            Ok(Answer::wrapped(200, "quota", cloud.quota_set("network", &project)))
        }
        ("DELETE", [_]) => {
            cloud.reset_quota("network", &project);
            Ok(Answer::empty(204))
        }
        _ => Err(super::not_found()),
    }
}
