//! The book's chapter about the language: every example in it is what it says.
//!
//! A line `<!-- … -->` before a block of YAML says what it is: a template where nothing is said.
//!
//! | says | what holds |
//! | --- | --- |
//! | nothing, in `language.md` | a template without problems |
//! | `refused CODE`, `warned CODE` | a template with this problem |
//! | `environment` | an environment without problems |
//! | `value` | YAML above `# gives`, and what it is read as below |
//! | `setting`, `attributes` | what the examples of functions have around them |
//! | nothing or `version V`, in `functions.md` | an expression above `# gives`, and its value below |
//! | `condition` or `condition V` | the same in the place of a condition |
//! | `fails CODE` | an expression without a value |
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use heat_plugin_sdk::Registry;
use heat_template::diagnostic::Diagnostic;
use heat_template::dialect::{Dialect, Dialects, Family, condition_function_table, function_table};
use heat_template::expression::{AvailabilityZones, Facade};
use heat_template::schema::{DeferredConstraints, ResourceTypes};
use heat_template::source::SourceMap;
use heat_template::yaml::{self, Limits, TextKind};
use heat_template::{
    Environment, Evaluated, EvaluationError, Files, Inputs, ParseOptions, PseudoParameters, Scope, Template,
};
use serde_json::{Map, Value, json};
use std::path::Path;

/// A block of YAML with what stands before it, and the title of its section.
struct Block {
    says: String,
    text: String,
    section: String,
}

fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap()
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let (mut says, mut section) = (String::new(), String::new());
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            title.clone_into(&mut section);
        } else if let Some(said) = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")) {
            said.clone_into(&mut says);
        } else if line == "```yaml" {
            let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            let says = std::mem::take(&mut says);
            blocks.push(Block { says, text: text.join("\n") + "\n", section: section.clone() });
        } else {
            assert!(!line.starts_with("```") || line == "```text", "a block without a language: {line}");
        }
    }
    blocks
}

fn value(text: &str) -> Value {
    let file = SourceMap::new().add("page", text);
    let read = yaml::read(file, text, TextKind::Environment, &Limits::default());
    assert!(!read.has_errors(), "{text}{:?}", read.diagnostics);
    read.node.expect("a value").to_value()
}

fn gives(block: &Block) -> (Value, Value) {
    let (example, expected) = block.text.split_once("# gives\n").unwrap_or_else(|| panic!("{}", block.text));
    (value(example), value(expected))
}

fn registry() -> Registry {
    Registry::new().with(heat_plugins_openstack::plugin()).with(heat_engine::types::plugin())
}

fn problems(text: &str, registry: &Registry) -> Vec<Diagnostic> {
    let parsed = Template::parse(&mut SourceMap::new(), "page.yaml", text, &ParseOptions::default());
    let mut found = parsed.diagnostics;
    if let Some(template) = parsed.value {
        let inputs = Inputs { require_values: true, ..Inputs::default() };
        found.extend(
            template.validate(&inputs, registry as &dyn ResourceTypes, &DeferredConstraints).diagnostics,
        );
    }
    found
}

#[test]
fn every_template_of_the_chapter_is_as_it_says() {
    let registry = registry();
    let blocks = blocks(&page("language.md"));
    assert!(blocks.len() >= 15, "{}", blocks.len());
    for block in blocks {
        let text = &block.text;
        match block.says.split_once(' ').unwrap_or((&block.says, "")) {
            ("", _) => {
                let found = problems(text, &registry);
                assert!(found.is_empty(), "{text}{found:?}");
            }
            (kind @ ("refused" | "warned"), code) => {
                let found = problems(text, &registry);
                let is_it =
                    |found: &&Diagnostic| found.code.0 == code && found.is_error() == (kind == "refused");
                assert!(found.iter().any(|found| is_it(&found)), "{text}{found:?}");
                assert!(kind == "refused" || found.iter().all(|found| !found.is_error()), "{text}{found:?}");
            }
            ("environment", _) => {
                let read = Environment::parse(&mut SourceMap::new(), "e.yaml", text, &Limits::default());
                assert!(read.diagnostics.is_empty(), "{text}{:?}", read.diagnostics);
            }
            ("value", _) => {
                let (read, expected) = gives(&block);
                assert_eq!(read.to_string(), expected.to_string(), "{text}");
            }
            _ => panic!("<!-- {} -->", block.says),
        }
    }
}

/// The stack around the examples of functions.
struct Around {
    attributes: Map<String, Value>,
}

impl Scope for Around {
    fn reference_id(&self, resource: &str) -> Evaluated {
        assert_eq!(resource, "server");
        Evaluated::Known(json!("8d3f"))
    }

    fn attribute(&self, _: &str, attribute: &str, path: &[Value]) -> Result<Evaluated, EvaluationError> {
        let value = self.attributes.get(attribute).cloned().unwrap_or_default();
        Ok(heat_template::function::select_attribute(Evaluated::Known(value), path))
    }

    fn all_attributes(&self, _: &str) -> Result<Evaluated, EvaluationError> {
        Ok(Evaluated::Known(self.attributes.clone().into()))
    }

    fn facade(&self, part: Facade) -> Option<Value> {
        (part == Facade::Metadata).then(|| json!({"role": "web"}))
    }
}

