//! Events as a stream: those that are recorded, then those that come.

use super::Engine;
use crate::record::{Event, EventSequence, StackId};
use crate::store::{EventQuery, StoreError};
use futures_util::Stream;
use futures_util::stream::unfold;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::watch;

/// How many events are read at a time.
const PAGE: u32 = 500;

/// Where events of other processes on the same store are looked for, in case nobody tells of them.
const LOOK: Duration = Duration::from_millis(500);

struct Cursor {
    engine: Engine,
    stack: StackId,
    after: EventSequence,
    nested: bool,
    ready: VecDeque<(EventSequence, Event)>,
    published: watch::Receiver<u64>,
    over: bool,
}

/// All events of a stack after a number, and all that follow, until the stack is at rest. `nested`: those of the stacks
/// inside of it, too.
pub(super) fn events(
    engine: Engine,
    stack: StackId,
    after: EventSequence,
    nested: bool,
) -> impl Stream<Item = Result<(EventSequence, Event), StoreError>> + Send + Unpin {
    let published = engine.core().published.subscribe();
    let cursor = Cursor { engine, stack, after, nested, ready: VecDeque::new(), published, over: false };
    Box::pin(unfold(cursor, next))
}

async fn next(mut cursor: Cursor) -> Option<(Result<(EventSequence, Event), StoreError>, Cursor)> {
    loop {
        if let Some((sequence, event)) = cursor.ready.pop_front() {
            cursor.after = sequence;
            return Some((Ok((sequence, event)), cursor));
        }
        if cursor.over {
            return None;
        }
        // In this order: what is recorded after the stack came to rest is read before the stream ends.
        cursor.published.mark_unchanged();
        let rests = match cursor.engine.is_at_rest(&cursor.stack).await {
            Ok(rests) => rests,
            Err(error) if cursor.engine.is_away(&error) => {
                tokio::time::sleep(LOOK).await;
                continue;
            }
            Err(error) => {
                cursor.over = true;
                return Some((Err(error), cursor));
            }
        };
        let query = EventQuery {
            after: Some(cursor.after),
            limit: Some(PAGE),
            nested: cursor.nested,
            ..EventQuery::default()
        };
        match cursor.engine.core().records.events(&cursor.stack, &query).await {
            Ok(events) if !events.is_empty() => cursor.ready.extend(events),
            Ok(_) if rests => return None,
            Ok(_) => {
                let _ = tokio::time::timeout(LOOK, cursor.published.changed()).await;
            }
            Err(error) if cursor.engine.is_away(&error) => tokio::time::sleep(LOOK).await,
            Err(error) => {
                cursor.over = true;
                return Some((Err(error), cursor));
            }
        }
    }
}
