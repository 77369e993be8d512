//! `heat stack export`, `abandon` and `adopt`: stacks that are handed over.

use super::Outcome;
use super::stack_change::{finished, minutes_long, owner, preview, refusal};
use crate::arguments::{AdoptStack, GlobalArguments, HandOver};
use crate::error::{CliError, Result};
use crate::input::{self, Given};
use crate::output::Answer;
use crate::progress;
use crate::session::Session;
use heat_engine::NewStack;
use heat_engine::record::{EventSequence, OnFailure};
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// `heat stack export`
pub(super) async fn export(global: &GlobalArguments, arguments: &HandOver) -> Result<Outcome> {
    let session = Session::open(global).await?;
    let (stack, _) = session.stack(&arguments.stack).await?;
    let data = stack.export().await?;
    session.close().await;
    told(data, arguments.output_file.as_deref()).map(Outcome::from)
}

/// `heat stack abandon`
pub(super) async fn abandon(global: &GlobalArguments, arguments: &HandOver) -> Result<Outcome> {
    let session = Session::open(global).await?;
    let (stack, name) = session.stack(&arguments.stack).await?;
    // Nothing is given up before it is known where to.
    let written = match &arguments.output_file {
        Some(path) => Some(told(stack.export().await?, Some(path))?),
        None => None,
    };
    let before = progress::last_event(&stack).await?;
    let data = session.or_interrupt(async { Ok(stack.abandon().await?) }).await?;
    let mut outcome = finished(session, vec![(stack, name, before)]).await?;
    outcome.answer = match written {
        Some(answer) => answer,
        None => told(data, None)?,
    };
    Ok(outcome)
}

/// The data, or nothing where they went into a file.
fn told(data: Value, file: Option<&Path>) -> Result<Answer> {
    let text = format!("{data:#}");
    let Some(path) = file else { return Ok(Answer::Text { text, data }) };
    let failed =
        |error: std::io::Error| CliError::Failed(format!("{} cannot be written: {error}", path.display()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(path).map_err(failed)?;
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(failed)?;
    out.sync_all().map_err(failed)?;
    Ok(Answer::Nothing)
}

/// `heat stack adopt`
pub(super) async fn adopt(global: &GlobalArguments, adopt: &AdoptStack) -> Result<Outcome> {
    let path = adopt.adopt_file.display();
    let text = std::fs::read_to_string(&adopt.adopt_file)
        .map_err(|error| CliError::input(format!("{path} cannot be read: {error}")))?;
    let data: Value = serde_json::from_str(&text)
        .map_err(|error| CliError::input(format!("{path} is not what `heat stack export` gives: {error}")))?;
    let parameters = input::parameters(&adopt.parameters, std::iter::empty())?;
    let loaded = Given {
        template: None,
        environments: &adopt.environments,
        allowed: &adopt.allowed,
        environment_dir: input::global_folder(global),
        parameters,
    }
    .load()?;
    if loaded.has_errors() {
        return Err(loaded.refused());
    }
    let new = refusal(NewStack::from_export(&adopt.name, &data), &loaded.sources)?;
    let session = if adopt.dry_run {
        Session::open_for_preview(global).await?
    } else {
        Session::open_or_make(global).await?
    };
    let (credentials, project) =
        session.or_interrupt(owner(&session, new.template(), new.attached_files())).await?;
    let on_failure = if adopt.enable_rollback { OnFailure::Rollback } else { OnFailure::Stop };
    let mut new = new
        .overlaid(&loaded.environment)
        .parameters(loaded.parameters.clone())
        .owner(credentials)
        .project(project)
        .on_failure(on_failure);
    if let Some(minutes) = adopt.timeout {
        new = new.timeout(minutes_long(minutes));
    }
    let sources = &loaded.sources;
    if adopt.dry_run {
        let planned = async { refusal(session.engine.preview_adopt(&new, &data).await, sources) };
        let plan = session.or_interrupt(planned).await?;
        session.close().await;
        return Ok(preview(&plan));
    }
    let begun = async { refusal(session.engine.adopt(new, &data).await, sources) };
    let stack = session.or_interrupt(begun).await?;
    finished(session, vec![(stack, adopt.name.clone(), EventSequence::default())]).await
}