struct Examples {
    dialects: Dialects,
    hot: Map<String, Value>,
    cfn: Map<String, Value>,
    around: Around,
}

impl Examples {
    fn new(blocks: &[Block]) -> Self {
        let mut settings =
            blocks.iter().filter(|block| block.says == "setting").map(|block| map(&block.text));
        let attributes = blocks.iter().find(|block| block.says == "attributes").expect("attributes");
        Self {
            dialects: Dialects::default(),
            hot: settings.next().expect("the setting of HOT"),
            cfn: settings.next().expect("the setting of CFN"),
            around: Around { attributes: map(&attributes.text) },
        }
    }

    fn dialect(&self, version: &str) -> &Dialect {
        let version = if version.is_empty() { "2021-04-16" } else { version };
        let found = self.dialects.iter().find(|dialect| dialect.version() == version);
        found.unwrap_or_else(|| panic!("no version {version}"))
    }

    /// The template with an example as its output `example`, or as its condition of this name.
    fn template(&self, dialect: &Dialect, example: Value, is_condition: bool) -> Value {
        let keys = dialect.keys();
        let setting = if dialect.family() == Family::Hot { &self.hot } else { &self.cfn };
        let mut template: Map<String, Value> = setting
            .iter()
            .filter(|(key, _)| {
                !key.ends_with("ersion") && (dialect.has_conditions() || *key != keys.conditions)
            })
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        template.insert(dialect.version_key().to_owned(), json!(dialect.version()));
        let choose = if dialect.family() == Family::Hot { "if" } else { "Fn::If" };
        let example = if is_condition {
            template[keys.conditions]["example"] = example;
            json!({choose: ["example", true, false]})
        } else {
            example
        };
        template.insert(keys.outputs.to_owned(), json!({"example": {keys.output_value: example}}));
        template.into()
    }

    fn run(&self, version: &str, example: Value, is_condition: bool) -> Result<Value, Box<Diagnostic>> {
        let template = self.template(self.dialect(version), example, is_condition);
        let parsed =
            Template::from_value(&mut SourceMap::new(), "example", &template, &ParseOptions::default());
        let errors: Vec<_> = parsed.errors().cloned().collect();
        assert!(errors.is_empty(), "{template}: {errors:?}");
        let inputs = Inputs {
            files: Files::from_iter([("motd.txt", "Welcome!")]),
            zones: AvailabilityZones::Known(vec!["nova".to_owned()]),
            pseudo: PseudoParameters::default(),
            ..Inputs::default()
        };
        let defined = parsed.value.expect("a template").define(&inputs, &DeferredConstraints);
        if let Some(error) = defined.errors().next() {
            return Err(Box::new(error.clone()));
        }
        match defined.value.expect("a definition").output("example", &self.around) {
            Ok(value) => Ok(value.into_known().expect("a value")),
            Err(error) => Err(Box::new(error.into_diagnostic())),
        }
    }
}

fn map(text: &str) -> Map<String, Value> {
    match value(text) {
        Value::Object(map) => map,
        other => panic!("{other} is no map"),
    }
}

#[test]
fn every_example_of_a_function_gives_what_it_says() {
    let blocks = blocks(&page("language/functions.md"));
    let examples = Examples::new(&blocks);
    for block in &blocks {
        let (kind, rest) = block.says.split_once(' ').unwrap_or((&block.says, ""));
        let (version, is_condition) = match kind {
            "setting" | "attributes" => continue,
            "" => ("", false),
            "version" => (rest, false),
            "condition" => (rest, true),
            "fails" => {
                let error = examples.run("", value(&block.text), false).expect_err(&block.text);
                assert_eq!(error.code.0, rest, "{}", block.text);
                continue;
            }
            _ => panic!("<!-- {} -->", block.says),
        };
        let (example, expected) = gives(block);
        assert!(
            example.to_string().contains(&format!("\"{}\"", block.section)),
            "not about {}: {}",
            block.section,
            block.text
        );
        match examples.run(version, example, is_condition) {
            Ok(found) => assert_eq!(found.to_string(), expected.to_string(), "{}", block.text),
            // Until YAQL is there.
            Err(error) => panic!("{}{error}", block.text),
        }
    }
}

/// Every function has its section, and in it an example in its first and, where it was taken away, last version.
#[test]
fn every_function_of_every_dialect_has_an_example() {
    let blocks = blocks(&page("language/functions.md"));
    let examples = Examples::new(&blocks);
    for row in function_table().iter().chain(condition_function_table()) {
        let mine: Vec<_> = blocks.iter().filter(|block| block.section == row.name).collect();
        assert!(!mine.is_empty(), "{} has no example", row.name);
        for block in mine {
            let version =
                block.says.split_once(' ').map_or("", |(kind, rest)| if kind == "fails" { "" } else { rest });
            let dialect = examples.dialect(version);
            let known = dialect.function_names(true).contains(&row.name);
            assert!(known, "{} is not in {}", row.name, dialect.version());
        }
    }
    // What the table of versions says is what the dialects have.
    let page = page("language.md");
    for dialect in Dialects::default().iter().filter(|dialect| dialect.family() == Family::Hot) {
        let name = dialect.aliases().first().copied().unwrap_or_default();
        let row = format!("| {} | {name}", dialect.version());
        assert!(page.contains(&row), "{row}");
    }
}
