//! Typed records in clear on one side, sealed rows on the other.

use super::form::{EventForm, ResourceForm, StackForm, TraversalForm};
use super::vault::{self, RowName};
use super::{
    Batch, Claim, Commit, Document, EventQuery, EventRow, ResourceRow, Retention, RowWrite, Source,
    SourceRow, StackQuery, StackRow, Store, StoreError, StoredEvent, TraversalRow, Write, secrets,
};
use crate::record::{
    Desired, Event, EventSequence, IncarnationId, ResourceRecord, Resources, SourceHash, StackId,
    StackRecord, TraversalId, TraversalRecord,
};
use crate::seal::Sealing;
use heat_plugin_sdk::schema::ResourceTypes;
use heat_plugin_sdk::{Credentials, PhysicalId};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The record of an engine: what it writes and reads, in clear. Cheap to clone.
#[derive(Clone)]
pub struct Records {
    store: Arc<dyn Store>,
    pub(super) sealing: Arc<Sealing>,
    pub(super) types: Arc<dyn ResourceTypes + Send + Sync>,
}

impl Records {
    /// Records in a store. The resource types say which properties and attributes are secret; of a type that they do
    /// not know all properties and attributes are sealed.
    pub fn new(store: Arc<dyn Store>, sealing: Sealing, types: Arc<dyn ResourceTypes + Send + Sync>) -> Self {
        Self { store, sealing: Arc::new(sealing), types }
    }

    /// The store behind it.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Writes a transaction: all of it is durable when this returns, or none of it counts. Gives the numbers of its
    /// events, in order.
    ///
    /// # Errors
    /// See [`Store::commit`]; `Seal`.
    pub async fn commit(&self, batch: Batch) -> Result<Vec<EventSequence>, StoreError> {
        let Batch { claim, writes, release } = batch;
        let writes = writes.into_iter().map(|write| self.row_write(write)).collect::<Result<_, _>>()?;
        self.store.commit(Commit { stack: claim.stack, epoch: claim.epoch, writes, release }).await
    }

    /// Takes the right to write to a stack. Every earlier claim is fenced off from then on, this engine's own too.
    ///
    /// # Errors
    /// See [`Store::claim`].
    pub async fn claim(&self, stack: &StackId) -> Result<Claim, StoreError> {
        let epoch = self.store.claim(stack).await?;
        Ok(Claim { stack: stack.clone(), epoch })
    }

