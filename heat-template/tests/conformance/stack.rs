//! A stack of the simplest kind, in memory, and the comparison with what was recorded.

use crate::case::Case;
use crate::types::types;
use heat_template::diagnostic::Diagnostic;
use heat_template::environment::{Environment, Implementation};
use heat_template::function::select_attribute;
use heat_template::python::{self, Pattern};
use heat_template::schema::{Coercion, GenericConstraints, PropertySchema, ValueType};
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{
    Definition, Evaluated, EvaluationError, Files, Inputs, ParseOptions, PseudoParameters, Scope, Template,
};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// Created resources: reference id and attributes.
#[derive(Default)]
struct Created(HashMap<String, (String, HashMap<&'static str, Value>)>);

impl Scope for Created {
    fn reference_id(&self, resource: &str) -> Evaluated {
        Evaluated::Known(self.0.get(resource).map_or(resource, |(id, _)| id).into())
    }

    fn attribute(
        &self,
        resource: &str,
        attribute: &str,
        path: &[Value],
    ) -> Result<Evaluated, EvaluationError> {
        let value = self.0.get(resource).and_then(|(_, attributes)| attributes.get(attribute));
        Ok(select_attribute(Evaluated::Known(value.cloned().unwrap_or(Value::Null)), path))
    }

    fn all_attributes(&self, resource: &str) -> Result<Evaluated, EvaluationError> {
        let Some((_, attributes)) = self.0.get(resource) else { return Ok(Evaluated::NULL) };
        let all = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Ok(Evaluated::Known(all.collect::<serde_json::Map<_, _>>().into()))
    }
}

/// Reads, defines and checks the case, all problems in one list.
fn define(case: &Case) -> (Option<(Template, Definition)>, Environment, Vec<Diagnostic>) {
    let mut sources = SourceMap::new();
    let options = ParseOptions::default();
    let files: Files = case.files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let parsed = Template::parse(&mut sources, "template.yaml", &case.template, &options);
    let mut diagnostics = parsed.diagnostics;
    let mut parameters = case.parameters.clone();
    let environment = if case.environment_files.is_empty() {
        match &case.environment {
            None => Environment::new(),
            Some(Value::String(text)) => {
                let read = Environment::parse(&mut sources, "environment.yaml", text, &Limits::default());
                diagnostics.extend(read.diagnostics);
                read.value.unwrap_or_default()
            }
            Some(value) => {
                let read = Environment::from_value(&mut sources, "environment", value, &Limits::default());
                diagnostics.extend(read.diagnostics);
                read.value.unwrap_or_default()
            }
        }
    } else {
        let template = parsed.value.clone();
        let types = |name: &str| template.as_ref()?.parameter(name).map(|schema| schema.parameter_type);
        let given = std::mem::take(&mut parameters);
        let merged = Environment::merge_files(
            &mut sources,
            &given,
            &case.environment_files,
            &files,
            &types,
            &Limits::default(),
        );
        diagnostics.extend(merged.diagnostics);
        merged.value.unwrap_or_default()
    };
    let Some(template) = parsed.value else { return (None, environment, diagnostics) };
    let inputs = Inputs {
        parameters,
        environment: environment.clone(),
        files,
        pseudo: PseudoParameters {
            stack_name: case.stack_name.clone().unwrap_or_else(|| "corpus".to_owned()),
            stack_id: Some("6f0ac7b2-0000-4000-8000-3a2b1c0d9e8f".to_owned()),
            project_id: "3c7dbf9a".to_owned(),
        },
        require_values: case.operation.as_deref() != Some("validate"),
        ..Inputs::default()
    };
    let validated = template.validate(&inputs, &types(), &GenericConstraints);
    diagnostics.extend(validated.diagnostics);
    let definition = validated.value;
    if let Some(definition) = &definition {
        diagnostics.extend(typed_values(definition));
    }
    (definition.map(|definition| (template, definition)), environment, diagnostics)
}

/// `OS::Heat::Value` checks its value against its type, which is the type's own affair.
fn typed_values(definition: &Definition) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for resource in definition.resources().filter(|resource| resource.type_name() == "OS::Heat::Value") {
        let Some(properties) = resource.properties() else { continue };
        let Ok(Evaluated::Known(given)) = definition.evaluate(properties, "", &heat_template::NoResources)
        else {
            continue;
        };
        let value_type = match given.get("type").and_then(Value::as_str) {
            Some("string") => ValueType::String,
            Some("number") => ValueType::Number,
            Some("boolean") => ValueType::Boolean,
            Some("json") => ValueType::Map,
            Some("comma_delimited_list") => ValueType::List,
            _ => continue,
        };
        let value = given.get("value").cloned().unwrap_or(Value::Null);
        let (_, problems) = Coercion::strict(&GenericConstraints)
            .value(&PropertySchema::new(value_type), Evaluated::Known(value));
        found.extend(problems.into_iter().map(|problem| {
            Diagnostic::error(problem.code, problem.message).path(format!("resources.{}", resource.name()))
        }));
    }
    found
}

fn create(definition: &Definition, environment: &Environment) -> (Created, Option<Vec<Diagnostic>>) {
    let mut created = Created::default();
    let types = types();
    for name in definition.order() {
        let resource = definition.resource(name).unwrap();
        let resolved = environment.registry().resolve(resource.type_name(), name, &types);
        let Ok(Some(Implementation::Type(schema))) = resolved else { continue };
        let properties =
            match definition.resolve_properties(&resource, &created, &schema, &GenericConstraints) {
                Ok(properties) => properties,
                Err(diagnostics) => return (created, Some(diagnostics)),
            };
        let property = |name: &str| {
            properties.get(name).map_or(Value::Null, |value| value.known().cloned().unwrap_or(Value::Null))
        };
        let mut id = format!("{}-{name}-abcdefghijkl", "corpus");
        let mut attributes = HashMap::new();
        match schema.type_name.as_str() {
            "OS::Heat::Value" => {
                attributes.insert("value", property("value"));
            }
            "OS::Heat::TestResource" => {
                if property("fail") == json!(true) {
                    let message = format!("test resource failed {name}");
                    let failure =
                        Diagnostic::error(heat_template::diagnostic::codes::FUNCTION_VALUE, message);
                    return (created, Some(vec![failure]));
                }
                attributes.insert("output", property("value"));
            }
            "OS::Heat::RandomString" => {
                let class = properties
                    .get("character_classes")
                    .and_then(|value| value.known()?.get(0)?.get("class").cloned());
                let letter = match class.as_ref().and_then(Value::as_str) {
                    Some("digits") => "7",
                    Some("uppercase") => "Q",
                    _ => "a",
                };
                id = letter.repeat(property("length").as_u64().unwrap() as usize);
                attributes.insert("value", id.clone().into());
            }
            _ => {}
        }
        created.0.insert(name.clone(), (id, attributes));
    }
    (created, None)
}

/// Compares what came out with what was recorded.
pub(crate) fn judge(case: &Case) -> Result<(), String> {
    let (defined, environment, diagnostics) = define(case);
    let errors: Vec<_> = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
    let messages: Vec<_> = errors
        .iter()
        .map(|diagnostic| {
            format!("{} {} {diagnostic} {}", diagnostic.code, diagnostic.message, diagnostic.help.join(" "))
        })
        .collect();
    if !case.expect.valid {
        if errors.is_empty() {
            return Err("was accepted, Heat refuses it".to_owned());
        }
        return mentions(&messages, &case.expect.must_mention);
    }
    if !errors.is_empty() {
        return Err(format!("was refused: {messages:?}"));
    }
    let (template, definition) = defined.ok_or("there is no definition")?;
    if let Some(wanted) = &case.expect.validate {
        let mut answer = template.validation_answer(&environment);
        if let Some(answer) = answer.as_object_mut() {
            answer.remove("Environment");
        }
        return same("the validation", &answer, wanted);
    }
    if let Some(wanted) = &case.expect.dependencies {
        let found: HashMap<String, BTreeSet<String>> = definition
            .dependencies()
            .iter()
            .map(|(name, needs)| (name.clone(), needs.iter().cloned().collect()))
            .collect();
        let wanted: HashMap<String, BTreeSet<String>> =
            wanted.iter().map(|(name, needs)| (name.clone(), needs.iter().cloned().collect())).collect();
        if found != wanted {
            return Err(format!("dependencies are {found:?}, should be {wanted:?}"));
        }
    }
    if let Some(wanted) = &case.expect.description {
        same("the description", &template.description(), wanted)?;
    }
    if let Some(wanted) = &case.expect.parameters {
        let listed = definition.parameters().listed();
        for (name, wanted) in wanted {
            let text = listed.get(name).cloned().map_or(Value::Null, Value::String);
            same(&format!("parameter {name}"), &text, wanted)?;
        }
    }
    let (created, failure) = create(&definition, &environment);
    let completes = case.expect.status.as_deref() == Some("CREATE_COMPLETE");
    match (&failure, completes) {
        (Some(failure), true) => return Err(format!("fails: {failure:?}")),
        (None, false) if case.expect.status.is_some() => return Err("does not fail".to_owned()),
        (Some(failure), false) => {
            let messages: Vec<_> = failure.iter().map(ToString::to_string).collect();
            mentions(&messages, &case.expect.reason_must_mention)?;
        }
        _ => {}
    }
    let mut different = Vec::new();
    for output in definition.outputs() {
        let name = output.name();
        let value = definition.output(name, &created);
        different.extend(match (value, case.expect.outputs.get(name), case.expect.output_errors.get(name)) {
            (Ok(value), Some(wanted), _) => {
                same(&format!("output {name}"), &value.to_value_lossy(), wanted).err()
            }
            (Err(error), _, Some(wanted)) => mentions(&[error.to_string()], &wanted.must_mention).err(),
            (Ok(value), None, _) => Some(format!("output {name} should fail but is {value:?}")),
            (Err(error), _, None) => Some(format!("output {name} fails: {error}")),
        });
    }
    if different.is_empty() { Ok(()) } else { Err(different.join(" & ")) }
}

fn mentions(messages: &[String], fragments: &[String]) -> Result<(), String> {
    match fragments
        .iter()
        .find(|fragment| !messages.iter().any(|message| message.contains(fragment.as_str())))
    {
        None => Ok(()),
        Some(missing) => Err(format!("no message mentions \"{missing}\": {messages:?}")),
    }
}

fn same(what: &str, found: &Value, wanted: &Value) -> Result<(), String> {
    if equal(found, wanted) { Ok(()) } else { Err(format!("{what} is {found}, should be {wanted}")) }
}

fn equal(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::String(text), Value::Object(entries)) if entries.len() == 1 => entries
            .get("matches")
            .and_then(Value::as_str)
            .is_some_and(|pattern| Pattern::new(pattern).unwrap().matches_whole(text).unwrap()),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (python::Num::from_number(a), python::Num::from_number(b));
            a == b || (a.to_f64() - b.to_f64()).abs() <= 1e-12 * a.to_f64().abs().max(1e-300)
        }
        (a, b) => a == b,
    }
}
