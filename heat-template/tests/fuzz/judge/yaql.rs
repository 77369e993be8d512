//! An expression of YAQL: an answer that is the same each time, or a reason with a place.

use heat_template::yaql::Statement;
use serde_json::{Value, json};
use std::ops::Range;

/// As [`super::Target`].
pub(super) fn judge(text: &str) {
    let data = json!({"data": {
        "a": [1, 2, "x"], "b": {"c": null}, "t": "text", "numbers": [3, 1.5, -2, 10_000_000_000_u64],
        "people": [{"name": "ann", "age": 31}, {"name": "bob", "age": 25}],
    }});
    match Statement::parse(text) {
        Err(error) => {
            inside(text, error.span());
            assert!(!error.to_string().is_empty());
        }
        Ok(statement) => {
            let answer = statement.evaluate(&data);
            match (&answer, statement.evaluate(&data)) {
                (Ok(first), Ok(second)) => assert_eq!(*first, second, "not the same twice"),
                (Err(first), Err(second)) => assert_eq!(first.to_string(), second.to_string()),
                (first, second) => panic!("not the same twice: {first:?} and {second:?}"),
            }
            match answer {
                Ok(value) => small(&value),
                Err(fault) => {
                    assert!(!fault.to_string().is_empty());
                    fault.span().into_iter().for_each(|part| inside(text, part));
                }
            }
        }
    }
}

/// No single object of an answer is above Heat's quota, and no collection above its limit.
fn small(value: &Value) {
    match value {
        Value::String(text) => assert!(text.len() <= 4 * 10_000, "a text of {} bytes", text.len()),
        Value::Array(items) => items.iter().for_each(small),
        Value::Object(entries) => entries.values().for_each(small),
        _ => {}
    }
}

fn inside(text: &str, part: Range<usize>) {
    assert!(text.get(part.clone()).is_some(), "{part:?} is no part of {text:?}");
}
