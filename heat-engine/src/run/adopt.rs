//! Adopting a thing by Heat's data: it is looked at, and belongs to the stack from then on.

use super::work::{Break, Ended, Facts, Work};
use crate::record::{Action, Status};
use crate::store::StoreError;
use heat_plugin_sdk::{Failure, OwnedObject, PhysicalId, PropertyMap};
use heat_template::schema::AttributeMode;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Under which key of `resource_data` lies what Heat does not know: the objects beside the thing, and what the plugin keeps.
pub(crate) const OWN_DATA: &str = "heat_engine_record";

impl Work {
    /// Takes the thing for the stack's own. Before it was seen that it is there and in order nothing is known of it, so that
    /// nobody removes it. Returns when the outcome is recorded.
    pub(crate) async fn take_on(
        &self,
        id: PhysicalId,
        properties: PropertyMap,
        facts: Facts,
    ) -> Result<Ended, StoreError> {
        let result = async {
            self.check()?;
            self.write_states(&[(Action::Adopt, Status::InProgress)], |record| facts.put(record)).await?;
            self.drive_take_on(id, properties).await
        }
        .await;
        self.ended(Action::Adopt, result).await
    }

    async fn drive_take_on(&self, id: PhysicalId, properties: PropertyMap) -> Result<Ended, Break> {
        if id.as_str().is_empty() {
            return Err(Break::Failed(Failure::failed("Resource ID was not provided.")));
        }
        let data = self.record().await.adopts.clone().unwrap_or_default();
        let known = data.get("resource_data").and_then(Value::as_object).cloned().unwrap_or_default();
        let schema = self.resource.schema();
        // What a thing tells once, when it is made, is known by the data alone.
        let told: Map<String, Value> = known
            .iter()
            .filter(|(name, _)| {
                let attribute = schema.attributes.get(*name);
                attribute.is_some_and(|attribute| attribute.mode == AttributeMode::AtCreation)
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let own: Map<String, Value> = known
            .get(OWN_DATA)
            .and_then(Value::as_str)
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let observed = if self.resource.is_local() {
            // It is nothing but its record: that is made anew, under the id that it had.
            let made = self.make_local(&properties).await?;
            let mut attributes = made.attributes;
            attributes.extend(told);
            self.remember(|record| record.attributes = attributes).await;
            made.observation
        } else {
            self.remember(|record| record.attributes = told).await;
            Some(self.seen_in_order(&id).await?)
        };
        let private = own.get("private").filter(|private| !private.is_null()).cloned();
        self.remember(|record| record.private = private).await;
        let (attributes, reference_id) = self.gather(&id, observed.as_ref()).await?;
        let owned: BTreeMap<String, OwnedObject> =
            own.get("owned").and_then(|owned| serde_json::from_value(owned.clone()).ok()).unwrap_or_default();
        let metadata = data.get("metadata").filter(|metadata| !metadata.is_null()).cloned();
        self.write(Some((Action::Adopt, Status::Complete, "state changed")), |record| {
            record.physical_id = Some(id);
            record.properties = Some(properties);
            record.attributes = attributes;
            record.reference_id = Some(reference_id);
            record.owned = owned;
            record.adopts = None;
            if let Some(metadata) = metadata.filter(|_| record.metadata.is_null()) {
                record.metadata = metadata;
            }
        })
        .await?;
        Ok(Ended::Done)
    }

    async fn make_local(&self, properties: &PropertyMap) -> Result<heat_plugin_sdk::Created, Break> {
        let mut attempt = 0;
        loop {
            let answer = match self.seat().await {
                Ok(seat) => {
                    let cx = self.context(&seat, BTreeSet::new()).await;
                    self.call(self.resource.create(&cx, properties)).await?
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(made) => return Ok(made),
                Err(failure) => {
                    self.retry(failure, None, &mut attempt).await?;
                }
            }
        }
    }
}
