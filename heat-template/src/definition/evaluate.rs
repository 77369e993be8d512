//! Values of outputs, metadata and update policies.

use super::Definition;
use crate::diagnostic::codes;
use crate::diagnostic::suggest;
use crate::evaluated::Evaluated;
use crate::expression::{Context, EvaluationError, Expression, References, Scope, join};

impl Definition {
    /// The value of an output; null for one that is disabled.
    ///
    /// # Errors
    ///
    /// If there is no such output, or a function in it cannot do its work. Other outputs are not affected.
    pub fn output(&self, name: &str, scope: &dyn Scope) -> Result<Evaluated, EvaluationError> {
        let keys = self.template().dialect().keys();
        let Some(output) = self.template().outputs().get(name) else {
            let error = EvaluationError::new(codes::OUTPUT_UNKNOWN, format!("there is no output \"{name}\""));
            let known = self.template().outputs().keys().map(String::as_str);
            return Err(match suggest::nearest(name, known) {
                Some(similar) => error.help(format!("did you mean \"{similar}\"?")),
                None => error,
            });
        };
        if !self.output_is_enabled(name) {
            return Ok(Evaluated::NULL);
        }
        self.evaluate_in(output.value(), &[keys.outputs, name, keys.output_value], &self.context(scope))
    }

    /// What an output needs from outside; nothing for one that is disabled or does not exist.
    pub fn output_references(&self, name: &str) -> References {
        match self.template().outputs().get(name).filter(|_| self.output_is_enabled(name)) {
            Some(output) => output.value().references(&self.context(&crate::expression::NoResources)),
            None => References::default(),
        }
    }

    /// The metadata of a resource; an empty map where none is given.
    ///
    /// # Errors
    ///
    /// If a function in it cannot do its work.
    pub fn metadata(&self, resource: &str, scope: &dyn Scope) -> Result<Evaluated, EvaluationError> {
        self.metadata_in(resource, &self.context(scope))
    }

    pub(super) fn metadata_in(
        &self,
        resource: &str,
        context: &Context<'_>,
    ) -> Result<Evaluated, EvaluationError> {
        let empty = || Evaluated::Known(serde_json::Value::Object(serde_json::Map::new()));
        let keys = self.template().dialect().keys();
        let Some(metadata) = self.resource(resource).and_then(|resource| resource.metadata()) else {
            return Ok(empty());
        };
        let value = self.evaluate_in(metadata, &[keys.resources, resource, keys.metadata], context)?;
        Ok(if value == Evaluated::NULL { empty() } else { value })
    }

    /// An expression of this template; `path` is Heat's path to it, for messages.
    ///
    /// # Errors
    ///
    /// If a function in it cannot do its work. Values of hidden parameters are not part of the error.
    pub fn evaluate(
        &self,
        expression: &Expression,
        path: &str,
        scope: &dyn Scope,
    ) -> Result<Evaluated, EvaluationError> {
        self.evaluate_in(expression, &[path], &self.context(scope))
    }

    pub(super) fn evaluate_in(
        &self,
        expression: &Expression,
        path: &[&str],
        context: &Context<'_>,
    ) -> Result<Evaluated, EvaluationError> {
        expression
            .evaluate(context)
            .map_err(|error| self.without_secrets(error.at(expression.span()).within(&join(path))))
    }
}
