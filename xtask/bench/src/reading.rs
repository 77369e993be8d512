//! Parsing and checking a template of a thousand resources, against PyYAML's `CSafeLoader` that only loads it.

use crate::Failure;
use crate::processor::Processor;
use crate::python::Python;
use crate::report::{Demand, Report, milliseconds, ratio};
use heat_plugin_sdk::Registry;
use heat_template::schema::GenericConstraints;
use heat_template::source::SourceMap;
use heat_template::{Inputs, ParseOptions, Template};
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

const RESOURCES: usize = 1000;
const LOADS: u32 = 3;
const CHECKS: u32 = 10;

pub(crate) fn measure(rounds: u32, work: &Path) -> Result<Report, Failure> {
    let text = template(RESOURCES);
    let file = work.join("reading.yaml");
    std::fs::write(&file, &text)?;
    let python = Python::with_loader(work)?;
    let registry = Registry::new().with(heat_engine::types::plugin());
    let (mut theirs, mut ours, mut parsing) = (Duration::MAX, Duration::MAX, Duration::MAX);
    let mut version = String::new();
    // In turns, so that both see the same of whatever else the machine does.
    for _ in 0..rounds {
        let loaded = python.load(&file, LOADS)?;
        theirs = theirs.min(loaded.best);
        version = loaded.version;
        for _ in 0..CHECKS {
            let (parsed, checked) = check(&text, &registry)?;
            parsing = parsing.min(parsed);
            ours = ours.min(checked);
        }
    }
    Ok(Report {
        title: "Parsing and checking a template of 1,000 resources",
        figures: vec![
            format!("{} bytes, {} lines", text.len(), text.lines().count()),
            format!("PyYAML {version}, CSafeLoader, load alone: {} of processor time", milliseconds(theirs)),
            format!("parsed, defined and checked against the types: {}", milliseconds(ours)),
            format!("of that parsed: {}", milliseconds(parsing)),
        ],
        demands: vec![Demand::at_least(
            "parsing and checking, times faster than CSafeLoader loads",
            ratio(theirs, ours),
            8.0,
        )],
    })
}

/// How long parsing took, and all together.
fn check(text: &str, registry: &Registry) -> Result<(Duration, Duration), Failure> {
    let inputs = Inputs {
        parameters: [("zone".to_owned(), json!("zone-b"))].into_iter().collect(),
        ..Inputs::default()
    };
    let began = Processor::now()?;
    let mut sources = SourceMap::new();
    let parsed = Template::parse(&mut sources, "reading.yaml", text, &ParseOptions::default());
    let parsing = began.elapsed()?;
    let (template, _) = parsed.into_result().map_err(|found| format!("{found:?}"))?;
    let (definition, _) = template
        .validate(&inputs, registry, &GenericConstraints)
        .into_result()
        .map_err(|found| format!("{found:?}"))?;
    let all = began.elapsed()?;
    if definition.order().len() != RESOURCES {
        return Err(format!("{} resources instead of {RESOURCES}", definition.order().len()).into());
    }
    Ok((parsing, all))
}

/// What templates have: parameters, conditions, many functions, references to resources before, outputs.
fn template(resources: usize) -> String {
    let mut text = String::from(
        "heat_template_version: 2021-04-16\n\
         description: Many resources of several types\n\
         parameters:\n\
         \x20 zone:\n    type: string\n    default: zone-a\n    constraints:\n      - length: {min: 1, max: 40}\n\
         \x20 size:\n    type: number\n    default: 24\n    constraints:\n      - range: {min: 8, max: 512}\n\
         conditions:\n\
         \x20 wide: {equals: [{get_param: zone}, zone-b]}\n\
         resources:\n",
    );
    for number in 0..resources {
        // Writing to a text never fails.
        let _ = match number % 4 {
            0 => writeln!(
                text,
                "  password_{number}:\n    type: OS::Heat::RandomString\n    properties:\n      length: {{get_param: size}}\n      \
                 character_classes:\n        - {{class: lettersdigits, min: 4}}\n        - {{class: digits, min: 1}}\n      \
                 salt: pinch-{number}"
            ),
            1 => writeln!(
                text,
                "  config_{number}:\n    type: OS::Heat::Value\n    properties:\n      type: string\n      value:\n        \
                 str_replace:\n          template: |\n            [service]\n            password = $password\n            \
                 zone = $zone\n          params:\n            $password: {{get_attr: [password_{}, value]}}\n            \
                 $zone: {{get_param: zone}}",
                number - 1
            ),
            2 => writeln!(
                text,
                "  place_{number}:\n    type: OS::Heat::Value\n    depends_on: [config_{}]\n    properties:\n      type: json\n      \
                 value:\n        name: {{list_join: ['-', [{{get_param: zone}}, '{number}']]}}\n        \
                 size: {{if: [wide, 64, {{get_param: size}}]}}\n        enabled: true\n        ports: [80, 443, 8080]",
                number - 1
            ),
            _ => writeln!(
                text,
                "  probe_{number}:\n    type: OS::Heat::TestResource\n    properties:\n      value: {{get_resource: place_{}}}\n      \
                 wait_secs: 0\n      fail: false\n    metadata:\n      owner: team-{number}\n      purpose: \"to be probed\"",
                number - 1
            ),
        };
    }
    text.push_str("outputs:\n");
    for number in (0..resources).step_by(100) {
        let _ = writeln!(
            text,
            "  password_{number}:\n    description: One of the passwords\n    value: {{get_attr: [password_{number}, value]}}"
        );
    }
    text
}
