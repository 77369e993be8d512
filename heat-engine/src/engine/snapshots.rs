//! Snapshots of a stack: what it was, with the data of the resources whose types can save them.

use super::actions::refuse;
use super::change::{Prepared, foresee};
use super::export::frame;
use super::particulars::Particulars;
use super::request::Content;
use super::{EngineError, Stack, store_content};
use crate::plan::{Act, Plan};
use crate::record::{Action, OnFailure, SavedResource, SnapshotRecord, StackRecord, Status, TraversalId};
use crate::run::{Current, Secrets, begin, perform_plan, remove_snapshots};
use crate::store::{Batch, Write};
use heat_plugin_sdk::Registry;
use heat_template::source::SourceMap;
use heat_template::{ParseOptions, Template};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A snapshot as Heat's API shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SnapshotView {
    /// UUID.
    pub id: String,
    /// Name, if it was given one.
    pub name: Option<String>,
    /// `CREATE`, or `DELETE` as soon as its removal was begun.
    pub action: String,
    /// `IN_PROGRESS`, `COMPLETE` or `FAILED`.
    pub status: String,
    /// Why.
    pub status_reason: String,
    /// The stack as it was, as [`Stack::export`] gives it, with the resources of which data were saved; hidden parameters
    /// are masked. Null in lists.
    pub data: Value,
    /// When it was begun, RFC 3339.
    pub creation_time: String,
}

impl SnapshotView {
    fn brief(record: &SnapshotRecord) -> Self {
        Self {
            id: record.id.0.clone(),
            name: record.name.clone(),
            action: record.action.to_string(),
            status: record.status.to_string(),
            status_reason: record.reason.clone(),
            data: Value::Null,
            creation_time: record.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }
}

impl Stack {
    /// Takes a snapshot: records what the stack is and saves the data of every resource whose type can (volumes, servers),
    /// those first that others use. Returns when the beginning is durable; gives the snapshot's id.
    ///
    /// # Errors
    /// Something is being done to the stack, or it is suspended or being deleted; it has as many snapshots as it may have.
    pub async fn snapshot(&self, name: Option<&str>) -> Result<String, EngineError> {
        let _turn = self.engine.0.turn(&self.id).await?;
        refuse(&self.living().await?, Act::Snapshot)?;
        let core = self.engine.core();
        let claim = core.records.claim(&self.id).await?;
        let prepared = async {
            let stack = self.living().await?;
            refuse(&stack, Act::Snapshot)?;
            let limit = core.settings.max_snapshots;
            if stack.snapshots.len() >= limit {
                let found = stack.snapshots.len();
                return Err(EngineError::Limit { what: "snapshots of a stack", found, limit });
            }
            let (goal, _) = self.goal(&stack).await?;
            let resources = core.records.resources(&self.id).await?;
            let plan = perform_plan(core, &stack, &resources, Act::Snapshot).await?;
            Ok((stack, goal, resources, plan))
        };
        let (mut stack, goal, resources, plan) = match prepared.await {
            Ok(prepared) => prepared,
            Err(error) => {
                core.records.release(&claim).await?;
                return Err(error);
            }
        };
        let (record, mut batch) =
            begin(core, &claim, &mut stack, plan, Action::Snapshot, OnFailure::Stop, "");
        let snapshot = SnapshotRecord {
            id: record.id.clone(),
            name: name.map(str::to_owned),
            created: record.started,
            action: Action::Create,
            status: Status::InProgress,
            reason: "Snapshot create started".to_owned(),
            desired: stack.desired.clone(),
            resources: Vec::new(),
        };
        stack.snapshots.push(snapshot);
        for write in &mut batch.writes {
            if let Write::Stack(written) = write {
                written.snapshots.clone_from(&stack.snapshots);
            }
        }
        core.commit_batch(batch).await?;
        let id = record.id.0.clone();
        self.engine.0.driver.start(claim, stack, record, Arc::new(goal), Current::new(resources), None);
        Ok(id)
    }

    /// The snapshots of the stack, oldest first, without their data.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn snapshots(&self) -> Result<Vec<SnapshotView>, EngineError> {
        Ok(self.record().await?.snapshots.iter().map(SnapshotView::brief).collect())
    }

    /// A snapshot with its data, by its id.
    ///
    /// # Errors
    /// There is none; the store cannot be read.
    pub async fn show_snapshot(&self, id: &str) -> Result<SnapshotView, EngineError> {
        let stack = self.record().await?;
        let snapshot = found(&stack, id)?;
        let mut content = store_content::recorded_apart(self.engine.core(), &snapshot.desired).await?;
        mask_hidden(&mut content);
        let resources: Map<String, Value> = snapshot
            .resources
            .iter()
            .map(|saved| {
                let shown = json!({
                    "name": name_of(saved),
                    "resource_id": saved.physical_id,
                    "type": saved.type_name,
                    "action": "SNAPSHOT",
                    "status": snapshot.status,
                    "metadata": {},
                    "resource_data": saved.data,
                });
                (saved.path.clone(), shown)
            })
            .collect();
        let state = ("SNAPSHOT", snapshot.status.as_str());
        let data = frame(&stack, &content, state, resources);
        Ok(SnapshotView { data, ..SnapshotView::brief(snapshot) })
    }

