//! A resource on the bench: its record in memory, a clock that stands still until somebody moves it.

use async_trait::async_trait;
use heat_plugin_sdk::schema::coerce_properties;
use heat_plugin_sdk::{
    CallContext, Change, Connection, Credentials, DynResource, Failure, FailureClass, Journal, Observation,
    Operation, OperationKey, PhysicalId, Progress, PropertyMap, Resource, ResourceIdentity, Result,
    StackIdentity, erase,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// The property that a failure blames.
pub(super) fn invalid_property(failure: &Failure) -> Option<&str> {
    match failure.class() {
        FailureClass::Invalid { property } => property.as_deref(),
        _ => None,
    }
}

#[derive(Default)]
struct Private(Mutex<Option<Value>>);

#[async_trait]
impl Journal for Private {
    async fn save_private(&self, data: Value) -> Result<()> {
        *self.0.lock().unwrap() = Some(data);
        Ok(())
    }

    async fn record_id(&self, _: &PhysicalId) -> Result<()> {
        Ok(())
    }

    async fn owned_intent(&self, _: &str, _: &OperationKey) -> Result<()> {
        Ok(())
    }

    async fn owned_id(&self, _: &str, _: Option<&PhysicalId>) -> Result<()> {
        Ok(())
    }
}

/// A resource and all that an engine would know of it.
pub(super) struct Bench {
    resource: Arc<dyn DynResource>,
    properties: PropertyMap,
    applied: Option<PropertyMap>,
    attributes: Map<String, Value>,
    private: Arc<Private>,
    id: Option<PhysicalId>,
    now: Timestamp,
    key: String,
    incarnation: String,
}

impl Bench {
    /// A resource that nothing was done for yet, with these properties.
    pub(super) fn new<R: Resource>(resource: R, properties: Value) -> Self {
        let resource = erase(resource);
        Self {
            properties: coerced(&*resource, properties),
            resource,
            applied: None,
            attributes: Map::new(),
            private: Arc::default(),
            id: None,
            now: Timestamp::UNIX_EPOCH,
            key: uuid::Uuid::new_v4().simple().to_string(),
            incarnation: uuid::Uuid::new_v4().to_string(),
        }
    }

    /// Moves the clock.
    pub(super) fn pass(&mut self, seconds: f64) {
        self.now += SignedDuration::from_secs_f64(seconds);
    }

    fn cx(&self) -> CallContext {
        let mut seed = [0; 32];
        seed.copy_from_slice(self.key.as_bytes());
        CallContext {
            stack: StackIdentity { id: "i".into(), name: "stack".into(), project: "p".into() },
            resource: ResourceIdentity {
                name: "thing".into(),
                id: self.incarnation.clone(),
                short_id: "abcdefghijkl".into(),
            },
            key: OperationKey::new(self.key.clone()),
            attempt: 0,
            now: self.now,
            seed,
            credentials: Credentials::none(),
            connection: Connection::new(()),
            applied: self.applied.clone(),
            attributes: self.attributes.clone(),
            private: self.private.0.lock().unwrap().clone(),
            owned: BTreeMap::new(),
            excluded: BTreeSet::new(),
            journal: Arc::clone(&self.private) as Arc<dyn Journal>,
            configurations: Arc::new(BTreeMap::new()),
            signalled: Arc::new(BTreeMap::new()),
        }
    }

    fn next_operation(&mut self) {
        self.key = uuid::Uuid::new_v4().simple().to_string();
    }

    pub(super) fn physical_name(&self) -> String {
        "stack-thing-abcdefghijkl".to_owned()
    }

    pub(super) fn validate(&self) -> Result<()> {
        self.resource.validate(&self.properties)
    }

    pub(super) fn needs_replace(&self, properties: Value) -> bool {
        self.resource.needs_replace(&self.change(properties))
    }

    /// Asks for the creation, and again as after a lost answer if it was asked for already.
    pub(super) async fn begin_create(&mut self) -> Result<bool> {
        let created = self.resource.create(&self.cx(), &self.properties).await?;
        self.id = Some(created.id);
        self.attributes.extend(created.attributes);
        Ok(created.complete)
    }

    pub(super) async fn create_progress(&self) -> Result<Progress> {
        let id = self.id.clone().unwrap();
        self.resource.progress(&self.cx(), &id, &Operation::Create(&self.properties), None).await
    }

    /// Waits for the creation; gives the seconds that passed.
    pub(super) async fn follow_create(&mut self) -> Result<f64> {
        let properties = self.properties.clone();
        let seconds = self.follow(&Operation::Create(&properties)).await?;
        self.applied = Some(properties);
        Ok(seconds)
    }

    /// Creates it; gives the seconds that passed.
    pub(super) async fn create(&mut self) -> Result<f64> {
        if self.begin_create().await? {
            self.applied = Some(self.properties.clone());
            return Ok(0.0);
        }
        self.follow_create().await
    }

    fn change(&self, properties: Value) -> Change<PropertyMap> {
        let new = coerced(&*self.resource, properties);
        let old = self.applied.clone().unwrap_or_else(|| self.properties.clone());
        let names: BTreeSet<String> = old.keys().chain(new.keys()).cloned().collect();
        let changed: Vec<_> = names.into_iter().filter(|name| old.get(name) != new.get(name)).collect();
        Change::new(old, new, changed)
    }

    /// Updates it; gives the seconds that passed.
    pub(super) async fn update(&mut self, properties: Value) -> Result<f64> {
        self.next_operation();
        let change = self.change(properties);
        let id = self.id.clone().unwrap();
        self.resource.update(&self.cx(), &id, &change).await?;
        let seconds = self.follow(&Operation::Update(&change)).await?;
        self.applied = Some(change.new_properties().clone());
        Ok(seconds)
    }

    /// Deletes it, twice as after a lost answer; gives the seconds that passed.
    pub(super) async fn delete(&mut self) -> Result<f64> {
        self.next_operation();
        let id = self.id.clone().unwrap();
        self.resource.delete(&self.cx(), &id).await?;
        self.resource.delete(&self.cx(), &id).await?;
        self.follow(&Operation::Delete).await
    }

    async fn follow(&mut self, operation: &Operation<'_, PropertyMap>) -> Result<f64> {
        let (id, begun) = (self.id.clone().unwrap(), self.now);
        loop {
            let seen: Option<Observation> = self.resource.read(&self.cx(), &id).await?;
            match self.resource.progress(&self.cx(), &id, operation, seen.as_ref()).await? {
                Progress::Done => {
                    self.attributes.extend(seen.unwrap().attributes);
                    return Ok((self.now - begun).total(jiff::Unit::Second).unwrap());
                }
                Progress::Wait { after, .. } | Progress::Await { after, .. } => {
                    self.now += SignedDuration::try_from(after.unwrap()).unwrap()
                }
                Progress::Failed(failure) => return Err(failure),
            }
        }
    }

    /// An attribute as recorded.
    pub(super) fn attribute(&self, name: &str) -> Value {
        self.attributes[name].clone()
    }

    /// An attribute that is asked for.
    pub(super) async fn on_demand(&self, name: &str) -> Result<Value> {
        self.resource.attribute(&self.cx(), self.id.as_ref().unwrap(), name).await
    }

    pub(super) fn reference_id(&self) -> String {
        self.resource.reference_id(&self.cx(), self.id.as_ref().unwrap())
    }
}

/// Properties as the language gives them: coerced, with defaults.
fn coerced(resource: &dyn DynResource, properties: Value) -> PropertyMap {
    let schema = resource.schema();
    let given = properties.as_object().cloned().unwrap();
    if schema.open_properties { given } else { coerce_properties(&schema.properties, given).unwrap() }
}
