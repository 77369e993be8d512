//! A handle of one stack.

use super::Deletion;
use super::change::{Foreseen, Planned, Prepared, foresee};
use super::driver::recorded_goal;
use super::preview::UpdatePreview;
use super::request::{Content, Update};
use super::required_by::RequiredBy;
use super::view::{OutputView, ResourceView, StackView};
use super::{Engine, EngineError, events, store_content};
use crate::plan::Plan;
use crate::record::{Action, Event, EventSequence, OnFailure, StackId, StackRecord};
use crate::run::{Current, Goal, availability_zones};
use crate::store::{EventQuery, StoreError};
use futures_util::Stream;
use heat_plugin_sdk::Credentials;
use indexmap::IndexMap;
use serde_json::Value;
use std::time::Duration;

/// One stack of an engine. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stack {
    pub(super) engine: Engine,
    pub(super) id: StackId,
}

impl Stack {
    pub(super) fn new(engine: Engine, id: StackId) -> Self {
        Self { engine, id }
    }

    /// UUID of the stack.
    pub fn id(&self) -> &StackId {
        &self.id
    }

    pub(super) async fn record(&self) -> Result<StackRecord, EngineError> {
        self.engine
            .core()
            .records
            .stack(&self.id)
            .await?
            .ok_or_else(|| EngineError::NoSuchStack { name: self.id.0.clone(), project: String::new() })
    }

    /// Name, status, parameters, outputs and the rest of what Heat shows.
    ///
    /// # Errors
    /// The stack is not in the store any more, or the store cannot be read.
    pub async fn show(&self) -> Result<StackView, EngineError> {
        let record = self.record().await?;
        let mut view = StackView::brief(&record);
        if record.deleted.is_none() {
            let (goal, current) = self.goal(&record).await?;
            view.complete(&goal, &current);
        }
        Ok(view)
    }

    pub(super) async fn goal(&self, record: &StackRecord) -> Result<(Goal, Current), EngineError> {
        let core = self.engine.core();
        let goal = match record.desired.template {
            Some(_) => recorded_goal(core, record, &record.desired).await?,
            None => Goal::nothing(core),
        };
        Ok((goal, Current::new(core.records.resources(&self.id).await?)))
    }

