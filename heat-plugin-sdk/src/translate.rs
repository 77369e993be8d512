//! Properties as written become properties as used: the rules of a schema, applied.

use crate::dynamic::PropertyMap;
use crate::{Failure, Result};
use heat_template::schema::{Children, PropertySchema, ResourceSchema, Translation};
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// Asks what a finder finds for a value; `None`: it is not known yet, and the value stays as it is.
pub type Ask<'a> = dyn FnMut(&str, &Value) -> Option<Result<Value>> + 'a;

/// Applies the rules of a schema, in order, to properties that were checked and have their defaults.
///
/// Gives whether every name could be resolved. Where one was not known yet, resolve it and call this again with the
/// properties as they were before: rules are not made to be applied twice. The behaviour follows Heat's
/// `heat/engine/translation.py`: a null value is not translated; in a list every item is.
///
/// # Errors
/// Class `Invalid`: a property is given under its old and its new name. Whatever a finder says, with the property.
pub fn translate(schema: &ResourceSchema, properties: &mut PropertyMap, ask: &mut Ask<'_>) -> Result<bool> {
    let mut resolved = true;
    for rule in &schema.translations {
        match rule {
            Translation::Replace { from, to } => replace(&schema.properties, properties, from, to)?,
            Translation::Add { path, values } => each(properties, path, &mut |value| {
                if let Value::Array(items) = value {
                    items.extend(values.iter().cloned());
                }
                Ok(())
            })?,
            Translation::Delete { path } => delete(properties, path),
            Translation::Resolve { path, finder } => each(properties, path, &mut |value| {
                let items = match value {
                    Value::Array(items) => items.iter_mut().collect(),
                    other => vec![other],
                };
                for item in items.into_iter().filter(|item| !item.is_null()) {
                    match ask(finder, item) {
                        None => resolved = false,
                        Some(Ok(id)) => *item = id,
                        Some(Err(failure)) => {
                            let message = format!("property {}: {}", path.join("."), failure.message());
                            return Err(Failure::new(failure.class().clone(), message));
                        }
                    }
                }
                Ok(())
            })?,
        }
    }
    Ok(resolved)
}

/// Calls `change` with every value at the end of a path that is there and not null.
fn each(
    map: &mut PropertyMap,
    path: &[String],
    change: &mut dyn FnMut(&mut Value) -> Result<()>,
) -> Result<()> {
    let Some((first, rest)) = path.split_first() else { return Ok(()) };
    match map.get_mut(first) {
        Some(value) if !value.is_null() && rest.is_empty() => change(value),
        Some(value) => maps(value).into_iter().try_for_each(|inner| each(inner, rest, change)),
        None => Ok(()),
    }
}

/// The map itself, or those that are the items of a list.
fn maps(value: &mut Value) -> Vec<&mut Map<String, Value>> {
    match value {
        Value::Object(map) => vec![map],
        Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).collect(),
        _ => Vec::new(),
    }
}

fn delete(map: &mut PropertyMap, path: &[String]) {
    match path {
        [] => {}
        [last] => {
            map.shift_remove(last);
        }
        [first, rest @ ..] => {
            for inner in map.get_mut(first).map(maps).unwrap_or_default() {
                delete(inner, rest);
            }
        }
    }
}

/// Moves a value. Paths that begin alike are followed together, so that each item of a list keeps its own.
fn replace(
    fields: &IndexMap<String, PropertySchema>,
    map: &mut PropertyMap,
    from: &[String],
    to: &[String],
) -> Result<()> {
    if let ([first, from @ ..], [same, to @ ..]) = (from, to)
        && first == same
        && !from.is_empty()
        && !to.is_empty()
    {
        let none = IndexMap::new();
        let inside = fields.get(first).map_or(&none, |schema| fields_of(schema, &none));
        let inner = map.get_mut(first).map(maps).unwrap_or_default();
        return inner.into_iter().try_for_each(|inner| replace(inside, inner, from, to));
    }
    let Some(value) = take(map, from).filter(|value| !value.is_null()) else { return Ok(()) };
    // A default stands there without having been given.
    let default = schema_at(fields, to).and_then(|schema| schema.default.as_ref());
    put(map, to, value, default).map_err(|_| {
        let (from, to) = (from.join("."), to.join("."));
        Failure::invalid(
            to.clone(),
            format!("property {to} is also given as {from}, its old name: give one of them"),
        )
    })
}

fn fields_of<'a>(
    schema: &'a PropertySchema,
    none: &'a IndexMap<String, PropertySchema>,
) -> &'a IndexMap<String, PropertySchema> {
    match &schema.children {
        Children::Fields(fields) => fields,
        Children::Item(item) => fields_of(item, none),
        Children::Free => none,
    }
}

fn schema_at<'a>(
    fields: &'a IndexMap<String, PropertySchema>,
    path: &[String],
) -> Option<&'a PropertySchema> {
    let (first, rest) = path.split_first()?;
    let schema = fields.get(first)?;
    match (&schema.children, rest) {
        (_, []) => Some(schema),
        (Children::Fields(fields), rest) => schema_at(fields, rest),
        _ => None,
    }
}

