//! An environment, or two that are merged: what they say, asked in every way.

use super::{LIMITS, PART, mends, told, types};
use heat_template::environment::{Hook, Implementation};
use heat_template::parameter::ParameterType;
use heat_template::source::SourceMap;
use heat_template::{Environment, Files};
use indexmap::IndexMap;

/// As [`super::Target`].
pub(super) fn judge(text: &str) {
    let (first, second) = text.split_once(PART).unwrap_or((text, ""));
    let mut sources = SourceMap::new();
    let read =
        |sources: &mut SourceMap, text: &str| Environment::parse(sources, "environment.yaml", text, &LIMITS);
    let one = read(&mut sources, first);
    told(&one.diagnostics, &sources);
    let again = read(&mut SourceMap::new(), first);
    assert_eq!(one.diagnostics, again.diagnostics, "not the same twice");
    if let Some(file) = one.diagnostics.iter().find_map(|found| Some(found.primary.as_ref()?.span.file)) {
        let mended = mends(&one.diagnostics, file, first);
        told(&read(&mut sources, &mended).diagnostics, &sources);
    }
    let other = read(&mut sources, second);
    told(&other.diagnostics, &sources);
    if let Some(one) = &one.value {
        asked(one, &sources);
        if let Some(other) = &other.value {
            asked(&one.overlaid(other), &sources);
        }
        if !again.has_errors() {
            is_its_value(one);
        }
    }
    let files: Files = [("first", first), ("second", second)].into_iter().collect();
    let type_of = |name: &str| {
        Some(ParameterType::ALL[name.len() % ParameterType::ALL.len()]).filter(|_| !name.starts_with('_'))
    };
    let names = ["first".to_owned(), "second".to_owned(), "third".to_owned()];
    let merged = Environment::merge_files(&mut sources, &IndexMap::new(), &names, &files, &type_of, &LIMITS);
    told(&merged.diagnostics, &sources);
    assert!(merged.has_errors(), "the third file is not there");
    if let Some(merged) = &merged.value {
        asked(merged, &sources);
    }
}

/// An environment as a value says the same.
fn is_its_value(environment: &Environment) {
    let value = environment.to_value();
    let again = Environment::from_value(&mut SourceMap::new(), "value.json", &value, &LIMITS);
    // Indented, it may be longer than the limit.
    if let Some(again) = again.value.filter(|_| value.to_string().len() < 10_000) {
        assert_eq!(again.to_value(), value);
    }
}

fn asked(environment: &Environment, sources: &SourceMap) {
    let types = types::types();
    let registry = environment.registry();
    let names: Vec<&str> = registry.type_names().chain(["OS::Heat::Value", "a", "A::B::C"]).collect();
    let resources = ["server", "a", "", "*"];
    for name in names {
        for resource in resources {
            match registry.resolve(name, resource, &types) {
                Ok(Some(Implementation::Template(file))) => assert!(!file.is_empty()),
                Ok(_) => {}
                Err(problem) => told(&[*problem], sources),
            }
        }
        let child = environment.child("server", name);
        assert!(child.parameters().is_empty());
        let _ = child.to_value();
    }
    for resource in resources {
        let _ = registry.restricted_actions(resource);
        let _ = registry.has_hook(resource, Hook::PreCreate);
    }
}
