//! `get_param`, and `Ref` where it can only mean a parameter.

use super::{Function, Outcome, known, shown, visit_whole};
use crate::diagnostic::{Diagnostic, codes};
use crate::evaluated::Evaluated;
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Reach, References};
use crate::parameter::ParameterValue;
use crate::python;
use crate::source::Span;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// `get_param: name` or `get_param: [name, step, …]`.
#[derive(Debug)]
struct GetParam {
    name: Arc<str>,
    argument: Expression,
}

/// Compiles `get_param`; Heat checks nothing of it beforehand.
pub fn get_param(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let argument = compiler.argument(call);
    let name = argument.as_list().and_then(|items| items.first()).unwrap_or(&argument);
    compiler.mention_parameter(name.as_str());
    Ok(Box::new(GetParam { name: call.name.clone(), argument }))
}

impl Function for GetParam {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit_whole(&self.argument, visit);
    }

    fn references(&self, context: &Context<'_>, _: Span, references: &mut References) {
        if let Some(name) = self.argument.as_str() {
            references.parameter(name);
        } else if let Ok(Evaluated::Known(argument)) = self.argument.evaluate(context) {
            let name = match &argument {
                Value::Array(items) => items.first().and_then(Value::as_str),
                other => other.as_str(),
            };
            name.iter().for_each(|name| references.parameter(name));
        }
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        // Nearly always the argument is a name in so many words.
        if let Some(parameter) = self.argument.as_str().filter(|name| !name.is_empty()) {
            return Ok(Some(find(context, parameter)?.value().clone()));
        }
        let name = &self.name;
        let argument = known!(self.argument.evaluate(context)?);
        if !python::truthy(&argument) {
            return Err(EvaluationError::value(format!("{name} needs the name of a parameter")));
        }
        let (parameter, path) = match &argument {
            Value::Array(items) => match items.split_first() {
                Some((parameter, path)) => (parameter, path),
                None => return Err(EvaluationError::value(format!("{name} needs the name of a parameter"))),
            },
            Value::String(_) => (&argument, &[][..]),
            other => {
                return Err(EvaluationError::value(format!(
                    "the argument of {name} must be a text or a list, not {}",
                    shown(other)
                )));
            }
        };
        let Value::String(parameter) = parameter else {
            return Err(EvaluationError::value(format!(
                "the name of a parameter must be a text, not {}",
                shown(parameter)
            )));
        };
        let value = find(context, parameter)?;
        match value.value() {
            Evaluated::Known(value) => Ok(Some(Evaluated::Known(walk(value, path).into_owned()))),
            other => Ok(Some(other.clone())),
        }
    }
}

fn find<'a>(context: &Context<'a>, parameter: &str) -> Result<&'a ParameterValue, EvaluationError> {
    context.parameters.get(parameter).ok_or_else(|| {
        let error = EvaluationError::new(
            codes::PARAMETER_REFERENCE,
            format!("parameter {parameter} was not provided: the template has no parameter of this name"),
        );
        error.meant(context.guess(parameter, context.parameters.iter().map(|(name, _)| name)))
    })
}

/// Any step that leads nowhere gives the empty text, as in Heat.
///
/// What lies at the path is a part of the value: only a letter of a text has to be made.
fn walk<'v>(value: &'v Value, path: &[Value]) -> Cow<'v, Value> {
    let mut here = value;
    let mut steps = path.iter();
    while let Some(step) = steps.next() {
        let next = match (here, step) {
            (Value::Object(entries), Value::String(key)) => entries.get(key),
            (Value::Array(items), step) => index(step, items.len()).and_then(|at| items.get(at)),
            (Value::String(text), step) => return Cow::Owned(letter(text, step, steps.as_slice())),
            _ => None,
        };
        match next {
            Some(next) => here = next,
            None => return Cow::Owned(Value::String(String::new())),
        }
    }
    Cow::Borrowed(here)
}

/// A letter of a text. All that further steps may find in it is the letter itself.
fn letter(text: &str, step: &Value, further: &[Value]) -> Value {
    let found = index(step, text.chars().count()).and_then(|at| text.chars().nth(at));
    let found = found.filter(|_| further.iter().all(|step| index(step, 1).is_some()));
    Value::String(found.map(String::from).unwrap_or_default())
}

/// A list index: an integer (or boolean), also as text, from the end if negative.
fn index(step: &Value, length: usize) -> Option<usize> {
    let number = match step {
        Value::String(text) => python::int_from_text(text)?,
        other => python::Num::of(other).filter(|number| !number.is_float())?,
    };
    position(&number, length)
}

/// The place in a list of an index that may be negative.
pub(crate) fn position(number: &python::Num, length: usize) -> Option<usize> {
    let python::Num::Int(at) = number else { return None };
    let length = length as i128;
    let at = if *at < 0 { at + length } else { *at };
    usize::try_from(at).ok().filter(|at| (*at as i128) < length)
}

/// `Ref` in a condition: only parameters are possible.
#[derive(Debug)]
struct ParameterReference {
    argument: Expression,
}

/// Compiles `Ref` in a condition.
pub fn parameter_reference(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let argument = compiler.argument(call);
    compiler.mention_parameter(argument.as_str());
    Ok(Box::new(ParameterReference { argument }))
}

impl Function for ParameterReference {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit_whole(&self.argument, visit);
    }

    fn references(&self, _: &Context<'_>, _: Span, references: &mut References) {
        self.argument.as_str().iter().for_each(|name| references.parameter(name));
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let argument = known!(self.argument.evaluate(context)?);
        referenced(context, &argument)
    }
}

/// The value of a parameter that `Ref` names.
pub(crate) fn referenced(context: &Context<'_>, name: &Value) -> Outcome {
    let value = name.as_str().and_then(|name| context.parameters.get(name));
    match value {
        Some(value) => Ok(Some(value.value().clone())),
        None => {
            let text = python::str_of(name);
            let error = EvaluationError::new(
                codes::PARAMETER_REFERENCE,
                format!("the reference \"{text}\" is neither a resource nor a parameter"),
            );
            let names = context.parameters.iter().map(|(name, _)| name);
            let guess =
                context.guess(&text, names).or_else(|| context.guess(&text, context.enabled.declared()));
            Err(error.meant(guess))
        }
    }
}
