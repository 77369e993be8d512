//! What a service's answer says about properties and attributes.

use std::net::IpAddr;

use heat_plugin_sdk::{Context, Failure, Observed, Properties, Resource, Result, State};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An observation from an object whose fields are called like the properties and attributes, but for `renamed`
/// (property, field).
///
/// A property whose applied value the object meets is observed as that value: a port asked for an address in a subnet
/// has one, whichever it is.
pub(crate) fn observe<R: Resource>(
    cx: &Context<'_, R>,
    state: State,
    object: &Value,
    renamed: &[(&str, &str)],
) -> Result<Observed<R>>
where
    R::Attributes: DeserializeOwned,
{
    let mut observed = Observed::<R>::new(state);
    for name in R::Properties::fields().keys() {
        let field =
            renamed.iter().find(|(property, _)| property == name).map_or(name.as_str(), |(_, field)| field);
        if let Some(value) = object.get(field) {
            observed = observed.property(name, as_applied(cx, name, value))?;
        }
    }
    let attributes: R::Attributes = serde_json::from_value(object.clone()).map_err(|error| {
        Failure::failed(format!("{}: the service's answer has another shape: {error}", R::TYPE))
    })?;
    Ok(observed.attributes(&attributes)?.show(object.clone()))
}

/// The applied value of a property if the observed one meets it, else the observed one.
pub(crate) fn as_applied<R: Resource>(cx: &Context<'_, R>, property: &str, observed: &Value) -> Value {
    match cx.call().applied.as_ref().and_then(|applied| applied.get(property)) {
        Some(applied) if satisfied(applied, observed) => applied.clone(),
        _ => observed.clone(),
    }
}

/// Whether what is observed is what was asked for: keys that were not asked for may be anything, the order of a list
/// does not count, empty is absent, and addresses are compared as addresses.
pub(crate) fn satisfied(wanted: &Value, observed: &Value) -> bool {
    match (wanted, observed) {
        (Value::Object(wanted), Value::Object(observed)) => wanted.iter().all(|(key, value)| {
            value.is_null() || satisfied(value, observed.get(key).unwrap_or(&Value::Null))
        }),
        (Value::Array(wanted), Value::Array(observed)) => {
            let mut left: Vec<&Value> = observed.iter().collect();
            wanted.len() == observed.len()
                && wanted.iter().all(|item| {
                    let found = left.iter().position(|other| satisfied(item, other));
                    found.map(|at| left.swap_remove(at)).is_some()
                })
        }
        (Value::String(wanted), Value::String(observed)) => same_text(wanted, observed),
        (wanted, observed) if is_empty(wanted) && is_empty(observed) => true,
        (Value::String(text), Value::Number(number)) | (Value::Number(number), Value::String(text)) => {
            *text == number.to_string()
        }
        (Value::String(text), Value::Bool(truth)) | (Value::Bool(truth), Value::String(text)) => {
            text.eq_ignore_ascii_case(&truth.to_string())
        }
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (wanted, observed) => wanted == observed,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn same_text(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    match (one.parse::<IpAddr>(), other.parse::<IpAddr>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => same_network(one, other) || is_hardware_address(one) && one.eq_ignore_ascii_case(other),
    }
}

fn same_network(one: &str, other: &str) -> bool {
    let parse = |text: &str| {
        let (address, length) = text.split_once('/')?;
        Some((address.parse::<IpAddr>().ok()?, length.parse::<u8>().ok()?))
    };
    matches!((parse(one), parse(other)), (Some(one), Some(other)) if one == other)
}

fn is_hardware_address(text: &str) -> bool {
    text.len() == 17 && text.split(':').count() == 6
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_not_asked_for_may_be_anything() {
        assert!(satisfied(&json!([{"subnet": "s"}]), &json!([{"subnet": "s", "ip_address": "10.0.0.5"}])));
        assert!(satisfied(&json!({"a": null}), &json!({"a": 1})));
        assert!(!satisfied(&json!([{"subnet": "s"}]), &json!([{"subnet": "s"}, {"subnet": "t"}])));
        assert!(!satisfied(&json!([{"subnet": "s"}]), &json!([])));
    }

    #[test]
    fn order_writing_and_emptiness_do_not_count() {
        assert!(satisfied(&json!(["a", "b"]), &json!(["b", "a"])));
        assert!(!satisfied(&json!(["a", "a"]), &json!(["b", "a"])));
        assert!(satisfied(&json!("2001:DB8::1"), &json!("2001:db8:0::1")));
        assert!(satisfied(&json!("2001:DB8::/32"), &json!("2001:db8::/32")));
        assert!(satisfied(&json!("FA:16:3E:00:00:01"), &json!("fa:16:3e:00:00:01")));
        assert!(satisfied(&json!(""), &Value::Null) && satisfied(&json!([]), &Value::Null));
        assert!(satisfied(&json!("22"), &json!(22)) && satisfied(&json!(1.0), &json!(1)));
        assert!(!satisfied(&json!("Web"), &json!("web")));
    }
}
