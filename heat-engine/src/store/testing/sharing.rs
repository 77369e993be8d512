//! What a store that engines of several processes share promises beside all the rest.

use super::behaviour::{BrokenPromise, Check, Fixture, expect, id, made, refused, worked};
use super::rows::{commit, create, event, resource, stack, tombstone, traversal};
use crate::store::{Epoch, Heard, Held, RowWrite, SharedStore, StackRow, Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// Checks all promises of a [`SharedStore`], each with a fresh store. Gives those that are broken.
pub async fn broken_shared_promises(fixture: &mut dyn Fixture) -> Vec<BrokenPromise> {
    let mut broken = Vec::new();
    macro_rules! promises {
        ($($text:literal => $check:ident;)*) => {$({
            let (first, second) = (fixture.fresh(), fixture.other_engine());
            if let Err(seen) = $check(&first, &second).await {
                broken.push(BrokenPromise { promise: $text, seen });
            }
        })*};
    }
    promises! {
        "work that nobody does is taken once, the oldest first" => taking;
        "what waits is taken only on request, and what is held never" => left_alone;
        "who loses a stack loses all that lie inside of it" => trees;
        "an engine is told that another one asks for a stack, and gives it to nobody else" => asking;
        "who leaves holds nothing any more" => leaving;
        "what one engine writes, the others hear of" => hearing;
    }
    broken
}

type Stores<'a> = &'a Arc<dyn Store>;

fn shared(store: Stores<'_>) -> Result<&dyn SharedStore, String> {
    store.shared().ok_or_else(|| "it is not shared".to_owned())
}

/// Makes stacks with a traversal each, held by the engine that makes them.
async fn begun(store: Stores<'_>, names: &[&str]) -> Check {
    for (at, name) in names.iter().enumerate() {
        let row = stack(name, "p", name, at as i64);
        made(&**store, &row, [RowWrite::PutTraversal(traversal(name, &format!("t-{name}")))]).await?;
    }
    Ok(())
}

async fn released(store: Stores<'_>, names: &[&str]) -> Check {
    for name in names {
        worked("releasing", store.release(&id(name), Epoch::FIRST).await)?;
    }
    Ok(())
}

async fn taken(store: Stores<'_>, limit: u32, except: &[&str], waiting: bool) -> Result<Vec<String>, String> {
    let except: Vec<_> = except.iter().map(|name| id(name)).collect();
    let work = worked("taking work", shared(store)?.take(limit, &except, waiting).await)?;
    Ok(work.into_iter().map(|(row, _)| row.stack.0).collect())
}

async fn taking(first: Stores<'_>, second: Stores<'_>) -> Check {
    begun(first, &["a", "b", "c", "d"]).await?;
    expect("what is taken while all is held", taken(second, 9, &[], false).await?, vec![])?;
    expect("what its holder takes", taken(first, 9, &[], false).await?, vec![])?;
    released(first, &["a", "b", "c", "d"]).await?;
    expect("what is taken", taken(second, 2, &["b"], false).await?, vec!["a".to_owned(), "c".to_owned()])?;
    let work = worked("taking work", shared(first)?.take(9, &[], false).await)?;
    let found: Vec<_> = work.iter().map(|(row, epoch)| (row.id.as_str(), *epoch)).collect();
    expect("what is left", found, vec![("t-b", Epoch(2)), ("t-d", Epoch(2))])?;
    let write = || [RowWrite::PutEvent(event("a", "a", "x"))];
    worked("a write of the new holder", second.commit(commit("a", Epoch(2), write())).await)?;
    let late = refused("a write of the old one", first.commit(commit("a", Epoch::FIRST, write())).await)?;
    let fenced = StoreError::Fenced { stack: id("a"), expected: Epoch::FIRST, found: Some(Epoch(2)) };
    expect("its error", late, fenced)
}

async fn left_alone(first: Stores<'_>, second: Stores<'_>) -> Check {
    begun(first, &["held", "waits", "over", "nested", "gone"]).await?;
    let waits = StackRow { waits: true, ..stack("waits", "p", "waits", 1) };
    let nested = StackRow { root: Some(id("held")), ..stack("nested", "p", "nested", 3) };
    let gone = tombstone(&stack("gone", "p", "gone", 4), 9);
    let over = RowWrite::RemoveTraversal(traversal("over", "t-over").id);
    for (name, write) in [
        ("waits", RowWrite::PutStack(waits)),
        ("nested", RowWrite::PutStack(nested)),
        ("over", over),
        ("gone", RowWrite::RemoveStack(gone)),
    ] {
        worked("a transaction", first.commit(commit(name, Epoch::FIRST, [write])).await)?;
    }
    released(first, &["waits", "over", "nested"]).await?;
    expect("what is taken", taken(second, 9, &[], false).await?, vec![])?;
    expect("what is taken on request", taken(second, 9, &[], true).await?, vec!["waits".to_owned()])
}

async fn trees(first: Stores<'_>, second: Stores<'_>) -> Check {
    begun(first, &["root"]).await?;
    let inside = |name: &str| StackRow { root: Some(id("root")), ..stack(name, "p", name, 2) };
    made(&**first, &inside("inside"), []).await?;
    let error = refused("claiming one inside", second.claim(&id("inside")).await)?;
    expect("its error is Claimed", matches!(error, StoreError::Claimed { .. }), true)?;
    // Only the outermost one is given back.
    released(first, &["root"]).await?;
    let error = refused("claiming one inside before the outermost one", second.claim(&id("inside")).await)?;
    expect("its error is Claimed", matches!(error, StoreError::Claimed { .. }), true)?;
    worked("claiming the outermost one", second.claim(&id("root")).await)?;
    let late = commit("inside", Epoch::FIRST, [RowWrite::PutResource(resource("inside", "r", &[]))]);
    let error = refused("a late write inside", first.commit(late).await)?;
    expect("its error is Fenced", matches!(error, StoreError::Fenced { .. }), true)?;
    let error = refused("a late claim inside", first.claim(&id("inside")).await)?;
    expect("its error is Claimed", matches!(error, StoreError::Claimed { .. }), true)?;
    let error = refused("a late stack inside", first.commit(create(&inside("late"), [])).await)?;
    expect("its error is Fenced", matches!(error, StoreError::Fenced { .. }), true)?;
    let epoch = worked("claiming one inside", second.claim(&id("inside")).await)?;
    let write = [RowWrite::PutResource(resource("inside", "r", &[]))];
    worked("a write inside", second.commit(commit("inside", epoch, write)).await)?;
    worked("a new stack inside", second.commit(create(&inside("new"), [])).await).map(drop)
}

async fn asking(first: Stores<'_>, second: Stores<'_>) -> Check {
    begun(first, &["a", "b"]).await?;
    let heard = shared(first)?.heard();
    let before = *heard.borrow();
    worked("asking", shared(second)?.ask_for(&id("a")).await)?;
    let mut held = worked("what is held", shared(first)?.held().await)?;
    held.sort_by(|one, other| one.stack.cmp(&other.stack));
    let expected = [("a", true), ("b", false)].map(|(name, wanted)| Held {
        stack: id(name),
        epoch: Epoch::FIRST,
        wanted,
    });
    expect("what is held", held, expected.to_vec())?;
    grows(heard, before).await?;
    released(first, &["a"]).await?;
    expect("what others take", taken(first, 9, &[], false).await?, vec![])?;
    expect("what the asker takes", taken(second, 9, &[], false).await?, vec!["a".to_owned()])
}

async fn leaving(first: Stores<'_>, second: Stores<'_>) -> Check {
    begun(first, &["a"]).await?;
    let holder = worked("the holder", shared(second)?.holder(&id("a")).await)?;
    expect("somebody holds it", holder.is_some(), true)?;
    worked("leaving", shared(first)?.leave().await)?;
    expect("what is held", worked("what is held", shared(first)?.held().await)?, vec![])?;
    expect("the holder", worked("the holder", shared(second)?.holder(&id("a")).await)?, None)?;
    let write = [RowWrite::PutEvent(event("a", "a", "x"))];
    let error = refused("a late write", first.commit(commit("a", Epoch::FIRST, write)).await)?;
    expect("its error is Fenced", matches!(error, StoreError::Fenced { .. }), true)?;
    worked("claiming what was left", second.claim(&id("a")).await).map(drop)
}

async fn hearing(first: Stores<'_>, second: Stores<'_>) -> Check {
    expect("the lease runs", shared(first)?.lease_runs(), true)?;
    let heard = shared(second)?.heard();
    let before = *heard.borrow();
    begun(first, &["a"]).await?;
    let write = [RowWrite::PutEvent(event("a", "a", "x"))];
    worked("a transaction", first.commit(commit("a", Epoch::FIRST, write)).await)?;
    grows(heard, before).await
}

async fn grows(mut heard: tokio::sync::watch::Receiver<Heard>, before: Heard) -> Check {
    let heard = tokio::time::timeout(Duration::from_secs(20), heard.wait_for(|heard| *heard != before));
    match heard.await {
        Ok(Ok(_)) => Ok(()),
        _ => Err("nothing was heard".to_owned()),
    }
}
