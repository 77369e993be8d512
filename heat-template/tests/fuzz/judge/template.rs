//! A template with an environment and a nested template: checked, defined, evaluated.

use super::{LIMITS, PART, mends, told, types, value_of};
use heat_template::diagnostic::{Code, Diagnostic};
use heat_template::schema::{GenericConstraints, ResourceTypes};
use heat_template::source::SourceMap;
use heat_template::yaml::TextKind;
use heat_template::{
    Checked, Definition, Environment, Files, Inputs, NoResources, ParseOptions, PseudoParameters, Template,
};
use std::collections::BTreeSet;

/// As [`super::Target`].
pub(super) fn judge(text: &str) {
    let mut parts = text.splitn(3, PART);
    let text = parts.next().unwrap_or_default();
    let environment = parts.next().unwrap_or_default();
    let file = parts.next().unwrap_or_default();
    let files: Files = [("nested.yaml", file)].into_iter().collect();
    let kind = if text.len().is_multiple_of(4) { TextKind::AttachedTemplate } else { TextKind::Template };
    let found = validated(text, kind, environment, &files);
    assert_eq!(found, validated(text, kind, environment, &files), "not the same twice");
}

/// All that is found; the template is also brought through everything that can be asked of it.
fn validated(text: &str, kind: TextKind, environment: &str, files: &Files) -> Vec<Diagnostic> {
    let mut sources = SourceMap::new();
    let options = ParseOptions { kind, limits: LIMITS, ..ParseOptions::default() };
    let parsed = Template::parse(&mut sources, "template.yaml", text, &options);
    told(&parsed.diagnostics, &sources);
    let mut found = parsed.diagnostics.clone();
    let read = Environment::parse(&mut sources, "environment.yaml", environment, &LIMITS);
    told(&read.diagnostics, &sources);
    found.extend(read.diagnostics);
    let Some(template) = parsed.value else {
        assert!(parsed.diagnostics.iter().any(Diagnostic::is_error), "no template and no reason");
        return found;
    };
    let environment = read.value.unwrap_or_default();
    let _ = template.validation_answer(&environment);
    let types = types::types();
    let validated = validate(&template, &environment, files, &types);
    sources.attach(files);
    told(&validated.diagnostics, &sources);
    let all: Vec<_> = parsed.diagnostics.iter().chain(&validated.diagnostics).cloned().collect();
    found.extend(validated.diagnostics.iter().cloned());
    let mended = mends(&all, template.file(), text);
    if mended != text {
        let again = Template::parse(&mut sources, "mended.yaml", &mended, &options);
        told(&again.diagnostics, &sources);
    }
    let failed = parsed.diagnostics.iter().any(Diagnostic::is_error);
    if !failed {
        is_its_value(&template, &environment, files, &types, &validated.diagnostics);
    }
    // What has errors is used no further.
    if let Ok((definition, _)) = validated.into_result()
        && !failed
    {
        values(&definition, &types, &sources);
    }
    found
}

fn validate(
    template: &Template,
    environment: &Environment,
    files: &Files,
    types: &dyn ResourceTypes,
) -> Checked<Definition> {
    let inputs = Inputs {
        environment: environment.clone(),
        files: files.clone(),
        pseudo: PseudoParameters {
            stack_name: "mutated".to_owned(),
            stack_id: Some("6f0ac7b2-0000-4000-8000-3a2b1c0d9e8f".to_owned()),
            project_id: "3c7dbf9a".to_owned(),
        },
        require_values: false,
        ..Inputs::default()
    };
    template.validate(&inputs, types, &GenericConstraints)
}

/// The template that came as a value is the same template: it has the same problems.
fn is_its_value(
    template: &Template,
    environment: &Environment,
    files: &Files,
    types: &dyn ResourceTypes,
    found: &[Diagnostic],
) {
    let value = template.to_value();
    let mut sources = SourceMap::new();
    let options = ParseOptions::default();
    let parsed = Template::from_value(&mut sources, "value.json", &value, &options);
    told(&parsed.diagnostics, &sources);
    let again = parsed.value.unwrap_or_else(|| panic!("{value} is no template: {:?}", parsed.diagnostics));
    assert_eq!(again.to_value(), value);
    let validated = validate(&again, environment, files, types);
    let problems = |found: &[Diagnostic]| -> BTreeSet<(Code, String, String)> {
        found.iter().map(|one| (one.code, one.path.clone(), one.message.clone())).collect()
    };
    // Of what aliases repeat a problem is told once, at its place; the value has it each time.
    let (of_text, of_value) = (problems(found), problems(&validated.diagnostics));
    assert!(of_text.is_subset(&of_value), "{of_text:?}\nand as a value {value}\n{of_value:?}");
    let codes =
        |of: &BTreeSet<(Code, String, String)>| of.iter().map(|(code, ..)| *code).collect::<BTreeSet<_>>();
    assert_eq!(codes(&of_text), codes(&of_value), "{of_text:?}\nand as a value {value}\n{of_value:?}");
}

fn values(definition: &Definition, types: &dyn ResourceTypes, sources: &SourceMap) {
    assert_eq!(definition.order().len(), definition.resources().count());
    for resource in definition.resources() {
        let _ = definition.metadata(resource.name(), &NoResources);
        let Some(schema) = types.resource_type(resource.type_name()) else { continue };
        let resolved = definition.resolve_properties(&resource, &NoResources, &schema, &GenericConstraints);
        if let Err(diagnostics) = resolved {
            told(&diagnostics, sources);
        }
    }
    for output in definition.outputs() {
        let _ = definition.output_references(output.name());
        match definition.output(output.name(), &NoResources) {
            Err(error) => told(&[error.into_diagnostic()], sources),
            Ok(value) => {
                // What it comes to can be written down and read again.
                let Some(value) = value.into_known() else { continue };
                let written = serde_json::json!({ "v": value }).to_string();
                assert!(
                    written.len() > 100_000 || value_of(&written, TextKind::Template).is_some(),
                    "{written}"
                );
            }
        }
    }
}
