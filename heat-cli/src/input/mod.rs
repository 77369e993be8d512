//! Templates, environments, parameters and files, read from where the command line says.

mod global;
mod location;
mod source;
mod web;

use crate::arguments::Allowed;
use crate::error::{CliError, Result};
pub(crate) use global::{folder as global_folder, global_environment};
use heat_plugin_sdk::Registry;
use heat_template::collect::{CollectLimits, Collector};
use heat_template::diagnostic::{Code, Diagnostic, codes};
use heat_template::environment::Environment;
use heat_template::environment::GlobalEnvironment;
use heat_template::schema::{CustomCheck, CustomConstraints, ResourceTypes};
use heat_template::source::{FileId, SourceMap, Span};
use heat_template::yaml::Limits;
use heat_template::{Checked, Definition, Files, Inputs, ParseOptions, PseudoParameters, Template};
use indexmap::IndexMap;
use location::Location;
use serde_json::Value;
pub(crate) use source::Overlay;
use source::Texts;
use std::collections::HashMap;
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
    /// What lies under all environments.
    global: GlobalEnvironment,
    /// The addresses of template and environments, by the names that the user gives them.
    named: IndexMap<String, String>,
    /// The name of the stack, if it has one.
    pub(crate) name: Option<String>,
}

/// The text of a file that the command line names.
///
/// # Errors
/// It cannot be read, or is no text.
pub(crate) fn read(name: &str) -> Result<String> {
    Location::parse(name)?.read_text("file", CollectLimits::default().file_bytes)
}

/// Writes a file that the command line names.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write(name: &str, text: &str) -> Result<()> {
    Location::parse(name)?.write(text)
}

/// What a command is given.
pub(crate) struct Given<'a> {
    /// The template, by the name that the user gives it.
    pub(crate) template: Option<&'a str>,
    /// The environments likewise; a later one wins.
    pub(crate) environments: &'a [String],
    /// Where the files may lie that they name.
    pub(crate) allowed: &'a Allowed,
    /// The folder of global environments.
    pub(crate) environment_dir: Option<PathBuf>,
    /// Values of parameters.
    pub(crate) parameters: IndexMap<String, Value>,
}

impl Given<'_> {
    fn texts<'o>(&self, overlay: &'o Overlay) -> Result<Texts<'o>> {
        let names = self.template.into_iter().chain(self.environments.iter().map(String::as_str));
        Texts::new(names, self.allowed, overlay)
    }

    /// Writes a text that was read, by its address.
    ///
    /// # Errors
    /// It may not be read, or cannot be written.
    pub(crate) fn write(&self, address: &str, text: &str) -> Result<()> {
        self.texts(&Overlay::new())?.write(address, text)
    }

    /// Reads the template with its environments and everything that they name.
    ///
    /// # Errors
    /// The template or an environment cannot be read, or the template is empty.
    pub(crate) fn load(&self) -> Result<Loaded> {
        self.load_over(&Overlay::new())
    }

    /// [`load`](Self::load), but for texts that are not what lies on the disk.
    ///
    /// # Errors
    /// The template or an environment cannot be read, or the template is empty.
    pub(crate) fn load_over(&self, overlay: &Overlay) -> Result<Loaded> {
        let texts = self.texts(overlay)?;
        let mut collector = Collector::default();
        let mut environments = Vec::with_capacity(self.environments.len());
        let address = |name: &str| texts.address(name).unwrap_or_default().to_owned();
        if let Some(name) = self.template {
            collector.template(&address(name));
        }
        for name in self.environments {
            environments.push(address(name));
            collector.environment(&address(name));
        }
        let empty = texts.collect(&mut collector);
        let roots = self.template.into_iter().map(|name| (name, "template"));
        for (name, what) in roots.chain(self.environments.iter().map(|name| (name.as_str(), "environment"))) {
            if let Some(why) = collector.failure(&address(name)) {
                return Err(CliError::input(format!("cannot read the {what} {name}: {why}")));
            }
        }
        // That a version is missing in it, and all else, is no news; most likely it is another file that is meant. An
        // environment may be empty.
        if let Some(name) = self.template.filter(|name| empty.contains(&address(name))) {
            return Err(CliError::input(format!("the template {name} is empty")));
        }
        let mut sources = SourceMap::new();
        let collected = collector.finish(&mut sources, &ParseOptions::default());
        let mut diagnostics = collected.diagnostics;
        let types = |name: &str| Some(collected.template.as_ref()?.parameter(name)?.parameter_type);
        let merged = Environment::merge_files(
            &mut sources,
            &IndexMap::new(),
            &environments,
            &collected.environments,
            &types,
            &Limits::default(),
        );
        diagnostics.extend(merged.diagnostics);
        let (global, found) = global::read(self.environment_dir.as_deref(), &mut sources)?;
        diagnostics.extend(found);
        sources.attach(&collected.files.over(&global));
        Ok(Loaded {
            global,
            sources,
            template: collected.template,
            environment: merged.value.unwrap_or_default(),
            files: collected.files,
            parameters: self.parameters.clone(),
            diagnostics,
            named: texts.into_names(),
            name: None,
        })
    }
}

