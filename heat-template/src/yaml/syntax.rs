//! Errors of the grammars as diagnostics, with the way out where the character at the place tells it.

use super::event::SyntaxError;
use crate::diagnostic::{Diagnostic, codes};
use crate::source::{FileId, Span};

/// The error for a text that both grammars refuse.
pub(super) fn diagnostic(error: &SyntaxError, file: FileId, text: &str) -> Diagnostic {
    let code = if error.character { codes::CONTROL_CHARACTER } else { codes::SYNTAX };
    let mut diagnostic = placed(Diagnostic::error(code, message(error)), error, file, text);
    if let Some(help) = help(error, text) {
        diagnostic = diagnostic.help(help);
    }
    diagnostic
}

/// The warning for a text that only PyYAML's own grammar accepts.
pub(super) fn only_python(error: &SyntaxError, file: FileId, text: &str) -> Diagnostic {
    let message = format!("only PyYAML's own grammar accepts the text; libyaml: {}", message(error));
    placed(Diagnostic::warning(codes::PYTHON_GRAMMAR, message), error, file, text)
}

fn message(error: &SyntaxError) -> String {
    match &error.context {
        Some((context, _)) => format!("{}, {context}", error.problem),
        None => error.problem.clone(),
    }
}

fn placed(diagnostic: Diagnostic, error: &SyntaxError, file: FileId, text: &str) -> Diagnostic {
    let diagnostic = diagnostic.at(character(file, text, error.at), "");
    match error.context {
        Some((_, since)) if since != error.at => {
            diagnostic.label(character(file, text, since), "it begins here")
        }
        _ => diagnostic,
    }
}

/// The character at an offset; nothing at the end of the text.
fn character(file: FileId, text: &str, at: u32) -> Span {
    let width = text.get(at as usize..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    Span::new(file, at, at + width as u32)
}

fn help(error: &SyntaxError, text: &str) -> Option<&'static str> {
    let (before, rest) = text.split_at_checked(error.at as usize)?;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let indentation = before[line_start..].trim().is_empty();
    match rest.chars().next() {
        Some('\t') if indentation => Some("indent with spaces; tabs cannot indent"),
        Some('\t') => Some("use spaces between tokens"),
        Some('%' | '@' | '`') if !error.character => Some("quote a text that begins with this character"),
        Some(':') if error.problem.contains("not possible here") || error.problem.contains("not allowed") => {
            Some("quote a text that holds `: `, or mend the indentation")
        }
        Some(_) if error.character => {
            Some("write it as an escape in double quotes, such as \"\\x07\" or \"\\u2028\"")
        }
        None if error.problem.contains("quote") => Some("close the text with the quote that it began with"),
        _ => None,
    }
}
