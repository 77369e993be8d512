//! The hooks at which resources wait, and clearing them.

use super::{EngineError, Stack, StackView};
use crate::record::{IncarnationId, ResourceRecord, StackId, StackRecord, Status};
use crate::run::{cleared, hook_event};
use crate::store::{Batch, Claim, Write};
use heat_template::environment::Hook;
use jiff::Timestamp;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// A resource that waits at a hook of the environment until somebody clears it ([`Stack::clear_hook`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitingHook {
    /// Name of the resource.
    pub resource: String,
    /// The way to it: names of resources, from the stack that was asked for, with slashes between them.
    pub path: String,
    /// The stack that it is in.
    pub stack: StackId,
    /// The hook.
    pub hook: Hook,
    /// Since when it waits.
    pub since: Timestamp,
}

/// How a stack comes to rest.
#[derive(Debug, Clone)]
pub enum Rest {
    /// Nothing is being done to it.
    Finished(Box<StackView>),
    /// Nothing but these hooks holds it.
    AtHooks(Vec<WaitingHook>),
}

impl Stack {
    /// The hooks at which resources of the stack wait, and those of the nested stacks inside, so many stacks deep.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn hooks(&self, depth: usize) -> Result<Vec<WaitingHook>, EngineError> {
        Ok(self.at_hooks(depth).await?.0)
    }

    /// As [`hooks`](Self::hooks), and whether something else is in progress.
    async fn at_hooks(&self, depth: usize) -> Result<(Vec<WaitingHook>, bool), EngineError> {
        let records = &self.engine.core().records;
        let (mut found, mut works) = (Vec::new(), false);
        let mut rest = vec![(self.id.clone(), String::new(), depth)];
        while let Some((id, way, depth)) = rest.pop() {
            let Some(stack) = records.stack(&id).await? else { continue };
            for record in records.resources(&id).await?.values() {
                let path = format!("{way}{}", record.name);
                if let Some(at) = record.hook.as_ref().filter(|at| at.waits(stack.traversal.as_ref())) {
                    let (resource, hook, since) = (record.name.clone(), at.hook, at.since);
                    found.push(WaitingHook { resource, path: path.clone(), stack: id.clone(), hook, since });
                } else if let (Some(nested), Some(depth)) = (&record.nested, depth.checked_sub(1)) {
                    rest.push((nested.stack.clone(), format!("{path}/"), depth));
                } else {
                    works |= record.intent.is_some() && record.status == Status::InProgress;
                }
            }
        }
        found.sort_by(|a, b| (a.since, &a.path).cmp(&(b.since, &b.path)));
        Ok((found, works))
    }

    /// Clears a hook: the resource goes on, whichever engine works on the stack. Where nobody does, this engine goes on with
    /// the stack. The resources of a nested stack are asked for there. Returns when it is durable that the hook was cleared.
    ///
    /// # Errors
    /// The resource does not wait at this hook; the store fails.
    pub async fn clear_hook(&self, resource: &str, hook: Hook) -> Result<(), EngineError> {
        let core = self.engine.core();
        let stack = self.record().await?;
        let waiting = self.waiting_at(&stack, resource, hook).await?;
        let root = stack.owner.as_ref().map_or_else(|| self.id.clone(), |owner| owner.root.clone());
        let mut left = false;
        for id in &waiting {
            let answer = core.waiting.clear(id, hook);
            left |= match answer {
                Some(answer) => answer.await.is_err(),
                None => true,
            };
        }
        if !left {
            return Ok(());
        }
        // Nobody of this process waits there, or does so any more. Whoever gives this call up must not leave a stack behind
        // that was stopped for it.
        let (stack, resource) = (self.clone(), resource.to_owned());
        let clearing = tokio::spawn(async move { stack.clear_here(&root, &resource, hook).await });
        match clearing.await {
            Ok(cleared) => cleared,
            Err(_) => Err(EngineError::Stopped { stack: self.id.0.clone() }),
        }
    }

    /// The incarnations that wait there.
    async fn waiting_at(
        &self,
        stack: &StackRecord,
        resource: &str,
        hook: Hook,
    ) -> Result<Vec<IncarnationId>, EngineError> {
        let resources = self.engine.core().records.resources(&self.id).await?;
        let named: Vec<&Arc<ResourceRecord>> =
            resources.values().filter(|record| record.name == resource).collect();
        let waits = |record: &ResourceRecord| {
            let at = record.hook.as_ref().filter(|at| at.hook == hook);
            at.is_some_and(|at| at.waits(stack.traversal.as_ref()))
        };
        let found: Vec<IncarnationId> =
            named.iter().filter(|record| waits(record)).map(|record| record.id.clone()).collect();
        match named.first() {
            None => Err(EngineError::NoSuchResource { stack: stack.name.clone(), name: resource.to_owned() }),
            Some(record) if found.is_empty() => Err(EngineError::NoHook {
                hook: hook.name(),
                type_name: record.type_name.clone(),
                resource: resource.to_owned(),
                stack: stack.name.clone(),
            }),
            Some(_) => Ok(found),
        }
    }

    /// Stops whoever works on the stack, clears the hook in its record, and goes on with it.
    async fn clear_here(&self, root: &StackId, resource: &str, hook: Hook) -> Result<(), EngineError> {
        let core = self.engine.core();
        let _turn = self.engine.0.turn(root).await?;
        let claim = self.engine.seize(root).await?;
        let written = self.write_cleared(&claim, resource, hook).await;
        let Some(outermost) = core.records.stack(root).await? else { return written };
        let running = match outermost.traversal.as_ref().filter(|_| outermost.paused.is_none()) {
            Some(running) => core.records.traversal(running).await?,
            None => None,
        };
        match running {
            Some(running) => self.engine.go_on_with(claim, running, None).await?,
            None => core.records.release(&claim).await?,
        }
        written
    }

    async fn write_cleared(&self, claim: &Claim, resource: &str, hook: Hook) -> Result<(), EngineError> {
        let core = self.engine.core();
        let stack = self.record().await?;
        let waiting = match self.waiting_at(&stack, resource, hook).await {
            Ok(waiting) => waiting,
            // Whoever worked on it came to clear it after all.
            Err(EngineError::NoHook { .. }) if self.is_cleared(&stack, resource, hook).await? => {
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let resources = core.records.resources(&self.id).await?;
        let outermost = claim.stack == self.id;
        let own = if outermost { claim.clone() } else { core.records.claim(&self.id).await? };
        let mut batch = Batch::new(own);
        for record in waiting.iter().filter_map(|id| resources.get(id)) {
            let mut record = Arc::clone(record);
            if let Some(at) = &mut Arc::make_mut(&mut record).hook {
                at.cleared = true;
            }
            batch.push(Write::Event(hook_event(core, &record, &cleared(hook))));
            batch.push(Write::Resource(record));
        }
        batch.release = !outermost;
        core.commit_batch(batch).await?;
        Ok(())
    }

    async fn is_cleared(&self, stack: &StackRecord, resource: &str, hook: Hook) -> Result<bool, EngineError> {
        let resources = self.engine.core().records.resources(&self.id).await?;
        let of_this = |record: &&Arc<ResourceRecord>| record.name == resource;
        Ok(resources
            .values()
            .filter(of_this)
            .filter_map(|record| record.hook.as_ref())
            .any(|at| at.cleared && at.hook == hook && Some(&at.traversal) == stack.traversal.as_ref()))
    }

    /// Waits until nothing is being done to the stack, as [`finished`](Self::finished) does, or until nothing but hooks
    /// holds it, also inside of nested stacks.
    ///
    /// # Errors
    /// As [`finished`](Self::finished).
    pub async fn at_rest(&self) -> Result<Rest, EngineError> {
        let finished = self.finished();
        tokio::pin!(finished);
        let mut published = self.engine.core().published.subscribe();
        loop {
            published.mark_unchanged();
            let (hooks, works) = self.at_hooks(usize::MAX).await?;
            if !hooks.is_empty() && !works {
                // What waits for nothing is begun by now, and tells of it.
                let quiet = tokio::time::timeout(QUIET, published.changed()).await.is_err();
                if quiet {
                    return Ok(Rest::AtHooks(hooks));
                }
                continue;
            }
            tokio::select! {
                view = &mut finished => return Ok(Rest::Finished(Box::new(view?))),
                _ = published.changed() => {}
            }
        }
    }
}

/// How long nothing may happen before only hooks hold a stack.
const QUIET: Duration = Duration::from_millis(300);
