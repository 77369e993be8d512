//! What becomes of a group of transactions that are to become one: decided in memory, from what was asked of the tables.

use crate::record::{SourceHash, StackId};
use crate::store::{
    Commit, Epoch, EventRow, ResourceRow, RowWrite, SourceRow, StackRow, StoreError, TraversalRow,
};
use indexmap::IndexMap;
use std::collections::{BTreeSet, HashMap, HashSet};

/// At most so many transactions in one.
const MOST: usize = 256;

/// At most so many bytes of documents, but for a single transaction that has more.
const BYTES: usize = 8 << 20;

/// Transactions that can become one: what one of them makes or removes, no other one speaks of.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Stacks that are made or removed.
    turned: HashSet<StackId>,
    /// All stacks.
    stacks: HashSet<StackId>,
    names: HashSet<(String, String)>,
    count: usize,
    bytes: usize,
}

impl Group {
    /// Takes a transaction in, unless it has to wait for the next group.
    pub(super) fn admit(&mut self, commit: &Commit) -> bool {
        let bytes: usize = commit.writes.iter().map(RowWrite::size).sum();
        if self.count > 0 && (self.count >= MOST || self.bytes + bytes > BYTES) {
            return false;
        }
        let mut turns = false;
        let mut names = Vec::new();
        for write in &commit.writes {
            if let RowWrite::CreateStack(row) | RowWrite::RemoveStack(row) = write {
                turns = true;
                names.push((row.project.clone(), row.name.clone()));
                // Whether a nested stack may be made hangs on the claim of its outermost one.
                if row.root.as_ref().is_some_and(|root| self.turned.contains(root)) {
                    return false;
                }
            }
        }
        if self.turned.contains(&commit.stack)
            || (turns && self.stacks.contains(&commit.stack))
            || names.iter().any(|name| self.names.contains(name))
        {
            return false;
        }
        if turns {
            self.turned.insert(commit.stack.clone());
        }
        self.names.extend(names);
        self.stacks.insert(commit.stack.clone());
        self.count += 1;
        self.bytes += bytes;
        true
    }
}

/// What has to be known before it can be decided.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Questions<'a> {
    /// Stacks whose claims are needed.
    pub(super) claims: BTreeSet<&'a str>,
    /// Project and name of new stacks.
    pub(super) names: Vec<(&'a str, &'a str)>,
    /// Ids of new stacks.
    pub(super) ids: Vec<&'a str>,
    /// Ids of resources that are written.
    pub(super) resources: Vec<&'a str>,
    /// Ids of traversals that are written.
    pub(super) traversals: Vec<&'a str>,
    /// Stacks whose sources may change.
    pub(super) named: BTreeSet<&'a str>,
}

impl<'a> Questions<'a> {
    pub(super) fn about(group: &'a [Commit]) -> Self {
        let mut asked = Self::default();
        for commit in group {
            if !creates(commit) {
                asked.claims.insert(commit.stack.as_str());
            }
            for write in &commit.writes {
                match write {
                    RowWrite::CreateStack(row) => {
                        asked.names.push((&row.project, &row.name));
                        asked.ids.push(row.id.as_str());
                        asked.claims.extend(row.root.as_ref().map(StackId::as_str));
                    }
                    RowWrite::PutStack(row) | RowWrite::RemoveStack(row) => {
                        asked.named.insert(row.id.as_str());
                    }
                    RowWrite::PutResource(row) => asked.resources.push(row.id.as_str()),
                    RowWrite::PutTraversal(row) => asked.traversals.push(row.id.as_str()),
                    _ => {}
                }
            }
        }
        asked
    }
}

/// The claim of a stack as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) epoch: Epoch,
    pub(super) holder: Option<String>,
}

/// The answers. They hold as long as the transaction that asked, which has locked the claims.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) claims: HashMap<String, Standing>,
    pub(super) names: HashSet<(String, String)>,
    pub(super) ids: HashSet<String>,
    /// The stack of each resource that is there.
    pub(super) resources: HashMap<String, String>,
    /// The stack of each traversal that is there.
    pub(super) traversals: HashMap<String, String>,
    /// The sources that stacks name.
    pub(super) named: HashMap<String, BTreeSet<String>>,
}

