//! What differs between the properties that were applied and those that shall be.

use super::{ChangeEffect, PropertyChange, Prospects};
use heat_plugin_sdk::PropertyMap;
use heat_plugin_sdk::schema::{ResourceSchema, UpdateMode};
use heat_template::evaluated::Evaluated;
use indexmap::IndexMap;
use serde_json::{Map, Number, Value};

/// Whether a value differs from what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Differs {
    /// No.
    No,
    /// That is known only in the run.
    Perhaps,
    /// Yes.
    Surely,
}

/// The changes of top-level properties, in the order of the new ones.
pub(super) fn changes(
    old: &PropertyMap,
    new: &IndexMap<String, Evaluated>,
    schema: &ResourceSchema,
    prospects: &Prospects<'_>,
) -> Vec<PropertyChange> {
    let mut changes = Vec::new();
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    for name in new.keys().chain(gone) {
        let property = schema.properties.get(name);
        let effect = match property.map(|property| property.update) {
            Some(UpdateMode::InPlace) => ChangeEffect::InPlace,
            Some(UpdateMode::Replace) => ChangeEffect::Replace,
            Some(UpdateMode::Immutable) => ChangeEffect::Refuse,
            // The type does not know it any more: nobody could change it.
            None => continue,
        };
        let after = new.get(name).unwrap_or(&Evaluated::NULL);
        let before = match old.get(name) {
            Some(before) => before,
            // A property that the type did not have when it was applied starts out with its default.
            None => property.and_then(|property| property.default.as_ref()).unwrap_or(&Value::Null),
        };
        let unset = old.get(name).is_none() && after.known().is_some_and(Value::is_null);
        let differs = if unset { Differs::No } else { differs(before, after, prospects) };
        if differs != Differs::No {
            let uncertain = differs == Differs::Perhaps;
            changes.push(PropertyChange { property: name.clone(), uncertain, effect });
        }
    }
    changes
}

/// Whether the definition beside the properties differs.
pub(super) fn definition_differs(
    old: &Map<String, Value>,
    new: &IndexMap<String, Evaluated>,
    prospects: &Prospects<'_>,
) -> Differs {
    let gone = old.iter().any(|(name, value)| !value.is_null() && !new.contains_key(name));
    let of = |(name, after): (&String, &Evaluated)| {
        differs(old.get(name).unwrap_or(&Value::Null), after, prospects)
    };
    let kept = new.iter().map(of).max().unwrap_or(Differs::No);
    if gone { Differs::Surely } else { kept }
}

/// Whether a value that may be known in part differs from an old one.
///
/// An unknown value differs surely where the old one is the reference id of a resource that is replaced by one with
/// another id.
fn differs(old: &Value, new: &Evaluated, prospects: &Prospects<'_>) -> Differs {
    match new {
        Evaluated::Known(new) if same(old, new) => Differs::No,
        Evaluated::Known(_) => Differs::Surely,
        Evaluated::List(items) => match old {
            Value::Array(old) if old.len() == items.len() => old
                .iter()
                .zip(items)
                .map(|(old, new)| differs(old, new, prospects))
                .max()
                .unwrap_or(Differs::No),
            _ => Differs::Surely,
        },
        Evaluated::Map(entries) => match old {
            Value::Object(old) => {
                let lost = old.iter().any(|(key, value)| !value.is_null() && !entries.contains_key(key));
                let kept = entries
                    .iter()
                    .map(|(key, new)| differs(old.get(key).unwrap_or(&Value::Null), new, prospects))
                    .max()
                    .unwrap_or(Differs::No);
                if lost { Differs::Surely } else { kept }
            }
            _ => Differs::Surely,
        },
        Evaluated::Unknown(unknown) => {
            let mut waits = unknown.resources();
            match (old, waits.next(), waits.next()) {
                (Value::String(old), Some(only), None) if prospects.is_gone(only, old) => Differs::Surely,
                _ => Differs::Perhaps,
            }
        }
    }
}

/// Equality of resolved values: numbers by value, maps in any order, a key with null as a missing one.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => same_number(a, b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.iter().all(|(key, value)| same(value, b.get(key).unwrap_or(&Value::Null)))
                && b.iter().all(|(key, value)| value.is_null() || a.contains_key(key))
        }
        _ => a == b,
    }
}

fn same_number(a: &Number, b: &Number) -> bool {
    if a == b {
        return true;
    }
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a == b,
        _ => a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| a == b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_the_same_by_value() {
        assert!(same(&json!({"a": 1, "b": null}), &json!({"a": 1.0})));
        assert!(same(&json!({"a": 1.0}), &json!({"b": null, "a": 1})));
        assert!(!same(&json!({"a": 1}), &json!({"a": 1, "b": false})));
        assert!(!same(&json!([1, 2]), &json!([2, 1])));
        assert!(!same(&json!("1"), &json!(1)));
        assert!(!same(&json!(9007199254740993_i64), &json!(9007199254740992_i64)));
    }

    #[test]
    fn parts_that_are_known_to_differ_make_the_whole_differ() {
        let scope = Prospects::default();
        let partly =
            |fixed: &str| Evaluated::list(vec![Evaluated::Known(json!(fixed)), Evaluated::unknown("port")]);
        assert_eq!(differs(&json!(["a", "old"]), &partly("a"), &scope), Differs::Perhaps);
        assert_eq!(differs(&json!(["a", "old"]), &partly("b"), &scope), Differs::Surely);
        assert_eq!(differs(&json!(["a"]), &partly("a"), &scope), Differs::Surely);
        assert_eq!(differs(&json!(null), &partly("a"), &scope), Differs::Surely);
    }

    #[test]
    fn the_id_of_something_that_is_replaced_surely_changes() {
        let mut scope = Prospects::default();
        scope.is_new("net");
        scope.reference_goes("net", "id-1");
        let new = Evaluated::unknown("net");
        assert_eq!(differs(&json!("id-1"), &new, &scope), Differs::Surely);
        assert_eq!(differs(&json!("other"), &new, &scope), Differs::Perhaps);
        let both = Evaluated::Unknown(
            heat_template::evaluated::Unknown::of("net").and(heat_template::evaluated::Unknown::of("subnet")),
        );
        assert_eq!(differs(&json!("id-1"), &both, &scope), Differs::Perhaps);
    }
}
