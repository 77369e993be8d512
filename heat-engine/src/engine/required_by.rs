//! Which resources need which, the other way round than they say it.

use crate::record::{IncarnationId, ResourceRecord};
use crate::run::{Current, Goal};
use std::collections::{BTreeSet, HashMap};

/// For each resource the names of those that depend on it directly.
///
/// As in Heat (`Resource.required_by`) this is what the template says, so it holds for what was not begun or failed too; of a
/// resource that the template does not have any more it is what was true when the others were made.
#[derive(Debug)]
pub(super) struct RequiredBy {
    wanted: HashMap<String, BTreeSet<String>>,
    made: HashMap<IncarnationId, BTreeSet<String>>,
}

impl RequiredBy {
    pub(super) fn new(goal: &Goal, current: &Current) -> Self {
        let mut wanted: HashMap<String, BTreeSet<String>> =
            goal.names().map(|name| (name.to_owned(), BTreeSet::new())).collect();
        for (name, needs) in goal.dependencies() {
            for needed in needs {
                wanted.entry(needed).or_default().insert(name.clone());
            }
        }
        let mut made: HashMap<IncarnationId, BTreeSet<String>> = HashMap::new();
        for record in current.resources().values() {
            let gone = record
                .requires
                .iter()
                .filter(|id| current.resource(id).is_some_and(|needed| !goal.has(&needed.name)));
            for needed in gone {
                made.entry(needed.clone()).or_default().insert(record.name.clone());
            }
        }
        Self { wanted, made }
    }

    pub(super) fn of(&self, record: &ResourceRecord) -> BTreeSet<String> {
        self.wanted.get(&record.name).or_else(|| self.made.get(&record.id)).cloned().unwrap_or_default()
    }
}
