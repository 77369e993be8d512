//! What every store promises, as checks that run against any of them.

use super::rows::{
    commit, create, document, event, moment, resource, source, stack, tombstone, traversal, using,
};
use crate::record::{EventSequence, IncarnationId, StackId, TraversalId};
use crate::store::{
    Epoch, EventQuery, ResourceRow, RowWrite, StackQuery, StackRow, Store, StoreError, StoredEvent,
};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Makes the stores that are checked.
pub trait Fixture {
    /// An empty store.
    fn fresh(&mut self) -> Arc<dyn Store>;

    /// The content of the last fresh one, as another engine that is alive at the same time sees it.
    fn other_engine(&mut self) -> Arc<dyn Store>;
}

/// A promise that a store does not keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenPromise {
    /// The promise.
    pub promise: &'static str,
    /// What was seen instead.
    pub seen: String,
}

impl fmt::Display for BrokenPromise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.seen)
    }
}

pub(super) type Check = Result<(), String>;

/// Fails with what was seen, unless it is as expected.
pub(super) fn expect<T: PartialEq + fmt::Debug>(what: &str, seen: T, expected: T) -> Check {
    if seen == expected { Ok(()) } else { Err(format!("{what} is {seen:?}, expected {expected:?}")) }
}

pub(super) fn worked<T>(what: &str, result: Result<T, StoreError>) -> Result<T, String> {
    result.map_err(|error| format!("{what} failed: {error}"))
}

pub(super) fn refused<T>(what: &str, result: Result<T, StoreError>) -> Result<StoreError, String> {
    result.err().ok_or_else(|| format!("{what} was taken"))
}

/// Checks all promises, each with a fresh store. Gives those that are broken.
pub async fn broken_promises(fixture: &mut dyn Fixture) -> Vec<BrokenPromise> {
    let mut broken = Vec::new();
    let mut note = |promise, result: Check| {
        if let Err(seen) = result {
            broken.push(BrokenPromise { promise, seen });
        }
    };
    macro_rules! promises {
        ($($text:literal => $check:ident;)*) => {$({
            let store = fixture.fresh();
            note($text, $check(&*store).await);
        })*};
    }
    promises! {
        "what was committed is read back" => reads_back;
        "nested stacks are listed and heard of only on request" => nested_stacks;
        "a refused transaction leaves no trace" => all_or_nothing;
        "a name is taken once among the living stacks of a project" => unique_names;
        "all rows of a transaction belong to one stack" => one_stack;
        "writes under an older epoch are fenced off" => fencing;
        "lists of stacks are newest first and go page by page" => paging;
        "resources keep the order of their first writing" => resource_order;
        "events are numbered in the order of commits and read in part" => events_in_order;
        "a source lives as long as a stack names it" => shared_sources;
        "a source that is called secret is not left in clear" => secret_sources;
        "a removed stack leaves a tombstone and its events" => removal;
        "all physical ids of a project's living stacks are known" => physical_ids;
        "pruning removes what retention does not keep, and nothing else" => pruning;
        "many transactions at once all arrive, whatever becomes of their neighbours" => concurrency;
    }
    let (first, second) = (fixture.fresh(), fixture.other_engine());
    note("a stack is worked on by one engine at a time", two_engines(&*first, &*second).await);
    drop(first);
    broken
}

pub(super) fn id(text: &str) -> StackId {
    StackId(text.to_owned())
}

pub(super) async fn made(
    store: &dyn Store,
    row: &StackRow,
    more: impl IntoIterator<Item = RowWrite>,
) -> Check {
    worked("creating a stack", store.commit(create(row, more)).await).map(drop)
}

async fn done(store: &dyn Store, stack: &str, writes: impl IntoIterator<Item = RowWrite>) -> Check {
    worked("a transaction", store.commit(commit(stack, Epoch::FIRST, writes)).await).map(drop)
}

