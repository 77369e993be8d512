//! Values of parameters that are many.

use crate::kit::{newest, watched};
use heat_template::schema::{Checks, Constraint, GenericConstraints, ValueType};
use serde_json::Value;

#[test]
fn one_key_of_a_large_map_at_a_time() {
    let entries: Vec<_> = (0..6_000).map(|at| format!("k{at}: v")).collect();
    let values: Vec<_> = (0..6_000).map(|at| format!("{{get_param: [j, k{at}]}}")).collect();
    newest(&format!(
        "parameters:\n  j: {{type: json, default: {{{}}}}}\noutputs:\n  o: {{value: [{}]}}\n",
        entries.join(", "),
        values.join(", ")
    ))
    .accepted();
}

#[test]
fn a_long_list_of_values_that_are_allowed() {
    // A number of so many digits is written anew for each that it is compared with.
    let allocated = |many: usize| {
        let number =
            |at| serde_json::from_str::<Value>(&format!("{}{}", 1_000 + at, "0".repeat(38))).unwrap();
        let numbers: Vec<Value> = (0..many).map(number).collect();
        let constraint = Constraint::allowed(numbers.clone());
        let (violation, allocated) = watched(move || {
            Checks::new(&GenericConstraints).violation(&constraint, &Value::Array(numbers), ValueType::List)
        });
        assert_eq!(violation, None);
        allocated
    };
    let (few, many) = (allocated(500), allocated(2_000));
    assert!(many < 6 * few, "{few} bytes became {many}");
}
