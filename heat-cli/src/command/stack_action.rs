//! `heat stack check`, `suspend` and `resume`: what is done to all resources alike; `cancel`.

use super::stack_change::{finished, finished_as, is_rolled_back, named, previews};
use super::{Outcome, stack_plan};
use crate::arguments::{ActOnStacks, CancelStacks, GlobalArguments};
use crate::error::Result;
use crate::session::Session;
use heat_engine::StackView;
use heat_engine::plan::{Act, Plan};

/// Does it to each of these stacks.
pub(super) async fn act(global: &GlobalArguments, act: Act, arguments: &ActOnStacks) -> Result<Outcome> {
    let session = Session::open(global).await?;
    let stacks = named(&session, &arguments.stacks).await?;
    if let Some(file) = &arguments.plan_out {
        let (stack, ..) = stack_plan::only(&stacks)?;
        let plan = session.or_interrupt(async { Ok(stack.plan_act(act).await?) }).await?;
        return stack_plan::keep(session, &plan, file).await;
    }
    if arguments.dry_run {
        let mut plans: Vec<Plan> = Vec::with_capacity(stacks.len());
        for (stack, _, _) in &stacks {
            plans.push(session.or_interrupt(async { Ok(stack.preview_act(act).await?) }).await?);
        }
        session.close().await;
        return Ok(previews(&plans));
    }
    for (stack, _, _) in &stacks {
        let begun = async {
            match act {
                Act::Check => stack.check().await?,
                Act::Suspend => stack.suspend().await?,
                Act::Resume => stack.resume().await?,
                Act::Snapshot => drop(stack.snapshot(None).await?),
            }
            Ok(())
        };
        session.or_interrupt(begun).await?;
    }
    finished(session, stacks).await
}

/// `heat stack cancel`
pub(super) async fn cancel(global: &GlobalArguments, arguments: &CancelStacks) -> Result<Outcome> {
    let session = Session::open(global).await?;
    let stacks = named(&session, &arguments.stacks).await?;
    for (stack, _, _) in &stacks {
        let begun = async {
            match arguments.no_rollback {
                true => stack.cancel_without_rollback().await?,
                false => stack.cancel_update().await?,
            }
            Ok(())
        };
        session.or_interrupt(begun).await?;
    }
    // That it failed, or is as it was before, is what was asked for.
    let asked = |view: &StackView| match arguments.no_rollback {
        true => view.is_failed(),
        false => is_rolled_back(view),
    };
    finished_as(session, stacks, asked).await
}
