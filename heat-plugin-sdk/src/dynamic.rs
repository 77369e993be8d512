//! The object-safe twin of [`Resource`]: JSON values in and out, errors as data.

use crate::connection::ConnectorId;
use crate::{
    CallContext, Change, Context, Created, Failure, FindBasis, Finding, Observation, Observed, Operation,
    PhysicalId, Progress, Properties, ReplaceOrder, Resource, Restored, Result, SavedData, Siblings, Signal,
    SignalAnswer, Signals,
};
use async_trait::async_trait;
use heat_template::schema::ResourceSchema;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

/// Properties as JSON: checked, coerced, translated, defaults filled in.
pub type PropertyMap = Map<String, Value>;

/// A resource type as the engine holds it. Every [`Resource`] is one, made by [`erase`]; implement it by hand for types
/// that are data. The functions mean what those of `Resource` mean.
#[async_trait]
pub trait DynResource: Send + Sync {
    /// What a template can see of the type.
    fn schema(&self) -> Arc<ResourceSchema>;

    /// Which connector makes its connections.
    fn connector(&self) -> ConnectorId;

    /// See [`Resource::create`].
    async fn create(&self, cx: &CallContext, properties: &PropertyMap) -> Result<Created>;

    /// See [`Resource::read`].
    async fn read(&self, cx: &CallContext, id: &PhysicalId) -> Result<Option<Observation>>;

    /// See [`Resource::read_many`].
    async fn read_many(&self, calls: &[(&CallContext, &PhysicalId)]) -> Vec<Result<Option<Observation>>>;

    /// See [`Resource::update`].
    async fn update(&self, cx: &CallContext, id: &PhysicalId, change: &Change<PropertyMap>) -> Result<()>;

    /// See [`Resource::delete`].
    async fn delete(&self, cx: &CallContext, id: &PhysicalId) -> Result<()>;

    /// See [`Resource::suspend`].
    async fn suspend(&self, cx: &CallContext, id: &PhysicalId) -> Result<()> {
        let _ = (cx, id);
        Err(Failure::unsupported(format!("{} cannot be suspended", self.schema().type_name)))
    }

    /// See [`Resource::resume`].
    async fn resume(&self, cx: &CallContext, id: &PhysicalId) -> Result<()> {
        let _ = (cx, id);
        Err(Failure::unsupported(format!("{} cannot be resumed", self.schema().type_name)))
    }

    /// See [`Resource::snapshot`].
    async fn snapshot(&self, cx: &CallContext, id: &PhysicalId) -> Result<SavedData> {
        let _ = (cx, id);
        Err(Failure::unsupported(format!("{} has no data that can be saved", self.schema().type_name)))
    }

    /// See [`Resource::snapshot_progress`].
    async fn snapshot_progress(
        &self,
        cx: &CallContext,
        id: &PhysicalId,
        saved: &SavedData,
    ) -> Result<Progress> {
        let _ = (cx, id, saved);
        Ok(Progress::Done)
    }

    /// See [`Resource::remove_snapshot`].
    async fn remove_snapshot(&self, cx: &CallContext, saved: &SavedData) -> Result<Progress> {
        let _ = (cx, saved);
        Ok(Progress::Done)
    }

    /// See [`Resource::restored`].
    fn restored(&self, saved: &SavedData) -> Option<Restored> {
        let _ = saved;
        None
    }

    /// See [`Resource::progress`].
    async fn progress(
        &self,
        cx: &CallContext,
        id: &PhysicalId,
        operation: &Operation<'_, PropertyMap>,
        observed: Option<&Observation>,
    ) -> Result<Progress>;

    /// See [`Resource::is_local`].
    fn is_local(&self) -> bool {
        false
    }

    /// See [`Resource::signals`].
    fn signals(&self) -> Signals {
        Signals::Refused
    }

    /// See [`Resource::waits_for_signals`].
    fn waits_for_signals(&self) -> bool {
        false
    }

    /// See [`Resource::signal`].
    fn signal(&self, signal: &Signal<'_>, properties: &PropertyMap) -> Result<SignalAnswer> {
        let _ = (signal, properties);
        Err(Failure::unsupported("signal is not supported for resource."))
    }

    /// See [`Resource::listens_to`].
    fn listens_to(&self, properties: &PropertyMap) -> Option<String> {
        let _ = properties;
        None
    }

    /// See [`Resource::hear`].
    fn hear(&self, metadata: &Value) -> Map<String, Value> {
        let _ = metadata;
        Map::new()
    }

