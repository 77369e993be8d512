//! `str_split` and `Fn::Split`.

use super::{Function, Outcome, give, known, shown, visit_whole};
use crate::diagnostic::Diagnostic;
use crate::evaluated::Evaluated;
use crate::expression::{
    Argument, Call, Compiler, Context, EvaluationError, Expression, Kind, Reach, Scalar,
};
use crate::python::{self, Num};
use serde_json::Value;

/// `str_split: [delimiter, text]` or `[delimiter, text, index]`.
#[derive(Debug)]
struct StrSplit {
    argument: Expression,
}

/// Compiles `str_split`.
pub fn str_split(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let argument = compiler.argument(call);
    match argument.kind() {
        Kind::Map { .. } | Kind::Scalar(Scalar::Text(_)) => Err(compiler.invalid(call, FORM)),
        // A number is found out only when the value is asked for.
        _ => Ok(Box::new(StrSplit { argument })),
    }
}

const FORM: &str = "the arguments of str_split must be like: str_split: [\",\", \"apples,pears\", <index>]";

impl Function for StrSplit {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit_whole(&self.argument, visit);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let argument = known!(self.argument.evaluate(context)?);
        let Some([delimiter, text, rest @ ..]) = argument.as_array().map(Vec::as_slice) else {
            return Err(EvaluationError::value(FORM));
        };
        let Value::String(text) = text else {
            return match text {
                Value::Null => Ok(Some(Evaluated::NULL)),
                other => Err(EvaluationError::value(format!("str_split needs a text, not {}", shown(other)))),
            };
        };
        let pieces: Vec<&str> = match delimiter {
            Value::String(delimiter) if delimiter.is_empty() => {
                return Err(EvaluationError::value("the delimiter of str_split must not be empty"));
            }
            Value::String(delimiter) => text.split(delimiter.as_str()).collect(),
            // As Python's `split(None)`.
            Value::Null => text.split_whitespace().collect(),
            other => {
                let message = format!("the delimiter of str_split must be a text, not {}", shown(other));
                return Err(EvaluationError::value(message));
            }
        };
        let Some(index) = rest.first() else {
            return give(pieces);
        };
        let number = match index {
            Value::String(text) => python::int_from_text(text),
            other => Num::of(other).and_then(|number| number.truncate()),
        };
        let Some(number) = number else {
            return Err(EvaluationError::value(format!("incorrect index {} to str_split", shown(index))));
        };
        match super::parameter::position(&number, pieces.len()) {
            Some(at) => give(pieces[at]),
            None => Err(EvaluationError::value(format!(
                "incorrect index {} to str_split: it should be between 0 and {}",
                number.repr(),
                pieces.len() as i128 - 1
            ))),
        }
    }
}

/// `Fn::Split: [delimiter, text]`.
#[derive(Debug)]
struct Split {
    delimiter: Expression,
    text: Expression,
}

/// Compiles `Fn::Split`; the delimiter must stand there in so many words.
pub fn split(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let items = match compiler.argument(call).into_kind() {
        Kind::List { items, .. } => items,
        _ => Vec::new(),
    };
    let Ok([delimiter, text]) = <[Expression; 2]>::try_from(items) else {
        let message = format!("the arguments of {0} must be like: {0}: [\",\", \"str1,str2\"]", call.name);
        return Err(compiler.invalid(call, message));
    };
    Ok(Box::new(Split { delimiter, text }))
}

impl Function for Split {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit(Argument::Index(0), &self.delimiter);
        visit(Argument::Index(1), &self.text);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let text = known!(self.text.evaluate(context).map_err(|error| error.within_index(1))?);
        let delimiter = match self.delimiter.as_str() {
            Some(delimiter) if !delimiter.is_empty() => delimiter,
            _ => {
                return Err(EvaluationError::value(
                    "the delimiter of Fn::Split must be a text that is not empty",
                ));
            }
        };
        match text {
            Value::String(text) => give(text.split(delimiter).collect::<Vec<_>>()),
            other => Err(EvaluationError::value(format!(
                "the text to split must be a text, not {}",
                shown(&other)
            ))),
        }
    }
}
