//! Parameters that an update may not change.

use super::Goal;
use heat_template::diagnostic::{Diagnostic, codes};
use heat_template::python;

impl Goal {
    /// Whether the template declares a parameter that may not be changed.
    pub(crate) fn has_immutable_parameters(&self) -> bool {
        self.definition.as_ref().is_some_and(|definition| {
            definition.template().parameters().iter().any(|parameter| parameter.immutable)
        })
    }

    /// The parameters that are declared immutable and have another value than `before`. One that was not there before
    /// may take any value.
    pub(crate) fn immutable_parameters_changed(&self, before: &Self) -> Vec<Diagnostic> {
        let (Some(new), Some(old)) = (&self.definition, &before.definition) else { return Vec::new() };
        let section = new.template().dialect().keys().parameters;
        new.template()
            .parameters()
            .iter()
            .filter(|parameter| parameter.immutable)
            .filter(|parameter| {
                let value = |of: &heat_template::Definition| {
                    Some(of.parameters().get(&parameter.name)?.value().to_value_lossy())
                };
                match (value(old), value(new)) {
                    (Some(old), Some(new)) => !python::equal(&old, &new),
                    _ => false,
                }
            })
            .map(|parameter| {
                let message = format!("the parameter {} is immutable and may not be changed", parameter.name);
                Diagnostic::error(codes::PARAMETER_IMMUTABLE, message)
                    .at(parameter.span, "declared here")
                    .path(format!("{section}.{}", parameter.name))
                    .help("give it its old value, or create another stack")
            })
            .collect()
    }
}
