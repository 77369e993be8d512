//! What the planner asks a goal for, and what expressions see while a plan is made.

use super::{Goal, property_span};
use crate::plan::{Desired, DesiredResource, DesiredState, NestedDesired, NestedQuestion, Prospects};
use heat_template::diagnostic::Diagnostic;
use heat_template::environment::RestrictedAction;
use heat_template::evaluated::Evaluated;
use heat_template::expression::{EvaluationError, Scope};
use heat_template::function::select_attribute;
use heat_template::source::Span;
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::BTreeSet;

/// A goal as the planner asks for it.
impl Desired for Goal {
    fn resources(&self) -> &IndexMap<String, DesiredResource> {
        &self.resources
    }

    fn evaluate(&self, resource: &str, scope: &Prospects<'_>) -> Result<DesiredState, Vec<Diagnostic>> {
        // A name that is not looked up yet stays a name; whoever plans looks it up and plans again.
        Self::evaluate(self, resource, scope, &mut false)
    }

    fn nested(&self, question: NestedQuestion<'_>) -> NestedDesired {
        self.foreseen_nested(question)
    }

    fn is_staged(&self) -> bool {
        self.staged
    }

    fn inside(&self, resource: &str, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let found = self
            .definition
            .as_ref()
            .and_then(|definition| Some((definition, definition.resource(resource)?)));
        match found {
            Some((definition, resource)) => definition.from_nested(&resource, diagnostics),
            None => diagnostics,
        }
    }

    fn restricted(&self, resource: &str) -> BTreeSet<RestrictedAction> {
        Self::restricted(self, resource)
    }

    fn place_of_external_id(&self, resource: &str) -> Option<Span> {
        self.external_id_span(resource)
    }

    fn place(&self, resource: &str, property: &str) -> Option<Span> {
        property_span(&self.definition.as_ref()?.resource(resource)?, property)
    }
}

/// What expressions see while a plan is made.
impl Scope for Prospects<'_> {
    fn reference_id(&self, resource: &str) -> Evaluated {
        Prospects::reference_id(self, resource)
    }

    fn attribute(
        &self,
        resource: &str,
        attribute: &str,
        path: &[Value],
    ) -> Result<Evaluated, EvaluationError> {
        if let Some(value) = self.nested_attribute(resource, attribute, path) {
            return Ok(value);
        }
        Ok(select_attribute(Prospects::attribute(self, resource, attribute), path))
    }

    fn all_attributes(&self, resource: &str) -> Result<Evaluated, EvaluationError> {
        Ok(Prospects::all_attributes(self, resource))
    }
}
