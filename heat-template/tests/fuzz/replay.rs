//! The texts that the fuzzer found worth keeping: a line each, as JSON.

use super::judge::TARGETS;
use super::watched;
use std::path::Path;

#[test]
fn the_kept_texts_of_each_target_are_judged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut names: Vec<_> = TARGETS.iter().map(|(name, _)| folder.join(format!("{name}.jsonl"))).collect();
    names.sort();
    assert_eq!(files, names, "a corpus for each target, and nothing else");
    watched(move |begin| {
        for (name, judge) in TARGETS {
            let kept = std::fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap();
            assert!(kept.lines().count() > 100, "the corpus of {name} is not whole");
            for (at, line) in kept.lines().enumerate() {
                begin(&format!("line {} of {name}.jsonl", at + 1));
                judge(&serde_json::from_str::<String>(line).unwrap());
            }
        }
    });
}
