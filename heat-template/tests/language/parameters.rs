//! Parameters: types, coercions, constraints, keys.

use crate::kit::{Given, output, stack, stack_with};
use serde_json::{Value, json};

fn value_of(declaration: &str, given: Value) -> Result<Value, String> {
    let text = format!(
        "heat_template_version: 2021-04-16\nparameters:\n  p: {declaration}\noutputs: {{o: {{value: {{get_param: p}}}}}}\n"
    );
    let parameters = if given == json!("(nothing)") { json!({}) } else { json!({ "p": given }) };
    let stack = stack_with(&text, &Given { parameters, ..Given::default() });
    match stack.errors().first() {
        Some(error) => Err(error.clone()),
        None => output(&stack.definition.unwrap()),
    }
}

#[test]
fn values_are_brought_into_their_type() {
    for (parameter_type, given, wanted) in [
        ("string", json!(5), json!("5")),
        ("string", json!(true), json!("True")),
        ("string", json!(["a", 1]), json!("['a', 1]")),
        ("string", json!({"a": null}), json!("{'a': None}")),
        ("number", json!("1e3"), json!(1000.0)),
        ("number", json!(" 5 "), json!(5)),
        ("number", json!(7.0), json!(7.0)),
        ("number", json!(true), json!(true)),
        ("boolean", json!("Yes"), json!(true)),
        ("boolean", json!(" OFF "), json!(false)),
        ("boolean", json!(1), json!(true)),
        ("comma_delimited_list", json!("a, b,"), json!(["a", " b", ""])),
        ("comma_delimited_list", json!(""), json!([])),
        ("comma_delimited_list", json!(["a", null, 1.5, true]), json!(["a", "None", "1.5", "True"])),
        ("json", json!("[1, {\"a\": 2.0}]"), json!([1, {"a": 2.0}])),
        ("json", json!(""), json!("")),
        ("json", json!({"a": 1}), json!({"a": 1})),
        ("json", json!(5), json!(5)),
    ] {
        assert_eq!(value_of(&format!("{{type: {parameter_type}}}"), given.clone()), Ok(wanted), "{given}");
    }
}

#[test]
fn values_that_do_not_go_with_the_type_are_refused() {
    for (parameter_type, given, fragment) in [
        ("number", json!("0x10"), "0x10"),
        ("number", json!([1]), "not a number"),
        ("number", json!(""), "not a number"),
        ("boolean", json!("maybe"), "maybe"),
        ("boolean", json!(1.5), "1.5"),
        ("comma_delimited_list", json!({"a": 1}), "neither a list"),
        ("comma_delimited_list", json!(5), "neither a list"),
        ("json", json!("{a: 1}"), "not JSON"),
    ] {
        let message = value_of(&format!("{{type: {parameter_type}}}"), given).unwrap_err();
        assert!(message.starts_with("HT0210") && message.contains(fragment), "{message}");
        assert!(message.contains("parameters.p"), "{message}");
    }
}

#[test]
fn null_counts_as_not_given() {
    assert_eq!(value_of("{type: string, default: d}", json!(null)), Ok(json!("d")));
    assert!(value_of("{type: string}", json!(null)).unwrap_err().starts_with("HT0208"));
    assert!(value_of("{type: string, default: }", json!("(nothing)")).unwrap_err().starts_with("HT0208"));
}

#[test]
fn constraints_hold() {
    let refused = |constraint: &str, parameter_type: &str, given: Value| {
        value_of(&format!("{{type: {parameter_type}, constraints: [{constraint}]}}"), given).is_err()
    };
    assert!(refused("length: {min: 2}", "string", json!("a")));
    assert!(!refused("length: {min: 2}", "comma_delimited_list", json!("a,b")));
    assert!(refused("length: {max: 1}", "json", json!({"a": 1, "b": 2})));
    assert!(!refused("range: {min: 1, max: '2'}", "number", json!("2")));
    assert!(refused("range: {min: 1}", "number", json!(0.5)));
    assert!(!refused("modulo: {step: -3, offset: -1}", "number", json!(2)));
    assert!(refused("modulo: {step: 2, offset: 1}", "number", json!(4)));
    assert!(!refused("allowed_values: ['1', 2]", "number", json!(1)));
    assert!(!refused("allowed_values: [yes]", "boolean", json!("on")));
    assert!(refused("allowed_values: [a]", "comma_delimited_list", json!("a,b")));
    assert!(refused("allowed_pattern: 'a|ab'", "string", json!("ab")));
    assert!(refused("custom_constraint: ip_addr", "string", json!("here")));
    // Heat holds a pattern and a length against the value as it was given.
    assert!(refused("length: {min: 1}", "string", json!(42)));
}

