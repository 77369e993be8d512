//! `heat stack list`, `show`, `resource`, `event` and `output`: what looks at stacks and changes nothing.

use super::{Outcome, answer};
use crate::arguments::{
    EventCommand, GlobalArguments, ListStacks, OutputCommand, ResourceCommand, ShowStack,
};
use crate::error::Result;
use crate::output::{Answer, Format};
use crate::progress;
use crate::session::Session;
use futures_util::StreamExt;
use heat_engine::EngineError;
use heat_engine::record::EventSequence;
use heat_engine::store::EventQuery;
use std::io::Write;

/// `heat stack list`
pub(super) async fn list(global: &GlobalArguments, list: &ListStacks) -> Result<Answer> {
    let session = Session::open(global).await?;
    let answer = answer::stacks(&session.stacks(list.deleted, list.nested).await?);
    session.close().await;
    answer
}

/// `heat stack show`
pub(super) async fn show(global: &GlobalArguments, show: &ShowStack) -> Result<Answer> {
    let session = Session::open(global).await?;
    let (stack, _) = session.stack(&show.stack).await?;
    let mut view = stack.show().await?;
    session.close().await;
    if show.no_resolve_outputs {
        view.outputs.clear();
    }
    answer::stack(&view)
}

/// `heat stack resource …`
pub(super) async fn resource(global: &GlobalArguments, command: &ResourceCommand) -> Result<Answer> {
    let session = Session::open(global).await?;
    let answer = match command {
        ResourceCommand::List { stack, nested_depth } => {
            answer::resources(&session.stack(stack).await?.0.nested_resources(*nested_depth).await?)
        }
        ResourceCommand::Show { stack, resource } => {
            answer::resource(&session.stack(stack).await?.0.resource(resource).await?)
        }
    };
    session.close().await;
    answer
}

/// `heat stack event …`
pub(super) async fn event(global: &GlobalArguments, command: &EventCommand) -> Result<Answer> {
    let session = Session::open(global).await?;
    let EventCommand::List { stack, resource, limit, follow, nested_depth } = command;
    let nested = *nested_depth > 0;
    let (stack, name) = session.stack(stack).await?;
    let wanted = |name: &str| resource.as_deref().is_none_or(|wanted| wanted == name);
    if *follow {
        let mut events = if nested {
            stack.nested_events_after(EventSequence::default()).left_stream()
        } else {
            stack.events().right_stream()
        };
        let mut names = progress::Names::new(&stack, &name);
        let mut shown = 0;
        session
            .or_interrupt(async {
                let mut out = std::io::stdout();
                while let Some(event) = events.next().await {
                    let (_, event) = event?;
                    if wanted(&event.resource) && limit.is_none_or(|limit| shown < limit) {
                        shown += 1;
                        match global.format {
                            // An object for each line, as it comes.
                            Format::Json => writeln!(out, "{}", answer::event(&event))?,
                            Format::Yaml => writeln!(out, "- {}", answer::event(&event))?,
                            _ => writeln!(out, "{}", progress::line(names.of(&event), &event))?,
                        }
                        out.flush()?;
                    }
                }
                Ok(())
            })
            .await?;
        session.close().await;
        return Ok(Answer::Nothing);
    }
    let query = EventQuery {
        after: None,
        resource: resource.clone(),
        limit: limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)),
        nested,
    };
    let events = stack.recorded_events(&query).await?;
    session.close().await;
    Ok(answer::events(events.iter().map(|(_, event)| event)))
}

/// `heat stack output …`
pub(super) async fn output(global: &GlobalArguments, command: &OutputCommand) -> Result<Outcome> {
    let session = Session::open(global).await?;
    let (OutputCommand::List { stack } | OutputCommand::Show { stack, .. }) = command;
    let (stack, name) = session.stack(stack).await?;
    let outputs = stack.outputs().await?;
    session.close().await;
    match command {
        OutputCommand::List { .. } => answer::outputs(&outputs, false).map(Outcome::from),
        OutputCommand::Show { output: None, .. } => answer::outputs(&outputs, true).map(Outcome::from),
        OutputCommand::Show { output: Some(key), .. } => {
            let found = outputs.iter().find(|output| output.output_key == *key);
            let missing = || EngineError::NoSuchOutput { stack: name, key: key.clone() };
            let output = found.ok_or_else(missing)?;
            // Whoever asks for this very value has to know that there is none.
            let failure = output.output_error.as_ref().map(|why| format!("output {key} has no value: {why}"));
            let exit_code = u8::from(failure.is_some());
            Ok(Outcome { answer: answer::output(output)?, failure, exit_code })
        }
    }
}
