//! Plans in files: `--plan-out`, `heat stack apply`; and `heat stack rollback`.

use super::Outcome;
use super::stack_change::{finished, finished_as, is_rolled_back, named, preview};
use crate::arguments::{ApplyPlan, GlobalArguments, RollBackStack};
use crate::error::{CliError, Result};
use crate::input;
use crate::output::Answer;
use crate::progress;
use crate::session::Session;
use heat_engine::record::{Action, EventSequence};
use heat_engine::{SavedPlan, StackView};

/// Writes a plan to the file that the user names, and shows it.
pub(super) async fn keep(session: Session, plan: &SavedPlan, file: &str) -> Result<Outcome> {
    let text = plan.to_json()?;
    session.close().await;
    input::write(file, &text)?;
    Ok(preview(plan.plan()))
}

/// `heat stack apply`
pub(super) async fn apply(global: &GlobalArguments, apply: &ApplyPlan) -> Result<Outcome> {
    let mut plan = SavedPlan::from_json(&input::read(&apply.plan)?)?;
    let values = input::parameters(&apply.parameters, apply.parameter_file_paths())?;
    for (name, value) in values {
        plan = plan.parameter(name, value);
    }
    let session = Session::open_or_make(global).await?;
    // The variables may hold a password that is newer than the one in the plan.
    if plan.withholds_credentials() && session.clouds.is_given() {
        let credentials = session.clouds.credentials()?;
        if credentials.value().is_some() {
            plan = plan.owner(&credentials);
        }
    }
    let before = match session.engine.stack(plan.project(), plan.stack().as_str()).await {
        Ok(stack) => progress::last_event(&stack).await?,
        // It is there as soon as the plan is applied.
        Err(_) => EventSequence::default(),
    };
    let stack = session.or_interrupt(async { Ok(session.engine.apply(&plan).await?) }).await?;
    let stacks = vec![(stack, plan.stack_name().to_owned(), before)];
    match plan.action() {
        Action::Rollback => finished_as(session, stacks, is_rolled_back).await,
        Action::Delete => {
            let mut outcome = finished(session, stacks).await?;
            if outcome.exit_code == 0 && !global.format.is_data() {
                outcome.answer = Answer::Nothing;
            }
            Ok(outcome)
        }
        _ => finished(session, stacks).await,
    }
}

/// `heat stack rollback`
pub(super) async fn roll_back(global: &GlobalArguments, arguments: &RollBackStack) -> Result<Outcome> {
    let session = Session::open(global).await?;
    let stacks = named(&session, std::slice::from_ref(&arguments.stack)).await?;
    let [(stack, ..)] = stacks.as_slice() else { return Err(CliError::input("a stack is needed")) };
    if let Some(file) = &arguments.plan_out {
        let plan = session.or_interrupt(async { Ok(stack.plan_rollback().await?) }).await?;
        return keep(session, &plan, file).await;
    }
    if arguments.dry_run {
        let plan = session.or_interrupt(async { Ok(stack.preview_rollback().await?) }).await?;
        session.close().await;
        return Ok(preview(&plan));
    }
    session.or_interrupt(async { Ok(stack.rollback().await?) }).await?;
    finished_as(session, stacks, |view: &StackView| is_rolled_back(view)).await
}

impl ApplyPlan {
    fn parameter_file_paths(&self) -> impl Iterator<Item = (&str, std::path::PathBuf)> {
        self.parameter_files.iter().map(|(name, path)| (name.as_str(), std::path::PathBuf::from(path)))
    }
}

/// The one stack that a plan can be about.
pub(super) fn only<T>(stacks: &[T]) -> Result<&T> {
    match stacks {
        [only] => Ok(only),
        _ => Err(CliError::input("--plan-out is for one stack: a plan is about one")),
    }
}
