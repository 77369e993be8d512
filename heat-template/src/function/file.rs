//! `get_file`.

use super::{Function, Outcome, did_you_mean, give, known, shown, visit_whole};
use crate::diagnostic::{Diagnostic, codes};
use crate::evaluated::Evaluated;
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Reach, References};
use crate::source::Span;
use serde_json::Value;

/// `get_file: name`.
#[derive(Debug)]
struct GetFile {
    argument: Expression,
}

/// Compiles `get_file`.
pub fn get_file(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    Ok(Box::new(GetFile { argument: compiler.argument(call) }))
}

impl Function for GetFile {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit_whole(&self.argument, visit);
    }

    fn references(&self, context: &Context<'_>, _: Span, references: &mut References) {
        if let Ok(Evaluated::Known(Value::String(name))) = self.argument.evaluate(context) {
            references.files.insert(name);
        }
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let name = known!(self.argument.evaluate(context)?);
        let Value::String(name) = name else {
            return Err(EvaluationError::value(format!("get_file needs a text, not {}", shown(&name))));
        };
        match context.files.get(&name) {
            Some(text) => give(text),
            None => {
                let error = EvaluationError::new(
                    codes::FILE_REFERENCE,
                    format!("get_file: no file \"{name}\" came with the template"),
                );
                Err(match did_you_mean(&name, context.files.names()) {
                    Some(help) => error.help(help),
                    None => error,
                })
            }
        }
    }
}
