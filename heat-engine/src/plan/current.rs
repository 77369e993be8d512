//! Which of the recorded incarnations of a name stands for it.

use super::Decision;
use super::decide::{is_going, never_begun};
use crate::record::{IncarnationId, ResourceRecord, Resources, Status};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};

/// The recorded incarnations of a stack by name: the one that stands for the name, and those that are left over.
#[derive(Debug)]
pub(super) struct Incarnations<'a> {
    by_name: HashMap<&'a str, Vec<&'a ResourceRecord>>,
    current: HashSet<&'a IncarnationId>,
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
        let current = by_name.values().filter_map(|records| Some(&records.last()?.id)).collect();
        Self { by_name, current }
    }

    /// The one that stands for the name: that which `decide` leaves most of, or the best by itself.
    ///
    /// (Heat prefers one that belongs to the template that it goes to: with a rollback it takes the old one back.)
    pub(super) fn choose(
        &mut self,
        name: &str,
        mut decide: impl FnMut(&'a ResourceRecord) -> Decision,
    ) -> Option<(&'a ResourceRecord, Decision)> {
        let records = self.by_name.get_mut(name)?;
        let mut best: Option<(usize, Decision)> = None;
        for (at, record) in records.iter().enumerate() {
            let decision = decide(record);
            if best.as_ref().is_none_or(|(_, best)| worth(&decision) >= worth(best)) {
                best = Some((at, decision));
            }
        }
        let (at, decision) = best?;
        let last = records.len() - 1;
        self.current.remove(&records[last].id);
        records[at..].rotate_left(1);
        self.current.insert(&records[last].id);
        Some((records[last], decision))
    }

    /// All others of the name.
    pub(super) fn left_over(&self, name: &str) -> &[&'a ResourceRecord] {
        self.by_name.get(name).and_then(|records| records.split_last()).map_or(&[], |(_, others)| others)
    }

    /// Whether it is the one that stands for its name.
    pub(super) fn is_current(&self, record: &ResourceRecord) -> bool {
        self.current.contains(&record.id)
    }
}

/// How much of what is there a decision leaves.
fn worth(decision: &Decision) -> u8 {
    match decision {
        Decision::Keep => 3,
        Decision::Update { .. } | Decision::Open { .. } | Decision::Adopt => 2,
        Decision::Begin => 1,
        Decision::Replace { .. }
        | Decision::Refuse { .. }
        | Decision::RefuseExternalId
        | Decision::UnknownType => 0,
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
