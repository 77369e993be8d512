//! What must hold for every text, whoever wrote it. One function for each part of the language; they are used by the tests
//! beside this folder and, with coverage as a guide, by the targets of the crate `fuzz`.

mod emit;
mod environment;
mod format;
mod reader;
mod template;
#[path = "../../conformance/types.rs"]
mod types;
mod yaql;

use heat_template::diagnostic::Diagnostic;
use heat_template::fix::{self, Applicability};
use heat_template::render;
use heat_template::source::{FileId, SourceMap, Span};
use heat_template::yaml::{self, Limits, Node, NodeKind, TextKind};
use serde_json::Value;

/// Lower than the defaults, so that texts reach them.
pub(crate) const LIMITS: Limits =
    Limits { characters: 40_000, depth: 40, nodes: 10_000, expanded_nodes: 20_000, scalar_bytes: 20_000 };

/// A line that parts the text of a template from an environment, and that from a file.
pub(crate) const PART: &str = "\n#=\n";

/// A part of the language and the function that panics where it does something that it must not.
pub(crate) type Target = (&'static str, fn(&str));

/// Every part.
pub(crate) const TARGETS: &[Target] = &[
    ("reader", reader::judge),
    ("template", template::judge),
    ("environment", environment::judge),
    ("yaql", yaql::judge),
    ("format", format::judge),
    ("emit", emit::judge),
];

/// Judges a text by the name of a target.
pub(crate) fn judge(target: &str, text: &str) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    let (_, judge) = found.unwrap_or_else(|| panic!("no target {target}"));
    judge(text);
}

/// Every place is inside its text, between characters, and can be shown; every message says something.
fn told(diagnostics: &[Diagnostic], sources: &SourceMap) {
    for diagnostic in diagnostics {
        let labels = diagnostic.primary.iter().chain(&diagnostic.labels).map(|label| label.span);
        let edits = diagnostic.fix.iter().flat_map(|fix| &fix.edits).map(|(span, _)| *span);
        for span in labels.chain(edits) {
            assert!(is_inside(span, sources), "{span:?} of {diagnostic:?}");
        }
        assert!(!diagnostic.message.is_empty(), "{diagnostic:?}");
        assert!(heat_template::diagnostic::codes::info(diagnostic.code).is_some(), "{diagnostic:?}");
    }
    assert_eq!(render::lines(diagnostics, sources).is_empty(), diagnostics.is_empty());
    let _ = render::heat(diagnostics, sources);
    assert_eq!(render::json(diagnostics, sources).len(), diagnostics.len());
    let _ = render::sarif(diagnostics, sources, "1");
    #[cfg(feature = "render")]
    let _ = render::terminal(diagnostics, sources, render::Terminal::default());
}

fn is_inside(span: Span, sources: &SourceMap) -> bool {
    span.start <= span.end && sources.slice(span).is_some()
}

/// Applying the fixes of a text gives a text that is read without a panic; a fix that is made is made once.
fn mends(diagnostics: &[Diagnostic], file: FileId, text: &str) -> String {
    let mended = fix::apply(diagnostics, file, text, Applicability::MaybeWrong);
    let with_fix = diagnostics.iter().filter(|one| one.fix.is_some()).count();
    assert!(mended.applied.len() + mended.refused.len() <= with_fix);
    mended.text
}

/// The tree lies inside the text, its parts inside each other's places in the order of the text, within the limits.
fn tree(root: &Node, sources: &SourceMap, limits: &Limits) {
    let mut rest = vec![(root, 0)];
    let mut count = 0_usize;
    while let Some((node, depth)) = rest.pop() {
        count += 1;
        assert!(is_inside(node.span, sources), "{node:?}");
        match &node.kind {
            NodeKind::List(items) => rest.extend(items.iter().map(|item| (item, depth + 1))),
            NodeKind::Map(entries) => {
                count += entries.len();
                for (at, entry) in entries.iter().enumerate() {
                    assert!(is_inside(entry.key_span, sources), "{entry:?}");
                    assert!(at > 64 || entries[..at].iter().all(|other| other.key != entry.key), "{entry:?}");
                    rest.push((&entry.value, depth + 1));
                }
            }
            _ => {}
        }
        assert!(depth <= limits.depth, "{depth} deep");
    }
    assert!(count <= limits.nodes + limits.expanded_nodes, "{count} nodes");
}

/// What a text means to the reader; `None` where it is refused.
fn value_of(text: &str, kind: TextKind) -> Option<Value> {
    let file = SourceMap::new().add("text.yaml", text);
    let read = yaml::read(file, text, kind, &Limits::default());
    if read.has_errors() { None } else { read.node.map(|node| node.to_value()) }
}
