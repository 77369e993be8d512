//! Lists: filters, fields, sorting, pages.

use super::attributes::bad;
use super::resource::Resource;
use crate::cloud::document::python_str;
use crate::cloud::{Caller, Cloud, Fields, Kind, Object};
use crate::http::exchange::{Answer, Outcome, Request, encoded};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NOT_FILTERS: &[&str] = &["fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir"];
const TAG_FILTERS: &[&str] = &["tags", "tags-any", "not-tags", "not-tags-any"];

/// GET of a collection.
pub(super) fn list(cloud: &Cloud, caller: &Caller, request: &Request, resource: &Resource) -> Outcome {
    let mut filters: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in &request.query {
        if !NOT_FILTERS.contains(&name.as_str()) {
            filters.entry(name).or_default().push(value);
        }
    }
    let unknown: Vec<_> = filters
        .keys()
        .filter(|name| resource.attribute(name).is_none() && !TAG_FILTERS.contains(name))
        .copied()
        .collect();
    if !unknown.is_empty() {
        return Err(bad(format!("{} is invalid attribute for filtering", python_list(&unknown))));
    }
    let mut found: Vec<Object> = candidates(cloud, resource, &filters)
        .into_iter()
        .filter(|object| resource.is_visible(cloud, caller, object))
        .map(|object| (resource.view)(cloud, caller, object))
        .filter(|object| filters.iter().all(|(name, values)| fits(object, name, values)))
        .collect();
    sort(&mut found, request);
    let (page, links) = page(found, request, resource, &request.base(&cloud.base));
    let page: Vec<_> =
        page.into_iter().map(|object| Value::Object(only_asked_fields(object, request))).collect();
    let mut body = json!({resource.plural(): page});
    if !links.is_empty() {
        body[format!("{}_links", resource.plural())] = Value::Array(links);
    }
    Ok(Answer::json(200, body))
}

fn python_list(names: &[&str]) -> String {
    format!("[{}]", names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", "))
}

/// The objects that can fit the filters, by an index where there is one.
fn candidates<'c>(
    cloud: &'c Cloud,
    resource: &Resource,
    filters: &BTreeMap<&str, Vec<&str>>,
) -> Vec<&'c Object> {
    let tables = &cloud.tables;
    if let Some(ids) = filters.get("id") {
        return ids.iter().filter_map(|id| tables.get(resource.kind, id)).collect();
    }
    let by_index = [
        ("name", "name"),
        ("device_id", "device"),
        ("network_id", "network"),
        ("port_id", "port"),
        ("floating_ip_address", "ip"),
        ("security_group_id", "group"),
        ("object_id", "object"),
    ];
    for (name, index) in by_index {
        let indexed = match name {
            "device_id" => resource.kind == Kind::Port,
            "network_id" => matches!(resource.kind, Kind::Port | Kind::Subnet),
            "port_id" | "floating_ip_address" => resource.kind == Kind::FloatingIp,
            "security_group_id" => resource.kind == Kind::SecurityGroupRule,
            "object_id" => resource.kind == Kind::RbacPolicy,
            _ => true,
        };
        match filters.get(name) {
            Some(values) if indexed && values.iter().all(|value| !value.is_empty()) => {
                return values.iter().flat_map(|value| tables.find(resource.kind, index, value)).collect();
            }
            _ => {}
        }
    }
    tables.all(resource.kind).collect()
}

fn fits(object: &Object, name: &str, wanted: &[&str]) -> bool {
    let tags: Vec<&str> = object.items("tags").iter().filter_map(Value::as_str).collect();
    let split = || wanted.iter().flat_map(|text| text.split(',')).collect::<Vec<_>>();
    match name {
        "tags" => return split().iter().all(|tag| tags.contains(tag)),
        "tags-any" => return split().iter().any(|tag| tags.contains(tag)),
        "not-tags" => return !split().iter().all(|tag| tags.contains(tag)),
        "not-tags-any" => return !split().iter().any(|tag| tags.contains(tag)),
        "fixed_ips" => {
            return wanted.iter().all(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                object.items("fixed_ips").iter().any(|fixed| match key {
                    "ip_address_substr" => {
                        fixed["ip_address"].as_str().is_some_and(|text| text.contains(value))
                    }
                    key => fixed[key] == value,
                })
            });
        }
        _ => {}
    }
    match object.get(name) {
        Some(Value::Bool(flag)) => wanted.iter().any(|text| match text.to_ascii_lowercase().as_str() {
            "true" | "1" => *flag,
            _ => !*flag,
        }),
        Some(Value::Array(items)) => {
            wanted.iter().any(|text| items.iter().any(|item| python_str(item) == *text))
        }
        Some(Value::Null) | None => wanted.contains(&""),
        Some(value) => {
            let text = python_str(value);
            wanted.iter().any(|wanted| *wanted == text)
        }
    }
}

fn sort(found: &mut [Object], request: &Request) {
    let keys: Vec<&str> =
        request.query.iter().filter(|(k, _)| k == "sort_key").map(|(_, v)| v.as_str()).collect();
    let directions: Vec<&str> =
        request.query.iter().filter(|(k, _)| k == "sort_dir").map(|(_, v)| v.as_str()).collect();
    if keys.is_empty() && request.parameter("limit").is_some() {
        found.sort_by(|a, b| a.text("id").cmp(b.text("id")));
        return;
    }
    // From the last key to the first: sorting is stable.
    for (place, key) in keys.iter().enumerate().rev() {
        found.sort_by(|a, b| {
            let order = python_str(&a.value(key)).cmp(&python_str(&b.value(key)));
            if directions.get(place) == Some(&"desc") { order.reverse() } else { order }
        });
    }
}

fn page(found: Vec<Object>, request: &Request, resource: &Resource, base: &str) -> (Vec<Object>, Vec<Value>) {
    let limit: usize = request.parameter("limit").and_then(|text| text.parse().ok()).unwrap_or(0);
    let marker = request.parameter("marker").unwrap_or("");
    let after = found.iter().position(|object| object.text("id") == marker).map_or(0, |place| place + 1);
    if limit == 0 {
        return (found.into_iter().skip(after).collect(), Vec::new());
    }
    let left = found.len() - after;
    let page: Vec<Object> = found.into_iter().skip(after).take(limit).collect();
    let link = |rel: &str, marker: &str, reverse: bool| {
        let mut query: Vec<String> = request
            .query
            .iter()
            .filter(|(name, _)| !["marker", "page_reverse"].contains(&name.as_str()))
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        query.push(format!("marker={}", encoded(marker)));
        if reverse {
            query.push("page_reverse=True".to_owned());
        }
        json!({"rel": rel, "href": format!("{base}/network/v2.0/{}?{}", resource.collection, query.join("&"))})
    };
    let mut links = Vec::new();
    if let (Some(last), true) = (page.last(), left >= limit) {
        links.push(link("next", last.text("id"), false));
    }
    if let Some(first) = page.first() {
        links.push(link("previous", first.text("id"), true));
    }
    (page, links)
}

/// What `fields=` asks for, or all.
pub(super) fn only_asked_fields(object: Object, request: &Request) -> Object {
    let asked: Vec<&str> = request
        .query
        .iter()
        .filter(|(k, v)| k == "fields" && !v.is_empty())
        .map(|(_, v)| v.as_str())
        .collect();
    if asked.is_empty() {
        return object;
    }
    object.into_iter().filter(|(name, _)| asked.contains(&name.as_str())).collect()
}
