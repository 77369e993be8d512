//! From checked properties to the author's struct, and why they do not fit.

use crate::{Failure, Result};
use heat_template::schema::{Children, PropertySchema};
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads a struct. `misfit` names the first property that does not fit and why; it is asked only after a failure.
pub fn decode<P: DeserializeOwned>(
    values: &Map<String, Value>,
    fields: &IndexMap<String, PropertySchema>,
    misfit: impl FnOnce(&Map<String, Value>) -> Option<(&'static str, String)>,
) -> Result<P> {
    let given = given(values, fields);
    let error = match P::deserialize(&given) {
        Ok(properties) => return Ok(properties),
        Err(error) => error,
    };
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
fn given(values: &Map<String, Value>, fields: &IndexMap<String, PropertySchema>) -> Map<String, Value> {
    let present = values.iter().filter(|(_, value)| !value.is_null());
    present
        .map(|(name, value)| {
            let value = match fields.get(name) {
                Some(schema) => given_inside(value, schema),
                None => value.clone(),
            };
            (name.clone(), value)
        })
        .collect()
}

fn given_inside(value: &Value, schema: &PropertySchema) -> Value {
    match (value, &schema.children) {
        (Value::Object(map), Children::Fields(fields)) => Value::Object(given(map, fields)),
        (Value::Array(items), Children::Item(item)) => {
            Value::Array(items.iter().map(|value| given_inside(value, item)).collect())
        }
        _ => value.clone(),
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
