//! Everything that the cloud holds at one moment, for tests.

use super::document::{Fields, Object};
use super::kind::Kind;
use super::tables::Tables;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// All objects of the cloud at one moment, by kind (`"server"`, `"port"`, `"floatingip"`, …) and id.
///
/// Ready-made objects are in it too (flavors, images, the external network, default security groups); take
/// [`since`](Inventory::since) to see only what a test left behind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Inventory {
    objects: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Inventory {
    pub(crate) fn take(tables: &Tables) -> Self {
        let mut objects = BTreeMap::new();
        for kind in Kind::ALL.iter().filter(|kind| !kind.is_internal()) {
            let of_kind: BTreeMap<_, _> = tables
                .all(*kind)
                .map(|object| (object.text("id").to_owned(), Value::Object(shown(object))))
                .collect();
            if !of_kind.is_empty() {
                objects.insert(kind.name().to_owned(), of_kind);
            }
        }
        Self { objects }
    }

    /// The objects of one kind, by id. Unknown kinds have none.
    pub fn of(&self, kind: &str) -> Vec<(&str, &Value)> {
        self.objects.get(kind).into_iter().flatten().map(|(id, object)| (id.as_str(), object)).collect()
    }

    /// The object of that kind and id.
    pub fn get(&self, kind: &str, id: &str) -> Option<&Value> {
        self.objects.get(kind)?.get(id)
    }

    /// The objects of one kind with that name.
    pub fn named(&self, kind: &str, name: &str) -> Vec<(&str, &Value)> {
        self.of(kind).into_iter().filter(|(_, object)| object["name"] == name).collect()
    }

    /// Only the objects of one project (its id).
    #[must_use]
    pub fn in_project(&self, project_id: &str) -> Self {
        self.keep(|_, _, object| object["project_id"] == project_id)
    }

    /// Only the objects that an earlier inventory did not have.
    #[must_use]
    pub fn since(&self, earlier: &Inventory) -> Self {
        self.keep(|kind, id, _| earlier.get(kind, id).is_none())
    }

    /// How many objects there are, of all kinds.
    pub fn len(&self) -> usize {
        self.objects.values().map(BTreeMap::len).sum()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn keep(&self, wanted: impl Fn(&str, &str, &Value) -> bool) -> Self {
        let mut objects = BTreeMap::new();
        for (kind, of_kind) in &self.objects {
            let kept: BTreeMap<_, _> = of_kind
                .iter()
                .filter(|(id, object)| wanted(kind, id, object))
                .map(|(id, object)| (id.clone(), object.clone()))
                .collect();
            if !kept.is_empty() {
                objects.insert(kind.clone(), kept);
            }
        }
        Self { objects }
    }
}

/// The document without what no API shows.
fn shown(object: &Object) -> Object {
    object.iter().filter(|(name, _)| !name.starts_with('_')).map(|(k, v)| (k.clone(), v.clone())).collect()
}
