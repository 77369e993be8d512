//! Which of the recorded incarnations of a name stands for it.

use super::decide::{is_going, never_begun};
use crate::record::{IncarnationId, ResourceRecord, Resources, Status};
use jiff::Timestamp;
use std::collections::HashMap;

/// The recorded incarnations of a stack by name: the one that stands for the name, and those that are left over.
#[derive(Debug)]
pub(super) struct Incarnations<'a> {
    by_name: HashMap<&'a str, Vec<&'a ResourceRecord>>,
}

impl<'a> Incarnations<'a> {
    pub(super) fn new(recorded: &'a Resources) -> Self {
        let mut by_name: HashMap<&str, Vec<&ResourceRecord>> = HashMap::with_capacity(recorded.len());
        for record in recorded.values() {
            by_name.entry(&record.name).or_default().push(record);
        }
        // The best one comes last.
        for records in by_name.values_mut() {
            records.sort_by_key(|record| score(record));
        }
        Self { by_name }
    }

    /// The one that stands for the name.
    pub(super) fn current(&self, name: &str) -> Option<&'a ResourceRecord> {
        self.by_name.get(name)?.last().copied()
    }

    /// All others of the name.
    pub(super) fn left_over(&self, name: &str) -> &[&'a ResourceRecord] {
        self.by_name.get(name).and_then(|records| records.split_last()).map_or(&[], |(_, others)| others)
    }

    /// The ids of those that stand for their names.
    pub(super) fn is_current(&self, record: &ResourceRecord) -> bool {
        self.current(&record.name).is_some_and(|current| current.id == record.id)
    }
}

/// Heat's order: a failed one is worse than one that was replaced, one that was being deleted is the worst, then the
/// newest wins. One that was never begun is worse than the one that it was to replace: nothing is lost with it.
fn score(record: &ResourceRecord) -> (i32, Timestamp, &IncarnationId) {
    let mut score = 0;
    if is_going(record) {
        score -= 50;
    }
    if record.status == Status::Failed {
        score -= 30;
    }
    if never_begun(record) {
        score -= 2;
    }
    if record.replaced_by.is_some() {
        score -= 1;
    }
    (score, record.created, &record.id)
}
