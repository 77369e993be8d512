//! `heat template …`: nothing here needs a store or a cloud.

use super::Outcome;
use crate::arguments::{FunctionCommand, GlobalArguments, TemplateCommand, TemplateFiles, VersionCommand};
use crate::error::{CliError, Result};
use crate::input::{self, Loaded};
use crate::output::{Answer, Format};
use crate::report;
use crate::session::full_registry;
use heat_engine::graph::Graph;
use heat_template::Definition;
use heat_template::dialect::{Dialect, Dialects};
use heat_template::render;
use serde_json::{Value, json};

/// Runs a command about templates.
pub(super) fn run(global: &GlobalArguments, command: &TemplateCommand) -> Result<Outcome> {
    match command {
        TemplateCommand::Validate { files, show_nested } => validate(global, files, *show_nested),
        TemplateCommand::Graph(files) => graph(global, files).map(Outcome::from),
        TemplateCommand::Version(VersionCommand::List) => Ok(versions().into()),
        TemplateCommand::Function(FunctionCommand::List { version, with_conditions }) => {
            functions(version, *with_conditions).map(Outcome::from)
        }
    }
}

fn checked(files: &TemplateFiles) -> Result<(Loaded, Option<Definition>)> {
    let parameters = input::parameters(&files.parameters, std::iter::empty())?;
    let mut loaded = input::load(Some(&files.template), &files.environments, parameters)?;
    let definition = loaded.check(&full_registry(), false);
    Ok((loaded, definition))
}

fn validate(global: &GlobalArguments, files: &TemplateFiles, show_nested: bool) -> Result<Outcome> {
    let (loaded, definition) = checked(files)?;
    let failed = loaded.has_errors();
    let mut text = match global.format {
        // Data: the API's answer, or its error body.
        Format::Json | Format::Yaml => {
            let (Some(template), false) = (&loaded.template, failed) else { return Err(loaded.refused()) };
            let mut data = template.validation_answer(&loaded.environment);
            if let Value::Object(fields) = &mut data {
                let diagnostics = render::json(&loaded.diagnostics, &loaded.sources);
                fields.insert("diagnostics".to_owned(), json!(diagnostics));
                let nested = definition.filter(|_| show_nested);
                let nested =
                    nested.and_then(|definition| loaded.nested_parameters(&definition, &full_registry()));
                fields.extend(nested.map(|nested| ("NestedParameters".to_owned(), nested)));
            }
            return Ok(Answer::Text { text: String::new(), data }.into());
        }
        Format::Table if report::stdout_is_terminal() => {
            report::text_for_stdout(&loaded.diagnostics, &loaded.sources)
        }
        _ => render::lines(&loaded.diagnostics, &loaded.sources),
    };
    if let (Some(definition), false) = (definition, failed) {
        text += &format!(
            "{} is valid: {} of {} resources are enabled\n",
            files.template,
            definition.order().len(),
            definition.template().resources().len()
        );
    }
    let answer = Answer::Text { text, data: Value::Null };
    Ok(Outcome { answer, failure: None, exit_code: if failed { 2 } else { 0 } })
}

fn graph(global: &GlobalArguments, files: &TemplateFiles) -> Result<Answer> {
    let (loaded, definition) = checked(files)?;
    let (Some(definition), false) = (definition, loaded.has_errors()) else { return Err(loaded.refused()) };
    let graph = Graph::of_dependencies(definition.dependencies());
    let data = json!(graph);
    let text = match global.format {
        Format::Dot => graph.to_dot(),
        Format::Mermaid => graph.to_mermaid(),
        Format::Svg => graph.to_svg(),
        _ => graph.to_text(),
    };
    Ok(Answer::Text { text, data })
}

fn versions() -> Answer {
    let versions = Dialects::default();
    let objects = versions.iter().map(|dialect| {
        json!({
            "version": format!("{}.{}", dialect.version_key(), dialect.version()),
            "type": if dialect.version_key() == "heat_template_version" { "hot" } else { "cfn" },
            "aliases": dialect.aliases(),
        })
    });
    Answer::List { objects: objects.collect(), shown: &["version", "type", "aliases"] }
}

fn functions(version: &str, with_conditions: bool) -> Result<Answer> {
    let dialects = Dialects::default();
    let (key, version_name) = match version.split_once('.') {
        Some((key, version)) => (Some(key), version),
        None => (None, version),
    };
    let is_it = |dialect: &Dialect| {
        key.is_none_or(|key| key == dialect.version_key())
            && (dialect.version() == version_name || dialect.aliases().contains(&version_name))
    };
    let Some(dialect) = dialects.iter().find(|dialect| is_it(dialect)) else {
        return Err(CliError::input(format!(
            "there is no template version {version}; `heat template version list` has them"
        )));
    };
    let objects = dialect.function_names(with_conditions).into_iter().map(|name| json!({"functions": name}));
    Ok(Answer::List { objects: objects.collect(), shown: &["functions"] })
}
