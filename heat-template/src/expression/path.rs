//! Heat's dotted paths: `resources.server.properties.networks[0].port`.

use std::sync::Arc;

/// Where an argument stands in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// It is all that is behind the function's name.
    Whole,
    /// Under a key.
    Key(&'static str),
    /// In a list.
    Index(usize),
}

/// A part of a path that is made only when somebody wants to read it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'e> {
    /// Into a map, or into a call.
    Key(&'e str),
    /// Into a list.
    Index(usize),
}

impl Part<'_> {
    /// The same as a step of its own.
    pub(crate) fn step(&self) -> Step {
        match self {
            Self::Key(key) => Step::Key((*key).into()),
            Self::Index(index) => Step::Index(*index),
        }
    }
}

/// The way to where a walk is.
#[derive(Debug)]
pub(crate) struct Trail<'e> {
    base: &'e [&'e str],
    parts: Vec<Part<'e>>,
}

impl<'e> Trail<'e> {
    /// Begins at a path of keys.
    pub(crate) fn new(base: &'e [&'e str]) -> Self {
        Self { base, parts: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.parts.len()
    }

    pub(crate) fn push(&mut self, part: Part<'e>) {
        self.parts.push(part);
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        self.parts.truncate(length);
    }

    /// The path as Heat writes it.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        self.base.iter().for_each(|key| push_key(&mut path, key));
        for part in &self.parts {
            match part {
                Part::Key(key) => push_key(&mut path, key),
                Part::Index(index) => push_index(&mut path, *index),
            }
        }
        path
    }
}

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
    path.push('[');
    // Most lists are short, and formatting is slow.
    match u8::try_from(index) {
        Ok(digit @ 0..=9) => path.push(char::from(b'0' + digit)),
        _ => path.push_str(&index.to_string()),
    }
    path.push(']');
}

/// A path of keys.
pub(crate) fn join(keys: &[&str]) -> String {
    let mut path = String::new();
    keys.iter().for_each(|key| push_key(&mut path, key));
    path
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

/// One path behind another.
pub(super) fn append(path: &str, inner: &str) -> String {
    let separator = if path.is_empty() || inner.is_empty() || inner.starts_with('[') { "" } else { "." };
    format!("{path}{separator}{inner}")
}
