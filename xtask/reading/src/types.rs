//! Resource types as the engine has them, without the engine: so that little has to be built for counting.

use heat_template::schema::{
    AttributeSchema, Constraint, PropertySchema, ResourceSchema, ResourceTypes, ValueType,
};
use std::sync::Arc;

const CLASSES: [&str; 7] =
    ["lettersdigits", "letters", "lowercase", "uppercase", "digits", "hexdigits", "octdigits"];

/// The types that [`texts`](crate::texts) use.
#[derive(Debug)]
pub struct Types(Vec<Arc<ResourceSchema>>);

impl Default for Types {
    fn default() -> Self {
        Self([random_string(), value(), test_resource()].map(Arc::new).into())
    }
}

impl ResourceTypes for Types {
    fn resource_type(&self, name: &str) -> Option<Arc<ResourceSchema>> {
        self.0.iter().find(|schema| schema.type_name == name).cloned()
    }

    fn type_names(&self) -> Vec<String> {
        self.0.iter().map(|schema| schema.type_name.clone()).collect()
    }
}

fn schema<const P: usize>(
    name: &str,
    properties: [(&str, PropertySchema); P],
    attribute: &str,
) -> ResourceSchema {
    ResourceSchema {
        type_name: name.to_owned(),
        properties: properties.into_iter().map(|(name, property)| (name.to_owned(), property)).collect(),
        attributes: [(attribute.to_owned(), AttributeSchema::new(None, "What it tells."))].into(),
        ..ResourceSchema::default()
    }
}

fn random_string() -> ResourceSchema {
    let count = || PropertySchema::new(ValueType::Integer).default(1).constraint(Constraint::range(1, 512));
    let text = || PropertySchema::new(ValueType::String);
    let class = text().default("lettersdigits").constraint(Constraint::allowed(CLASSES));
    let classes = PropertySchema::list_of(PropertySchema::map_of([("class", class), ("min", count())]));
    let sequences = PropertySchema::map_of([("sequence", text().required()), ("min", count())]);
    let standard = serde_json::json!([{"class": "lettersdigits", "min": 1}]);
    schema(
        "OS::Heat::RandomString",
        [
            ("length", count().default(32)),
            ("sequence", text().constraint(Constraint::allowed(CLASSES))),
            ("character_classes", classes.default(standard)),
            ("character_sequences", PropertySchema::list_of(sequences)),
            ("salt", text()),
        ],
        "value",
    )
}

fn value() -> ResourceSchema {
    let kinds = Constraint::allowed(["string", "number", "comma_delimited_list", "json", "boolean"]);
    schema(
        "OS::Heat::Value",
        [
            ("value", PropertySchema::new(ValueType::Any).required().update_allowed()),
            ("type", PropertySchema::new(ValueType::String).constraint(kinds).update_allowed()),
        ],
        "value",
    )
}

fn test_resource() -> ResourceSchema {
    let text = |default: &str| PropertySchema::new(ValueType::String).default(default).update_allowed();
    let seconds = || PropertySchema::new(ValueType::Number).update_allowed();
    let flag = || PropertySchema::new(ValueType::Boolean).default(false).update_allowed();
    let waits = [("create", seconds()), ("update", seconds()), ("delete", seconds())];
    schema(
        "OS::Heat::TestResource",
        [
            ("attr_wait_secs", seconds().default(0)),
            ("value", text("test_string")),
            ("update_replace_value", PropertySchema::new(ValueType::String)),
            ("fail", flag()),
            ("update_replace", flag()),
            ("wait_secs", seconds().default(0)),
            ("action_wait_secs", PropertySchema::map_of(waits).update_allowed()),
            ("client_name", text("")),
            ("entity_name", text("")),
        ],
        "output",
    )
}
