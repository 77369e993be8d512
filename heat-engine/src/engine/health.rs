//! What somebody says of a resource's health.

use super::{EngineError, Stack};
use crate::record::{Action, Event, StackRecord, Status};
use crate::run::Current;
use crate::store::{Batch, Write};
use std::sync::Arc;

/// Heat's reason where none is given.
const REASON: &str = "state changed by resource_mark_unhealthy api";

impl Stack {
    /// Marks a resource as unhealthy (`CHECK_FAILED`), so that the next update replaces it, or takes that back
    /// (`CHECK_COMPLETE`). It is named by its name or its physical id. As in Heat one that is being deleted, and a healthy
    /// one that is to be marked healthy, stay as they are. The resources of a nested stack are marked there.
    ///
    /// # Errors
    /// There is no such resource, or it is a nested stack; something is being done to the stack, or to the one that it lies in.
    pub async fn mark_unhealthy(
        &self,
        resource: &str,
        unhealthy: bool,
        reason: Option<&str>,
    ) -> Result<(), EngineError> {
        let core = self.engine.core();
        let stack = self.record().await?;
        let root = stack.owner.as_ref().map_or_else(|| self.id.clone(), |owner| owner.root.clone());
        // Only the outermost stack has requests of its own.
        let _turn = self.engine.0.turn(&root).await?;
        for outer in [core.records.stack(&root).await?.as_ref(), Some(&self.record().await?)] {
            outer.map_or(Ok(()), refuse)?;
        }
        let claim = core.records.claim(&root).await?;
        let marked = async {
            let stack = self.record().await?;
            let current = Current::new(core.records.resources(&self.id).await?);
            let named = current.standing(resource).or_else(|| {
                let is_it = |id: &heat_plugin_sdk::PhysicalId| id.as_str() == resource;
                current.standing_records().find(|record| record.physical_id.as_ref().is_some_and(is_it))
            });
            let Some(mut record) = named.cloned() else {
                return Err(EngineError::NoSuchResource { stack: stack.name, name: resource.to_owned() });
            };
            if unhealthy && record.nested.is_some() {
                return Err(EngineError::Unsupported(format!(
                    "resources.{}: it is a nested stack; mark what is wrong inside of it",
                    record.name
                )));
            }
            let status = match (unhealthy, record.action, record.status) {
                (true, Action::Delete, _) => return Ok(()),
                (true, ..) => Status::Failed,
                (false, Action::Check, Status::Failed) => Status::Complete,
                (false, ..) => return Ok(()),
            };
            let now = core.clock.now();
            let next = Arc::make_mut(&mut record);
            next.action = Action::Check;
            next.status = status;
            next.reason = reason.filter(|reason| !reason.is_empty()).unwrap_or(REASON).to_owned();
            next.updated = now;
            let event = Event {
                id: core.ids.uuid(),
                stack: self.id.clone(),
                time: now,
                resource: record.name.clone(),
                type_name: record.type_name.clone(),
                physical_id: record.physical_id.clone(),
                action: record.action,
                status,
                reason: record.reason.clone(),
            };
            let own = if self.id == root { claim.clone() } else { core.records.claim(&self.id).await? };
            let mut batch = Batch::new(own);
            batch.push(Write::Event(event));
            batch.push(Write::Resource(record));
            core.commit_batch(if self.id == root { batch } else { batch.releasing() }).await?;
            Ok(())
        }
        .await;
        core.records.release(&claim).await?;
        marked
    }
}

fn refuse(stack: &StackRecord) -> Result<(), EngineError> {
    if stack.deleted.is_some() {
        return Err(EngineError::NoSuchStack { name: stack.name.clone(), project: stack.project.clone() });
    }
    if stack.traversal.is_none() {
        return Ok(());
    }
    Err(EngineError::State {
        stack: stack.name.clone(),
        status: format!("{}_{}", stack.action, stack.status),
        why: "something is being done to it: wait for that",
    })
}
