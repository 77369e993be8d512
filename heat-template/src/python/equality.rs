//! `==` and truth.

use super::Num;
use serde_json::Value;

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
    fn empty_and_zero_are_false() {
        for value in [json!(null), json!(0), json!(0.0), json!(""), json!([]), json!({}), json!(false)] {
            assert!(!truthy(&value), "{value}");
        }
        for value in [json!(-1), json!(" "), json!([null]), json!({"a": null}), json!(true)] {
            assert!(truthy(&value), "{value}");
        }
    }
}
