//! `Fn::GetAZs`.

use super::{Function, Outcome, give, visit_whole};
use crate::diagnostic::{Diagnostic, codes};
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Reach};

/// `Fn::GetAZs: region`; the region is ignored, as in Heat.
#[derive(Debug)]
struct GetAvailabilityZones {
    argument: Expression,
}

/// Compiles `Fn::GetAZs`.
pub fn get_azs(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    Ok(Box::new(GetAvailabilityZones { argument: compiler.argument(call) }))
}

impl Function for GetAvailabilityZones {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit_whole(&self.argument, visit);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        match context.scope.availability_zones() {
            Some(zones) => give(zones),
            None => Err(EvaluationError::new(
                codes::FUNCTION_UNSUPPORTED,
                "Fn::GetAZs is not supported here: nobody can tell the availability zones",
            )),
        }
    }
}
