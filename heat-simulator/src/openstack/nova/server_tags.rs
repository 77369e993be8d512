//! A server's tags (since 2.26).

use super::Cx;
use super::schema::invalid;
use super::transitions::find;
use crate::cloud::document::python_str;
use crate::cloud::{Cloud, Fields, Kind};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::{Value, json};

const MOST: usize = 50;

/// Works on `/servers/{id}/tags…`.
pub(super) fn serve(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, tail: &[&str]) -> Option<Outcome> {
    let tags = match find(cloud, cx, id) {
        Ok(server) => server.items("tags").to_vec(),
        Err(refusal) => return Some(Err(refusal)),
    };
    let has = |tag: &str| tags.iter().any(|own| own == tag);
    let missing = |tag: &str| Err(Refusal::new(404, format!("Server {id} has no tag '{tag}'")));
    let (after, answer) = match (cx.request.method.as_str(), tail) {
        ("GET", []) => return Some(Ok(Answer::json(200, json!({"tags": tags})))),
        ("GET", [tag]) => return Some(if has(tag) { Ok(Answer::empty(204)) } else { missing(tag) }),
        ("PUT", []) => match given(cx) {
            Ok(after) => (after.clone(), Answer::json(200, json!({"tags": after}))),
            Err(refusal) => return Some(Err(refusal)),
        },
        ("PUT", [tag]) => {
            if has(tag) {
                return Some(Ok(Answer::empty(204)));
            }
            let mut after = tags;
            after.push((*tag).into());
            let location = format!("{}/v2.1/servers/{id}/tags/{tag}", cx.base);
            match check(&after) {
                Ok(()) => (
                    after,
                    Answer::empty(201)
                        .with("location", location)
                        .with("content-type", "text/html; charset=UTF-8"),
                ),
                Err(refusal) => return Some(Err(refusal)),
            }
        }
        ("DELETE", []) => (Vec::new(), Answer::empty(204)),
        ("DELETE", [tag]) if has(tag) => {
            (tags.into_iter().filter(|own| own != tag).collect(), Answer::empty(204))
        }
        ("DELETE", [tag]) => return Some(missing(tag)),
        _ => return None,
    };
    cloud.tables.change(Kind::Server, id, |server| server.set("tags", after));
    Some(Ok(answer))
}

fn given(cx: &Cx<'_>) -> Result<Vec<Value>, Refusal> {
    let body = cx.request.json().unwrap_or_default();
    let tags = body.get("tags").and_then(Value::as_array).cloned();
    let tags = tags.ok_or_else(|| Refusal::new(400, "'tags' is a required property"))?;
    let mut unique: Vec<Value> = Vec::new();
    for tag in tags {
        if !unique.contains(&tag) {
            unique.push(tag);
        }
    }
    check(&unique)?;
    Ok(unique)
}

fn check(tags: &[Value]) -> Result<(), Refusal> {
    if tags.len() > MOST {
        return Err(Refusal::new(400, format!("The number of tags exceeded the per-server limit {MOST}")));
    }
    for (place, tag) in tags.iter().enumerate() {
        let good = tag
            .as_str()
            .is_some_and(|text| !text.is_empty() && text.chars().count() <= 60 && !text.contains([',', '/']));
        if !good {
            return Err(invalid(
                &format!("tags/{place}"),
                tag,
                &format!("'{}' does not match '^[^,/]*$'", python_str(tag)),
            ));
        }
    }
    Ok(())
}