    /// Gives a claim back without writing anything.
    ///
    /// # Errors
    /// The store fails.
    pub async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        self.store.release(&claim.stack, claim.epoch).await
    }

    /// A stack or a tombstone.
    ///
    /// # Errors
    /// The store fails, or what is stored cannot be opened; the same for all that reads.
    pub async fn stack(&self, id: &StackId) -> Result<Option<StackRecord>, StoreError> {
        self.store.stack(id).await?.map(|row| self.open_stack(row)).transpose()
    }

    /// The living stack with this name.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn stack_named(&self, project: &str, name: &str) -> Result<Option<StackRecord>, StoreError> {
        self.store.stack_named(project, name).await?.map(|row| self.open_stack(row)).transpose()
    }

    /// Stacks, newest first.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn stacks(&self, query: &StackQuery) -> Result<Vec<StackRecord>, StoreError> {
        self.store.stacks(query).await?.into_iter().map(|row| self.open_stack(row)).collect()
    }

    /// All incarnations of a stack's resources, in the order in which they were first written.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn resources(&self, stack: &StackId) -> Result<Resources, StoreError> {
        let rows = self.store.resources(stack).await?;
        rows.into_iter()
            .map(|row| self.open_resource(row).map(|record| (record.id.clone(), Arc::new(record))))
            .collect()
    }

    /// One incarnation.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn resource(&self, id: &IncarnationId) -> Result<Option<ResourceRecord>, StoreError> {
        self.store.resource(id).await?.map(|row| self.open_resource(row)).transpose()
    }

    /// One traversal.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn traversal(&self, id: &TraversalId) -> Result<Option<TraversalRecord>, StoreError> {
        self.store.traversal(id).await?.map(|row| self.open_traversal(row)).transpose()
    }

    /// All traversals that are not over, in the order in which they were begun.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn unfinished(&self) -> Result<Vec<TraversalRecord>, StoreError> {
        self.store.traversals().await?.into_iter().map(|row| self.open_traversal(row)).collect()
    }

    /// The traversal of work that was [taken](super::SharedStore::take).
    pub(crate) fn open_work(&self, row: TraversalRow) -> Result<TraversalRecord, StoreError> {
        self.open_traversal(row)
    }

    /// Whether this engine may act on what it has claimed: on a store that is shared only as long as its lease runs.
    pub(crate) fn lease_runs(&self) -> bool {
        self.store.shared().is_none_or(super::SharedStore::lease_runs)
    }

    /// The text of a template, an environment or a file.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn source(&self, hash: &SourceHash) -> Result<Option<String>, StoreError> {
        let Some(row) = self.store.source(hash).await? else { return Ok(None) };
        vault::open_text(&self.sealing, source_name(&row.hash), row.document).map(Some)
    }

    /// Events of a stack with their numbers, oldest first.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn events(
        &self,
        stack: &StackId,
        query: &EventQuery,
    ) -> Result<Vec<(EventSequence, Event)>, StoreError> {
        let stored = self.store.events(stack, query).await?;
        stored.into_iter().map(|event| self.open_event(event)).collect()
    }

    /// All ids of real things that the stacks of a project hold: what a name-based `find` leaves out.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub async fn physical_ids(&self, project: &str) -> Result<BTreeSet<PhysicalId>, StoreError> {
        Ok(self.store.physical_ids(project).await?.into_iter().map(PhysicalId::new).collect())
    }

    /// Removes what is over for longer than retention says. Gives how many rows went.
    ///
    /// # Errors
    /// The store fails.
    pub async fn prune(&self, retention: &Retention, now: Timestamp) -> Result<u64, StoreError> {
        self.store.prune(retention.deleted_before(now), retention.events_per_stack).await
    }

    fn row_write(&self, write: Write) -> Result<RowWrite, StoreError> {
        Ok(match write {
            Write::CreateStack(record) => RowWrite::CreateStack(self.close_stack(&record)?),
            Write::Stack(record) => RowWrite::PutStack(self.close_stack(&record)?),
            Write::RemoveStack(record) => RowWrite::RemoveStack(self.close_stack(&tombstone(record))?),
            Write::Resource(record) => RowWrite::PutResource(self.close_resource(&record)?),
            Write::RemoveResource(id) => RowWrite::RemoveResource(id),
            Write::Traversal(record) => RowWrite::PutTraversal(self.close_traversal(&record)?),
            Write::RemoveTraversal(id) => RowWrite::RemoveTraversal(id),
            Write::Source(source) => RowWrite::PutSource(self.close_source(source)?),
            Write::Event(event) => RowWrite::PutEvent(self.close_event(event)?),
        })
    }

    fn close_stack(&self, record: &StackRecord) -> Result<StackRow, StoreError> {
        let document = vault::close(
            &self.sealing,
            stack_name(&record.id),
            &StackForm::from(record),
            secrets::of_stack(record),
        )?;
        let sources: BTreeSet<&SourceHash> = std::iter::once(&record.desired)
            .chain(&record.last_complete)
            .chain(record.snapshots.iter().map(|snapshot| &snapshot.desired))
            .flat_map(|desired| {
                desired.template.iter().chain(&desired.environment).chain(desired.files.values())
            })
            .collect();
        Ok(StackRow {
            id: record.id.clone(),
            name: record.name.clone(),
            project: record.project.clone(),
            created: record.created,
            deleted: record.deleted,
            root: record.owner.as_ref().map(|owner| owner.root.clone()),
            waits: record.paused.is_some(),
            sources: sources.into_iter().cloned().collect(),
            document,
        })
    }

    fn open_stack(&self, row: StackRow) -> Result<StackRecord, StoreError> {
        let form: StackForm<'static> = vault::open(&self.sealing, stack_name(&row.id), &row.document)?;
        Ok(form.into_record(row.id))
    }

    fn close_resource(&self, record: &ResourceRecord) -> Result<ResourceRow, StoreError> {
        let template = record.nested.as_ref().is_some_and(|nested| nested.template);
        let schema = if template { None } else { self.types.resource_type(&record.type_name) };
        let document = vault::close(
            &self.sealing,
            resource_name(&record.stack, &record.id),
            &ResourceForm::from(record),
            secrets::of_resource(record, schema.as_deref()),
        )?;
        let owned = record.owned.values().filter_map(|object| object.id.as_ref());
        Ok(ResourceRow {
            id: record.id.clone(),
            stack: record.stack.clone(),
            name: record.name.clone(),
            physical_ids: record.physical_id.iter().chain(owned).map(|id| id.as_str().to_owned()).collect(),
            document,
        })
    }

    fn open_resource(&self, row: ResourceRow) -> Result<ResourceRecord, StoreError> {
        let form: ResourceForm<'static> =
            vault::open(&self.sealing, resource_name(&row.stack, &row.id), &row.document)?;
        Ok(form.into_record(row.id, row.stack))
    }

    fn close_traversal(&self, record: &TraversalRecord) -> Result<TraversalRow, StoreError> {
        // A plan holds names and reasons, never a value.
        let name = traversal_name(&record.stack, &record.id);
        let document = vault::close(&self.sealing, name, &TraversalForm::from(record), Vec::new())?;
        Ok(TraversalRow { id: record.id.clone(), stack: record.stack.clone(), document })
    }

    fn open_traversal(&self, row: TraversalRow) -> Result<TraversalRecord, StoreError> {
        let form: TraversalForm<'static> =
            vault::open(&self.sealing, traversal_name(&row.stack, &row.id), &row.document)?;
        Ok(form.into_record(row.id, row.stack))
    }

    fn close_source(&self, source: Source) -> Result<SourceRow, StoreError> {
        let hash = source.hash();
        let document = vault::close_text(&self.sealing, source_name(&hash), source.text, source.secret)?;
        Ok(SourceRow { hash, document })
    }

    fn close_event(&self, event: Event) -> Result<EventRow, StoreError> {
        let name = RowName { stack: event.stack.as_str(), record: "event", row: &event.id };
        let document = vault::close(&self.sealing, name, &EventForm::from(&event), Vec::new())?;
        Ok(EventRow { stack: event.stack, resource: event.resource, document: document.clear })
    }

    fn open_event(&self, stored: StoredEvent) -> Result<(EventSequence, Event), StoreError> {
        let StoredEvent { sequence, row } = stored;
        let number = sequence.0.to_string();
        let name = RowName { stack: row.stack.as_str(), record: "event", row: &number };
        let document = Document { clear: row.document, sealed: None };
        let form: EventForm<'static> = vault::open(&self.sealing, name, &document)?;
        Ok((sequence, form.into_record(row.stack, row.resource)))
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("sealing", &self.sealing).finish_non_exhaustive()
    }
}

/// What stays of a deleted stack: enough to show that it was there and how it went.
fn tombstone(record: StackRecord) -> StackRecord {
    StackRecord {
        deleted: record.deleted.or(record.updated).or(Some(record.created)),
        credentials: Credentials::none(),
        desired: Desired::default(),
        last_complete: None,
        traversal: None,
        paused: None,
        snapshots: Vec::new(),
        pending: BTreeSet::new(),
        moved: BTreeMap::new(),
        ..record
    }
}

fn stack_name(id: &StackId) -> RowName<'_> {
    RowName { stack: id.as_str(), record: "stack", row: id.as_str() }
}

fn resource_name<'a>(stack: &'a StackId, id: &'a IncarnationId) -> RowName<'a> {
    RowName { stack: stack.as_str(), record: "resource", row: id.as_str() }
}

fn traversal_name<'a>(stack: &'a StackId, id: &'a TraversalId) -> RowName<'a> {
    RowName { stack: stack.as_str(), record: "traversal", row: id.as_str() }
}

/// Several stacks share a source, so its place names none.
fn source_name(hash: &SourceHash) -> RowName<'_> {
    RowName { stack: "", record: "source", row: hash.as_str() }
}
