//! What a text refers to: where names of files stand in templates and environments, as Heat's client finds them.
//!
//! In a template these are `get_file` and `type` at any depth, a type only where it ends like a template. A group's member
//! is found so, the members of a chain are looked for, and so is a property that happens to be called `type`: Heat's client knows no more than the words. In an
//! environment it is whatever the registry maps a type to, unless it has `::` in it.

use super::address::{join, with_slash};
use crate::source::Span;
use crate::yaml::{Node, NodeKind};
use std::sync::Arc;

/// A name that stands for a file.
pub(crate) struct Reference<'a> {
    /// Its address.
    pub(crate) address: &'a str,
    /// Where it stands.
    pub(crate) span: Span,
}

/// Tells of each reference; one for which `keep` says so becomes its address.
type Keep<'k> = dyn FnMut(Reference<'_>) -> bool + 'k;

/// Whether the name of a type is that of a template. Heat's rule.
pub(crate) fn is_template_name(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".template")
}

/// Whether a tree is a template: Heat's client asks for the key of the version.
pub(super) fn is_template(root: &Node) -> bool {
    VERSION_KEYS.iter().any(|key| root.get(key).is_some())
}

/// The keys that make a map a template.
pub(super) const VERSION_KEYS: [&str; 3] =
    ["heat_template_version", "HeatTemplateFormatVersion", "AWSTemplateFormatVersion"];

/// Puts addresses in the place of names in a template whose names start from the folder `base`.
pub(crate) fn in_template(root: &mut Node, base: &str, keep: &mut Keep<'_>) {
    // Heat's client does not look for the types of CFN templates.
    if root.get("heat_template_version").is_none() {
        let resources =
            root.entries_mut().and_then(|entries| entries.iter_mut().find(|e| &*e.key == "Resources"));
        let resources = resources.and_then(|section| section.value.entries_mut());
        for resource in resources.into_iter().flatten() {
            for entry in resource.value.entries_mut().into_iter().flatten() {
                if &*entry.key == "Type" && entry.value.as_str().is_some_and(is_template_name) {
                    resolve(&mut entry.value, base, keep);
                }
            }
        }
    }
    words(root, base, keep);
}

/// Recursion is bounded by the reader's depth limit.
fn words(node: &mut Node, base: &str, keep: &mut Keep<'_>) {
    match &mut node.kind {
        NodeKind::List(items) => items.iter_mut().for_each(|item| words(item, base, keep)),
        NodeKind::Map(entries) => {
            let is_chain = entries.iter().any(|entry| {
                &*entry.key == "type" && entry.value.as_str() == Some("OS::Heat::ResourceChain")
            });
            for entry in entries {
                match (&*entry.key, entry.value.as_str()) {
                    ("get_file", Some(_)) => resolve(&mut entry.value, base, keep),
                    ("type", Some(name)) if is_template_name(name) => resolve(&mut entry.value, base, keep),
                    ("properties", _) if is_chain => {
                        chain(&mut entry.value, base, keep);
                        words(&mut entry.value, base, keep);
                    }
                    _ => words(&mut entry.value, base, keep),
                }
            }
        }
        _ => {}
    }
}

/// The types of a chain's members, which stand in a list: Heat's client does not look there.
fn chain(properties: &mut Node, base: &str, keep: &mut Keep<'_>) {
    let members = properties
        .entries_mut()
        .and_then(|entries| entries.iter_mut().find(|entry| &*entry.key == "resources"));
    if let Some(NodeKind::List(types)) = members.map(|entry| &mut entry.value.kind) {
        for member in types {
            if member.as_str().is_some_and(is_template_name) {
                resolve(member, base, keep);
            }
        }
    }
}

/// Puts addresses in the place of names in the registry of an environment that lies in the folder `base`.
pub(crate) fn in_environment(root: &mut Node, base: &str, keep: &mut Keep<'_>) {
    let sections = root.entries_mut().into_iter().flatten();
    for section in sections.filter(|section| &*section.key == "resource_registry") {
        registry(&mut section.value, base, keep);
    }
}

/// Recursion is bounded by the reader's depth limit.
fn registry(node: &mut Node, base: &str, keep: &mut Keep<'_>) {
    let base = match node.get("base_url").and_then(Node::as_str) {
        Some(own) => with_slash(&join(base, own)),
        None => base.to_owned(),
    };
    for entry in node.entries_mut().into_iter().flatten() {
        match (&*entry.key, entry.value.as_str()) {
            ("base_url" | "hooks" | "restricted_actions", _) => {}
            (_, Some(name)) if name.contains("::") => {}
            (_, Some(_)) => resolve(&mut entry.value, &base, keep),
            (_, None) => registry(&mut entry.value, &base, keep),
        }
    }
}

fn resolve(node: &mut Node, base: &str, keep: &mut Keep<'_>) {
    let Some(name) = node.as_str() else { return };
    let address = join(base, name);
    if keep(Reference { address: &address, span: node.span }) {
        node.kind = NodeKind::String(Arc::from(address));
    }
}
