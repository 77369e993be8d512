//! Resource types: what their resources may hold.

use super::reference;
use crate::dialect::Dialect;
use crate::schema::{
    Children, Constraint, ConstraintKind, PropertySchema, ResourceSchema, Support, SupportStatus, UpdateMode,
    ValueType,
};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// What a resource of a type may hold beside what all resources may.
pub(super) fn resource_type(dialect: &Dialect, schema: &ResourceSchema) -> Value {
    let keys = dialect.keys();
    let needs_properties = schema.properties.values().any(|property| property.required);
    let properties = fields(&schema.properties, schema.open_properties);
    let mut inner = Map::new();
    inner.insert(keys.properties.to_owned(), or_function(properties));
    inner.insert(keys.update_policy.to_owned(), or_function(fields(&schema.update_policy, false)));
    if !schema.snapshot_policy {
        inner.insert(keys.deletion_policy.to_owned(), json!({"not": {"enum": ["Snapshot", "snapshot"]}}));
    }
    let mut rules = json!({"properties": inner});
    if needs_properties {
        rules["required"] = json!([keys.properties]);
    }
    let mut result = if dialect.has_external_id() {
        // What exists already is not judged by its properties.
        json!({"if": {"required": [keys.external_id]}, "else": rules})
    } else {
        rules
    };
    let text = with_support(&schema.description, &schema.support);
    if !text.is_empty() {
        result["description"] = json!(text);
    }
    result
}

/// A map with the keys of a schema; null is as if there were none.
fn fields(schema: &IndexMap<String, PropertySchema>, open: bool) -> Value {
    let properties: Map<_, _> =
        schema.iter().map(|(name, schema)| (name.clone(), property(schema))).collect();
    let required: Vec<&String> =
        schema.iter().filter(|(_, schema)| schema.required).map(|(name, _)| name).collect();
    let others = if open { reference(&["value"]) } else { json!(false) };
    let mut map = json!({"type": "object", "properties": properties, "additionalProperties": others});
    if !required.is_empty() {
        map["required"] = json!(required);
    }
    map
}

fn or_function(schema: Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}, reference(&["function"])]})
}

/// A property: a value of its type, null, or a function that gives it.
fn property(schema: &PropertySchema) -> Value {
    if !schema.implemented {
        return json!({"description": "Not implemented.", "not": {}});
    }
    let mut result = if schema.value_type == ValueType::Any {
        json!({"allOf": [reference(&["value"])]})
    } else {
        or_function(typed(schema))
    };
    let mut text = with_support(&schema.description, &schema.support);
    for note in notes(schema) {
        text += if text.is_empty() { "" } else { " " };
        text += &note;
    }
    if !text.is_empty() {
        result["description"] = json!(text);
    }
    if let Some(default) = &schema.default {
        result["default"] = default.clone();
    }
    result
}

/// What cannot be said otherwise.
fn notes(schema: &PropertySchema) -> Vec<String> {
    let mut notes = Vec::new();
    match schema.update {
        UpdateMode::InPlace => {}
        UpdateMode::Replace => notes.push("A change makes a new resource.".to_owned()),
        UpdateMode::Immutable => notes.push("It may not be changed.".to_owned()),
    }
    for constraint in &schema.constraints {
        if let ConstraintKind::CustomConstraint(name) = &constraint.kind {
            notes.push(format!("Checked by {name}."));
        }
    }
    notes
}

fn with_support(text: &str, support: &Support) -> String {
    match (support.status, &support.message) {
        (SupportStatus::Deprecated | SupportStatus::Hidden, Some(message)) => {
            format!("Deprecated: {message} {text}").trim_end().to_owned()
        }
        (SupportStatus::Deprecated | SupportStatus::Hidden, None) => {
            format!("Deprecated. {text}").trim_end().to_owned()
        }
        _ => text.to_owned(),
    }
}