    /// See [`Resource::find_basis`].
    fn find_basis(&self, properties: &PropertyMap) -> FindBasis;

    /// See [`Resource::find`].
    async fn find(&self, cx: &CallContext, properties: &PropertyMap) -> Result<Finding>;

    /// See [`Resource::settle_time`].
    fn settle_time(&self) -> Duration;

    /// See [`Resource::needs_replace`].
    fn needs_replace(&self, change: &Change<PropertyMap>) -> bool;

    /// See [`Resource::is_replaced_by_every_update`].
    fn is_replaced_by_every_update(&self) -> bool {
        false
    }

    /// See [`Resource::replace_order`].
    fn replace_order(&self, old: &PropertyMap, new: &PropertyMap) -> ReplaceOrder;

    /// See [`Resource::prepare_for_replace`].
    async fn prepare_for_replace(&self, cx: &CallContext, id: &PhysicalId) -> Result<()>;

    /// See [`Resource::restore_after_replace`].
    async fn restore_after_replace(&self, cx: &CallContext, id: &PhysicalId) -> Result<()>;

    /// See [`Resource::reference_id`].
    fn reference_id(&self, cx: &CallContext, id: &PhysicalId) -> String;

    /// See [`Resource::attribute`].
    async fn attribute(&self, cx: &CallContext, id: &PhysicalId, name: &str) -> Result<Value>;

    /// See [`Resource::validate`].
    fn validate(&self, properties: &PropertyMap) -> Result<()>;

    /// See [`Resource::implicit_dependencies`].
    fn implicit_dependencies(&self, siblings: &Siblings<'_>) -> Vec<String>;
}

/// Makes the object-safe twin of a typed resource.
pub fn erase<R: Resource>(resource: R) -> Arc<dyn DynResource> {
    let schema = Arc::new(resource.schema());
    Arc::new(Erased { resource, schema })
}

struct Erased<R> {
    resource: R,
    schema: Arc<ResourceSchema>,
}

impl<R: Resource> Erased<R> {
    fn decode(&self, properties: &PropertyMap) -> Result<R::Properties> {
        R::Properties::decode(properties).map_err(|failure| {
            Failure::new(failure.class().clone(), format!("{}: {failure}", self.schema.type_name))
        })
    }

    fn change(&self, change: &Change<PropertyMap>) -> Result<Change<R::Properties>> {
        let (old, new) = (self.decode(change.old())?, self.decode(change.new_properties())?);
        Ok(Change::new(old, new, change.names().map(str::to_owned)))
    }
}

#[async_trait]
impl<R: Resource> DynResource for Erased<R> {
    fn schema(&self) -> Arc<ResourceSchema> {
        Arc::clone(&self.schema)
    }

    fn connector(&self) -> ConnectorId {
        ConnectorId::of::<R::Connection>()
    }

    async fn create(&self, cx: &CallContext, properties: &PropertyMap) -> Result<Created> {
        let properties = self.decode(properties)?;
        self.resource.create(&Context::new(cx), &properties).await
    }

    async fn read(&self, cx: &CallContext, id: &PhysicalId) -> Result<Option<Observation>> {
        Ok(self.resource.read(&Context::new(cx), id).await?.map(Observed::into_observation))
    }

    async fn read_many(&self, calls: &[(&CallContext, &PhysicalId)]) -> Vec<Result<Option<Observation>>> {
        let calls: Vec<_> = calls.iter().map(|(cx, id)| (Context::new(cx), *id)).collect();
        let answers = self.resource.read_many(&calls).await;
        answers.into_iter().map(|answer| answer.map(|seen| seen.map(Observed::into_observation))).collect()
    }

    async fn update(&self, cx: &CallContext, id: &PhysicalId, change: &Change<PropertyMap>) -> Result<()> {
        let change = self.change(change)?;
        self.resource.update(&Context::new(cx), id, &change).await
    }

    async fn suspend(&self, cx: &CallContext, id: &PhysicalId) -> Result<()> {
        self.resource.suspend(&Context::new(cx), id).await
    }

    async fn resume(&self, cx: &CallContext, id: &PhysicalId) -> Result<()> {
        self.resource.resume(&Context::new(cx), id).await
    }

    async fn snapshot(&self, cx: &CallContext, id: &PhysicalId) -> Result<SavedData> {
        self.resource.snapshot(&Context::new(cx), id).await
    }

