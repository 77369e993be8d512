//! `yaql`.

use super::Function;
use crate::diagnostic::{Diagnostic, codes};
use crate::expression::{Call, Compiler, Kind};

/// Compiles `yaql`: its form is checked, but the expression language itself is not there yet, so that every use is
/// refused as unsupported.
pub fn yaql(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let argument = compiler.argument(call);
    let kind = argument.kind_name();
    let Kind::Map { entries, .. } = argument.into_kind() else {
        return Err(compiler.invalid(call, format!("the arguments of yaql must be a map, not {kind}")));
    };
    let known = |key: &str| matches!(key, "expression" | "data");
    let has_expression = entries.iter().any(|entry| &*entry.key == "expression");
    if !has_expression || entries.iter().any(|entry| !known(&entry.key)) {
        let message = "yaql must be like: yaql: {expression: $.data.var1.sum(), data: {var1: [3, 2, 1]}}";
        return Err(compiler.invalid(call, message));
    }
    Err(compiler.problem(codes::FUNCTION_UNSUPPORTED, call, "the function yaql is not supported"))
}
