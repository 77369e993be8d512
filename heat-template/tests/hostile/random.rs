//! Random values with functions in them: whatever comes in, an answer comes out.

use crate::language::{Types, stack};
use heat_template::Definition;
use heat_template::NoResources;
use heat_template::definition::NothingKnown;
use heat_template::dialect::{condition_function_table, function_table};
use heat_template::schema::{GenericConstraints, ResourceTypes};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Asks a definition everything that it can be asked.
struct NothingFails;

impl NothingFails {
    fn look_at(definition: &Definition) {
        let _ = format!("{definition:?} {:?}", definition.parameters().listed());
        for resource in definition.resources() {
            let _ = definition.metadata(resource.name(), &NoResources);
            if let Some(schema) = Types.resource_type(resource.type_name()) {
                let _ = definition.resolve_properties(&resource, &NoResources, &schema, &GenericConstraints);
            }
        }
        let _ = definition.template().validation_answer(definition.environment());
        let _ = definition.template().to_value();
    }
}

/// Values with functions in them, right and wrong.
fn value() -> impl Strategy<Value = Value> {
    let names: Vec<&'static str> =
        function_table().iter().chain(condition_function_table()).map(|row| row.name).collect();
    let word = prop::sample::select(vec![
        "",
        "a",
        "r",
        "p",
        "c",
        "value",
        "template",
        "params",
        "for_each",
        "keys",
        "values",
        "metadata",
        "md5",
        "0",
        "-1",
        "1e3",
        "Metadata",
        "OS::stack_id",
        ".member.0.a=b",
        "host",
        "\u{e4}\u{1f600}",
    ]);
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e6..1e6).prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    scalar.prop_recursive(5, 40, 5, move |inner| {
        let name = prop::sample::select(names.clone());
        let map = prop::collection::btree_map(word.clone(), inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            map.prop_map(|entries| entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
            (name.clone(), inner.clone()).prop_map(|(name, argument)| json!({ name: argument })),
            (name, prop::collection::vec(inner, 1..4)).prop_map(|(name, argument)| json!({ name: argument })),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_makes_it_panic(
        version in prop::sample::select(vec!["2013-05-23", "2015-10-15", "2016-10-14", "2021-04-16"]),
        a in value(), b in value(), c in value(), d in value(),
    ) {
        let text = json!({
            "heat_template_version": version,
            "parameters": {"p": {"type": "json", "default": a}},
            "conditions": {"c": b},
            "resources": {
                "r": {"type": "Test::Any", "properties": {"value": c}, "condition": b},
                "s": {"type": "Test::Typed", "properties": {"text": d, "names": a, "nested": c}, "metadata": {"m": d}},
            },
            "outputs": {"o": {"value": d}, "q": {"value": c, "condition": b}},
        });
        let stack = stack(&text.to_string());
        if let Some(definition) = stack.definition {
            for output in ["o", "q"] {
                for scope in [&NoResources as &dyn heat_template::Scope, &NothingKnown] {
                    let _ = definition.output(output, scope);
                }
                let _ = definition.output_references(output);
            }
            NothingFails::look_at(&definition);
        }
    }

    #[test]
    fn no_section_makes_it_panic(
        key in prop::sample::select(vec!["parameters", "conditions", "resources", "outputs", "parameter_groups", "description"]),
        a in value(), b in value(),
    ) {
        let text = json!({"heat_template_version": "2021-04-16", key: a});
        stack(&text.to_string());
        let text = json!({"heat_template_version": "2021-04-16", key: {"x": a, "y": b}});
        stack(&text.to_string());
        let text = json!({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"R": a}, "Parameters": {"P": b}, "Outputs": {"O": {"Value": a}}});
        stack(&text.to_string());
    }
}
