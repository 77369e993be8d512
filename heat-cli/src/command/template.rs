//! `heat template …`: nothing here needs a store or a cloud.

use super::{Outcome, format, mend};
use crate::arguments::{
    FunctionCommand, GlobalArguments, GraphTemplate, TemplateCommand, TemplateFiles, TemplateSchema,
    ValidateTemplate, VersionCommand,
};
use crate::error::{CliError, Result};
use crate::input::{self, Given, Loaded};
use crate::output::{Answer, Format};
use crate::replaced_file;
use crate::report;
use crate::session::full_registry;
use heat_engine::graph::Graph;
use heat_template::Definition;
use heat_template::dialect::{Dialect, Dialects};
use heat_template::render;
use serde_json::{Value, json};

/// A graph with more resources is no help to anybody.
const MOST_NODES: usize = 10_000;

/// Runs a command about templates.
pub(super) fn run(global: &GlobalArguments, command: &TemplateCommand) -> Result<Outcome> {
    match command {
        TemplateCommand::Validate(arguments) => validate(global, arguments),
        TemplateCommand::Format(arguments) => format::run(arguments),
        TemplateCommand::Schema(arguments) => schema(arguments).map(Outcome::from),
        TemplateCommand::Graph(arguments) => graph(global, arguments).map(Outcome::from),
        TemplateCommand::Version(VersionCommand::List) => Ok(versions().into()),
        TemplateCommand::Function(FunctionCommand::List { version, with_conditions }) => {
            functions(version, *with_conditions).map(Outcome::from)
        }
    }
}

fn checked(global: &GlobalArguments, files: &TemplateFiles) -> Result<(Loaded, Option<Definition>)> {
    checked_over(global, files, &input::Overlay::new())
}

/// What the command is given.
pub(super) fn given<'a>(global: &GlobalArguments, files: &'a TemplateFiles) -> Result<Given<'a>> {
    Ok(Given {
        template: Some(&files.template),
        environments: &files.environments,
        allowed: &files.allowed,
        environment_dir: input::global_folder(global),
        parameters: input::parameters(&files.parameters, std::iter::empty())?,
    })
}

/// Reads and checks, with these texts in place of those on the disk.
pub(super) fn checked_over(
    global: &GlobalArguments,
    files: &TemplateFiles,
    overlay: &input::Overlay,
) -> Result<(Loaded, Option<Definition>)> {
    let mut loaded = given(global, files)?.load_over(overlay)?;
    let definition = loaded.check(&full_registry(), false);
    Ok((loaded, definition))
}

fn validate(global: &GlobalArguments, arguments: &ValidateTemplate) -> Result<Outcome> {
    let files = &arguments.files;
    let (told, (mut loaded, definition)) = if arguments.fix {
        let mended = mend::run(global, arguments)?;
        (mended.told, (mended.loaded, mended.definition))
    } else {
        (String::new(), checked(global, files)?)
    };
    let failed = loaded.has_errors();
    if !told.is_empty() && (global.format.is_data() || global.format.is_report()) {
        // The answer is for a program.
        report::lines(&told);
    }
    let mut text = match global.format {
        Format::Sarif => {
            let version = env!("CARGO_PKG_VERSION");
            let log = render::sarif(&loaded.diagnostics, &loaded.sources, version);
            let text = serde_json::to_string_pretty(&log).map_err(std::io::Error::from)?;
            return Ok(validated(text, failed));
        }
        Format::Line => return Ok(validated(render::lines(&loaded.diagnostics, &loaded.sources), failed)),
        Format::Heat => return Ok(validated(render::heat(&loaded.diagnostics, &loaded.sources), failed)),
        // Data: the API's answer, or its error body.
        Format::Json | Format::Yaml => {
            let (Some(template), false) = (&loaded.template, failed) else { return Err(loaded.refused()) };
            let environment = loaded.environment.overlaid_with_parameters(&loaded.parameters);
            let mut data = template.validation_answer(&environment);
            if let Value::Object(fields) = &mut data {
                let diagnostics = render::json(&loaded.diagnostics, &loaded.sources);
                fields.insert("diagnostics".to_owned(), json!(diagnostics));
                if let Some(definition) = definition.filter(|_| arguments.show_nested) {
                    match loaded.nested_parameters(&definition, &full_registry()) {
                        Ok(nested) => {
                            fields.extend(nested.map(|nested| ("NestedParameters".to_owned(), nested)));
                        }
                        Err(too_many) => {
                            loaded.diagnostics.push(*too_many);
                            return Err(loaded.refused());
                        }
                    }
                }
            }
            return Ok(Answer::Text { text: String::new(), data }.into());
        }
        Format::Table if report::stdout_is_terminal() => {
            told + &report::text_for_stdout(&loaded.diagnostics, &loaded.sources)
        }
        _ => told + &render::lines(&loaded.diagnostics, &loaded.sources),
    };
    if let (Some(definition), false) = (definition, failed) {
        text += &format!(
            "{} is valid: {} of {} resources are enabled\n",
            files.template,
            definition.order().len(),
            definition.template().resources().len()
        );
    }
    Ok(validated(text, failed))
}

