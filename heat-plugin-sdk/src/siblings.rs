//! The other resources of a template, for dependencies that nothing in the template names.

use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

/// One resource as its siblings see it.
#[derive(Debug, Clone)]
pub struct Sibling {
    /// Its name.
    pub name: String,
    /// Its type.
    pub type_name: String,
    /// Its properties as far as they are known before the run; the unknown ones are null.
    pub properties: Value,
    /// The resources that each of its top-level properties refers to.
    pub references: IndexMap<String, IndexSet<String>>,
}

/// All resources of a template, found by type without looking at all of them.
#[derive(Debug, Default)]
pub struct SiblingIndex {
    resources: IndexMap<String, Sibling>,
    by_type: IndexMap<String, Vec<String>>,
}

impl SiblingIndex {
    /// An index over these resources.
    pub fn new(resources: impl IntoIterator<Item = Sibling>) -> Self {
        let mut index = Self::default();
        for sibling in resources {
            index.by_type.entry(sibling.type_name.clone()).or_default().push(sibling.name.clone());
            index.resources.insert(sibling.name.clone(), sibling);
        }
        index
    }

    /// The view of one of the resources.
    pub fn of<'a>(&'a self, name: &'a str) -> Siblings<'a> {
        Siblings { index: self, name }
    }
}

/// The other resources of a template as one of them sees them.
#[derive(Debug, Clone, Copy)]
pub struct Siblings<'a> {
    index: &'a SiblingIndex,
    name: &'a str,
}

impl<'a> Siblings<'a> {
    /// The resource itself.
    pub fn own(&self) -> Option<&'a Sibling> {
        self.index.resources.get(self.name)
    }

    /// Another resource.
    pub fn get(&self, name: &str) -> Option<&'a Sibling> {
        self.index.resources.get(name)
    }

    /// All other resources of a type.
    pub fn of_type(&self, type_name: &str) -> impl Iterator<Item = &'a Sibling> {
        let (index, own) = (self.index, self.name);
        index
            .by_type
            .get(type_name)
            .into_iter()
            .flatten()
            .filter(move |name| name.as_str() != own)
            .filter_map(move |name| index.resources.get(name))
    }
}
