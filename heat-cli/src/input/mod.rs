//! Templates, environments, parameters and files, read from where the command line says.

mod collect;
mod location;

use crate::error::{CliError, Result};
use collect::Collector;
use heat_plugin_sdk::Registry;
use heat_template::diagnostic::Diagnostic;
use heat_template::environment::Environment;
use heat_template::schema::{CustomCheck, CustomConstraints, ResourceTypes};
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{Checked, Definition, Files, Inputs, ParseOptions, PseudoParameters, Template};
use indexmap::IndexMap;
use location::Location;
use serde_json::Value;
use std::path::PathBuf;

/// Everything that a stack is made from, as it was read: there may be errors among the diagnostics.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The texts that places are in.
    pub(crate) sources: SourceMap,
    /// The template, if one was given and could be read at all.
    pub(crate) template: Option<Template>,
    /// The environment, merged.
    pub(crate) environment: Environment,
    /// The files that templates and environments name.
    pub(crate) files: Files,
    /// Values of parameters.
    pub(crate) parameters: IndexMap<String, Value>,
    /// What was found while reading.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The name of the stack, if it has one.
    pub(crate) name: Option<String>,
}

/// Texts that stand for files, by the names that the command line gives the files.
pub(crate) type Overlay = IndexMap<String, String>;

/// Reads a template with its environments and everything that they name.
///
/// # Errors
/// A file cannot be read, or is named by a URL that needs a network.
pub(crate) fn load(
    template: Option<&str>,
    environments: &[String],
    parameters: IndexMap<String, Value>,
) -> Result<Loaded> {
    load_over(template, environments, parameters, &Overlay::new())
}

/// The text of a file that the command line names.
///
/// # Errors
/// It cannot be read, or is no text.
pub(crate) fn read(name: &str) -> Result<String> {
    Location::parse(name)?.read_text("file")
}

/// Writes a file that the command line names.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write(name: &str, text: &str) -> Result<()> {
    Location::parse(name)?.write(text)
}

/// [`load`], but for texts that are not what lies on the disk.
///
/// # Errors
/// A file cannot be read, or is named by a URL that needs a network.
pub(crate) fn load_over(
    template: Option<&str>,
    environments: &[String],
    parameters: IndexMap<String, Value>,
    overlay: &Overlay,
) -> Result<Loaded> {
    let read_text = |name: &str, location: &Location, what: &str| match overlay.get(name) {
        Some(text) => Ok(text.clone()),
        None => location.read_text(what),
    };
    let mut sources = SourceMap::new();
    let mut diagnostics = Vec::new();
    let mut collector = Collector::default();
    let mut parsed = None;
    if let Some(name) = template {
        let location = Location::parse(name)?;
        let text = read_text(name, &location, "template")?;
        let read = Template::parse(&mut sources, name, &text, &ParseOptions::default());
        diagnostics.extend(read.diagnostics);
        if let Some(template) = read.value {
            collector.template(template.file(), &text, &location, &mut diagnostics)?;
            parsed = Some(template);
        }
    }
    let mut texts = Vec::with_capacity(environments.len());
    for name in environments {
        let location = Location::parse(name)?;
        let text = read_text(name, &location, "environment")?;
        collector.environment(&text, &location)?;
        texts.push((name.clone(), text));
    }
    let types = |name: &str| Some(parsed.as_ref()?.parameter(name)?.parameter_type);
    let merged = Environment::merge_files(
        &mut sources,
        &IndexMap::new(),
        environments,
        &Files::from_iter(texts),
        &types,
        &Limits::default(),
    );
    diagnostics.extend(merged.diagnostics);
    let files = collector.into_files();
    sources.attach(&files);
    Ok(Loaded {
        sources,
        template: parsed,
        environment: merged.value.unwrap_or_default(),
        files,
        parameters,
        diagnostics,
        name: None,
    })
}

