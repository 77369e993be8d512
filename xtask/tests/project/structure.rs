//! What keeps the house in order: who may depend on whom, how long a file may be, what a file may be called.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::tree;

/// What each crate's code may use of ours. Tests may use more. A crate that is not here has no place in the house yet.
const MAY_USE: &[(&str, &[&str])] = &[
    ("heat-template", &[]),
    ("heat-plugin-sdk-macros", &[]),
    ("heat-plugin-sdk", &["heat-template", "heat-plugin-sdk-macros"]),
    ("heat-engine", &["heat-template", "heat-plugin-sdk"]),
    ("heat-plugins-openstack", &["heat-template", "heat-plugin-sdk"]),
    ("heat-simulator", &[]),
    (
        "heat-cli",
        &["heat-template", "heat-plugin-sdk", "heat-engine", "heat-plugins-openstack", "heat-simulator"],
    ),
    (
        "xtask",
        &[
            "xtask-python",
            "heat-template",
            "heat-plugin-sdk",
            "heat-engine",
            "heat-plugins-openstack",
            "heat-simulator",
        ],
    ),
    ("xtask-python", &[]),
    ("xtask-bench", &["xtask-python", "heat-template", "heat-plugin-sdk", "heat-engine", "xtask-reading"]),
    // The language alone, so that they are built in no time.
    ("xtask-corpora", &["xtask-python", "heat-template"]),
    ("xtask-reading", &["heat-template"]),
];

/// Crates of others that must not come with ours, by whatever way.
const MUST_NOT_BRING: &[(&str, &[&str])] = &[
    ("heat-template", &["tokio", "reqwest", "hyper", "axum", "rusqlite", "async-trait"]),
    ("heat-plugin-sdk", &["reqwest", "hyper", "axum", "rusqlite"]),
    ("heat-engine", &["reqwest", "hyper", "axum"]),
    ("heat-plugins-openstack", &["axum", "rusqlite"]),
];

const LONGEST_FILE: usize = 700;

/// They say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc", "stuff", "lib_utils"];

fn cargo(arguments: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO")).args(arguments).current_dir(tree::root()).output().expect("cargo");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn crates_use_only_what_their_place_in_the_house_allows() {
    let metadata: serde_json::Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let ours: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let allowed = allowed.get(name).unwrap_or_else(|| panic!("{name} is not in the table MAY_USE"));
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let used = dependency["name"].as_str().expect("a name");
            let for_tests = dependency["kind"] == "dev";
            assert!(
                for_tests || !ours.contains(used) || allowed.contains(&used),
                "{name} must not use {used}"
            );
        }
    }
}

#[test]
fn no_crate_brings_what_its_users_must_be_able_to_do_without() {
    for (package, banned) in MUST_NOT_BRING {
        let listed = cargo(&["tree", "--package", package, "--edges", "normal", "--prefix", "none"]);
        let brought: BTreeSet<&str> = listed.lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(brought.contains(package), "{listed}");
        for name in *banned {
            assert!(
                !brought.contains(name),
                "{package} brings {name}; see `cargo tree -p {package} -i {name}`"
            );
        }
    }
}

#[test]
fn no_file_is_too_long_to_hold_one_idea() {
    let too_long: Vec<_> = tree::files(&["rs", "py", "sh"])
        .into_iter()
        .map(|file| (tree::text(&file).lines().count(), file))
        .filter(|(lines, _)| *lines > LONGEST_FILE)
        .collect();
    assert!(too_long.is_empty(), "over {LONGEST_FILE} lines: look for the second idea in {too_long:?}");
}

#[test]
fn every_file_has_a_name_that_says_what_it_holds() {
    for file in tree::files(&["rs", "py", "sh"]) {
        for part in file.with_extension("").iter() {
            let part = part.to_string_lossy();
            assert!(!EMPTY_NAMES.contains(&part.as_ref()), "{}: `{part}` says nothing", file.display());
        }
    }
}

#[test]
fn nothing_is_left_for_later_in_the_sources() {
    // Written in two parts, so that this file does not accuse itself.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("HA", "CK")];
    for file in tree::files(&["rs", "py", "sh", "toml"]) {
        for (number, line) in tree::text(&file).lines().enumerate() {
            for mark in marks {
                let found = line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == mark);
                assert!(!found, "{}:{}: {mark}; do it, or open an issue", file.display(), number + 1);
            }
        }
    }
}

/// Plain `cargo test` must pass where there is no control plane and no PostgreSQL, so their tests wait until they are asked
/// for.
#[test]
fn every_test_that_needs_a_server_is_ignored_by_default() {
    let needs_one = |name: &str| ["cloud_", "postgres_"].iter().any(|begin| name.starts_with(begin));
    let files: Vec<_> = tree::files(&["rs"])
        .into_iter()
        .filter(|file| file.file_name().is_some_and(|name| needs_one(&name.to_string_lossy())))
        .filter(|file| file.parent().is_some_and(|folder| folder.ends_with("tests")))
        .collect();
    assert!(!files.is_empty());
    for file in files {
        let text = tree::text(&file);
        let starts = |begin: &str| text.lines().filter(|line| line.trim_start().starts_with(begin)).count();
        // A macro makes a test of each row `name: "OS::Some::Type",`.
        let rows = text.lines().filter(|line| line.contains(": \"OS::") && line.ends_with("\",")).count();
        let tests = starts("#[test]") + starts("#[tokio::test") + rows;
        assert_eq!(tests, starts("#[ignore"), "{}: a test without #[ignore = \"…\"]", file.display());
    }
}
