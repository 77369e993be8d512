//! Which parts of a record are secret: pure functions from schemas and records to places in the stored document.

use crate::record::{Desired, ResourceRecord, StackRecord, hidden_mark, secret_mark};
use heat_plugin_sdk::plain_data;
use heat_plugin_sdk::schema::{Children, PropertySchema, ResourceSchema};
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A place in a JSON document, from its root.
pub(super) type Place = Vec<PlacePart>;

/// One key on the way to a place.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub(super) enum PlacePart {
    Key(String),
    Index(usize),
}

fn place(keys: &[&str]) -> Place {
    keys.iter().map(|key| PlacePart::Key((*key).to_owned())).collect()
}

/// The value at a place.
pub(super) fn at<'a>(document: &'a mut Value, place: &[PlacePart]) -> Option<&'a mut Value> {
    place.iter().try_fold(document, |value, part| match (part, value) {
        (PlacePart::Key(key), Value::Object(map)) => map.get_mut(key),
        (PlacePart::Index(index), Value::Array(list)) => list.get_mut(*index),
        _ => None,
    })
}

/// What is secret in a stack: the content of its credentials, and the values of hidden parameters.
pub(super) fn of_stack(record: &StackRecord) -> Vec<Place> {
    let mut places = Vec::new();
    if record.credentials.value().is_some() {
        places.push(place(&["credentials", "content"]));
    }
    hidden(&place(&["desired"]), &record.desired, &mut places);
    if let Some(desired) = &record.last_complete {
        hidden(&place(&["last_complete"]), desired, &mut places);
    }
    for (index, snapshot) in record.snapshots.iter().enumerate() {
        let of = |field: &str| {
            let mut path = place(&["snapshots"]);
            path.push(PlacePart::Index(index));
            path.push(PlacePart::Key(field.to_owned()));
            path
        };
        hidden(&of("desired"), &snapshot.desired, &mut places);
        if !snapshot.resources.is_empty() {
            places.push(of("resources"));
        }
    }
    places
}

/// The values of hidden parameters.
fn hidden(path: &[PlacePart], desired: &Desired, places: &mut Vec<Place>) {
    for name in desired.hidden.iter().collect::<BTreeSet<_>>() {
        if desired.parameters.contains_key(name) {
            let mut path = path.to_vec();
            path.extend(place(&["parameters", name]));
            places.push(path);
        }
    }
}

/// What is secret in a resource: see [`ResourceRecord::sensitive`] for what is beside the schema. Without a schema (the
/// plugin is gone) everything may be secret.
pub(super) fn of_resource(record: &ResourceRecord, schema: Option<&ResourceSchema>) -> Vec<Place> {
    let mut places = Vec::new();
    // What a nested stack tells of what is inside is told apart below; its type, a template perhaps, has no secrets of
    // its own.
    let typed = record.nested.is_some() && schema.is_none();
    let guarded = record.is_sensitive() || (!typed && schema.is_none_or(holds_secrets));
    let mut properties = |keys: &[&str], values: &Option<Map<String, Value>>| {
        let Some(values) = values else { return };
        if values.is_empty() {
            return;
        }
        match schema {
            // Of a template that stands for the type: what is hidden in it is among the sensitive ones.
            None if typed => {
                let secret = |name: &&String| {
                    record.sensitive.contains(*name) || record.sensitive.contains(&hidden_mark(name))
                };
                for name in values.keys().filter(secret) {
                    let mut path = place(keys);
                    path.push(PlacePart::Key(name.clone()));
                    places.push(path);
                }
            }
            Some(schema) => {
                let mut path = place(keys);
                in_fields(&schema.properties, values, &record.sensitive, &mut path, &mut places);
            }
            None => places.push(place(keys)),
        }
    };
    properties(&["properties"], &record.properties);
    if let Some(intent) = &record.intent {
        properties(&["intent", "properties"], &intent.properties);
    }
    for (name, value) in &record.attributes {
        let attribute = schema.and_then(|schema| schema.attributes.get(name));
        let secret = match attribute {
            Some(attribute) => attribute.secret || record.is_sensitive(),
            // `show`, open attributes, attributes that a newer plugin has no more.
            None => guarded,
        } || record.sensitive.contains(&secret_mark(name));
        if secret && !value.is_null() {
            places.push(place(&["attributes", name]));
        }
    }
    // A reference id that is not the physical id is made of something else, perhaps of a secret attribute.
    let reference = record.reference_id.as_deref();
    let guarded = guarded || record.tells_any_secret();
    if guarded && reference.is_some() && reference != record.physical_id.as_ref().map(|id| id.as_str()) {
        places.push(place(&["reference_id"]));
    }
    if record.private.is_some() {
        places.push(place(&["private"]));
    }
    if record.adopts.is_some() {
        places.push(place(&["adopts"]));
    }
    if record.saved.is_some() {
        places.push(place(&["saved", "data"]));
    }
    if record.sensitive.contains("metadata") {
        if !record.metadata.is_null() {
            places.push(place(&["metadata"]));
        }
        if !record.definition.is_empty() {
            places.push(place(&["definition"]));
        }
    }
    places
}

