//! `Fn::Select`.

use super::{Function, Outcome, give, known, shown};
use crate::diagnostic::Diagnostic;
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Kind, Reach};
use crate::python::{self, Num};
use serde_json::Value;

/// `Fn::Select: [index, collection]`.
#[derive(Debug)]
struct Select {
    index: Expression,
    collection: Expression,
}

/// Compiles `Fn::Select`.
pub fn select(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let items = match compiler.argument(call).into_kind() {
        Kind::List { items, .. } => items,
        _ => Vec::new(),
    };
    match <[Expression; 2]>::try_from(items) {
        Ok([index, collection]) => Ok(Box::new(Select { index, collection })),
        Err(_) => {
            Err(compiler.invalid(call, format!("the arguments of {} must be [index, collection]", call.name)))
        }
    }
}

impl Function for Select {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit(Argument::Index(0), &self.index);
        visit(Argument::Index(1), &self.collection);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let index = known!(self.index.evaluate(context).map_err(|error| error.within_index(0))?);
        let collection = known!(self.collection.evaluate(context).map_err(|error| error.within_index(1))?);
        let collection = match collection {
            // Other functions give the empty text for what is not there yet.
            Value::String(text) if text.is_empty() => return give(""),
            Value::String(text) => serde_json::from_str(&text).map_err(|error| {
                EvaluationError::value(format!("Fn::Select: the text is not JSON: {error}"))
            })?,
            other => other,
        };
        match collection {
            Value::Object(mut entries) => match index {
                Value::String(key) => give(entries.swap_remove(&key).unwrap_or_else(|| "".into())),
                other => Err(EvaluationError::value(format!(
                    "the index of Fn::Select into a map must be a text, not {}",
                    shown(&other)
                ))),
            },
            Value::Array(mut items) => {
                let number = match &index {
                    Value::String(text) => python::int_from_text(text),
                    other => Num::of(other).and_then(|number| number.truncate()),
                };
                let Some(number) = number else {
                    return Err(EvaluationError::value(format!(
                        "the index of Fn::Select into a list must be an integer, not {}",
                        shown(&index)
                    )));
                };
                match super::parameter::position(&number, items.len()) {
                    Some(at) => give(items.swap_remove(at)),
                    None => give(""),
                }
            }
            Value::Null => give(""),
            other => {
                let message = format!("Fn::Select chooses from a list or a map, not from {}", shown(&other));
                Err(EvaluationError::value(message))
            }
        }
    }
}
