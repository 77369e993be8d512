//! Signals from outside, and the metadata that they leave.

use super::{EngineError, Stack};
use crate::record::{Action, OnFailure, StackRecord, TraversalRecord};
use crate::run::{
    Addressee, Current, LetterContent, Secrets, Undelivered, adjusted, begin, deliver, leads_inside,
    listeners, scaling_plan,
};
use crate::store::{Batch, Claim, StoreError, Write};
use heat_template::environment::Hook;
use heat_template::python::str_of;
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
    /// Details with `unset_hook` clear that hook ([`clear_hook`](Self::clear_hook)), as Heat's clients do it.
    ///
    /// # Errors
    /// [`EngineError::NoSuchResource`]; [`EngineError::NoHook`]; [`EngineError::Signal`] where the type takes no signals, or not these details, or the
    /// resource is suspended, being deleted or not there yet. Nothing changes then. The store fails.
    pub async fn signal(&self, resource: &str, details: Option<Value>) -> Result<Value, EngineError> {
        let (stack, name) = self.holder_of(resource).await?;
        if let Some(hook) = details.as_ref().and_then(|details| details.get("unset_hook")) {
            return stack.clear_by_signal(&name, hook).await;
        }
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

    /// Clears a hook as Heat's clients do it: by a signal, whatever the type of the resource.
    async fn clear_by_signal(&self, name: &str, hook: &Value) -> Result<Value, EngineError> {
        let known = Hook::ALL.into_iter().find(|known| hook.as_str() == Some(known.name()));
        let Some(hook) = known else {
            let hook = str_of(hook);
            let (stack, resource) = (self.id.0.clone(), name.to_owned());
            let why = format!("Invalid hook type \"{hook}\" for {name}");
            return Err(EngineError::Signal { stack, resource, why });
        };
        self.clear_hook(name, hook).await?;
        self.resource_metadata(name).await
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
            let Written { answer, writes, scales } = self.written(&stack, name, content).await?;
            // The way to a group is durable before that the group is to be scaled.
            let begun = match scales {
                true => self.begin_to_scale(&claim, &stack).await?,
                false => None,
            };
            self.commit(&own, writes).await?;
            if self.id != root {
                core.records.release(&own).await?;
            }
            Ok((answer, begun))
        }
        .await;
        let (answer, begun) = match written {
            Ok((answer, begun)) => (Ok(answer), begun),
            Err(error) => (Err(error), None),
        };
        let outer = Self::new(self.engine.clone(), root);
        if let Some((stack, record)) = begun {
            match outer.goal(&stack).await {
                Ok((goal, current)) => {
                    self.engine.0.driver.start(claim, stack, record, Arc::new(goal), current, None);
                }
                // It is recorded: whoever goes on with the stack does it.
                Err(error) => {
                    tracing::error!(stack = %stack.name, %error, "the groups cannot be scaled now");
                    core.records.release(&claim).await?;
                }
            }
            return answer;
        }
        // Whoever worked on it goes on: this engine, or the one that let go of it.
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
        answer
    }

    /// Makes the way to a group durable that is to be scaled: each stack around says that something inside is, and the
    /// outermost one has a traversal that goes there. Where one is under way it comes to it itself.
    async fn begin_to_scale(
        &self,
        claim: &Claim,
        stack: &StackRecord,
    ) -> Result<Option<(StackRecord, TraversalRecord)>, EngineError> {
        let core = self.engine.core();
        let (mut outer, mut marks) = (stack.clone(), Vec::new());
        while let Some(owner) = outer.owner.clone() {
            let (record, above) =
                (core.records.resource(&owner.incarnation).await?, core.records.stack(&owner.stack).await?);
            let (Some(record), Some(above)) = (record, above) else { return Ok(None) };
            marks.push(leads_inside(&record));
            outer = above;
        }
        let mut begun = None;
        if outer.traversal.is_none() {
            let plan = scaling_plan(outer.revision);
            let (record, batch) = begin(core, claim, &mut outer, plan, Action::Signal, OnFailure::Stop, "");
            core.commit_batch(batch).await?;
            begun = Some((outer.clone(), record));
        }
        // From the outside to the inside.
        for mark in marks.into_iter().rev() {
            let own = match mark.stack == outer.id {
                true => claim.clone(),
                false => core.records.claim(&mark.stack).await?,
            };
            let within = mark.stack != outer.id;
            self.commit(&own, vec![Write::Resource(Arc::new(mark))]).await?;
            if within {
                core.records.release(&own).await?;
            }
        }
        Ok(begun)
    }

    /// What a letter makes of the record of a stack that nobody works on.
    async fn written(
        &self,
        stack: &StackRecord,
        name: &str,
        content: &LetterContent,
    ) -> Result<Written, EngineError> {
        let core = self.engine.core();
        let current = Current::new(core.records.resources(&self.id).await?);
        let refused = |why| Written { answer: Err(why), writes: Vec::new(), scales: false };
        let Some(record) = current.standing(name) else {
            let (goal, _) = self.goal(stack).await?;
            let expected = goal.has(name) && stack.traversal.is_some();
            return Ok(refused(match expected {
                true => Undelivered::Refused(format!("The Resource ({name}) is not available.")),
                false => Undelivered::NoSuchResource,
            }));
        };
        let (delivered, event) = match deliver(core, record, content) {
            Ok(delivery) => (Ok((delivery.record, delivery.adjust)), delivery.event),
            Err(refusal) => (Err(refusal.why), refusal.event.map(|event| *event)),
        };
        let mut writes = Vec::new();
        if let Some(mut event) = event {
            let (goal, _) = self.goal(stack).await?;
            event.reason = Secrets::of(&core.registry, stack, &goal, &current).mask(&event.reason);
            writes.push(Write::Event(event));
        }
        let (next, adjust) = match delivered {
            Ok(delivered) => delivered,
            Err(why) => {
                return Ok(Written { answer: Err(Undelivered::Refused(why)), writes, scales: false });
            }
        };
        let metadata = next.metadata.clone();
        let mut scales = false;
        if let Some(adjust) = adjust {
            match adjusted(&core.registry, &current, name, &adjust, core.clock.now()) {
                Ok(Some(group)) => {
                    scales = true;
                    writes.push(Write::Resource(Arc::new(group)));
                }
                // As in Heat no event tells of a signal that changes nothing.
                Ok(None) => return Ok(Written { answer: Ok(metadata), writes: Vec::new(), scales }),
                Err(why) => return Ok(refused(Undelivered::Refused(why))),
            }
        }
        if next != **record {
            writes.extend(listeners(core, &current, &next).into_iter().map(Write::Resource));
            writes.push(Write::Resource(Arc::new(next)));
        }
        Ok(Written { answer: Ok(metadata), writes, scales })
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

/// What a letter makes of a record, not durable yet.
struct Written {
    answer: Result<Value, Undelivered>,
    writes: Vec<Write>,
    /// A group is to be scaled.
    scales: bool,
}

/// Metadata that came from a secret: which keys there are, and none of the values.
fn masked(metadata: &Value) -> Value {
    match metadata {
        Value::Object(map) => map.keys().map(|key| (key.clone(), Value::from("******"))).collect(),
        _ => "******".into(),
    }
}
