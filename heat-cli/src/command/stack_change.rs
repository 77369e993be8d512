//! `heat stack create`, `update`, `delete` and `wait`: what changes stacks.

use super::{Outcome, answer, stack_plan};
use crate::arguments::{
    Content, CreateStack, DeleteStacks, GlobalArguments, RollbackChoice, UpdateStack, WaitForStacks,
};
use crate::error::{CliError, Result};
use crate::input::{self, Given, Loaded};
use crate::output::Answer;
use crate::progress;
use crate::report;
use crate::session::{Session, full_registry};
use heat_engine::plan::Plan;
use heat_engine::record::{EventSequence, OnFailure};
use heat_engine::{Deletion, EngineError, NewStack, Stack, StackView, Update};
use heat_plugin_sdk::Credentials;
use heat_template::source::SourceMap;
use heat_template::{Expression, Files, ParseOptions, Template};
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;

/// Where stacks belong that need no cloud.
const NO_PROJECT: &str = "default";

/// `heat stack create`
pub(super) async fn create(global: &GlobalArguments, create: &CreateStack) -> Result<Outcome> {
    let Some(template) = create.content.template.as_deref() else {
        return Err(CliError::input("a template is needed: -t FILE"));
    };
    let mut loaded = load(global, &create.content, Some(template))?;
    loaded.name = Some(create.name.clone());
    // Everything that can be known without a cloud is told before one is asked.
    loaded.check(&full_registry(), true);
    let Some(template) = loaded.template.clone().filter(|_| !loaded.has_errors()) else {
        return Err(loaded.refused());
    };
    if !global.quiet {
        report::diagnostics(&loaded.diagnostics, &loaded.sources);
    }
    let session = if create.content.dry_run && create.content.plan_out.is_none() {
        Session::open_for_preview(global).await?
    } else {
        Session::open_or_make(global).await?
    };
    let (credentials, project) = session.or_interrupt(owner(&session, &template, &loaded.files)).await?;
    let content = &create.content;
    let usual = if create.enable_rollback { OnFailure::Rollback } else { OnFailure::Stop };
    let on_failure = create.on_failure.map_or(usual, OnFailure::from);
    let mut new = NewStack::new(&create.name, template)
        .environment(loaded.environment.clone())
        .files(loaded.files.clone())
        .parameters(loaded.parameters.clone())
        .owner(credentials)
        .project(project)
        .on_failure(on_failure)
        .tags(content.tags.clone().unwrap_or_default());
    if let Some(minutes) = content.timeout {
        new = new.timeout(minutes_long(minutes));
    }
    let sources = &loaded.sources;
    if let Some(file) = &content.plan_out {
        let plan = session.engine.plan_create(&new);
        let plan = session.or_interrupt(async { refusal(plan.await, sources) }).await?;
        return stack_plan::keep(session, &plan, file).await;
    }
    if content.dry_run {
        let plan =
            session.or_interrupt(async { refusal(session.engine.preview(&new).await, sources) }).await?;
        session.close().await;
        return Ok(preview(&plan));
    }
    let stack = session.or_interrupt(async { refusal(session.engine.create(new).await, sources) }).await?;
    finished(session, vec![(stack, create.name.clone(), EventSequence::default())]).await
}

