//! What will be known of each resource when the resources that depend on it are evaluated.

use crate::record::ResourceRecord;
use heat_plugin_sdk::schema::{AttributeMode, ResourceSchema};
use heat_template::evaluated::Evaluated;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// What becomes of a resource, for those that depend on it.
#[derive(Debug, Clone)]
enum Prospect<'a> {
    /// It stays as it is recorded.
    Stays(&'a ResourceRecord),
    /// It is changed in place: it stays the same thing, what the service tells of it may change.
    Changes(&'a ResourceRecord),
    /// It is new, or perhaps so.
    New,
}

/// The scope of an evaluation while a plan is made: values that will stay as they are recorded are known, all others
/// are unknown.
#[derive(Debug, Clone, Default)]
pub struct Prospects<'a> {
    resources: HashMap<&'a str, (Prospect<'a>, Option<Arc<ResourceSchema>>)>,
    /// Reference ids that surely no resource has after the plan has run, by the resource that had it.
    gone: HashMap<&'a str, &'a str>,
}

impl<'a> Prospects<'a> {
    /// What `get_resource` will give: the reference id, the physical id where none is recorded, or the name.
    pub fn reference_id(&self, resource: &str) -> Evaluated {
        let Some(record) = self.record(resource) else { return Evaluated::unknown(resource) };
        let physical = || record.physical_id.as_ref().map(ToString::to_string);
        let id = record.reference_id.clone().or_else(physical).unwrap_or_else(|| resource.to_owned());
        Evaluated::Known(Value::String(id))
    }

    /// What `get_attr` will give for one attribute, without any path.
    pub fn attribute(&self, resource: &str, attribute: &str) -> Evaluated {
        let unknown = || Evaluated::unknown(resource);
        let Some((prospect, schema)) = self.resources.get(resource) else { return unknown() };
        let mode = schema
            .as_ref()
            .and_then(|schema| schema.attributes.get(attribute))
            .map(|attribute| attribute.mode);
        match prospect {
            Prospect::New => unknown(),
            Prospect::Changes(record) if mode == Some(AttributeMode::AtCreation) => {
                recorded(record, attribute)
            }
            Prospect::Changes(_) => unknown(),
            Prospect::Stays(record) => match (record.attributes.get(attribute), mode) {
                (Some(value), _) => Evaluated::Known(value.clone()),
                // Observed, and the service did not tell it: Heat's null.
                (None, Some(AttributeMode::Observed | AttributeMode::AtCreation)) => Evaluated::NULL,
                (None, _) => unknown(),
            },
        }
    }

    /// The same for a nested stack, with the rest of `get_attr`'s arguments; `None` for a resource that is none, or that
    /// does not stay as it is.
    pub(crate) fn nested_attribute(
        &self,
        resource: &str,
        attribute: &str,
        path: &[Value],
    ) -> Option<Evaluated> {
        let (Prospect::Stays(record), _) = self.resources.get(resource)? else { return None };
        record.nested.as_ref()?;
        let found = record.nested_attribute(attribute, path);
        Some(found.map_or_else(|| Evaluated::unknown(resource), Evaluated::Known))
    }

    /// What `get_attr` will give without an attribute: all that are recorded, but `show`.
    pub fn all_attributes(&self, resource: &str) -> Evaluated {
        let Some((Prospect::Stays(record), _)) = self.resources.get(resource) else {
            return Evaluated::unknown(resource);
        };
        let all = record.attributes.iter().filter(|(name, _)| *name != "show" && !name.starts_with('['));
        Evaluated::Known(Value::Object(all.map(|(name, value)| (name.clone(), value.clone())).collect()))
    }

    /// The record of a resource that will be the same thing as now; `None` for one that is new, or perhaps so.
    pub fn record(&self, resource: &str) -> Option<&'a ResourceRecord> {
        match self.resources.get(resource)?.0 {
            Prospect::Stays(record) | Prospect::Changes(record) => Some(record),
            Prospect::New => None,
        }
    }

    pub(super) fn stays(
        &mut self,
        name: &'a str,
        record: &'a ResourceRecord,
        schema: Option<Arc<ResourceSchema>>,
    ) {
        self.resources.insert(name, (Prospect::Stays(record), schema));
    }

    pub(super) fn changes(
        &mut self,
        name: &'a str,
        record: &'a ResourceRecord,
        schema: Option<Arc<ResourceSchema>>,
    ) {
        self.resources.insert(name, (Prospect::Changes(record), schema));
    }

    pub(super) fn is_new(&mut self, name: &'a str) {
        self.resources.insert(name, (Prospect::New, None));
    }

    /// The resource is replaced, and the new one surely has another reference id.
    pub(super) fn reference_goes(&mut self, name: &'a str, old: &'a str) {
        self.gone.insert(name, old);
    }

    /// Whether `text` is the reference id that this resource had and that its replacement surely does not have.
    pub(super) fn is_gone(&self, resource: &str, text: &str) -> bool {
        self.gone.get(resource).is_some_and(|old| *old == text)
    }
}

fn recorded(record: &ResourceRecord, attribute: &str) -> Evaluated {
    record.attributes.get(attribute).map_or(Evaluated::NULL, |value| Evaluated::Known(value.clone()))
}
