//! `list_join` in its two versions, and `Fn::Join`.

use super::{Function, Outcome, give, known, shown};
use crate::diagnostic::Diagnostic;
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Kind, Reach};
use crate::python;
use serde_json::Value;
use std::sync::Arc;

/// `list_join: [delimiter, list]`, from 2015-10-15 on also `[delimiter, list, list, …]`.
#[derive(Debug)]
struct ListJoin {
    name: Arc<str>,
    delimiter: Expression,
    lists: Vec<Expression>,
    /// Maps and lists among the items become JSON, and whatever is empty counts as an empty list.
    lenient: bool,
}

/// Compiles `list_join` of the first version, and `Fn::Join`: one list of texts.
pub fn one_list(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    compile(call, compiler, false)
}

/// Compiles `list_join` of 2015-10-15: several lists, JSON.
pub fn several_lists(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    compile(call, compiler, true)
}

fn compile(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
    lenient: bool,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let mut items = match compiler.argument(call).into_kind() {
        Kind::List { items, .. } => items,
        _ => Vec::new(),
    };
    let more = if lenient { " …" } else { "" };
    if !(items.len() == 2 || (lenient && items.len() > 2)) {
        let message =
            format!("the arguments of {0} must be like: {0}: [\" \", [text, text]{more}]", call.name);
        return Err(compiler.invalid(call, message));
    }
    let lists = items.split_off(1);
    let Some(delimiter) = items.pop() else {
        return Err(compiler.invalid(call, format!("{} needs a delimiter", call.name)));
    };
    Ok(Box::new(ListJoin { name: call.name.clone(), delimiter, lists, lenient }))
}

impl Function for ListJoin {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        for (at, argument) in std::iter::once(&self.delimiter).chain(&self.lists).enumerate() {
            visit(Argument::Index(at), argument);
        }
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let name = &self.name;
        let mut pieces = Vec::new();
        let mut lists = Vec::with_capacity(self.lists.len());
        for (at, list) in self.lists.iter().enumerate() {
            lists.push(list.evaluate(context).map_err(|error| error.within_index(at + 1))?);
        }
        let delimiter = known!(self.delimiter.evaluate(context).map_err(|error| error.within_index(0))?);
        for list in lists {
            match known!(list) {
                Value::Array(items) => pieces.extend(items),
                Value::Null => {}
                other if self.lenient && !python::truthy(&other) => {}
                other => {
                    return Err(EvaluationError::value(format!(
                        "{name} needs a list, not {}",
                        shown(&other)
                    )));
                }
            }
        }
        let Value::String(delimiter) = delimiter else {
            let message = format!("the delimiter of {name} must be a text, not {}", shown(&delimiter));
            return Err(EvaluationError::value(message));
        };
        context.charge(delimiter.len().saturating_mul(pieces.len().saturating_sub(1)))?;
        let mut text = String::new();
        for (at, piece) in pieces.iter().enumerate() {
            if at > 0 {
                text.push_str(&delimiter);
            }
            match piece {
                Value::Null => {}
                Value::String(piece) => text.push_str(piece),
                Value::Array(_) | Value::Object(_) if self.lenient => {
                    text.push_str(&python::dumps(piece, true));
                }
                other => {
                    let possible = if self.lenient { "texts, maps or lists" } else { "texts" };
                    let message = format!("items to join must be {possible}, not {}", shown(other));
                    return Err(EvaluationError::value(message));
                }
            }
        }
        give(text)
    }
}
