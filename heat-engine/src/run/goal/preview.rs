//! What Heat's previews would say of a goal: values as they are when nothing exists yet.

use super::{DesiredState, Goal};
use crate::engine::{Foreseen, ResourcePreview};
use crate::plan::{Decision, Prospects, decide};
use crate::record::{ResourceRecord, Resources};
use crate::run::current::Current;
use heat_template::NoResources;
use heat_template::definition::NothingKnown;
use serde_json::{Map, Value};

impl Goal {
    /// Every resource that would be there, with its properties as Heat's preview has them.
    pub(crate) fn previewed_resources(&self) -> Vec<ResourcePreview> {
        let nothing = Current::new(Resources::default());
        let of = |name: &String| {
            let sensitive = self.sensitive(name, &nothing);
            let properties = self.foreseen_state(name).map(|state| state.properties).unwrap_or_default();
            let properties: Map<String, Value> = properties
                .into_iter()
                .map(|(property, value)| {
                    let masked = sensitive.contains(&property);
                    let value = if masked { Value::from("******") } else { value.to_value_lossy() };
                    (property, value)
                })
                .collect();
            ResourcePreview {
                resource_name: name.clone(),
                resource_type: self
                    .resources
                    .get(name)
                    .map(|found| found.type_name.clone())
                    .unwrap_or_default(),
                description: self.resource_description(name),
                properties,
            }
        };
        self.resources.keys().map(of).collect()
    }

    /// What Heat's preview of an update says of a resource that is recorded and wanted.
    pub(crate) fn foreseen(&self, record: &ResourceRecord) -> Foreseen {
        let (Some(wanted), Some(state)) =
            (self.resources.get(&record.name), self.foreseen_state(&record.name))
        else {
            return Foreseen::Updated;
        };
        match decide(record, &wanted.type_name, &state, &*self.registry, &Prospects::default()) {
            // An update goes into every nested stack.
            Decision::Keep if record.nested.is_some() => Foreseen::Updated,
            Decision::Keep => Foreseen::Unchanged,
            Decision::Begin | Decision::Replace { .. } => Foreseen::Replaced,
            Decision::Open { may_keep: false, may_update: false, .. } => Foreseen::Replaced,
            _ => Foreseen::Updated,
        }
    }

    /// Properties and definition with logical names for references and null for attributes, as Heat has them while
    /// nothing exists; where that cannot be evaluated, what hangs on other resources is unknown.
    fn foreseen_state(&self, name: &str) -> Option<DesiredState> {
        self.evaluate(name, &NoResources, &mut false)
            .or_else(|_| self.evaluate(name, &NothingKnown, &mut false))
            .ok()
    }
}