fn take(map: &mut PropertyMap, path: &[String]) -> Option<Value> {
    match path {
        [] => None,
        [last] => map.shift_remove(last),
        [first, rest @ ..] => take(map.get_mut(first)?.as_object_mut()?, rest),
    }
}

struct AlreadyGiven;

fn put(
    map: &mut PropertyMap,
    path: &[String],
    value: Value,
    default: Option<&Value>,
) -> std::result::Result<(), AlreadyGiven> {
    match path {
        [] => Ok(()),
        [last] => match map.get(last) {
            Some(there) if !there.is_null() && Some(there) != default => Err(AlreadyGiven),
            _ => {
                map.insert(last.clone(), value);
                Ok(())
            }
        },
        [first, rest @ ..] => {
            let inner = map.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
            if inner.is_null() {
                *inner = Value::Object(Map::new());
            }
            match inner {
                Value::Object(inner) => put(inner, rest, value, default),
                _ => Err(AlreadyGiven),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heat_template::schema::ValueType;
    use serde_json::json;

    fn path(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|&key| key.to_owned()).collect()
    }

    fn schema(rules: Vec<Translation>) -> ResourceSchema {
        let text = || PropertySchema::new(ValueType::String);
        let mut schema = ResourceSchema { translations: rules, ..ResourceSchema::default() };
        schema.properties.insert("new".into(), text().default("d"));
        let nic = PropertySchema::map_of([("network", text()), ("uuid", text())]);
        schema.properties.insert("networks".into(), PropertySchema::list_of(nic));
        schema
    }

    fn apply(rules: Vec<Translation>, properties: Value) -> Result<Value> {
        let mut map = properties.as_object().cloned().unwrap();
        let all = translate(&schema(rules), &mut map, &mut |finder, value| match value.as_str() {
            Some("unknown") => None,
            Some("nobody") => Some(Err(Failure::not_found("there is no nobody"))),
            text => Some(Ok(json!(format!("{finder}:{}", text.unwrap_or_default())))),
        })?;
        Ok(if all { Value::Object(map) } else { json!("not yet") })
    }

    fn renamed() -> Vec<Translation> {
        vec![Translation::Replace { from: path(&["old"]), to: path(&["new"]) }]
    }

    #[test]
    fn a_value_moves_from_its_old_name_over_a_default() {
        assert_eq!(apply(renamed(), json!({"old": "x"})).unwrap(), json!({"new": "x"}));
        assert_eq!(apply(renamed(), json!({"old": "x", "new": "d"})).unwrap(), json!({"new": "x"}));
        assert_eq!(apply(renamed(), json!({"old": null, "new": "y"})).unwrap(), json!({"new": "y"}));
    }

    #[test]
    fn both_names_given_is_an_error_that_names_them() {
        let failure = apply(renamed(), json!({"old": "x", "new": "y"})).unwrap_err();
        assert_eq!(failure.to_string(), "property new is also given as old, its old name: give one of them");
    }

    #[test]
    fn in_a_list_of_maps_every_item_keeps_its_own() {
        let rules = vec![
            Translation::Replace { from: path(&["networks", "uuid"]), to: path(&["networks", "network"]) },
            Translation::Resolve { path: path(&["networks", "network"]), finder: "net".into() },
        ];
        let given = json!({"networks": [{"uuid": "a"}, {"network": "b"}, {"uuid": null, "network": null}]});
        let used = json!({"networks": [{"network": "net:a"}, {"network": "net:b"}, {"network": null}]});
        assert_eq!(apply(rules, given).unwrap(), used);
    }

    #[test]
    fn a_value_can_move_into_a_map() {
        let rules = vec![Translation::Replace { from: path(&["old"]), to: path(&["extra", "key"]) }];
        assert_eq!(apply(rules, json!({"old": 1})).unwrap(), json!({"extra": {"key": 1}}));
    }

    #[test]
    fn values_are_appended_and_properties_dropped() {
        let rules = vec![
            Translation::Add { path: path(&["list"]), values: vec![json!(3)] },
            Translation::Delete { path: path(&["gone", "inner"]) },
        ];
        let given = json!({"list": [1], "gone": [{"inner": 1, "other": 2}]});
        assert_eq!(apply(rules, given).unwrap(), json!({"list": [1, 3], "gone": [{"other": 2}]}));
    }

    #[test]
    fn names_are_resolved_alone_and_in_lists() {
        let rules = || vec![Translation::Resolve { path: path(&["zone"]), finder: "z".into() }];
        assert_eq!(apply(rules(), json!({"zone": "a"})).unwrap(), json!({"zone": "z:a"}));
        assert_eq!(apply(rules(), json!({"zone": ["a", null]})).unwrap(), json!({"zone": ["z:a", null]}));
        assert_eq!(apply(rules(), json!({"zone": ["unknown", "a"]})).unwrap(), json!("not yet"));
        assert_eq!(
            apply(rules(), json!({"zone": "nobody"})).unwrap_err().to_string(),
            "property zone: there is no nobody"
        );
    }
}