    async fn snapshot_progress(
        &self,
        cx: &CallContext,
        id: &PhysicalId,
        saved: &SavedData,
    ) -> Result<Progress> {
        self.resource.snapshot_progress(&Context::new(cx), id, saved).await
    }

    async fn remove_snapshot(&self, cx: &CallContext, saved: &SavedData) -> Result<Progress> {
        self.resource.remove_snapshot(&Context::new(cx), saved).await
    }

    fn restored(&self, saved: &SavedData) -> Option<Restored> {
        self.resource.restored(saved)
    }

    async fn delete(&self, cx: &CallContext, id: &PhysicalId) -> Result<()> {
        self.resource.delete(&Context::new(cx), id).await
    }

    async fn progress(
        &self,
        cx: &CallContext,
        id: &PhysicalId,
        operation: &Operation<'_, PropertyMap>,
        observed: Option<&Observation>,
    ) -> Result<Progress> {
        let observed = observed.cloned().map(Observed::from_observation);
        let cx = Context::new(cx);
        match operation {
            Operation::Create(properties) => {
                let properties = self.decode(properties)?;
                self.resource.progress(&cx, id, &Operation::Create(&properties), observed.as_ref()).await
            }
            Operation::Update(change) => {
                let change = self.change(change)?;
                self.resource.progress(&cx, id, &Operation::Update(&change), observed.as_ref()).await
            }
            Operation::Delete => self.resource.progress(&cx, id, &Operation::Delete, observed.as_ref()).await,
            Operation::Suspend => {
                self.resource.progress(&cx, id, &Operation::Suspend, observed.as_ref()).await
            }
            Operation::Resume => self.resource.progress(&cx, id, &Operation::Resume, observed.as_ref()).await,
        }
    }

    fn is_local(&self) -> bool {
        self.resource.is_local()
    }

    fn signals(&self) -> Signals {
        self.resource.signals()
    }

    fn waits_for_signals(&self) -> bool {
        self.resource.waits_for_signals()
    }

    fn signal(&self, signal: &Signal<'_>, properties: &PropertyMap) -> Result<SignalAnswer> {
        self.resource.signal(signal, &self.decode(properties)?)
    }

    fn listens_to(&self, properties: &PropertyMap) -> Option<String> {
        self.resource.listens_to(&self.decode(properties).ok()?)
    }

    fn hear(&self, metadata: &Value) -> Map<String, Value> {
        self.resource.hear(metadata)
    }

    fn find_basis(&self, properties: &PropertyMap) -> FindBasis {
        self.decode(properties).map_or(FindBasis::None, |properties| self.resource.find_basis(&properties))
    }

    async fn find(&self, cx: &CallContext, properties: &PropertyMap) -> Result<Finding> {
        let properties = self.decode(properties)?;
        self.resource.find(&Context::new(cx), &properties).await
    }

    fn settle_time(&self) -> Duration {
        self.resource.settle_time()
    }

    fn needs_replace(&self, change: &Change<PropertyMap>) -> bool {
        // What was applied once and cannot be read any more can only be replaced.
        self.change(change).map_or(true, |change| self.resource.needs_replace(&change))
    }

    fn is_replaced_by_every_update(&self) -> bool {
        self.resource.is_replaced_by_every_update()
    }

    fn replace_order(&self, old: &PropertyMap, new: &PropertyMap) -> ReplaceOrder {
        match (self.decode(old), self.decode(new)) {
            (Ok(old), Ok(new)) => self.resource.replace_order(&old, &new),
            _ => ReplaceOrder::CreateFirst,
        }
    }

    async fn prepare_for_replace(&self, cx: &CallContext, id: &PhysicalId) -> Result<()> {
        self.resource.prepare_for_replace(&Context::new(cx), id).await
    }

    async fn restore_after_replace(&self, cx: &CallContext, id: &PhysicalId) -> Result<()> {
        self.resource.restore_after_replace(&Context::new(cx), id).await
    }

    fn reference_id(&self, cx: &CallContext, id: &PhysicalId) -> String {
        self.resource.reference_id(&Context::new(cx), id)
    }

    async fn attribute(&self, cx: &CallContext, id: &PhysicalId, name: &str) -> Result<Value> {
        self.resource.attribute(&Context::new(cx), id, name).await
    }

    fn validate(&self, properties: &PropertyMap) -> Result<()> {
        self.resource.validate(&self.decode(properties)?)
    }

    fn implicit_dependencies(&self, siblings: &Siblings<'_>) -> Vec<String> {
        self.resource.implicit_dependencies(siblings)
    }
}
