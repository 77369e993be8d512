//! The JSON Schemas of the dialects accept what Heat accepts, and refuse what an editor should point at.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something is not as it should be"
)]

#[allow(dead_code, reason = "only the template and what goes with it is used here")]
#[path = "conformance/case.rs"]
mod case;
#[path = "conformance/types.rs"]
mod types;

use boon::{Compiler, SchemaIndex, Schemas};
use heat_template::dialect::{Dialect, Dialects};
use heat_template::json_schema::json_schema;
use heat_template::schema::DeferredConstraints;
use heat_template::source::SourceMap;
use heat_template::yaml::{self, Limits, TextKind};
use heat_template::{Environment, Files, Inputs, ParseOptions, PseudoParameters, Template};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Cases with types that an environment maps, or in a resource that is disabled: the schema cannot know.
const UNKNOWABLE: [&str; 3] =
    ["disabled-resource-not-checked", "registry-map-to-none", "registry-wildcard-to-one"];

/// The schema of a dialect, ready for use.
struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    fn new(dialect: &Dialect) -> Self {
        // The validator does not know numbers of any precision.
        let text = json_schema(dialect, &types::types()).to_string();
        let schema: Value = serde_json::from_str(&text).unwrap();
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("heat.json", schema).unwrap();
        let index = compiler.compile("heat.json", &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
        Self { schemas, index }
    }

    fn judge(&self, template: &Value) -> Result<(), String> {
        self.schemas.validate(template, self.index).map_err(|error| format!("{error:#}"))
    }
}

fn validators() -> BTreeMap<String, Validator> {
    let dialects = Dialects::default();
    dialects.iter().map(|dialect| (name(dialect), Validator::new(dialect))).collect()
}

fn name(dialect: &Dialect) -> String {
    format!("{}.{}", dialect.version_key(), dialect.version())
}

fn value(text: &str) -> Value {
    let file = SourceMap::new().add("t.yaml", text);
    yaml::read(file, text, TextKind::Template, &Limits::default()).node.expect("a tree").to_value()
}

/// The dialect of a template that can be used, and of which nothing is wrong that Heat does not come to.
fn accepted(case: &case::Case) -> Option<String> {
    let mut sources = SourceMap::new();
    let parsed = Template::parse(&mut sources, "t.yaml", &case.template, &ParseOptions::default());
    let (template, mut found) = parsed.into_result().ok()?;
    let environment = match &case.environment {
        Some(value) => {
            Environment::from_value(&mut sources, "e.yaml", value, &Limits::default()).into_result().ok()?.0
        }
        None => Environment::new(),
    };
    let inputs = Inputs {
        parameters: case.parameters.clone(),
        environment,
        files: case.files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Files>(),
        pseudo: PseudoParameters::default(),
        require_values: false,
        ..Inputs::default()
    };
    let (_, more) = template.validate(&inputs, &types::types(), &DeferredConstraints).into_result().ok()?;
    found.extend(more);
    let unreached = found.iter().any(|found| {
        found.code.0.starts_with("HT03") && found.code.0 != "HT0315" || found.code.0.starts_with("HT041")
    });
    (!unreached).then(|| name(template.dialect()))
}

#[test]
fn what_heat_accepts_is_valid() {
    let validators = validators();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/cases");
    let mut judged = BTreeMap::new();
    let mut refused = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let cases: Vec<Value> = serde_yaml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        // Cases of updates have other fields.
        for case in cases.into_iter().filter_map(|case| serde_json::from_value::<case::Case>(case).ok()) {
            let Some(dialect) = accepted(&case).filter(|_| case.expect.valid) else { continue };
            let verdict = validators[&dialect].judge(&value(&case.template));
            if UNKNOWABLE.contains(&&*case.name) {
                assert!(verdict.is_err(), "{} is no exception any more", case.name);
            } else if let Err(error) = verdict {
                refused.push(format!("{}: {error}\n{}", case.name, case.template));
            }
            *judged.entry(dialect).or_insert(0) += 1;
        }
    }
    assert!(refused.is_empty(), "{} are refused:\n{}", refused.len(), refused.join("\n"));
    assert!(judged.len() >= 10 && judged.values().sum::<i32>() > 150, "{judged:?}");
}