/// What is to be done to the tables: of each row the last word.
#[derive(Debug, Default)]
pub(super) struct Changes<'a> {
    pub(super) created: Vec<&'a StackRow>,
    pub(super) put: IndexMap<&'a str, &'a StackRow>,
    pub(super) removed: Vec<&'a StackRow>,
    pub(super) released: BTreeSet<&'a str>,
    pub(super) sources: IndexMap<&'a str, &'a SourceRow>,
    /// What stacks name from now on, where that is something else.
    pub(super) named: BTreeSet<(&'a str, String)>,
    pub(super) no_longer_named: BTreeSet<(&'a str, String)>,
    /// Sources that perhaps nobody names any more.
    pub(super) dropped: BTreeSet<String>,
    /// Removed, or removed and written again.
    pub(super) resources_gone: BTreeSet<(&'a str, &'a str)>,
    pub(super) resources: IndexMap<&'a str, &'a ResourceRow>,
    pub(super) traversals_gone: BTreeSet<(&'a str, &'a str)>,
    pub(super) traversals: IndexMap<&'a str, &'a TraversalRow>,
    pub(super) events: Vec<&'a EventRow>,
}

impl Changes<'_> {
    /// Whether sources change, or who names them: no two engines may do that at once.
    pub(super) fn touches_sources(&self) -> bool {
        !(self.sources.is_empty()
            && self.named.is_empty()
            && self.no_longer_named.is_empty()
            && self.dropped.is_empty())
    }
}

/// Decides about each transaction of a group, in their order: how many events it has, or why it is refused. Gives what
/// those that are taken change together.
pub(super) fn decide<'a>(
    group: &'a [Commit],
    engine: &str,
    mut facts: Facts,
) -> (Vec<Result<usize, StoreError>>, Changes<'a>) {
    let mut changes = Changes::default();
    let before = facts.named.clone();
    let mut answers = Vec::with_capacity(group.len());
    for commit in group {
        let checked = check(commit, engine, &facts);
        answers.push(checked.map(|()| {
            let events = changes.events.len();
            apply(commit, &mut facts, &mut changes);
            changes.events.len() - events
        }));
    }
    // In the end counts what each stack names then, whatever it named in between.
    for commit in group {
        let stack = commit.stack.as_str();
        let (old, new) = (before.get(stack), facts.named.get(stack));
        let has = |set: Option<&BTreeSet<String>>, hash: &String| set.is_some_and(|set| set.contains(hash));
        for hash in new.into_iter().flatten().filter(|hash| !has(old, hash)) {
            changes.named.insert((stack, hash.clone()));
        }
        for hash in old.into_iter().flatten().filter(|hash| !has(new, hash)) {
            changes.no_longer_named.insert((stack, hash.clone()));
        }
    }
    (answers, changes)
}

fn creates(commit: &Commit) -> bool {
    matches!(commit.writes.first(), Some(RowWrite::CreateStack(_)))
}

/// Everything that can be wrong with a transaction.
fn check(commit: &Commit, engine: &str, facts: &Facts) -> Result<(), StoreError> {
    let holds = |stack: &StackId| -> Result<(), StoreError> {
        let found = facts
            .claims
            .get(stack.as_str())
            .ok_or_else(|| StoreError::NoSuchStack { stack: stack.clone() })?;
        let is_current = *stack != commit.stack || found.epoch == commit.epoch;
        if is_current && found.holder.as_deref() == Some(engine) {
            return Ok(());
        }
        let found = found.holder.as_ref().map(|_| found.epoch);
        Err(StoreError::Fenced { stack: stack.clone(), expected: commit.epoch, found })
    };
    if !creates(commit) {
        holds(&commit.stack)?;
    }
    commit.check_rows()?;
    let refused = |reason: String| Err(StoreError::Refused { reason });
    for write in &commit.writes {
        match write {
            RowWrite::CreateStack(row) => {
                let key = (row.project.clone(), row.name.clone());
                if facts.names.contains(&key) {
                    return Err(StoreError::StackExists { name: key.1, project: key.0 });
                }
                if facts.ids.contains(row.id.as_str()) {
                    return refused(format!("stack id {} is taken", row.id));
                }
                if let Some(root) = row.root.as_ref().filter(|root| facts.claims.contains_key(root.as_str()))
                {
                    holds(root)?;
                }
            }
            RowWrite::PutResource(row) => {
                let of = facts.resources.get(row.id.as_str());
                if of.is_some_and(|stack| stack != row.stack.as_str()) {
                    return refused(format!("resource {} belongs to another stack", row.id));
                }
            }
            RowWrite::PutTraversal(row) => {
                let of = facts.traversals.get(row.id.as_str());
                if of.is_some_and(|stack| stack != row.stack.as_str()) {
                    return refused(format!("traversal {} belongs to another stack", row.id));
                }
            }
            _ => {}
        }
        if texts(write).into_iter().any(|text| text.contains('\0')) {
            return refused("a name holds the character U+0000, which PostgreSQL cannot keep".to_owned());
        }
    }
    Ok(())
}

