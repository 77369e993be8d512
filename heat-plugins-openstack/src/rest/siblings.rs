//! Resources of a template that belong together though neither refers to the other.

use heat_plugin_sdk::Sibling;
use serde_json::Value;

/// Whether a property of one resource (under any of its names) points where a property of another points: both have the
/// same value, or both refer to the same resources.
pub(crate) fn follows(
    one: &Sibling,
    properties: &[&str],
    other: &Sibling,
    other_properties: &[&str],
) -> bool {
    let (value, other_value) = (value(one, properties), value(other, other_properties));
    if value.is_some() && value == other_value {
        return true;
    }
    properties.iter().any(|name| {
        other_properties.iter().any(|other_name| {
            match (one.references.get(*name), other.references.get(*other_name)) {
                (Some(one), Some(other)) => !one.is_empty() && one == other,
                _ => false,
            }
        })
    })
}

/// Whether a property's content (a map or a list) holds what a property of another resource points at: by value
/// somewhere inside, or by reference.
pub(crate) fn refers_to(one: &Sibling, property: &str, other: &Sibling, other_properties: &[&str]) -> bool {
    if let Some(wanted) = value(other, other_properties)
        && one.properties.get(property).is_some_and(|content| holds(content, wanted))
    {
        return true;
    }
    let Some(references) = one.references.get(property) else { return false };
    other_properties.iter().any(|name| {
        other.references.get(*name).is_some_and(|other| !other.is_empty() && other.is_subset(references))
    })
}

fn value<'a>(sibling: &'a Sibling, properties: &[&str]) -> Option<&'a Value> {
    properties.iter().find_map(|name| sibling.properties.get(*name).filter(|value| !value.is_null()))
}

fn holds(content: &Value, wanted: &Value) -> bool {
    match content {
        Value::Object(map) => map.values().any(|value| holds(value, wanted)),
        Value::Array(items) => items.iter().any(|value| holds(value, wanted)),
        other => other == wanted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sibling(properties: Value, references: &[(&str, &str)]) -> Sibling {
        Sibling {
            name: "x".into(),
            type_name: "T".into(),
            properties,
            references: references
                .iter()
                .map(|(property, target)| {
                    ((*property).to_owned(), [(*target).to_owned()].into_iter().collect())
                })
                .collect(),
        }
    }

    #[test]
    fn the_same_value_or_the_same_reference_is_the_same_place() {
        let by_value = |network: &str| sibling(json!({"network": network}), &[]);
        let by_reference = |network: &str| sibling(json!({"network": null}), &[("network", network)]);
        let names = &["network", "network_id"];
        assert!(follows(&by_value("n"), names, &by_value("n"), names));
        assert!(!follows(&by_value("n"), names, &by_value("m"), names));
        assert!(follows(&by_reference("n"), names, &by_reference("n"), names));
        assert!(!follows(&by_reference("n"), names, &by_reference("m"), names));
        assert!(!follows(&by_value("n"), names, &by_reference("n"), names));
        assert!(!follows(&sibling(json!({}), &[]), names, &sibling(json!({}), &[]), names));
    }

    #[test]
    fn a_target_is_found_inside() {
        let gateway = sibling(json!({"gateway": {"network": "n"}}), &[]);
        assert!(refers_to(&gateway, "gateway", &sibling(json!({"network": "n"}), &[]), &["network"]));
        let gateway = sibling(json!({"gateway": {"network": null}}), &[("gateway", "net")]);
        assert!(refers_to(&gateway, "gateway", &sibling(json!({}), &[("network", "net")]), &["network"]));
        assert!(!refers_to(&gateway, "gateway", &sibling(json!({}), &[("network", "other")]), &["network"]));
    }
}
