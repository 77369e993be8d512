//! How two answers differ: in status, in kind, in the fields of objects, in the words of errors.

use crate::session::Reply;
use serde_json::Value;

/// Fields that depend on how a cloud is set up, not on the API.
const OF_THE_SETUP: &[&str] = &[
    // Numbers inside the database.
    "standard_attr_id",
    // There where agents are, and where an extension is loaded.
    "stores",
    "volumes_fake",
    "gigabytes_fake",
    "snapshots_fake",
    "volumes___DEFAULT__",
    "gigabytes___DEFAULT__",
    "snapshots___DEFAULT__",
    "pinned_availability_zone",
];

/// The differences of a real answer and a simulated one.
pub(crate) fn differences(real: &Reply, simulated: &Reply) -> Vec<String> {
    let mut found = Vec::new();
    if real.status != simulated.status {
        found.push(format!(
            "status {} against {}: {} against {}",
            real.status, simulated.status, real.body, simulated.body
        ));
        return found;
    }
    if real.content_type != simulated.content_type {
        found.push(format!("content type {} against {}", real.content_type, simulated.content_type));
    }
    if real.status >= 400 {
        let (one, other) = (plain(&real.body), plain(&simulated.body));
        if one != other {
            found.push(format!("{one}\n    against {other}"));
        }
    } else {
        compare("", &real.body, &simulated.body, &mut found);
    }
    found
}

/// An error without request ids.
fn plain(body: &Value) -> String {
    let text = match body {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.find("req-") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

fn compare(path: &str, real: &Value, simulated: &Value, found: &mut Vec<String>) {
    match (real, simulated) {
        (Value::Object(one), Value::Object(other)) => {
            for name in one.keys().filter(|name| !other.contains_key(*name)) {
                if !OF_THE_SETUP.contains(&name.as_str()) {
                    found.push(format!("{path}/{name} is missing: {}", one[name]));
                }
            }
            for name in other.keys().filter(|name| !one.contains_key(*name)) {
                if !OF_THE_SETUP.contains(&name.as_str()) {
                    found.push(format!("{path}/{name} is too much: {}", other[name]));
                }
            }
            for (name, value) in one {
                if let Some(other) = other.get(name) {
                    compare(&format!("{path}/{name}"), value, other, found);
                }
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            if let (Some(one), Some(other)) = (one.first(), other.first()) {
                compare(&format!("{path}/0"), one, other, found);
            }
        }
        // Whether something is given at all may depend on the set-up.
        (Value::Null, _) | (_, Value::Null) => {}
        (one, other) if std::mem::discriminant(one) != std::mem::discriminant(other) => {
            found.push(format!("{path} is {one} against {other}"));
        }
        (Value::String(one), Value::String(other)) if form(one) != form(other) => {
            found.push(format!("{path} has the form of {one} against {other}"));
        }
        _ => {}
    }
}

/// What a text looks like: times and ids by their digits' places, references by their names, the rest not at all.
fn form(text: &str) -> String {
    let is_time = text.len() >= 19 && text.as_bytes()[4] == b'-' && text.as_bytes().get(10) == Some(&b'T');
    if is_time {
        return text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    }
    if text.starts_with('{') && text.ends_with('}') { text.to_owned() } else { String::new() }
}
