//! Where a plan waits: at the hooks of the environment.

use super::{NestedPlan, NestedRecords, Plan, Reason, Step, StepKind};
use crate::record::{Action, ResourceRecord, Resources};
use heat_template::Environment;
use heat_template::environment::Hook;

/// Notes in a plan the hooks at which its steps wait, those inside of nested stacks among them.
///
/// As in Heat hooks of a creation and of a deletion are for stacks that are created and deleted; what an update adds, removes
/// or replaces passes them. A hook before an update holds every resource that was there before, also one that turns out to
/// stay as it is; the one behind it holds what was updated in place. What exists already (`external_id`) passes all of them.
pub(crate) fn note_hooks(
    plan: &mut Plan,
    environment: &Environment,
    recorded: &Resources,
    nested: &NestedRecords,
) {
    if !environment.registry().has_hooks() {
        return;
    }
    let action = plan.action;
    for step in &mut plan.steps {
        let record = subject(step).and_then(|id| recorded.get(id)).map(|record| &**record);
        step.hooks = hooks(action, step, record)
            .iter()
            .copied()
            .filter(|hook| environment.registry().has_hook(&step.resource, *hook))
            .collect();
        if let Some(NestedPlan::Planned { plan: inside, .. }) = step.nested.as_deref_mut() {
            let environment = environment.child(&step.resource, &step.type_name);
            let none = Resources::new();
            let own = record.and_then(|record| record.nested.as_ref());
            let inner = own.and_then(|own| nested.get(&own.stack)).map_or(&none, |found| &found.resources);
            note_hooks(inside, &environment, inner, nested);
        }
    }
}

/// The incarnation that waits.
fn subject(step: &Step) -> Option<&crate::record::IncarnationId> {
    Some(step.kind.replaces().unwrap_or(step.kind.incarnation()))
}

/// The hooks that a step may come to.
fn hooks(action: Action, step: &Step, record: Option<&ResourceRecord>) -> &'static [Hook] {
    let external = record.is_some_and(|record| record.external_id().is_some());
    match (action, &step.kind) {
        (Action::Create, StepKind::Create { replaces: None, .. }) => &[Hook::PreCreate, Hook::PostCreate],
        (Action::Delete, StepKind::Delete { .. }) if record.is_none_or(|it| it.action != Action::Init) => {
            &[Hook::PreDelete, Hook::PostDelete]
        }
        (Action::Create | Action::Delete, _) => &[],
        _ if external => &[],
        // Heat sees that it is another type before it comes to the hook.
        (_, StepKind::Create { replaces: Some(_), .. }) if step.reason != Reason::TypeChanged => {
            &[Hook::PreUpdate]
        }
        (_, StepKind::Keep { .. } | StepKind::Refuse { .. }) => &[Hook::PreUpdate],
        (_, StepKind::Update { .. } | StepKind::Decide { .. }) => &[Hook::PreUpdate, Hook::PostUpdate],
        _ => &[],
    }
}
