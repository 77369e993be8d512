//! What an expression needs from outside.

use super::Context;
use super::path::{self, Trail};
use crate::function::Function;
use crate::source::Span;
use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

/// An attribute that an expression asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AttributeReference {
    /// The resource.
    pub resource: String,
    /// The attribute; `None` for all of them.
    pub attribute: Option<String>,
    /// The path inside it, where it is known beforehand.
    pub path: Option<Vec<Value>>,
}

/// Everything that an expression needs: so that it can be fetched before the expression is evaluated.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct References {
    /// Resources that it depends on, by `get_resource` or `get_attr`, each with its first place.
    pub resources: IndexMap<String, Span>,
    /// Attributes that it reads.
    pub attributes: IndexSet<AttributeReference>,
    /// Parameters that it reads.
    pub parameters: IndexSet<String>,
    /// Files that it reads.
    pub files: IndexSet<String>,
    /// Names of resources that could not be told, because a function in their place failed.
    pub failed: Vec<crate::diagnostic::Diagnostic>,
}

impl References {
    fn is_empty(&self) -> bool {
        self.resources.is_empty()
            && self.attributes.is_empty()
            && self.parameters.is_empty()
            && self.files.is_empty()
            && self.failed.is_empty()
    }

    /// Adds a resource at its first place.
    pub fn resource(&mut self, name: &str, span: Span) {
        if !self.resources.contains_key(name) {
            self.resources.insert(name.to_owned(), span);
        }
    }

    /// Adds a parameter.
    pub fn parameter(&mut self, name: &str) {
        if !self.parameters.contains(name) {
            self.parameters.insert(name.to_owned());
        }
    }

    /// Adds what a call itself needs; the trail leads to it.
    pub(crate) fn add(
        &mut self,
        function: &dyn Function,
        span: Span,
        trail: &Trail<'_>,
        context: &Context<'_>,
    ) {
        let before = self.failed.len();
        function.references(context, span, self);
        for diagnostic in &mut self.failed[before..] {
            diagnostic.path = path::append(&trail.path(), &diagnostic.path);
        }
    }

    /// Adds all that another expression needs.
    pub fn extend(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        for (name, span) in other.resources {
            self.resources.entry(name).or_insert(span);
        }
        self.attributes.extend(other.attributes);
        self.parameters.extend(other.parameters);
        self.files.extend(other.files);
        self.failed.extend(other.failed);
    }
}
