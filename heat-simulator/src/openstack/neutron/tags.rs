//! Tags of Neutron's objects.

use super::resource::Resource;
use crate::cloud::document::python_str;
use crate::cloud::{Caller, Cloud, Fields};
use crate::http::exchange::{Answer, Outcome, Refusal, Request};
use serde_json::{Value, json};

fn check(tags: &[Value]) -> Result<Vec<Value>, Refusal> {
    let mut kept: Vec<Value> = Vec::new();
    for tag in tags {
        match tag.as_str() {
            Some(text) if text.chars().count() <= 255 => {
                if !kept.contains(tag) {
                    kept.push(tag.clone());
                }
            }
            Some(text) => {
                return Err(bad(&format!(
                    "Invalid input for tags. Reason: '{text}' exceeds maximum length of 255."
                )));
            }
            None => {
                return Err(bad(&format!(
                    "Invalid input for tags. Reason: '{}' is not a valid string.",
                    python_str(tag)
                )));
            }
        }
    }
    Ok(kept)
}

fn bad(message: &str) -> Refusal {
    Refusal::typed(400, "HTTPBadRequest", message)
}

/// Works on `/{collection}/{id}/tags…`.
pub(super) fn serve(
    cloud: &mut Cloud,
    caller: &Caller,
    request: &Request,
    resource: &Resource,
    id: &str,
    tail: &[&str],
) -> Outcome {
    let tags = resource.find(cloud, caller, id)?.items("tags").to_vec();
    if request.method != "GET" {
        let _ = resource.find_own(cloud, caller, id)?;
    }
    let has = |tag: &str| tags.iter().any(|own| own == tag);
    let missing = |tag: &str| Refusal::typed(404, "TagNotFound", format!("Tag {tag} could not be found."));
    let (after, answer) = match (request.method.as_str(), tail) {
        ("GET", []) => return Ok(Answer::json(200, json!({"tags": tags}))),
        ("GET", [tag]) => return if has(tag) { Ok(Answer::empty(204)) } else { Err(missing(tag)) },
        ("PUT", []) => {
            let body = request.json().unwrap_or_default();
            let Some(given) = body.get("tags").and_then(Value::as_array) else {
                return Err(bad("Invalid tags body"));
            };
            let after = check(given)?;
            (after.clone(), Answer::json(200, json!({"tags": after})))
        }
        ("PUT", [tag]) => {
            let mut after = tags.clone();
            after.push((*tag).into());
            (check(&after)?, Answer::empty(201))
        }
        ("DELETE", []) => (Vec::new(), Answer::empty(204)),
        ("DELETE", [tag]) if has(tag) => {
            (tags.into_iter().filter(|own| own != tag).collect(), Answer::empty(204))
        }
        ("DELETE", [tag]) => return Err(missing(tag)),
        _ => return Err(super::not_found()),
    };
    cloud.tables.change(resource.kind, id, |object| object.set("tags", after));
    cloud.touch(resource.kind, id);
    Ok(answer)
}
