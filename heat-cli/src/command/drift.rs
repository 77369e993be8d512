//! `heat stack drift`

use super::stack_change::{finished, named, preview};
use super::{Outcome, answer, stack_plan};
use crate::arguments::{DriftOfStack, GlobalArguments};
use crate::error::{CliError, Result};
use crate::session::Session;
use heat_engine::Update;

/// Shows what has drifted; repairs or accepts it.
pub(super) async fn run(global: &GlobalArguments, arguments: &DriftOfStack) -> Result<Outcome> {
    let changes = arguments.repair.is_some() || !arguments.accept.is_empty();
    if !changes && (arguments.dry_run || arguments.plan_out.is_some()) {
        return Err(CliError::input("nothing would be done: say --repair or --accept"));
    }
    let session = Session::open(global).await?;
    let stacks = named(&session, std::slice::from_ref(&arguments.stack)).await?;
    let [(stack, ..)] = stacks.as_slice() else { return Err(CliError::input("a stack is needed")) };
    let update = match &arguments.repair {
        Some(resources) => Update::existing().repair_drift(resources.clone()),
        None if changes => {
            session.or_interrupt(async { Ok(stack.accept_drift(arguments.accept.clone()).await?) }).await?
        }
        None => {
            let drift = session.or_interrupt(async { Ok(stack.drift().await?) }).await?;
            session.close().await;
            return answer::drift(&drift).map(Outcome::from);
        }
    };
    if let Some(file) = &arguments.plan_out {
        let plan = session.or_interrupt(async { Ok(stack.plan_update(&update).await?) }).await?;
        return stack_plan::keep(session, &plan, file).await;
    }
    if arguments.dry_run {
        let plan = session.or_interrupt(async { Ok(stack.preview_update(&update).await?) }).await?;
        session.close().await;
        return Ok(preview(&plan));
    }
    session.or_interrupt(async { Ok(stack.update(update).await?) }).await?;
    finished(session, stacks).await
}
