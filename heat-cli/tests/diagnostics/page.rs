//! The pages of the book about diagnostics.

use crate::case::Case;
use heat_template::diagnostic::codes::{self, CodeInfo};
use std::fmt::Write;

/// The areas of codes: their digit, the page's name, what they are about.
const AREAS: [(char, &str, &str); 6] = [
    ('0', "reading", "Reading"),
    ('1', "structure", "Structure"),
    ('2', "parameters", "Parameters and environments"),
    ('3', "functions", "Functions and conditions"),
    ('4', "resources", "Resources and properties"),
    ('5', "outputs", "Outputs"),
];

const INTRODUCTION: &str = "# Diagnostics

Everything that is wrong or strange in a template or an environment is told at once, each problem with a code, a
sentence, its place, Heat's own path to it, and a way out. A code keeps its meaning for ever: look it up here, or with

    heat explain HT0404

An *error* refuses the template. A *warning* is about something that Heat swallows silently: the template works,
perhaps not as it was meant.

`heat template validate -t FILE` prints a line for each problem, on a terminal with the lines of the template.
`-f json` gives the answer of Heat's API with `diagnostics`, `-f sarif` a SARIF 2.1.0 log for code hosts and editors,
`-f heat` the one text of Heat's errors. `--fix` mends what is certain: a misspelt key of the language for example,
when nothing else can be meant. Everything else in the file stays as it is, comments included. `--fix --guesses` mends
also what was probably meant, `--dry-run` only shows what would change.

This page and those below are made from the codes themselves; each example is a test. In the examples, `Acme::Disk` is
a type with properties of every kind.

| code | |
| --- | --- |
";

/// The pages with their paths below `docs`.
pub(crate) fn pages(cases: &[(Case, String)]) -> Vec<(String, String)> {
    let mut index = INTRODUCTION.to_owned();
    for info in codes::ALL {
        let (_, page, _) = AREAS[area(info)];
        let _ = writeln!(
            index,
            "| [{0}](diagnostics/{page}.md#{1}) | {2} |",
            info.code,
            anchor(info),
            info.title
        );
    }
    let mut pages = vec![("diagnostics.md".to_owned(), index)];
    for (number, (_, page, title)) in AREAS.iter().enumerate() {
        let mut text = format!("# {title}\n");
        for info in codes::ALL.iter().filter(|info| area(info) == number) {
            let (case, told) = cases.iter().find(|(case, _)| case.code == info.code).unwrap();
            section(&mut text, info, case, told);
        }
        pages.push((format!("diagnostics/{page}.md"), text));
    }
    pages
}

fn area(info: &CodeInfo) -> usize {
    AREAS.iter().position(|(digit, _, _)| info.code.0.chars().nth(3) == Some(*digit)).unwrap()
}

/// What mdBook and GitHub make of the title of a section.
fn anchor(info: &CodeInfo) -> String {
    info.code.0.to_lowercase()
}

fn section(text: &mut String, info: &CodeInfo, case: &Case, told: &str) {
    let _ = write!(text, "\n## {}\n\n**{}.** {}\n\n", info.code, capital(info.title), info.explanation);
    if !case.note.is_empty() {
        let _ = write!(text, "{}\n\n", case.note);
    }
    let template = case.shown.unwrap_or(&case.template);
    let _ = write!(text, "```yaml\n{}\n```\n\n", template.trim_end());
    for (name, environment) in case.environments.iter().chain(&case.attached) {
        let _ = write!(text, "```yaml\n# {name}\n{}\n```\n\n", environment.trim_end());
    }
    let _ = write!(text, "```text\n{told}\n```\n");
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}