/// Texts that are columns of their own. Documents are JSON, which has another form for that character.
fn texts(write: &RowWrite) -> Vec<&str> {
    match write {
        RowWrite::CreateStack(row) => vec![row.id.as_str(), &row.project, &row.name],
        RowWrite::PutResource(row) => vec![row.id.as_str(), &row.name],
        RowWrite::PutTraversal(row) => vec![row.id.as_str()],
        RowWrite::PutEvent(row) => vec![&row.resource],
        _ => Vec::new(),
    }
}

fn apply<'a>(commit: &'a Commit, facts: &mut Facts, changes: &mut Changes<'a>) {
    let stack = commit.stack.as_str();
    for write in &commit.writes {
        match write {
            RowWrite::CreateStack(row) => {
                changes.created.push(row);
                name_sources(row, &row.sources, facts, changes);
            }
            RowWrite::PutStack(row) => {
                changes.put.insert(stack, row);
                name_sources(row, &row.sources, facts, changes);
            }
            RowWrite::RemoveStack(row) => {
                changes.removed.push(row);
                changes.put.shift_remove(stack);
                changes.resources.retain(|_, resource| resource.stack != row.id);
                changes.traversals.retain(|_, traversal| traversal.stack != row.id);
                name_sources(row, &[], facts, changes);
            }
            RowWrite::PutResource(row) => {
                facts.resources.insert(row.id.0.clone(), row.stack.0.clone());
                changes.resources.insert(row.id.as_str(), row);
            }
            RowWrite::RemoveResource(id) => {
                changes.resources_gone.insert((id.as_str(), stack));
                if changes.resources.get(id.as_str()).is_none_or(|row| row.stack == commit.stack) {
                    changes.resources.shift_remove(id.as_str());
                }
                if facts.resources.get(id.as_str()).is_some_and(|of| of == stack) {
                    facts.resources.remove(id.as_str());
                }
            }
            RowWrite::PutTraversal(row) => {
                facts.traversals.insert(row.id.0.clone(), row.stack.0.clone());
                changes.traversals.insert(row.id.as_str(), row);
            }
            RowWrite::RemoveTraversal(id) => {
                changes.traversals_gone.insert((id.as_str(), stack));
                if changes.traversals.get(id.as_str()).is_none_or(|row| row.stack == commit.stack) {
                    changes.traversals.shift_remove(id.as_str());
                }
                if facts.traversals.get(id.as_str()).is_some_and(|of| of == stack) {
                    facts.traversals.remove(id.as_str());
                }
            }
            RowWrite::PutSource(row) => {
                // The same text may have been handed over in clear before somebody called it secret.
                let known = changes.sources.get(row.hash.as_str());
                if known.is_none_or(|known| known.document.sealed.is_none()) {
                    changes.sources.insert(row.hash.as_str(), row);
                }
            }
            RowWrite::PutEvent(row) => changes.events.push(row),
        }
    }
    if commit.release {
        changes.released.insert(stack);
    }
}

