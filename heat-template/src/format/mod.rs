//! Templates and environments in one style, with their comments, and with the same meaning.
//!
//! ```
//! use heat_template::format::{Style, format};
//! use heat_template::source::SourceMap;
//!
//! let text = "resources:\n    net:   # the only one\n        type:  'OS::Neutron::Net'\n        properties: {name:  \"yes\"}\n";
//! let file = SourceMap::new().add("net.yaml", text);
//! let formatted = format(file, text, &Style::default()).value.ok_or("not readable")?;
//! assert_eq!(
//!     formatted,
//!     "resources:\n  net:  # the only one\n    type: OS::Neutron::Net\n    properties: {name: \"yes\"}\n"
//! );
//! # Ok::<(), &str>(())
//! ```
//!
//! # The style
//!
//! - Two spaces for each level; lists in maps are indented as well. No blanks at the end of a line, one line feed at the
//!   end of the text.
//! - What the author wrote by indentation stays so. Brackets stay where they fit on the line (100 columns) and hold no
//!   comment; else their content is indented.
//! - Quotes only where YAML 1.1, YAML 1.2 or PyYAML's loader for everything would read something else without them, then
//!   double ones, but where those would need escapes. A text with escapes or a tag stays as it is.
//! - Keys keep their order; one blank line stays where there was one or more. Comments keep their text: those behind
//!   something stay behind it, after two spaces; those on lines of their own are indented as what follows.
//! - Line breaks inside of texts stay where they are. Anchors, aliases, merge keys, tags, directives, document markers,
//!   a byte order mark and Windows' line ends stay too.
//! - JSON gets an element a line.
//!
//! # How it works
//!
//! libyaml's events tell how the text is written: nodes with their places, not resolved, with aliases and duplicate keys
//! as they stand there. What lies between the nodes is blanks, signs and comments. The nodes are put down again one after
//! the other, scalars from their own bytes, and comments come in where the text comes by. The time is linear.
//!
//! Nothing rests on trust: the result is read again, and unless it gives the very same tree of values, the text stays as
//! it was. So does a text that only PyYAML's own grammar accepts, as what other readers make of it is not known.

mod json;
mod layout;
mod scalar;
mod trivia;

use crate::checked::Checked;
use crate::source::FileId;
use crate::yaml::outline::{is_json, outline};
use crate::yaml::{self, Limits, Node, NodeKind, TextKind};

/// What can be chosen about the style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Style {
    /// Columns: what is in brackets and longer is written by indentation. Default 100.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { width: 100 }
    }
}

/// The text in the style; an error if it cannot be read, and then there is no value.
///
/// The diagnostics are those of reading alone: whether it is a valid template does not matter. `file` is for their places.
pub fn format(file: FileId, text: &str, style: &Style) -> Checked<String> {
    let limits = Limits::default();
    let read = yaml::read(file, text, TextKind::Template, &limits);
    if read.has_errors() {
        return Checked::failed(read.diagnostics);
    }
    let Some(formatted) = arrange(file, text, style) else {
        return Checked::new(text.to_owned(), read.diagnostics);
    };
    let again = yaml::read(file, &formatted, TextKind::Template, &limits);
    let same = !again.has_errors()
        && match (&read.node, &again.node) {
            (Some(before), Some(after)) => same_content(before, after),
            (before, after) => before.is_none() && after.is_none(),
        };
    Checked::new(if same { formatted } else { text.to_owned() }, read.diagnostics)
}

/// Whether two trees are the same but for their places, the order of keys included. The depth is limited by the reader.
fn same_content(one: &Node, other: &Node) -> bool {
    match (&one.kind, &other.kind) {
        (NodeKind::List(ones), NodeKind::List(others)) => {
            ones.len() == others.len() && ones.iter().zip(others).all(|(one, other)| same_content(one, other))
        }
        (NodeKind::Map(ones), NodeKind::Map(others)) => {
            ones.len() == others.len()
                && ones
                    .iter()
                    .zip(others)
                    .all(|(one, other)| one.key == other.key && same_content(&one.value, &other.value))
        }
        (one, other) => one == other,
    }
}

/// The text in the style, unproven; `None` where libyaml's grammar does not read it.
fn arrange(file: FileId, text: &str, style: &Style) -> Option<String> {
    let mut formatted = if is_json(file, text, &Limits::default()) {
        json::layout(text)
    } else {
        let outline = outline(text)?;
        let trivia = trivia::trivia(text, &outline);
        layout::layout(text, &outline, trivia, style.width)
    };
    if text.contains("\r\n") {
        formatted = formatted.replace('\n', "\r\n");
    }
    if text.starts_with('\u{feff}') {
        formatted.insert(0, '\u{feff}');
    }
    Some(formatted)
}

#[cfg(test)]
mod tests;
