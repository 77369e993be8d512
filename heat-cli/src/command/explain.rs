//! `heat explain`.

use crate::error::{CliError, Result};
use crate::output::Answer;
use heat_template::diagnostic::codes::{self, CodeInfo};
use heat_template::diagnostic::suggest;
use serde_json::{Value, json};

/// Explains a code, or lists all of them.
pub(super) fn run(code: Option<&str>) -> Result<Answer> {
    let Some(code) = code else {
        let objects = codes::ALL.iter().map(|info| json!({"code": info.code, "title": info.title})).collect();
        return Ok(Answer::List { objects, shown: &["code", "title"] });
    };
    let wanted = normal(code);
    match codes::ALL.iter().find(|info| info.code.0 == wanted) {
        Some(info) => Ok(Answer::Text { text: text(info), data: data(info) }),
        None => {
            let similar = suggest::nearest(&wanted, codes::ALL.iter().map(|info| info.code.0));
            let help = similar.map(|code| format!(" (did you mean {code}?)")).unwrap_or_default();
            Err(CliError::input(format!("there is no code {code}{help}; `heat explain` lists them")))
        }
    }
}

/// `HT0404` for `ht0404`, `0404` and `404`.
fn normal(code: &str) -> String {
    let upper = code.trim().trim_start_matches('[').trim_end_matches(']').to_uppercase();
    let digits = upper.strip_prefix("HT").unwrap_or(&upper);
    if digits.len() <= 4 && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("HT{digits:0>4}")
    } else {
        upper
    }
}

fn text(info: &CodeInfo) -> String {
    let width =
        terminal_size::terminal_size_of(std::io::stdout()).map_or(80, |(width, _)| usize::from(width.0));
    format!("{}: {}\n\n{}\n", info.code, info.title, wrapped(info.explanation, width.clamp(40, 100)))
}

fn data(info: &CodeInfo) -> Value {
    json!({"code": info.code, "title": info.title, "explanation": info.explanation})
}

/// A text in lines of at most so many columns, if its words allow it.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let room = lines.last().map_or(0, |line| line.chars().count() + 1 + word.chars().count());
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if room <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_can_be_written_in_short() {
        for code in ["HT0404", "ht0404", "0404", "404", "[HT0404]"] {
            assert_eq!(normal(code), "HT0404");
        }
        assert_eq!(normal("x"), "X");
    }

    #[test]
    fn long_texts_are_wrapped_between_words() {
        assert_eq!(wrapped("aa bb cc dd", 5), "aa bb\ncc dd");
        assert_eq!(wrapped("aaaaaaaa b", 5), "aaaaaaaa\nb");
    }
}
