//! `heat stack event list`: what happened to a stack, and what happens while somebody watches.

use super::answer;
use crate::arguments::{EventCommand, GlobalArguments};
use crate::error::Result;
use crate::output::{self, Answer, Format};
use crate::progress;
use crate::session::Session;
use futures_util::StreamExt;
use heat_engine::record::{Event, EventSequence};
use heat_engine::store::EventQuery;
use heat_engine::{EngineError, Stack};
use std::io::Write;

/// Which events are wanted.
struct Wanted {
    resource: Option<String>,
    limit: Option<usize>,
    nested_depth: usize,
}

/// `heat stack event list`
pub(super) async fn list(global: &GlobalArguments, command: &EventCommand) -> Result<Answer> {
    let session = Session::open(global).await?;
    let EventCommand::List { stack, resource, limit, follow, nested_depth } = command;
    let wanted = Wanted { resource: resource.clone(), limit: *limit, nested_depth: *nested_depth };
    let (stack, name) = session.stack(stack).await?;
    wanted.has_a_known_resource(&stack, &name).await?;
    if *follow {
        session.or_interrupt(watch(global, &session, &stack, &name, &wanted)).await?;
        session.close().await;
        return Ok(Answer::Nothing);
    }
    let events = stack.recorded_events(&wanted.query(None)).await?;
    session.close().await;
    Ok(answer::events(events.iter().map(|(_, event)| event)))
}

impl Wanted {
    fn query(&self, after: Option<EventSequence>) -> EventQuery {
        EventQuery {
            after,
            resource: self.resource.clone(),
            limit: self.limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)),
            nested: self.nested_depth > 0,
        }
    }

    fn has(&self, event: &Event) -> bool {
        self.resource.as_deref().is_none_or(|wanted| wanted == event.resource)
    }

    /// Whether the stack has, or had, the resource that is asked for. A stack's own events bear its name.
    async fn has_a_known_resource(&self, stack: &Stack, name: &str) -> Result<()> {
        let Some(resource) = self.resource.as_deref().filter(|resource| *resource != name) else {
            return Ok(());
        };
        // What an update took away has events still, and what nobody has begun with has none yet.
        let query = EventQuery { limit: Some(1), ..self.query(None) };
        if !stack.recorded_events(&query).await?.is_empty() {
            return Ok(());
        }
        let resources = stack.nested_resources(self.nested_depth).await?;
        if resources.iter().any(|view| view.resource_name == resource) {
            return Ok(());
        }
        stack.resource(resource).await?;
        Ok(())
    }
}

/// Shows events as they come.
async fn watch(
    global: &GlobalArguments,
    session: &Session,
    stack: &Stack,
    name: &str,
    wanted: &Wanted,
) -> Result<()> {
    let mut left = wanted.limit.unwrap_or(usize::MAX);
    let mut names = progress::Names::new(stack, name);
    let mut show = |event: &Event| -> Result<bool> {
        if wanted.has(event) && left > 0 {
            left -= 1;
            let mut out = std::io::stdout();
            let one = || output::with_columns(answer::event(event), &global.columns);
            match global.format {
                // An object for each line, as it comes.
                Format::Json => writeln!(out, "{}", one()?)?,
                Format::Yaml => writeln!(out, "- {}", one()?)?,
                _ => writeln!(out, "{}", progress::line(names.of(event), event))?,
            }
            out.flush()?;
        }
        Ok(left > 0)
    };
    if wanted.limit == Some(0) {
        return Ok(());
    }
    let mut events = if wanted.nested_depth > 0 {
        stack.nested_events_after(EventSequence::default()).left_stream()
    } else {
        stack.events().right_stream()
    };
    let mut last = None;
    let end = stack.finished();
    tokio::pin!(end);
    // Who works on the outermost stack works on those inside.
    let mut is_at_rest = stack.show().await?.parent.is_some();
    loop {
        tokio::select! {
            event = events.next() => {
                let Some(event) = event else { return Ok(()) };
                let (sequence, event) = event?;
                last = Some(sequence);
                if !show(&event)? {
                    return Ok(());
                }
            }
            // This process does not work on the stack: it ends when another one is done with it, or nobody is there.
            ended = &mut end, if !is_at_rest => match ended {
                Err(error @ (EngineError::Stopped { .. } | EngineError::Paused { .. })) => {
                    let query = EventQuery { after: last, limit: None, ..wanted.query(None) };
                    for (_, event) in stack.recorded_events(&query).await? {
                        if !show(&event)? {
                            return Ok(());
                        }
                    }
                    session.tell(&match error {
                        EngineError::Paused { .. } => error.to_string(),
                        _ => format!("nobody works on {name}; go on with: heat stack wait {name}"),
                    });
                    return Ok(());
                }
                // The stream ends by itself, behind its last event.
                _ => is_at_rest = true,
            },
        }
    }
}
