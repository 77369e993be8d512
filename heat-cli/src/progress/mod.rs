//! What happens to a stack, shown while it happens: a live view on a terminal, else a line for each event.

mod line;
mod live;
mod state;

pub(crate) use line::line;

use crate::error::Result;
use futures_util::StreamExt;
use heat_engine::Stack;
use heat_engine::record::{Event, EventSequence, StackId};
use heat_engine::store::EventQuery;
use live::Live;
use state::State;
use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// How often the live view is drawn anew, for the clocks in it.
const BEAT: Duration = Duration::from_millis(100);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Not at all.
    Nothing,
    /// A line for each event.
    Lines,
    /// A view that changes.
    Live,
}

impl Show {
    /// What fits where stderr goes.
    pub(crate) fn fitting(quiet: bool) -> Self {
        match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Self::Nothing,
            (false, true) if std::env::var_os("TERM").is_none_or(|term| term != "dumb") => Self::Live,
            (false, _) => Self::Lines,
        }
    }
}

/// The names of a stack and of those inside of it, as their own events tell them.
pub(crate) struct Names {
    known: HashMap<StackId, String>,
}

impl Names {
    /// Of a stack whose name is known.
    pub(crate) fn new(stack: &Stack, name: &str) -> Self {
        Self { known: HashMap::from([(stack.id().clone(), name.to_owned())]) }
    }

    /// The name of the stack that an event belongs to.
    pub(crate) fn of<'a>(&'a mut self, event: &'a Event) -> &'a str {
        if event.type_name == "OS::Heat::Stack" {
            self.known.entry(event.stack.clone()).or_insert_with(|| event.resource.clone());
        }
        self.known.get(&event.stack).map_or(event.stack.as_str(), String::as_str)
    }
}

/// The number of the last event so far.
pub(crate) async fn last_event(stack: &Stack) -> Result<EventSequence> {
    let query = EventQuery { nested: true, ..EventQuery::default() };
    let events = stack.recorded_events(&query).await?;
    Ok(events.last().map(|(sequence, _)| *sequence).unwrap_or_default())
}

/// Shows what happens to a stack after an event, until it is at rest.
///
/// # Errors
/// The store cannot be read.
pub(crate) async fn follow(stack: &Stack, name: &str, after: EventSequence, show: Show) -> Result<()> {
    match show {
        Show::Nothing => Ok(()),
        Show::Lines => {
            let mut events = stack.nested_events_after(after);
            let mut names = Names::new(stack, name);
            while let Some(event) = events.next().await {
                let (_, event) = event?;
                // Nobody has to read the progress.
                let _ = writeln!(std::io::stderr(), "{}", line(names.of(&event), &event));
            }
            Ok(())
        }
        Show::Live => follow_live(stack, name, after).await,
    }
}

async fn follow_live(stack: &Stack, name: &str, after: EventSequence) -> Result<()> {
    let mut state = State::new(name, stack.plan().await?.as_ref());
    let mut live = Live::new();
    // What was done before an interruption counts, too.
    let mut events = stack.events();
    let mut beat = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(event) => {
                    let (sequence, event) = event?;
                    if sequence > after
                        && let Some(remark) = state::remark(name, &event)
                    {
                        live.remark(&remark);
                    }
                    if state.take(&event) {
                        // Another traversal began, a rollback perhaps.
                        state.plan(stack.plan().await?.as_ref());
                    }
                }
                None => return Ok(()),
            },
            _ = beat.tick() => live.draw(&state),
        }
    }
}
