//! Template, environment, files and parameters on their way to the record and back.

use super::EngineError;
use super::request::{Content, Update};
use crate::record::{Desired, Owner, SourceHash, StackId, StackRecord};
use crate::run::Core;
use crate::store::Source;
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{Environment, Files, ParseOptions, Template};
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// The environment as it is kept: parameter values are kept apart, sealed where they are hidden.
fn environment_text(content: &Content) -> String {
    let mut value = content.environment.to_value();
    if let Value::Object(sections) = &mut value {
        sections.remove("parameters");
        sections.retain(|_, section| match section {
            Value::Object(entries) => !entries.is_empty(),
            Value::Array(items) => !items.is_empty(),
            other => !other.is_null(),
        });
    }
    value.to_string()
}

/// Whether the environment gives a default for a hidden parameter.
fn environment_is_secret(content: &Content) -> bool {
    let defaults = content.environment.parameter_defaults();
    content.template.parameters().iter().any(|schema| schema.hidden && defaults.contains_key(&schema.name))
}

/// What a stack shall be, for its record.
pub(super) fn desired(content: &Content) -> Desired {
    let mut parameters: IndexMap<String, Value> = content
        .environment
        .parameters()
        .iter()
        .map(|(name, given)| (name.clone(), given.value.clone()))
        .collect();
    parameters.extend(content.parameters.iter().map(|(name, value)| (name.clone(), value.clone())));
    Desired {
        template: Some(SourceHash::of(content.template.text())),
        environment: Some(SourceHash::of(&environment_text(content))),
        files: content.files.iter().map(|(name, text)| (name.to_owned(), SourceHash::of(text))).collect(),
        parameters,
        hidden: content
            .template
            .parameters()
            .iter()
            .filter(|schema| schema.hidden)
            .map(|schema| schema.name.clone())
            .collect(),
        secret: false,
    }
}

/// The texts that a stack is made from.
pub(super) fn sources(content: &Content) -> impl Iterator<Item = Source> + '_ {
    let environment = environment_text(content);
    let environment =
        if environment_is_secret(content) { Source::secret(environment) } else { Source::new(environment) };
    [Source::new(content.template.text()), environment]
        .into_iter()
        .chain(content.files.iter().map(|(_, text)| Source::new(text)))
}

async fn text(core: &Core, hash: &SourceHash) -> Result<String, EngineError> {
    core.records.source(hash).await?.ok_or_else(|| EngineError::LostSource { hash: hash.0.clone() })
}

/// Reads what a stack is made from. A nested stack has environment and files from the outermost one.
pub(crate) async fn recorded(
    core: &Core,
    stack: &StackRecord,
    desired: &Desired,
) -> Result<Content, EngineError> {
    let mut sources = SourceMap::new();
    let Some(hash) = &desired.template else {
        return Err(EngineError::LostSource { hash: "of the template".to_owned() });
    };
    let (environment, files) = match &stack.owner {
        Some(owner) => inherited(core, owner).await?,
        None => surroundings(core, desired).await?,
    };
    let options = ParseOptions::default();
    let parsed = Template::parse(&mut sources, "template", &text(core, hash).await?, &options);
    let Some(template) = parsed.value else { return Err(parsed.diagnostics.into()) };
    let parameters = desired.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(Content { template, environment, files, parameters })
}

/// Environment and files of an outermost stack.
async fn surroundings(core: &Core, desired: &Desired) -> Result<(Environment, Files), EngineError> {
    let environment = match &desired.environment {
        Some(hash) => {
            let text = text(core, hash).await?;
            let parsed = Environment::parse(&mut SourceMap::new(), "environment", &text, &Limits::default());
            match parsed.value {
                Some(environment) => environment,
                None => return Err(parsed.diagnostics.into()),
            }
        }
        None => Environment::default(),
    };
    let mut files = Vec::with_capacity(desired.files.len());
    for (name, hash) in &desired.files {
        files.push((name.clone(), text(core, hash).await?));
    }
    // What is inside of a nested stack is decided with it.
    Ok((environment.over(&core.global), Files::from_iter(files).over(&core.global)))
}

/// Environment and files of a nested stack.
async fn inherited(core: &Core, owner: &Owner) -> Result<(Environment, Files), EngineError> {
    let gone = |id: &StackId| EngineError::NoSuchStack { name: id.0.clone(), project: String::new() };
    let mut way = vec![(owner.resource.clone(), owner.type_name.clone())];
    let mut outer = owner.stack.clone();
    loop {
        let stack = core.records.stack(&outer).await?.ok_or_else(|| gone(&outer))?;
        match stack.owner {
            Some(owner) => {
                way.push((owner.resource, owner.type_name));
                outer = owner.stack;
            }
            None => {
                let (environment, files) = surroundings(core, &stack.desired).await?;
                let inner = way.iter().rev().fold(environment, |environment, (resource, type_name)| {
                    environment.child(resource, type_name)
                });
                return Ok((inner, files));
            }
        }
    }
}

/// What a stack is made from after an update.
pub(super) async fn updated(
    core: &Core,
    stack: &StackRecord,
    update: &Update,
) -> Result<Content, EngineError> {
    if !update.existing {
        let Some(template) = update.template.clone() else {
            return Err(EngineError::Unsupported(
                "an update that starts from scratch without a template".to_owned(),
            ));
        };
        return Ok(Content {
            template,
            environment: update.environment.clone().unwrap_or_default(),
            files: update.files.clone().unwrap_or_default(),
            parameters: update.parameters.clone(),
        });
    }
    let now = recorded(core, stack, &stack.desired).await?;
    let template = update.template.clone().unwrap_or(now.template);
    // Recorded values of parameters that the template does not have any more are dropped, as Heat does.
    let mut parameters: Map<String, Value> = now
        .parameters
        .into_iter()
        .filter(|(name, _)| !update.clear.contains(name) && template.parameter(name).is_some())
        .collect();
    let mut environment = now.environment;
    if let Some(given) = &update.environment {
        for (name, value) in given.parameters() {
            parameters.insert(name.clone(), value.value.clone());
        }
        environment = environment.overlaid(&given.with_parameters([]));
    }
    parameters.extend(update.parameters.iter().map(|(name, value)| (name.clone(), value.clone())));
    let files = match &update.files {
        Some(files) => now.files.with(files),
        None => now.files,
    };
    Ok(Content { template, environment, files, parameters })
}
