//! A resource type as Heat's API shows it: the answer to `GET /resource_types/{type}`.

use super::{AttributeSchema, Children, PropertySchema, ResourceSchema, Support, SupportStatus, UpdateMode};
use serde_json::{Map, Value, json};

impl ResourceSchema {
    /// The type as Heat's `resource_schema` gives it: `resource_type`, `properties`, `attributes` (with `show`, which all
    /// types have) and `support_status`; with `with_description` also `description`.
    ///
    /// Hidden properties and attributes, and properties that are not implemented, are left out.
    pub fn describe(&self, with_description: bool) -> Value {
        let properties: Map<_, _> = self
            .properties
            .iter()
            .filter(|(_, schema)| schema.implemented && schema.support.status != SupportStatus::Hidden)
            .map(|(name, schema)| (name.clone(), property(schema)))
            .collect();
        let mut attributes: Map<_, _> = self
            .attributes
            .iter()
            .filter(|(_, schema)| schema.support.status != SupportStatus::Hidden)
            .map(|(name, schema)| (name.clone(), attribute(schema)))
            .collect();
        let show = json!({"description": "Detailed information about resource.", "type": "map"});
        attributes.entry("show").or_insert(show);
        let mut described = json!({
            "resource_type": self.type_name,
            "properties": properties,
            "attributes": attributes,
            "support_status": support(&self.support),
        });
        if with_description {
            described["description"] = json!(self.description);
        }
        described
    }
}

fn property(schema: &PropertySchema) -> Value {
    let mut map = Map::new();
    map.insert("type".into(), json!(schema.value_type.name().to_lowercase()));
    if !schema.description.is_empty() {
        map.insert("description".into(), json!(schema.description));
    }
    if let Some(default) = &schema.default {
        map.insert("default".into(), default.clone());
    }
    match &schema.children {
        Children::Free => {}
        Children::Item(item) => {
            map.insert("schema".into(), json!({"*": property(item)}));
        }
        Children::Fields(fields) => {
            let fields: Map<_, _> =
                fields.iter().map(|(name, schema)| (name.clone(), property(schema))).collect();
            map.insert("schema".into(), Value::Object(fields));
        }
    }
    map.insert("required".into(), json!(schema.required));
    if !schema.constraints.is_empty() {
        map.insert("constraints".into(), json!(schema.constraints));
    }
    map.insert("update_allowed".into(), json!(schema.update == UpdateMode::InPlace));
    map.insert("immutable".into(), json!(schema.update == UpdateMode::Immutable));
    Value::Object(map)
}

fn attribute(schema: &AttributeSchema) -> Value {
    let mut map = Map::new();
    if !schema.description.is_empty() {
        map.insert("description".into(), json!(schema.description));
    }
    if let Some(value_type) = schema.value_type {
        map.insert("type".into(), json!(value_type.name().to_lowercase()));
    }
    Value::Object(map)
}

fn support(support: &Support) -> Value {
    json!({
        "status": support.status,
        "message": support.message,
        "version": support.version,
        "previous_status": support.previous.as_deref().map(self::support),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Constraint, ValueType};

    fn schema() -> ResourceSchema {
        let hidden = Support { status: SupportStatus::Hidden, ..Support::default() };
        let text = || PropertySchema::new(ValueType::String);
        let nested = PropertySchema::map_of([("ip", text().description("An address.").required())]);
        let deprecated = Support {
            status: SupportStatus::Deprecated,
            version: Some("5.0.0".into()),
            message: Some("Use another.".into()),
            previous: Some(Box::new(Support { version: Some("2014.1".into()), ..Support::default() })),
        };
        ResourceSchema::builder("Acme::Thing")
            .description("A thing.")
            .support(deprecated)
            .property(
                "name",
                text().description("Its name.").constraint(Constraint::length(1, None)).update_allowed(),
            )
            .property("old", text().support(hidden.clone()))
            .property("later", text().not_implemented())
            .property("ips", PropertySchema::list_of(nested).default(json!([])).immutable())
            .attribute("level", AttributeSchema::new(ValueType::Integer, "How high."))
            .attribute("any", AttributeSchema::new(None, "Whatever."))
            .attribute("gone", AttributeSchema { support: hidden, ..AttributeSchema::new(None, "Gone.") })
            .build()
            .unwrap()
    }

    #[test]
    fn a_type_is_described_as_heat_s_api_does() {
        let expected = json!({
            "resource_type": "Acme::Thing",
            "properties": {
                "name": {
                    "type": "string", "description": "Its name.", "required": false,
                    "constraints": [{"length": {"min": 1}}], "update_allowed": true, "immutable": false,
                },
                "ips": {
                    "type": "list", "default": [], "required": false, "update_allowed": false, "immutable": true,
                    "schema": {"*": {
                        "type": "map", "required": false, "update_allowed": false, "immutable": false,
                        "schema": {"ip": {
                            "type": "string", "description": "An address.", "required": true,
                            "update_allowed": false, "immutable": false,
                        }},
                    }},
                },
            },
            "attributes": {
                "level": {"description": "How high.", "type": "integer"},
                "any": {"description": "Whatever."},
                "show": {"description": "Detailed information about resource.", "type": "map"},
            },
            "support_status": {
                "status": "DEPRECATED", "message": "Use another.", "version": "5.0.0",
                "previous_status": {
                    "status": "SUPPORTED", "message": null, "version": "2014.1", "previous_status": null,
                },
            },
        });
        assert_eq!(schema().describe(false), expected);
        assert_eq!(schema().describe(true)["description"], "A thing.");
    }
}
