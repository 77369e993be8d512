//! What a snapshot of a stack holds.

use super::core::Core;
use super::ledger::{Break, Ledger, Page, Signal};
use super::secrets::Secrets;
use super::work::Work;
use crate::record::{
    Action, ResourceRecord, Resources, SavedResource, SnapshotRecord, StackRecord, Status, TraversalId,
};
use crate::store::{Claim, StoreError, Write};
use heat_plugin_sdk::{Failure, StackIdentity};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

/// What a snapshot saved of resources by now, those inside of nested stacks among them.
pub(crate) async fn saved(
    core: &Core,
    resources: &Resources,
    snapshot: &TraversalId,
) -> Result<Vec<SavedResource>, StoreError> {
    let mut found = Vec::new();
    // Nested stacks are worked on in traversals of their own, each for one of its parent.
    let of = |resources: &Resources, way: &str| -> Vec<(String, Arc<ResourceRecord>)> {
        let saved = resources.values().filter(|record| record.action == Action::Snapshot);
        saved.map(|record| (format!("{way}{}", record.name), Arc::clone(record))).collect()
    };
    let mut rest = of(resources, "");
    rest.retain(|(_, record)| record.traversal.as_ref() == Some(snapshot));
    while let Some((path, record)) = rest.pop() {
        let Some(traversal) = &record.traversal else { continue };
        if let Some(saved) = record.saved.as_ref().filter(|saved| saved.traversal == *traversal) {
            found.push(SavedResource {
                path: path.clone(),
                type_name: record.type_name.clone(),
                physical_id: record.physical_id.clone(),
                data: saved.data.clone(),
            });
        }
        let Some(nested) = &record.nested else { continue };
        let Some(stack) = core.records.stack(&nested.stack).await? else { continue };
        if stack.owner.is_some_and(|owner| owner.traversal.as_ref() == Some(traversal)) {
            rest.extend(of(&core.records.resources(&nested.stack).await?, &format!("{path}/")));
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Records the end of a snapshot.
pub(crate) fn end_snapshot(
    stack: &mut StackRecord,
    id: &TraversalId,
    (status, reason): (Status, String),
    saved: Vec<SavedResource>,
) {
    if let Some(snapshot) = stack.snapshots.iter_mut().find(|snapshot| snapshot.id == *id) {
        snapshot.status = status;
        snapshot.reason = reason;
        snapshot.resources = saved;
    }
}

/// A snapshot that another action puts an end to has failed; what it saved by then is its own.
pub(crate) async fn give_up_snapshot(
    core: &Core,
    stack: &mut StackRecord,
    resources: &Resources,
) -> Result<(), StoreError> {
    let is_open = |snapshot: &&SnapshotRecord| {
        snapshot.action == Action::Create && snapshot.status == Status::InProgress
    };
    let Some(id) = stack.snapshots.iter().find(is_open).map(|snapshot| snapshot.id.clone()) else {
        return Ok(());
    };
    let reason = "another action began before it was complete".to_owned();
    let saved = saved(core, resources, &id).await?;
    end_snapshot(stack, &id, (Status::Failed, reason), saved);
    Ok(())
}

/// Removes snapshots, or one of them, with all that was saved in them. How far it is is durable, so it can be begun again.
/// Without a signal nothing puts an end to it.
pub(crate) async fn remove_snapshots(
    core: &Arc<Core>,
    claim: &Claim,
    stack: &mut StackRecord,
    only: Option<&TraversalId>,
    signal: Option<&watch::Receiver<Signal>>,
    secrets: &Arc<Secrets>,
) -> Result<(), Break> {
    let (_always, runs) = watch::channel(Signal::Run);
    let signal = signal.unwrap_or(&runs);
    while let Some(at) = stack.snapshots.iter().position(|it| only.is_none_or(|only| it.id == *only)) {
        match stack.snapshots[at].resources.last().cloned() {
            Some(saved) => {
                let work = remover(core, claim, stack, &saved, signal, secrets).map_err(Break::Failed)?;
                work.remove_saved(&saved.data).await?;
                stack.snapshots[at].resources.pop();
            }
            None => drop(stack.snapshots.remove(at)),
        }
        core.commit(claim, vec![Write::Stack(stack.clone())]).await?;
    }
    Ok(())
}

/// The worker that removes what was saved of a resource; the thing itself may be gone.
fn remover(
    core: &Arc<Core>,
    claim: &Claim,
    stack: &StackRecord,
    saved: &SavedResource,
    signal: &watch::Receiver<Signal>,
    secrets: &Arc<Secrets>,
) -> Result<Work, Failure> {
    let missing = || {
        Failure::unsupported(format!(
            "resources.{}: no plugin provides the type {}",
            saved.path, saved.type_name
        ))
    };
    let resource = core.registry.resource(&saved.type_name).ok_or_else(missing)?;
    let connector = core.registry.resource_connector(&saved.type_name).ok_or_else(missing)?;
    let id = core.ids.incarnation();
    let mut record = ResourceRecord::new(id, stack.id.clone(), &saved.path, &saved.type_name, stack.created);
    record.physical_id.clone_from(&saved.physical_id);
    Ok(Work {
        ledger: Ledger {
            core: Arc::clone(core),
            stack: StackIdentity {
                id: stack.id.0.clone(),
                name: stack.name.clone(),
                project: stack.project.clone(),
            },
            traversal: stack.traversal.clone().unwrap_or_else(|| core.ids.traversal()),
            claim: claim.clone(),
            signal: signal.clone(),
            deadline: core.settings.step_timeout.map(|limit| Instant::now() + limit),
            page: Arc::new(Mutex::new(Page::new(Arc::new(record)))),
            local: false,
            secrets: Arc::clone(secrets),
            held: false,
        },
        resource: Arc::clone(resource),
        connector: Arc::clone(connector),
        credentials: stack.credentials.clone(),
        wanted: BTreeSet::new(),
    })
}

impl Break {
    /// What it was, and how it is told.
    pub(crate) fn told(self, secrets: &Secrets) -> (Failure, String) {
        let failure = match self {
            Self::Failed(failure) | Self::Refused(failure) => failure,
            Self::Aborted(reason) => Failure::failed(reason),
            Self::Interrupted => Failure::failed("it was interrupted"),
            Self::Store(error) => Failure::unavailable(None, error.to_string()),
        };
        let told = secrets.told(&failure);
        (failure, told)
    }
}
