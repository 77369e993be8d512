//! A store in memory: gone with the process.

use super::{
    Commit, Epoch, EventQuery, ResourceRow, RowWrite, SourceRow, StackQuery, StackRow, Store, StoreError,
    StoredEvent, TraversalRow,
};
use crate::record::{EventSequence, IncarnationId, SourceHash, StackId, TraversalId};
use async_trait::async_trait;
use indexmap::IndexMap;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// A store in memory: for tests, for previews, and for embedders whose stacks die with them.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    /// Stands for the engine that works with this store; its claims end with it.
    engine: Arc<()>,
}

#[derive(Default)]
struct State {
    stacks: HashMap<StackId, Stack>,
    by_name: BTreeMap<(String, String), StackId>,
    by_age: BTreeSet<(Timestamp, StackId)>,
    resource_stacks: HashMap<IncarnationId, StackId>,
    traversals: IndexMap<TraversalId, TraversalRow>,
    sources: HashMap<SourceHash, SharedSource>,
    last_event: u64,
}

struct Stack {
    row: StackRow,
    epoch: Epoch,
    holder: Option<Weak<()>>,
    resources: BTreeMap<u64, ResourceRow>,
    positions: HashMap<IncarnationId, u64>,
    next_position: u64,
    events: Vec<StoredEvent>,
}

