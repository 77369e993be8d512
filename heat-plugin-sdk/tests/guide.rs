//! The plugin author's guide shows code that is built and tested: pieces of the out-of-tree plugin, word for word. (Its other
//! Rust blocks run as documentation tests.)

use std::fs;
use std::path::Path;

/// A piece of code, and the file that it says it is from.
fn pieces(guide: &str) -> Vec<(String, String)> {
    let mut pieces = Vec::new();
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        let Some(file) = line.strip_prefix("<!-- from ").and_then(|rest| rest.strip_suffix(" -->")) else {
            continue;
        };
        assert_eq!(lines.next(), Some("```rs"), "after {line}");
        let code: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        pieces.push((file.to_owned(), code.join("\n")));
    }
    pieces
}

#[test]
fn every_piece_stands_in_the_file_that_it_names() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let guide = fs::read_to_string(root.join("docs/plugin-author.md")).unwrap();
    let pieces = pieces(&guide);
    assert!(pieces.len() >= 8, "the guide shows the plugin");
    for (file, code) in pieces {
        let source = fs::read_to_string(root.join(&file)).unwrap();
        assert!(source.contains(&code), "this is not in {file} any more:\n{code}");
    }
}

#[test]
fn no_other_block_escapes_the_documentation_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let guide = fs::read_to_string(root.join("docs/plugin-author.md")).unwrap();
    let ignored = guide.lines().filter(|line| *line == "```rs").count();
    assert_eq!(ignored, pieces(&guide).len());
}
