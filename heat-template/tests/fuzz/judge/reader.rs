//! Reading: the same each time, places inside the text, within the limits, and of JSON what JSON says.

use super::{LIMITS, mends, told, tree};
use heat_template::source::SourceMap;
use heat_template::yaml::{self, TextKind};
use serde_json::Value;

/// As [`super::Target`].
pub(super) fn judge(text: &str) {
    for kind in [TextKind::Template, TextKind::AttachedTemplate, TextKind::Environment] {
        let mut sources = SourceMap::new();
        let file = sources.add("text.yaml", text);
        let read = yaml::read(file, text, kind, &LIMITS);
        assert_eq!(read, yaml::read(file, text, kind, &LIMITS), "not the same twice");
        told(&read.diagnostics, &sources);
        let starts =
            read.diagnostics.iter().map(|one| one.primary.as_ref().map_or(u32::MAX, |l| l.span.start));
        assert!(starts.is_sorted(), "not in the order of the text: {:?}", read.diagnostics);
        let mended = mends(&read.diagnostics, file, text);
        if mended != text {
            let file = sources.add("mended.yaml", mended.as_str());
            let again = yaml::read(file, &mended, kind, &LIMITS);
            told(&again.diagnostics, &sources);
        }
        let Some(node) = &read.node else {
            assert!(read.has_errors(), "no tree and no reason");
            continue;
        };
        tree(node, &sources, &LIMITS);
        if kind == TextKind::Template && !read.has_errors() {
            is_what_json_says(text, &node.to_value());
        }
    }
}

/// What serde reads as JSON is read as the same, numbers aside: those are Python's here.
fn is_what_json_says(text: &str, value: &Value) {
    // Heat looks at the first character to know JSON.
    if !text.starts_with('{') {
        return;
    }
    let Ok(says) = serde_json::from_str::<Value>(text) else { return };
    let mut rest = vec![(&says, value)];
    while let Some((says, is)) = rest.pop() {
        match (says, is) {
            (Value::Array(says), Value::Array(is)) => {
                assert_eq!(says.len(), is.len(), "{text}");
                rest.extend(says.iter().zip(is));
            }
            (Value::Object(says), Value::Object(is)) => {
                assert!(says.keys().eq(is.keys()), "{text}: {:?}", is.keys());
                rest.extend(says.values().zip(is.values()));
            }
            (Value::Number(_), Value::Number(_)) => {}
            // Too large for a float.
            (Value::Number(_), Value::String(is)) => assert!(is.ends_with("Infinity"), "{text}: {is}"),
            (says, is) => assert_eq!(says, is, "{text}"),
        }
    }
}
