//! `==` and truth.

use super::Num;
use serde_json::Value;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Python's `==`: numbers by value, booleans as numbers (`1 == 1.0 == True`), maps in any order.
pub fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => match (Num::of(left), Num::of(right)) {
            (Some(a), Some(b)) => a.compare(&b).is_some_and(std::cmp::Ordering::is_eq),
            _ => false,
        },
    }
}

/// A number that is the same for values that are [`equal`]: for finding equal ones among many.
pub fn equality_hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    match value {
        Value::Null => 0_u8.hash(&mut hasher),
        Value::Bool(_) | Value::Number(_) => {
            Num::of(value).map_or(0, |number| number.equality_bits()).hash(&mut hasher);
        }
        Value::String(text) => text.hash(&mut hasher),
        Value::Array(items) => {
            1_u8.hash(&mut hasher);
            items.iter().for_each(|item| equality_hash(item).hash(&mut hasher));
        }
        Value::Object(entries) => {
            // In any order.
            let sum = entries.iter().fold(0_u64, |sum, (key, value)| {
                let mut pair = DefaultHasher::new();
                key.hash(&mut pair);
                equality_hash(value).hash(&mut pair);
                sum.wrapping_add(pair.finish())
            });
            (2_u8, sum).hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// Values in which equal ones are found quickly.
#[derive(Debug, Default)]
pub struct Equals<'v> {
    by_hash: HashMap<u64, Vec<&'v Value>>,
}

impl<'v> Equals<'v> {
    /// Whether an equal value is among them.
    pub fn contains(&self, value: &Value) -> bool {
        self.by_hash
            .get(&equality_hash(value))
            .is_some_and(|same| same.iter().any(|known| equal(known, value)))
    }

    /// Adds a value; false if an equal one was there.
    pub fn insert(&mut self, value: &'v Value) -> bool {
        let same = self.by_hash.entry(equality_hash(value)).or_default();
        let new = !same.iter().any(|known| equal(known, value));
        if new {
            same.push(value);
        }
        new
    }
}

/// Python's `bool(value)`: false for `None`, `False`, zero and everything empty.
pub fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(_) => Num::of(value).is_none_or(|number| !number.is_zero()),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_and_booleans_are_equal_by_value() {
        assert!(equal(&json!(1), &json!(1.0)));
        assert!(equal(&json!(true), &json!(1)));
        assert!(equal(&json!(false), &json!(0.0)));
        assert!(!equal(&json!("1"), &json!(1)));
        assert!(!equal(&json!(null), &json!("")));
        assert!(!equal(&json!(null), &json!(0)));
        assert!(equal(&json!({"a": [1], "b": 2}), &json!({"b": 2.0, "a": [true]})));
        assert!(!equal(&json!({"a": 1}), &json!({"a": 1, "b": null})));
    }

    #[test]
    fn equal_values_have_the_same_hash() {
        for (a, b) in [
            (json!(1), json!(true)),
            (json!(0.0), json!(-0.0)),
            (json!({"a": [1], "b": 2}), json!({"b": 2.0, "a": [true]})),
        ] {
            assert!(equal(&a, &b));
            assert_eq!(equality_hash(&a), equality_hash(&b));
        }
        let values = [json!(1), json!("1"), json!(1.0), json!(null)];
        let mut known = Equals::default();
        assert_eq!(
            values.iter().map(|value| known.insert(value)).collect::<Vec<_>>(),
            [true, true, false, true]
        );
        assert!(known.contains(&json!(true)) && !known.contains(&json!(2)));
    }

    #[test]
    fn empty_and_zero_are_false() {
        for value in [json!(null), json!(0), json!(0.0), json!(""), json!([]), json!({}), json!(false)] {
            assert!(!truthy(&value), "{value}");
        }
        for value in [json!(-1), json!(" "), json!([null]), json!({"a": null}), json!(true)] {
            assert!(truthy(&value), "{value}");
        }
    }
}
