//! `OS::Heat::None`: takes the place of any other type and does nothing.

use heat_plugin_sdk::schema::{ResourceSchema, Support};
use heat_plugin_sdk::{Change, Context, Created, Observed, PhysicalId, PropertyMap, Resource, Result};
use serde_json::{Map, Value};

/// Accepts any property, gives null for any attribute, does nothing. A resource registry maps a type to it to leave such
/// resources out.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoneResource;

impl Resource for NoneResource {
    const TYPE: &'static str = "OS::Heat::None";
    type Connection = ();
    type Properties = Map<String, Value>;
    type Attributes = Map<String, Value>;

    fn schema(&self) -> ResourceSchema {
        ResourceSchema {
            type_name: Self::TYPE.to_owned(),
            description: "Accepts any property, gives null for any attribute, does nothing.".to_owned(),
            support: Support { version: Some("5.0.0".to_owned()), ..Support::default() },
            open_properties: true,
            open_attributes: true,
            ..ResourceSchema::default()
        }
    }

    async fn create(&self, cx: &Context<'_, Self>, _: &PropertyMap) -> Result<Created> {
        // A UUID, as in Heat; the same one for every attempt.
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&cx.seed()[..16]);
        let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
        Ok(Created::new(id.to_string()).complete(Observed::<Self>::ready()))
    }

    async fn read(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
        Ok(Some(Observed::ready()))
    }

    async fn update(&self, _: &Context<'_, Self>, _: &PhysicalId, _: &Change<PropertyMap>) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
        Ok(())
    }

    fn is_local(&self) -> bool {
        true
    }

    async fn attribute(&self, _: &Context<'_, Self>, _: &PhysicalId, _: &str) -> Result<Value> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn anything_goes_and_nothing_happens() {
        let mut bench = Bench::new(NoneResource, json!({"flavor": "m1", "nonsense": [{"a": 1}]}));
        bench.validate().unwrap();
        bench.create().await.unwrap();
        assert!(uuid::Uuid::parse_str(&bench.reference_id()).is_ok());
        assert_eq!(bench.on_demand("first_address").await.unwrap(), json!(null));
        bench.update(json!({"flavor": "m2"})).await.unwrap();
        bench.delete().await.unwrap();
    }
}
