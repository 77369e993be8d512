//! What Heat's previews would say of a goal: values as they are when nothing exists yet.

use super::nested::ChildOf;
use super::{DesiredState, Goal};
use crate::engine::{Foreseen, PreviewEntry, ResourcePreview};
use crate::plan::{Decision, Prospects, decide};
use crate::record::{ResourceRecord, Resources};
use crate::run::current::Current;
use heat_plugin_sdk::schema::{Children, PropertySchema};
use heat_template::NoResources;
use heat_template::definition::NothingKnown;
use heat_template::evaluated::Evaluated;
use heat_template::expression::Scope;
use serde_json::{Map, Value};

impl Goal {
    /// Every resource that would be there, with its properties as Heat's preview has them; what is inside a nested stack
    /// in the place of its resource.
    pub(crate) fn previewed_resources(&self) -> Vec<PreviewEntry> {
        let nothing = Current::new(Resources::default());
        let of = |name: &String| {
            if let Some(inside) = self.previewed_inside(name, &nothing) {
                return PreviewEntry::Nested(inside.previewed_resources());
            }
            let sensitive = self.sensitive(name, &nothing);
            let schema = self.resources.get(name).and_then(|found| self.schema(name, &found.type_name));
            let state = self.evaluated_before(|scope| self.evaluate_made(name, scope, &mut false));
            let mut properties = state.map(|state| state.properties).unwrap_or_default();
            if schema.as_ref().is_some_and(|schema| schema.open_properties) {
                // What takes anything keeps nothing.
                properties.clear();
            }
            let properties: Map<String, Value> = properties
                .into_iter()
                .map(|(property, value)| {
                    let masked = sensitive.contains(&property);
                    let mut value = if masked { Value::from("******") } else { value.to_value_lossy() };
                    let own = schema.as_ref().and_then(|schema| schema.properties.get(&property));
                    if let Some(own) = own.filter(|_| !masked) {
                        complete(&mut value, own);
                    }
                    (property, value)
                })
                .collect();
            PreviewEntry::Resource(ResourcePreview {
                resource_name: name.clone(),
                resource_type: self
                    .resources
                    .get(name)
                    .map(|found| found.type_name.clone())
                    .unwrap_or_default(),
                description: self.resource_description(name),
                properties,
            })
        };
        self.resources.keys().map(of).collect()
    }

    /// What the nested stack of a resource would be, if it is one.
    fn previewed_inside(&self, name: &str, nothing: &Current) -> Option<Self> {
        if !self.composites.contains_key(name) {
            return None;
        }
        let definition = self.definition.as_ref()?;
        let state = self.foreseen_state(name)?;
        let child = self.child(ChildOf {
            name,
            template: None,
            properties: &state.properties,
            memory: None,
            members: &[],
            size: None,
            exists: false,
            facade: definition.facade(&definition.resource(name)?, &NoResources),
            stack_name: format!("{}-{name}", self.stack.name),
            stack_id: None,
            sensitive: self.sensitive(name, nothing),
        });
        child.ok().map(|child| child.goal)
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
            Decision::Keep if self.is_written_otherwise(record) => Foreseen::Updated,
            Decision::Keep => Foreseen::Unchanged,
            Decision::Begin | Decision::Replace { .. } => Foreseen::Replaced,
            Decision::Open { may_keep: false, may_update: false, .. } => Foreseen::Replaced,
            _ => Foreseen::Updated,
        }
    }

    /// Whether a property that hangs on attributes is null while nothing exists, though its default makes up for it.
    fn is_written_otherwise(&self, record: &ResourceRecord) -> bool {
        let found = self.definition.as_ref().and_then(|definition| {
            Some((
                definition.context(&NoResources),
                definition.resource(&record.name)?.properties()?.as_map()?,
            ))
        });
        let Some((context, mut written)) = found else { return false };
        written.any(|(name, _, expression)| {
            let recorded = record.properties.as_ref().and_then(|properties| properties.get(name));
            !expression.is_constant()
                && !expression.references(&context).attributes.is_empty()
                && recorded.is_some_and(|value| !value.is_null())
                && expression.evaluate(&context).is_ok_and(|value| value == Evaluated::NULL)
        })
    }

    /// With nothing that exists, or where that cannot be, with nothing that is known.
    fn evaluated_before<T, E>(&self, of: impl Fn(&dyn Scope) -> Result<T, E>) -> Option<T> {
        of(&NoResources).or_else(|_| of(&NothingKnown)).ok()
    }

    /// Properties and definition with logical names for references and null for attributes, as Heat has them while
    /// nothing exists; where that cannot be evaluated, what hangs on other resources is unknown.
    fn foreseen_state(&self, name: &str) -> Option<DesiredState> {
        self.evaluated_before(|scope| self.evaluate(name, scope, &mut false))
    }
}

/// Fields of maps that are not given are null in a preview.
fn complete(value: &mut Value, schema: &PropertySchema) {
    match (value, &schema.children) {
        (Value::Object(entries), Children::Fields(fields)) => {
            for (name, field) in fields {
                complete(entries.entry(name.clone()).or_insert(Value::Null), field);
            }
        }
        (Value::Array(items), Children::Item(item)) => {
            items.iter_mut().for_each(|value| complete(value, item));
        }
        _ => {}
    }
}
