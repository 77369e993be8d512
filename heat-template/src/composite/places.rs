//! Places in a template that a composite type made: those of the properties that it was made of.

use super::CompositeType;
use crate::expression::{Expression, Kind, MapEntry};
use crate::source::Span;
use crate::yaml::{Entry, Node, NodeKind};

/// Gives every part of a template that a composite type says the origin of the place where it is written, as far as the
/// properties are written in so many words; what a function gives has the place of the function.
pub(super) fn place(root: &mut Node, composite: &dyn CompositeType, properties: &Expression) {
    let sections = root.entries_mut().into_iter().flatten();
    let Some(resources) = sections.into_iter().find(|section| &*section.key == "resources") else { return };
    for member in resources.value.entries_mut().into_iter().flatten() {
        let Entry { key, key_span, value } = member;
        if let Some(way) = composite.origin(key, None) {
            *key_span = properties.locate(&way, true);
            value.span = properties.locate(&way, false);
        }
        for field in value.entries_mut().into_iter().flatten() {
            let Some(way) = composite.origin(key, Some(&field.key)) else { continue };
            field.key_span = properties.locate(&way, true);
            match properties.at(&way) {
                Some(written) => as_written(&mut field.value, written),
                None => everywhere(&mut field.value, properties.locate(&way, false)),
            }
        }
    }
}

/// The two have the same shape, as far as there is no function.
fn as_written(node: &mut Node, written: &Expression) {
    match (&mut node.kind, written.kind()) {
        // Where an item was left out nobody knows which is which.
        (NodeKind::List(nodes), Kind::List { items, .. }) if nodes.len() == items.len() => {
            nodes.iter_mut().zip(items).for_each(|(node, item)| as_written(node, item));
        }
        (NodeKind::Map(nodes), Kind::Map { entries, .. }) => {
            // They come in the same order, but for some that are left out.
            let mut next = 0;
            for node in nodes {
                let (before, behind) = entries.split_at(next);
                let is_it = |entry: &&MapEntry| entry.key == node.key;
                match behind.iter().chain(before).enumerate().find(|(_, entry)| is_it(entry)) {
                    Some((at, entry)) => {
                        next = (next + at + 1) % entries.len();
                        node.key_span = entry.key_span;
                        as_written(&mut node.value, &entry.value);
                    }
                    None => {
                        node.key_span = written.span();
                        everywhere(&mut node.value, written.span());
                    }
                }
            }
        }
        _ => return everywhere(node, written.span()),
    }
    node.span = written.span();
}

fn everywhere(node: &mut Node, span: Span) {
    node.span = span;
    match &mut node.kind {
        NodeKind::List(items) => items.iter_mut().for_each(|item| everywhere(item, span)),
        NodeKind::Map(entries) => {
            for entry in entries {
                entry.key_span = span;
                everywhere(&mut entry.value, span);
            }
        }
        _ => {}
    }
}
