//! Template, environment, files and parameters on their way to the record and back.

use super::EngineError;
use super::request::{Content, Update};
use crate::record::{Desired, Owner, SourceHash, StackId, StackRecord};
use crate::run::Core;
use crate::store::Source;
use heat_template::expression::AvailabilityZones;
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{Environment, Files, ParseOptions, Template};
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The environment as it is kept: parameter values are kept apart, sealed where they are hidden.
fn environment_text(content: &Content) -> String {
    text_of(&content.environment)
}

fn text_of(environment: &Environment) -> String {
    let mut value = environment.to_value();
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
        files: hashes(&content.files),
        parameters,
        hidden: content
            .template
            .parameters()
            .iter()
            .filter(|schema| schema.hidden)
            .map(|schema| schema.name.clone())
            .collect(),
        secret: false,
        availability_zones: known(&content.zones),
    }
}

/// The availability zones of a record.
fn told(desired: &Desired) -> AvailabilityZones {
    desired.availability_zones.clone().map_or(AvailabilityZones::Nowhere, AvailabilityZones::Known)
}

/// The availability zones, for a record.
fn known(zones: &AvailabilityZones) -> Option<Vec<String>> {
    match zones {
        AvailabilityZones::Known(zones) => Some(zones.clone()),
        AvailabilityZones::NotAsked | AvailabilityZones::Nowhere => None,
    }
}

fn hashes(files: &Files) -> BTreeMap<String, SourceHash> {
    files.iter().map(|(name, text)| (name.to_owned(), SourceHash::of(text))).collect()
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

/// What a stack is made from, by texts that are at hand.
pub(super) fn from_texts(
    desired: &Desired,
    text: impl Fn(&SourceHash) -> Option<String>,
) -> Result<Content, EngineError> {
    let lost = |hash: &SourceHash| EngineError::LostSource { hash: hash.0.clone() };
    let read = |hash: &SourceHash| text(hash).ok_or_else(|| lost(hash));
    let Some(template) = &desired.template else {
        return Err(EngineError::LostSource { hash: "of the template".to_owned() });
    };
    let (limits, options) = (Limits::default(), ParseOptions::default());
    let environment = match &desired.environment {
        None => Environment::default(),
        Some(hash) => {
            let parsed = Environment::parse(&mut SourceMap::new(), "environment", &read(hash)?, &limits);
            parsed.value.ok_or_else(|| EngineError::from(parsed.diagnostics))?
        }
    };
    let mut files = Vec::with_capacity(desired.files.len());
    for (name, hash) in &desired.files {
        files.push((name.clone(), read(hash)?));
    }
    let parsed = Template::parse(&mut SourceMap::new(), "template", &read(template)?, &options);
    let Some(template) = parsed.value else { return Err(parsed.diagnostics.into()) };
    let parameters = desired.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let zones = told(desired);
    Ok(Content { template, environment, files: Files::from_iter(files), parameters, zones })
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
    let Surroundings { environment, files, zones } = match &stack.owner {
        Some(owner) => inherited(core, owner, |stack| stack.desired.clone()).await?,
        None => surroundings(core, desired).await?,
    };
    // What is inside of a nested stack is decided with it.
    let (environment, files) = (environment.over(&core.global), files.over(&core.global));
    let options = ParseOptions::default();
    let parsed = Template::parse(&mut sources, "template", &text(core, hash).await?, &options);
    let Some(template) = parsed.value else { return Err(parsed.diagnostics.into()) };
    let parameters = desired.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(Content { template, environment, files, parameters, zones })
}

/// Reads what a stack was made from, without what lies under it globally.
pub(super) async fn recorded_apart(core: &Core, desired: &Desired) -> Result<Content, EngineError> {
    let Some(hash) = &desired.template else {
        return Err(EngineError::LostSource { hash: "of the template".to_owned() });
    };
    let Surroundings { environment, files, zones } = surroundings(core, desired).await?;
    let options = ParseOptions::default();
    let parsed = Template::parse(&mut SourceMap::new(), "template", &text(core, hash).await?, &options);
    let Some(template) = parsed.value else { return Err(parsed.diagnostics.into()) };
    let parameters = desired.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(Content { template, environment, files, parameters, zones })
}

/// The environment of a stack; that of a nested one comes from outside.
pub(crate) async fn recorded_environment(
    core: &Core,
    stack: &StackRecord,
) -> Result<Environment, EngineError> {
    match &stack.owner {
        None => Ok(surroundings(core, &stack.desired).await?.environment),
        Some(owner) => Ok(inherited(core, owner, |stack| stack.desired.clone()).await?.environment),
    }
}

/// What an outermost stack shares with all that are inside of it.
struct Surroundings {
    environment: Environment,
    files: Files,
    zones: AvailabilityZones,
}

async fn surroundings(core: &Core, desired: &Desired) -> Result<Surroundings, EngineError> {
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
    let zones = told(desired);
    Ok(Surroundings { environment, files: Files::from_iter(files), zones })
}

/// A nested stack that becomes one of its own gets the environment and the files that it was made with. Gives the texts that
/// are to be written with its record.
pub(crate) async fn keep_surroundings(
    core: &Core,
    stack: &mut StackRecord,
) -> Result<Vec<Source>, EngineError> {
    let Some(owner) = &stack.owner else { return Ok(Vec::new()) };
    // An update that takes it out of the outermost stack may have taken its files, too.
    let made_with =
        |outer: &'_ StackRecord| outer.last_complete.clone().unwrap_or_else(|| outer.desired.clone());
    let Surroundings { environment, files, zones } = inherited(core, owner, made_with).await?;
    let environment = text_of(&environment);
    let (hash, names) = (SourceHash::of(&environment), hashes(&files));
    for desired in std::iter::once(&mut stack.desired).chain(&mut stack.last_complete) {
        desired.environment = Some(hash.clone());
        desired.files.clone_from(&names);
        desired.availability_zones = known(&zones);
    }
    // Its parameter defaults may be meant for hidden parameters of any template inside.
    let texts = files.iter().map(|(_, text)| Source::new(text));
    Ok(std::iter::once(Source::secret(environment)).chain(texts).collect())
}

/// Environment, files and availability zones of a nested stack, from what the outermost one is or was.
async fn inherited(
    core: &Core,
    owner: &Owner,
    of: impl Fn(&StackRecord) -> Desired,
) -> Result<Surroundings, EngineError> {
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
                let outermost = surroundings(core, &of(&stack)).await?;
                let environment =
                    way.iter().rev().fold(outermost.environment, |environment, (resource, type_name)| {
                        environment.child(resource, type_name)
                    });
                return Ok(Surroundings { environment, ..outermost });
            }
        }
    }
}

/// What a stack is made from after an update; the cloud was not asked for its availability zones yet.
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
            zones: AvailabilityZones::NotAsked,
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
    Ok(Content { template, environment, files, parameters, zones: AvailabilityZones::NotAsked })
}
