//! Functions that a version does not have any more.

use super::{Checking, Function, Outcome, visit_whole};
use crate::diagnostic::{Diagnostic, codes};
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Reach};

/// A call that is refused as soon as it is checked.
#[derive(Debug)]
struct Removed {
    name: String,
    version: &'static str,
    argument: Expression,
}

/// Compiles the call of a function that was removed; in a resource that is disabled it does no harm.
pub fn compile(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Box<dyn Function> {
    let argument = compiler.argument(call);
    Box::new(Removed { name: call.name.to_string(), version: compiler.dialect().version(), argument })
}

/// What to write instead.
fn successor(name: &str) -> Option<&'static str> {
    Some(match name {
        "Ref" => "get_param or get_resource",
        "Fn::Join" => "list_join",
        "Fn::Replace" => "str_replace",
        "Fn::Split" => "str_split (from 2015-10-15 on)",
        "Fn::Select" => "the path of get_param or get_attr",
        "Fn::ResourceFacade" => "resource_facade",
        _ => return None,
    })
}

impl Removed {
    fn message(&self) -> String {
        format!("the function {} is not supported in version {} of HOT", self.name, self.version)
    }
}

impl Function for Removed {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit_whole(&self.argument, visit);
    }

    fn check(&self, checking: &Checking<'_>, report: &mut dyn FnMut(Diagnostic)) {
        let diagnostic = Diagnostic::error(codes::FUNCTION_REMOVED, self.message());
        let mut diagnostic = diagnostic.at(checking.span, "").path(checking.path());
        diagnostic.help.extend(successor(&self.name).map(|instead| format!("use {instead}")));
        report(diagnostic);
    }

    fn evaluate(&self, _: &Context<'_>) -> Outcome {
        Err(EvaluationError::new(codes::FUNCTION_REMOVED, self.message()))
    }
}
