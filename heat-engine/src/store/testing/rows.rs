//! Rows for the suite.

use crate::record::{IncarnationId, SourceHash, StackId, TraversalId};
use crate::store::{
    Commit, Document, Epoch, EventRow, ResourceRow, RowWrite, SourceRow, StackRow, TraversalRow,
};
use jiff::Timestamp;

/// A moment, by its age: greater is later.
pub(in crate::store) fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(in crate::store) fn document(text: &str) -> Document {
    Document { clear: format!("{{\"text\":\"{text}\"}}"), sealed: None }
}

pub(in crate::store) fn stack(id: &str, project: &str, name: &str, created: i64) -> StackRow {
    StackRow {
        id: StackId(id.to_owned()),
        name: name.to_owned(),
        project: project.to_owned(),
        created: moment(created),
        deleted: None,
        root: None,
        waits: false,
        sources: Vec::new(),
        document: document(name),
    }
}

pub(in crate::store) fn using(mut row: StackRow, sources: &[&SourceRow]) -> StackRow {
    row.sources = sources.iter().map(|source| source.hash.clone()).collect();
    row.sources.sort();
    row
}

pub(in crate::store) fn tombstone(row: &StackRow, deleted: i64) -> StackRow {
    StackRow {
        deleted: Some(moment(deleted)),
        sources: Vec::new(),
        document: document("gone"),
        ..row.clone()
    }
}

pub(in crate::store) fn resource(stack: &str, id: &str, physical_ids: &[&str]) -> ResourceRow {
    ResourceRow {
        id: IncarnationId(id.to_owned()),
        stack: StackId(stack.to_owned()),
        name: format!("name-of-{id}"),
        physical_ids: physical_ids.iter().map(|id| (*id).to_owned()).collect(),
        document: Document { sealed: Some(vec![0, 1, 2, 255]), ..document(id) },
    }
}

pub(in crate::store) fn traversal(stack: &str, id: &str) -> TraversalRow {
    TraversalRow { id: TraversalId(id.to_owned()), stack: StackId(stack.to_owned()), document: document(id) }
}

pub(in crate::store) fn source(text: &str) -> SourceRow {
    SourceRow { hash: SourceHash::of(text), document: Document { clear: text.to_owned(), sealed: None } }
}

pub(in crate::store) fn event(stack: &str, resource: &str, text: &str) -> EventRow {
    EventRow {
        stack: StackId(stack.to_owned()),
        resource: resource.to_owned(),
        document: document(text).clear,
    }
}

pub(in crate::store) fn commit(
    stack: &str,
    epoch: Epoch,
    writes: impl IntoIterator<Item = RowWrite>,
) -> Commit {
    Commit { stack: StackId(stack.to_owned()), epoch, writes: writes.into_iter().collect(), release: false }
}

pub(in crate::store) fn create(row: &StackRow, more: impl IntoIterator<Item = RowWrite>) -> Commit {
    let writes = std::iter::once(RowWrite::CreateStack(row.clone())).chain(more);
    commit(row.id.as_str(), Epoch::FIRST, writes)
}
