//! Going through all calls of an expression.

use super::path::{push_index, push_key};
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
pub(crate) enum Visited<'e, 'p> {
    /// A call; `path` leads to it and ends with its name.
    Call { function: &'e dyn Function, span: Span, path: &'p str },
    /// A call with wrong arguments.
    Invalid { diagnostic: &'e Diagnostic },
}

/// Visits calls from the outside in, in the order of the text.
pub(crate) fn walk<'e>(
    expression: &'e Expression,
    reach: Reach<'_>,
    path: &mut String,
    visit: &mut dyn FnMut(Visited<'e, '_>),
) {
    if expression.is_constant() {
        return;
    }
    let length = path.len();
    match expression.kind() {
        Kind::Scalar(_) => {}
        Kind::List { items, .. } => {
            for (at, item) in items.iter().enumerate() {
                push_index(path, at);
                walk(item, reach, path, visit);
                path.truncate(length);
            }
        }
        Kind::Map { entries, .. } => {
            for entry in entries {
                push_key(path, &entry.key);
                walk(&entry.value, reach, path, visit);
                path.truncate(length);
            }
        }
        Kind::Call { name, function } => {
            push_key(path, name);
            visit(Visited::Call { function: &**function, span: expression.span(), path });
            let inner = path.len();
            function.arguments(reach, &mut |step, argument| {
                if let Some(step) = step {
                    step.push(path);
                }
                walk(argument, reach, path, visit);
                path.truncate(inner);
            });
            path.truncate(length);
        }
        Kind::Invalid(diagnostic) => visit(Visited::Invalid { diagnostic }),
    }
}
