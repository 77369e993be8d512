//! The few resource types that the cases use, as much of them as templates can see.

use heat_template::schema::{
    AttributeSchema, Constraint, PropertySchema, ResourceSchema, ResourceTypes, ValueType,
};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) struct Types(BTreeMap<&'static str, Arc<ResourceSchema>>);

impl ResourceTypes for Types {
    fn resource_type(&self, name: &str) -> Option<Arc<ResourceSchema>> {
        self.0.get(name).cloned()
    }

    fn type_names(&self) -> Vec<String> {
        self.0.keys().map(|name| (*name).to_owned()).collect()
    }
}

fn schema(
    name: &str,
    properties: Vec<(&str, PropertySchema)>,
    attributes: &[&str],
    open: bool,
) -> Arc<ResourceSchema> {
    Arc::new(ResourceSchema {
        type_name: name.to_owned(),
        properties: properties.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect(),
        attributes: attributes
            .iter()
            .map(|name| ((*name).to_owned(), AttributeSchema::new(None, "")))
            .collect(),
        open_properties: open,
        open_attributes: open,
        ..ResourceSchema::default()
    })
}

pub(crate) fn types() -> Types {
    let text = || PropertySchema::new(ValueType::String).update_allowed();
    let number = || PropertySchema::new(ValueType::Number).update_allowed();
    let truth = || PropertySchema::new(ValueType::Boolean).update_allowed();
    let classes = ["lettersdigits", "letters", "lowercase", "uppercase", "digits", "hexdigits", "octdigits"];
    let value = schema(
        "OS::Heat::Value",
        vec![
            ("value", PropertySchema::new(ValueType::Any).required().update_allowed()),
            (
                "type",
                text().constraint(Constraint::allowed([
                    "string",
                    "number",
                    "comma_delimited_list",
                    "json",
                    "boolean",
                ])),
            ),
        ],
        &["value"],
        false,
    );
    let test = schema(
        "OS::Heat::TestResource",
        vec![
            ("value", text().default("test_string")),
            ("update_replace_value", PropertySchema::new(ValueType::String)),
            ("fail", truth().default(false)),
            ("update_replace", truth().default(false)),
            ("wait_secs", number().default(0)),
            ("action_wait_secs", PropertySchema::map_of([("create", number()), ("delete", number())])),
        ],
        &["output"],
        false,
    );
    let at_least =
        || PropertySchema::new(ValueType::Integer).default(1).constraint(Constraint::range(1, 512));
    let random = schema(
        "OS::Heat::RandomString",
        vec![
            (
                "length",
                PropertySchema::new(ValueType::Integer).default(32).constraint(Constraint::range(1, 512)),
            ),
            (
                "character_classes",
                PropertySchema::list_of(PropertySchema::map_of([
                    ("class", text().default("lettersdigits").constraint(Constraint::allowed(classes))),
                    ("min", at_least()),
                ])),
            ),
            ("salt", text()),
        ],
        &["value"],
        false,
    );
    let none = schema("OS::Heat::None", vec![], &[], true);
    let net = schema("OS::Neutron::Net", vec![("name", text())], &[], false);
    let all = [value, test, random, none, net];
    Types(
        all.into_iter()
            .map(|schema| {
                let name: &'static str = match schema.type_name.as_str() {
                    "OS::Heat::Value" => "OS::Heat::Value",
                    "OS::Heat::TestResource" => "OS::Heat::TestResource",
                    "OS::Heat::RandomString" => "OS::Heat::RandomString",
                    "OS::Heat::None" => "OS::Heat::None",
                    _ => "OS::Neutron::Net",
                };
                (name, schema)
            })
            .collect(),
    )
}
