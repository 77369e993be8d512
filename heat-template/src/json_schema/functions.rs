//! Values and functions.

use super::reference;
use crate::dialect::{Availability, Dialect, condition_function_table, function_table};
use serde_json::{Map, Value, json};

/// Any value: a call of a function, or data that may hold calls.
///
/// A map with one key that is the name of a function is a call and nothing else, also where the dialect does not have the
/// function any more.
pub(super) fn value(dialect: &Dialect) -> Value {
    let names = function_table().iter().map(|row| row.name).filter(|name| dialect.function(name).is_some());
    let mut required: Vec<Value> = names.map(|name| json!({"required": [name]})).collect();
    let others = dialect.function_names(false).into_iter();
    for name in others.filter(|name| function_table().iter().all(|row| row.name != *name)) {
        required.push(json!({"required": [name]}));
    }
    json!({
        "if": {"type": "object", "maxProperties": 1, "anyOf": required},
        "then": reference(&["function"]),
        "else": {
            "items": reference(&["value"]),
            "additionalProperties": reference(&["value"]),
        },
    })
}

/// A call of a function.
pub(super) fn functions(dialect: &Dialect) -> Value {
    let calls = dialect.function_names(false).into_iter().map(|name| (name.to_owned(), call(name, dialect)));
    json!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": calls.collect::<Map<_, _>>(),
        "additionalProperties": false,
    })
}

/// The name of a condition, a boolean, or a call of a condition function.
pub(super) fn condition() -> Value {
    json!({"anyOf": [{"type": ["string", "boolean"]}, reference(&["condition_function"])]})
}

/// A call of a condition function.
pub(super) fn condition_functions(dialect: &Dialect) -> Value {
    let known = condition_function_table()
        .iter()
        .filter(|row| matches!(dialect.condition_function(row.name), Some(Availability::Known(_))));
    let calls = known.map(|row| (row.name.to_owned(), condition_call(row.name, dialect)));
    json!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": calls.collect::<Map<_, _>>(),
        "additionalProperties": false,
    })
}

/// A list of values of a length.
fn list(least: usize, most: Option<usize>) -> Value {
    let mut schema = json!({"type": "array", "minItems": least, "items": reference(&["value"])});
    if let Some(most) = most {
        schema["maxItems"] = json!(most);
    }
    schema
}

/// Either, or a function that gives it.
fn or_function(schema: Value) -> Value {
    json!({"anyOf": [schema, reference(&["function"])]})
}

/// A map with these keys, some of which must be there.
fn keys(all: &[&str], required: &[&str], others: bool) -> Value {
    let properties: Map<_, _> = all.iter().map(|key| ((*key).to_owned(), reference(&["value"]))).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": others})
}

