//! `resource_facade` and `Fn::ResourceFacade`.

use super::{Function, Outcome, give};
use crate::diagnostic::{Diagnostic, codes};
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Facade, Reach};

/// `resource_facade: metadata`.
#[derive(Debug)]
struct ResourceFacade {
    part: Facade,
}

/// Compiles `resource_facade`.
pub fn resource_facade(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    compile(call, compiler, ["metadata", "deletion_policy", "update_policy"])
}

/// Compiles `Fn::ResourceFacade`.
pub fn cfn(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    compile(call, compiler, ["Metadata", "DeletionPolicy", "UpdatePolicy"])
}

fn compile(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
    words: [&'static str; 3],
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let argument = compiler.argument(call);
    let word = argument.as_str().unwrap_or_default();
    let parts = [Facade::Metadata, Facade::DeletionPolicy, Facade::UpdatePolicy];
    match words.iter().position(|known| *known == word) {
        Some(at) => Ok(Box::new(ResourceFacade { part: parts[at] })),
        None => {
            let message = format!("the argument of {} must be one of: {}", call.name, words.join(", "));
            let mut diagnostic = compiler.invalid(call, message);
            diagnostic.help.extend(super::did_you_mean(word, words));
            Err(diagnostic)
        }
    }
}

impl Function for ResourceFacade {
    fn arguments<'a>(&'a self, _: Reach<'_>, _: &mut dyn FnMut(Argument, &'a Expression)) {}

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        if let Some(facade) = context.facade {
            return Ok(Some(facade.part(self.part)));
        }
        match context.scope.facade(self.part) {
            Some(value) => give(value),
            None => Err(EvaluationError::new(
                codes::FUNCTION_VALUE,
                "resource_facade works only in a template that is used as a resource of another one",
            )),
        }
    }
}
