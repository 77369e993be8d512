//! Conditions, and what they decide.

use crate::kit::{Given, newest, output, stack, stack_with};
use serde_json::{Value, json};

fn conditions(section: &str) -> String {
    format!(
        "heat_template_version: 2021-04-16\nparameters:\n  p: {{type: boolean, default: true}}\n  t: {{type: string, default: yes_c}}\nconditions:\n{section}\noutputs:\n  o: {{value: {{if: [c, yes, no]}}}}\n"
    )
}

fn truth(definition: &str) -> Result<Value, String> {
    let text = conditions(&format!("  yes_c: true\n  no_c: false\n  c: {definition}"));
    let stack = stack(&text);
    match stack.errors().first() {
        Some(error) => Err(error.clone()),
        None => output(&stack.definition.unwrap()),
    }
}

#[test]
fn condition_functions_decide() {
    for (definition, wanted) in [
        ("{not: no_c}", true),
        ("{not: {not: yes_c}}", true),
        ("{and: [yes_c, {get_param: p}, true]}", true),
        ("{and: [no_c, nobody]}", false),
        ("{or: [yes_c, nobody]}", true),
        ("{or: [no_c, false]}", false),
        ("{equals: [1, 1.0]}", true),
        ("{equals: [1, '1']}", false),
        ("{equals: [true, 1]}", true),
        ("{get_param: p}", true),
        ("{contains: [a, [a]]}", true),
        // A text that comes out names a condition.
        ("{not: {get_param: t}}", false),
    ] {
        assert_eq!(truth(definition), Ok(json!(wanted)), "{definition}");
    }
}

#[test]
fn wrong_conditions_are_refused() {
    for (definition, fragment) in [
        ("yes_c", "HT0314"),
        ("5", "HT0314"),
        ("{get_param: t}", "HT0314"),
        ("{and: [yes_c]}", "two conditions"),
        ("{and: yes_c}", "list of conditions"),
        ("{not: }", "must be a condition"),
        ("{not: [yes_c]}", "HT0314"),
        ("{equals: [1]}", "[value, value]"),
        ("{list_join: ['', [a]]}", "HT0303"),
        ("{or: [no_c, nobody]}", "nobody"),
        ("{not: c}", "circular"),
        ("{Ref: p}", "HT0302"),
    ] {
        let message = truth(definition).unwrap_err();
        assert!(message.contains(fragment), "{definition}: {message}");
    }
}

#[test]
fn a_circle_matters_only_where_it_is_used() {
    let text = conditions("  c: true\n  a: {not: b}\n  b: {not: a}");
    let stack = stack(&text);
    assert_eq!(stack.errors(), Vec::<String>::new());
    assert!(stack.warnings().iter().any(|warning| warning.contains("circular")));
}

#[test]
fn a_circle_that_is_not_walked_to_its_end_is_none() {
    let text = conditions(
        "  yes_c: true\n  b: {not: a}\n  a: {or: [yes_c, b]}\n  c: {and: [a, {not: b}]}\n  d: {not: {get_param: t}}",
    );
    let definition = stack(&text).ok();
    // In the order of the template, whichever came first.
    let values: Vec<_> = definition.conditions().iter().collect();
    assert_eq!(values, [("yes_c", true), ("b", false), ("a", true), ("c", true), ("d", false)]);
    assert_eq!(output(&definition), Ok(json!(true)));
}

#[test]
fn whoever_needs_a_circle_is_told_of_it() {
    let text = conditions("  c: {or: [a, true]}\n  a: {not: b}\n  b: {and: [d, true]}\n  d: {not: a}");
    let stack = stack(&text);
    assert!(stack.errors().iter().any(|error| error.contains("is circular")), "{:?}", stack.errors());
    let mut told: Vec<_> = stack.warnings();
    told.retain(|warning| warning.contains("circular"));
    assert!(told.iter().all(|warning| !warning.contains("conditions.c")), "{told:?}");
}

#[test]
fn a_condition_whose_name_is_made_may_come_later() {
    let text = conditions("  c: {not: {get_param: t}}\n  yes_c: {and: [last, last]}\n  last: false");
    assert_eq!(output(&stack(&text).ok()), Ok(json!(true)));
}

