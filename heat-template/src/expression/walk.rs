//! Going through all calls of an expression.

use super::path::{Argument, Part, Trail};
use super::{Context, Expression, Kind};
use crate::diagnostic::Diagnostic;
use crate::function::Function;
use crate::source::Span;

/// How far a walk goes where a condition decides.
#[derive(Debug, Clone, Copy)]
pub enum Reach<'a> {
    /// Into every branch.
    All,
    /// Into those branches that are taken, given the values of the conditions.
    Taken(&'a Context<'a>),
}

/// What a walk meets.
pub(crate) enum Visited<'e, 't> {
    /// A call; the trail leads to it and ends with its name.
    Call { function: &'e dyn Function, span: Span, trail: &'t Trail<'e> },
    /// A call with wrong arguments.
    Invalid { diagnostic: &'e Diagnostic },
}

/// Visits calls from the outside in, in the order of the text; `path` leads to the expression.
pub(crate) fn walk<'e>(
    expression: &'e Expression,
    reach: Reach<'_>,
    path: &'e [&'e str],
    visit: &mut dyn FnMut(Visited<'e, '_>),
) {
    if !expression.is_constant() {
        into(expression, reach, &mut Trail::new(path), visit);
    }
}

fn into<'e>(
    expression: &'e Expression,
    reach: Reach<'_>,
    trail: &mut Trail<'e>,
    visit: &mut dyn FnMut(Visited<'e, '_>),
) {
    let length = trail.len();
    match expression.kind() {
        Kind::Scalar(_) | Kind::List { constant: true, .. } | Kind::Map { constant: true, .. } => {}
        Kind::List { items, .. } => {
            for (at, item) in items.iter().enumerate() {
                trail.push(Part::Index(at));
                into(item, reach, trail, visit);
                trail.truncate(length);
            }
        }
        Kind::Map { entries, .. } => {
            for entry in entries {
                trail.push(Part::Key(&entry.key));
                into(&entry.value, reach, trail, visit);
                trail.truncate(length);
            }
        }
        Kind::Call { name, function } => {
            trail.push(Part::Key(name));
            visit(Visited::Call { function: &**function, span: expression.span(), trail });
            let inner = trail.len();
            function.arguments(reach, &mut |argument, expression| {
                match argument {
                    Argument::Whole => {}
                    Argument::Key(key) => trail.push(Part::Key(key)),
                    Argument::Index(index) => trail.push(Part::Index(index)),
                }
                into(expression, reach, trail, visit);
                trail.truncate(inner);
            });
            trail.truncate(length);
        }
        Kind::Invalid(diagnostic) => visit(Visited::Invalid { diagnostic }),
    }
}