impl Loaded {
    /// Checks everything that can be checked without asking a service, and adds what is found. `complete`: every
    /// parameter must have a value.
    pub(crate) fn check(&mut self, registry: &Registry, complete: bool) -> Option<Definition> {
        let template = self.template.as_ref()?;
        let inputs = Inputs {
            parameters: self.parameters.clone(),
            environment: self.environment.over(&self.global),
            files: self.files.over(&self.global),
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
        // What could not be read was told of when it was looked for. Sorted by where they begin, so that those inside of a
        // place are found without looking at all.
        let mut unread: Vec<Span> = self.diagnostics.iter().filter_map(of_a_file).collect();
        unread.sort_unstable_by_key(|place| (place.file, place.start));
        let told = |diagnostic: &Diagnostic| {
            of_a_file(diagnostic).is_some_and(|at| {
                let first = unread.partition_point(|place| (place.file, place.start) < (at.file, at.start));
                let mut inside = unread[first..].iter();
                let within = |place: &&Span| place.file == at.file && place.start <= at.end;
                inside.by_ref().take_while(within).any(|place| place.end <= at.end)
            })
        };
        let place = |diagnostic: &Diagnostic| diagnostic.primary.as_ref().map(|label| label.span);
        let mut known: HashMap<(Code, Option<Span>), Vec<usize>> = HashMap::new();
        for (at, diagnostic) in self.diagnostics.iter().enumerate() {
            known.entry((diagnostic.code, place(diagnostic))).or_default().push(at);
        }
        for diagnostic in diagnostics {
            let same = known.get(&(diagnostic.code, place(&diagnostic)));
            let is_known = same.is_some_and(|same| same.iter().any(|at| self.diagnostics[*at] == diagnostic));
            if !is_known && !told(&diagnostic) {
                self.diagnostics.push(diagnostic);
            }
        }
        value
    }

    /// The address of a text; none of the operator's, which are not the user's to change.
    pub(crate) fn address(&self, file: FileId) -> Option<&str> {
        match self.sources.attached_as(file) {
            Some(address) => self.files.get(address).map(|_| address),
            None => self.named.get(self.sources.get(file)?.name()).map(String::as_str),
        }
    }

    /// The parameters of the templates inside.
    pub(crate) fn nested_parameters(
        &self,
        definition: &Definition,
        registry: &Registry,
    ) -> Result<Option<Value>, Box<Diagnostic>> {
        definition.nested_parameters(registry as &dyn ResourceTypes, &LaterChecked(registry))
    }

    /// The nested stacks of a definition, by resource.
    pub(crate) fn nested_definitions(
        &self,
        definition: &Definition,
        registry: &Registry,
    ) -> Vec<(String, Definition)> {
        definition.nested_definitions(registry as &dyn ResourceTypes, &LaterChecked(registry))
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

/// Where an error is about a file, or a template, that is not there.
fn of_a_file(diagnostic: &Diagnostic) -> Option<Span> {
    let codes = [codes::FILE_REFERENCE, codes::RESOURCE_TYPE_UNKNOWN];
    diagnostic.primary.as_ref().filter(|_| codes.contains(&diagnostic.code)).map(|label| label.span)
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

    fn load(template: Option<&str>, environments: &[String]) -> Result<Loaded> {
        let allowed = Allowed::default();
        Given {
            template,
            environments,
            allowed: &allowed,
            environment_dir: None,
            parameters: IndexMap::new(),
        }
        .load()
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
        let loaded = load(Some(&template), &[first, second]).unwrap();
        assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
        assert_eq!(loaded.environment.parameters()["a"].value, "three");
        assert_eq!(loaded.environment.parameters()["b"].value, "two");
    }
}
