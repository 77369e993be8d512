//! From checked properties to the author's struct, and why they do not fit.

use crate::{Failure, Result};
use heat_template::schema::{Children, PropertySchema, ValueType};
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Reads a struct. `misfit` names the first property that does not fit and why; it is asked only after a failure.
pub fn decode<P: DeserializeOwned>(
    values: &Map<String, Value>,
    fields: &IndexMap<String, PropertySchema>,
    misfit: impl FnOnce(&Map<String, Value>) -> Option<(&'static str, String)>,
) -> Result<P> {
    let given = given(values, fields);
    let entries = given.iter().map(|(name, value)| (*name, &**value));
    let error: serde_json::Error = match P::deserialize(MapDeserializer::new(entries)) {
        Ok(properties) => return Ok(properties),
        Err(error) => error,
    };
    let given = given.into_iter().map(|(name, value)| (name.to_owned(), value.into_owned())).collect();
    // Serde's messages quote the value, so they are kept back where it may be a secret.
    Err(match misfit(&given) {
        Some((name, _)) if fields.get(name).is_none_or(holds_secret) => {
            Failure::invalid(name.to_owned(), format!("property {name}: the value does not fit"))
        }
        Some((name, why)) => Failure::invalid(name.to_owned(), format!("property {name}: {why}")),
        None if fields.values().any(holds_secret) => Failure::invalid(None, "the properties do not fit"),
        None => Failure::invalid(None, format!("the properties do not fit: {error}")),
    })
}

/// The properties without those that stand as null because they were not given; serde wants them to be absent.
fn given<'a>(
    values: &'a Map<String, Value>,
    fields: &IndexMap<String, PropertySchema>,
) -> Vec<(&'a str, Cow<'a, Value>)> {
    let present = values.iter().filter(|(_, value)| !value.is_null());
    present
        .map(|(name, value)| {
            let value = match fields.get(name) {
                Some(schema) => given_inside(value, schema),
                None => Cow::Borrowed(value),
            };
            (name.as_str(), value)
        })
        .collect()
}

/// Copied only where something is left out or written otherwise.
fn given_inside<'a>(value: &'a Value, schema: &PropertySchema) -> Cow<'a, Value> {
    let is_borrowed = |value: &Cow<'_, Value>| matches!(value, Cow::Borrowed(_));
    if let (Value::Bool(truth), ValueType::Number) = (value, schema.value_type) {
        // In Python a boolean is a number, so that it passes the check as it is.
        return Cow::Owned(Value::from(u8::from(*truth)));
    }
    match (value, &schema.children) {
        (Value::Object(map), Children::Fields(fields)) => {
            let inside = given(map, fields);
            if inside.len() == map.len() && inside.iter().all(|(_, value)| is_borrowed(value)) {
                return Cow::Borrowed(value);
            }
            let inside = inside.into_iter().map(|(name, value)| (name.to_owned(), value.into_owned()));
            Cow::Owned(Value::Object(inside.collect()))
        }
        (Value::Array(items), Children::Item(item)) => {
            let inside: Vec<_> = items.iter().map(|value| given_inside(value, item)).collect();
            if inside.iter().all(is_borrowed) {
                return Cow::Borrowed(value);
            }
            Cow::Owned(Value::Array(inside.into_iter().map(Cow::into_owned).collect()))
        }
        _ => Cow::Borrowed(value),
    }
}

/// Whether the property, or anything inside it, is secret.
pub(crate) fn holds_secret(schema: &PropertySchema) -> bool {
    schema.secret
        || match &schema.children {
            Children::Free => false,
            Children::Item(item) => holds_secret(item),
            Children::Fields(fields) => fields.values().any(holds_secret),
        }
}