/// The texts that must not be told of a resource, whoever says them.
#[derive(Default)]
pub(crate) struct SecretTexts {
    /// What the type, or a template that stands for it, calls secret.
    pub(crate) secret: Vec<String>,
    /// What came from a secret: the values of sensitive properties, of the metadata and of what a nested stack tells, and
    /// what the plugin keeps to itself. Texts that are no secret may stand among them.
    pub(crate) made: Vec<String>,
}

/// The texts that must not be told of a resource. Fewer than are sealed: of a sensitive resource all attributes are sealed,
/// its name and its status among them, but where they repeat a secret that is found as what it is.
pub(crate) fn secret_texts(record: &ResourceRecord, schema: Option<&ResourceSchema>) -> SecretTexts {
    let (mut secret, mut made) = (BTreeSet::new(), BTreeSet::new());
    let asked_for = record.intent.as_ref().and_then(|intent| intent.properties.as_ref());
    let known = record.nested.is_some() || schema.is_some();
    for values in record.properties.iter().chain(asked_for) {
        for (name, value) in values {
            if record.sensitive.contains(&hidden_mark(name)) {
                collect(value, &mut secret);
            } else if !known || record.sensitive.contains(name) {
                collect(value, &mut made);
            }
        }
        if let Some(schema) = schema {
            let mut places = Vec::new();
            in_fields(&schema.properties, values, &BTreeSet::new(), &mut Place::new(), &mut places);
            let found = places.iter().filter_map(|place| inside(values, place));
            found.for_each(|value| collect(value, &mut secret));
        }
    }
    for (name, value) in &record.attributes {
        if schema.and_then(|schema| schema.attributes.get(name)).is_some_and(|attribute| attribute.secret) {
            collect(value, &mut secret);
        } else if record.sensitive.contains(&secret_mark(name)) {
            collect(value, &mut made);
        }
    }
    // A composite type keeps the names of its members there.
    let plain = |private: &&Value| plain_data(private).is_some();
    if let Some(private) =
        record.private.as_ref().filter(|private| record.nested.is_none() && !plain(private))
    {
        collect(private, &mut made);
    }
    if record.sensitive.contains("metadata") {
        collect(&record.metadata, &mut made);
    }
    if let Some(data) = record.adopts.as_ref().and_then(|adopts| adopts.get("resource_data")) {
        collect(data, &mut made);
    }
    SecretTexts { secret: without_short(secret), made: without_short(made) }
}

/// The value at a place in properties.
fn inside<'a>(values: &'a Map<String, Value>, place: &[PlacePart]) -> Option<&'a Value> {
    let (PlacePart::Key(first), rest) = place.split_first()? else { return None };
    rest.iter().try_fold(values.get(first)?, |value, part| match part {
        PlacePart::Key(key) => value.get(key),
        PlacePart::Index(index) => value.get(index),
    })
}

/// The texts in values that are secret, without those that are too short to look for.
pub(crate) fn texts_in<'a>(values: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    let mut texts = BTreeSet::new();
    values.into_iter().for_each(|value| collect(value, &mut texts));
    without_short(texts)
}

/// Texts of less than four characters are found in too much else.
fn without_short(texts: BTreeSet<String>) -> Vec<String> {
    texts.into_iter().filter(|text| text.chars().count() >= 4).collect()
}

