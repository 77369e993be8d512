//! `Fn::Base64`.

use super::{Function, Outcome, give, known, shown, visit_whole};
use crate::diagnostic::Diagnostic;
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Reach};
use serde_json::Value;

/// `Fn::Base64: text`, which gives the text as it is: Heat takes user data in clear.
#[derive(Debug)]
struct Base64 {
    argument: Expression,
}

/// Compiles `Fn::Base64`.
pub fn base64(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    Ok(Box::new(Base64 { argument: compiler.argument(call) }))
}

impl Function for Base64 {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit_whole(&self.argument, visit);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        match known!(self.argument.evaluate(context)?) {
            Value::String(text) => give(text),
            other => Err(EvaluationError::value(format!("Fn::Base64 needs a text, not {}", shown(&other)))),
        }
    }
}
