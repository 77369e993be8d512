//! What real PyYAML makes of what is written here: emitted values, and texts before and after they are formatted.
//!
//! `cargo xtask test --only pyyaml` sets `HEAT_TEST_PYTHON` to a Python that has PyYAML with its loader in C;
//! `HEAT_PYYAML_CASES=100000` tries more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something is not as it should be"
)]

#[allow(dead_code, reason = "only some kinds of changes are made here")]
#[path = "fuzz/mutate.rs"]
mod mutate;

use heat_template::format::{Style, format};
use heat_template::source::SourceMap;
use heat_template::yaml;
use mutate::{Random, mutate};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

fn count() -> u64 {
    std::env::var("HEAT_PYYAML_CASES").map_or(2_000, |text| text.parse().expect("a number"))
}

/// Compares pairs; how many comparisons were made.
fn compare(pairs: &[Value]) -> u64 {
    let python = std::env::var("HEAT_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pyyaml.py");
    let mut child = Command::new(&python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{python}: {error}"));
    let text = serde_json::to_vec(pairs).unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&text).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{python} with PyYAML and its loader in C is needed");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let differences = answer["differences"].as_array().unwrap();
    assert!(differences.is_empty(), "{} differ, first: {:#}", differences.len(), differences[0]);
    answer["compared"].as_u64().unwrap()
}

/// Texts that readers of YAML stumble over.
const TRAPS: [&str; 48] = [
    "yes",
    "No",
    "on",
    "OFF",
    "y",
    "n",
    "null",
    "~",
    "",
    " ",
    "0777",
    "0o17",
    "08",
    "1e3",
    "1.e+3",
    "12:30",
    "1:60",
    "0x1f",
    "0b1",
    "1_000",
    ".5",
    ".inf",
    "-.INF",
    ".nan",
    "=",
    "<<",
    "!",
    "&a",
    "*a",
    "?",
    "-",
    "- a",
    "? a",
    ":",
    "a:",
    "a: b",
    "a #b",
    "#",
    "%YAML",
    "@",
    "`",
    "'",
    "\"",
    "---",
    "...",
    "2021-04-16",
    "2001-12-14t21:59:43.10-05:00",
    "\u{feff}",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(TRAPS.to_vec()).prop_map(str::to_owned),
        2 => "[ -~]{0,12}",
        2 => "[a-c \n\t:#'\"\\\\-]{0,16}",
        2 => any::<String>(),
        1 => "[0-9_.:+eExob-]{1,8}",
        1 => "[\\x00-\\x1f\\x7f-\\x9f\u{85}\u{a0}\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}\u{1f600}a \n]{1,8}",
        1 => "[a-z ]{500,1200}",
        1 => "([a-z #:|>-]{0,6}\n){1,5}[ ]{0,3}",
    ]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter_map("finite", |number| serde_json::Number::from_f64(number).map(Value::Number)),
        "-?[1-9][0-9]{20,40}".prop_map(|text| serde_json::from_str(&text).unwrap()),
        "-?[1-9]\\.[0-9]{1,20}e-?[0-9]{1,3}".prop_map(|text| serde_json::from_str(&text).unwrap()),
        Just(json!(0.0)),
        Just(json!(-0.0)),
        Just(json!(1e16)),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        2 => number(),
        5 => text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

#[test]
#[ignore = "needs PyYAML: cargo xtask test --only pyyaml"]
fn emitted_values_are_read_as_they_were() {
    let (mut runner, values) = (TestRunner::deterministic(), values());
    let mut pairs = Vec::new();
    for trap in TRAPS {
        for value in
            [json!(trap), json!([trap, [trap]]), json!({ trap: trap }), json!([{ trap: { trap: [trap] } }])]
        {
            pairs.push(json!({"text": yaml::emit(&value), "json": value.to_string()}));
        }
    }
    for _ in 0..count() {
        let value = values.new_tree(&mut runner).unwrap().current();
        pairs.push(json!({"text": yaml::emit(&value), "json": value.to_string()}));
    }
    assert_eq!(compare(&pairs), 2 * pairs.len() as u64);
}

/// The recorded templates and environments, and the examples.
fn corpus() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut texts = Vec::new();
    for folder in ["conformance/cases", "examples"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            let cases: Vec<Value> = serde_yaml::from_str(&text).unwrap_or_default();
            for case in cases {
                texts.extend(
                    ["template", "environment"]
                        .iter()
                        .filter_map(|key| case[*key].as_str().map(str::to_owned)),
                );
            }
            texts.push(text);
        }
    }
    texts
}

#[test]
#[ignore = "needs PyYAML: cargo xtask test --only pyyaml"]
fn formatted_texts_mean_what_they_did() {
    let corpus = corpus();
    assert!(corpus.len() > 300);
    let mut texts = corpus.clone();
    for seed in 0..count() {
        let mut random = Random::new(seed);
        let text = &corpus[random.below(corpus.len())];
        if text.len() < 20_000 {
            texts.push(mutate(text, &corpus, &mutate::YAML, &mut random));
        }
    }
    let pairs: Vec<Value> = texts
        .iter()
        .filter_map(|text| {
            let file = SourceMap::new().add("t.yaml", text.as_str());
            let formatted = format(file, text, &Style::default()).value?;
            Some(json!({"text": formatted, "same": text}))
        })
        .collect();
    assert!(compare(&pairs) > 600, "{}", pairs.len());
}
