//! Signals from outside, and the metadata that they leave.

use super::{EngineError, Stack};
use crate::record::{StackRecord, Status};
use crate::run::{
    Addressee, Current, Delivery, LetterContent, Secrets, Undelivered, deliver, listeners,
};
use crate::store::{Batch, Claim, StoreError, Write};
use serde_json::Value;
use std::sync::Arc;

impl Stack {
    /// Signals a resource: what that means is up to its type. A handle of a wait condition notes it, a scaling policy changes
    /// the size of its group, a deployment takes it for its result. The resource is named by its name, or by the way to it
    /// through nested stacks (`group/0/handle`); a nested stack can be asked itself, too. Gives the resource's metadata
    /// after the signal.
    ///
    /// What the signal changes is durable when this returns, with an event `SIGNAL`, and whoever waits for it in this
    /// process goes on at once, at any moment of the stack's life. Where another engine works on the stack, that one lets
    /// go of it between two calls and takes it up again.
    ///
    /// # Errors
    /// [`EngineError::NoSuchResource`]; [`EngineError::Signal`] where the type takes no signals, or not these details, or the
    /// resource is suspended, being deleted or not there yet. Nothing changes then. The store fails.
    pub async fn signal(&self, resource: &str, details: Option<Value>) -> Result<Value, EngineError> {
        let (stack, name) = self.holder_of(resource).await?;
        stack.send(&name, LetterContent::Signal(details)).await
    }

    /// The metadata of a resource: those of the template, or what signals made of them. Named as for
    /// [`signal`](Self::signal). An empty map where it has none.
    ///
    /// # Errors
    /// There is no such resource; the store cannot be read.
    pub async fn resource_metadata(&self, resource: &str) -> Result<Value, EngineError> {
        let (stack, name) = self.holder_of(resource).await?;
        let record = stack.record().await?;
        let current = Current::new(stack.engine.core().records.resources(&stack.id).await?);
        match current.standing(&name) {
            Some(resource) if resource.metadata.is_null() => Ok(Value::Object(serde_json::Map::new())),
            Some(resource) if resource.sensitive.contains("metadata") => Ok(masked(&resource.metadata)),
            Some(resource) => Ok(resource.metadata.clone()),
            None => Err(EngineError::NoSuchResource { stack: record.name, name }),
        }
    }

    /// The stack that holds a resource, and its name there.
    async fn holder_of(&self, resource: &str) -> Result<(Self, String), EngineError> {
        let mut stack = self.clone();
        let mut rest = resource;
        while let Some((outer, inner)) = rest.split_once('/') {
            let view = stack.resource(outer).await?;
            let Some(nested) = view.nested else {
                let stack = stack.record().await?.name;
                return Err(EngineError::NoSuchResource { stack, name: rest.to_owned() });
            };
            stack = Self::new(stack.engine.clone(), nested);
            rest = inner;
        }
        Ok((stack, rest.to_owned()))
    }

    async fn send(&self, name: &str, content: LetterContent) -> Result<Value, EngineError> {
        let core = self.engine.core();
        self.engine.0.open(self.id.as_str())?;
        // The traversal that runs takes it, beside what it does.
        let to = Addressee::Name(name.to_owned());
        let answer = match core.post.send(&self.id, to, content.clone()).await {
            // It lost the stack, or it stops; the record says what holds.
            Some(Err(Undelivered::Store(_))) | None => self.write(name, &content).await?,
            Some(answer) => answer.map(|delivered| delivered.metadata),
        };
        answer.map_err(|refused| self.refused(name, refused))
    }

    fn refused(&self, name: &str, refused: Undelivered) -> EngineError {
        let (stack, resource) = (self.id.0.clone(), name.to_owned());
        match refused {
            Undelivered::NoSuchResource => EngineError::NoSuchResource { stack, name: resource },
            Undelivered::Refused(why) => EngineError::Signal { stack, resource, why },
            Undelivered::Store(error) => error.into(),
        }
    }

