//! Collecting files: what Heat's client does with the folders in `cases`, recorded by `record.py`, and what must never
//! happen.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod limits;

use heat_template::collect::{Collected, Collector, FetchError, Fetched, Source};
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{Environment, ParseOptions};
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Where Heat's client fails, and we know what was meant, or it does not see what is named: `docs/differences.md`.
const BETTER: [(&str, &[&str]); 4] = [
    ("cycle", &["main.yaml", "other.yaml"]),
    ("null-entry", &["b.yaml"]),
    ("inner-resources", &["a.yaml"]),
    ("cfn", &["part.template"]),
];

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/collect/cases")
}

/// The folders of the cases, and the web.
struct Folders;

impl Source for Folders {
    fn fetch(&self, address: &str, _: usize) -> Result<Fetched, FetchError> {
        let path = if let Some(path) = address.strip_prefix("file:///cases/") {
            path.replace("%20", " ")
        } else {
            let path = address.strip_prefix("http://web.example/").ok_or(FetchError::new("no such place"))?;
            // One case alone has what is asked for.
            let mut names = std::fs::read_dir(cases()).unwrap().map(|entry| entry.unwrap().file_name());
            let here = |name: &std::ffi::OsString| cases().join(name).join("web").join(path).is_file();
            let name = names.find(here).ok_or(FetchError::new("not on the web"))?;
            format!("{}/web/{path}", name.to_str().unwrap())
        };
        let bytes = std::fs::read(cases().join(path)).map_err(|error| FetchError::new(error.to_string()))?;
        Ok(Fetched { bytes, name: None })
    }
}

fn environments_of(case: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(cases().join(case).join("env")) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.map(|name| format!("file:///cases/{case}/env/{name}")).collect();
    names.sort();
    names
}

fn collect(case: &str) -> (Collected, SourceMap) {
    let mut collector = Collector::default();
    collector.template(&format!("file:///cases/{case}/main.yaml"));
    for name in environments_of(case) {
        collector.environment(&name);
    }
    collector.run(&Folders);
    let mut sources = SourceMap::new();
    let collected = collector.finish(&mut sources, &ParseOptions::default());
    (collected, sources)
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What differs from the recorded answer.
fn difference(case: &str, answer: &Value) -> Option<String> {
    let (collected, _) = collect(case);
    let errors = collected.diagnostics.iter().filter(|found| found.is_error());
    let errors: Vec<String> = errors.map(ToString::to_string).collect();
    let files: IndexMap<&str, &str> = collected.files.iter().collect();
    if let Some((_, names)) = BETTER.iter().find(|(name, _)| *name == case) {
        let mut expected: Vec<String> =
            names.iter().map(|name| format!("file:///cases/{case}/{name}")).collect();
        expected.sort();
        let mut found: Vec<&str> = files.keys().copied().collect();
        found.sort_unstable();
        return (!errors.is_empty() || found != expected).then(|| format!("{errors:?} {found:?}"));
    }
    if answer.get("error").is_some() {
        return errors.is_empty().then(|| "no error is told".to_owned());
    }
    if !errors.is_empty() {
        return Some(format!("{errors:?}"));
    }
    let template = collected.template.expect("a template").to_value();
    if template != answer["template"] {
        return Some(format!("the template is {template}"));
    }
    let environments: serde_json::Map<String, Value> =
        collected.environments.iter().map(|(name, text)| (name.to_owned(), value(text))).collect();
    if Value::Object(environments.clone()) != answer["environments"] {
        return Some(format!("the environments are {environments:#?}"));
    }
    // To the byte: `get_file` shows it.
    let recorded: IndexMap<&str, &str> = answer["files"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, text)| (&**name, text.as_str().unwrap()))
        .collect();
    (files != recorded).then(|| format!("the files are {files:#?}"))
}

#[test]
fn what_is_collected_is_what_heats_client_collects() {
    let answers = value(include_str!("answers.json"));
    let answers = answers.as_object().unwrap();
    let folders = std::fs::read_dir(cases()).unwrap().count();
    assert_eq!(answers.len(), folders, "record.py was not run");
    let wrong: Vec<String> = answers
        .iter()
        .filter_map(|(case, answer)| Some(format!("{case}: {}", difference(case, answer)?)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_missing_is_told_where_it_is_named() {
    for (case, place) in [
        ("missing", "file:///cases/missing/part/net.yaml:5:36"),
        ("missing-type", "file:///cases/missing-type/main.yaml:3:15"),
        ("missing-in-registry", "file:///cases/missing-in-registry/env/e.yaml:2:10"),
        ("no-address", "file:///cases/no-address/main.yaml:3:63"),
    ] {
        let (collected, sources) = collect(case);
        let found = collected.diagnostics.iter().find(|found| found.is_error()).unwrap();
        let (name, position) = sources.locate(found.primary.as_ref().unwrap().span).unwrap();
        assert_eq!(format!("{name}:{}:{}", position.line, position.column), place, "{found}");
    }
}

/// The template and the environment that come of it work, with the places of what is written.
#[test]
fn what_was_collected_goes_together() {
    let (collected, mut sources) = collect("registry");
    let names: Vec<String> = environments_of("registry");
    let merged = Environment::merge_files(
        &mut sources,
        &IndexMap::new(),
        &names,
        &collected.environments,
        &|_| None,
        &Limits::default(),
    );
    let environment = merged.value.unwrap();
    let registry = environment.to_value()["resource_registry"].clone();
    assert_eq!(registry["My::Db"], "file:///cases/registry/db.yaml");
    assert_eq!(registry["resources"]["app"]["My::Disk"], "http://web.example/lib/disk.yaml");
    let db = collected.files.template("file:///cases/registry/db.yaml", &ParseOptions::default()).unwrap();
    let db = db.value.as_ref().unwrap();
    assert_eq!(db.text(), collected.files.get("file:///cases/registry/db.yaml").unwrap());
    let script = &db.resources()["script"];
    let properties = script.properties().unwrap();
    assert_eq!(sources.slice(properties.span()), Some("{value: {get_file: db.sh}}"));
    assert_eq!(
        db.to_value()["resources"]["script"]["properties"]["value"],
        json!({"get_file": "file:///cases/registry/db.sh"})
    );
}