fn validated(text: String, failed: bool) -> Outcome {
    let answer = Answer::Text { text, data: Value::Null };
    Outcome { answer, failure: None, exit_code: if failed { 2 } else { 0 } }
}

fn schema(arguments: &TemplateSchema) -> Result<Answer> {
    let dialects = Dialects::default();
    let dialect = dialect_of(&dialects, &arguments.version)?;
    let schema = heat_template::json_schema::json_schema(dialect, &full_registry());
    let Some(path) = &arguments.output else {
        let text = serde_json::to_string_pretty(&schema).map_err(std::io::Error::from)?;
        return Ok(Answer::Text { text, data: schema });
    };
    let mut text = serde_json::to_string_pretty(&schema).map_err(std::io::Error::from)?;
    text.push('\n');
    replaced_file::replace(path, &text)
        .map_err(|error| CliError::Failed(format!("cannot write {}: {error}", path.display())))?;
    Ok(Answer::Nothing)
}

fn graph(global: &GlobalArguments, arguments: &GraphTemplate) -> Result<Answer> {
    let (loaded, definition) = checked(global, &arguments.files)?;
    let (Some(definition), false) = (definition, loaded.has_errors()) else { return Err(loaded.refused()) };
    let registry = full_registry();
    let inside = |definition: &Definition| loaded.nested_definitions(definition, &registry);
    let graph = Graph::of_definition(&definition, &inside, arguments.nested_depth, MOST_NODES);
    if graph.is_cut() {
        report::lines(&format!(
            "only {MOST_NODES} resources are drawn: some nested stacks are drawn as one resource\n"
        ));
    }
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

/// The dialect that a version names, with its key or without.
fn dialect_of<'d>(dialects: &'d Dialects, version: &str) -> Result<&'d Dialect> {
    let (key, version_name) = match version.split_once('.') {
        Some((key, version)) => (Some(key), version),
        None => (None, version),
    };
    let is_it = |dialect: &Dialect| {
        key.is_none_or(|key| key == dialect.version_key())
            && (dialect.version() == version_name || dialect.aliases().contains(&version_name))
    };
    dialects.iter().map(AsRef::as_ref).find(|dialect| is_it(dialect)).ok_or_else(|| {
        CliError::input(format!(
            "there is no template version {version}; `heat template version list` has them"
        ))
    })
}

fn functions(version: &str, with_conditions: bool) -> Result<Answer> {
    let dialects = Dialects::default();
    let dialect = dialect_of(&dialects, version)?;
    let objects = dialect.function_names(with_conditions).into_iter().map(|name| json!({"functions": name}));
    Ok(Answer::List { objects: objects.collect(), shown: &["functions"] })
}
