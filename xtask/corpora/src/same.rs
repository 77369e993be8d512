//! Whether two values are the same, types included: `1` is not `1.0`, nor `true`.

use serde_json::{Number, Value};

/// The first place where two values differ, with what stands there; `None` if they are the same. The order of keys has no
/// meaning.
pub(crate) fn difference(ours: &Value, theirs: &Value) -> Option<String> {
    differs(ours, theirs, &mut String::new())
}

fn differs(ours: &Value, theirs: &Value, path: &mut String) -> Option<String> {
    let here = |path: &str| {
        format!("{}: {ours} instead of {theirs}", if path.is_empty() { "the root" } else { path })
    };
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                let length = path.len();
                path.push_str(&format!(".{key}"));
                match b.get(key) {
                    None => return Some(format!("{path}: only we have it")),
                    Some(other) => {
                        if let Some(found) = differs(value, other, path) {
                            return Some(found);
                        }
                    }
                }
                path.truncate(length);
            }
            b.keys().find(|key| !a.contains_key(*key)).map(|key| format!("{path}.{key}: we do not have it"))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (value, other)) in a.iter().zip(b).enumerate() {
                let length = path.len();
                path.push_str(&format!("[{index}]"));
                if let Some(found) = differs(value, other, path) {
                    return Some(found);
                }
                path.truncate(length);
            }
            None
        }
        (Value::Number(a), Value::Number(b)) if same_number(a, b) => None,
        (Value::Number(_), Value::Number(_)) => Some(here(path)),
        (a, b) => (a != b).then(|| here(path)),
    }
}

/// Floats by their bits, integers of any size by their digits.
fn same_number(a: &Number, b: &Number) -> bool {
    let float = |number: &Number| {
        let text = number.to_string();
        text.contains(['.', 'e', 'E']).then(|| text.parse::<f64>().ok().map(f64::to_bits))
    };
    match (float(a), float(b)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => a.to_string() == b.to_string(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference_of(ours: &str, theirs: &str) -> Option<String> {
        difference(&serde_json::from_str(ours).unwrap(), &serde_json::from_str(theirs).unwrap())
    }

    #[test]
    fn types_count_and_spelling_does_not() {
        assert_eq!(difference_of("1e16", "1e+16"), None);
        assert_eq!(difference_of("0.1", "0.10"), None);
        assert_eq!(difference_of(r#"{"a": 1, "b": [2]}"#, r#"{"b": [2], "a": 1}"#), None);
        assert!(difference_of("1", "1.0").is_some());
        assert!(difference_of("1", "true").is_some());
        assert!(difference_of("36893488147419103232", "36893488147419103233").is_some());
    }

    #[test]
    fn the_place_is_told() {
        assert_eq!(
            difference_of(r#"{"a": [1, {"b": "x"}]}"#, r#"{"a": [1, {"b": "y"}]}"#).as_deref(),
            Some(r#".a[1].b: "x" instead of "y""#)
        );
        assert_eq!(difference_of(r#"{"a": 1}"#, "{}").as_deref(), Some(".a: only we have it"));
        assert_eq!(difference_of("{}", r#"{"a": 1}"#).as_deref(), Some(".a: we do not have it"));
    }
}
