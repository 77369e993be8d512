//! Doc comments as descriptions.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The text of a doc comment: the lines of a paragraph joined by spaces, paragraphs by an empty line.
pub(crate) fn text(attributes: &[Attribute]) -> Option<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = false;
    for line in attributes.iter().filter_map(line).flat_map(|text| lines(&text)) {
        if line.is_empty() {
            open = false;
        } else if let (true, Some(paragraph)) = (open, paragraphs.last_mut()) {
            paragraph.push(' ');
            paragraph.push_str(&line);
        } else {
            paragraphs.push(line);
            open = true;
        }
    }
    (!paragraphs.is_empty()).then(|| paragraphs.join("\n\n"))
}

fn line(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// A block comment is one attribute of many lines.
fn lines(text: &str) -> Vec<String> {
    if text.trim().is_empty() {
        return vec![String::new()];
    }
    text.lines().map(|line| line.trim().trim_start_matches("* ").to_owned()).collect()
}
