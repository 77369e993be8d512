//! The JSON Schema of a dialect with all resource types, for editors that complete and check while somebody types.
//!
//! It is of draft-07, which the language servers for YAML read. What it can say it says: sections and keys, the types of
//! parameters, functions with the form of their arguments, resource types with their properties, allowed values, ranges,
//! lengths and patterns, and that Heat refuses what is not known. What needs more than one place of the text (whether a
//! name exists, what a function comes to, what a condition disables) is left to
//! [`Template::validate`](crate::Template::validate).
//!
//! Nothing that Heat accepts is refused by it, with two exceptions that an editor is there for: names that begin with
//! `OS::` must be types that are known, though an environment may map others; and it looks into the branches of `if` and
//! into resources that a condition disables, where Heat does not.
//!
//! ```
//! use heat_template::dialect::Dialects;
//! use heat_template::json_schema::json_schema;
//! # use heat_template::schema::{ResourceSchema, ResourceTypes};
//! # use std::sync::Arc;
//! # struct Types;
//! # impl ResourceTypes for Types {
//! #     fn resource_type(&self, _: &str) -> Option<Arc<ResourceSchema>> { None }
//! #     fn type_names(&self) -> Vec<String> { Vec::new() }
//! # }
//!
//! let dialects = Dialects::default();
//! let dialect = dialects.find("heat_template_version", "wallaby").ok_or("no such version")?;
//! let schema = json_schema(dialect, &Types);
//! assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
//! assert!(schema["definitions"]["function"]["properties"]["get_param"].is_object());
//! # Ok::<(), &str>(())
//! ```

mod functions;
mod properties;
mod sections;

use crate::dialect::Dialect;
use crate::schema::ResourceTypes;
use serde_json::{Map, Value, json};

/// The schema of the templates of a dialect, with these resource types.
pub fn json_schema(dialect: &Dialect, types: &dyn ResourceTypes) -> Value {
    let mut definitions = Map::new();
    definitions.insert("value".to_owned(), functions::value(dialect));
    definitions.insert("function".to_owned(), functions::functions(dialect));
    if dialect.has_conditions() {
        definitions.insert("condition".to_owned(), functions::condition());
        definitions.insert("condition_function".to_owned(), functions::condition_functions(dialect));
    }
    definitions.insert("parameter".to_owned(), sections::parameter(dialect));
    definitions.insert("output".to_owned(), sections::output(dialect));
    let mut names = types.type_names();
    names.sort();
    definitions.insert("resource".to_owned(), sections::resource(dialect, &names));
    let mut schemas = Map::new();
    for name in &names {
        if let Some(schema) = types.resource_type(name) {
            schemas.insert(name.clone(), properties::resource_type(dialect, &schema));
        }
    }
    definitions.insert("resource_types".to_owned(), schemas.into());
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": format!("Heat template: {} {}", dialect.version_key(), dialect.version()),
        "type": "object",
        "required": [dialect.version_key()],
        "properties": sections::sections(dialect),
        "additionalProperties": false,
        "definitions": definitions,
    })
}

/// A reference to a definition, by the keys that lead to it.
fn reference(keys: &[&str]) -> Value {
    let steps = keys
        .iter()
        .map(|key| key.replace('~', "~0").replace('/', "~1").replace('%', "%25").replace(' ', "%20"));
    json!({"$ref": format!("#/definitions/{}", steps.collect::<Vec<_>>().join("/"))})
}

/// A map whose values follow a schema; null and nothing at all are an empty one.
fn map_of(values: Value) -> Value {
    json!({"type": ["object", "null"], "additionalProperties": values})
}
