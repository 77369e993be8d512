//! The page on what of the language is shown names cases and tests: each of them exists.

use std::collections::BTreeMap;
use std::path::Path;

use crate::tree;

const PAGE: &str = "docs/coverage.md";

/// The names of the cases of each family.
fn families() -> BTreeMap<String, Vec<String>> {
    let of = |path: &std::path::PathBuf| {
        let name = path.file_stem()?.to_string_lossy().into_owned();
        let text = tree::text(path);
        let cases = text.lines().filter_map(|line| line.trim_start().strip_prefix("- name: "));
        // Names in templates stand deeper.
        let names = cases.map(|name| name.trim_matches('"').to_owned()).collect();
        Some((name, names))
    };
    let files = tree::files(&["yaml"]);
    files
        .iter()
        .filter(|path| path.starts_with("conformance/cases") || path.starts_with("conformance/more"))
        .filter_map(of)
        .collect()
}

/// The rows of the page: the behaviour, and what shows it.
fn rows(text: &str) -> Vec<(&str, &str)> {
    text.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.rsplit_once(" | "))
        .filter(|(behaviour, _)| *behaviour != "Behaviour" && !behaviour.starts_with("---"))
        .collect()
}

fn named(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).filter(|name| name.contains('/')).collect()
}

fn problem(name: &str, families: &BTreeMap<String, Vec<String>>) -> Option<String> {
    if let Some((file, test)) = name.split_once("::") {
        let path = Path::new(file);
        return match tree::root().join(path).is_file() {
            false => Some(format!("there is no file {file}")),
            true if tree::text(path).contains(&format!("fn {test}(")) => None,
            true => Some(format!("{file} has no test {test}")),
        };
    }
    if name.ends_with(".rs") {
        let there = tree::root().join(name).is_file();
        return (!there).then(|| format!("there is no file {name}"));
    }
    let (family, case) = name.split_once('/')?;
    let Some(cases) = families.get(family) else {
        return Some(format!("{name}: there is no family {family}"));
    };
    let parts: Vec<&str> = case.split('*').collect();
    let fits = |known: &String| match parts.as_slice() {
        [whole] => known == whole,
        [start, end] => {
            known.len() >= start.len() + end.len() && known.starts_with(start) && known.ends_with(end)
        }
        _ => false,
    };
    (!cases.iter().any(fits)).then(|| format!("there is no case {name}"))
}

#[test]
fn whatever_it_names_exists() {
    let (text, families) = (tree::text(Path::new(PAGE)), families());
    let problems: Vec<String> = rows(&text)
        .into_iter()
        .flat_map(|(_, cell)| named(cell))
        .filter_map(|name| problem(name, &families))
        .collect();
    assert!(problems.is_empty(), "{PAGE}:\n{}", problems.join("\n"));
}

#[test]
fn every_behaviour_is_shown_or_says_why_not() {
    let text = tree::text(Path::new(PAGE));
    let rows = rows(&text);
    assert!(rows.len() > 80, "only {} behaviours were found", rows.len());
    for (behaviour, cell) in rows {
        assert!(
            !named(cell).is_empty() || cell.contains("*Not shown:*"),
            "{PAGE}: nothing shows: {behaviour}"
        );
    }
}

#[test]
fn every_family_of_cases_is_named() {
    let text = tree::text(Path::new(PAGE));
    for family in families().keys() {
        assert!(text.contains(&format!("`{family}/")), "{PAGE} does not name the family {family}");
    }
}

#[test]
fn a_name_that_does_not_exist_is_found() {
    let families = BTreeMap::from([("yaml".to_owned(), vec!["null-words".to_owned()])]);
    for right in ["yaml/null-words", "yaml/null-*", "yaml/*-words", "yaml/*", "xtask/src/main.rs"] {
        assert_eq!(problem(right, &families), None, "{right}");
    }
    for wrong in [
        "yaml/null",
        "yaml/x*",
        "cfn/null-words",
        "nowhere.rs::test",
        "xtask/src/main.rs::no_such_test",
        "x/nowhere.rs",
    ] {
        assert!(problem(wrong, &families).is_some(), "{wrong}");
    }
}
