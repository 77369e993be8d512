//! What one address holds.

use super::references::{self, VERSION_KEYS};
use super::{Fetched, address};
use crate::python::dumps;
use crate::source::{FileId, Span};
use crate::yaml::{self, Limits, Node, TextKind};
use base64::Engine as _;
use std::sync::Arc;

/// How many letters of Base64 stand in a line, as Python's `encodebytes` has it.
const LINE: usize = 76;

/// A text, read for what it names.
pub(super) struct Document {
    /// As it is written.
    pub(super) written: Arc<str>,
    /// As it is sent and recorded.
    pub(super) sent: Arc<str>,
    /// The name that people know it by.
    pub(super) name: String,
    /// The folder that its names start from, if it can name anything.
    pub(super) base: Option<Arc<str>>,
    pub(super) references: Vec<Named>,
}

/// A reference, and the bytes where it stands.
pub(super) struct Named {
    pub(super) address: String,
    place: (u32, u32),
}

impl Named {
    pub(super) fn span(&self, file: FileId) -> Span {
        Span::new(file, self.place.0, self.place.1)
    }
}

/// What a text is asked to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// The template of a request.
    Template,
    /// One of its environments.
    Environment,
    /// An attached file, which may be a template itself.
    File,
}

/// Reads a content in its role. What is no text travels as Base64, as Heat's client has it.
///
/// # Errors
/// A template or an environment that is no text; the offset of the first wrong byte.
pub(super) fn read(address: &str, fetched: &Fetched, role: Role, limits: &Limits) -> Result<Document, usize> {
    let name = fetched.name.clone().unwrap_or_else(|| address.to_owned());
    let text = match std::str::from_utf8(&fetched.bytes) {
        Ok(text) => text,
        Err(error) if role != Role::File => return Err(error.valid_up_to()),
        Err(_) => {
            let sent: Arc<str> = base64_lines(&fetched.bytes).into();
            return Ok(Document { written: sent.clone(), sent, name, base: None, references: Vec::new() });
        }
    };
    let written: Arc<str> = text.into();
    let Some(mut root) = tree(text, role, limits) else {
        return Ok(Document { sent: written.clone(), written, name, base: None, references: Vec::new() });
    };
    let base = address::folder_of(address);
    let mut found = Vec::new();
    let mut keep = |reference: references::Reference<'_>| {
        let place = (reference.span.start, reference.span.end);
        found.push(Named { address: reference.address.to_owned(), place });
        true
    };
    match role {
        Role::Environment => references::in_environment(&mut root, &base, &mut keep),
        Role::Template | Role::File => references::in_template(&mut root, &base, &mut keep),
    }
    // The template of a request that names nothing stays as it is written; attached ones are sent as JSON in any case,
    // which `get_file` shows.
    let sent = match role {
        Role::Template if found.is_empty() => written.clone(),
        _ => dumps(&root.to_value(), false).into(),
    };
    Ok(Document { written, sent, name, base: Some(base.into()), references: found })
}

/// The tree of a text that may name something.
fn tree(text: &str, role: Role, limits: &Limits) -> Option<Node> {
    // Most files are no templates, and need not be read as YAML to see that.
    if role == Role::File && !VERSION_KEYS.iter().any(|key| text.contains(key)) {
        return None;
    }
    let kind = if role == Role::Environment { TextKind::Environment } else { TextKind::Template };
    // The places hold in whatever file the text becomes.
    let read = yaml::read(FileId::GENERATED, text, kind, limits);
    let strict = role == Role::File;
    if strict && read.has_errors() {
        return None;
    }
    read.node.filter(|root| !strict || references::is_template(root))
}

fn base64_lines(bytes: &[u8]) -> String {
    let letters = base64::engine::general_purpose::STANDARD.encode(bytes);
    let mut text = String::with_capacity(letters.len() + letters.len() / LINE + 1);
    for (at, letter) in letters.chars().enumerate() {
        if at > 0 && at % LINE == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}