#[test]
fn all_constraints_must_hold_and_all_that_fail_are_told() {
    let declaration = "{type: string, constraints: [{length: {max: 2}}, {allowed_pattern: '[a-z]*', description: letters}]}";
    let message = value_of(declaration, json!("ABC")).unwrap_err();
    assert!(message.contains("length (3)") && message.contains("letters"), "{message}");
}

#[test]
fn declarations_have_a_form() {
    for (declaration, code, fragment) in [
        ("string", "HT0201", "must be a map"),
        ("{type: string, defualt: x}", "HT0202", "defualt"),
        ("{default: x}", "HT0203", "type"),
        ("{type: integer}", "HT0204", "integer"),
        ("{type: string, tags: a}", "HT0201", "tags"),
        ("{type: string, constraints: {length: {min: 1}}}", "HT0205", "must be a list"),
        ("{type: string, constraints: [a]}", "HT0205", "must be a map"),
        ("{type: string, constraints: [{}]}", "HT0205", "no constraint"),
        ("{type: string, constraints: [{lenght: {min: 1}}]}", "HT0205", "lenght"),
        ("{type: string, constraints: [{length: }]}", "HT0205", "must be a map"),
        ("{type: string, constraints: [{length: {}}]}", "HT0205", "min or max"),
        ("{type: string, constraints: [{length: {min: 1.5}}]}", "HT0205", "whole number"),
        ("{type: string, constraints: [{length: {min: a}}]}", "HT0205", "not a number"),
        ("{type: number, constraints: [{modulo: {step: 2}}]}", "HT0205", "step and offset"),
        ("{type: number, constraints: [{modulo: {step: 0, offset: 0}}]}", "HT0205", "cannot be 0"),
        ("{type: number, constraints: [{modulo: {step: 2, offset: 2}}]}", "HT0205", "smaller"),
        ("{type: number, constraints: [{modulo: {step: 3, offset: -1}}]}", "HT0205", "same sign"),
        ("{type: number, constraints: [{modulo: {step: 1.5, offset: 0}}]}", "HT0205", "whole numbers"),
        ("{type: string, constraints: [{allowed_pattern: '('}]}", "HT0205", "regular expression"),
        ("{type: json, constraints: [{allowed_values: [a]}]}", "HT0206", "allowed_values"),
        ("{type: string, constraints: [{range: {min: 1}}]}", "HT0206", "range"),
        ("{type: string, default: abc, constraints: [{length: {max: 2}}]}", "HT0207", "abc"),
        ("{type: comma_delimited_list, default: 5}", "HT0207", "commas"),
    ] {
        let message = value_of(declaration, json!("(nothing)")).unwrap_err();
        assert!(message.starts_with(code) && message.contains(fragment), "{declaration}: {message}");
    }
}

#[test]
fn a_default_must_be_right_even_when_a_value_is_given() {
    let declaration = "{type: string, default: abc, constraints: [{length: {max: 2}}]}";
    assert!(value_of(declaration, json!("a")).unwrap_err().starts_with("HT0207"));
    // But its type matters only where it is used.
    assert_eq!(value_of("{type: number, default: many}", json!(5)), Ok(json!(5)));
    assert!(value_of("{type: number, default: many}", json!("(nothing)")).unwrap_err().contains("many"));
}

#[test]
fn newer_keys_are_unknown_to_older_versions() {
    let text = |version: &str, rest: &str| {
        format!("heat_template_version: {version}\nparameters:\n  p: {{type: number, default: 4, {rest}}}\n")
    };
    stack(&text("2017-09-01", "tags: [a]")).refused("HT0202", &["tags"]);
    stack(&text("2018-03-02", "tags: [a]")).ok();
    let modulo = "constraints: [{modulo: {step: 2, offset: 0}}]";
    stack(&text("2016-10-14", modulo)).refused("HT0205", &["no constraint"]);
    stack(&text("2017-02-24", modulo)).ok();
}

