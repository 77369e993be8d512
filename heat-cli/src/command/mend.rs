//! `heat template validate --fix`.

use super::format::difference;
use super::template::checked_over;
use crate::arguments::ValidateTemplate;
use crate::error::Result;
use crate::input::{self, Loaded, Overlay};
use heat_template::Definition;
use heat_template::diagnostic::{Diagnostic, codes};
use heat_template::fix::{self, Applicability};
use heat_template::source::{FileId, SourceMap};
use heat_template::yaml::{self, Limits, TextKind};
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

/// Mends the template and its environments, and writes them unless only a look is wanted.
pub(super) fn run(arguments: &ValidateTemplate) -> Result<Mended> {
    let files = &arguments.files;
    let least = if arguments.guesses { Applicability::MaybeWrong } else { Applicability::Safe };
    let names: Vec<&str> =
        std::iter::once(&files.template).chain(&files.environments).map(String::as_str).collect();
    let mut overlay = Overlay::new();
    let mut originals = Overlay::new();
    let mut told = String::new();
    let (mut loaded, mut definition) = checked_over(files, &overlay)?;
    for _ in 0..ROUNDS {
        let mut changed = false;
        for (file, name) in files_with_fixes(&loaded, &names) {
            let Some(text) = loaded.sources.get(file).map(|file| file.text().to_owned()) else { continue };
            let (mended, applied) = mend(&loaded.diagnostics, file, &text, least);
            if mended == text {
                continue;
            }
            for diagnostic in &applied {
                tell(diagnostic, &loaded.sources, &mut told);
            }
            originals.entry(name.clone()).or_insert(text);
            overlay.insert(name, mended);
            changed = true;
        }
        if !changed {
            break;
        }
        (loaded, definition) = checked_over(files, &overlay)?;
    }
    if arguments.dry_run {
        told.clear();
    }
    for (name, text) in &overlay {
        if arguments.dry_run {
            told += &difference(name, originals.get(name).map_or("", String::as_str), text);
        } else {
            input::write(name, text)?;
        }
    }
    Ok(Mended { told, loaded, definition })
}

/// The files of the command line that a fix is about, each once.
fn files_with_fixes(loaded: &Loaded, names: &[&str]) -> Vec<(FileId, String)> {
    let mut found: Vec<(FileId, String)> = Vec::new();
    let fixes = loaded.diagnostics.iter().filter_map(|diagnostic| diagnostic.fix.as_ref());
    for (span, _) in fixes.flat_map(|fix| &fix.edits) {
        let Some(name) = loaded.sources.get(span.file).map(|file| file.name()) else { continue };
        if names.contains(&name) && found.iter().all(|(_, known)| known != name) {
            found.push((span.file, name.to_owned()));
        }
    }
    found
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
            old.escape_debug(),
            new.escape_debug()
        );
    }
}