async fn names(store: &dyn Store, query: StackQuery) -> Result<Vec<String>, String> {
    let rows = worked("listing stacks", store.stacks(&query).await)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

async fn reads_back(store: &dyn Store) -> Check {
    let (template, row) = (source("template"), stack("s", "p", "web", 1));
    let row = using(row, &[&template]);
    let thing = resource("s", "r", &["physical", "port"]);
    let work = traversal("s", "t");
    let writes = [
        RowWrite::PutSource(template.clone()),
        RowWrite::PutResource(thing.clone()),
        RowWrite::PutTraversal(work.clone()),
        RowWrite::PutEvent(event("s", "web", "begun")),
    ];
    made(store, &row, writes).await?;
    expect("the stack", worked("reading", store.stack(&row.id).await)?, Some(row.clone()))?;
    expect("the stack by name", worked("reading", store.stack_named("p", "web").await)?, Some(row.clone()))?;
    expect("its resources", worked("reading", store.resources(&row.id).await)?, vec![thing.clone()])?;
    expect("the resource", worked("reading", store.resource(&thing.id).await)?, Some(thing.clone()))?;
    expect("the traversal", worked("reading", store.traversal(&work.id).await)?, Some(work.clone()))?;
    expect("the traversals", worked("reading", store.traversals().await)?, vec![work.clone()])?;
    let hash = template.hash.clone();
    expect("the source", worked("reading", store.source(&hash).await)?, Some(template))?;

    let later = StackRow { document: document("later"), waits: true, ..row.clone() };
    let changed = ResourceRow { physical_ids: vec![], document: document("changed"), ..thing };
    let writes = [
        RowWrite::PutStack(later.clone()),
        RowWrite::PutResource(changed.clone()),
        RowWrite::RemoveTraversal(work.id.clone()),
    ];
    done(store, "s", writes).await?;
    expect("the stack", worked("reading", store.stack(&row.id).await)?, Some(later))?;
    expect("the resource", worked("reading", store.resource(&changed.id).await)?, Some(changed.clone()))?;
    expect("the traversal", worked("reading", store.traversal(&work.id).await)?, None)?;
    done(store, "s", [RowWrite::RemoveResource(changed.id.clone())]).await?;
    expect("the resource", worked("reading", store.resource(&changed.id).await)?, None)?;
    expect("its resources", worked("reading", store.resources(&row.id).await)?, vec![])?;

    let nothing = worked("reading", store.stack(&id("other")).await)?;
    expect("a stack that is not there", nothing, None)?;
    let nothing = worked("reading", store.resources(&id("other")).await)?;
    expect("resources of a stack that is not there", nothing, vec![])?;
    let unknown = TraversalId("other".to_owned());
    expect("a traversal that is not there", worked("reading", store.traversal(&unknown).await)?, None)
}

async fn all_or_nothing(store: &dyn Store) -> Check {
    let row = stack("s", "p", "web", 1);
    made(store, &row, []).await?;
    made(store, &stack("other", "p", "other", 1), [RowWrite::PutResource(resource("other", "taken", &[]))])
        .await?;
    let writes = [
        RowWrite::PutStack(StackRow { document: document("changed"), ..row.clone() }),
        RowWrite::PutResource(resource("s", "r", &["x"])),
        RowWrite::PutEvent(event("s", "web", "never")),
        RowWrite::PutSource(source("never")),
        // Belongs to the other stack.
        RowWrite::PutResource(resource("s", "taken", &[])),
    ];
    let error = refused("a foreign resource", store.commit(commit("s", Epoch::FIRST, writes)).await)?;
    expect("its error is Refused", matches!(error, StoreError::Refused { .. }), true)?;
    expect("the stack", worked("reading", store.stack(&row.id).await)?, Some(row.clone()))?;
    expect("its resources", worked("reading", store.resources(&row.id).await)?, vec![])?;
    let events = worked("reading", store.events(&row.id, &EventQuery::default()).await)?;
    expect("its events", events, vec![])?;
    expect("the source", worked("reading", store.source(&source("never").hash).await)?, None)
}

async fn unique_names(store: &dyn Store) -> Check {
    let first = stack("s1", "p", "web", 1);
    made(store, &first, []).await?;
    let error = refused("a taken name", store.commit(create(&stack("s2", "p", "web", 2), [])).await)?;
    let expected = StoreError::StackExists { name: "web".to_owned(), project: "p".to_owned() };
    expect("the error", error, expected)?;
    made(store, &stack("s3", "q", "web", 3), []).await?;
    let error = refused("a taken id", store.commit(create(&stack("s1", "p", "new", 4), [])).await)?;
    expect("its error is Refused", matches!(error, StoreError::Refused { .. }), true)?;
    done(store, "s1", [RowWrite::RemoveStack(tombstone(&first, 5))]).await?;
    let again = stack("s4", "p", "web", 6);
    made(store, &again, []).await?;
    expect("the living stack", worked("reading", store.stack_named("p", "web").await)?, Some(again))
}

async fn one_stack(store: &dyn Store) -> Check {
    made(store, &stack("a", "p", "a", 1), []).await?;
    made(store, &stack("b", "p", "b", 1), []).await?;
    for write in [
        RowWrite::PutStack(stack("b", "p", "b", 1)),
        RowWrite::PutResource(resource("b", "r", &[])),
        RowWrite::PutTraversal(traversal("b", "t")),
        RowWrite::PutEvent(event("b", "b", "x")),
        RowWrite::CreateStack(stack("c", "p", "c", 1)),
    ] {
        let error = refused("a foreign row", store.commit(commit("a", Epoch::FIRST, [write])).await)?;
        expect("its error is Refused", matches!(error, StoreError::Refused { .. }), true)?;
    }
    let missing = store.commit(commit("none", Epoch::FIRST, [RowWrite::PutEvent(event("none", "x", "x"))]));
    let error = refused("a write to no stack", missing.await)?;
    expect("its error", error, StoreError::NoSuchStack { stack: id("none") })
}

async fn fencing(store: &dyn Store) -> Check {
    let row = stack("s", "p", "web", 1);
    made(store, &row, []).await?;
    let epoch = worked("claiming", store.claim(&row.id).await)?;
    expect("the epoch", epoch, Epoch(2))?;
    let write = || [RowWrite::PutEvent(event("s", "web", "x"))];
    let error = refused("a write of epoch 1", store.commit(commit("s", Epoch::FIRST, write())).await)?;
    let fenced = |expected, found| StoreError::Fenced { stack: id("s"), expected, found };
    expect("its error", error, fenced(Epoch::FIRST, Some(epoch)))?;
    let mut last = commit("s", epoch, write());
    last.release = true;
    worked("a write of epoch 2", store.commit(last).await)?;
    let error = refused("a write after the release", store.commit(commit("s", epoch, write())).await)?;
    expect("its error", error, fenced(epoch, None))?;
    let epoch = worked("claiming again", store.claim(&row.id).await)?;
    expect("the epoch", epoch, Epoch(3))?;
    worked("an old release", store.release(&row.id, Epoch(2)).await)?;
    worked("a write of epoch 3", store.commit(commit("s", epoch, write())).await)?;
    worked("a release", store.release(&row.id, epoch).await)?;
    refused("a write after the release", store.commit(commit("s", epoch, write())).await)?;
    let error = refused("a claim on no stack", store.claim(&id("none")).await)?;
    expect("its error", error, StoreError::NoSuchStack { stack: id("none") })
}

async fn two_engines(first: &dyn Store, second: &dyn Store) -> Check {
    let row = stack("s", "p", "web", 1);
    made(first, &row, []).await?;
    let error = refused("claiming what the other one holds", second.claim(&row.id).await)?;
    expect("its error is Claimed", matches!(error, StoreError::Claimed { .. }), true)?;
    let write = || [RowWrite::PutEvent(event("s", "web", "x"))];
    let stolen = second.commit(commit("s", Epoch::FIRST, write())).await;
    let error = refused("a write without the claim", stolen)?;
    expect("its error is Fenced", matches!(error, StoreError::Fenced { .. }), true)?;
    expect("what the other one reads", worked("reading", second.stack(&row.id).await)?, Some(row.clone()))?;
    worked("releasing", first.release(&row.id, Epoch::FIRST).await)?;
    let epoch = worked("claiming what is free", second.claim(&row.id).await)?;
    worked("a write with the claim", second.commit(commit("s", epoch, write())).await)?;
    let late = first.commit(commit("s", Epoch::FIRST, write())).await;
    let error = refused("a late write of the first one", late)?;
    let fenced = StoreError::Fenced { stack: id("s"), expected: Epoch::FIRST, found: Some(epoch) };
    expect("its error", error, fenced)
}

async fn paging(store: &dyn Store) -> Check {
    for (name, project, created) in
        [("a", "p", 1), ("b", "p", 3), ("c", "q", 4), ("d", "p", 2), ("e", "p", 3)]
    {
        made(store, &stack(name, project, name, created), []).await?;
    }
    let gone = stack("f", "p", "f", 9);
    made(store, &gone, []).await?;
    done(store, "f", [RowWrite::RemoveStack(tombstone(&gone, 10))]).await?;
    let of = |project: Option<&str>, after: Option<&str>, limit, deleted| StackQuery {
        project: project.map(str::to_owned),
        after: after.map(id),
        limit,
        deleted,
        ..StackQuery::default()
    };
    expect("all", names(store, of(None, None, None, false)).await?.concat(), "cebda".to_owned())?;
    expect(
        "of a project",
        names(store, of(Some("p"), None, None, false)).await?.concat(),
        "ebda".to_owned(),
    )?;
    let page = names(store, of(Some("p"), None, Some(2), false)).await?;
    expect("the first page", page.concat(), "eb".to_owned())?;
    let page = names(store, of(Some("p"), Some("b"), Some(2), false)).await?;
    expect("the second page", page.concat(), "da".to_owned())?;
    let page = names(store, of(Some("p"), Some("a"), Some(2), false)).await?;
    expect("the last page", page.concat(), String::new())?;
    let page = names(store, of(Some("p"), None, Some(2), true)).await?;
    expect("with tombstones", page.concat(), "fe".to_owned())?;
    let page = names(store, of(None, Some("f"), Some(1), false)).await?;
    expect("after a tombstone", page.concat(), "c".to_owned())?;
    let error = refused("a marker that is not there", store.stacks(&of(None, Some("x"), None, false)).await)?;
    expect("its error", error, StoreError::NoSuchStack { stack: id("x") })
}

async fn resource_order(store: &dyn Store) -> Check {
    made(store, &stack("s", "p", "web", 1), []).await?;
    for name in ["z", "a", "m", "b"] {
        done(store, "s", [RowWrite::PutResource(resource("s", name, &[]))]).await?;
    }
    let writes = [
        RowWrite::PutResource(resource("s", "z", &["later"])),
        RowWrite::RemoveResource(IncarnationId("a".to_owned())),
        RowWrite::PutResource(resource("s", "k", &[])),
    ];
    done(store, "s", writes).await?;
    let rows = worked("reading", store.resources(&id("s")).await)?;
    let order: String = rows.iter().map(|row| row.id.as_str()).collect();
    expect("the order", order, "zmbk".to_owned())
}

fn texts(events: &[StoredEvent]) -> Vec<&str> {
    events.iter().map(|event| event.row.document.as_str()).collect()
}

async fn events_in_order(store: &dyn Store) -> Check {
    made(store, &stack("a", "p", "a", 1), []).await?;
    made(store, &stack("b", "p", "b", 1), []).await?;
    let mut numbers: Vec<EventSequence> = Vec::new();
    for round in 0..3 {
        for name in ["a", "b"] {
            let writes = [
                RowWrite::PutEvent(event(name, "x", &format!("{name}{round}x"))),
                RowWrite::PutEvent(event(name, "y", &format!("{name}{round}y"))),
            ];
            let given = worked("a transaction", store.commit(commit(name, Epoch::FIRST, writes)).await)?;
            expect("how many numbers", given.len(), 2)?;
            numbers.extend(given);
        }
    }
    expect("numbers grow", numbers.is_sorted_by(|a, b| a < b), true)?;
    let all = worked("reading", store.events(&id("a"), &EventQuery::default()).await)?;
    let of_a: Vec<EventSequence> = numbers.chunks(4).flat_map(|four| four[..2].to_vec()).collect();
    expect("their numbers", all.iter().map(|event| event.sequence).collect::<Vec<_>>(), of_a.clone())?;
    let text = |names: &[&str]| names.iter().map(|name| document(name).clear).collect::<Vec<_>>();
    expect(
        "the events",
        texts(&all),
        text(&["a0x", "a0y", "a1x", "a1y", "a2x", "a2y"]).iter().map(String::as_str).collect(),
    )?;
    let query = EventQuery {
        after: Some(of_a[1]),
        resource: Some("y".to_owned()),
        limit: Some(1),
        ..EventQuery::default()
    };
    let some = worked("reading", store.events(&id("a"), &query).await)?;
    expect("a part of them", texts(&some), text(&["a1y"]).iter().map(String::as_str).collect())?;
    let after_all = EventQuery { after: of_a.last().copied(), ..EventQuery::default() };
    expect("those after the last", worked("reading", store.events(&id("a"), &after_all).await)?, vec![])
}

async fn nested_stacks(store: &dyn Store) -> Check {
    let nested =
        |id: &str, root: &str| StackRow { root: Some(StackId(root.to_owned())), ..stack(id, "p", id, 2) };
    for row in
        [stack("root", "p", "root", 1), nested("one", "root"), nested("two", "root"), nested("x", "other")]
    {
        let event = event(&row.id.0, "r", &row.id.0);
        made(store, &row, [RowWrite::PutEvent(event)]).await?;
    }
    let of_root = StackQuery { root: Some(id("root")), ..StackQuery::default() };
    let all = StackQuery { nested: true, ..StackQuery::default() };
    let count =
        async |query: &StackQuery| worked("listing", store.stacks(query).await).map(|rows| rows.len());
    expect("a list", count(&StackQuery::default()).await?, 1)?;
    expect("a list with nested stacks", count(&all).await?, 4)?;
    expect("the nested stacks of one", count(&of_root).await?, 2)?;
    // One that comes to stand alone is an outermost one from then on.
    let alone = StackRow { root: None, ..nested("two", "root") };
    done(store, "two", [RowWrite::PutStack(alone)]).await?;
    expect("the nested stacks of one, later", count(&of_root).await?, 1)?;
    let query = EventQuery { nested: true, ..EventQuery::default() };
    let events = worked("reading", store.events(&id("root"), &query).await)?;
    let stacks: Vec<&str> = events.iter().map(|event| event.row.stack.as_str()).collect();
    expect("the stacks of its events", stacks, vec!["root", "one"])
}

async fn shared_sources(store: &dyn Store) -> Check {
    let (shared, own, next) = (source("shared"), source("own"), source("next"));
    let a = using(stack("a", "p", "a", 1), &[&shared, &own]);
    let b = using(stack("b", "p", "b", 1), &[&shared]);
    made(store, &a, [RowWrite::PutSource(shared.clone()), RowWrite::PutSource(own.clone())]).await?;
    made(store, &b, [RowWrite::PutSource(shared.clone())]).await?;
    let there = async |row: &crate::store::SourceRow| {
        worked("reading", store.source(&row.hash).await).map(|found| found.is_some())
    };
    let writes = [RowWrite::PutSource(next.clone()), RowWrite::PutStack(using(a.clone(), &[&shared, &next]))];
    done(store, "a", writes).await?;
    expect("what nobody names any more is there", there(&own).await?, false)?;
    expect("what is named now is there", there(&next).await?, true)?;
    done(store, "a", [RowWrite::RemoveStack(tombstone(&a, 2))]).await?;
    expect("what only the removed stack named is there", there(&next).await?, false)?;
    expect("what another stack names is there", there(&shared).await?, true)?;
    done(store, "b", [RowWrite::RemoveStack(tombstone(&b, 2))]).await?;
    expect("what nobody names is there", there(&shared).await?, false)
}

async fn secret_sources(store: &dyn Store) -> Check {
    let clear = source("text");
    let mut sealed = clear.clone();
    sealed.document = crate::store::Document { clear: "(sealed)".to_owned(), sealed: Some(vec![1, 2, 3]) };
    let row = using(stack("s", "p", "web", 1), &[&clear]);
    made(store, &row, [RowWrite::PutSource(clear.clone())]).await?;
    done(store, "s", [RowWrite::PutSource(sealed.clone())]).await?;
    expect("the source", worked("reading", store.source(&clear.hash).await)?, Some(sealed.clone()))?;
    done(store, "s", [RowWrite::PutSource(clear.clone())]).await?;
    expect("the source", worked("reading", store.source(&clear.hash).await)?, Some(sealed))
}

async fn removal(store: &dyn Store) -> Check {
    let row = stack("s", "p", "web", 1);
    let writes = [
        RowWrite::PutResource(resource("s", "r", &["x"])),
        RowWrite::PutTraversal(traversal("s", "t")),
        RowWrite::PutEvent(event("s", "web", "begun")),
    ];
    made(store, &row, writes).await?;
    let gone = tombstone(&row, 2);
    let writes = [RowWrite::RemoveStack(gone.clone()), RowWrite::PutEvent(event("s", "web", "over"))];
    done(store, "s", writes).await?;
    expect("the tombstone", worked("reading", store.stack(&row.id).await)?, Some(gone))?;
    expect("the name", worked("reading", store.stack_named("p", "web").await)?, None)?;
    expect("the resources", worked("reading", store.resources(&row.id).await)?, vec![])?;
    let r = IncarnationId("r".to_owned());
    expect("the resource", worked("reading", store.resource(&r).await)?, None)?;
    expect("the traversals", worked("reading", store.traversals().await)?, vec![])?;
    let events = worked("reading", store.events(&row.id, &EventQuery::default()).await)?;
    expect("the events", events.len(), 2)?;
    let error = refused("a claim on a tombstone", store.claim(&row.id).await)?;
    expect("its error", error, StoreError::NoSuchStack { stack: row.id.clone() })?;
    let late =
        store.commit(commit("s", Epoch::FIRST, [RowWrite::PutResource(resource("s", "r", &[]))])).await;
    let error = refused("a write to a tombstone", late)?;
    expect("its error", error, StoreError::NoSuchStack { stack: row.id })
}

async fn physical_ids(store: &dyn Store) -> Check {
    let (a, b) = (stack("a", "p", "a", 1), stack("b", "p", "b", 1));
    let writes = [
        RowWrite::PutResource(resource("a", "r1", &["one", "port \"quoted\""])),
        RowWrite::PutResource(resource("a", "r2", &[])),
        RowWrite::PutResource(resource("a", "r3", &["three"])),
    ];
    made(store, &a, writes).await?;
    made(store, &b, [RowWrite::PutResource(resource("b", "r4", &["four"]))]).await?;
    made(store, &stack("c", "q", "c", 1), [RowWrite::PutResource(resource("c", "r5", &["five"]))]).await?;
    done(store, "a", [RowWrite::PutResource(resource("a", "r3", &[]))]).await?;
    done(store, "b", [RowWrite::RemoveStack(tombstone(&b, 2))]).await?;
    let known: BTreeSet<String> = worked("reading", store.physical_ids("p").await)?.into_iter().collect();
    let expected = ["one", "port \"quoted\""].map(str::to_owned);
    expect("the ids", known, BTreeSet::from(expected))
}

async fn pruning(store: &dyn Store) -> Check {
    let rows = [("a", Some(10)), ("b", Some(20)), ("c", None)];
    for (name, deleted) in rows {
        let row = stack(name, "p", name, 1);
        let events = (0..5).map(|n| RowWrite::PutEvent(event(name, name, &format!("{name}{n}"))));
        made(store, &row, events).await?;
        if let Some(deleted) = deleted {
            done(store, name, [RowWrite::RemoveStack(tombstone(&row, deleted))]).await?;
        }
    }
    let gone = worked("pruning", store.prune(moment(20), 2).await)?;
    expect("how many rows went", gone, 1 + 5 + 3 + 3)?;
    expect("the old tombstone", worked("reading", store.stack(&id("a")).await)?, None)?;
    let newer = worked("reading", store.stack(&id("b")).await)?;
    expect("the newer tombstone is there", newer.is_some(), true)?;
    let events = worked("reading", store.events(&id("a"), &EventQuery::default()).await)?;
    expect("events of the old tombstone", events, vec![])?;
    let events = worked("reading", store.events(&id("c"), &EventQuery::default()).await)?;
    let newest = [document("c3").clear, document("c4").clear];
    expect("the newest events", texts(&events), newest.iter().map(String::as_str).collect())?;
    let before = events.last().map(|event| event.sequence);
    let writes = [RowWrite::PutEvent(event("c", "c", "c5"))];
    let next = worked("a transaction", store.commit(commit("c", Epoch::FIRST, writes)).await)?;
    expect("numbers go on", next.first().copied() > before, true)
}

async fn concurrency(store: &dyn Store) -> Check {
    made(store, &stack("s", "p", "web", 1), []).await?;
    made(store, &stack("other", "p", "other", 1), [RowWrite::PutResource(resource("other", "foreign", &[]))])
        .await?;
    // Every fourth one is refused in the middle, after it has written something.
    let writes = (0..400).map(|n| {
        let name = format!("r{n:03}");
        let mut writes = vec![RowWrite::PutResource(resource("s", &name, &[&name]))];
        if n % 4 == 0 {
            writes.push(RowWrite::PutResource(resource("s", "foreign", &[])));
        }
        store.commit(commit("s", Epoch::FIRST, writes))
    });
    let answers = futures_util::future::join_all(writes).await;
    for (n, answer) in answers.into_iter().enumerate() {
        let refusal = matches!(answer, Err(StoreError::Refused { .. }));
        expect("a transaction with a foreign resource is refused", refusal, n % 4 == 0)?;
        expect("a transaction without one is taken", answer.is_ok(), n % 4 != 0)?;
    }
    let rows = worked("reading", store.resources(&id("s")).await)?;
    let seen: BTreeSet<String> = rows.iter().map(|row| row.id.to_string()).collect();
    let expected = (0..400).filter(|n| n % 4 != 0).map(|n| format!("r{n:03}")).collect();
    expect("the resources", seen, expected)
}
