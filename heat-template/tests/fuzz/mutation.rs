//! The recorded templates, environments and expressions with random changes.
//!
//! `HEAT_MUTATIONS=100000` sets how many texts are tried, `HEAT_MUTATION_SEED=17` tries one and prints it.

use super::judge::{PART, judge};
use super::mutate::{Random, YAML, YAQL, mutate};
use super::watched;
use heat_template::yaml;
use serde_json::Value;
use std::path::Path;

/// How many texts are tried where nobody says.
const MUTATIONS: u64 = 3000;

/// The recorded texts.
struct Corpus {
    templates: Vec<String>,
    environments: Vec<String>,
    expressions: Vec<String>,
}

impl Corpus {
    fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let cases = folder.join("../conformance/cases");
        let mut files: Vec<_> =
            std::fs::read_dir(&cases).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let mut corpus = Self { templates: Vec::new(), environments: Vec::new(), expressions: Vec::new() };
        for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "yaml"))
        {
            let cases: Vec<Value> = serde_yaml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
            for case in cases {
                corpus.templates.extend(text(case.get("template")));
                corpus.environments.extend(text(case.get("environment")));
                let steps = case.get("steps").and_then(Value::as_array).into_iter().flatten();
                corpus.templates.extend(steps.filter_map(|step| text(step.get("template"))));
            }
        }
        let cases = std::fs::read_to_string(folder.join("tests/yaql/corpus.json")).unwrap();
        let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
        corpus.expressions.extend(cases.iter().filter_map(|case| text(case.get("expression"))));
        assert!(
            corpus.templates.len() > 300 && corpus.environments.len() > 10 && corpus.expressions.len() > 1000,
            "the recorded cases are not there"
        );
        corpus
    }
}

/// Texts as they are, what came as a map as YAML.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Object(map) => Some(yaml::emit(&Value::Object(map.clone()))),
        _ => None,
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn changed_texts_are_judged() {
    let corpus = Corpus::read();
    if let Some(seed) = number("HEAT_MUTATION_SEED") {
        return changed(&corpus, seed, true);
    }
    let count = number("HEAT_MUTATIONS").unwrap_or(MUTATIONS);
    watched(move |begin| {
        for seed in 0..count {
            begin(&format!("HEAT_MUTATION_SEED={seed}"));
            changed(&corpus, seed, false);
        }
    });
}

fn changed(corpus: &Corpus, seed: u64, aloud: bool) {
    let mut random = Random::new(seed);
    let of = |texts: &[String], pieces: &[&str], random: &mut Random| {
        let text = &texts[random.below(texts.len())];
        mutate(text, texts, pieces, random)
    };
    let (target, text) = match random.below(9) {
        0 => ("environment", of(&corpus.environments, &YAML, &mut random)),
        1 | 2 => ("yaql", of(&corpus.expressions, &YAQL, &mut random)),
        3 => ("reader", of(&corpus.templates, &YAML, &mut random)),
        4 => ("format", of(&corpus.templates, &YAML, &mut random)),
        5 => {
            let texts = [&corpus.templates, &corpus.environments, &corpus.templates];
            let parts = texts.map(|texts| of(texts, &YAML, &mut random));
            ("template", parts.join(PART))
        }
        _ => ("template", of(&corpus.templates, &YAML, &mut random)),
    };
    if aloud {
        println!("{target}:\n{text}");
    }
    judge(target, &text);
}
