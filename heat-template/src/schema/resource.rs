//! A whole resource type, and where types come from.

use super::{AttributeSchema, PropertySchema, Support, Translation};
use crate::composite::CompositeType;
use indexmap::IndexMap;
use std::sync::Arc;

/// What a template can see of a resource type.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResourceSchema {
    /// Name, such as `OS::Neutron::Net`.
    pub type_name: String,
    /// What it is, for people.
    pub description: String,
    /// Since when, and whether it should be used.
    pub support: Support,
    /// Properties in their order.
    pub properties: IndexMap<String, PropertySchema>,
    /// Any property is accepted beside those (`OS::Heat::None`).
    pub open_properties: bool,
    /// Attributes in their order; `show` is common to all types and not listed.
    pub attributes: IndexMap<String, AttributeSchema>,
    /// Any attribute name is accepted beside those (groups, nested stacks).
    pub open_attributes: bool,
    /// The schema of `update_policy`.
    pub update_policy: IndexMap<String, PropertySchema>,
    /// `deletion_policy: Snapshot` is possible.
    pub snapshot_policy: bool,
    /// Rules that turn properties as written into properties as used, in order.
    pub translations: Vec<Translation>,
}

/// Where the checks find resource types: the plugins that an engine has registered.
pub trait ResourceTypes {
    /// The type with exactly this name.
    fn resource_type(&self, name: &str) -> Option<Arc<ResourceSchema>>;

    /// All names, for "did you mean" and listings.
    fn type_names(&self) -> Vec<String>;

    /// The composite with this name: a type whose resources are nested stacks. [`resource_type`](Self::resource_type) gives
    /// its schema, too.
    fn composite(&self, name: &str) -> Option<Arc<dyn CompositeType>> {
        let _ = name;
        None
    }

    /// Why there is no type of this name although somebody who knows templates would expect it; `None` for names that
    /// mean nothing here.
    fn why_unsupported(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }
}
