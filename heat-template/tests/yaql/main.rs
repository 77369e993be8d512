//! YAQL against the Python package that Heat uses.
//!
//! `corpus.json` holds expressions with data and what Python's `yaql` made of them (`record.py`, which can be run again).
//! Results must be the same; an error must be an error, in whatever words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be"
)]

use heat_template::yaql::Statement;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// What an expression comes to; `None` for an error.
fn evaluate(expression: &str, data: &Value) -> Result<Value, String> {
    let statement = Statement::parse(expression).map_err(|error| error.to_string())?;
    statement.evaluate(&json!({"data": data})).map_err(|fault| fault.to_string())
}

/// Whether two values are the same for a template: numbers by value, floats to the last digit but one.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => {
            let whole = |text: &str| !text.contains(['.', 'e', 'E']);
            let (a, b) = (a.to_string(), b.to_string());
            a == b
                || whole(&a) == whole(&b)
                    && !whole(&a)
                    && a.parse::<f64>().unwrap() == b.parse::<f64>().unwrap()
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && same(a, b))
        }
        _ => left == right,
    }
}

/// The same with every list sorted.
fn in_order(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<_> = items.iter().map(in_order).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| (key.clone(), in_order(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// What is wrong with our answer to a recorded case.
fn difference(case: &Value) -> Option<String> {
    let expression = case["expression"].as_str().unwrap();
    let data = case.get("data").cloned().unwrap_or_else(|| json!({}));
    let ours = evaluate(expression, &data);
    match (&ours, case.get("result")) {
        (Err(_), None) => None,
        (Ok(ours), Some(theirs)) => {
            let equal = if case.get("any_order").is_some() {
                same(&in_order(ours), &in_order(theirs))
            } else {
                same(ours, theirs)
            };
            (!equal).then(|| format!("{expression}\n    ours   {ours}\n    theirs {theirs}"))
        }
        (Ok(ours), None) => {
            Some(format!("{expression}\n    ours   {ours}\n    theirs an error {}", case["why"]))
        }
        (Err(error), Some(theirs)) => Some(format!("{expression}\n    ours   {error}\n    theirs {theirs}")),
    }
}

fn differences(cases: &[Value]) -> Vec<String> {
    cases.iter().filter_map(difference).collect()
}

/// Every function of the library is called in the corpus, but for those that are not supported.
#[test]
fn the_corpus_calls_every_function() {
    let cases = corpus();
    let called = |name: &str| {
        let call = format!("{name}(");
        cases.iter().any(|case| {
            let expression = case["expression"].as_str().unwrap();
            case.get("result").is_some()
                && expression
                    .match_indices(&call)
                    .any(|(at, _)| !expression[..at].ends_with(char::is_alphanumeric))
        })
    };
    // Not supported, or (`localtz`) different on each machine; `unpack` and the rest of the contexts are no results.
    let missing: Vec<_> = heat_template::yaql::function_names()
        .filter(|name| !called(name) && !["now", "random", "localtz"].contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The recorded cases.
fn corpus() -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/yaql/corpus.json");
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(cases.len() >= 1000, "the corpus is not whole");
    cases
}

#[test]
fn results_are_those_of_the_python_package() {
    let cases = corpus();
    let wrong = differences(&cases);
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Answers of `record.py --answer` to other expressions, `HEAT_YAQL_ANSWERS` being a file of one case a line.
#[test]
#[ignore = "needs answers of Python's yaql: tests/yaql/random_cases.py"]
fn answers_to_random_expressions_are_the_same() {
    let path = std::env::var("HEAT_YAQL_ANSWERS").expect("HEAT_YAQL_ANSWERS names a file of cases");
    let text = std::fs::read_to_string(path).unwrap();
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // What `str` makes of an iterator is an address in Python, and an error here.
    let mut wrong = differences(&cases);
    wrong.retain(|text| !text.contains("an iterator has no text"));
    println!("{} cases, {} differ", cases.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
