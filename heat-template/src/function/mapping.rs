//! `Fn::FindInMap`.

use super::{Function, Outcome, did_you_mean, give, known};
use crate::diagnostic::{Diagnostic, codes};
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Kind, Reach};
use crate::python;
use serde_json::{Map, Value};

/// `Fn::FindInMap: [mapping, key, key]`.
#[derive(Debug)]
struct FindInMap {
    steps: [Expression; 3],
}

/// Compiles `Fn::FindInMap`.
pub fn find_in_map(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let items = match compiler.argument(call).into_kind() {
        Kind::List { items, .. } => items,
        _ => Vec::new(),
    };
    match <[Expression; 3]>::try_from(items) {
        Ok(steps) => Ok(Box::new(FindInMap { steps })),
        Err(_) => {
            Err(compiler.invalid(call, format!("the arguments of {} must be [mapping, key, key]", call.name)))
        }
    }
}

impl Function for FindInMap {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        for (at, step) in self.steps.iter().enumerate() {
            visit(Argument::Index(at), step);
        }
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let mut here = context.mappings.unwrap_or(&Value::Null);
        for (at, step) in self.steps.iter().enumerate() {
            let key = known!(step.evaluate(context).map_err(|error| error.within_index(at))?);
            let key = python::str_of(&key);
            match here.get(&key) {
                Some(next) => here = next,
                None => {
                    let what = if at == 0 { "there is no mapping" } else { "the mapping has no key" };
                    let error = EvaluationError::new(codes::MAPPING_REFERENCE, format!("{what} \"{key}\""))
                        .at(step.span())
                        .within_index(at);
                    let known = here.as_object().into_iter().flat_map(Map::keys).map(String::as_str);
                    return Err(match did_you_mean(&key, known) {
                        Some(help) => error.help(help),
                        None => error,
                    });
                }
            }
        }
        give(here.clone())
    }
}
