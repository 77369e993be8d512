//! `Fn::GetAZs`.

use super::{Function, Outcome, give, visit_whole};
use crate::diagnostic::{Diagnostic, codes};
use crate::evaluated::{Evaluated, Unknown};
use crate::expression::{
    Argument, AvailabilityZones, Call, Compiler, Context, EvaluationError, Expression, Reach,
};

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
        match context.zones {
            AvailabilityZones::Known(zones) => give(zones.clone()),
            AvailabilityZones::NotAsked => Ok(Some(Evaluated::Unknown(Unknown::default()))),
            AvailabilityZones::Nowhere => Err(EvaluationError::new(
                codes::FUNCTION_UNSUPPORTED,
                "Fn::GetAZs is not supported here: no cloud tells its availability zones",
            )),
        }
    }
}
