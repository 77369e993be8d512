//! Sections: parameters, conditions, resources, outputs.

use super::{map_of, reference};
use crate::dialect::{Dialect, Family};
use crate::parameter::ParameterType;
use serde_json::{Map, Value, json};

/// The sections of a template.
pub(super) fn sections(dialect: &Dialect) -> Value {
    let keys = dialect.keys();
    let mut sections = Map::new();
    let mut versions = vec![dialect.version()];
    versions.extend(dialect.aliases());
    for section in dialect.sections() {
        let schema = if section == dialect.version_key() {
            json!({"description": "The version of the language.", "enum": versions})
        } else if section == keys.description {
            json!({"description": "What the template is for."})
        } else if Some(section) == keys.parameter_groups {
            parameter_groups()
        } else if section == keys.parameters {
            described(map_of(reference(&["parameter"])), "What whoever makes a stack is asked for.")
        } else if Some(section) == keys.mappings {
            described(map_of(json!({"type": "object"})), "Tables for Fn::FindInMap.")
        } else if dialect.has_conditions() && section == keys.conditions {
            let definition = json!({"anyOf": [{"type": "boolean"}, reference(&["condition_function"])]});
            let conditions = json!({"type": "object", "additionalProperties": definition});
            described(conditions, "Conditions by name: booleans or condition functions.")
        } else if section == keys.resources {
            let mut resources = map_of(reference(&["resource"]));
            resources["propertyNames"] = json!({"pattern": "^[^/]*$"});
            described(resources, "What the stack is made of.")
        } else if section == keys.outputs {
            described(map_of(reference(&["output"])), "What the stack tells.")
        } else {
            // The version key of the other CFN dialect: a template has one of them only.
            continue;
        };
        sections.insert(section.to_owned(), schema);
    }
    sections.into()
}

fn described(mut schema: Value, text: &str) -> Value {
    schema["description"] = json!(text);
    schema
}

fn parameter_groups() -> Value {
    json!({
        "description": "Parameters in groups, for forms.",
        "type": ["array", "null"],
        "items": {
            "type": "object",
            "properties": {
                "label": {"description": "A name for people."},
                "description": {"description": "What the parameters have in common."},
                "parameters": {"description": "Names of parameters.", "type": "array"},
            },
            "required": ["parameters"],
        },
    })
}

/// The declaration of a parameter.
pub(super) fn parameter(dialect: &Dialect) -> Value {
    let keys = dialect.parameter_keys();
    let types: Vec<&str> = ParameterType::ALL.into_iter().map(|known| keys.type_name(known)).collect();
    let mut properties: Map<String, Value> = Map::new();
    for key in keys.all(dialect) {
        let schema = if key == keys.type_key {
            json!({"description": "The type of the value.", "enum": types})
        } else if key == keys.description {
            json!({"description": "What the value is for."})
        } else if key == keys.default {
            json!({"description": "The value where none is given."})
        } else if key == keys.hidden {
            json!({"description": "The value is never shown."})
        } else if key == keys.label {
            json!({"description": "A name for people."})
        } else if Some(key) == keys.immutable {
            json!({"description": "An update may not change the value."})
        } else if Some(key) == keys.tags {
            json!({"description": "Words for sorting parameters.", "type": "array"})
        } else {
            other_parameter_key(dialect, key)
        };
        properties.insert(key.to_owned(), schema);
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": [keys.type_key],
        "additionalProperties": false,
    })
}

fn other_parameter_key(dialect: &Dialect, key: &str) -> Value {
    match key {
        "constraints" => json!({
            "description": "What a value must be beside its type.",
            "type": ["array", "null"],
            "items": constraint(dialect),
        }),
        "AllowedValues" => json!({"description": "The values that are possible.", "type": "array"}),
        "AllowedPattern" => {
            json!({"description": "A Python regular expression that matches the whole value.", "type": "string"})
        }
        "MinLength" => json!({"description": "The least length."}),
        "MaxLength" => json!({"description": "The greatest length."}),
        "MinValue" => json!({"description": "The least value."}),
        "MaxValue" => json!({"description": "The greatest value."}),
        "ConstraintDescription" => json!({"description": "What is told of a value that is not possible."}),
        _ => json!({}),
    }
}

