//! What an engine writes in one transaction.

use crate::record::{
    Event, IncarnationId, ResourceRecord, SourceHash, StackId, StackRecord, TraversalId, TraversalRecord,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Grows by one each time an engine takes over a stack; writes under an older one are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch of a stack that was just created.
    pub const FIRST: Self = Self(1);
}

/// The right to write to a stack, until another engine takes it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The stack.
    pub stack: StackId,
    /// Under which epoch.
    pub epoch: Epoch,
}

/// One transaction: all of its writes are durable when the commit returns, or none is.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Under which claim it is written. All writes belong to this stack.
    pub claim: Claim,
    /// What is written, in this order.
    pub writes: Vec<Write>,
    /// Gives the claim back: from then on any engine may work on the stack.
    pub release: bool,
}

impl Batch {
    /// An empty batch under a claim.
    pub fn new(claim: Claim) -> Self {
        Self { claim, writes: Vec::new(), release: false }
    }

    /// The batch that creates a stack and claims it for this engine, at [`Epoch::FIRST`].
    pub fn create(stack: StackRecord) -> Self {
        let claim = Claim { stack: stack.id.clone(), epoch: Epoch::FIRST };
        Self { claim, writes: vec![Write::CreateStack(stack)], release: false }
    }

    /// Adds a write.
    #[must_use]
    pub fn with(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    /// Adds a write.
    pub fn push(&mut self, write: Write) {
        self.writes.push(write);
    }

    /// Gives the claim back with this batch.
    #[must_use]
    pub fn releasing(mut self) -> Self {
        self.release = true;
        self
    }
}

/// One write.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Write {
    /// A new stack. Refused as [`StackExists`](super::StoreError::StackExists) where a living stack of the project has
    /// that name. The sources that it names may follow in the same batch.
    CreateStack(StackRecord),
    /// A stack as it is now.
    Stack(StackRecord),
    /// The stack is gone: its resources, its traversal and the sources that no other stack uses are removed. The record
    /// stays without parameters and credentials, and its events stay, until [`Retention`](super::Retention) removes
    /// them.
    RemoveStack(StackRecord),
    /// A resource as it is now; new or known.
    Resource(Arc<ResourceRecord>),
    /// An incarnation is gone.
    RemoveResource(IncarnationId),
    /// A traversal as it is now; new or known.
    Traversal(TraversalRecord),
    /// A traversal is over.
    RemoveTraversal(TraversalId),
    /// A template, an environment or a file that the stack in the same batch, or one before, names. Stored once however
    /// often it is written.
    Source(Source),
    /// Something happened.
    Event(Event),
}

/// The text of a template, an environment or an attached file, stored once by its content.
///
/// Values of hidden parameters do not belong into it: they are [`Desired::parameters`](crate::record::Desired), which are
/// sealed. A text that is secret as a whole is sealed when it says so.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    /// The text.
    pub text: String,
    /// It is sealed at rest.
    pub secret: bool,
}

impl Source {
    /// A text that may lie in clear.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), secret: false }
    }

    /// A text that is sealed at rest.
    pub fn secret(text: impl Into<String>) -> Self {
        Self { text: text.into(), secret: true }
    }

    /// The name of its content.
    pub fn hash(&self) -> SourceHash {
        SourceHash::of(&self.text)
    }
}

/// Only its hash and size: the text may be secret.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("bytes", &self.text.len()).field("secret", &self.secret).finish()
    }
}
