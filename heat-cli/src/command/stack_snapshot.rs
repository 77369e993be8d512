//! `heat stack snapshot`: what a stack was, and coming back to it.

use super::stack_change::{finished, preview};
use super::{Outcome, answer};
use crate::arguments::{GlobalArguments, SnapshotCommand};
use crate::error::Result;
use crate::output::Answer;
use crate::progress;
use crate::session::Session;

/// `heat stack snapshot …`
pub(super) async fn run(global: &GlobalArguments, command: &SnapshotCommand) -> Result<Outcome> {
    let session = Session::open(global).await?;
    match command {
        SnapshotCommand::Create { stack, name } => {
            let (stack, stack_name) = session.stack(stack).await?;
            let before = progress::last_event(&stack).await?;
            let id = session.or_interrupt(async { Ok(stack.snapshot(name.as_deref()).await?) }).await?;
            let mut outcome = finished(session, vec![(stack.clone(), stack_name, before)]).await?;
            // The snapshot is what was asked for; the stack tells how it went.
            outcome.answer = answer::snapshot(&stack.show_snapshot(&id).await?)?;
            Ok(outcome)
        }
        SnapshotCommand::List { stack } => {
            let snapshots = session.stack(stack).await?.0.snapshots().await?;
            session.close().await;
            answer::snapshots(&snapshots).map(Outcome::from)
        }
        SnapshotCommand::Show { stack, snapshot } => {
            let snapshot = session.stack(stack).await?.0.show_snapshot(snapshot).await?;
            session.close().await;
            answer::snapshot(&snapshot).map(Outcome::from)
        }
        SnapshotCommand::Restore { stack, snapshot, dry_run } => {
            let (stack, name) = session.stack(stack).await?;
            if *dry_run {
                let plan = session.or_interrupt(async { Ok(stack.preview_restore(snapshot).await?) }).await?;
                session.close().await;
                return Ok(preview(&plan));
            }
            let before = progress::last_event(&stack).await?;
            session.or_interrupt(async { Ok(stack.restore(snapshot).await?) }).await?;
            finished(session, vec![(stack, name, before)]).await
        }
        SnapshotCommand::Delete { stack, snapshot, .. } => {
            let (stack, _) = session.stack(stack).await?;
            session.or_interrupt(async { Ok(stack.delete_snapshot(snapshot).await?) }).await?;
            session.close().await;
            Ok(Answer::Nothing.into())
        }
    }
}