/// `heat stack update`
pub(super) async fn update(global: &GlobalArguments, update: &UpdateStack) -> Result<Outcome> {
    let content = &update.content;
    if content.template.is_none() && !update.existing {
        return Err(CliError::input("a template is needed: -t FILE, or --existing to keep the present one"));
    }
    let mut loaded = load(global, content, content.template.as_deref())?;
    loaded.name = Some(update.stack.clone());
    if loaded.has_errors() {
        loaded.check(&full_registry(), false);
        return Err(loaded.refused());
    }
    if !global.quiet {
        report::diagnostics(&loaded.diagnostics, &loaded.sources);
    }
    let session = Session::open(global).await?;
    let (stack, name) = session.stack(&update.stack).await?;
    let mut change = match loaded.template.clone() {
        Some(template) if update.existing => Update::existing().template(template),
        Some(template) => Update::to(template),
        None => Update::existing(),
    };
    change = change
        .parameters(loaded.parameters.clone())
        .clear_parameters(update.clear_parameters.iter().cloned());
    if !content.environments.is_empty() || !update.existing {
        change = change.environment(loaded.environment.clone());
    }
    if loaded.template.is_some() || !content.environments.is_empty() {
        change = change.files(loaded.files.clone());
    }
    if let Some(minutes) = content.timeout {
        change = change.timeout(minutes_long(minutes));
    }
    if let Some(tags) = content.tags.clone() {
        change = change.tags(tags);
    }
    match update.rollback {
        Some(RollbackChoice::Enabled) => change = change.on_failure(OnFailure::Rollback),
        Some(RollbackChoice::Disabled) => change = change.on_failure(OnFailure::Stop),
        Some(RollbackChoice::Keep) | None => {}
    }
    if let Some(on_failure) = update.on_failure {
        change = change.on_failure(on_failure.into());
    }
    change = change.only(update.only.clone()).except(update.except.clone());
    if update.all_or_nothing {
        change = change.all_or_nothing();
    }
    // The variables may hold a password that is newer than the one in the store.
    if session.clouds.is_given() {
        let credentials = session.clouds.credentials()?;
        if credentials.value().is_some() {
            change = change.owner(credentials);
        }
    }
    // What is recorded was read from texts that are not here: places in it would point into the wrong files.
    let elsewhere = SourceMap::new();
    let sources = if loaded.template.is_some() { &loaded.sources } else { &elsewhere };
    if let Some(file) = &content.plan_out {
        let plan = session.or_interrupt(async { refusal(stack.plan_update(&change).await, sources) }).await?;
        return stack_plan::keep(session, &plan, file).await;
    }
    if content.dry_run {
        let plan =
            session.or_interrupt(async { refusal(stack.preview_update(&change).await, sources) }).await?;
        session.close().await;
        return Ok(preview(&plan));
    }
    let before = progress::last_event(&stack).await?;
    session.or_interrupt(async { refusal(stack.update(change).await, sources) }).await?;
    finished(session, vec![(stack, name, before)]).await
}

/// `heat stack delete`
pub(super) async fn delete(global: &GlobalArguments, delete: &DeleteStacks) -> Result<Outcome> {
    let session = Session::open(global).await?;
    let stacks = named(&session, &delete.stacks).await?;
    let deletion = Deletion::whole().only(delete.only.clone()).except(delete.except.clone());
    let deletion = deletion.on_failure(delete.on_failure.map_or(OnFailure::Stop, OnFailure::from));
    if let Some(file) = &delete.plan_out {
        let (stack, ..) = stack_plan::only(&stacks)?;
        let plan = session.or_interrupt(async { Ok(stack.plan_delete_with(&deletion).await?) }).await?;
        return stack_plan::keep(session, &plan, file).await;
    }
    if delete.dry_run {
        let mut plans = Vec::with_capacity(stacks.len());
        for (stack, ..) in &stacks {
            plans
                .push(session.or_interrupt(async { Ok(stack.preview_delete_with(&deletion).await?) }).await?);
        }
        session.close().await;
        return Ok(previews(&plans));
    }
    if !delete.yes && !std::io::stdin().is_terminal() {
        session.close().await;
        return Err(CliError::input("there is no terminal to ask on; say -y"));
    }
    let chosen = !delete.only.is_empty() || !delete.except.is_empty();
    if !delete.yes && !confirmed(&stacks, chosen)? {
        session.tell("nothing was deleted");
        session.close().await;
        return Err(CliError::Told);
    }
    for (stack, _, _) in &stacks {
        session.or_interrupt(async { Ok(stack.delete_with(&deletion).await?) }).await?;
    }
    let mut outcome = finished(session, stacks).await?;
    if outcome.exit_code == 0 && !global.format.is_data() && !chosen {
        // Like the OpenStack client, nothing is answered about what is gone; a program gets what it can read.
        outcome.answer = Answer::Nothing;
    }
    Ok(outcome)
}

/// A stack with the name that it was asked for by, and its last event before anything is done.
pub(super) type Named = (Stack, String, EventSequence);

/// The stacks of these names; one that is named twice is there once.
pub(super) async fn named(session: &Session, names: &[String]) -> Result<Vec<Named>> {
    let mut stacks: Vec<Named> = Vec::with_capacity(names.len());
    let mut known = HashSet::with_capacity(names.len());
    for name in names {
        let (stack, name) = session.stack(name).await?;
        if known.insert(stack.id().clone()) {
            let before = progress::last_event(&stack).await?;
            stacks.push((stack, name, before));
        }
    }
    Ok(stacks)
}

/// `heat stack wait`
pub(super) async fn wait(global: &GlobalArguments, wait: &WaitForStacks) -> Result<Outcome> {
    let session = Session::open(global).await?;
    let stacks = named(&session, &wait.stacks).await?;
    for (stack, _, _) in &stacks {
        session.or_interrupt(async { Ok(stack.go_on().await?) }).await?;
    }
    finished(session, stacks).await
}