fn constraint(dialect: &Dialect) -> Value {
    let number = json!({"type": ["number", "string", "null"]});
    let between = |text: &str| {
        json!({
            "description": text,
            "type": "object",
            "properties": {"min": number, "max": number},
            "additionalProperties": false,
            "minProperties": 1,
        })
    };
    let mut properties = json!({
        "description": {"description": "What is told of a value that is not possible."},
        "length": between("The length of a text, a list or a json value, both ends included."),
        "range": between("The size of a number, both ends included."),
        "allowed_values": {"description": "The values that are possible.", "type": "array"},
        "allowed_pattern": {
            "description": "A Python regular expression that matches the whole value.", "type": "string",
        },
        "custom_constraint": {"description": "A check by name, such as neutron.network.", "type": "string"},
    });
    if dialect.has_modulo() {
        properties["modulo"] = json!({
            "description": "The remainder of a number when it is divided by a step.",
            "type": "object",
            "properties": {"step": number, "offset": number},
            "required": ["step", "offset"],
            "additionalProperties": false,
        });
    }
    json!({"type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1})
}

/// A resource of whatever type.
pub(super) fn resource(dialect: &Dialect, names: &[String]) -> Value {
    let keys = dialect.keys();
    let mut policies = vec!["Delete", "Retain", "Snapshot"];
    if dialect.policies_in_lower_case() {
        policies.extend(["delete", "retain", "snapshot"]);
    }
    let map = || json!({"allOf": [{"type": ["object", "null"]}, reference(&["value"])]});
    let mut properties = Map::new();
    let mut add = |key: &str, text: &str, schema: Value| {
        properties.insert(key.to_owned(), described(schema, text));
    };
    add(
        keys.resource_type,
        "The type: of a plugin, or the path of a template.",
        // A type that is not known may be one that an environment maps.
        json!({"type": "string", "anyOf": [{"enum": names}, {"not": {"pattern": "^OS::"}}]}),
    );
    add(keys.properties, "The properties of the type.", map());
    add(keys.metadata, "Data that goes with the resource.", map());
    add(
        keys.depends_on,
        "Resources that this one waits for, beside those that it refers to.",
        json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
    );
    add(
        keys.deletion_policy,
        "What happens to the thing when the resource is deleted.",
        json!({"anyOf": [{"enum": policies}, {"type": "null"}, reference(&["function"])]}),
    );
    add(keys.update_policy, "How the resource is updated.", map());
    add(keys.resource_description, "What the resource is for.", json!({"type": "string"}));
    if dialect.has_external_id() {
        let id = json!({"anyOf": [{"type": "string"}, {"type": "null"}, reference(&["function"])]});
        add(keys.external_id, "The id of a thing that exists already and is only used.", id);
    }
    if dialect.has_conditions() {
        let condition = json!({"allOf": [reference(&["condition"])]});
        add(keys.condition, "Whether the resource is there.", condition);
    }
    let by_type: Vec<Value> = names
        .iter()
        .map(|name| {
            json!({
                "if": {"properties": {keys.resource_type: {"const": name}}, "required": [keys.resource_type]},
                "then": reference(&["resource_types", name]),
            })
        })
        .collect();
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "required": [keys.resource_type],
        "additionalProperties": dialect.family() == Family::Cfn,
    });
    if !by_type.is_empty() {
        schema["allOf"] = by_type.into();
    }
    schema
}

/// An output. Heat pays no attention to keys that it does not know.
pub(super) fn output(dialect: &Dialect) -> Value {
    let keys = dialect.keys();
    let mut properties = Map::new();
    properties.insert(keys.output_description.to_owned(), json!({"description": "What the value is."}));
    let value = json!({"description": "The value.", "allOf": [reference(&["value"])]});
    properties.insert(keys.output_value.to_owned(), value);
    if dialect.has_conditions() {
        let condition =
            json!({"description": "Whether there is a value.", "allOf": [reference(&["condition"])]});
        properties.insert(keys.condition.to_owned(), condition);
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": [keys.output_value],
    })
}
