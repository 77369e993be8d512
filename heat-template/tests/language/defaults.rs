//! Defaults of properties are checked for each resource that does not give the property, though most of them are known to
//! be right beforehand.

use heat_template::schema::{
    Constraint, CustomCheck, CustomConstraints, GenericConstraints, PropertySchema, ResourceSchema,
    ResourceTypes, ValueType,
};
use heat_template::source::SourceMap;
use heat_template::{Inputs, ParseOptions, Template};
use serde_json::Value;
use std::sync::{Arc, Mutex};

const TEXT: &str = "
heat_template_version: 2021-04-16
resources:
  one: {type: Test::Default}
  two: {type: Test::Default, properties: {level: 3}}
  three: {type: Test::Default, properties: {other: 1}}
";

/// A type of two properties, `level` with a default.
struct Types(Arc<ResourceSchema>);

impl Types {
    fn with(level: PropertySchema) -> Self {
        let properties = [("level", level), ("other", PropertySchema::new(ValueType::Integer))];
        Self(Arc::new(ResourceSchema {
            type_name: "Test::Default".to_owned(),
            properties: properties.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect(),
            ..ResourceSchema::default()
        }))
    }
}

impl ResourceTypes for Types {
    fn resource_type(&self, name: &str) -> Option<Arc<ResourceSchema>> {
        (name == self.0.type_name).then(|| self.0.clone())
    }

    fn type_names(&self) -> Vec<String> {
        vec![self.0.type_name.clone()]
    }
}

fn found(level: PropertySchema, custom: &dyn CustomConstraints) -> Vec<String> {
    let parsed = Template::parse(&mut SourceMap::new(), "t.yaml", TEXT, &ParseOptions::default());
    let (template, _) = parsed.into_result().unwrap();
    let checked = template.validate(&Inputs::default(), &Types::with(level), custom);
    checked.diagnostics.iter().map(ToString::to_string).collect()
}

fn level() -> PropertySchema {
    PropertySchema::new(ValueType::Integer).default(7)
}

#[test]
fn a_default_that_is_right_is_no_problem() {
    assert_eq!(found(level().constraint(Constraint::range(0, 10)), &GenericConstraints), [""; 0]);
}

#[test]
fn a_default_that_is_wrong_is_told_for_each_resource_that_does_not_give_the_property() {
    assert_eq!(
        found(level().constraint(Constraint::range(0, 5)), &GenericConstraints),
        [
            "resources.one.properties.level: 7 is out of range (min: 0, max: 5)",
            "resources.three.properties.level: 7 is out of range (min: 0, max: 5)"
        ]
    );
}

/// Notes what it is asked.
#[derive(Default)]
struct Asked(Mutex<Vec<Value>>);

impl CustomConstraints for Asked {
    fn check(&self, name: &str, value: &Value) -> CustomCheck {
        assert_eq!(name, "acme.level");
        self.0.lock().unwrap().push(value.clone());
        CustomCheck::Deferred
    }
}

#[test]
fn who_knows_a_constraint_by_name_is_asked_about_defaults_too() {
    let asked = Asked::default();
    assert_eq!(found(level().constraint(Constraint::custom("acme.level")), &asked), [""; 0]);
    assert_eq!(asked.0.into_inner().unwrap(), [7, 3, 7]);
}
