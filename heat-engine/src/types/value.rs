//! `OS::Heat::Value`: a value under a name.

use heat_plugin_sdk::schema::{
    AttributeSchema, Constraint, DeferredConstraints, PropertySchema, ResourceSchema, Support, ValueType,
};
use heat_plugin_sdk::{
    Change, Context, Created, Failure, Observed, PhysicalId, PropertyMap, Resource, Result,
};
use heat_template::Evaluated;
use heat_template::schema::Coercion;
use serde_json::{Map, Value};

/// Keeps a value and gives it back as its attribute.
///
/// As in Heat a `type` says what the value must be, and does not convert it: the text `5` stays a text.
#[derive(Debug, Clone, Copy, Default)]
pub struct ValueResource;

const VALUE: &str = "value";
const TYPE: &str = "type";

fn versioned(version: &str) -> Support {
    Support { version: Some(version.to_owned()), ..Support::default() }
}

fn given(properties: &PropertyMap) -> Value {
    properties.get(VALUE).cloned().unwrap_or(Value::Null)
}

impl Resource for ValueResource {
    const TYPE: &'static str = "OS::Heat::Value";
    type Connection = ();
    type Properties = Map<String, Value>;
    type Attributes = Map<String, Value>;

    fn schema(&self) -> ResourceSchema {
        let value = PropertySchema::new(ValueType::Any)
            .description("The value: anything, usually an expression.")
            .required()
            .update_allowed();
        let value_type = PropertySchema::new(ValueType::String)
            .description("What the value must be.")
            .constraint(Constraint::allowed(["string", "number", "comma_delimited_list", "json", "boolean"]))
            .update_allowed();
        ResourceSchema {
            type_name: <Self as Resource>::TYPE.to_owned(),
            description:
                "Keeps a value, usually one that is made of parameters and attributes, under a name."
                    .to_owned(),
            support: versioned("7.0.0"),
            properties: [(VALUE.to_owned(), value), (TYPE.to_owned(), value_type)].into_iter().collect(),
            attributes: [(VALUE.to_owned(), AttributeSchema::new(None, "The value."))].into_iter().collect(),
            ..ResourceSchema::default()
        }
    }

    async fn create(&self, cx: &Context<'_, Self>, properties: &PropertyMap) -> Result<Created> {
        let created = Created::new(cx.physical_name(255)).attribute(VALUE, given(properties));
        Ok(created.complete(Observed::<Self>::ready()))
    }

    async fn read(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
        // The last update that was asked for; before the first one the attribute is that of the creation.
        let updated: Map<String, Value> = cx.private()?.unwrap_or_default();
        Ok(Some(Observed::ready().attributes(&updated)?))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        _: &PhysicalId,
        change: &Change<PropertyMap>,
    ) -> Result<()> {
        let value = given(change.new_properties());
        cx.save(&Map::from_iter([(VALUE.to_owned(), value)])).await
    }

    async fn delete(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
        Ok(())
    }

    fn is_local(&self) -> bool {
        true
    }

    fn validate(&self, properties: &PropertyMap) -> Result<()> {
        let value_type = match properties.get(TYPE).and_then(Value::as_str) {
            Some("string") => ValueType::String,
            Some("number") => ValueType::Number,
            Some("comma_delimited_list") => ValueType::List,
            Some("json") => ValueType::Map,
            Some("boolean") => ValueType::Boolean,
            _ => return Ok(()),
        };
        let value = given(properties);
        if value.is_null() {
            return Ok(());
        }
        let coercion = Coercion::strict(&DeferredConstraints);
        let (_, problems) = coercion.value(&PropertySchema::new(value_type), Evaluated::Known(value));
        match problems.into_iter().next() {
            Some(problem) => Err(Failure::invalid(VALUE.to_owned(), problem.message)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Bench, invalid_property};
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn the_value_is_the_attribute_and_follows_an_update() {
        let mut bench = Bench::new(ValueResource, json!({"value": {"a": [1, null]}}));
        bench.create().await.unwrap();
        assert_eq!(bench.attribute("value"), json!({"a": [1, null]}));
        assert_eq!(bench.reference_id(), bench.physical_name());
        bench.update(json!({"value": null})).await.unwrap();
        assert_eq!(bench.attribute("value"), json!(null));
        bench.delete().await.unwrap();
    }

    #[tokio::test]
    async fn the_type_is_checked_and_converts_nothing() {
        for (value_type, good, bad) in [
            ("string", json!("x"), Some(json!(["x"]))),
            ("string", json!(5), None),
            ("number", json!("5"), Some(json!("abc"))),
            ("comma_delimited_list", json!(["a"]), Some(json!("a,b"))),
            ("json", json!({"a": 1}), Some(json!([1]))),
            ("boolean", json!("true"), Some(json!("maybe"))),
        ] {
            let properties = |value: &Value| json!({"value": value, "type": value_type});
            let mut bench = Bench::new(ValueResource, properties(&good));
            bench.validate().unwrap();
            bench.create().await.unwrap();
            assert_eq!(bench.attribute("value"), good);
            if let Some(bad) = bad {
                let failure = Bench::new(ValueResource, properties(&bad)).validate().unwrap_err();
                assert_eq!(invalid_property(&failure), Some("value"), "{value_type}: {failure}");
            }
        }
    }
}