fn name_sources(row: &StackRow, sources: &[SourceHash], facts: &mut Facts, changes: &mut Changes<'_>) {
    let now: BTreeSet<String> = sources.iter().map(|hash| hash.0.clone()).collect();
    let before = facts.named.insert(row.id.0.clone(), now.clone()).unwrap_or_default();
    changes.dropped.extend(before.difference(&now).cloned());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::rows::{commit, create, resource, source, stack, tombstone, using};

    fn held(stacks: &[&str]) -> Facts {
        let standing = |_: &&str| Standing { epoch: Epoch::FIRST, holder: Some("me".to_owned()) };
        Facts {
            claims: stacks.iter().map(|stack| ((*stack).to_owned(), standing(stack))).collect(),
            ..Facts::default()
        }
    }

    fn put(stack: &str, id: &str) -> RowWrite {
        RowWrite::PutResource(resource(stack, id, &[]))
    }

    fn gone(id: &str) -> RowWrite {
        RowWrite::RemoveResource(crate::record::IncarnationId(id.to_owned()))
    }

    #[test]
    fn of_each_row_the_last_word_counts() {
        let group = [
            commit("s", Epoch::FIRST, [put("s", "a"), put("s", "b")]),
            commit("s", Epoch::FIRST, [gone("a"), put("s", "c"), put("s", "b")]),
            commit("s", Epoch::FIRST, [gone("b"), put("s", "b")]),
        ];
        let (answers, changes) = decide(&group, "me", held(&["s"]));
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(changes.resources.keys().copied().collect::<Vec<_>>(), ["c", "b"]);
        assert_eq!(changes.resources_gone, BTreeSet::from([("a", "s"), ("b", "s")]));
    }

    #[test]
    fn one_that_is_refused_leaves_its_neighbours_alone() {
        let mut facts = held(&["s", "t"]);
        facts.resources.insert("foreign".to_owned(), "other".to_owned());
        let group = [
            commit("s", Epoch::FIRST, [put("s", "a"), put("s", "foreign")]),
            commit("t", Epoch::FIRST, [put("t", "new")]),
            commit("s", Epoch::FIRST, [put("s", "new")]),
            commit("s", Epoch(7), [put("s", "x")]),
            commit("none", Epoch::FIRST, [put("none", "x")]),
        ];
        let (answers, changes) = decide(&group, "me", facts);
        assert!(matches!(answers[0], Err(StoreError::Refused { .. })));
        assert_eq!(answers[1], Ok(0));
        assert!(matches!(answers[2], Err(StoreError::Refused { .. })), "the neighbour has it by then");
        assert!(matches!(answers[3], Err(StoreError::Fenced { expected: Epoch(7), .. })));
        assert!(matches!(answers[4], Err(StoreError::NoSuchStack { .. })));
        assert_eq!(changes.resources.keys().copied().collect::<Vec<_>>(), ["new"]);
    }

    #[test]
    fn what_makes_or_removes_a_stack_shares_a_group_with_nothing_else_about_it() {
        let web = stack("a", "p", "web", 1);
        let gone = commit("a", Epoch::FIRST, [RowWrite::RemoveStack(tombstone(&web, 2))]);
        let mut group = Group::default();
        assert!(group.admit(&create(&web, [])));
        assert!(!group.admit(&commit("a", Epoch::FIRST, [put("a", "r")])), "made just now");
        assert!(!group.admit(&create(&stack("b", "p", "web", 1), [])), "the same name");
        assert!(group.admit(&create(&stack("b", "p", "other", 1), [])));
        assert!(group.admit(&commit("c", Epoch::FIRST, [put("c", "r")])));
        assert!(group.admit(&commit("c", Epoch::FIRST, [put("c", "r")])));
        let nested = StackRow { root: Some(StackId("a".to_owned())), ..stack("d", "p", "d", 1) };
        assert!(!group.admit(&create(&nested, [])), "its outermost stack was made just now");
        assert!(!group.admit(&gone));
        assert!(Group::default().admit(&gone));
    }

    #[test]
    fn sources_are_dropped_when_the_last_word_does_not_name_them() {
        let (one, two) = (source("one"), source("two"));
        let row = stack("s", "p", "web", 1);
        let mut facts = held(&["s"]);
        facts.named.insert("s".to_owned(), BTreeSet::from([one.hash.0.clone()]));
        let group = [
            commit("s", Epoch::FIRST, [RowWrite::PutStack(using(row.clone(), &[&two]))]),
            commit("s", Epoch::FIRST, [RowWrite::PutStack(using(row, &[&one]))]),
        ];
        let (_, changes) = decide(&group, "me", facts);
        assert!(changes.named.is_empty() && changes.no_longer_named.is_empty());
        assert!(changes.dropped.contains(&two.hash.0));
    }

    #[test]
    fn a_nested_stack_is_made_by_who_holds_the_outermost_one() {
        let nested = StackRow { root: Some(StackId("root".to_owned())), ..stack("n", "p", "n", 1) };
        let group = [create(&nested, [])];
        assert_eq!(decide(&group, "me", held(&["root"])).0, [Ok(0)]);
        let (answers, changes) = decide(&group, "late", held(&["root"]));
        assert!(matches!(&answers[0], Err(StoreError::Fenced { stack, .. }) if stack.as_str() == "root"));
        assert!(changes.created.is_empty());
    }
}
