//! What can be said of schemas, and of values against them, without any service.

use crate::{Observation, ObservedProperty, PropertyMap, satisfies};
use heat_template::schema::{
    AttributeMode, AttributeSchema, Children, PropertySchema, ResourceSchema, SupportStatus, UpdateMode,
    ValueType,
};
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// What is wrong with a schema in itself.
pub(super) fn schema_problems(schema: &ResourceSchema) -> Vec<String> {
    let mut problems = schema.contradictions();
    let mut parts = schema.type_name.split("::");
    if parts.clone().count() < 2 || parts.any(str::is_empty) {
        problems
            .push(format!("the type's name {:?} is not of the form Vendor::Service::Type", schema.type_name));
    }
    if schema.description.is_empty() {
        problems.push("the type has no description: add a doc comment to its properties".to_owned());
    }
    for (name, property) in &schema.properties {
        property_problems(name, property, &mut problems);
    }
    for (name, attribute) in &schema.attributes {
        if attribute.description.is_empty() && attribute.support.status != SupportStatus::Hidden {
            problems.push(format!("attribute {name} has no description"));
        }
        if name == "show" {
            problems.push("the attribute show is common to all types and not to be listed".to_owned());
        }
    }
    problems
}

fn property_problems(path: &str, property: &PropertySchema, problems: &mut Vec<String>) {
    if property.description.is_empty() && property.support.status != SupportStatus::Hidden {
        problems.push(format!("property {path} has no description"));
    }
    let fields = match &property.children {
        Children::Fields(fields) => fields,
        Children::Item(item) => match &item.children {
            Children::Fields(fields) => fields,
            _ => return,
        },
        Children::Free => return,
    };
    for (name, inner) in fields {
        property_problems(&format!("{path}.{name}"), inner, problems);
    }
}

/// What a read tells of properties against what was applied.
pub(super) fn property_findings(
    schema: &ResourceSchema,
    applied: &PropertyMap,
    seen: &Observation,
) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, observed) in &seen.properties {
        let Some(property) = schema.properties.get(name) else {
            if !schema.open_properties {
                problems.push(format!("read tells {name}, which is no property of the type"));
            }
            continue;
        };
        let ObservedProperty::Known(value) = observed else { continue };
        if !fits(property.value_type, value) {
            problems
                .push(format!("read tells property {name} in another type than {:?}", property.value_type));
        }
        let Some(wanted) = applied.get(name).filter(|wanted| !wanted.is_null()) else { continue };
        if !satisfies(wanted, value) {
            problems.push(if property.secret {
                format!("read tells another value of the secret property {name} than was given")
            } else {
                format!("property {name} was given as {wanted}, read tells {value}")
            });
        }
    }
    problems
}

/// Properties that can be updated and were given, and of which a read says nothing.
pub(super) fn unobserved<'a>(
    schema: &'a ResourceSchema,
    applied: &'a PropertyMap,
    seen: &'a Observation,
) -> impl Iterator<Item = &'a str> {
    let fields = schema.properties.iter().filter(|(_, property)| property.update == UpdateMode::InPlace);
    fields
        .filter(|(name, property)| {
            !property.write_only && applied.get(*name).is_some_and(|value| !value.is_null())
        })
        .filter(|(name, _)| !seen.properties.contains_key(*name))
        .map(|(name, _)| name.as_str())
}

/// What a read tells of attributes against the schema.
pub(super) fn attribute_findings(schema: &ResourceSchema, seen: &Observation) -> Vec<String> {
    let observed = |attribute: &AttributeSchema| attribute.mode == AttributeMode::Observed;
    values_against(schema, &seen.attributes, "read", observed)
}

/// What a creation tells of attributes against the schema.
pub(super) fn creation_findings(schema: &ResourceSchema, told: &Map<String, Value>) -> Vec<String> {
    values_against(schema, told, "create", |attribute| attribute.mode == AttributeMode::AtCreation)
}

fn values_against(
    schema: &ResourceSchema,
    told: &Map<String, Value>,
    by: &str,
    expected: impl Fn(&AttributeSchema) -> bool,
) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, value) in told {
        match schema.attributes.get(name) {
            None if schema.open_attributes => {}
            None => problems.push(format!("{by} tells {name}, which is no attribute of the type")),
            Some(attribute) if !expected(attribute) => {
                problems.push(format!(
                    "{by} tells attribute {name}, which the schema calls {:?}",
                    attribute.mode
                ));
            }
            Some(attribute) => problems.extend(attribute_misfit(name, attribute, value)),
        }
    }
    for (name, _) in schema.attributes.iter().filter(|(_, attribute)| expected(attribute)) {
        if !told.contains_key(name) {
            problems.push(format!("{by} does not tell attribute {name}"));
        }
    }
    problems
}

/// Why a value is not one of an attribute.
pub(super) fn attribute_misfit(name: &str, attribute: &AttributeSchema, value: &Value) -> Option<String> {
    let value_type = attribute.value_type?;
    (!fits(value_type, value))
        .then(|| format!("attribute {name} is told in another type than {value_type:?}"))
}

fn fits(value_type: ValueType, value: &Value) -> bool {
    value.is_null()
        || match value_type {
            ValueType::String => value.is_string(),
            ValueType::Integer => value.is_i64() || value.is_u64(),
            ValueType::Number => value.is_number(),
            ValueType::Boolean => value.is_boolean(),
            ValueType::Map => value.is_object(),
            ValueType::List => value.is_array(),
            ValueType::Any => true,
        }
}

/// The texts of all secrets in properties that are long enough to be recognised.
pub(super) fn secrets(fields: &IndexMap<String, PropertySchema>, values: &PropertyMap) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in values {
        if let Some(schema) = fields.get(name) {
            secrets_in(schema, value, &mut found);
        }
    }
    found
}

fn secrets_in(schema: &PropertySchema, value: &Value, found: &mut Vec<String>) {
    if schema.secret {
        return texts(value, found);
    }
    match (&schema.children, value) {
        (Children::Fields(fields), Value::Object(map)) => found.extend(secrets(fields, map)),
        (Children::Item(item), Value::Array(items)) => {
            items.iter().for_each(|value| secrets_in(item, value, found))
        }
        _ => {}
    }
}

/// All texts inside a secret value.
pub(super) fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() >= 4 => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(map) => map.values().for_each(|item| texts(item, found)),
        _ => {}
    }
}
