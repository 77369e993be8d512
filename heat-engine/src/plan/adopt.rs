//! Plans that take what exists already for a stack's own, and plans that leave everything real as it is.

use super::{NestedPlan, Plan, StepKind};
use crate::record::Action;
use heat_plugin_sdk::PhysicalId;
use serde_json::Value;

/// What Heat's data say of the resources of a stack.
pub(crate) fn resources_in(data: &Value) -> Option<&serde_json::Map<String, Value>> {
    data.get("resources")?.as_object()
}

/// Turns the plan that would make a stack into one that adopts what these data of Heat's name. `makes` says of a type that
/// it is nothing but its record: where no id is known of it, it is made.
pub(crate) fn adopting(plan: &mut Plan, data: &Value, makes: &dyn Fn(&str) -> bool) {
    plan.action = Action::Adopt;
    let none = serde_json::Map::new();
    let resources = resources_in(data).unwrap_or(&none);
    for step in &mut plan.steps {
        step.hooks.clear();
        let StepKind::Create { incarnation, replaces: None, .. } = &step.kind else { continue };
        let own = resources.get(&step.resource).unwrap_or(&Value::Null);
        match step.nested.as_deref_mut() {
            Some(NestedPlan::Planned { plan, .. }) => adopting(plan, own, makes),
            Some(NestedPlan::InRun) => {}
            None => {
                let id = own.get("resource_id").and_then(Value::as_str).unwrap_or_default();
                if id.is_empty() && makes(&step.type_name) {
                    continue;
                }
                let (incarnation, external_id) = (incarnation.clone(), PhysicalId::new(id));
                step.kind = StepKind::Adopt { incarnation, external_id, replaces: None, own: true };
            }
        }
    }
}

impl Plan {
    /// The same plan, by which nothing real is removed.
    #[must_use]
    pub(crate) fn abandoning(mut self) -> Self {
        self.abandons = true;
        for step in &mut self.steps {
            let StepKind::Delete { retain, snapshot, .. } = &mut step.kind else { continue };
            *snapshot = false;
            match step.nested.as_deref_mut() {
                Some(NestedPlan::Planned { plan, .. }) => {
                    let inside = std::mem::replace(plan, Self::new(Action::Delete, 0, Vec::new()));
                    *plan = inside.abandoning();
                }
                Some(NestedPlan::InRun) => {}
                None => *retain = true,
            }
        }
        self
    }
}
