//! The state: tables of documents with indexes, and the changes of the request under way.

use super::document::{Fields, Object};
use super::kind::Kind;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// All objects of the cloud. Changes since the last [`commit`](Tables::commit) can be rolled back.
#[derive(Default)]
pub(crate) struct Tables {
    tables: HashMap<Kind, Table>,
    next: u64,
    undo: Vec<Undo>,
}

#[derive(Default)]
struct Table {
    /// By order of creation, so that lists are stable.
    rows: BTreeMap<u64, Object>,
    places: HashMap<String, u64>,
    indexes: BTreeMap<(&'static str, String), BTreeSet<u64>>,
}

struct Undo {
    kind: Kind,
    id: String,
    place: u64,
    before: Option<Object>,
}

/// One changed object: its content now, or none if it is gone.
pub(crate) struct Change<'t> {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    pub(crate) now: Option<&'t Object>,
}

impl Table {
    fn insert(&mut self, kind: Kind, place: u64, object: Object) -> Option<Object> {
        let before = self.take(kind, place);
        for (index, key) in kind.keys(&object) {
            self.indexes.entry((index, key)).or_default().insert(place);
        }
        self.places.insert(object.text("id").to_owned(), place);
        self.rows.insert(place, object);
        before
    }

    fn take(&mut self, kind: Kind, place: u64) -> Option<Object> {
        let before = self.rows.remove(&place)?;
        for entry in kind.keys(&before) {
            if let Some(places) = self.indexes.get_mut(&entry) {
                places.remove(&place);
                if places.is_empty() {
                    self.indexes.remove(&entry);
                }
            }
        }
        self.places.remove(before.text("id"));
        Some(before)
    }
}

impl Tables {
    /// The object with that id.
    pub(crate) fn get(&self, kind: Kind, id: &str) -> Option<&Object> {
        let table = self.tables.get(&kind)?;
        table.rows.get(table.places.get(id)?)
    }

    /// Adds an object, or replaces the one with its id.
    pub(crate) fn put(&mut self, kind: Kind, object: Object) {
        let id = object.text("id").to_owned();
        let table = self.tables.entry(kind).or_default();
        let place = table.places.get(&id).copied().unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        let before = table.insert(kind, place, object);
        self.undo.push(Undo { kind, id, place, before });
    }

    /// Changes an object; `false` if there is none.
    pub(crate) fn change(&mut self, kind: Kind, id: &str, edit: impl FnOnce(&mut Object)) -> bool {
        let Some(mut object) = self.get(kind, id).cloned() else { return false };
        edit(&mut object);
        self.put(kind, object);
        true
    }

    /// Takes an object away.
    pub(crate) fn remove(&mut self, kind: Kind, id: &str) -> Option<Object> {
        let table = self.tables.get_mut(&kind)?;
        let place = table.places.get(id).copied()?;
        let before = table.take(kind, place)?;
        self.undo.push(Undo { kind, id: id.to_owned(), place, before: Some(before.clone()) });
        Some(before)
    }

    /// All objects of a kind, oldest first.
    pub(crate) fn all(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        self.tables.get(&kind).into_iter().flat_map(|table| table.rows.values())
    }

    /// How many objects of a kind there are.
    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.tables.get(&kind).map_or(0, |table| table.rows.len())
    }

    /// The objects of a kind under a key of an index (see [`Kind::keys`]), oldest first.
    pub(crate) fn find(&self, kind: Kind, index: &'static str, key: &str) -> impl Iterator<Item = &Object> {
        let table = self.tables.get(&kind);
        let places = table.and_then(|table| table.indexes.get(&(index, key.to_owned())));
        places.into_iter().flatten().filter_map(move |place| table?.rows.get(place))
    }

    /// How many objects are under a key of an index.
    pub(crate) fn count_by(&self, kind: Kind, index: &'static str, key: &str) -> usize {
        let table = self.tables.get(&kind);
        table.and_then(|table| table.indexes.get(&(index, key.to_owned()))).map_or(0, BTreeSet::len)
    }

    /// The ids under a key of an index, for loops that change what they walk over.
    pub(crate) fn ids(&self, kind: Kind, index: &'static str, key: &str) -> Vec<String> {
        self.find(kind, index, key).map(|object| object.text("id").to_owned()).collect()
    }

    /// The object with the least key of an index that is at most `limit`.
    pub(crate) fn least(&self, kind: Kind, index: &'static str, limit: &str) -> Option<&Object> {
        let table = self.tables.get(&kind)?;
        let (_, places) = table.indexes.range((index, String::new())..=(index, limit.to_owned())).next()?;
        table.rows.get(places.first()?)
    }

    /// What changed since the last commit, each object once.
    pub(crate) fn changes(&self) -> Vec<Change<'_>> {
        let mut seen = HashSet::new();
        let mut changes = Vec::new();
        for undo in &self.undo {
            if seen.insert((undo.kind, undo.id.as_str())) {
                changes.push(Change {
                    kind: undo.kind,
                    id: undo.id.clone(),
                    now: self.get(undo.kind, &undo.id),
                });
            }
        }
        changes
    }

    /// Makes the changes since the last commit final.
    pub(crate) fn commit(&mut self) {
        self.undo.clear();
    }

    /// Takes back the changes since the last commit.
    pub(crate) fn roll_back(&mut self) {
        while let Some(Undo { kind, place, before, .. }) = self.undo.pop() {
            let table = self.tables.entry(kind).or_default();
            match before {
                Some(object) => {
                    table.insert(kind, place, object);
                }
                None => {
                    table.take(kind, place);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::document::object_of;
    use serde_json::json;

    #[test]
    fn a_rollback_restores_objects_order_and_indexes() {
        let mut tables = Tables::default();
        for id in ["a", "b"] {
            tables.put(Kind::Subnet, object_of(json!({"id": id, "network_id": "n"})));
        }
        tables.commit();
        tables.remove(Kind::Subnet, "a");
        tables.change(Kind::Subnet, "b", |subnet| subnet.set("network_id", "other"));
        tables.put(Kind::Subnet, object_of(json!({"id": "c", "network_id": "n"})));
        assert_eq!(tables.ids(Kind::Subnet, "network", "n"), ["c"]);
        assert_eq!(tables.changes().len(), 3);
        tables.roll_back();
        assert_eq!(tables.ids(Kind::Subnet, "network", "n"), ["a", "b"]);
        assert_eq!(tables.ids(Kind::Subnet, "network", "other"), Vec::<String>::new());
        assert!(tables.changes().is_empty());
    }
}
