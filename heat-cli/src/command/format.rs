//! `heat template fmt`.

use super::Outcome;
use crate::arguments::FormatTemplates;
use crate::error::{CliError, Result};
use crate::input;
use crate::output::Answer;
use crate::report;
use heat_template::collect::CollectLimits;
use heat_template::format::{Style, format};
use heat_template::source::SourceMap;
use serde_json::json;
use similar::TextDiff;
use std::io::Read;

/// What `-` is called in messages.
const STDIN: &str = "stdin";

/// Formats files, or shows what formatting would change.
pub(super) fn run(arguments: &FormatTemplates) -> Result<Outcome> {
    let mut style = Style::default();
    style.width = usize::from(arguments.width);
    let mut answer = String::new();
    let (mut changed, mut unchanged, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for name in &arguments.files {
        let is_stdin = name == "-";
        let text = if is_stdin { stdin()? } else { input::read(name)? };
        let shown = if is_stdin { STDIN } else { name };
        let mut sources = SourceMap::new();
        let file = sources.add(shown, text.as_str());
        let formatted = format(file, &text, &style);
        let Some(new) = formatted.value else {
            report::diagnostics(&formatted.diagnostics, &sources);
            refused.push(shown);
            continue;
        };
        let same = new == text;
        if arguments.check {
            if !same {
                answer += &difference(shown, &text, &new);
            }
        } else if is_stdin {
            answer += &new;
        } else if !same {
            input::write(name, &new)?;
            answer += &format!("{name} is formatted\n");
        }
        if same { unchanged.push(shown) } else { changed.push(shown) }
    }
    let exit_code = match (refused.is_empty(), arguments.check && !changed.is_empty()) {
        (false, _) => 2,
        (true, true) => 1,
        (true, false) => 0,
    };
    let data = json!({"changed": changed, "unchanged": unchanged, "refused": refused});
    Ok(Outcome { answer: Answer::Text { text: answer, data }, failure: None, exit_code })
}

/// A unified diff.
pub(super) fn difference(name: &str, old: &str, new: &str) -> String {
    TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(name, name).to_string()
}

fn stdin() -> Result<String> {
    let mut text = String::new();
    let limit = CollectLimits::default().file_bytes;
    let more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    std::io::stdin()
        .take(more)
        .read_to_string(&mut text)
        .map_err(|error| CliError::input(format!("cannot read the text from stdin: {error}")))?;
    if text.len() > limit {
        return Err(CliError::input(format!("the text from stdin has more than {limit} bytes")));
    }
    Ok(text)
}