    /// Removes a snapshot and what was saved with it. Returns when all of it is gone; given up halfway, it can be asked for
    /// again.
    ///
    /// # Errors
    /// There is no such snapshot; it is being taken, or something else is being done to the stack; a service refuses.
    pub async fn delete_snapshot(&self, id: &str) -> Result<(), EngineError> {
        let _turn = self.engine.0.turn(&self.id).await?;
        let stack = self.living().await?;
        let snapshot = found(&stack, id)?;
        if snapshot.action == Action::Create && snapshot.status == Status::InProgress {
            return Err(EngineError::Unsupported("Deleting in-progress snapshot".to_owned()));
        }
        if stack.traversal.is_some() {
            return Err(EngineError::State {
                status: format!("{}_{}", stack.action, stack.status),
                stack: stack.name,
                why: "something is being done to it: wait for that, or cancel it",
            });
        }
        let core = self.engine.core();
        let claim = core.records.claim(&self.id).await?;
        let removed = async {
            let mut stack = self.living().await?;
            let id = found(&stack, id)?.id.clone();
            let told = |stack: &mut StackRecord, status, reason: String| {
                if let Some(snapshot) = stack.snapshots.iter_mut().find(|snapshot| snapshot.id == id) {
                    (snapshot.action, snapshot.status, snapshot.reason) = (Action::Delete, status, reason);
                }
            };
            told(&mut stack, Status::InProgress, "Snapshot delete started".to_owned());
            core.commit(&claim, vec![Write::Stack(stack.clone())]).await?;
            let (goal, current) = self.goal(&stack).await?;
            let secrets = Arc::new(Secrets::of(&core.registry, &stack, &goal, &current));
            let removed = remove_snapshots(core, &claim, &mut stack, Some(&id), None, &secrets).await;
            match removed {
                Ok(()) => Ok(()),
                Err(crate::run::Break::Store(error)) => Err(error.into()),
                Err(failed) => {
                    let (failure, reason) = failed.told(&secrets);
                    told(&mut stack, Status::Failed, reason);
                    core.commit(&claim, vec![Write::Stack(stack)]).await?;
                    Err(EngineError::Service(failure))
                }
            }
        }
        .await;
        core.commit_batch(Batch::new(claim).releasing()).await?;
        removed
    }

    /// Brings the stack back to a snapshot: an update to what it was then, in which the resources whose data were saved come
    /// from those. What lies inside of nested stacks comes back to its definition alone.
    ///
    /// # Errors
    /// There is no such snapshot, or it is not complete; otherwise as [`update`](Self::update).
    pub async fn restore(&self, id: &str) -> Result<(), EngineError> {
        let _turn = self.engine.0.turn(&self.id).await?;
        let prepared = self.restored(id).await?;
        self.begin_update(prepared, None).await
    }

    /// The plan that [`restore`](Self::restore) would run now. Nothing is done.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub async fn preview_restore(&self, id: &str) -> Result<Plan, EngineError> {
        let prepared = self.restored(id).await?;
        let core = self.engine.core();
        let resources = core.records.resources(&self.id).await?;
        foresee(core, prepared.subject(), resources).await.map(|foreseen| foreseen.plan)
    }

    async fn restored(&self, id: &str) -> Result<Prepared, EngineError> {
        let mut stack = self.updatable().await?;
        let snapshot = found(&stack, id)?;
        if snapshot.status != Status::Complete {
            return Err(EngineError::Unsupported("Restoring incomplete snapshot".to_owned()));
        }
        let core = self.engine.core();
        let mut content = store_content::recorded_apart(core, &snapshot.desired).await?;
        if let Some(template) = restored_template(&content.template, &core.registry, &snapshot.resources) {
            content.template = template;
        }
        stack.desired = store_content::desired(&content);
        let goal = self.engine.goal(&stack, &content).await?;
        let sources = store_content::sources(&content).collect();
        let particulars = Particulars::default();
        Ok(Prepared { stack, sources, goal, particulars, on_failure: None, action: Action::Restore })
    }
}

fn found<'s>(stack: &'s StackRecord, id: &str) -> Result<&'s SnapshotRecord, EngineError> {
    let missing = || EngineError::NoSuchSnapshot { stack: stack.name.clone(), id: id.to_owned() };
    stack.snapshots.iter().find(|snapshot| snapshot.id == TraversalId(id.to_owned())).ok_or_else(missing)
}

fn name_of(saved: &SavedResource) -> &str {
    saved.path.rsplit('/').next().unwrap_or(&saved.path)
}

/// Puts Heat's asterisks in the place of the values of hidden parameters.
pub(super) fn mask_hidden(content: &mut Content) {
    let hidden: Vec<String> = content
        .template
        .parameters()
        .iter()
        .filter(|schema| schema.hidden)
        .map(|schema| schema.name.clone())
        .collect();
    for name in &hidden {
        if let Some(value) = content.parameters.get_mut(name) {
            *value = Value::from("******");
        }
    }
    content.environment = content.environment.masked(|name| hidden.iter().any(|known| known == name));
}

/// The template in which resources come from what was saved of them; `None` where it stays as it is.
fn restored_template(
    template: &Template,
    registry: &Registry,
    resources: &[SavedResource],
) -> Option<Template> {
    let keys = template.dialect().keys();
    let mut value = template.to_value();
    let mut changed = false;
    for saved in resources.iter().filter(|saved| !saved.path.contains('/')) {
        let restored = registry.resource(&saved.type_name).and_then(|plugin| plugin.restored(&saved.data));
        let written = value.get_mut(keys.resources).and_then(|all| all.get_mut(&saved.path));
        let (Some(restored), Some(Value::Object(written))) = (restored, written) else { continue };
        let properties = written.entry(keys.properties).or_insert_with(|| json!({}));
        if properties.is_null() {
            *properties = json!({});
        }
        if let Value::Object(properties) = properties {
            restored.without.iter().for_each(|name| drop(properties.remove(name)));
            properties.extend(restored.set);
            changed = true;
        }
    }
    if !changed {
        return None;
    }
    let options = ParseOptions::default();
    Template::parse(&mut SourceMap::new(), "template", &value.to_string(), &options).value
}
