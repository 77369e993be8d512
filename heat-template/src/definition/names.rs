//! Which resources there are.

use crate::expression::ResourceNames;
use crate::template::Template;
use indexmap::IndexSet;
use std::collections::HashSet;

/// The names of the resources, declared and enabled.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    declared: IndexSet<String>,
    disabled: HashSet<String>,
}

impl Names {
    /// All that the template declares, those with a wrong definition among them.
    pub(super) fn all_of(template: &Template) -> Self {
        let inner = template.inner();
        let declared = inner.resources.keys().chain(&inner.broken_resources).cloned().collect();
        Self { declared, disabled: HashSet::new() }
    }

    pub(super) fn without(self, disabled: HashSet<String>) -> Self {
        Self { disabled, ..self }
    }

    pub(super) fn is_there(&self, name: &str) -> bool {
        self.declared.contains(name) && !self.disabled.contains(name)
    }
}

impl ResourceNames for Names {
    fn is_enabled(&self, resource: &str) -> bool {
        self.is_there(resource)
    }

    fn is_declared(&self, resource: &str) -> bool {
        self.declared.contains(resource)
    }

    fn similar(&self, resource: &str) -> Option<String> {
        crate::diagnostic::suggest::nearest(resource, self.declared.iter().map(String::as_str))
            .map(str::to_owned)
    }
}
