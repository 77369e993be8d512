//! Previews as Heat's API gives them: projections with Heat's approximations, for its clients. Exact is the
//! [`Plan`](crate::plan::Plan).

use crate::record::ResourceRecord;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};

/// A stack that would be created, as Heat's `preview_stack` shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StackPreview {
    /// Name.
    pub stack_name: String,
    /// The template's description: a text, or whatever else the template has there, as in Heat.
    pub description: Value,
    /// Parameters as texts, hidden ones masked.
    pub parameters: IndexMap<String, String>,
    /// The resources that would be created, in the order of the template; those that a condition disables are not
    /// among them.
    pub resources: Vec<PreviewEntry>,
}

/// An entry of a preview's resources.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum PreviewEntry {
    /// A resource.
    Resource(ResourcePreview),
    /// What is inside a nested stack, in the place of its resource.
    Nested(Vec<PreviewEntry>),
}

/// A resource that would be created.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResourcePreview {
    /// Name in the template.
    pub resource_name: String,
    /// Type.
    pub resource_type: String,
    /// The template's description.
    pub description: String,
    /// Properties with their defaults. As in Heat a reference to another resource is its name, and what hangs on
    /// attributes is evaluated with null for them. Those that come from hidden parameters are masked.
    pub properties: Map<String, Value>,
}

/// What an update would do to the resources, as Heat's `preview_update` tells it.
///
/// As in Heat it is an approximation: the new definitions are evaluated as if nothing existed, so that a resource that
/// refers to others counts as updated (or as replaced, by a property that cannot be updated) even when nothing changes.
/// [`Stack::preview_update`](super::Stack::preview_update) tells exactly what would happen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UpdatePreview {
    /// Stay as they are.
    pub unchanged: Vec<String>,
    /// Are changed in place.
    pub updated: Vec<String>,
    /// Get a new resource in their place.
    pub replaced: Vec<String>,
    /// Are new in the template.
    pub added: Vec<String>,
    /// Are in the template no more.
    pub deleted: Vec<String>,
}

/// What Heat's preview says of one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Foreseen {
    Unchanged,
    Updated,
    Replaced,
}

impl UpdatePreview {
    /// Sorts the names: `foreseen` tells what becomes of one that is recorded and wanted.
    pub(super) fn new<'a>(
        recorded: impl Iterator<Item = &'a ResourceRecord>,
        wanted: impl Iterator<Item = &'a str>,
        is_wanted: impl Fn(&str) -> bool,
        foreseen: impl Fn(&ResourceRecord) -> Foreseen,
    ) -> Self {
        let mut preview = Self::default();
        let mut known = std::collections::HashSet::new();
        for record in recorded {
            known.insert(record.name.as_str());
            let list = if is_wanted(&record.name) {
                match foreseen(record) {
                    Foreseen::Unchanged => &mut preview.unchanged,
                    Foreseen::Updated => &mut preview.updated,
                    Foreseen::Replaced => &mut preview.replaced,
                }
            } else {
                &mut preview.deleted
            };
            list.push(record.name.clone());
        }
        preview.added = wanted.filter(|name| !known.contains(name)).map(str::to_owned).collect();
        preview
    }
}
