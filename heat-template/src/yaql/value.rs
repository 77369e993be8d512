//! What an expression works with: Python's values, as far as YAQL knows them.

use super::calendar::{DateTime, TimeSpan};
use super::fault::{Fault, Result};
use super::hash::{Key, key};
use super::regex::Regex;
use indexmap::{IndexMap, IndexSet};
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use std::rc::Rc;
use std::sync::Arc;

/// The most levels that lists and maps may lie in each other.
const MAX_DEPTH: u16 = 150;

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// An argument that was left out.
    Missing,
    Null,
    Bool(bool),
    Int(i64),
    /// An integer that does not fit into 64 bits.
    Big(Arc<BigInt>),
    Float(f64),
    Text(Arc<str>),
    /// Python's `tuple`: what YAQL makes of every list that comes in.
    Tuple(Rc<Items>),
    /// Python's `list`: has no hash, and equals no tuple.
    List(Rc<Items>),
    Dict(Rc<Dict>),
    Set(Rc<Set>),
    /// `keys()`, `values()` or `items()` of a map.
    View(View, Rc<Dict>),
    /// What is gone through once only; a number in the machine's table.
    Iterator(usize),
    /// What was an iterator and remembers.
    Memory(usize),
    /// What `orderBy` gives: sorted when somebody looks.
    Ordering(usize),
    DateTime(Rc<DateTime>),
    TimeSpan(TimeSpan),
    Regex(Rc<Regex>),
    /// What `let` and `def` give; a number in the machine's table.
    Context(usize),
    /// `key => value`.
    Rule(Rc<(Value, Value)>),
}

/// Which side of a map one looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Keys,
    Values,
    Items,
}

/// The items of a list or a tuple.
#[derive(Debug)]
pub(super) struct Items {
    items: Vec<Value>,
    depth: u16,
}

impl std::ops::Deref for Items {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.items
    }
}

/// A map.
#[derive(Debug)]
pub(super) struct Dict {
    entries: IndexMap<Key, Value>,
    /// YAQL's own maps have a hash, plain ones have none.
    pub(super) frozen: bool,
    depth: u16,
}

/// A set.
#[derive(Debug)]
pub(super) struct Set {
    keys: IndexSet<Key>,
    depth: u16,
}

fn one_more(deepest: u16) -> Result<u16> {
    if deepest >= MAX_DEPTH {
        return Err(Fault::limit(format!("values are nested more than {MAX_DEPTH} levels deep")));
    }
    Ok(deepest + 1)
}

fn deepest<'v>(values: impl Iterator<Item = &'v Value>) -> u16 {
    values.map(Value::depth).max().unwrap_or(0)
}

impl Value {
    /// A text.
    pub(super) fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// A tuple.
    pub(super) fn tuple(items: Vec<Value>) -> Result<Self> {
        let depth = one_more(deepest(items.iter()))?;
        Ok(Self::Tuple(Rc::new(Items { items, depth })))
    }

    /// A list.
    pub(super) fn list(items: Vec<Value>) -> Result<Self> {
        let depth = one_more(deepest(items.iter()))?;
        Ok(Self::List(Rc::new(Items { items, depth })))
    }

    /// One of YAQL's own maps.
    pub(super) fn dict(entries: IndexMap<Key, Value>) -> Result<Self> {
        Self::map(entries, true)
    }

    /// A map, one of YAQL's own or a plain one.
    pub(super) fn map(entries: IndexMap<Key, Value>, frozen: bool) -> Result<Self> {
        let inside = entries.iter().map(|(key, value)| key.value().depth().max(value.depth())).max();
        let depth = one_more(inside.unwrap_or(0))?;
        Ok(Self::Dict(Rc::new(Dict { entries, frozen, depth })))
    }

    /// A set.
    pub(super) fn set(keys: IndexSet<Key>) -> Result<Self> {
        let depth = one_more(deepest(keys.iter().map(Key::value)))?;
        Ok(Self::Set(Rc::new(Set { keys, depth })))
    }

    /// A pair as `items()` gives it.
    pub(super) fn pair(key: &Key, value: &Value) -> Result<Self> {
        Self::tuple(vec![key.value().clone(), value.clone()])
    }

    /// A rule.
    pub(super) fn rule(key: Value, value: Value) -> Result<Self> {
        one_more(key.depth().max(value.depth()))?;
        Ok(Self::Rule(Rc::new((key, value))))
    }

    /// An integer of any size.
    pub(super) fn integer(value: BigInt) -> Self {
        value.to_i64().map_or_else(|| Self::Big(Arc::new(value)), Self::Int)
    }

    /// A count.
    pub(super) fn count(count: usize) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    fn depth(&self) -> u16 {
        match self {
            Self::Tuple(items) | Self::List(items) => items.depth,
            Self::Dict(dict) | Self::View(_, dict) => dict.depth,
            Self::Set(set) => set.depth,
            Self::Rule(rule) => rule.0.depth().max(rule.1.depth()) + 1,
            _ => 0,
        }
    }

    /// Python's name of the type, for messages.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Missing => "nothing",
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Big(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Text(_) => "a text",
            Self::Tuple(_) | Self::List(_) => "a list",
            Self::Dict(_) => "a map",
            Self::Set(_) => "a set",
            Self::View(View::Keys, _) => "the keys of a map",
            Self::View(View::Values, _) => "the values of a map",
            Self::View(View::Items, _) => "the items of a map",
            Self::Iterator(_) | Self::Memory(_) => "an iterator",
            Self::Ordering(_) => "an ordered collection",
            Self::DateTime(_) => "a date",
            Self::TimeSpan(_) => "a time span",
            Self::Regex(_) => "a regular expression",
            Self::Context(_) => "a context (what let and def give)",
            Self::Rule(_) => "a rule (key => value)",
        }
    }

    /// Python's truth.
    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Tuple(items) | Self::List(items) => !items.is_empty(),
            Self::Dict(dict) | Self::View(_, dict) => dict.len() > 0,
            Self::Set(set) => set.len() > 0,
            Self::TimeSpan(span) => !span.is_zero(),
            _ => true,
        }
    }

    /// Whether it is `true`, `false` or an integer.
    pub(super) fn is_int(&self) -> bool {
        matches!(self, Self::Bool(_) | Self::Int(_) | Self::Big(_))
    }
}

impl Dict {
    /// How many entries it has.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The value of a key; fails for what cannot be a key.
    pub(super) fn get(&self, wanted: &Value) -> Result<Option<&Value>> {
        Ok(self.entries.get(&key(wanted.clone())?))
    }

    /// Keys and values, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.entries.iter()
    }

    /// The entry at a place.
    pub(super) fn at(&self, at: usize) -> Option<(&Key, &Value)> {
        self.entries.get_index(at)
    }

    /// All entries.
    pub(super) fn entries(&self) -> &IndexMap<Key, Value> {
        &self.entries
    }
}

impl Set {
    /// How many members it has.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The members, in the order in which they came.
    pub(super) fn keys(&self) -> &IndexSet<Key> {
        &self.keys
    }
}
