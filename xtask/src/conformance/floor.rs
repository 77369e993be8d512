//! How many cases of each family pass by now: a number that falls is a defect, and one that rises is written down.

use std::collections::BTreeMap;
use std::path::Path;

use super::{ConformanceError, Figure};

/// Reads the numbers.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, usize>, ConformanceError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConformanceError::File { path: path.to_owned(), source })?;
    serde_yaml::from_str(&text).map_err(|source| ConformanceError::Form { path: path.to_owned(), source })
}

/// Whether the families stand exactly where the file says; all that differs otherwise.
pub(super) fn check(
    floor: &BTreeMap<String, usize>,
    figures: &BTreeMap<String, Figure>,
    numbers: &str,
) -> Result<(), String> {
    let mut differences = Vec::new();
    for (family, figure) in figures {
        let passed = figure.passed;
        match floor.get(family) {
            Some(least) if passed == *least => {}
            Some(least) if passed < *least => {
                differences.push(format!("{family}: only {passed} cases pass, {least} did before"));
            }
            Some(least) => differences.push(format!(
                "{family}: {passed} cases pass, {least} did before: write {passed} into conformance/{numbers}"
            )),
            None => differences
                .push(format!("{family}: not in conformance/{numbers}, {passed} cases pass: add it")),
        }
    }
    let gone = floor.keys().filter(|family| !figures.contains_key(*family));
    differences.extend(gone.map(|family| format!("{family}: there are no such cases any more")));
    if differences.is_empty() { Ok(()) } else { Err(differences.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(least: usize, passed: usize) -> Result<(), String> {
        let figures = BTreeMap::from([("yaml".to_owned(), Figure { passed, total: 30, unreachable: 0 })]);
        check(&BTreeMap::from([("yaml".to_owned(), least)]), &figures, "passing.yaml")
    }

    #[test]
    fn a_number_that_falls_fails_and_one_that_rises_wants_to_be_written_down() {
        assert_eq!(judged(20, 20), Ok(()));
        assert!(judged(20, 19).unwrap_err().contains("only 19 cases pass, 20 did before"));
        assert!(judged(20, 21).unwrap_err().contains("write 21 into"));
    }

    #[test]
    fn every_family_has_a_number_and_every_number_a_family() {
        let figures = BTreeMap::from([("yaml".to_owned(), Figure { passed: 1, total: 1, unreachable: 0 })]);
        assert!(check(&BTreeMap::new(), &figures, "passing.yaml").unwrap_err().contains("add it"));
        let floor = BTreeMap::from([("yaml".to_owned(), 1), ("gone".to_owned(), 1)]);
        assert!(
            check(&floor, &figures, "passing.yaml").unwrap_err().contains("gone: there are no such cases")
        );
    }
}
