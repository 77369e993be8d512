//! From the texts of a case to what an engine is asked for.

use heat_engine::record::OnFailure;
use heat_engine::{EngineError, NewStack, Update};
use heat_template::diagnostic::Diagnostic;
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{Checked, Environment, Files, ParseOptions, Template};
use indexmap::IndexMap;
use serde_json::Value;

use super::case::{Case, Step};

/// A request that was refused: everything that its sender is told.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) String);

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused(refused) => told(&refused.diagnostics),
            other => Self(other.to_string()),
        }
    }
}

/// All errors with what helps against them, a line each.
fn told(diagnostics: &[Diagnostic]) -> Refusal {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    let lines: Vec<_> = errors.map(|error| format!("{error} {}", error.help.join("; "))).collect();
    Refusal(lines.join("\n"))
}

fn read<T>(checked: Checked<T>) -> Result<T, Refusal> {
    checked.into_result().map(|(value, _)| value).map_err(|diagnostics| told(&diagnostics))
}

fn template(text: &str) -> Result<Template, Refusal> {
    read(Template::parse(&mut SourceMap::new(), "template", text, &ParseOptions::default()))
}

/// What beside the template makes up a request: values, environment, files.
struct Surroundings<'a> {
    parameters: &'a IndexMap<String, Value>,
    environment: Option<&'a Value>,
    environment_files: &'a [String],
    files: Files,
}

impl Surroundings<'_> {
    /// The environment and the parameters that are given beside it.
    fn environment(
        &self,
        template: Option<&Template>,
    ) -> Result<(Environment, IndexMap<String, Value>), Refusal> {
        let mut sources = SourceMap::new();
        let limits = Limits::default();
        let given = match self.environment {
            None => Environment::new(),
            Some(Value::String(text)) => {
                read(Environment::parse(&mut sources, "environment", text, &limits))?
            }
            Some(value) => read(Environment::from_value(&mut sources, "environment", value, &limits))?,
        };
        if self.environment_files.is_empty() {
            return Ok((given, self.parameters.clone()));
        }
        // The parameters of the request are what the first file is merged into.
        let mut parameters: IndexMap<String, Value> =
            given.parameters().iter().map(|(name, given)| (name.clone(), given.value.clone())).collect();
        parameters.extend(self.parameters.clone());
        let types = |name: &str| template?.parameter(name).map(|schema| schema.parameter_type);
        let merged = Environment::merge_files(
            &mut sources,
            &parameters,
            self.environment_files,
            &self.files,
            &types,
            &limits,
        );
        Ok((read(merged)?, IndexMap::new()))
    }
}

fn files(files: &IndexMap<String, String>) -> Files {
    files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

fn on_failure(disable_rollback: bool) -> OnFailure {
    if disable_rollback { OnFailure::Stop } else { OnFailure::Rollback }
}

/// The stack that a case asks for.
pub(crate) fn new_stack(case: &Case) -> Result<NewStack, Refusal> {
    let template = template(&case.template)?;
    let surroundings = Surroundings {
        parameters: &case.parameters,
        environment: case.environment.as_ref(),
        environment_files: &case.environment_files,
        files: files(&case.files),
    };
    let (environment, parameters) = surroundings.environment(Some(&template))?;
    Ok(NewStack::new(case.stack_name.clone(), template)
        .environment(environment)
        .files(surroundings.files)
        .parameters(parameters)
        .on_failure(on_failure(case.disable_rollback)))
}

/// The update that a step asks for; `before` is the template that the stack has now.
pub(crate) fn update(step: &Step, before: &str) -> Result<Update, Refusal> {
    let mut update = Update::existing();
    let given = step.template.as_deref().map(template).transpose()?;
    let effective = match &given {
        Some(template) => template.clone(),
        None => template(before)?,
    };
    if !step.existing {
        update = Update::to(effective.clone());
    } else if let Some(given) = given {
        update = update.template(given);
    }
    let surroundings = Surroundings {
        parameters: &step.parameters,
        environment: step.environment.as_ref(),
        environment_files: &step.environment_files,
        files: files(&step.files),
    };
    let (environment, parameters) = surroundings.environment(Some(&effective))?;
    if !step.existing || step.environment.is_some() || !step.environment_files.is_empty() {
        update = update.environment(environment);
    }
    // A request that does not say so leaves a failure as it is.
    update = update.on_failure(on_failure(step.disable_rollback.unwrap_or(true)));
    Ok(update
        .files(surroundings.files)
        .parameters(parameters)
        .clear_parameters(step.clear_parameters.iter().cloned()))
}