impl Loaded {
    /// Checks everything that can be checked without asking a service, and adds what is found. `complete`: every
    /// parameter must have a value.
    pub(crate) fn check(&mut self, registry: &Registry, complete: bool) -> Option<Definition> {
        let template = self.template.as_ref()?;
        let inputs = Inputs {
            parameters: self.parameters.clone(),
            environment: self.environment.clone(),
            files: self.files.clone(),
            pseudo: PseudoParameters {
                // Heat's word for a stack that is only thought of.
                stack_name: self.name.clone().unwrap_or_else(|| "dummy".to_owned()),
                ..PseudoParameters::default()
            },
            require_values: complete,
            ..Inputs::default()
        };
        let Checked { value, diagnostics } =
            template.validate(&inputs, registry as &dyn ResourceTypes, &LaterChecked(registry));
        for diagnostic in diagnostics {
            if !self.diagnostics.contains(&diagnostic) {
                self.diagnostics.push(diagnostic);
            }
        }
        value
    }

    /// The parameters of the templates inside.
    pub(crate) fn nested_parameters(
        &self,
        definition: &Definition,
        registry: &Registry,
    ) -> Result<Option<Value>, Box<Diagnostic>> {
        definition.nested_parameters(registry as &dyn ResourceTypes, &LaterChecked(registry))
    }

    /// Whether it cannot be used.
    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Everything that is wrong, if anything is.
    pub(crate) fn refused(self) -> CliError {
        CliError::Refused { diagnostics: self.diagnostics, sources: self.sources }
    }
}

/// The values of the parameters on the command line: texts, and lists where a name comes twice.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn parameters<'a>(
    given: &[(String, String)],
    files: impl Iterator<Item = (&'a str, PathBuf)>,
) -> Result<IndexMap<String, Value>> {
    let mut values: IndexMap<String, Value> = IndexMap::new();
    for (name, value) in given {
        let value = Value::from(value.as_str());
        match values.get_mut(name) {
            None => {
                values.insert(name.clone(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    for (name, path) in files {
        let text = std::fs::read_to_string(&path).map_err(|error| {
            CliError::input(format!("parameter {name}: cannot read {}: {error}", path.display()))
        })?;
        values.insert(name.to_owned(), Value::from(text));
    }
    Ok(values)
}

/// The custom constraints that plugins know: their answers come from services, later.
struct LaterChecked<'a>(&'a Registry);

impl CustomConstraints for LaterChecked<'_> {
    fn check(&self, name: &str, _: &Value) -> CustomCheck {
        if self.0.constraint(name).is_some() { CustomCheck::Deferred } else { CustomCheck::Unknown }
    }

    fn names(&self) -> Vec<String> {
        self.0.constraint_names().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_parameter_that_comes_twice_is_a_list() {
        let given = pairs(&[("a", "1"), ("b", "x"), ("a", "2"), ("a", "3")]);
        let values = parameters(&given, std::iter::empty()).unwrap();
        assert_eq!(values["a"], serde_json::json!(["1", "2", "3"]));
        assert_eq!(values["b"], "x");
    }

    #[test]
    fn a_parameter_comes_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pub");
        std::fs::write(&path, "ssh-rsa AAAA\n").unwrap();
        let values = parameters(&[], [("key", path)].into_iter()).unwrap();
        assert_eq!(values["key"], "ssh-rsa AAAA\n");
        let missing = parameters(&[], [("key", folder.path().join("none"))].into_iter()).unwrap_err();
        assert_eq!(missing.exit_code(), 2);
        assert!(missing.message().unwrap().contains("parameter key"));
    }

    #[test]
    fn a_later_environment_wins() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let template = write(
            "t.yaml",
            "heat_template_version: 2021-04-16\nparameters: {a: {type: string}, b: {type: string}}\n",
        );
        let first = write("a.yaml", "parameters: {a: one, b: two}\n");
        let second = write("b.yaml", "parameters: {a: three}\n");
        let loaded = load(Some(&template), &[first, second], IndexMap::new()).unwrap();
        assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
        assert_eq!(loaded.environment.parameters()["a"].value, "three");
        assert_eq!(loaded.environment.parameters()["b"].value, "two");
    }
}
