//! `heat stack list`, `show`, `resource` and `output`: what looks at stacks and changes nothing.

use super::{Outcome, answer};
use crate::arguments::{GlobalArguments, ListStacks, MarkCommand, OutputCommand, ResourceCommand, ShowStack};
use crate::error::{CliError, Result};
use crate::input::read;
use crate::output::{Answer, Format};
use crate::session::Session;
use heat_engine::EngineError;
use serde_json::Value;

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

/// `heat stack template show`
pub(super) async fn template(global: &GlobalArguments, stack: &str) -> Result<Answer> {
    let session = Session::open(global).await?;
    let template = session.stack(stack).await?.0.template().await?;
    session.close().await;
    Ok(as_yaml(template))
}

/// `heat stack environment show`
pub(super) async fn environment(global: &GlobalArguments, stack: &str) -> Result<Answer> {
    let session = Session::open(global).await?;
    let environment = session.stack(stack).await?.0.environment().await?;
    session.close().await;
    Ok(as_yaml(environment))
}

/// `heat stack file list`
pub(super) async fn files(global: &GlobalArguments, stack: &str) -> Result<Answer> {
    let session = Session::open(global).await?;
    let files = session.stack(stack).await?.0.files().await?;
    session.close().await;
    Ok(as_yaml(files.into_iter().map(|(name, text)| (name, Value::String(text))).collect()))
}

/// For people as YAML, as the OpenStack client writes it.
fn as_yaml(data: Value) -> Answer {
    Answer::Text { text: heat_template::yaml::emit(&data), data }
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
        ResourceCommand::Metadata { stack, resource } => {
            let data = session.stack(stack).await?.0.resource_metadata(resource).await?;
            Ok(Answer::Text { text: format!("{data:#}\n"), data })
        }
        ResourceCommand::Signal { stack, resource, data, data_file } => {
            let details = details(data.as_deref(), data_file.as_deref())?;
            let (stack, _) = session.stack(stack).await?;
            stack.signal(resource, details).await?;
            // As the OpenStack client, nothing is answered.
            Ok(Answer::Nothing)
        }
        ResourceCommand::Mark(MarkCommand::Unhealthy { stack, resource, reason, reset }) => {
            // As the OpenStack client, nothing is answered.
            let (stack, _) = session.stack(stack).await?;
            stack.mark_unhealthy(resource, !reset, reason.as_deref()).await?;
            Ok(Answer::Nothing)
        }
    };
    session.close().await;
    answer
}

/// The details of a signal.
fn details(data: Option<&str>, file: Option<&str>) -> Result<Option<Value>> {
    let (text, from) = match (data, file) {
        (Some(text), _) => (text.to_owned(), "--data".to_owned()),
        (None, Some(file)) => (read(file)?, file.to_owned()),
        (None, None) => return Ok(None),
    };
    let parsed = serde_json::from_str(&text);
    parsed
        .map(Some)
        .map_err(|error| CliError::input(format!("{from}: the details of a signal are JSON: {error}")))
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
            let answer = match (global.format, global.columns.is_empty(), &failure) {
                (Format::Value, true, Some(_)) => Answer::Nothing,
                (Format::Value, true, None) => answer::output_value(output),
                _ => answer::output(output)?,
            };
            Ok(Outcome { answer, failure, exit_code })
        }
    }
}
