//! What an update must not change.

use super::Definition;
use crate::diagnostic::{Diagnostic, codes};
use crate::expression::join;

impl Definition {
    /// The parameters that are declared immutable here and have another value than before.
    ///
    /// A parameter that the stack did not have before may have any value, as in Heat.
    pub fn changed_immutable_parameters(&self, before: &Self) -> Vec<Diagnostic> {
        let section = self.template().dialect().keys().parameters;
        let mut diagnostics = Vec::new();
        for schema in self.template().parameters().iter().filter(|schema| schema.immutable) {
            let name = schema.name.as_str();
            let (Some(old), Some(new)) = (before.parameters().get(name), self.parameters().get(name)) else {
                continue;
            };
            if old.is_pseudo() || same(old.value(), new.value()) {
                continue;
            }
            let message = format!("parameter {name} is immutable and may not be updated");
            diagnostics.push(
                Diagnostic::error(codes::PARAMETER_IMMUTABLE, message)
                    .at(schema.span, "")
                    .path(join(&[section, name])),
            );
        }
        diagnostics
    }
}

fn same(old: &crate::evaluated::Evaluated, new: &crate::evaluated::Evaluated) -> bool {
    match (old.known(), new.known()) {
        (Some(old), Some(new)) => crate::python::equal(old, new),
        _ => old == new,
    }
}