fn collect(value: &Value, texts: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(texts.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(entries) => entries.values().for_each(|value| collect(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether the type has secret properties or attributes at all.
fn holds_secrets(schema: &ResourceSchema) -> bool {
    schema.attributes.values().any(|attribute| attribute.secret) || schema.properties.values().any(any_secret)
}

fn any_secret(schema: &PropertySchema) -> bool {
    schema.secret
        || match &schema.children {
            Children::Free => false,
            Children::Item(item) => any_secret(item),
            Children::Fields(fields) => fields.values().any(any_secret),
        }
}

fn in_fields(
    fields: &IndexMap<String, PropertySchema>,
    values: &Map<String, Value>,
    sensitive: &BTreeSet<String>,
    path: &mut Place,
    places: &mut Vec<Place>,
) {
    for (name, value) in values {
        path.push(PlacePart::Key(name.clone()));
        match fields.get(name) {
            Some(_) if sensitive.contains(name) => places.push(path.clone()),
            Some(schema) => in_value(schema, value, path, places),
            // Nothing is said about it: a stubbed property, or one of another version of the plugin.
            None if !value.is_null() => places.push(path.clone()),
            None => {}
        }
        path.pop();
    }
}

fn in_value(schema: &PropertySchema, value: &Value, path: &mut Place, places: &mut Vec<Place>) {
    if value.is_null() {
        return;
    }
    if schema.secret {
        places.push(path.clone());
        return;
    }
    match (&schema.children, value) {
        (Children::Free, _) => {}
        (Children::Item(item), Value::Array(values)) => {
            for (index, value) in values.iter().enumerate() {
                path.push(PlacePart::Index(index));
                in_value(item, value, path, places);
                path.pop();
            }
        }
        (Children::Fields(fields), Value::Object(values)) => {
            in_fields(fields, values, &BTreeSet::new(), path, places);
        }
        // The value has not the shape of its schema: what is inside cannot be told apart.
        _ if any_secret(schema) => places.push(path.clone()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{IncarnationId, StackId};
    use heat_plugin_sdk::schema::{AttributeSchema, ValueType};
    use jiff::Timestamp;
    use serde_json::json;

    fn schema() -> ResourceSchema {
        let secret = || PropertySchema::new(ValueType::String).secret();
        let open = || PropertySchema::new(ValueType::String);
        ResourceSchema {
            type_name: "T".into(),
            properties: IndexMap::from([
                ("open".into(), open()),
                ("secret".into(), secret()),
                (
                    "nested".into(),
                    PropertySchema::list_of(PropertySchema::map_of([("open", open()), ("key", secret())])),
                ),
            ]),
            attributes: IndexMap::from([
                ("seen".into(), AttributeSchema::new(ValueType::String, "")),
                ("password".into(), AttributeSchema::new(ValueType::String, "").secret()),
            ]),
            ..ResourceSchema::default()
        }
    }

    fn record(properties: Value) -> ResourceRecord {
        let mut record = ResourceRecord::new(
            IncarnationId("i".into()),
            StackId("s".into()),
            "r",
            "T",
            Timestamp::UNIX_EPOCH,
        );
        record.properties = properties.as_object().cloned();
        record
    }

    fn pointers(places: Vec<Place>) -> Vec<String> {
        places
            .iter()
            .map(|place| {
                place.iter().fold(String::new(), |text, part| match part {
                    PlacePart::Key(key) => format!("{text}/{key}"),
                    PlacePart::Index(index) => format!("{text}/{index}"),
                })
            })
            .collect()
    }

    #[test]
    fn secret_properties_are_found_at_every_depth() {
        let record = record(json!({
            "open": "o", "secret": "s", "nested": [{"open": "a", "key": "k"}, {"open": "b", "key": null}],
            "unknown": 1,
        }));
        assert_eq!(
            pointers(of_resource(&record, Some(&schema()))),
            ["/properties/secret", "/properties/nested/0/key", "/properties/unknown"]
        );
    }

    #[test]
    fn a_value_without_the_shape_of_its_schema_is_secret_as_a_whole() {
        let record = record(json!({"nested": "[{\"key\": \"k\"}]"}));
        assert_eq!(pointers(of_resource(&record, Some(&schema()))), ["/properties/nested"]);
    }

    #[test]
    fn without_a_schema_everything_is_secret() {
        let mut record = record(json!({"open": "o"}));
        record.attributes = json!({"seen": 1}).as_object().cloned().unwrap();
        record.reference_id = Some("value".into());
        assert_eq!(
            pointers(of_resource(&record, None)),
            ["/properties", "/attributes/seen", "/reference_id"]
        );
    }

    #[test]
    fn what_comes_from_a_hidden_parameter_takes_attributes_and_reference_id_with_it() {
        let mut plain = schema();
        plain.properties.shift_remove("secret");
        plain.properties.shift_remove("nested");
        plain.attributes.shift_remove("password");
        let mut record = record(json!({"open": "hidden parameter"}));
        record.attributes = json!({"seen": "hidden parameter"}).as_object().cloned().unwrap();
        record.reference_id = Some("hidden parameter".into());
        record.metadata = json!({"m": 1});
        assert!(of_resource(&record, Some(&plain)).is_empty());
        record.sensitive = BTreeSet::from(["open".to_owned()]);
        assert_eq!(
            pointers(of_resource(&record, Some(&plain))),
            ["/properties/open", "/attributes/seen", "/reference_id"]
        );
        record.sensitive = BTreeSet::from(["metadata".to_owned()]);
        assert_eq!(
            pointers(of_resource(&record, Some(&plain))),
            ["/attributes/seen", "/reference_id", "/metadata"]
        );
    }
}
