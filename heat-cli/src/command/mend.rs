//! `heat template validate --fix`.

use super::format::difference;
use super::template::{checked_over, given};
use crate::arguments::{GlobalArguments, ValidateTemplate};
use crate::error::Result;
use crate::input::{Loaded, Overlay};
use heat_template::Definition;
use heat_template::diagnostic::{Diagnostic, codes};
use heat_template::fix::{self, Applicability};
use heat_template::source::{FileId, SourceMap};
use heat_template::yaml::{self, Limits, TextKind};
use indexmap::{IndexMap, IndexSet};
use std::fmt::Write;

/// One mistake may hide another; more rounds than this mean that fixes undo each other.
const ROUNDS: usize = 10;

/// What came of it.
pub(super) struct Mended {
    /// What was changed, or would be.
    pub(super) told: String,
    /// Everything, read again.
    pub(super) loaded: Loaded,
    /// What came of the last check.
    pub(super) definition: Option<Definition>,
}

/// Mends the template, its environments and the nested templates, each in its own place, and writes them unless only a
/// look is wanted.
pub(super) fn run(global: &GlobalArguments, arguments: &ValidateTemplate) -> Result<Mended> {
    let files = &arguments.files;
    let least = if arguments.guesses { Applicability::MaybeWrong } else { Applicability::Safe };
    let mut overlay = Overlay::new();
    // By address: the name for people, and what was there.
    let mut originals: IndexMap<String, (String, String)> = IndexMap::new();
    let mut told = String::new();
    let (mut loaded, mut definition) = checked_over(global, files, &overlay)?;
    for _ in 0..ROUNDS {
        // A text may be there twice, as the template and as one of its files.
        let mut changed = IndexSet::new();
        for file in files_with_fixes(&loaded) {
            let Some(source) = loaded.sources.get(file) else { continue };
            let Some(address) = loaded.address(file).filter(|address| address.starts_with("file:")) else {
                continue;
            };
            if changed.contains(address) {
                continue;
            }
            let text = source.text();
            let (mended, applied) = mend(&loaded.diagnostics, file, text, least);
            if mended == text {
                continue;
            }
            for diagnostic in &applied {
                tell(diagnostic, &loaded.sources, &mut told);
            }
            let original = || (source.name().to_owned(), text.to_owned());
            originals.entry(address.to_owned()).or_insert_with(original);
            overlay.insert(address.to_owned(), mended);
            changed.insert(address.to_owned());
        }
        if changed.is_empty() {
            break;
        }
        (loaded, definition) = checked_over(global, files, &overlay)?;
    }
    if arguments.dry_run {
        told.clear();
    }
    let given = given(global, files)?;
    for (address, text) in &overlay {
        match originals.get(address) {
            Some((name, original)) if arguments.dry_run => told += &difference(name, original, text),
            _ => given.write(address, text)?,
        }
    }
    Ok(Mended { told, loaded, definition })
}

/// The files that a fix is about, each once.
fn files_with_fixes(loaded: &Loaded) -> IndexSet<FileId> {
    let fixes = loaded.diagnostics.iter().filter_map(|diagnostic| diagnostic.fix.as_ref());
    fixes.flat_map(|fix| &fix.edits).map(|(span, _)| span.file).collect()
}

/// The text with its fixes, and the diagnostics whose fixes they are. What would make the text unreadable, or a key
/// stand there twice, is left out.
fn mend(
    diagnostics: &[Diagnostic],
    file: FileId,
    text: &str,
    least: Applicability,
) -> (String, Vec<Diagnostic>) {
    let before = harm(text);
    let all = fix::apply(diagnostics, file, text, least);
    if harm(&all.text) <= before {
        let applied = all.applied.iter().filter_map(|index| diagnostics.get(*index).cloned());
        return (all.text, applied.collect());
    }
    let mut kept: Vec<Diagnostic> = Vec::new();
    for diagnostic in all.applied.iter().filter_map(|index| diagnostics.get(*index)) {
        kept.push(diagnostic.clone());
        if harm(&fix::apply(&kept, file, text, least).text) > before {
            kept.pop();
        }
    }
    (fix::apply(&kept, file, text, least).text, kept)
}

/// How many errors of reading and duplicate keys there are.
fn harm(text: &str) -> usize {
    let file = SourceMap::new().add("", text);
    let read = yaml::read(file, text, TextKind::Template, &Limits::default());
    let harmful = |found: &&Diagnostic| found.is_error() || found.code == codes::DUPLICATE_KEY;
    read.diagnostics.iter().filter(harmful).count()
}

/// A text with its line ends and other control characters as escapes.
fn on_one_line(text: &str) -> String {
    text.chars()
        .map(|one| if one.is_control() { one.escape_debug().to_string() } else { one.to_string() })
        .collect()
}

/// `web.yaml:3:5: fixed[HT0105]: "resorces" is now "resources"`, for each edit.
fn tell(diagnostic: &Diagnostic, sources: &SourceMap, told: &mut String) {
    for (span, new) in diagnostic.fix.iter().flat_map(|fix| &fix.edits) {
        let (Some(old), Some((name, place))) = (sources.slice(*span), sources.locate(*span)) else {
            continue;
        };
        // Writing to a text does not fail.
        let _ = writeln!(
            told,
            "{name}:{}:{}: fixed[{}]: `{}` is now `{}`",
            place.line,
            place.column,
            diagnostic.code,
            on_one_line(old),
            on_one_line(new)
        );
    }
}
