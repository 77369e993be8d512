//! The comparison of values and messages, as `conformance/README.md` defines it.

use heat_template::python::{Num, Pattern};
use serde_json::Value;

/// Where two values differ first; `at` names the place.
pub(crate) fn same(at: &str, found: &Value, wanted: &Value) -> Result<(), String> {
    match (found, wanted) {
        (found, Value::Object(entries)) if entries.len() == 1 && entries.contains_key("matches") => {
            matches(at, found, &entries["matches"])
        }
        (Value::Array(a), Value::Array(b)) => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                same(&format!("{at}[{index}]"), a, b)?;
            }
            if a.len() == b.len() {
                return Ok(());
            }
            Err(format!("{at} has {} items instead of {}", a.len(), b.len()))
        }
        (Value::Object(a), Value::Object(b)) => {
            for (key, b) in b {
                let Some(a) = a.get(key) else { return Err(format!("{at} has no key \"{key}\"")) };
                same(&format!("{at}.{key}"), a, b)?;
            }
            match a.keys().find(|key| !b.contains_key(*key)) {
                Some(more) => Err(format!("{at} has a key \"{more}\" too many")),
                None => Ok(()),
            }
        }
        (Value::Number(a), Value::Number(b)) if same_number(a, b) => Ok(()),
        (a, b) if a == b => Ok(()),
        (a, b) => Err(format!("{at} is {a} instead of {b}")),
    }
}

/// By value; floats may differ in the last digit.
fn same_number(a: &serde_json::Number, b: &serde_json::Number) -> bool {
    let (a, b) = (Num::from_number(a), Num::from_number(b));
    if a.compare(&b) == Some(std::cmp::Ordering::Equal) {
        return true;
    }
    let (a, b) = (a.to_f64(), b.to_f64());
    a.fract() != 0.0 && b.fract() != 0.0 && (a - b).abs() <= 4.0 * f64::EPSILON * a.abs()
}

fn matches(at: &str, found: &Value, pattern: &Value) -> Result<(), String> {
    let (Value::String(text), Value::String(pattern)) = (found, pattern) else {
        return Err(format!("{at} is {found} instead of a text that matches {pattern}"));
    };
    let compiled =
        Pattern::new(pattern).map_err(|error| format!("{at}: the pattern {pattern}: {error:?}"))?;
    match compiled.matches_whole(text) {
        Ok(true) => Ok(()),
        _ => Err(format!("{at} is \"{text}\", which does not match {pattern}")),
    }
}

/// Whether a message holds every fragment.
pub(crate) fn mentions(what: &str, message: &str, fragments: &[String]) -> Result<(), String> {
    match fragments.iter().find(|fragment| !message.contains(fragment.as_str())) {
        None => Ok(()),
        Some(missing) => Err(format!("{what} does not mention \"{missing}\": {message}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn equal(a: Value, b: Value) -> bool {
        same("x", &a, &b).is_ok()
    }

    #[test]
    fn numbers_are_compared_by_value_and_nothing_else_is() {
        assert!(equal(json!(3), json!(3.0)));
        assert!(equal(json!(0.1 + 0.2), json!(0.3)));
        assert!(!equal(json!(3), json!(4)));
        assert!(!equal(json!(1), json!(true)));
        assert!(!equal(json!("1"), json!(1)));
        let big = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert!(!equal(big("36893488147419103232"), big("36893488147419103233")));
    }

    #[test]
    fn a_key_with_null_is_not_a_missing_key() {
        assert!(!equal(json!({}), json!({"a": null})));
        assert!(!equal(json!({"a": null}), json!({})));
    }

    #[test]
    fn the_first_difference_is_named_by_its_place() {
        let error =
            same("outputs", &json!({"a": [1, {"b": "x"}]}), &json!({"a": [1, {"b": "y"}]})).unwrap_err();
        assert_eq!(error, r#"outputs.a[1].b is "x" instead of "y""#);
    }

    #[test]
    fn a_pattern_may_stand_anywhere_and_takes_only_a_text() {
        assert!(equal(json!(["abc"]), json!([{"matches": "^[a-c]{3}$"}])));
        assert!(!equal(json!(["abcd"]), json!([{"matches": "^[a-c]{3}$"}])));
        assert!(!equal(json!([1]), json!([{"matches": "1"}])));
    }
}
