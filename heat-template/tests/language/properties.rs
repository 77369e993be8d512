//! Properties against the schemas of their types, before and while a stack runs.

use crate::kit::{Attributes, Types, stack};
use heat_template::definition::{NothingKnown, translate};
use heat_template::schema::{GenericConstraints, ResourceTypes, Translation};
use heat_template::{Evaluated, Scope};
use indexmap::IndexMap;
use serde_json::{Value, json};

fn typed(properties: &str) -> String {
    format!(
        "heat_template_version: 2021-04-16\nresources:\n  a: {{type: Test::Any}}\n  r:\n    type: Test::Typed\n    properties: {properties}\n"
    )
}

fn resolved(properties: &str, scope: &dyn Scope) -> Result<Value, String> {
    let definition = stack(&typed(properties)).ok();
    let resource = definition.resource("r").unwrap();
    let schema = Types.resource_type("Test::Typed").unwrap();
    match definition.resolve_properties(&resource, scope, &schema, &GenericConstraints) {
        Ok(values) => Ok(Evaluated::map(values).to_value_lossy()),
        Err(diagnostics) => Err(diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
    }
}

#[test]
fn every_wrong_property_is_told_with_its_place() {
    let stack = stack(&typed(
        "{text: [a], whole: 11, truth: 'yes', names: [a, {b: c}], nested: {iner: 1}, colour: red}",
    ));
    let errors = stack.errors();
    for wanted in [
        "HT0413 resources.r.properties.text: ",
        "HT0414 resources.r.properties.whole: 11 is out of range",
        "HT0413 resources.r.properties.truth: ",
        "HT0413 resources.r.properties.names[1]: ",
        "HT0411 resources.r.properties.nested: unknown property iner",
        "HT0412 resources.r.properties.nested: property inner not assigned",
        "HT0411 resources.r.properties: unknown property colour",
    ] {
        assert!(errors.iter().any(|error| error.starts_with(wanted)), "{wanted} in {errors:?}");
    }
    assert_eq!(errors.len(), 7, "{errors:?}");
    // All have places of their own, inside the text of the property.
    assert!(stack.diagnostics.iter().all(|found| found.primary.is_some()));
}

#[test]
fn while_validating_attributes_are_null_and_references_are_names() {
    // Null is an empty text for a text and an empty list for a list.
    stack(&typed("{text: {get_attr: [a, value]}, names: {get_attr: [a, list]}}")).ok();
    stack(&typed("{whole: {get_attr: [a, value]}}")).ok();
    // A function gets null, too.
    stack(&typed("{text: {list_join: ['', [{get_attr: [a, value]}]]}}")).ok();
    stack(&typed("{text: {digest: [md5, {get_attr: [a, value]}]}}"))
        .refused("HT0305", &["resources.r.properties.text.digest"]);
    // The logical name is no integer.
    stack(&typed("{whole: {get_resource: a}}")).refused("HT0413", &["resources.r.properties.whole"]);
    // Constraints are not held against what will be something else.
    stack(&typed("{nested: {inner: {get_attr: [a, value]}}}")).ok();
}

#[test]
fn what_fails_only_later_is_a_warning() {
    let stack = stack(&typed("{nested: {inner: {get_attr: [a, value]}, more: 1}}"));
    assert_eq!(stack.errors(), Vec::<String>::new());
    assert!(
        stack.warnings().iter().any(|warning| warning.contains("unknown property more")),
        "{:?}",
        stack.warnings()
    );
}

#[test]
fn properties_are_resolved_when_the_attributes_are_there() {
    let properties = "{text: {get_attr: [a, value]}, whole: '3', truth: {if: [false, x]}}";
    assert_eq!(resolved(properties, &Attributes(json!(true))), Ok(json!({"text": "True", "whole": 3})));
    let error = resolved(properties, &Attributes(json!(["x"]))).unwrap_err();
    assert!(error.starts_with("resources.r.properties.text: "), "{error}");
    let definition = stack(&typed(properties)).ok();
    let schema = Types.resource_type("Test::Typed").unwrap();
    let resource = definition.resource("r").unwrap();
    let partly =
        definition.resolve_properties(&resource, &NothingKnown, &schema, &GenericConstraints).unwrap();
    assert_eq!(partly["text"], Evaluated::unknown("a"));
    assert_eq!(partly["whole"], Evaluated::Known(json!(3)));
}

#[test]
fn the_text_about_a_resource_describes_it_where_its_type_has_a_description() {
    let text = "heat_template_version: 2021-04-16\nresources: {r: {type: Test::Typed, description: about}}\n";
    let definition = stack(text).ok();
    let schema = Types.resource_type("Test::Typed").unwrap();
    let resource = definition.resource("r").unwrap();
    let values =
        definition.resolve_properties(&resource, &NothingKnown, &schema, &GenericConstraints).unwrap();
    assert_eq!(values["description"], Evaluated::Known(json!("about")));
}

fn translated(rules: &[Translation], given: Value) -> (Value, usize) {
    let Value::Object(given) = given else { panic!() };
    let mut properties: IndexMap<String, Evaluated> =
        given.into_iter().map(|(key, value)| (key, Evaluated::Known(value))).collect();
    let conflicts = translate(rules, &mut properties);
    (Evaluated::map(properties).to_value_lossy(), conflicts.len())
}

#[test]
fn old_names_of_properties_move_to_new_ones() {
    let path = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let rename = [Translation::Replace { from: path(&["network_id"]), to: path(&["network"]) }];
    assert_eq!(translated(&rename, json!({"network_id": "n"})), (json!({"network": "n"}), 0));
    assert_eq!(translated(&rename, json!({"network_id": null})), (json!({}), 0));
    assert_eq!(translated(&rename, json!({"network_id": "n", "network": "m"})).1, 1);
    let nested = [Translation::Replace { from: path(&["nets", "uuid"]), to: path(&["nets", "network"]) }];
    assert_eq!(
        translated(&nested, json!({"nets": [{"uuid": "a"}, {"network": "b"}]})),
        (json!({"nets": [{"network": "a"}, {"network": "b"}]}), 0)
    );
    let others = [
        Translation::Add { path: path(&["tags"]), values: vec![json!("x")] },
        Translation::Delete { path: path(&["old"]) },
    ];
    assert_eq!(translated(&others, json!({"old": 1})), (json!({"tags": ["x"]}), 0));
}

#[test]
fn rules_reach_into_maps_and_lists_whether_there_is_something_or_not() {
    let path = |keys: &str| keys.split('.').map(str::to_owned).collect::<Vec<_>>();
    let replace = |from: &str, to: &str| [Translation::Replace { from: path(from), to: path(to) }];
    let add = |to: &str, value: Value| [Translation::Add { path: path(to), values: vec![value] }];
    let cases = [
        (
            add("far", json!({"red": "dak"})),
            json!({"far": [{"red": "blue"}]}),
            json!({"far": [{"red": "blue"}, {"red": "dak"}]}),
        ),
        (
            add("far", json!({"red": "dak"})),
            json!({"bar": "dak"}),
            json!({"bar": "dak", "far": [{"red": "dak"}]}),
        ),
        (add("far", json!("dak")), json!({"far": null}), json!({"far": ["dak"]})),
        (replace("bar", "far.red"), json!({"bar": "dak"}), json!({"far": {"red": "dak"}})),
        (
            replace("bar", "far.red"),
            json!({"bar": "dak", "far": {"blue": 1}}),
            json!({"far": {"blue": 1, "red": "dak"}}),
        ),
        (
            replace("far.blue", "far.red"),
            json!({"far": [{"blue": "white"}, {"red": "roses"}]}),
            json!({"far": [{"red": "white"}, {"red": "roses"}]}),
        ),
        // What is given as nothing does not count, what is empty or false does.
        (replace("bar", "far"), json!({"bar": null, "far": "one"}), json!({"far": "one"})),
        (replace("bar", "far"), json!({"bar": false, "far": true}), json!({"far": false})),
        (
            [Translation::Delete { path: path("far.red") }],
            json!({"far": [{"red": 1, "blue": 2}]}),
            json!({"far": [{"blue": 2}]}),
        ),
        ([Translation::Delete { path: path("far") }], json!({"far": "one", "bar": 1}), json!({"bar": 1})),
    ];
    for (rules, given, expected) in cases {
        assert_eq!(translated(&rules, given), (expected, 0), "{rules:?}");
    }
    assert_eq!(translated(&replace("far.blue", "far.red"), json!({"far": [{"blue": 1, "red": 2}]})).1, 1);
}
