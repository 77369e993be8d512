//! Diagnostics with the lines of the template, as rustc prints them.

use crate::diagnostic::{Applicability, Diagnostic, Label, Severity};
use crate::source::{FileId, SourceFile, SourceMap, Span};
use annotate_snippets::renderer::{DEFAULT_TERM_WIDTH, DecorStyle};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};
use std::ops::Range;

/// Labels that are further apart are shown as separate pieces of the file.
const FAR_APART: u32 = 64 * 1024;

/// How a terminal wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// With ANSI colours.
    pub color: bool,
    /// With box drawing characters instead of ASCII.
    pub unicode: bool,
    /// Columns; longer lines are cut.
    pub width: usize,
}

impl Default for Terminal {
    fn default() -> Self {
        Self { color: false, unicode: false, width: DEFAULT_TERM_WIDTH }
    }
}

/// All diagnostics with their places, a blank line between them, and a line that counts them.
pub fn terminal(diagnostics: &[Diagnostic], sources: &SourceMap, terminal: Terminal) -> String {
    let renderer = if terminal.color { Renderer::styled() } else { Renderer::plain() };
    let style = if terminal.unicode { DecorStyle::Unicode } else { DecorStyle::Ascii };
    let renderer = renderer.term_width(terminal.width).decor_style(style);
    let mut text = String::new();
    for diagnostic in diagnostics {
        text += renderer.render(&groups(diagnostic, sources)).trim_end();
        text += "\n\n";
    }
    text + &count(diagnostics)
}

/// `2 errors, 1 warning` with a line feed; empty without diagnostics.
fn count(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let plural = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    };
    let parts: Vec<String> = [plural(errors, "error"), plural(diagnostics.len() - errors, "warning")]
        .into_iter()
        .flatten()
        .collect();
    if parts.is_empty() { String::new() } else { parts.join(", ") + "\n" }
}

/// A piece of a file with the labels in it.
struct Piece<'a> {
    file: FileId,
    from: u32,
    to: u32,
    labels: Vec<(AnnotationKind, &'a Label)>,
}

fn groups<'a>(diagnostic: &'a Diagnostic, sources: &'a SourceMap) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut main = Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.0));
    for piece in pieces(diagnostic) {
        if let Some(file) = sources.get(piece.file) {
            main = main.element(snippet(&piece, file));
        }
    }
    if !diagnostic.path.is_empty() {
        main = match &diagnostic.primary {
            Some(_) => main.element(Level::NOTE.message(format!("in `{}`", diagnostic.path))),
            None => main.element(Origin::path(diagnostic.path.as_str())),
        };
    }
    let mut help = diagnostic.help.iter().map(String::as_str).collect::<Vec<_>>();
    let patch = patch(diagnostic, sources);
    // The first way out is the title of the edit, if there is one.
    let title = patch.is_some().then(|| if help.is_empty() { None } else { Some(help.remove(0)) }).flatten();
    for text in help {
        main = main.element(Level::HELP.message(text));
    }
    let mut groups = vec![main];
    if let Some(patch) = patch {
        let sure = diagnostic.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe);
        let default = if sure { "write it so" } else { "perhaps this is meant" };
        groups.push(Level::HELP.secondary_title(title.unwrap_or(default)).element(patch));
    }
    groups
}

/// Labels by file and nearness: only the lines between them are given to the renderer, so that a long template costs
/// nothing.
fn pieces(diagnostic: &Diagnostic) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let primary = diagnostic.primary.iter().map(|label| (AnnotationKind::Primary, label));
    let others = diagnostic.labels.iter().map(|label| (AnnotationKind::Context, label));
    for (kind, label) in primary.chain(others) {
        let Span { file, start, end } = label.span;
        let near = |piece: &&mut Piece<'_>| {
            piece.file == file && start.max(piece.to) - start.min(piece.from) < FAR_APART
        };
        match pieces.iter_mut().find(near) {
            Some(piece) => {
                piece.from = piece.from.min(start);
                piece.to = piece.to.max(start);
                piece.labels.push((kind, label));
            }
            None => pieces.push(Piece {
                file,
                from: start,
                to: start.max(end.min(start)),
                labels: vec![(kind, label)],
            }),
        }
    }
    pieces
}

fn snippet<'a>(piece: &Piece<'a>, file: &'a SourceFile) -> Snippet<'a, Annotation<'a>> {
    let (lines, first) = file.lines(piece.from, piece.to);
    let text = file.text().get(lines.clone()).unwrap_or_default();
    let annotations = piece.labels.iter().map(|(kind, label)| {
        let annotation = kind.span(first_line(label.span, text, lines.start));
        if label.text.is_empty() { annotation } else { annotation.label(label.text.as_str()) }
    });
    Snippet::source(text).path(file.name()).line_start(first as usize).annotations(annotations)
}

/// The part of a span on its first line, as a range of the text that begins at `base`: a whole block would be noise.
fn first_line(span: Span, text: &str, base: usize) -> Range<usize> {
    let inside = |offset: u32| (offset as usize).saturating_sub(base).min(text.len());
    let (start, end) = (inside(span.start), inside(span.end));
    let covered = text.get(start..end).unwrap_or_default();
    start..start + covered.find(['\n', '\r']).unwrap_or(covered.len())
}

