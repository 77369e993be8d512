//! The conformance cases stand in the project; where their source lies beside the checkout, the two must be the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::tree;

fn cases(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| {
            let entry = entry.expect("an entry");
            (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).expect("a case file"))
        })
        .collect()
}

#[test]
fn the_cases_are_those_of_their_source() {
    let ours = cases(&tree::root().join("conformance/cases"));
    assert!(!ours.is_empty(), "the project holds no conformance cases");
    let source: PathBuf = tree::root().join("../shared/conformance/cases");
    if !source.is_dir() {
        return;
    }
    let theirs = cases(&source);
    let names = |cases: &BTreeMap<String, Vec<u8>>| cases.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&theirs), "copy the new files to conformance/cases");
    for (name, content) in &ours {
        assert!(content == &theirs[name], "{name} has changed at its source: copy it to conformance/cases");
    }
}
