//! `heat stack check`, `suspend` and `resume`: what is done to all resources alike.

use super::Outcome;
use super::stack_change::{finished, preview};
use crate::arguments::{ActOnStacks, GlobalArguments};
use crate::error::Result;
use crate::output::Answer;
use crate::progress;
use crate::session::Session;
use heat_engine::plan::{Act, Plan};
use serde_json::json;

/// Does it to each of these stacks.
pub(super) async fn act(global: &GlobalArguments, act: Act, arguments: &ActOnStacks) -> Result<Outcome> {
    let session = Session::open(global).await?;
    let mut stacks = Vec::with_capacity(arguments.stacks.len());
    for name in &arguments.stacks {
        let (stack, name) = session.stack(name).await?;
        let before = progress::last_event(&stack).await?;
        stacks.push((stack, name, before));
    }
    if arguments.dry_run {
        let mut plans: Vec<Plan> = Vec::with_capacity(stacks.len());
        for (stack, _, _) in &stacks {
            plans.push(session.or_interrupt(async { Ok(stack.preview_act(act).await?) }).await?);
        }
        session.close().await;
        return Ok(match plans.as_slice() {
            [only] => preview(only),
            several => {
                let text: String = several.iter().map(Plan::to_text).collect();
                Answer::Text { text, data: json!(several) }.into()
            }
        });
    }
    for (stack, _, _) in &stacks {
        let begun = async {
            Ok(match act {
                Act::Check => stack.check().await?,
                Act::Suspend => stack.suspend().await?,
                Act::Resume => stack.resume().await?,
            })
        };
        session.or_interrupt(begun).await?;
    }
    finished(session, stacks).await
}