#[derive(Default)]
struct SharedSource {
    row: Option<SourceRow>,
    users: usize,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same content as another engine sees it: what this one has claimed it cannot claim while this one is there.
    #[must_use]
    pub fn other_engine(&self) -> Self {
        Self { state: Arc::clone(&self.state), engine: Arc::new(()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A transaction is checked before anything is changed, so what a panicking thread left behind is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn holds(&self, holder: &Option<Weak<()>>) -> bool {
        holder.as_ref().is_some_and(|holder| std::ptr::eq(holder.as_ptr(), Arc::as_ptr(&self.engine)))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("stacks", &self.state().stacks.len()).finish()
    }
}

fn no_such(stack: &StackId) -> StoreError {
    StoreError::NoSuchStack { stack: stack.clone() }
}

fn capped<T>(items: impl Iterator<Item = T>, limit: Option<u32>) -> Vec<T> {
    items.take(limit.map_or(usize::MAX, |limit| limit as usize)).collect()
}

impl State {
    /// Everything that can be wrong with a transaction is found here, before anything is changed.
    fn check(&self, store: &MemoryStore, commit: &Commit) -> Result<(), StoreError> {
        let creates = matches!(commit.writes.first(), Some(RowWrite::CreateStack(_)));
        if !creates {
            let stack = self.stacks.get(&commit.stack).filter(|stack| stack.row.deleted.is_none());
            let stack = stack.ok_or_else(|| no_such(&commit.stack))?;
            if stack.epoch != commit.epoch || !store.holds(&stack.holder) {
                return Err(StoreError::Fenced {
                    stack: commit.stack.clone(),
                    expected: commit.epoch,
                    found: stack.holder.is_some().then_some(stack.epoch),
                });
            }
        }
        commit.check_rows()?;
        for write in &commit.writes {
            if let RowWrite::CreateStack(row) = write {
                if self.by_name.contains_key(&(row.project.clone(), row.name.clone())) {
                    return Err(StoreError::StackExists {
                        name: row.name.clone(),
                        project: row.project.clone(),
                    });
                }
                if self.stacks.contains_key(&row.id) {
                    return Err(StoreError::Refused { reason: format!("stack id {} is taken", row.id) });
                }
            }
            if let RowWrite::PutResource(row) = write
                && self.resource_stacks.get(&row.id).is_some_and(|stack| *stack != row.stack)
            {
                return Err(StoreError::Refused {
                    reason: format!("resource {} belongs to another stack", row.id),
                });
            }
        }
        Ok(())
    }

    fn apply(&mut self, store: &MemoryStore, commit: Commit) -> Vec<EventSequence> {
        let mut numbers = Vec::new();
        for write in commit.writes {
            match write {
                RowWrite::CreateStack(row) => self.create_stack(store, row),
                RowWrite::PutStack(row) => self.put_stack(row),
                RowWrite::RemoveStack(row) => self.remove_stack(row),
                RowWrite::PutResource(row) => self.put_resource(row),
                RowWrite::RemoveResource(id) => self.remove_resource(&commit.stack, &id),
                RowWrite::PutTraversal(row) => {
                    self.traversals.insert(row.id.clone(), row);
                }
                RowWrite::RemoveTraversal(id) => {
                    self.traversals.shift_remove(&id);
                }
                RowWrite::PutSource(row) => self.put_source(row),
                RowWrite::PutEvent(row) => {
                    self.last_event += 1;
                    let sequence = EventSequence(self.last_event);
                    numbers.push(sequence);
                    if let Some(stack) = self.stacks.get_mut(&row.stack) {
                        stack.events.push(StoredEvent { sequence, row });
                    }
                }
            }
        }
        if commit.release
            && let Some(stack) = self.stacks.get_mut(&commit.stack)
        {
            stack.holder = None;
        }
        numbers
    }

    fn create_stack(&mut self, store: &MemoryStore, row: StackRow) {
        self.by_name.insert((row.project.clone(), row.name.clone()), row.id.clone());
        self.by_age.insert((row.created, row.id.clone()));
        self.use_sources(&row.sources);
        let stack = Stack {
            row,
            epoch: Epoch::FIRST,
            holder: Some(Arc::downgrade(&store.engine)),
            resources: BTreeMap::new(),
            positions: HashMap::new(),
            next_position: 0,
            events: Vec::new(),
        };
        self.stacks.insert(stack.row.id.clone(), stack);
    }

    fn put_stack(&mut self, row: StackRow) {
        self.use_sources(&row.sources);
        if let Some(stack) = self.stacks.get_mut(&row.id) {
            let old = std::mem::replace(&mut stack.row, row);
            self.release_sources(&old.sources);
        }
    }

    fn remove_stack(&mut self, row: StackRow) {
        let id = row.id.clone();
        if let Some(stack) = self.stacks.get_mut(&id) {
            stack.holder = None;
            stack.positions.clear();
            let resources = std::mem::take(&mut stack.resources);
            let old = std::mem::replace(&mut stack.row, StackRow { sources: Vec::new(), ..row });
            for resource in resources.values() {
                self.resource_stacks.remove(&resource.id);
            }
            self.by_name.remove(&(old.project, old.name));
            self.release_sources(&old.sources);
        }
        self.traversals.retain(|_, traversal| traversal.stack != id);
    }

    fn put_resource(&mut self, row: ResourceRow) {
        let Some(stack) = self.stacks.get_mut(&row.stack) else { return };
        self.resource_stacks.insert(row.id.clone(), row.stack.clone());
        let next = &mut stack.next_position;
        let position = *stack.positions.entry(row.id.clone()).or_insert_with(|| {
            *next += 1;
            *next
        });
        stack.resources.insert(position, row);
    }

    fn remove_resource(&mut self, stack: &StackId, id: &IncarnationId) {
        let Some(stack) = self.stacks.get_mut(stack) else { return };
        if let Some(position) = stack.positions.remove(id) {
            stack.resources.remove(&position);
            self.resource_stacks.remove(id);
        }
    }

    fn put_source(&mut self, row: SourceRow) {
        let known = &mut self.sources.entry(row.hash.clone()).or_default().row;
        match known {
            // The same text may have been stored in clear before somebody called it secret.
            Some(known) if known.document.sealed.is_some() || row.document.sealed.is_none() => {}
            _ => *known = Some(row),
        }
    }

    fn use_sources(&mut self, hashes: &[SourceHash]) {
        for hash in hashes {
            self.sources.entry(hash.clone()).or_default().users += 1;
        }
    }

    fn release_sources(&mut self, hashes: &[SourceHash]) {
        for hash in hashes {
            if let Some(source) = self.sources.get_mut(hash) {
                source.users = source.users.saturating_sub(1);
                if source.users == 0 {
                    self.sources.remove(hash);
                }
            }
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, commit: Commit) -> Result<Vec<EventSequence>, StoreError> {
        let mut state = self.state();
        state.check(self, &commit)?;
        Ok(state.apply(self, commit))
    }

    async fn claim(&self, stack: &StackId) -> Result<Epoch, StoreError> {
        let mut state = self.state();
        let found = state.stacks.get_mut(stack).filter(|stack| stack.row.deleted.is_none());
        let found = found.ok_or_else(|| no_such(stack))?;
        let alive = found.holder.as_ref().is_some_and(|holder| holder.strong_count() > 0);
        if alive && !self.holds(&found.holder) {
            return Err(StoreError::Claimed {
                stack: stack.clone(),
                holder: "an engine in this process".to_owned(),
            });
        }
        found.epoch = Epoch(found.epoch.0 + 1);
        found.holder = Some(Arc::downgrade(&self.engine));
        Ok(found.epoch)
    }

    async fn release(&self, stack: &StackId, epoch: Epoch) -> Result<(), StoreError> {
        let mut state = self.state();
        if let Some(found) = state.stacks.get_mut(stack)
            && found.epoch == epoch
            && self.holds(&found.holder)
        {
            found.holder = None;
        }
        Ok(())
    }

    async fn stack(&self, id: &StackId) -> Result<Option<StackRow>, StoreError> {
        Ok(self.state().stacks.get(id).map(|stack| stack.row.clone()))
    }

    async fn stack_named(&self, project: &str, name: &str) -> Result<Option<StackRow>, StoreError> {
        let state = self.state();
        let id = state.by_name.get(&(project.to_owned(), name.to_owned()));
        Ok(id.and_then(|id| state.stacks.get(id)).map(|stack| stack.row.clone()))
    }

    async fn stacks(&self, query: &StackQuery) -> Result<Vec<StackRow>, StoreError> {
        let state = self.state();
        let rows = |id: &StackId| {
            let row = &state.stacks.get(id)?.row;
            let nested = match (&query.root, &row.root) {
                (Some(wanted), found) => found.as_ref() == Some(wanted),
                (None, found) => query.nested || found.is_none(),
            };
            let wanted = nested
                && query.project.as_ref().is_none_or(|project| *project == row.project)
                && (query.deleted || row.deleted.is_none());
            wanted.then(|| row.clone())
        };
        let all = match &query.after {
            None => state.by_age.range(..),
            Some(after) => {
                let marker = state.stacks.get(after).ok_or_else(|| no_such(after))?;
                state.by_age.range(..(marker.row.created, after.clone()))
            }
        };
        Ok(capped(all.rev().filter_map(|(_, id)| rows(id)), query.limit))
    }

    async fn resources(&self, stack: &StackId) -> Result<Vec<ResourceRow>, StoreError> {
        let state = self.state();
        Ok(state
            .stacks
            .get(stack)
            .map(|stack| stack.resources.values().cloned().collect())
            .unwrap_or_default())
    }

    async fn resource(&self, id: &IncarnationId) -> Result<Option<ResourceRow>, StoreError> {
        let state = self.state();
        let stack = state.resource_stacks.get(id).and_then(|stack| state.stacks.get(stack));
        Ok(stack.and_then(|stack| stack.resources.get(stack.positions.get(id)?)).cloned())
    }

    async fn traversal(&self, id: &TraversalId) -> Result<Option<TraversalRow>, StoreError> {
        Ok(self.state().traversals.get(id).cloned())
    }

    async fn traversals(&self) -> Result<Vec<TraversalRow>, StoreError> {
        Ok(self.state().traversals.values().cloned().collect())
    }

    async fn source(&self, hash: &SourceHash) -> Result<Option<SourceRow>, StoreError> {
        Ok(self.state().sources.get(hash).and_then(|source| source.row.clone()))
    }

    async fn events(&self, stack: &StackId, query: &EventQuery) -> Result<Vec<StoredEvent>, StoreError> {
        let state = self.state();
        let after = query.after.unwrap_or_default();
        let events = |stack: &'_ Stack| -> Vec<StoredEvent> {
            let from = stack.events.partition_point(|event| event.sequence <= after);
            let of_resource =
                |event: &&StoredEvent| query.resource.as_ref().is_none_or(|name| *name == event.row.resource);
            stack.events[from..].iter().filter(of_resource).cloned().collect()
        };
        let mut found = state.stacks.get(stack).map(events).unwrap_or_default();
        if query.nested {
            let inside = state.stacks.values().filter(|other| other.row.root.as_ref() == Some(stack));
            found.extend(inside.flat_map(events));
            found.sort_by_key(|event| event.sequence);
        }
        Ok(capped(found.into_iter(), query.limit))
    }

    async fn physical_ids(&self, project: &str) -> Result<Vec<String>, StoreError> {
        let state = self.state();
        let stacks = state.stacks.values().filter(|stack| stack.row.project == project);
        let resources = stacks.flat_map(|stack| stack.resources.values());
        Ok(resources.flat_map(|resource| resource.physical_ids.iter().cloned()).collect())
    }

    async fn prune(&self, deleted_before: Timestamp, events_per_stack: u32) -> Result<u64, StoreError> {
        let mut state = self.state();
        let state = &mut *state;
        let mut gone = 0;
        state.stacks.retain(|id, stack| {
            let over = stack.row.deleted.is_some_and(|deleted| deleted < deleted_before);
            if over {
                gone += 1 + stack.events.len() as u64;
                state.by_age.remove(&(stack.row.created, id.clone()));
            } else {
                let surplus = stack.events.len().saturating_sub(events_per_stack as usize);
                stack.events.drain(..surplus);
                gone += surplus as u64;
            }
            !over
        });
        Ok(gone)
    }
}