/// What can be brought into the type, by Heat's coercions.
fn typed(schema: &PropertySchema) -> Value {
    let mut typed = match schema.value_type {
        ValueType::Any => reference(&["value"]),
        ValueType::String => json!({"type": ["string", "integer", "boolean"]}),
        ValueType::Integer | ValueType::Number => {
            json!({"type": ["number", "boolean", "string"], "pattern": "[0-9]|[iI][nN][fF]|[nN][aA][nN]"})
        }
        ValueType::Boolean => {
            json!({"type": ["boolean", "string"], "pattern": "^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$"})
        }
        ValueType::List => list(schema),
        ValueType::Map => map(schema),
    };
    for constraint in &schema.constraints {
        constrain(&mut typed, constraint, schema);
    }
    typed
}

fn list(schema: &PropertySchema) -> Value {
    let items = match &schema.children {
        Children::Item(item) => property(item),
        _ => reference(&["value"]),
    };
    let types = if schema.allow_conversion { json!(["array", "string"]) } else { json!("array") };
    json!({"type": types, "items": items})
}

fn map(schema: &PropertySchema) -> Value {
    let mut map = match &schema.children {
        Children::Fields(inner) => fields(inner, false),
        _ => json!({"type": "object", "additionalProperties": reference(&["value"])}),
    };
    if schema.allow_conversion {
        map["type"] = json!(["object", "string", "array"]);
    }
    map
}

fn constrain(typed: &mut Value, constraint: &Constraint, schema: &PropertySchema) {
    match &constraint.kind {
        ConstraintKind::Length { min, max } => {
            let (least, most) = match schema.value_type {
                ValueType::List => ("minItems", "maxItems"),
                ValueType::Map => ("minProperties", "maxProperties"),
                _ => ("minLength", "maxLength"),
            };
            // Text that will be converted has another length.
            if !schema.allow_conversion {
                set(typed, least, min.map(Value::from));
                set(typed, most, max.map(Value::from));
            }
        }
        ConstraintKind::Range { min, max } => {
            set(typed, "minimum", min.clone().map(Value::Number));
            set(typed, "maximum", max.clone().map(Value::Number));
        }
        ConstraintKind::AllowedValues(values) => {
            let allowed = json!(values.iter().flat_map(spellings).collect::<Vec<_>>());
            if schema.value_type == ValueType::List {
                let items = json!({"anyOf": [{"enum": allowed}, reference(&["function"])]});
                typed["items"] = json!({"allOf": [typed["items"], items]});
            } else {
                // A pattern for numbers in texts says nothing beside the values.
                typed["enum"] = allowed;
            }
        }
        ConstraintKind::AllowedPattern(pattern)
            if schema.value_type == ValueType::String && is_common(pattern) =>
        {
            typed["pattern"] = json!(format!("^(?:{pattern})$"));
        }
        ConstraintKind::AllowedPattern(_)
        | ConstraintKind::Modulo { .. }
        | ConstraintKind::CustomConstraint(_) => {}
    }
}

fn set(schema: &mut Value, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        schema[key] = value;
    }
}

/// A value in the types that it can be written in.
fn spellings(value: &Value) -> Vec<Value> {
    let mut all = vec![value.clone()];
    match value {
        Value::Number(number) => all.push(json!(number.to_string())),
        Value::Bool(truth) => {
            all.extend(if *truth { ["true", "True"] } else { ["false", "False"] }.map(Value::from));
        }
        Value::String(text) => {
            // What would be another text as a number, `08` or `1.0`, is not one.
            if let Ok(number) = text.parse::<i64>()
                && number.to_string() == *text
            {
                all.push(json!(number));
            }
            match text.as_str() {
                "True" => all.push(json!(true)),
                "False" => all.push(json!(false)),
                _ => {}
            }
        }
        _ => {}
    }
    all
}

/// Whether a Python pattern means the same in ECMAScript.
fn is_common(pattern: &str) -> bool {
    !["(?", "\\A", "\\Z", "\\N", "\\U", "\\a", "{,"].iter().any(|special| pattern.contains(special))
}