fn patch<'a>(diagnostic: &'a Diagnostic, sources: &'a SourceMap) -> Option<Snippet<'a, Patch<'a>>> {
    let edits = &diagnostic.fix.as_ref()?.edits;
    let (first, _) = edits.first()?;
    if edits.iter().any(|(span, _)| span.file != first.file) {
        return None;
    }
    let file = sources.get(first.file)?;
    let from = edits.iter().map(|(span, _)| span.start).min()?;
    let to = edits.iter().map(|(span, _)| span.end).max()?;
    let (lines, line) = file.lines(from, to);
    let text = file.text().get(lines.clone())?;
    let range = |span: &Span| {
        let inside = |offset: u32| (offset as usize).saturating_sub(lines.start).min(text.len());
        inside(span.start)..inside(span.end)
    };
    let patches = edits.iter().map(|(span, replacement)| Patch::new(range(span), replacement.as_str()));
    Some(Snippet::source(text).path(file.name()).line_start(line as usize).patches(patches))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::codes;
    use crate::render::tests::example;
    use crate::yaml::{self, Limits, TextKind};

    fn render(text: &str) -> String {
        let mut sources = SourceMap::new();
        let file = sources.add("web.yaml", text);
        let read = yaml::read(file, text, TextKind::Template, &Limits::default());
        terminal(&read.diagnostics, &sources, Terminal::default())
    }

    #[test]
    fn labels_in_two_files_help_and_a_fix() {
        let (diagnostics, sources) = example();
        insta::assert_snapshot!(terminal(&diagnostics, &sources, Terminal::default()), @r"
        error[HT0404]: no resource type `OS::Nova::Sever`
         --> web.yaml:2:17
          |
        2 |   größe: {type: OS::Nova::Sever}
          |                 ^^^^^^^^^^^^^^^ not known
          |
         ::: env.yaml:2:3
          |
        2 |   OS::Nova::*: Acme::*
          |   ----------- this mapping does not help
          |
          = note: in `resources.größe`
        help: did you mean `OS::Nova::Server`?
          |
        2 |   größe: {type: OS::Nova::Server}
          |                             +

        warning[HT0211]: the parameter `flavor`
                           is never used
        --> parameters.flavor

        1 error, 1 warning
        ");
    }

    #[test]
    fn several_problems_of_one_text() {
        let text = "resources:\n  server: {type: !Ref x}\n  server: {mode: 0777}\n  port: *missing\n";
        insta::assert_snapshot!(render(text), @r#"
        error[HT0007]: the tag `!Ref` is not known
         --> web.yaml:2:18
          |
        2 |   server: {type: !Ref x}
          |                  ^^^^^^ this value has it
          |
          = help: write the function as a map: `{ Ref: … }`

        warning[HT0030]: the key `server` is given twice
         --> web.yaml:3:3
          |
        2 |   server: {type: !Ref x}
          |   ------ this one is ignored
        3 |   server: {mode: 0777}
          |   ^^^^^^ this value stands

        warning[HT0032]: `0777` is the number 511 in YAML 1.1
         --> web.yaml:3:18
          |
        3 |   server: {mode: 0777}
          |                  ^^^^ read as octal
          |
          = help: quote it if the text is meant: "0777"

        error[HT0004]: no anchor `&missing` comes before the alias `*missing`
         --> web.yaml:4:9
          |
        4 |   port: *missing
          |         ^^^^^^^^ not defined
          |
          = help: quote the text if `*` is part of it

        2 errors, 2 warnings
        "#);
    }

    #[test]
    fn a_bracket_that_is_not_closed() {
        insta::assert_snapshot!(render("outputs:\n  a: {value: [1, 2}\n"), @r"
        error[HT0001]: expected `,` or `]`, but found `}`, while reading a list in brackets
         --> web.yaml:2:19
          |
        2 |   a: {value: [1, 2}
          |              -    ^
          |              |
          |              it begins here

        1 error
        ");
    }

    #[test]
    fn the_end_of_a_text() {
        insta::assert_snapshot!(render("a: \"x"), @r#"
        error[HT0001]: the closing quote is missing, while reading a quoted text
         --> web.yaml:1:6
          |
        1 | a: "x
          |    - ^
          |    |
          |    it begins here
          |
          = help: close the text with the quote that it began with

        1 error
        "#);
    }

    #[test]
    fn colours_are_optional() {
        let (diagnostics, sources) = example();
        let styled =
            terminal(&diagnostics, &sources, Terminal { color: true, unicode: true, ..Terminal::default() });
        assert!(styled.contains("\u{1b}["));
        assert!(!terminal(&diagnostics, &sources, Terminal::default()).contains('\u{1b}'));
        assert_eq!(terminal(&[], &sources, Terminal::default()), "");
    }

    #[test]
    fn labels_far_apart_do_not_print_what_lies_between() {
        let text = format!("first: 1\n{}last: 2\n", "# filler\n".repeat(20_000));
        let mut sources = SourceMap::new();
        let file = sources.add("long.yaml", text.as_str());
        let last = text.len() as u32 - 8;
        let diagnostic = Diagnostic::error(codes::SYNTAX, "far")
            .at(Span::new(file, last, last + 4), "here")
            .label(Span::new(file, 0, 5), "and here");
        let rendered = terminal(&[diagnostic], &sources, Terminal::default());
        assert!(rendered.contains("20002") && rendered.lines().count() < 20, "{rendered}");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[a-z:\\[{&*!\"'|é\t\r\n %-]{0,60}") {
            render(&text);
        }
    }
}
