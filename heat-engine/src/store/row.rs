//! What a store sees: rows with the columns that are asked for, and everything else as a document.

use super::{Epoch, StoreError};
use crate::record::{EventSequence, IncarnationId, SourceHash, StackId, TraversalId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A record as JSON text, and the secret values that were taken out of it, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Everything that may be seen. JSON; for a source its text.
    pub clear: String,
    /// The rest. Only [`Records`](super::Records) can open it.
    pub sealed: Option<Vec<u8>>,
}

impl Document {
    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.clear.len() + self.sealed.as_ref().map_or(0, Vec::len)
    }
}

/// A stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackRow {
    /// UUID.
    pub id: StackId,
    /// Unique among the living stacks of the project.
    pub name: String,
    /// Project.
    pub project: String,
    /// When it was created; the order of lists.
    pub created: Timestamp,
    /// When it was deleted: then it is a tombstone.
    pub deleted: Option<Timestamp>,
    /// The outermost stack that it lies in, if it is a nested stack.
    pub root: Option<StackId>,
    /// It waits for somebody to say that it goes on ([`Paused`](crate::record::Paused)): no engine does so by itself.
    pub waits: bool,
    /// The sources that it names, sorted.
    pub sources: Vec<SourceHash>,
    /// Everything else.
    pub document: Document,
}

/// An incarnation of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceRow {
    /// UUID.
    pub id: IncarnationId,
    /// The stack.
    pub stack: StackId,
    /// Name in the template.
    pub name: String,
    /// The service's ids: its own and those of the objects beside it.
    pub physical_ids: Vec<String>,
    /// Everything else.
    pub document: Document,
}

/// A traversal that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraversalRow {
    /// UUID.
    pub id: TraversalId,
    /// The stack.
    pub stack: StackId,
    /// Everything else.
    pub document: Document,
}

/// A template, an environment or a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRow {
    /// Names it by its content.
    pub hash: SourceHash,
    /// Its text.
    pub document: Document,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// The stack.
    pub stack: StackId,
    /// Name of the resource, or of the stack.
    pub resource: String,
    /// Everything else. JSON; nothing in it is secret.
    pub document: String,
}

/// One write of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RowWrite {
    /// A new stack, claimed by the engine that writes it.
    CreateStack(StackRow),
    /// A stack as it is now. Sources that it names no more, and nobody else does, go.
    PutStack(StackRow),
    /// The stack becomes this tombstone: its resources, traversals and unshared sources go.
    RemoveStack(StackRow),
    /// A resource as it is now.
    PutResource(ResourceRow),
    /// A resource goes.
    RemoveResource(IncarnationId),
    /// A traversal as it is now.
    PutTraversal(TraversalRow),
    /// A traversal goes.
    RemoveTraversal(TraversalId),
    /// A source; nothing happens where it is there.
    PutSource(SourceRow),
    /// An event; gets the next number.
    PutEvent(EventRow),
}

/// A transaction as a store gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// The stack that all writes belong to.
    pub stack: StackId,
    /// The epoch that the writer holds.
    pub epoch: Epoch,
    /// What is written, in this order.
    pub writes: Vec<RowWrite>,
    /// The claim is given back.
    pub release: bool,
}

impl RowWrite {
    /// How many bytes of documents it writes.
    pub fn size(&self) -> usize {
        match self {
            Self::CreateStack(row) | Self::PutStack(row) | Self::RemoveStack(row) => row.document.size(),
            Self::PutResource(row) => row.document.size(),
            Self::PutTraversal(row) => row.document.size(),
            Self::PutSource(row) => row.document.size(),
            Self::PutEvent(row) => row.document.len(),
            Self::RemoveResource(_) | Self::RemoveTraversal(_) => 0,
        }
    }
}

impl Commit {
    /// Whether its rows belong together: what every store checks before it writes anything.
    ///
    /// # Errors
    /// `Refused`: a row belongs to another stack, a stack is created elsewhere than at the beginning or at another epoch
    /// than the first, or something is written to a stack that was removed before.
    pub fn check_rows(&self) -> Result<(), StoreError> {
        let refused = |reason: String| Err(StoreError::Refused { reason });
        let mut removed = false;
        for (at, write) in self.writes.iter().enumerate() {
            let stack = match write {
                RowWrite::CreateStack(row) | RowWrite::PutStack(row) | RowWrite::RemoveStack(row) => {
                    Some(&row.id)
                }
                RowWrite::PutResource(row) => Some(&row.stack),
                RowWrite::PutTraversal(row) => Some(&row.stack),
                RowWrite::PutEvent(row) => Some(&row.stack),
                RowWrite::RemoveResource(_) | RowWrite::RemoveTraversal(_) | RowWrite::PutSource(_) => None,
            };
            if let Some(stack) = stack.filter(|stack| **stack != self.stack) {
                return refused(format!("it is for stack {} and writes to stack {stack}", self.stack));
            }
            match write {
                RowWrite::CreateStack(_) if at > 0 || self.epoch != Epoch::FIRST => {
                    return refused(format!("stack {} must be created first, at epoch 1", self.stack));
                }
                RowWrite::PutEvent(_) => {}
                _ if removed => {
                    return refused(format!("it writes to stack {} after its removal", self.stack));
                }
                RowWrite::RemoveStack(row) if row.deleted.is_none() => {
                    return refused(format!("stack {} is removed without a time of deletion", self.stack));
                }
                RowWrite::RemoveStack(_) => removed = true,
                RowWrite::CreateStack(row) | RowWrite::PutStack(row) if row.deleted.is_some() => {
                    return refused(format!("stack {} is deleted and not removed", self.stack));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Which stacks a list shows, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StackQuery {
    /// Only those of this project.
    pub project: Option<String>,
    /// Those that come after this one.
    pub after: Option<StackId>,
    /// At most so many.
    pub limit: Option<u32>,
    /// Tombstones too.
    pub deleted: bool,
    /// Nested stacks too.
    pub nested: bool,
    /// Only nested stacks that lie, at any depth, in this outermost one.
    pub root: Option<StackId>,
}

/// Which events of a stack are read, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventQuery {
    /// Those after this number.
    pub after: Option<EventSequence>,
    /// Only those of this resource.
    pub resource: Option<String>,
    /// Those of the nested stacks inside an outermost stack too, deleted ones among them.
    pub nested: bool,
    /// At most so many.
    pub limit: Option<u32>,
}

/// An event row with its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEvent {
    /// Its number.
    pub sequence: EventSequence,
    /// The event.
    pub row: EventRow,
}