/// What the arguments of a function look like, and what it does.
fn call(name: &str, dialect: &Dialect) -> Value {
    let since =
        |version: &str| dialect.version_key() != "heat_template_version" || dialect.version() >= version;
    let text = || json!({"type": "string"});
    let (does, mut schema) = match name {
        "get_param" => (
            "The value of a parameter: its name, or a list of its name and the way into it.",
            json!({"anyOf": [text(), list(1, None), reference(&["function"])]}),
        ),
        "get_resource" => ("The reference id of a resource; makes this wait for it.", or_function(text())),
        "get_attr" => (
            "An attribute of a resource: a list of resource, attribute and the way into it; makes this wait for the \
             resource.",
            if since("2015-10-15") {
                json!({"anyOf": [list(1, None), {"type": "string", "minLength": 1, "maxLength": 1}]})
            } else {
                list(2, None)
            },
        ),
        "get_file" => ("The content of a file that comes with the template.", or_function(text())),
        "resource_facade" => (
            "In a nested stack: something of the resource that it belongs to.",
            json!({"enum": ["metadata", "deletion_policy", "update_policy"]}),
        ),
        "Fn::ResourceFacade" => (
            "In a nested stack: something of the resource that it belongs to.",
            json!({"enum": ["Metadata", "DeletionPolicy", "UpdatePolicy"]}),
        ),
        "list_join" if since("2015-10-15") => (
            "The items of one or more lists, joined by a text: a list of the text and the lists.",
            list(2, None),
        ),
        "list_join" | "Fn::Join" => {
            ("The items of a list, joined by a text: `[text, list]`.", list(2, Some(2)))
        }
        "str_replace" => (
            "A text with keys in it replaced by values.",
            keys(&["template", "params"], &["template", "params"], true),
        ),
        "str_replace_strict" => (
            "As str_replace, but each key must be found in the text.",
            keys(&["template", "params"], &["template", "params"], true),
        ),
        "str_replace_vstrict" => (
            "As str_replace_strict, but no value may be empty.",
            keys(&["template", "params"], &["template", "params"], true),
        ),
        "repeat" => (
            "A list made from a template, once for each combination of values.",
            keys(&["template", "for_each", "permutations"], &["template", "for_each"], true),
        ),
        "digest" => ("The hexadecimal digest of a text: `[algorithm, text]`.", list(2, Some(2))),
        "str_split" => (
            "The pieces of a text: `[separator, text]`, or one of them: `[separator, text, index]`.",
            list(2, None),
        ),
        "map_merge" => (
            "Maps in one; later ones win.",
            or_function(json!({"type": ["array", "null"], "items": reference(&["value"])})),
        ),
        "map_replace" => {
            ("A map with other keys and values: `[map, {keys: {…}, values: {…}}]`.", list(2, Some(2)))
        }
        "yaql" => (
            "The value of a YAQL expression over data.",
            keys(&["expression", "data"], &["expression"], false),
        ),
        "if" | "Fn::If" => (
            "One of two values, by a condition.",
            json!({
                "type": "array",
                "minItems": if name == "if" && since("2021-04-16") { 2 } else { 3 },
                "maxItems": 3,
                "items": [reference(&["condition"]), reference(&["value"]), reference(&["value"])],
            }),
        ),
        "filter" => ("A list without some values: `[values, list]`.", list(2, Some(2))),
        "make_url" => (
            "A URL from its parts.",
            keys(
                &["scheme", "username", "password", "host", "port", "path", "query", "fragment"],
                &[],
                false,
            ),
        ),
        "list_concat" => {
            ("Lists in one.", or_function(json!({"type": ["array", "null"], "items": reference(&["value"])})))
        }
        "list_concat_unique" => (
            "Lists in one, each value once.",
            or_function(json!({"type": ["array", "null"], "items": reference(&["value"])})),
        ),
        "contains" => {
            ("Whether a value is in a list, or a text in a text: `[value, where]`.", list(2, Some(2)))
        }
        "Ref" => ("The reference id of a resource, or the value of a parameter.", or_function(text())),
        "Fn::GetAtt" => ("An attribute of a resource: `[resource, attribute]`.", list(2, Some(2))),
        "Fn::Select" => ("An item of a list by its index, or of a map by its key.", list(2, Some(2))),
        "Fn::Split" => ("The pieces of a text: `[separator, text]`.", list(2, Some(2))),
        "Fn::Replace" => {
            ("A text with keys in it replaced by values: `[{key: value}, text]`.", list(2, Some(2)))
        }
        "Fn::MemberListToMap" => {
            ("A map from texts such as `.member.0.Name=key`: `[Name, Value, list]`.", list(3, Some(3)))
        }
        "Fn::FindInMap" => ("An entry of a mapping: `[mapping, key, key]`.", list(3, Some(3))),
        "Fn::GetAZs" => ("The availability zones.", reference(&["value"])),
        "Fn::Base64" => ("The text itself: what takes user data encodes it.", reference(&["value"])),
        // Somebody else's.
        _ => ("", reference(&["value"])),
    };
    if let Some(fields) = schema.as_object_mut().filter(|_| !does.is_empty()) {
        described(fields, does);
    }
    schema
}

/// Adds a text for people. Beside `$ref` everything else is ignored in draft-07.
fn described(fields: &mut Map<String, Value>, text: &str) {
    if let Some(reference) = fields.remove("$ref") {
        fields.insert("allOf".to_owned(), json!([{"$ref": reference}]));
    }
    fields.insert("description".to_owned(), json!(text));
}

/// What the arguments of a condition function look like, and what it does.
fn condition_call(name: &str, dialect: &Dialect) -> Value {
    let several = json!({"type": "array", "minItems": 2, "items": reference(&["condition"])});
    let (does, mut schema) = match name {
        "equals" | "Fn::Equals" => ("Whether two values are the same.", list(2, Some(2))),
        "not" => ("Whether a condition does not hold.", reference(&["condition"])),
        "Fn::Not" => (
            "Whether a condition does not hold.",
            json!({"type": "array", "minItems": 1, "maxItems": 1, "items": reference(&["condition"])}),
        ),
        "and" | "Fn::And" => ("Whether all conditions hold.", several),
        "or" | "Fn::Or" => ("Whether at least one condition holds.", several),
        _ => return call(name, dialect),
    };
    if let Some(fields) = schema.as_object_mut() {
        described(fields, does);
    }
    schema
}