    /// The plan that is being run; `None` while nothing is done to the stack.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn plan(&self) -> Result<Option<Plan>, EngineError> {
        let Some(traversal) = self.record().await?.traversal else { return Ok(None) };
        Ok(self.engine.core().records.traversal(&traversal).await?.map(|traversal| traversal.plan))
    }

    /// Goes on with what was left unfinished. Nothing happens where nothing was, or where another engine is alive and
    /// works on the stack. An engine does this by itself for all stacks when it is built, unless it was built
    /// [`without_resuming`](super::EngineBuilder::without_resuming).
    ///
    /// A stack that waits for credentials ([`EngineError::Paused`]) goes on when what stands behind their name is
    /// accepted again.
    ///
    /// # Errors
    /// What is recorded cannot be read.
    pub async fn go_on(&self) -> Result<(), EngineError> {
        self.pick_up(None).await
    }

    /// As [`go_on`](Self::go_on), with other credentials from now on: for a stack whose credentials ran out or were
    /// taken back in mid-flight.
    ///
    /// # Errors
    /// As [`go_on`](Self::go_on).
    pub async fn go_on_as(&self, owner: Credentials) -> Result<(), EngineError> {
        self.pick_up(Some(owner)).await
    }

    /// The stack goes on with what it was doing before a request that is refused; one that waits goes on waiting.
    pub(super) async fn proceed(&self, stack: &StackRecord) -> Result<(), EngineError> {
        let (Some(traversal), None) = (&stack.traversal, &stack.paused) else { return Ok(()) };
        match self.engine.core().records.traversal(traversal).await? {
            Some(record) => self.engine.go_on(record, None).await,
            None => Ok(()),
        }
    }

    async fn pick_up(&self, owner: Option<Credentials>) -> Result<(), EngineError> {
        let _turn = self.engine.0.turn(&self.id).await?;
        if owner.is_some() {
            self.engine.0.driver.interrupt(&self.id).await;
        }
        let Some(traversal) = self.record().await?.traversal else { return Ok(()) };
        match self.engine.core().records.traversal(&traversal).await? {
            Some(record) => self.engine.go_on(record, owner).await,
            None => Ok(()),
        }
    }

    /// All resources, in the order of their creation; of a resource that is being replaced the one that stands for the
    /// name.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn resources(&self) -> Result<Vec<ResourceView>, EngineError> {
        let record = self.record().await?;
        let (goal, current) = self.goal(&record).await?;
        let required_by = RequiredBy::new(&goal, &current);
        Ok(current
            .standing_records()
            .map(|resource| ResourceView::new(&record, resource, &goal, &required_by))
            .collect())
    }

    /// All resources, and those of the nested stacks inside, so many stacks deep: with 0 as
    /// [`resources`](Self::resources). Those of a nested stack come behind the resource that it is.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn nested_resources(&self, depth: usize) -> Result<Vec<ResourceView>, EngineError> {
        let mut found = Vec::new();
        // What is still to be listed, the next one last.
        let mut rest: Vec<(ResourceView, usize)> =
            self.resources().await?.into_iter().rev().map(|view| (view, depth)).collect();
        while let Some((view, depth)) = rest.pop() {
            if let (Some(id), Some(depth)) = (&view.nested, depth.checked_sub(1)) {
                let nested = Self::new(self.engine.clone(), id.clone());
                let inside = match nested.resources().await {
                    Ok(inside) => inside,
                    // It was not made yet, or is gone.
                    Err(EngineError::NoSuchStack { .. }) => Vec::new(),
                    Err(error) => return Err(error),
                };
                rest.extend(inside.into_iter().rev().map(|inner| {
                    let path = format!("{}/{}", view.path, inner.path);
                    (ResourceView { path, ..inner }, depth)
                }));
            }
            found.push(view);
        }
        Ok(found)
    }

    /// One resource.
    ///
    /// # Errors
    /// There is none of that name; the store cannot be read.
    pub async fn resource(&self, name: &str) -> Result<ResourceView, EngineError> {
        let record = self.record().await?;
        let (goal, current) = self.goal(&record).await?;
        match current.standing(name) {
            Some(resource) => {
                Ok(ResourceView::new(&record, resource, &goal, &RequiredBy::new(&goal, &current)))
            }
            None => Err(EngineError::NoSuchResource { stack: record.name, name: name.to_owned() }),
        }
    }

    /// For each resource of the template that is not disabled the names of those that it depends on directly: by
    /// `depends_on`, by reference, or because its type says so.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn dependencies(&self) -> Result<IndexMap<String, Vec<String>>, EngineError> {
        let record = self.record().await?;
        let (goal, _) = self.goal(&record).await?;
        Ok(goal.dependencies())
    }

    /// All outputs with their values.
    ///
    /// # Errors
    /// The store cannot be read. An output that has no value says so itself.
    pub async fn outputs(&self) -> Result<Vec<OutputView>, EngineError> {
        let record = self.record().await?;
        let (goal, current) = self.goal(&record).await?;
        Ok(goal.outputs(&current))
    }

    /// The value of one output.
    ///
    /// # Errors
    /// There is none of that name, or it has no value; the store cannot be read.
    pub async fn output(&self, key: &str) -> Result<Value, EngineError> {
        let record = self.record().await?;
        let (goal, current) = self.goal(&record).await?;
        let output = goal.outputs(&current).into_iter().find(|output| output.output_key == key);
        let Some(output) = output else {
            return Err(EngineError::NoSuchOutput { stack: record.name, key: key.to_owned() });
        };
        match output.output_error {
            None => Ok(output.output_value),
            Some(error) => Err(EngineError::Output { key: key.to_owned(), reason: error }),
        }
    }

    /// Every change of state of the stack and its resources: those that are recorded, from the beginning, then those that
    /// come. Ends when the stack is at rest.
    pub fn events(
        &self,
    ) -> impl Stream<Item = Result<(EventSequence, Event), StoreError>> + Send + Unpin + use<> {
        self.events_after(EventSequence::default())
    }

    /// As [`events`](Self::events), from behind a number.
    pub fn events_after(
        &self,
        after: EventSequence,
    ) -> impl Stream<Item = Result<(EventSequence, Event), StoreError>> + Send + Unpin + use<> {
        events::events(self.engine.clone(), self.id.clone(), after, false)
    }

    /// As [`events_after`](Self::events_after), with those of all stacks inside of this one, which must be an outermost
    /// stack. An event names its stack.
    pub fn nested_events_after(
        &self,
        after: EventSequence,
    ) -> impl Stream<Item = Result<(EventSequence, Event), StoreError>> + Send + Unpin + use<> {
        events::events(self.engine.clone(), self.id.clone(), after, true)
    }

    /// The events that are recorded by now.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn recorded_events(
        &self,
        query: &EventQuery,
    ) -> Result<Vec<(EventSequence, Event)>, EngineError> {
        Ok(self.engine.core().records.events(&self.id, query).await?)
    }

    /// Waits until nothing is being done to the stack, and gives what it is then: `*_COMPLETE` or `*_FAILED` with the
    /// reason.
    ///
    /// # Errors
    /// [`EngineError::Paused`]: its credentials are not accepted any more. The engine was shut down before; the store
    /// cannot be read.
    pub async fn finished(&self) -> Result<StackView, EngineError> {
        let mut left_since = None;
        loop {
            self.engine.0.driver.wait(&self.id).await;
            let record = match self.record().await {
                Err(EngineError::Store(error)) if self.engine.is_away(&error) => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    continue;
                }
                record => record?,
            };
            if record.traversal.is_none() {
                return self.show().await;
            }
            if let Some(paused) = record.paused {
                return Err(EngineError::Paused { stack: record.name, reason: paused.reason });
            }
            match self.engine.is_left(&self.id, &mut left_since).await {
                // Nobody works on it, this engine not either: it was shut down.
                Ok(true) | Err(EngineError::Stopped { .. }) => {
                    return Err(EngineError::Stopped { stack: record.name });
                }
                Ok(false) => {}
                Err(EngineError::Store(error)) if self.engine.is_away(&error) => {}
                Err(error) => return Err(error),
            }
            // Whoever ends it tells of events.
            let mut published = self.engine.core().published.subscribe();
            tokio::time::sleep(Duration::from_millis(50)).await;
            let _ = tokio::time::timeout(Duration::from_millis(450), published.changed()).await;
        }
    }

    /// Brings the stack to another form. May be asked for at any moment: what is under way is stopped between two calls,
    /// and the new plan starts from what is recorded.
    ///
    /// # Errors
    /// As [`Engine::create`]; the stack is being deleted. The stack is left as it is then.
    pub async fn update(&self, update: Update) -> Result<(), EngineError> {
        let _turn = self.engine.0.turn(&self.id).await?;
        let prepared = self.prepare(&update).await?;
        self.begin_update(prepared, None).await
    }

    /// The plan that [`update`](Self::update) would run now. Nothing is done.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn preview_update(&self, update: &Update) -> Result<Plan, EngineError> {
        let prepared = self.prepare(update).await?;
        self.foreseen(&prepared).await.map(|foreseen| foreseen.plan)
    }

    pub(super) async fn foreseen(&self, prepared: &Prepared) -> Result<Foreseen, EngineError> {
        let core = self.engine.core();
        let resources = core.records.resources(&self.id).await?;
        foresee(core, prepared.subject(), resources).await
    }

    /// What Heat's `preview_update` would tell of an update, with Heat's approximations:
    /// [`preview_update`](Self::preview_update) is exact. Nothing is done.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn preview_update_as_heat(&self, update: &Update) -> Result<UpdatePreview, EngineError> {
        let prepared = self.prepare(update).await?;
        // What the plan refuses is refused here, too.
        let current = Current::new(self.foreseen(&prepared).await?.resources);
        let goal = prepared.goal;
        let standing = current.standing_records().filter(|record| record.action != Action::Delete);
        let standing = standing.map(|record| &**record);
        Ok(UpdatePreview::new(standing, goal.names(), |name| goal.has(name), |record| goal.foreseen(record)))
    }

    /// The stack, where it can be updated.
    pub(super) async fn updatable(&self) -> Result<StackRecord, EngineError> {
        let stack = self.living().await?;
        let why = match stack.action {
            Action::Delete => Some("a stack that is being deleted cannot be updated"),
            Action::Suspend => Some("a stack that is suspended cannot be updated: resume it first"),
            _ => None,
        };
        if let Some(why) = why {
            return Err(EngineError::State {
                stack: stack.name.clone(),
                status: format!("{}_{}", stack.action, stack.status),
                why,
            });
        }
        Ok(stack)
    }

    pub(super) async fn prepare(&self, update: &Update) -> Result<Prepared, EngineError> {
        let mut stack = self.updatable().await?;
        let core = self.engine.core();
        let mut content = store_content::updated(core, &stack, update).await?;
        let credentials = update.credentials.as_ref().unwrap_or(&stack.credentials);
        content.zones = availability_zones(core, credentials, &content).await?;
        let before = stack.clone();
        stack.desired = store_content::desired(&content);
        if let Some(timeout) = update.timeout {
            stack.timeout_minutes = Some(timeout.as_secs().div_ceil(60) as u32);
        }
        if let Some(on_failure) = update.on_failure {
            stack.disable_rollback = on_failure != OnFailure::Rollback;
        }
        if let Some(tags) = &update.tags {
            stack.tags.clone_from(tags);
        } else if !update.existing {
            stack.tags.clear();
        }
        if let Some(credentials) = &update.credentials {
            stack.credentials = credentials.clone();
        }
        let goal = self.next_goal(&before, &stack, &content).await?;
        let sources = store_content::sources(&content).collect();
        let (particulars, on_failure) = (update.particulars.clone(), update.on_failure);
        Ok(Prepared { stack, sources, goal, particulars, on_failure, action: Action::Update })
    }

    /// What the stack shall be instead of what it shall be now.
    pub(super) async fn next_goal(
        &self,
        before: &StackRecord,
        next: &StackRecord,
        content: &Content,
    ) -> Result<Goal, EngineError> {
        let goal = self.engine.goal(next, content).await?;
        if goal.has_immutable_parameters() && before.desired.template.is_some() {
            let old = recorded_goal(self.engine.core(), before, &before.desired).await?;
            let changed = goal.immutable_parameters_changed(&old);
            if !changed.is_empty() {
                return Err(changed.into());
            }
        }
        Ok(goal)
    }

    pub(super) async fn living(&self) -> Result<StackRecord, EngineError> {
        let stack = self.record().await?;
        if stack.deleted.is_some() {
            return Err(EngineError::NoSuchStack { name: stack.name, project: stack.project });
        }
        if stack.owner.is_some() {
            return Err(EngineError::State {
                stack: stack.name.clone(),
                status: format!("{}_{}", stack.action, stack.status),
                why: "it is a nested stack, which only its parent changes: update or delete that one",
            });
        }
        Ok(stack)
    }

    /// Deletes the stack with all its resources, in reverse order. May be asked for at any moment.
    ///
    /// # Errors
    /// It is gone already; the store fails.
    pub async fn delete(&self) -> Result<(), EngineError> {
        self.delete_with(&Deletion::whole()).await
    }

    /// The plan that [`delete`](Self::delete) would run now. Nothing is done.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub async fn preview_delete(&self) -> Result<Plan, EngineError> {
        self.preview_delete_with(&Deletion::whole()).await
    }

    /// Runs a plan that was shown before, and no other. See [`SavedPlan`](super::SavedPlan) for one that is kept.
    ///
    /// # Errors
    /// [`EngineError::StalePlan`]: something has moved since; otherwise as [`update`](Self::update).
    pub async fn apply(&self, update: Update, plan: &Plan) -> Result<(), EngineError> {
        let _turn = self.engine.0.turn(&self.id).await?;
        let found = self.record().await?;
        if found.revision != plan.revision {
            let (planned, stack, because) = (plan.revision, found.name, Vec::new());
            return Err(EngineError::StalePlan { stack, planned, found: found.revision, because });
        }
        let prepared = self.prepare(&update).await?;
        self.begin_update(prepared, Some(Planned::Shown(plan))).await
    }
}