#[test]
fn a_long_chain_of_conditions_needs_no_stack() {
    let mut section = "  c0: true\n".to_owned();
    for at in 1..5_000 {
        section.push_str(&format!("  c{at}: {{and: [c{}, true]}}\n", at - 1));
    }
    section.push_str("  c: c_alias_is_not_allowed_so_use_and\n");
    let section = section.replace("  c: c_alias_is_not_allowed_so_use_and\n", "  c: {or: [c4999, c4999]}\n");
    // From the end to the beginning, so that each needs the next one.
    let reversed: Vec<_> = section.lines().rev().collect();
    let stack = stack(&conditions(&reversed.join("\n")));
    assert_eq!(output(&stack.ok()), Ok(json!(true)));
}

#[test]
fn if_takes_one_branch_and_pays_no_attention_to_the_other() {
    for (expression, wanted) in [
        ("{if: [true, a, {list_join: wrong}]}", json!("a")),
        ("{if: [false, {get_attr: [nobody, x]}, b]}", json!("b")),
        ("{if: [{equals: [a, a]}, {if: [false, x, y]}, z]}", json!("y")),
        ("[1, {if: [false, 2]}, {if: [true, 3]}]", json!([1, 3])),
        ("{a: {if: [false, 2]}, b: {if: [false, 1, ~]}}", json!({"b": null})),
        ("{if: [false, 2]}", json!(null)),
        ("{list_join: ['-', [a, {if: [false, b]}]]}", json!("a")),
    ] {
        assert_eq!(newest(expression), Ok(wanted), "{expression}");
    }
    for (expression, fragment) in [
        ("{if: [nobody, a, b]}", "there is no condition \"nobody\""),
        ("{if: [5, a, b]}", "HT0314"),
        ("{if: [true]}", "must be [condition name"),
        ("{if: []}", "must be [condition name"),
        ("{if: [true, a, b, c]}", "must be [condition name"),
        ("{if: {a: b, c: d}}", "must be [condition name"),
    ] {
        let message = newest(expression).unwrap_err();
        assert!(message.contains(fragment), "{expression}: {message}");
    }
}

#[test]
fn a_mistake_that_is_not_reached_is_a_warning() {
    let text = "
heat_template_version: 2021-04-16
conditions: {never: false}
outputs:
  o: {value: {if: [never, {list_join: wrong}, fine]}}
  hidden: {condition: never, value: {str_replace: wrong}}
";
    let stack = stack(text);
    assert_eq!(stack.errors(), Vec::<String>::new());
    let warnings = stack.warnings();
    assert!(warnings.iter().any(|warning| warning.contains("outputs.o.value.if.list_join")), "{warnings:?}");
    assert!(
        warnings.iter().any(|warning| warning.contains("outputs.hidden.value.str_replace")),
        "{warnings:?}"
    );
}

#[test]
fn disabled_resources_are_not_there() {
    let text = |user: &str| {
        format!(
            "
heat_template_version: 2021-04-16
parameters: {{active: {{type: boolean, default: false}}}}
conditions: {{on_c: {{equals: [{{get_param: active}}, true]}}}}
resources:
  maybe: {{type: No::Such::Type, condition: on_c, properties: {{x: {{get_resource: nobody}}}}}}
  user: {{type: Test::Any, {user}}}
"
        )
    };
    let fine = stack(&text("depends_on: maybe")).ok();
    assert_eq!(fine.order(), ["user"]);
    assert!(fine.dependencies()["user"].is_empty());
    stack(&text("properties: {value: {get_resource: maybe}}"))
        .refused("HT0308", &["maybe", "resources.user"]);
    stack(&text("properties: {value: {if: [on_c, {get_resource: maybe}, none]}}")).ok();
    // What is wrong in its form is refused all the same.
    let broken = text("properties: {}").replace("{get_resource: nobody}", "{list_join: wrong}");
    stack(&broken).refused("HT0301", &["resources.maybe.properties.x.list_join"]);
    let on = Given { parameters: json!({"active": true}), ..Given::default() };
    stack_with(&text("depends_on: maybe"), &on).refused("HT0404", &["No::Such::Type"]);
}

#[test]
fn a_condition_that_is_the_name_of_another_is_told_by_that_name() {
    let text = "heat_template_version: 2021-04-16\nconditions: {one: true, two: one}\n";
    stack(text).refused("HT0314", &["conditions.two", "'one'"]);
}
