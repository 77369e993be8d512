//! From a template's data and back.

use super::fault::{Fault, Result};
use super::hash::{Key, key};
use super::iterate::Cursor;
use super::machine::Machine;
use super::number;
use super::sets;
use super::value::{Value, View};
use crate::python::Num;
use indexmap::IndexMap;
use num_bigint::BigInt;
use serde_json::Value as Json;

/// Lists become tuples, maps YAQL's own maps.
pub(super) fn from_json(value: &Json) -> Result<Value> {
    Ok(match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(value) => match Num::from_number(value) {
            Num::Float(value) => Value::Float(value),
            whole => Value::integer(whole.repr().parse::<BigInt>().unwrap_or_default()),
        },
        Json::String(text) => Value::text(text.as_str()),
        Json::Array(items) => Value::tuple(items.iter().map(from_json).collect::<Result<_>>()?)?,
        Json::Object(entries) => {
            let entry =
                |(name, value): (&String, &Json)| Ok((key(Value::text(name.as_str()))?, from_json(value)?));
            Value::dict(entries.iter().map(entry).collect::<Result<IndexMap<_, _>>>()?)?
        }
    })
}

/// Every collection becomes a list, every map a JSON object; what is neither is no data.
pub(super) fn to_json(machine: &mut Machine<'_>, value: &Value) -> Result<Json> {
    machine.deeper(4, |machine| converted(machine, value))
}

fn converted(machine: &mut Machine<'_>, value: &Value) -> Result<Json> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::from(*value),
        Value::Big(value) => {
            let digits = Num::Big {
                negative: value.sign() == num_bigint::Sign::Minus,
                digits: value.magnitude().to_string(),
            };
            // Python does not write so many digits.
            if value.bits() > 14_284 {
                return Err(Fault::other("the integer has too many digits for JSON"));
            }
            digits.to_value()
        }
        Value::Float(value) => Num::Float(*value).to_value(),
        Value::Text(text) => Json::String(text.to_string()),
        Value::Dict(dict) => {
            machine.limited(value.clone())?;
            let mut entries = serde_json::Map::with_capacity(dict.len());
            for (key, value) in dict.iter() {
                let value = to_json(machine, value)?;
                entries.insert(key_text(key)?, value);
            }
            Json::Object(entries)
        }
        Value::Set(_) | Value::View(View::Keys | View::Items, _) => {
            machine.limited(value.clone())?;
            set_to_json(machine, value)?
        }
        Value::Tuple(_)
        | Value::List(_)
        | Value::View(View::Values, _)
        | Value::Iterator(_)
        | Value::Memory(_)
        | Value::Ordering(_) => {
            let limited = machine.limited(value.clone())?;
            let mut cursor = Cursor::new(machine, &limited)?;
            let mut items = Vec::new();
            while let Some(item) = cursor.next(machine)? {
                items.push(to_json(machine, &item)?);
            }
            Json::Array(items)
        }
        Value::DateTime(_) => return Err(no_data(value).help("make a text of it with str(…) or .format(…)")),
        Value::TimeSpan(_) => {
            return Err(no_data(value).help("take its .seconds, or make a text of it with str(…)"));
        }
        Value::Regex(_) | Value::Context(_) | Value::Rule(_) | Value::Missing => return Err(no_data(value)),
    })
}

fn no_data(value: &Value) -> Box<Fault> {
    Fault::other(format!("the result is {}, for which a template has no type", value.type_name()))
}

/// The original makes a set of what the members become, and a list or a map cannot be the member of a set.
fn set_to_json(machine: &mut Machine<'_>, value: &Value) -> Result<Json> {
    let mut keys = indexmap::IndexSet::new();
    let mut cursor = Cursor::new(machine, value)?;
    while let Some(member) = cursor.next(machine)? {
        if matches!(member, Value::Tuple(_) | Value::Set(_) | Value::Dict(_)) {
            let message = format!("a set with {} in it cannot be a result", member.type_name());
            return Err(Fault::other(message).help("make a list of it with .toList()"));
        }
        keys.insert(key(member)?);
    }
    let mut items = Vec::with_capacity(keys.len());
    for key in sets::ordered(&keys) {
        items.push(to_json(machine, key.value())?);
    }
    Ok(Json::Array(items))
}

/// Keys are texts in JSON.
fn key_text(key: &Key) -> Result<String> {
    match key.value() {
        Value::Text(text) => Ok(text.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Null => Ok("null".to_owned()),
        Value::Int(value) => Ok(value.to_string()),
        value @ Value::Big(_) => super::text::str_of(value),
        value @ Value::Float(_) => Ok(Num::Float(number::float(value)?).json()),
        other => Err(Fault::other(format!("{} cannot be the key of a map in a template", other.type_name()))),
    }
}
