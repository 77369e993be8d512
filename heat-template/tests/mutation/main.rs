//! What strangers may send: the recorded templates and environments with random changes. Whatever comes, nothing panics,
//! everything ends, and every place that is told lies inside the text.
//!
//! `HEAT_MUTATIONS=100000` sets how many texts are tried, `HEAT_MUTATION_SEED=17` tries one and prints it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be"
)]

mod mutate;
#[path = "../conformance/types.rs"]
mod types;

use heat_template::diagnostic::Diagnostic;
use heat_template::schema::{GenericConstraints, ResourceTypes};
use heat_template::source::{SourceMap, Span};
use heat_template::yaml::{self, Limits, Node, NodeKind, TextKind};
use heat_template::{
    Definition, Environment, Inputs, NoResources, ParseOptions, PseudoParameters, Template, render,
};
use mutate::{Random, mutate};
use serde_json::Value;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// How many texts are tried where nobody says.
const MUTATIONS: u64 = 3000;

/// A text that takes so long never ends: others take a thousandth of it.
const ENDLESS: Duration = Duration::from_secs(60);

/// Lower than the defaults, so that texts reach them.
const LIMITS: Limits =
    Limits { characters: 40_000, depth: 40, nodes: 10_000, expanded_nodes: 20_000, scalar_bytes: 20_000 };

/// The recorded texts.
struct Corpus {
    templates: Vec<String>,
    environments: Vec<String>,
}

impl Corpus {
    fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/cases");
        let mut files: Vec<_> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let mut corpus = Self { templates: Vec::new(), environments: Vec::new() };
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
        assert!(
            corpus.templates.len() > 300 && corpus.environments.len() > 10,
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
fn changed_texts_are_judged_without_a_panic_and_with_places_inside_them() {
    let corpus = Corpus::read();
    if let Some(seed) = number("HEAT_MUTATION_SEED") {
        return judge(&corpus, seed, true);
    }
    let count = number("HEAT_MUTATIONS").unwrap_or(MUTATIONS);
    let (begin, begun) = mpsc::channel();
    let work = std::thread::spawn(move || {
        for seed in 0..count {
            begin.send(seed).unwrap();
            judge(&corpus, seed, false);
        }
    });
    let mut current = 0;
    loop {
        match begun.recv_timeout(ENDLESS) {
            Ok(seed) => current = seed,
            Err(RecvTimeoutError::Timeout) => panic!("HEAT_MUTATION_SEED={current} does not end"),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    assert!(work.join().is_ok(), "HEAT_MUTATION_SEED={current} fails");
}

fn judge(corpus: &Corpus, seed: u64, aloud: bool) {
    let mut random = Random::new(seed);
    let of = |texts: &[String], random: &mut Random| {
        let text = &texts[random.below(texts.len())];
        mutate(text, texts, random)
    };
    if random.below(6) == 0 {
        let text = of(&corpus.environments, &mut random);
        if aloud {
            println!("{text}");
        }
        let mut sources = SourceMap::new();
        let read = Environment::parse(&mut sources, "environment.yaml", &text, &LIMITS);
        told(&read.diagnostics, &sources);
        if let Some(environment) = read.value {
            let _ = environment.to_value();
        }
        nodes(&text, TextKind::Environment);
    } else {
        let text = of(&corpus.templates, &mut random);
        if aloud {
            println!("{text}");
        }
        let kind = if random.below(4) == 0 { TextKind::AttachedTemplate } else { TextKind::Template };
        template(&text, kind);
        nodes(&text, kind);
    }
}

fn template(text: &str, kind: TextKind) {
    let mut sources = SourceMap::new();
    let options = ParseOptions { kind, limits: LIMITS, ..ParseOptions::default() };
    let parsed = Template::parse(&mut sources, "template.yaml", text, &options);
    told(&parsed.diagnostics, &sources);
    let Some(template) = parsed.value else {
        assert!(parsed.diagnostics.iter().any(Diagnostic::is_error), "no template and no reason");
        return;
    };
    let _ = template.to_value();
    let _ = template.validation_answer(&Environment::new());
    let inputs = Inputs {
        pseudo: PseudoParameters {
            stack_name: "mutated".to_owned(),
            stack_id: Some("6f0ac7b2-0000-4000-8000-3a2b1c0d9e8f".to_owned()),
            project_id: "3c7dbf9a".to_owned(),
        },
        require_values: false,
        ..Inputs::default()
    };
    let types = types::types();
    let validated = template.validate(&inputs, &types, &GenericConstraints);
    told(&validated.diagnostics, &sources);
    // What has errors is used no further.
    if let Ok((definition, _)) = validated.into_result() {
        values(&definition, &types, &sources);
    }
}

fn values(definition: &Definition, types: &dyn ResourceTypes, sources: &SourceMap) {
    for resource in definition.resources() {
        let Some(schema) = types.resource_type(resource.type_name()) else { continue };
        let resolved = definition.resolve_properties(&resource, &NoResources, &schema, &GenericConstraints);
        if let Err(diagnostics) = resolved {
            told(&diagnostics, sources);
        }
    }
    for output in definition.outputs() {
        if let Err(error) = definition.output(output.name(), &NoResources) {
            told(&[error.into_diagnostic()], sources);
        }
    }
}

/// Every place is inside its text, between characters, and can be shown.
fn told(diagnostics: &[Diagnostic], sources: &SourceMap) {
    for diagnostic in diagnostics {
        let labels = diagnostic.primary.iter().chain(&diagnostic.labels).map(|label| label.span);
        let edits = diagnostic.fix.iter().flat_map(|fix| &fix.edits).map(|(span, _)| *span);
        for span in labels.chain(edits) {
            assert!(is_inside(span, sources), "{span:?} of {diagnostic:?}");
        }
        assert!(!diagnostic.message.is_empty());
    }
    let _ = render::lines(diagnostics, sources);
    let _ = render::heat(diagnostics, sources);
    let _ = render::json(diagnostics, sources);
    #[cfg(feature = "render")]
    let _ = render::terminal(diagnostics, sources, render::Terminal::default());
}

fn is_inside(span: Span, sources: &SourceMap) -> bool {
    span.start <= span.end && sources.slice(span).is_some()
}

/// The tree lies inside the text, and its values survive being written and read again.
fn nodes(text: &str, kind: TextKind) {
    let mut sources = SourceMap::new();
    let file = sources.add("text.yaml", text);
    let read = yaml::read(file, text, kind, &LIMITS);
    let Some(node) = read.node else { return };
    inside(&node, &sources);
    if read.diagnostics.iter().any(Diagnostic::is_error) || !matches!(node.kind, NodeKind::Map(_)) {
        return;
    }
    let value = node.to_value();
    let written = yaml::emit(&value);
    let file = sources.add("written.yaml", written.as_str());
    let again =
        yaml::read(file, &written, TextKind::Template, &Limits::default()).node.map(|node| node.to_value());
    assert_eq!(again.as_ref(), Some(&value), "written as\n{written}");
}

fn inside(node: &Node, sources: &SourceMap) {
    assert!(is_inside(node.span, sources), "{node:?}");
    match &node.kind {
        NodeKind::List(items) => items.iter().for_each(|item| inside(item, sources)),
        NodeKind::Map(entries) => {
            for entry in entries {
                assert!(is_inside(entry.key_span, sources), "{entry:?}");
                inside(&entry.value, sources);
            }
        }
        _ => {}
    }
}
