//! `heat stack hook`: which resources wait at hooks, and letting them go on.

use super::stack_change::{Named, finished};
use super::{Outcome, answer};
use crate::arguments::{ClearHooks, GlobalArguments, HookCommand};
use crate::error::{CliError, Result};
use crate::output::Answer;
use crate::progress;
use crate::session::Session;
use heat_engine::WaitingHook;
use heat_engine::store::EventQuery;
use heat_template::environment::Hook;
use serde_json::json;

/// `heat stack hook …`
pub(super) async fn run(global: &GlobalArguments, command: &HookCommand) -> Result<Outcome> {
    match command {
        HookCommand::Poll { stack, nested_depth } => {
            poll(global, stack, *nested_depth).await.map(Outcome::from)
        }
        HookCommand::Clear(clear) => self::clear(global, clear).await,
    }
}

/// The events that say where resources wait, as the OpenStack client shows them.
async fn poll(global: &GlobalArguments, stack: &str, depth: usize) -> Result<Answer> {
    let session = Session::open(global).await?;
    let (stack, _) = session.stack(stack).await?;
    let hooks = stack.hooks(depth).await?;
    let events = stack.recorded_events(&EventQuery { nested: depth > 0, ..EventQuery::default() }).await?;
    session.close().await;
    let mut objects = Vec::with_capacity(hooks.len());
    for hook in &hooks {
        let tells =
            |reason: &str| reason.ends_with(&format!("paused until Hook {} is cleared", hook.hook.name()));
        let event = events.iter().rev().map(|(_, event)| event).find(|event| {
            event.resource == hook.resource && event.stack == hook.stack && tells(&event.reason)
        });
        let mut object = event.map_or_else(|| json!({"resource_name": hook.resource}), answer::event);
        object["hook"] = json!(hook.hook);
        object["path"] = json!(hook.path);
        objects.push(object);
    }
    Ok(Answer::List {
        objects,
        shown: if depth > 0 {
            &["path", "id", "resource_status_reason", "resource_status", "event_time"]
        } else {
            &["resource_name", "id", "resource_status_reason", "resource_status", "event_time"]
        },
    })
}

async fn clear(global: &GlobalArguments, clear: &ClearHooks) -> Result<Outcome> {
    let session = Session::open(global).await?;
    let (stack, name) = session.stack(&clear.stack).await?;
    let kinds = clear.kinds();
    let waiting = stack.hooks(usize::MAX).await?;
    let chosen: Vec<&WaitingHook> = waiting
        .iter()
        .filter(|hook| kinds.contains(&hook.hook))
        .filter(|hook| clear.resources.iter().any(|pattern| is_meant(pattern, &hook.path)))
        .collect();
    if chosen.is_empty() {
        session.close().await;
        return Err(CliError::input(match waiting.as_slice() {
            [] => format!("no resource of stack {name} waits at a hook"),
            some => format!("no such hook; stack {name} waits at {}", told(some)),
        }));
    }
    let before = progress::last_event(&stack).await?;
    for hook in chosen {
        let (inside, _) = session.stack(hook.stack.as_str()).await?;
        session.or_interrupt(async { Ok(inside.clear_hook(&hook.resource, hook.hook).await?) }).await?;
    }
    let named: Named = (stack, name, before);
    finished(session, vec![named]).await
}

/// Whether a pattern is meant for a resource: part by part, as the shell matches names.
fn is_meant(pattern: &str, path: &str) -> bool {
    let (patterns, parts): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    patterns.len() == parts.len()
        && patterns
            .iter()
            .zip(parts)
            .all(|(pattern, part)| heat_template::environment::shell_match(pattern, part))
}

/// Hooks for people: `a (pre-create), group/0/b (post-create)`.
pub(crate) fn told(hooks: &[WaitingHook]) -> String {
    let each = hooks.iter().map(|hook| format!("{} ({})", hook.path, hook.hook.name()));
    each.collect::<Vec<_>>().join(", ")
}

impl ClearHooks {
    fn kinds(&self) -> Vec<Hook> {
        let asked = [
            (self.pre_create, Hook::PreCreate),
            (self.pre_update, Hook::PreUpdate),
            (self.pre_delete, Hook::PreDelete),
            (self.post_create, Hook::PostCreate),
            (self.post_update, Hook::PostUpdate),
            (self.post_delete, Hook::PostDelete),
        ];
        let kinds: Vec<Hook> = asked.iter().filter(|(asked, _)| *asked).map(|(_, hook)| *hook).collect();
        if kinds.is_empty() { Hook::ALL.to_vec() } else { kinds }
    }
}

/// What a stack waits for, and how it goes on, for people.
pub(crate) fn advice(name: &str, hooks: &[WaitingHook]) -> String {
    let first = hooks.first().map(|hook| hook.path.as_str()).unwrap_or_default();
    format!(
        "the stack waits at hooks: {}; let one go on with: heat stack hook clear {name} {first}",
        told(hooks)
    )
}
