//! Request bodies against Nova's JSON schemas: unknown, missing and mistyped members.

use super::Cx;
use crate::cloud::Object;
use crate::cloud::document::{python_repr, python_str, python_text};
use crate::http::exchange::Refusal;
use serde_json::Value;

/// The object under a name in the body, which must be its only member (others that are allowed are named).
pub(super) fn member(cx: &Cx<'_>, name: &str, others: &[&str]) -> Result<Object, Refusal> {
    let Some(body) = cx.request.json() else {
        return Err(Refusal::new(400, "Malformed request body"));
    };
    let whole = body.as_object().cloned().unwrap_or_default();
    let Some(given) = whole.get(name) else {
        return Err(invalid_root(&body, &format!("'{name}' is a required property")));
    };
    only(&whole, &[&[name], others].concat()).map_err(|text| invalid_root(&body, &text))?;
    match given {
        Value::Object(object) => Ok(object.clone()),
        other => Err(invalid(name, other, &format!("{} is not of type 'object'", python_repr(other)))),
    }
}

fn invalid_root(body: &Value, reason: &str) -> Refusal {
    invalid("None", body, reason)
}

/// Nova's wording of a schema's refusal.
pub(super) fn invalid(path: &str, value: &Value, reason: &str) -> Refusal {
    if path == "None" {
        return Refusal::new(400, reason);
    }
    // Only the last part of the path is named.
    let name = path.rsplit('/').next().unwrap_or(path);
    Refusal::new(
        400,
        format!("Invalid input for field/attribute {name}. Value: {}. {reason}", python_str(value)),
    )
}

/// Refuses members that are not allowed.
fn only(object: &Object, allowed: &[&str]) -> Result<(), String> {
    let unknown: Vec<String> = object
        .keys()
        .filter(|name| !allowed.contains(&name.as_str()))
        .map(|name| python_text(name))
        .collect();
    match unknown.as_slice() {
        [] => Ok(()),
        [one] => Err(format!("Additional properties are not allowed ({one} was unexpected)")),
        many => Err(format!("Additional properties are not allowed ({} were unexpected)", many.join(", "))),
    }
}

/// Refuses members that are not allowed in the object under a path.
pub(super) fn allow(path: &str, object: &Object, allowed: &[&str]) -> Result<(), Refusal> {
    only(object, allowed).map_err(|text| invalid(path, &Value::Object(object.clone()), &text))
}

/// Refuses the absence of members.
pub(super) fn need(path: &str, object: &Object, names: &[&str]) -> Result<(), Refusal> {
    match names.iter().find(|name| !object.contains_key(**name)) {
        None => Ok(()),
        Some(missing) => {
            Err(invalid(path, &Value::Object(object.clone()), &format!("'{missing}' is a required property")))
        }
    }
}

/// A name: text of 1 to 255 characters without space around it.
pub(super) fn name(path: &str, value: &Value) -> Result<String, Refusal> {
    match value.as_str() {
        None => Err(invalid(path, value, &format!("{} is not of type 'string'", python_repr(value)))),
        Some("") => Err(invalid(path, value, "'' is too short")),
        Some(text) if text.chars().count() > 255 => {
            Err(invalid(path, value, &format!("{} is too long", python_text(text))))
        }
        Some(text) => Ok(text.trim().to_owned()),
    }
}

/// The name of a block device, or none.
pub(super) fn device(path: &str, value: &Value) -> Result<(), Refusal> {
    const PATTERN: &str = "(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$";
    let is_device = |text: &str| {
        let name = text.strip_prefix("/dev/").map(|name| name.trim_end_matches(|c: char| c.is_ascii_digit()));
        name.is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    match value {
        Value::Null => Ok(()),
        Value::String(text) if is_device(text) => Ok(()),
        Value::String(text) => {
            Err(invalid(path, value, &format!("{} does not match '{PATTERN}'", python_text(text))))
        }
        other => {
            Err(invalid(path, other, &format!("{} is not of type 'string', 'null'", python_repr(other))))
        }
    }
}

/// A whole number, also as text, not below `least`.
pub(super) fn number(path: &str, value: &Value, least: i64) -> Result<i64, Refusal> {
    let parsed = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    match parsed {
        None => {
            Err(invalid(path, value, &format!("{} is not of type 'integer', 'string'", python_repr(value))))
        }
        Some(number) if number < least => {
            Err(invalid(path, value, &format!("{number} is less than the minimum of {least}")))
        }
        Some(number) => Ok(number),
    }
}

/// A truth as Nova's lenient boolean reads it.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::String(text) => {
            matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "on" | "yes" | "t" | "y")
        }
        Value::Number(number) => number.as_i64() == Some(1),
        _ => false,
    }
}

/// Metadata: texts of at most 255 characters.
pub(super) fn metadata(path: &str, value: &Value) -> Result<Object, Refusal> {
    let Some(map) = value.as_object() else {
        return Err(invalid(path, value, &format!("{} is not of type 'object'", python_repr(value))));
    };
    for (key, value) in map {
        match value.as_str() {
            None => {
                return Err(invalid(
                    &format!("{path}/{key}"),
                    value,
                    &format!("{} is not of type 'string'", python_repr(value)),
                ));
            }
            Some(text) if text.chars().count() > 255 || key.chars().count() > 255 => {
                return Err(invalid(
                    &format!("{path}/{key}"),
                    value,
                    &format!("{} is too long", python_text(text)),
                ));
            }
            Some(_) => {}
        }
    }
    Ok(map.clone())
}
