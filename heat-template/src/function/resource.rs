//! `get_resource`, and `Ref`.

use super::parameter::referenced;
use super::{Checking, Function, Outcome, known, visit_whole};
use crate::diagnostic::{Diagnostic, codes};
use crate::evaluated::Evaluated;
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Reach, References};
use crate::python;
use crate::source::Span;
use serde_json::Value;

/// `get_resource: name`.
#[derive(Debug)]
struct GetResource {
    argument: Expression,
}

/// Compiles `get_resource`.
pub fn get_resource(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    Ok(Box::new(GetResource { argument: compiler.argument(call) }))
}

/// The problem of a name that no resource has, or a disabled one.
pub(crate) fn no_resource(context: &Context<'_>, name: &Value) -> EvaluationError {
    let text = python::str_of(name);
    if context.enabled.is_declared(&text) {
        return EvaluationError::new(
            codes::RESOURCE_DISABLED,
            format!("the reference \"{text}\" is incorrect: its condition disables this resource"),
        )
        .help("refer to it in an `if` with the same condition");
    }
    let error = EvaluationError::new(
        codes::RESOURCE_REFERENCE,
        format!("the reference \"{text}\" is incorrect: there is no resource of this name"),
    );
    error.meant(context.guess(&text, context.enabled.declared()))
}

/// The name, if an enabled resource has it.
pub(crate) fn enabled<'v>(context: &Context<'_>, name: &'v Value) -> Result<&'v str, EvaluationError> {
    match name {
        Value::String(text) if context.enabled.is_enabled(text) => Ok(text),
        other => Err(no_resource(context, other)),
    }
}

/// Adds a reference to a resource, or the reason why there is none.
pub(crate) fn refer(
    context: &Context<'_>,
    name: Result<Evaluated, EvaluationError>,
    span: Span,
    references: &mut References,
) -> Option<String> {
    let name = match name {
        Ok(Evaluated::Known(name)) => enabled(context, &name).map(str::to_owned),
        // What hangs on a parameter that is wrong has been told there.
        Ok(_) => return None,
        Err(error) => Err(error),
    };
    match name {
        Ok(name) => {
            references.resource(&name, span);
            Some(name)
        }
        Err(error) => {
            references.failed.push(error.at(span).into_diagnostic());
            None
        }
    }
}

impl Function for GetResource {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit_whole(&self.argument, visit);
    }

    fn references(&self, context: &Context<'_>, span: Span, references: &mut References) {
        match self.argument.as_str() {
            Some(name) if context.enabled.is_enabled(name) => references.resource(name, span),
            _ => drop(refer(context, self.argument.evaluate(context), span, references)),
        }
    }

    /// In an output nothing depends on the resource, so that a name that nobody has only fails that output; but Heat must
    /// be able to look it up.
    fn check(&self, checking: &Checking<'_>, report: &mut dyn FnMut(Diagnostic)) {
        let error = match self.argument.evaluate(checking.context) {
            Ok(Evaluated::Known(name @ (Value::Array(_) | Value::Object(_)))) => EvaluationError::new(
                codes::RESOURCE_REFERENCE,
                format!("the name of a resource must be a text, not {}", super::shown(&name)),
            ),
            Ok(_) => return,
            Err(error) => error,
        };
        report(error.at(checking.span).within(&checking.path()).into_diagnostic());
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        if let Some(name) = self.argument.as_str().filter(|name| context.enabled.is_enabled(name)) {
            return Ok(Some(context.scope.reference_id(name)));
        }
        let name = known!(self.argument.evaluate(context)?);
        let name = enabled(context, &name)?;
        Ok(Some(context.scope.reference_id(name)))
    }
}

/// `Ref: name`: a resource if one has that name, else a parameter.
#[derive(Debug)]
struct Reference {
    name: Value,
}

/// Compiles `Ref`.
pub fn reference(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    match compiler.argument(call).constant() {
        Some(name @ (Value::Array(_) | Value::Object(_))) => {
            Err(compiler.invalid(call, format!("{} needs a name, not {}", call.name, super::shown(&name))))
        }
        Some(name) => {
            compiler.mention_parameter(name.as_str());
            Ok(Box::new(Reference { name }))
        }
        None => Err(compiler.invalid(call, format!("{} needs a name in so many words", call.name))),
    }
}

impl Reference {
    fn resource(&self, context: &Context<'_>) -> Option<&str> {
        self.name.as_str().filter(|name| context.enabled.is_declared(name))
    }
}

impl Function for Reference {
    fn arguments<'a>(&'a self, _: Reach<'_>, _: &mut dyn FnMut(Argument, &'a Expression)) {}

    fn references(&self, context: &Context<'_>, span: Span, references: &mut References) {
        match self.resource(context) {
            Some(name) => {
                refer(context, Ok(Evaluated::Known(name.into())), span, references);
            }
            None => self.name.as_str().iter().for_each(|name| references.parameter(name)),
        }
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        match self.resource(context) {
            Some(_) => Ok(Some(context.scope.reference_id(enabled(context, &self.name)?))),
            None => referenced(context, &self.name),
        }
    }

    fn check(&self, _: &Checking<'_>, _: &mut dyn FnMut(Diagnostic)) {}
}
