//! Which resources there are.

use crate::expression::ResourceNames;
use crate::template::Template;
use std::collections::HashSet;

/// The names of the resources, declared and enabled.
#[derive(Debug, Clone)]
pub(super) struct Names {
    template: Template,
    disabled: HashSet<String>,
}

impl Names {
    /// All that the template declares, those with a wrong definition among them.
    pub(super) fn all_of(template: &Template) -> Self {
        Self { template: template.clone(), disabled: HashSet::new() }
    }

    pub(super) fn without(self, disabled: HashSet<String>) -> Self {
        Self { disabled, ..self }
    }

    pub(super) fn is_there(&self, name: &str) -> bool {
        self.is_declared(name) && (self.disabled.is_empty() || !self.disabled.contains(name))
    }
}

impl ResourceNames for Names {
    fn is_enabled(&self, resource: &str) -> bool {
        self.is_there(resource)
    }

    fn is_declared(&self, resource: &str) -> bool {
        let inner = self.template.inner();
        inner.resources.contains_key(resource) || inner.broken_resources.contains(resource)
    }

    fn declared(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        let inner = self.template.inner();
        Box::new(inner.resources.keys().chain(&inner.broken_resources).map(String::as_str))
    }
}
