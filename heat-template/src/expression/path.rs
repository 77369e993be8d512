//! Heat's dotted paths: `resources.server.properties.networks[0].port`.

use std::fmt::Write;
use std::sync::Arc;

/// One step on the way from a value to something inside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// Into a map.
    Key(Arc<str>),
    /// Into a list.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.into())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl Step {
    /// Appends the step to a path.
    pub fn push(&self, path: &mut String) {
        match self {
            Self::Key(key) => push_key(path, key),
            Self::Index(index) => push_index(path, *index),
        }
    }
}

pub(crate) fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

pub(crate) fn push_index(path: &mut String, index: usize) {
    // Writing to a String cannot fail.
    let _ = write!(path, "[{index}]");
}

/// A path with one more key.
pub fn join_key(path: &str, key: &str) -> String {
    let mut path = path.to_owned();
    push_key(&mut path, key);
    path
}

/// A path with a key in front of it.
pub(crate) fn prepend_key(key: &str, path: &str) -> String {
    let separator = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    format!("{key}{separator}{path}")
}

/// A path with an index in front of it.
pub(crate) fn prepend_index(index: usize, path: &str) -> String {
    let separator = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    format!("[{index}]{separator}{path}")
}
