//! Pages and common filters of Cinder's lists.

use super::Cx;
use crate::cloud::document::python_str;
use crate::cloud::{Cloud, Fields, Kind, Object};
use crate::http::exchange::{Answer, Outcome, Refusal, encoded};
use serde_json::{Value, json};

const LARGEST_PAGE: usize = 1000;

/// The caller's objects of a kind that fit the filters, newest first, as one page of the collection.
pub(super) fn page(
    cloud: &Cloud,
    cx: &Cx<'_>,
    kind: Kind,
    collection: &str,
    path: &str,
    filters: &[&str],
    show: impl Fn(&Object) -> Value,
) -> Outcome {
    let all =
        cx.caller.is_admin()
            && cx.request.query.iter().any(|(name, value)| {
                name == "all_tenants" && !matches!(value.as_str(), "0" | "False" | "false")
            });
    let owned: Vec<&Object> = if all {
        cloud.tables.all(kind).collect()
    } else {
        cloud.tables.find(kind, "project", &cx.caller.project_id).collect()
    };
    let fits = |object: &&Object| {
        cx.request.query.iter().filter(|(name, _)| filters.contains(&name.as_str())).all(|(name, value)| {
            match object.get(name) {
                Some(found) => python_str(found).eq_ignore_ascii_case(value),
                None => false,
            }
        })
    };
    let mut found: Vec<&Object> = owned.into_iter().filter(fits).collect();
    found.reverse();
    if let Some(sort) = cx.request.parameter("sort") {
        for part in sort.split(',').rev() {
            let (key, direction) = part.split_once(':').unwrap_or((part, "desc"));
            found.sort_by(|a, b| {
                let order = python_str(&a.value(key)).cmp(&python_str(&b.value(key)));
                if direction == "asc" { order } else { order.reverse() }
            });
        }
    }
    if let Some(marker) = cx.request.parameter("marker") {
        let place = found.iter().position(|object| object.text("id") == marker);
        let place = place
            .ok_or_else(|| Refusal::new(404, format!("{} {marker} could not be found.", label(kind))))?;
        found.drain(..=place);
    }
    if let Some(offset) = cx.request.parameter("offset").and_then(|text| text.parse::<usize>().ok()) {
        found.drain(..offset.min(found.len()));
    }
    let limit = match cx.request.parameter("limit") {
        None => LARGEST_PAGE,
        Some(text) => text
            .parse::<usize>()
            .map_err(|_| Refusal::new(400, "limit param must be an integer"))?
            .min(LARGEST_PAGE),
    };
    let more = found.len() >= limit && cx.request.parameter("limit").is_some() && !found.is_empty()
        || found.len() > limit;
    found.truncate(limit);
    let mut body = json!({collection: found.iter().map(|object| show(object)).collect::<Vec<_>>()});
    if let (true, Some(last)) = (more, found.last()) {
        let mut query: Vec<String> = cx
            .request
            .query
            .iter()
            .filter(|(name, _)| name != "marker")
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        query.push(format!("marker={}", last.text("id")));
        let link = format!("{}/v3/{}/{path}?{}", cx.base, cx.caller.project_id, query.join("&"));
        body[format!("{collection}_links")] = json!([{"rel": "next", "href": link}]);
    }
    Ok(Answer::json(200, body))
}

/// A kind as messages name it.
pub(super) fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::Snapshot => "Snapshot",
        Kind::Backup => "Backup",
        _ => "Volume",
    }
}

/// The object, if the caller may see it.
pub(super) fn find<'c>(cloud: &'c Cloud, cx: &Cx<'_>, kind: Kind, id: &str) -> Result<&'c Object, Refusal> {
    let object = cloud.tables.get(kind, id).filter(|object| cx.caller.may_see(object.text("project_id")));
    object.ok_or_else(|| Refusal::new(404, format!("{} {id} could not be found.", label(kind))))
}
