//! What types have in common that are made of alike resources: the template of the nested stack, and attributes that are
//! made of those of the members.

use heat_plugin_sdk::{AttributeRequest, Inside};
use heat_template::composite::member_attribute;
use heat_template::function::select_attribute;
use heat_template::{Evaluated, EvaluationError};
use serde_json::{Map, Value, json};

/// The template of a nested stack with these resources, in the version that Heat uses for it.
pub(super) fn template(resources: impl IntoIterator<Item = (String, Value)>) -> Value {
    json!({
        "heat_template_version": "2015-04-30",
        "resources": Value::Object(resources.into_iter().collect()),
    })
}

/// The reference ids of members, in order.
fn references(inside: &dyn Inside, names: &[String]) -> Evaluated {
    Evaluated::list(names.iter().map(|name| inside.reference_id(name)).collect())
}

/// The value of an attribute of the members: `refs`, `refs_map`, `attributes` with the name of one, or any name: the list
/// of what the members have under it.
///
/// # Errors
/// `attributes` without a name; a member that cannot tell the attribute.
pub(super) fn attribute(
    request: &AttributeRequest<'_>,
    names: &[String],
) -> Result<Option<Evaluated>, EvaluationError> {
    let AttributeRequest { inside, name, path, .. } = *request;
    let names: Vec<String> = names.iter().filter(|name| inside.has(name)).cloned().collect();
    Ok(Some(match name {
        "refs" => select_attribute(references(inside, &names), path),
        "refs_map" => {
            // Heat does not go into it, whatever the path says.
            Evaluated::map(names.iter().map(|name| (name.clone(), inside.reference_id(name))).collect())
        }
        "attributes" => {
            let Some((Value::String(attribute), path)) = path.split_first() else {
                return Err(EvaluationError::value(
                    "attributes needs the name of an attribute of the members",
                ));
            };
            let mut values = indexmap::IndexMap::with_capacity(names.len());
            for member in &names {
                values.insert(member.clone(), inside.attribute(member, attribute, path)?);
            }
            Evaluated::map(values)
        }
        attribute => {
            if let Some(value) = member_attribute(inside, attribute, path) {
                return value.map(Some);
            }
            let values: Result<Vec<_>, _> =
                names.iter().map(|member| inside.attribute(member, attribute, path)).collect();
            Evaluated::list(values?)
        }
    }))
}

/// A definition of a member as the template has it: null properties are left out.
pub(super) fn definition(
    type_name: &str,
    properties: Option<Map<String, Value>>,
    metadata: Option<&Value>,
) -> Value {
    let mut definition = Map::from_iter([("type".to_owned(), Value::from(type_name))]);
    let properties: Map<_, _> =
        properties.into_iter().flatten().filter(|(_, value)| !value.is_null()).collect();
    if !properties.is_empty() {
        definition.insert("properties".to_owned(), Value::Object(properties));
    }
    if let Some(metadata) = metadata.filter(|metadata| !metadata.is_null()) {
        definition.insert("metadata".to_owned(), metadata.clone());
    }
    Value::Object(definition)
}
