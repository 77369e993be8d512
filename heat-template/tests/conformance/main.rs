//! The recorded cases, as far as the language alone decides them: validity, what messages mention, dependencies, the
//! answer of a validation, parameters as listed, and the values of outputs over a stack that is played here in memory.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be"
)]

mod case;
mod stack;
mod types;

use case::Case;
use std::path::{Path, PathBuf};

const FAMILIES: [&str; 8] =
    ["functions", "conditions", "parameters", "yaml", "structure", "environment", "dependencies", "cfn"];

/// Families recorded later that need an engine, as `nested` and `updates` do: `cargo xtask conformance` plays them.
const ENGINE: [&str; 9] = [
    "more-answers",
    "more-failures",
    "more-groups",
    "more-heat-functions",
    "more-heat-properties",
    "more-heat-stacks",
    "more-heat-updates",
    "more-nested",
    "more-updates",
];

/// Cases that need something which the language does not have yet; each begins with its reason.
const NOT_YET: [(&str, &str); 1] = [("nested templates", "environment/registry-provider-template")];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance")
}

/// The families that the language decides, and all that were recorded later about nothing else.
fn families() -> Vec<PathBuf> {
    let mut families: Vec<_> =
        FAMILIES.iter().map(|family| folder().join("cases").join(format!("{family}.yaml"))).collect();
    let more = folder().join("more");
    let entries = std::fs::read_dir(&more).unwrap_or_else(|error| panic!("{}: {error}", more.display()));
    let of_engine = |path: &PathBuf| {
        path.file_stem().is_some_and(|name| ENGINE.iter().any(|family| name.to_string_lossy() == *family))
    };
    families.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| !of_engine(path)));
    families.sort();
    families
}

#[test]
fn recorded_cases_come_out_as_in_heat() {
    let mut failures = Vec::new();
    let mut passed = 0;
    let mut expected_to_fail = 0;
    for path in families() {
        let family = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let cases: Vec<Case> = serde_yaml::from_str(&text).unwrap();
        for case in cases {
            let name = format!("{family}/{}", case.name);
            let not_yet = NOT_YET.iter().any(|(_, known)| *known == name);
            match (stack::judge(&case), not_yet) {
                (Ok(()), false) => passed += 1,
                (Err(_), true) => expected_to_fail += 1,
                (Ok(()), true) => failures.push(format!("{name}: passes, but is listed as not yet possible")),
                (Err(difference), false) => failures.push(format!("{name}: {difference}")),
            }
        }
    }
    println!("{passed} passed, {expected_to_fail} not yet possible, {} failed", failures.len());
    assert!(failures.is_empty(), "{} cases differ:\n{}", failures.len(), failures.join("\n"));
    assert!(passed > 250, "only {passed} cases were found");
}
