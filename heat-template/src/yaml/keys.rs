//! Keys of maps: equal as Python's are, then texts as JSON makes them.

use super::node::{Entry, Node, NodeKind};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Maps with more keys get a hash table while they are built.
const SMALL: usize = 8;

/// What makes two keys the same one. In Python `1`, `1.0` and `true` are equal, and none equals the text `1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    Text(Arc<str>),
    /// The exact value in decimal.
    Number(Box<str>),
    Null,
}

impl Identity {
    /// The identity of a scalar; `None` for a list or a map, which cannot be keys.
    pub(super) fn of(node: &Node) -> Option<Self> {
        Some(match &node.kind {
            NodeKind::Null => Self::Null,
            NodeKind::Bool(value) => Self::Number(if *value { "1" } else { "0" }.into()),
            NodeKind::String(text) => Self::Text(text.clone()),
            NodeKind::Number(number) => {
                let text = number.to_string();
                if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
                    return Some(Self::Number(text.into()));
                }
                match text.parse::<f64>() {
                    // A whole float equals the integer of the same value.
                    Ok(value) if value.fract() == 0.0 => {
                        let exact = format!("{value:.0}");
                        Self::Number(if exact == "-0" { "0".into() } else { exact.into() })
                    }
                    _ => Self::Number(text.into()),
                }
            }
            NodeKind::List(_) | NodeKind::Map(_) => return None,
        })
    }
}

/// The text that JSON makes of a key.
pub(super) fn key_text(node: &Node) -> Option<Arc<str>> {
    Some(match &node.kind {
        NodeKind::Null => "null".into(),
        NodeKind::Bool(value) => if *value { "true" } else { "false" }.into(),
        NodeKind::Number(number) => number.to_string().into(),
        NodeKind::String(text) => text.clone(),
        NodeKind::List(_) | NodeKind::Map(_) => return None,
    })
}

/// Whether no two entries have the same key, all keys being texts.
pub(super) fn are_different(entries: &[Entry]) -> bool {
    if entries.len() > SMALL {
        let mut seen = HashSet::with_capacity(entries.len());
        return entries.iter().all(|entry| seen.insert(&*entry.key));
    }
    let equal = |(at, entry): (usize, &Entry)| entries[..at].iter().any(|before| before.key == entry.key);
    !entries.iter().enumerate().any(equal)
}

/// A map while it is built, as a Python dictionary: a key keeps the place and form of its first appearance and the value
/// of its last.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    identities: Vec<Identity>,
    entries: Vec<Entry>,
    index: HashMap<Identity, usize>,
}

impl Dictionary {
    /// A dictionary with room.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            identities: Vec::with_capacity(capacity),
            entries: Vec::with_capacity(capacity),
            index: HashMap::new(),
        }
    }

    fn find(&self, identity: &Identity) -> Option<usize> {
        if self.index.is_empty() {
            self.identities.iter().position(|known| known == identity)
        } else {
            self.index.get(identity).copied()
        }
    }

    /// Whether the key is there.
    pub(super) fn contains(&self, identity: &Identity) -> bool {
        self.find(identity).is_some()
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Puts a key; gives its place and the entry as it was before, if there was one.
    pub(super) fn insert(&mut self, identity: Identity, entry: Entry) -> Option<(usize, Entry)> {
        if let Some(at) = self.find(&identity) {
            let known = self.entries.get_mut(at)?;
            let key = known.key.clone();
            return Some((at, std::mem::replace(known, Entry { key, ..entry })));
        }
        if !self.index.is_empty() {
            self.index.insert(identity.clone(), self.entries.len());
        } else if self.entries.len() == SMALL {
            self.index = self.identities.iter().cloned().zip(0..).collect();
            self.index.insert(identity.clone(), self.entries.len());
        }
        self.identities.push(identity);
        self.entries.push(entry);
        None
    }

    /// The values in order.
    pub(super) fn into_values(self) -> impl Iterator<Item = Node> {
        self.entries.into_iter().map(|entry| entry.value)
    }

    /// The entries with keys as JSON makes them: `1` and the text `1` become one.
    pub(super) fn into_entries(self, mut collision: impl FnMut(&Entry, &Entry)) -> Vec<Entry> {
        if self.identities.iter().all(|identity| matches!(identity, Identity::Text(_))) {
            return self.entries;
        }
        let mut texts = Self::with_capacity(self.entries.len());
        for entry in self.entries {
            let later = entry.clone();
            if let Some((_, before)) = texts.insert(Identity::Text(entry.key.clone()), entry) {
                collision(&before, &later);
            }
        }
        texts.entries
    }
}