#[test]
fn cfn_declarations_have_their_own_keys() {
    let text = |declaration: &str| {
        format!(
            "AWSTemplateFormatVersion: 2010-09-09\nParameters:\n  P: {declaration}\nOutputs: {{o: {{Value: {{Ref: P}}}}}}\n"
        )
    };
    let value = |declaration: &str| output(&stack(&text(declaration)).ok()).unwrap();
    assert_eq!(value("{Type: Number, Default: '5', MinValue: 1, MaxValue: '9'}"), json!(5));
    assert_eq!(value("{Type: CommaDelimitedList, Default: 'a,b'}"), json!(["a", "b"]));
    stack(&text("{Type: 'List<String>', Default: a}")).refused("HT0204", &["List<String>"]);
    stack(&text("{Type: String, Default: abc, MaxLength: 2, ConstraintDescription: short}"))
        .refused("HT0207", &["short"]);
    stack(&text("{Type: String, Default: abc, AllowedValues: [x]}")).refused("HT0207", &["abc"]);
    stack(&text("{type: String}")).refused("HT0202", &["type"]);
    let hidden = stack(&text("{Type: String, Default: x, NoEcho: 'TRUE'}")).ok();
    assert_eq!(hidden.parameters().listed()["P"], "******");
    let shown = stack(&text("{Type: String, Default: x, NoEcho: yes_please}")).ok();
    assert_eq!(shown.parameters().listed()["P"], "x");
}

#[test]
fn parameters_are_listed_as_texts() {
    let text = "
heat_template_version: 2021-04-16
parameters:
  n: {type: number, default: '1e3'}
  b: {type: boolean, default: 'on'}
  l: {type: comma_delimited_list, default: [a, 1]}
  j: {type: json, default: {b: 1, a: [null]}}
  h: {type: string, default: s3cret, hidden: 'no'}
";
    let listed = stack(text).ok().parameters().listed();
    let wanted =
        [("n", "1000.0"), ("b", "True"), ("l", "a,1"), ("j", "{\"b\": 1, \"a\": [null]}"), ("h", "******")];
    for (name, wanted) in wanted {
        assert_eq!(listed[name], wanted, "{name}");
    }
}

#[test]
fn groups_name_declared_parameters_once() {
    let text = |groups: &str| {
        format!(
            "heat_template_version: 2018-08-31\nparameters: {{a: {{type: string, default: x}}}}\nparameter_groups: {groups}\n"
        )
    };
    stack(&text("[{label: L, parameters: [a, 'OS::stack_id']}]")).ok();
    stack(&text("")).ok();
    stack(&text("{label: L}")).refused("HT0107", &["must be a list"]);
    stack(&text("[a]")).refused("HT0107", &["must be a map"]);
    stack(&text("[{label: L}]")).refused("HT0107", &["parameter_groups.L", "needs parameters"]);
    stack(&text("[{label: L, parameters: a}]")).refused("HT0107", &["must be a list"]);
    stack(&text("[{label: L, parameters: [b]}]")).refused("HT0108", &["parameter_groups.L", "b"]);
    stack(&text("[{parameters: [a]}, {label: M, parameters: [a]}]"))
        .refused("HT0109", &["parameter_groups.M", "a"]);
}

#[test]
fn an_immutable_parameter_keeps_its_value() {
    let text = |default: &str, immutable: bool| {
        format!(
            "heat_template_version: 2021-04-16\nparameters: {{p: {{type: number, default: {default}, immutable: {immutable}}}}}\n"
        )
    };
    let before = stack(&text("5", false)).ok();
    let changed = |text: &str| stack(text).ok().changed_immutable_parameters(&before).len();
    assert_eq!(changed(&text("'5'", true)), 0);
    assert_eq!(changed(&text("6", true)), 1);
    assert_eq!(changed(&text("6", false)), 0);
    assert_eq!(changed(&text("6", true).replace("p:", "q:")), 0);
}

#[test]
fn infinity_and_nan_become_texts() {
    assert_eq!(value_of("{type: number}", json!("nan")), Ok(json!("NaN")));
    assert_eq!(value_of("{type: number}", json!("-inf")), Ok(json!("-Infinity")));
    assert!(value_of("{type: number, constraints: [{range: {min: nan}}]}", json!(1)).is_err());
}