#[test]
fn what_is_wrong_is_not() {
    let validators = validators();
    let hot = |text: &str| format!("heat_template_version: 2021-04-16\n{text}\n");
    let resource = |properties: &str| {
        hot(&format!("resources: {{r: {{type: OS::Heat::RandomString, properties: {properties}}}}}"))
    };
    for (text, dialect) in [
        (hot("resorces: {}"), "wallaby"),
        ("resources: {}".to_owned(), "wallaby"),
        ("heat_template_version: 2021-04-61".to_owned(), "wallaby"),
        (hot("parameters: {p: {type: strng}}"), "wallaby"),
        (hot("parameters: {p: {default: x}}"), "wallaby"),
        (hot("parameters: {p: {type: string, defualt: x}}"), "wallaby"),
        (hot("parameters: {p: {type: string, constraints: [{lenght: {min: 1}}]}}"), "wallaby"),
        (hot("parameters: {p: {type: string, constraints: [{length: {mni: 1}}]}}"), "wallaby"),
        (hot("parameters: {p: x}"), "wallaby"),
        (hot("resources: {a/b: {type: OS::Heat::None}}"), "wallaby"),
        (hot("resources: {r: {}}"), "wallaby"),
        (hot("resources: {r: {type: OS::Heat::RandomStrin}}"), "wallaby"),
        (hot("resources: {r: {type: OS::Heat::None, propertes: {}}}"), "wallaby"),
        (hot("resources: {r: {type: OS::Heat::None, depends_on: [1]}}"), "wallaby"),
        (hot("resources: {r: {type: OS::Heat::None, deletion_policy: Keep}}"), "wallaby"),
        (hot("resources: {r: {type: OS::Heat::None, deletion_policy: Snapshot}}"), "wallaby"),
        (hot("resources: {r: {type: OS::Heat::Value}}"), "wallaby"),
        (resource("{lenght: 3}"), "wallaby"),
        (resource("{length: many}"), "wallaby"),
        (resource("{length: 513}"), "wallaby"),
        (resource("{salt: [x]}"), "wallaby"),
        (resource("{character_classes: [{class: vowels}]}"), "wallaby"),
        (resource("{character_classes: [{clas: digits}]}"), "wallaby"),
        (resource("{salt: {get_param: []}}"), "wallaby"),
        (resource("{salt: {list_join: x}}"), "wallaby"),
        (hot("outputs: {o: {}}"), "wallaby"),
        (hot("outputs: {o: {value: {get_attr: r1}}}"), "wallaby"),
        (hot("outputs: {o: {value: {digest: [md5]}}}"), "wallaby"),
        (hot("outputs: {o: {value: {make_url: {hots: x}}}}"), "wallaby"),
        (hot("outputs: {o: {value: {if: [c]}}}"), "wallaby"),
        (hot("outputs: {o: {value: [{x: {str_split: [a]}}]}}"), "wallaby"),
        (hot("outputs: {o: {value: {'Fn::Select': [0, [a]]}}}"), "wallaby"),
        (hot("conditions: {c: {get_resource: x}}"), "wallaby"),
        (hot("conditions: {c: some_name}"), "wallaby"),
        (hot("conditions: {c: {and: [true]}}"), "wallaby"),
        ("heat_template_version: newton\noutputs: {o: {value: {if: [true, 1]}}}".to_owned(), "newton"),
        ("heat_template_version: 2016-04-08\nconditions: {}".to_owned(), "2016-04-08"),
        ("heat_template_version: 2016-04-08\nresources: {r: {type: OS::Heat::None, external_id: x}}".to_owned(), "2016-04-08"),
        ("heat_template_version: newton\nparameters: {p: {type: number, constraints: [{modulo: {step: 2, offset: 0}}]}}".to_owned(), "newton"),
        ("heat_template_version: pike\nparameters: {p: {type: number, tags: [x]}}".to_owned(), "pike"),
    ] {
        let dialects = Dialects::default();
        let dialect = dialects.find("heat_template_version", dialect).unwrap();
        let verdict = validators[&name(dialect)].judge(&value(&text));
        assert!(verdict.is_err(), "accepted: {text}");
    }
    let aws = &validators["AWSTemplateFormatVersion.2010-09-09"];
    for text in [
        "AWSTemplateFormatVersion: 2010-09-09\nresources: {}",
        "AWSTemplateFormatVersion: 2010-09-09\nParameters: {p: {Type: string}}",
        "AWSTemplateFormatVersion: 2010-09-09\nOutputs: {o: {Value: {'Fn::GetAtt': [r]}}}",
    ] {
        assert!(aws.judge(&value(text)).is_err(), "accepted: {text}");
    }
    aws.judge(&json!({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"r": {"Type": "OS::Heat::None", "x": 1}}}))
        .unwrap();
}

#[test]
fn every_name_is_described_for_people() {
    let dialects = Dialects::default();
    for dialect in dialects.iter() {
        let schema = json_schema(dialect, &types::types());
        for place in ["function", "condition_function"] {
            let Some(calls) = schema["definitions"][place]["properties"].as_object() else { continue };
            for (name, call) in calls {
                assert!(call["description"].is_string(), "{}: {name}", dialect.version());
            }
        }
        for (name, section) in schema["properties"].as_object().unwrap() {
            assert!(section["description"].is_string(), "{}: {name}", dialect.version());
        }
    }
}