fn load(global: &GlobalArguments, content: &Content, template: Option<&str>) -> Result<Loaded> {
    let parameters: IndexMap<String, Value> =
        input::parameters(&content.parameters, content.parameter_file_paths())?;
    let (environments, allowed) = (&content.environments, &content.allowed);
    let environment_dir = input::global_folder(global);
    Given { template, environments, allowed, environment_dir, parameters }.load()
}

/// With whose rights a new stack is made, and the project that it belongs to. A stack of the engine's own types needs no
/// cloud.
pub(super) async fn owner(
    session: &Session,
    template: &Template,
    files: &Files,
) -> Result<(Credentials, String)> {
    let credentials = match session.clouds.credentials() {
        Ok(credentials) => credentials,
        Err(error) => {
            let options = ParseOptions::default();
            // A nested template that cannot be read is refused later.
            let names = files.names().filter(|name| is_template(name));
            let nested = names.filter_map(|name| files.template(name, &options)?.value.as_ref());
            return if std::iter::once(template).chain(nested).all(needs_no_cloud) {
                Ok((Credentials::none(), NO_PROJECT.to_owned()))
            } else {
                Err(error)
            };
        }
    };
    let project = session.clouds.project_of(&credentials).await?;
    Ok((credentials, project))
}

/// Whether all types of a template are the engine's own, or templates.
fn needs_no_cloud(template: &Template) -> bool {
    let own = |name: &str| name.starts_with("OS::Heat::") || is_template(name);
    template.resources().values().all(|resource| {
        let member = resource.properties().and_then(|properties| properties.get("resource_def")?.get("type"));
        own(resource.type_name()) && member.and_then(Expression::as_str).is_none_or(own)
    })
}

fn is_template(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".template")
}

/// The engine's answer; what it refuses with the texts that the places are in.
pub(super) fn refusal<T>(result: Result<T, EngineError>, sources: &SourceMap) -> Result<T> {
    result.map_err(|error| CliError::refused(error, sources))
}

/// Waits for stacks, and says how it went.
pub(super) async fn finished(session: Session, stacks: Vec<Named>) -> Result<Outcome> {
    finished_as(session, stacks, |view| !view.is_failed() && !is_rolled_back(view)).await
}

/// As [`finished`], where it went well if this says so.
pub(super) async fn finished_as(
    session: Session,
    stacks: Vec<Named>,
    went_well: impl Fn(&StackView) -> bool,
) -> Result<Outcome> {
    let views = match stacks.as_slice() {
        [(stack, name, after)] => vec![session.finish(stack, name, *after).await?],
        several => session.finish_all(several).await?,
    };
    session.close().await;
    let failed: Vec<&StackView> = views.iter().filter(|view| !went_well(view)).collect();
    let failure = (!failed.is_empty()).then(|| {
        let words = failed.iter().map(|view| {
            format!("stack {} is {}: {}", view.stack_name, view.stack_status, view.stack_status_reason)
        });
        words.collect::<Vec<_>>().join("\n")
    });
    let exit_code = u8::from(failure.is_some());
    let answer = match views.as_slice() {
        [only] => answer::stack(only)?,
        several => answer::stacks(several)?,
    };
    Ok(Outcome { answer, failure, exit_code })
}

/// A rollback that succeeded ends an operation that failed.
pub(super) fn is_rolled_back(view: &StackView) -> bool {
    view.stack_status == "ROLLBACK_COMPLETE"
}

/// Plans that are shown and not run.
pub(super) fn previews(plans: &[Plan]) -> Outcome {
    match plans {
        [only] => preview(only),
        several => {
            let text: String = several.iter().map(Plan::to_text).collect();
            Answer::Text { text, data: json!(several) }.into()
        }
    }
}

/// A plan that is shown and not run.
pub(super) fn preview(plan: &Plan) -> Outcome {
    Answer::Text { text: plan.to_text(), data: json!(plan) }.into()
}

pub(super) fn minutes_long(minutes: u32) -> Duration {
    Duration::from_secs(u64::from(minutes) * 60)
}

fn confirmed(stacks: &[(Stack, String, EventSequence)], chosen: bool) -> Result<bool> {
    let names: Vec<&str> = stacks.iter().map(|(_, name, _)| name.as_str()).collect();
    let mut out = std::io::stderr();
    match chosen {
        true => write!(out, "Delete the chosen resources of {}? [y/N] ", names.join(", "))?,
        false => write!(out, "Delete {} with all resources? [y/N] ", names.join(", "))?,
    }
    out.flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}
