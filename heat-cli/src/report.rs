//! Diagnostics and failures on stderr.

use crate::error::CliError;
use crate::output::printable;
use heat_template::diagnostic::Diagnostic;
use heat_template::render::{self, Terminal};
use heat_template::source::SourceMap;
use std::io::{IsTerminal, Write};

/// How a stream wants diagnostics: with colours on a terminal, in plain text else.
fn terminal(is_terminal: bool, width: Option<usize>) -> Terminal {
    let color = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let usual = Terminal::default();
    Terminal { color, unicode: is_terminal && speaks_unicode(), width: width.unwrap_or(usual.width) }
}

fn speaks_unicode() -> bool {
    let variable = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    variable.is_some_and(|value| value.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

/// Whether a person reads the answer.
pub(crate) fn stdout_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Diagnostics for a terminal that reads stdout.
pub(crate) fn text_for_stdout(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    let width = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
    render::terminal(diagnostics, sources, terminal(stdout_is_terminal(), width))
}

/// Diagnostics on stderr, with the lines of the template.
pub(crate) fn diagnostics(diagnostics: &[Diagnostic], sources: &SourceMap) {
    if diagnostics.is_empty() {
        return;
    }
    let width = terminal_size::terminal_size_of(std::io::stderr()).map(|(width, _)| usize::from(width.0));
    let text = render::terminal(diagnostics, sources, terminal(std::io::stderr().is_terminal(), width));
    // Nobody has to read it.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Why a command failed, on stderr.
pub(crate) fn failure(error: &CliError) {
    match error {
        CliError::Refused { diagnostics: found, sources } => diagnostics(found, sources),
        error => {
            if let Some(message) = error.message() {
                message_line(&message);
            }
        }
    }
}

/// Lines on stderr, beside an answer for a program.
pub(crate) fn lines(text: &str) {
    // Nobody has to read it.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// A failure in words, on stderr.
pub(crate) fn message_line(message: &str) {
    let _ = writeln!(std::io::stderr(), "error: {}", printable(message));
}
