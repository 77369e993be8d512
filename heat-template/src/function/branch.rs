//! `if` and `Fn::If`.

use super::{Function, Outcome};
use crate::diagnostic::Diagnostic;
use crate::evaluated::{Evaluated, Unknown};
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Reach};

/// `if: [condition, value if true, value if false]`.
#[derive(Debug)]
struct If {
    condition: Expression,
    then: Expression,
    otherwise: Option<Expression>,
}

/// Compiles `if` with both branches.
pub fn three(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    compile(call, compiler, false)
}

/// Compiles `if` of 2021-04-16, which may leave out the branch for false.
pub fn two_or_three(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    compile(call, compiler, true)
}

fn compile(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
    may_omit: bool,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let items = call.argument.as_list().unwrap_or_default();
    let fits = items.len() == 3 || (may_omit && items.len() == 2);
    let [condition, then, rest @ ..] = items else { return Err(wrong(call, compiler)) };
    if !fits {
        return Err(wrong(call, compiler));
    }
    Ok(Box::new(If {
        condition: compiler.condition(condition),
        then: compiler.expression(then),
        otherwise: rest.first().map(|node| compiler.expression(node)),
    }))
}

fn wrong(call: &Call<'_>, compiler: &Compiler<'_>) -> Box<Diagnostic> {
    compiler.invalid(
        call,
        format!("the arguments of \"{}\" must be [condition name, value if true, value if false]", call.name),
    )
}

impl Function for If {
    fn arguments<'a>(&'a self, reach: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit(Argument::Index(0), &self.condition);
        let taken = match reach {
            Reach::All => None,
            // A condition that cannot be evaluated takes neither branch; the error itself is told elsewhere.
            Reach::Taken(context) => match context.condition(&self.condition) {
                Ok(taken) => Some(taken),
                Err(_) => return,
            },
        };
        if taken != Some(false) {
            visit(Argument::Index(1), &self.then);
        }
        if taken != Some(true)
            && let Some(otherwise) = &self.otherwise
        {
            visit(Argument::Index(2), otherwise);
        }
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let taken = match context.condition(&self.condition) {
            Ok(taken) => taken,
            Err(error) if error.undecided => return Ok(Some(Evaluated::Unknown(Unknown::default()))),
            Err(error) => return Err(error.within_index(0)),
        };
        match (taken, &self.otherwise) {
            (true, _) => self.then.evaluate_nullable(context).map_err(|error| error.within_index(1)),
            (false, Some(otherwise)) => {
                otherwise.evaluate_nullable(context).map_err(|error| error.within_index(2))
            }
            (false, None) => Ok(None),
        }
    }

    fn choose(&self, context: &Context<'_>) -> Result<(), EvaluationError> {
        context.condition(&self.condition).map(drop).map_err(|error| error.within_index(0))
    }

    fn may_be_left_out(&self) -> bool {
        self.then.may_be_left_out() || self.otherwise.as_ref().is_none_or(Expression::may_be_left_out)
    }

    fn conditions<'a>(&'a self, visit: &mut dyn FnMut(&'a str)) {
        self.condition.as_str().into_iter().for_each(visit);
    }
}
