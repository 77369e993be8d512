//! `filter`, `list_concat`, `list_concat_unique` and `contains`.

use super::{Function, Outcome, give, known, shown, visit_whole};
use crate::diagnostic::Diagnostic;
use crate::evaluated::Evaluated;
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Kind, Reach};
use crate::python;
use serde_json::Value;
use std::sync::Arc;

/// `filter: [values, list]`.
#[derive(Debug)]
struct Filter {
    values: Expression,
    list: Expression,
}

/// Compiles `filter`.
pub fn filter(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let argument = compiler.argument(call);
    let kind = argument.kind_name();
    let Kind::List { items, .. } = argument.into_kind() else {
        return Err(compiler.invalid(call, format!("the argument of filter must be a list, not {kind}")));
    };
    let count = items.len();
    match <[Expression; 2]>::try_from(items) {
        Ok([values, list]) => Ok(Box::new(Filter { values, list })),
        Err(_) => {
            Err(compiler.invalid(call, format!("filter takes 2 arguments, [values, list], not {count}")))
        }
    }
}

impl Function for Filter {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit(Argument::Index(0), &self.values);
        visit(Argument::Index(1), &self.list);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let list = known!(self.list.evaluate(context).map_err(|error| error.within_index(1))?);
        if !python::truthy(&list) {
            return give(list);
        }
        let Value::Array(items) = list else {
            return Err(EvaluationError::value(format!(
                "filter works only with lists, not {}",
                shown(&list)
            )));
        };
        let values = known!(self.values.evaluate(context).map_err(|error| error.within_index(0))?);
        if !python::truthy(&values) {
            return give(items);
        }
        let Value::Array(values) = values else {
            let message = format!("filter takes out a list of values, not {}", shown(&values));
            return Err(EvaluationError::value(message));
        };
        let mut out = python::Equals::default();
        values.iter().for_each(|value| {
            out.insert(value);
        });
        let kept = items.into_iter().filter(|item| !out.contains(item));
        give(kept.collect::<Vec<_>>())
    }
}

/// `list_concat: [list, list, …]`.
#[derive(Debug)]
struct ListConcat {
    name: Arc<str>,
    argument: Expression,
    unique: bool,
}

/// Compiles `list_concat`; Heat checks nothing of it beforehand.
pub fn concat(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    Ok(Box::new(ListConcat { name: call.name.clone(), argument: compiler.argument(call), unique: false }))
}

/// Compiles `list_concat_unique`.
pub fn concat_unique(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    Ok(Box::new(ListConcat { name: call.name.clone(), argument: compiler.argument(call), unique: true }))
}

impl Function for ListConcat {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit_whole(&self.argument, visit);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let lists = match self.argument.evaluate(context)?.into_list() {
            Ok(lists) => lists,
            Err(unknown @ Evaluated::Unknown(_)) => return Ok(Some(unknown)),
            Err(_) => {
                let message = format!(
                    "the argument of {0} must be a list of lists, as in {0}: [[a, b], [c, d]]",
                    self.name
                );
                return Err(EvaluationError::value(message));
            }
        };
        let mut joined = Vec::new();
        let mut unknown = None;
        for (at, list) in lists.into_iter().enumerate() {
            match list.into_list() {
                Ok(items) => joined.extend(items),
                Err(Evaluated::Known(Value::Null)) => {}
                Err(missing @ Evaluated::Unknown(_)) => unknown = Some(missing),
                Err(other) => {
                    let message = format!(
                        "items of {} must be lists, not {}",
                        self.name,
                        python::dumps(&other.to_value_lossy(), false)
                    );
                    return Err(EvaluationError::value(message).within_index(at));
                }
            }
        }
        if let Some(unknown) = unknown {
            return Ok(Some(unknown));
        }
        if !self.unique {
            return Ok(Some(Evaluated::list(joined)));
        }
        let Value::Array(items) = known!(Evaluated::list(joined)) else { return give(Value::Null) };
        let mut known = python::Equals::default();
        let unique: Vec<Value> = items.iter().filter(|item| known.insert(item)).cloned().collect();
        give(unique)
    }
}

/// `contains: [value, sequence]`.
#[derive(Debug)]
struct Contains {
    value: Expression,
    sequence: Expression,
}

/// Compiles `contains`.
pub fn contains(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let items = match compiler.argument(call).into_kind() {
        Kind::List { items, .. } => items,
        _ => Vec::new(),
    };
    match <[Expression; 2]>::try_from(items) {
        Ok([value, sequence]) => Ok(Box::new(Contains { value, sequence })),
        Err(_) => Err(compiler.invalid(
            call,
            format!("the arguments of {0} must be like: {0}: [value1, [value1, value2]]", call.name),
        )),
    }
}

impl Function for Contains {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit(Argument::Index(0), &self.value);
        visit(Argument::Index(1), &self.sequence);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let value = self.value.evaluate(context).map_err(|error| error.within_index(0))?;
        let sequence = self.sequence.evaluate(context).map_err(|error| error.within_index(1))?;
        let (value, sequence) = (known!(value), known!(sequence));
        match (&value, &sequence) {
            (value, Value::Array(items)) => give(items.iter().any(|item| python::equal(value, item))),
            (Value::String(part), Value::String(text)) => give(text.contains(part.as_str())),
            (other, Value::String(_)) => {
                Err(EvaluationError::value(format!("contains: a text cannot contain {}", shown(other))))
            }
            (_, other) => Err(EvaluationError::value(format!(
                "the second argument of contains must be a list or a text, not {}",
                shown(other)
            ))),
        }
    }
}
