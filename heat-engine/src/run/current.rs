//! The incarnations of a stack's resources as they are now, and which of them stands for each name.

use crate::record::{Action, IncarnationId, ResourceRecord, Resources, Status};
use heat_plugin_sdk::Member;
use heat_template::diagnostic::codes;
use heat_template::evaluated::Evaluated;
use heat_template::expression::{EvaluationError, Scope};
use heat_template::function::select_attribute;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The incarnations of a stack's resources.
///
/// Of several of one name the one stands for it that nothing replaces; a traversal says when that changes. It is what
/// expressions see: reference ids and attributes.
#[derive(Debug, Default)]
pub(crate) struct Current {
    resources: Resources,
    standing: IndexMap<String, IncarnationId>,
}

impl Current {
    pub(crate) fn new(resources: Resources) -> Self {
        let mut standing: IndexMap<String, IncarnationId> = IndexMap::new();
        for record in resources.values() {
            let better = standing.get(&record.name).and_then(|id| resources.get(id)).is_none_or(|other| {
                (record.replaced_by.is_none(), record.created) >= (other.replaced_by.is_none(), other.created)
            });
            if better {
                standing.insert(record.name.clone(), record.id.clone());
            }
        }
        Self { resources, standing }
    }

    pub(crate) fn resources(&self) -> &Resources {
        &self.resources
    }

    pub(crate) fn resource(&self, id: &IncarnationId) -> Option<&Arc<ResourceRecord>> {
        self.resources.get(id)
    }

    /// The incarnation that stands for a name.
    pub(crate) fn standing(&self, name: &str) -> Option<&Arc<ResourceRecord>> {
        self.resources.get(self.standing.get(name)?)
    }

    /// Which incarnation stands for a name. It may not be recorded yet.
    pub(crate) fn standing_id(&self, name: &str) -> Option<&IncarnationId> {
        self.standing.get(name)
    }

    /// One for each name.
    pub(crate) fn standing_records(&self) -> impl Iterator<Item = &Arc<ResourceRecord>> {
        self.standing.values().filter_map(|id| self.resources.get(id))
    }

    /// The other incarnations of a name that nothing replaces.
    pub(crate) fn others(&self, record: &ResourceRecord) -> impl Iterator<Item = &Arc<ResourceRecord>> {
        let standing = self.standing(&record.name).into_iter();
        let by = record.replaced_by.as_ref().and_then(|by| self.resources.get(by)).into_iter();
        let mut seen = BTreeSet::new();
        let id = record.id.clone();
        standing.chain(by).filter(move |other| {
            other.id != id && other.replaced_by.is_none() && seen.insert(other.id.clone())
        })
    }

    /// What a composite type sees of these resources, the oldest first.
    pub(crate) fn members(&self) -> Vec<Member> {
        let mut standing: Vec<&Arc<ResourceRecord>> =
            self.standing_records().filter(|record| record.action != Action::Delete).collect();
        standing.sort_by_key(|record| record.created);
        standing.into_iter().map(|record| member(record)).collect()
    }

    /// The record as it is now, where it is known at all; which one stands for its name stays as it is.
    pub(crate) fn renew(&mut self, record: Arc<ResourceRecord>) {
        if let Some(known) = self.resources.get_mut(&record.id) {
            *known = record;
        }
    }

    /// From now on this one stands for the name.
    pub(crate) fn stand(&mut self, name: &str, id: &IncarnationId) {
        self.standing.insert(name.to_owned(), id.clone());
    }

    /// The record as a step left it; `None` if it is gone.
    pub(crate) fn put(&mut self, id: IncarnationId, record: Option<Arc<ResourceRecord>>) {
        match record {
            Some(record) => {
                // A new one that was begun stands for its name, unless it is itself being replaced or goes.
                let stays = record.replaced_by.is_none() && record.action != Action::Delete;
                if stays || !self.standing.contains_key(&record.name) {
                    self.standing.insert(record.name.clone(), id.clone());
                }
                self.resources.insert(id, record);
            }
            None => {
                // The order of the others has no meaning for anybody who asks by id.
                if let Some(record) = self.resources.swap_remove(&id)
                    && self.standing.get(&record.name) == Some(&id)
                {
                    self.standing.swap_remove(&record.name);
                }
            }
        }
    }
}

fn member(record: &ResourceRecord) -> Member {
    let physical = || record.physical_id.as_ref().map(ToString::to_string);
    let given = record.definition.get("given").and_then(Value::as_array).into_iter().flatten();
    let properties: Map<String, Value> = given
        .filter_map(Value::as_str)
        .filter_map(|name| Some((name.to_owned(), record.properties.as_ref()?.get(name)?.clone())))
        .collect();
    let mut definition = Map::from_iter([
        ("type".to_owned(), Value::from(record.type_name.as_str())),
        ("properties".to_owned(), Value::Object(properties)),
    ]);
    if !record.metadata.is_null() {
        definition.insert("metadata".to_owned(), record.metadata.clone());
    }
    Member {
        name: record.name.clone(),
        reference_id: record.reference_id.clone().or_else(physical),
        failed: record.status == Status::Failed,
        definition: Value::Object(definition),
    }
}

/// Whether Heat would give attributes of a resource that is in this state.
fn has_attributes(record: &ResourceRecord) -> bool {
    !matches!(record.action, Action::Init | Action::Delete)
}

impl Scope for Current {
    fn reference_id(&self, resource: &str) -> Evaluated {
        let record = self.standing(resource);
        let id = record.and_then(|record| {
            record.reference_id.clone().or_else(|| record.physical_id.as_ref().map(ToString::to_string))
        });
        Evaluated::Known(Value::String(id.unwrap_or_else(|| resource.to_owned())))
    }

    fn attribute(
        &self,
        resource: &str,
        attribute: &str,
        path: &[Value],
    ) -> Result<Evaluated, EvaluationError> {
        let record = self.standing(resource).filter(|record| has_attributes(record));
        if let Some(record) = record.filter(|record| record.nested.is_some()) {
            let message = match record.nested_reason(attribute, path) {
                Some(reason) => format!("error in {resource} output {attribute}: {reason}"),
                None => format!("the referenced attribute ({resource} {attribute}) is incorrect"),
            };
            let wrong = || EvaluationError::new(codes::ATTRIBUTE_REFERENCE, message);
            return record.nested_attribute(attribute, path).map(Evaluated::Known).ok_or_else(wrong);
        }
        let value =
            record.and_then(|record| record.attributes.get(attribute)).cloned().unwrap_or(Value::Null);
        Ok(select_attribute(Evaluated::Known(value), path))
    }

    fn all_attributes(&self, resource: &str) -> Result<Evaluated, EvaluationError> {
        let Some(record) = self.standing(resource) else { return Ok(Evaluated::NULL) };
        let all =
            has_attributes(record) && record.action != Action::Rollback && record.status != Status::Failed;
        if !all {
            return Ok(Evaluated::NULL);
        }
        let attributes: Map<_, _> = record
            .attributes
            .iter()
            .filter(|(name, _)| *name != "show" && !name.starts_with('['))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        Ok(Evaluated::Known(Value::Object(attributes)))
    }
}