    /// Takes the stack for a moment: what is being done to it stops between two calls and goes on afterwards.
    async fn write(
        &self,
        name: &str,
        content: &LetterContent,
    ) -> Result<Result<Value, Undelivered>, EngineError> {
        let core = self.engine.core();
        let stack = self.record().await?;
        if stack.deleted.is_some() {
            return Err(EngineError::NoSuchStack { name: stack.name, project: stack.project });
        }
        let root = stack.owner.as_ref().map_or_else(|| self.id.clone(), |owner| owner.root.clone());
        let _turn = self.engine.0.turn(&root).await?;
        let was_driven = self.engine.0.driver.drives(&root);
        let claim = self.engine.seize(&root).await?;
        let written = async {
            let stack = self.record().await?;
            if stack.deleted.is_some() {
                return Err(EngineError::NoSuchStack { name: stack.name, project: stack.project });
            }
            let own = if self.id == root { claim.clone() } else { core.records.claim(&self.id).await? };
            let written = self.write_under(&own, &stack, name, content).await;
            if self.id != root {
                core.records.release(&own).await?;
            }
            written
        }
        .await;
        // Whoever worked on it goes on: this engine, or the one that let go of it.
        let outer = Self::new(self.engine.clone(), root);
        let goes_on = match outer.record().await {
            Ok(stack) if was_driven => stack.traversal.filter(|_| stack.paused.is_none()),
            _ => None,
        };
        let traversal = match goes_on {
            Some(id) => core.records.traversal(&id).await?,
            None => None,
        };
        match traversal {
            Some(traversal) => self.engine.go_on_with(claim, traversal, None).await?,
            None => core.records.release(&claim).await?,
        }
        written
    }

    async fn write_under(
        &self,
        claim: &Claim,
        stack: &StackRecord,
        name: &str,
        content: &LetterContent,
    ) -> Result<Result<Value, Undelivered>, EngineError> {
        let core = self.engine.core();
        let current = Current::new(core.records.resources(&self.id).await?);
        let Some(record) = current.standing(name) else {
            let (goal, _) = self.goal(stack).await?;
            let expected = goal.has(name) && stack.status != Status::Complete;
            return Ok(Err(match expected {
                true => Undelivered::Refused(format!("The Resource ({name}) is not available.")),
                false => Undelivered::NoSuchResource,
            }));
        };
        let secrets = || async {
            let (goal, _) = self.goal(stack).await?;
            Ok::<_, EngineError>(Secrets::of(&core.registry, stack, &goal, &current))
        };
        match deliver(core, record, content) {
            Ok(Delivery { record: next, event, .. }) => {
                let metadata = next.metadata.clone();
                let mut writes: Vec<Write> = Vec::new();
                if next != **record {
                    writes.extend(listeners(core, &current, &next).into_iter().map(Write::Resource));
                    writes.push(Write::Resource(Arc::new(next)));
                }
                if let Some(mut event) = event {
                    event.reason = secrets().await?.mask(&event.reason);
                    writes.push(Write::Event(event));
                }
                self.commit(claim, writes).await?;
                core.post.tell(&record.id);
                Ok(Ok(metadata))
            }
            Err(refusal) => {
                self.commit(claim, refusal.event.into_iter().map(Write::Event).collect()).await?;
                Ok(Err(Undelivered::Refused(refusal.why)))
            }
        }
    }

    async fn commit(&self, claim: &Claim, writes: Vec<Write>) -> Result<(), StoreError> {
        if writes.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new(claim.clone());
        batch.writes = writes;
        self.engine.core().commit_batch(batch).await
    }
}

/// Metadata that came from a secret: which keys there are, and none of the values.
fn masked(metadata: &Value) -> Value {
    match metadata {
        Value::Object(map) => map.keys().map(|key| (key.clone(), Value::from("******"))).collect(),
        _ => "******".into(),
    }
}
