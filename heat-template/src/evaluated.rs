//! What an expression comes to: a value, parts of which may be known only during the run.

use indexmap::IndexMap;
use serde_json::Value;
use std::collections::BTreeSet;

/// A value, or a value with holes that are filled when other resources exist.
///
/// It is normal: a list or a map without a hole is always [`Evaluated::Known`]. Use [`Evaluated::list`] and
/// [`Evaluated::map`] to keep it so.
#[derive(Debug, Clone, PartialEq)]
pub enum Evaluated {
    /// Known altogether.
    Known(Value),
    /// A list, at least one item of which is not known altogether.
    List(Vec<Evaluated>),
    /// A map, at least one value of which is not known altogether.
    Map(IndexMap<String, Evaluated>),
    /// Nothing is known yet.
    Unknown(Unknown),
}

/// The resources that must exist before a value is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unknown {
    resources: BTreeSet<String>,
}

impl Unknown {
    /// A value that waits for one resource.
    pub fn of(resource: impl Into<String>) -> Self {
        Self { resources: BTreeSet::from([resource.into()]) }
    }

    /// The resources that it waits for, in alphabetical order.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.resources.iter().map(String::as_str)
    }

    /// A value that waits for both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.resources.extend(other.resources);
        self
    }
}

impl Evaluated {
    /// Python's `None`.
    pub const NULL: Self = Self::Known(Value::Null);

    /// A value that waits for one resource.
    pub fn unknown(resource: impl Into<String>) -> Self {
        Self::Unknown(Unknown::of(resource))
    }

    /// A list, known if all its items are.
    pub fn list(items: Vec<Self>) -> Self {
        if !items.iter().all(Self::is_known) {
            return Self::List(items);
        }
        Self::Known(Value::Array(items.into_iter().filter_map(Self::into_known).collect()))
    }

    /// A map, known if all its values are.
    pub fn map(entries: IndexMap<String, Self>) -> Self {
        if !entries.values().all(Self::is_known) {
            return Self::Map(entries);
        }
        let known = entries.into_iter().filter_map(|(key, value)| Some((key, value.into_known()?)));
        Self::Known(Value::Object(known.collect()))
    }

    /// Whether nothing is missing.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// The value, if nothing is missing.
    pub fn known(&self) -> Option<&Value> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// The value, if nothing is missing.
    pub fn into_known(self) -> Option<Value> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// Everything that it waits for; `None` if it is known.
    pub fn waits_for(&self) -> Option<Unknown> {
        fn gather(value: &Evaluated, into: &mut Unknown) {
            match value {
                Evaluated::Known(_) => {}
                Evaluated::List(items) => items.iter().for_each(|item| gather(item, into)),
                Evaluated::Map(entries) => entries.values().for_each(|entry| gather(entry, into)),
                Evaluated::Unknown(unknown) => into.resources.extend(unknown.resources.iter().cloned()),
            }
        }
        if self.is_known() {
            return None;
        }
        let mut unknown = Unknown::default();
        gather(self, &mut unknown);
        Some(unknown)
    }

    /// The value with `null` wherever something is missing: for texts, never for decisions.
    pub fn to_value_lossy(&self) -> Value {
        match self {
            Self::Known(value) => value.clone(),
            Self::List(items) => Value::Array(items.iter().map(Self::to_value_lossy).collect()),
            Self::Map(entries) => entries.iter().map(|(k, v)| (k.clone(), v.to_value_lossy())).collect(),
            Self::Unknown(_) => Value::Null,
        }
    }

    /// The value if nothing is missing, else "not known" for all of it.
    pub(crate) fn settle(self) -> Result<Value, Self> {
        match self {
            Self::Known(value) => Ok(value),
            partly => Err(Self::Unknown(partly.waits_for().unwrap_or_default())),
        }
    }

    /// The items, if it is a list.
    pub fn into_list(self) -> Result<Vec<Self>, Self> {
        match self {
            Self::Known(Value::Array(items)) => Ok(items.into_iter().map(Self::Known).collect()),
            Self::List(items) => Ok(items),
            other => Err(other),
        }
    }

    /// The entries, if it is a map.
    pub fn into_map(self) -> Result<IndexMap<String, Self>, Self> {
        match self {
            Self::Known(Value::Object(entries)) => {
                Ok(entries.into_iter().map(|(key, value)| (key, Self::Known(value))).collect())
            }
            Self::Map(entries) => Ok(entries),
            other => Err(other),
        }
    }
}

/// A map while it is made: no longer one of known values than all of them are known.
#[derive(Debug)]
pub(crate) enum EvaluatedMap {
    /// All values so far are known.
    Known(serde_json::Map<String, Value>),
    /// One is not.
    Partly(IndexMap<String, Evaluated>),
}

impl EvaluatedMap {
    /// An empty map with room.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self::Known(serde_json::Map::with_capacity(capacity))
    }

    /// Adds an entry.
    pub(crate) fn insert(&mut self, key: String, value: Evaluated) {
        match (&mut *self, value) {
            (Self::Known(entries), Evaluated::Known(value)) => {
                entries.insert(key, value);
            }
            (Self::Known(entries), value) => {
                let known = std::mem::take(entries).into_iter();
                let mut partly: IndexMap<_, _> = known.map(|(key, value)| (key, value.into())).collect();
                partly.insert(key, value);
                *self = Self::Partly(partly);
            }
            (Self::Partly(entries), value) => {
                entries.insert(key, value);
            }
        }
    }

    /// The map as a value.
    pub(crate) fn finish(self) -> Evaluated {
        match self {
            Self::Known(entries) => Evaluated::Known(Value::Object(entries)),
            Self::Partly(entries) => Evaluated::map(entries),
        }
    }
}

impl From<Value> for Evaluated {
    fn from(value: Value) -> Self {
        Self::Known(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_and_maps_are_known_when_their_parts_are() {
        let known = Evaluated::list(vec![json!(1).into(), json!({"a": null}).into()]);
        assert_eq!(known, Evaluated::Known(json!([1, {"a": null}])));
        let partly = Evaluated::map(IndexMap::from([
            ("a".to_owned(), known),
            ("b".to_owned(), Evaluated::list(vec![Evaluated::unknown("x"), Evaluated::unknown("y")])),
        ]));
        assert!(!partly.is_known());
        let waits: Vec<_> =
            partly.waits_for().map(|u| u.resources().map(str::to_owned).collect()).unwrap_or_default();
        assert_eq!(waits, ["x", "y"]);
        assert_eq!(partly.to_value_lossy(), json!({"a": [1, {"a": null}], "b": [null, null]}));
    }
}
