//! A template, read once into a typed tree.

mod files;
mod groups;
mod item;
mod read;
mod report;

pub use files::Files;
pub(crate) use files::{NamesIn, Written};
pub use groups::ParameterGroup;
pub use item::{ConditionDefinition, DependsOn, Output, Resource};
pub(crate) use report::nested_answer;

use crate::checked::Checked;
use crate::diagnostic::{self, Diagnostic, codes};
use crate::dialect::{Dialect, Dialects, Family};
use crate::parameter::ParameterSchema;
use crate::python;
use crate::source::{FileId, SourceMap};
use crate::yaml::{self, Limits, Node, TextKind};
use indexmap::{IndexMap, IndexSet};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// How templates are read.
#[derive(Debug, Clone)]
pub struct ParseOptions {
    /// The dialects that are known.
    pub dialects: Dialects,
    /// How much one text may hold.
    pub limits: Limits,
    /// Whether it is the template of a request or one of the attached files.
    pub kind: TextKind,
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self { dialects: Dialects::default(), limits: Limits::default(), kind: TextKind::Template }
    }
}

/// A template: immutable, cheap to clone, the same for all stacks that are made from it.
#[derive(Clone)]
pub struct Template(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) name: String,
    pub(crate) file: FileId,
    /// As it is written: places are in this.
    pub(crate) text: Arc<str>,
    /// As it is recorded, where names became addresses.
    pub(crate) sent: Option<Arc<str>>,
    pub(crate) dialect: Arc<Dialect>,
    pub(crate) description: Option<Value>,
    pub(crate) parameters: Vec<ParameterSchema>,
    /// All names in the section, those with a wrong declaration among them.
    pub(crate) parameter_names: IndexSet<String>,
    pub(crate) groups: Vec<ParameterGroup>,
    pub(crate) raw_groups: Value,
    pub(crate) mappings: Value,
    pub(crate) conditions: Vec<ConditionDefinition>,
    pub(crate) condition_names: IndexSet<String>,
    pub(crate) resources: IndexMap<String, Resource>,
    /// Resources with a wrong definition: references to them are no further problem.
    pub(crate) broken_resources: IndexSet<String>,
    pub(crate) outputs: IndexMap<String, Output>,
    /// How it was read: nested templates are read the same way.
    pub(crate) options: ParseOptions,
    /// Whether some call has wrong arguments.
    pub(crate) has_invalid_calls: bool,
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("name", &self.0.name)
            .field("version", &self.0.dialect.version())
            .field("resources", &self.0.resources.len())
            .finish_non_exhaustive()
    }
}

impl Template {
    /// Reads a template. `name` is its path or URL, for messages.
    ///
    /// Expressions with wrong arguments are no errors yet: whether they matter depends on the conditions, see
    /// [`Template::define`].
    pub fn parse(sources: &mut SourceMap, name: &str, text: &str, options: &ParseOptions) -> Checked<Self> {
        let text: Arc<str> = text.into();
        let file = sources.add(name, text.clone());
        Self::read(file, name, text, options)
    }

    /// Reads a template whose text has its place already.
    pub(crate) fn read(file: FileId, name: &str, text: Arc<str>, options: &ParseOptions) -> Checked<Self> {
        Self::read_written(file, name, &Written { name: String::new(), text, names: None }, None, options)
    }

    /// Reads a template in which names stand for addresses; `sent` is the text in which they are.
    pub(crate) fn read_written(
        file: FileId,
        name: &str,
        written: &Written,
        sent: Option<Arc<str>>,
        options: &ParseOptions,
    ) -> Checked<Self> {
        let text = written.text.clone();
        let mut read = yaml::read(file, &text, options.kind, &options.limits);
        if let (Some(root), Some(names)) = (&mut read.node, &written.names) {
            names.in_template(root);
        }
        // It would be recorded, and could not be read again.
        let too_long = sent.as_ref().and_then(|sent| yaml::length_problem(file, sent, &options.limits));
        read.diagnostics.extend(too_long.map(|problem| {
            problem.help("as JSON, which it is sent and recorded as; aliases are written out in it")
        }));
        Self::of_nodes(read, file, name, text, sent, options)
    }

    /// Makes a template of a text that is read into nodes.
    fn of_nodes(
        read: yaml::Read,
        file: FileId,
        name: &str,
        text: Arc<str>,
        sent: Option<Arc<str>>,
        options: &ParseOptions,
    ) -> Checked<Self> {
        let mut diagnostics = read.diagnostics;
        let Some(node) = read.node else { return Checked::failed(diagnostics) };
        if node.as_map().is_none() {
            let message = format!("a template must be a map, not {}", node.kind_name());
            diagnostics.push(Diagnostic::error(codes::NOT_A_MAP, message).at(node.span, ""));
            return Checked::failed(diagnostics);
        }
        let dialect = match options.dialects.select(&node) {
            Ok(dialect) => dialect,
            Err(problem) => {
                diagnostics.push(*problem);
                diagnostic::spell(&mut diagnostics, file, &text);
                return Checked::failed(diagnostics);
            }
        };
        let source = read::Source { name, file, text, sent, options: options.clone() };
        let inner = read::read(source, dialect, node, &mut diagnostics);
        diagnostic::spell(&mut diagnostics, file, &inner.text);
        Checked::new(Self(Arc::new(inner)), diagnostics)
    }

    /// Reads a template that came as a value, inside a request perhaps; places are those in its text as YAML.
    pub fn from_value(
        sources: &mut SourceMap,
        name: &str,
        value: &Value,
        options: &ParseOptions,
    ) -> Checked<Self> {
        Self::parse(sources, name, &yaml::emit(value), options)
    }

    /// Its path or URL.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its text in the source map that it was read with.
    pub fn file(&self) -> FileId {
        self.0.file
    }

    /// Its text, for storing it. Where names of files were collected, it has their addresses.
    pub fn text(&self) -> &str {
        self.0.sent.as_ref().unwrap_or(&self.0.text)
    }

    /// Its text as its author knows it.
    pub(crate) fn written(&self) -> &str {
        &self.0.text
    }

    /// The template as a value, as Heat's API shows it.
    pub fn to_value(&self) -> Value {
        // The text was read before within these limits, so it can be read again.
        let read = yaml::read(self.0.file, self.text(), TextKind::Template, &self.0.options.limits);
        read.node.map_or(Value::Null, |node| node.to_value())
    }

    /// Its dialect.
    pub fn dialect(&self) -> &Arc<Dialect> {
        &self.0.dialect
    }

    /// Its description; where there is none (or an empty one), Heat's text that says so. It need not be a text.
    pub fn description(&self) -> Value {
        match &self.0.description {
            Some(description) if python::truthy(description) => description.clone(),
            _ => Value::String("No description".to_owned()),
        }
    }

    /// Its parameters in their order.
    pub fn parameters(&self) -> &[ParameterSchema] {
        &self.0.parameters
    }

    /// The parameter with this name.
    pub fn parameter(&self, name: &str) -> Option<&ParameterSchema> {
        self.0.parameters.iter().find(|schema| schema.name == name)
    }

    /// Its groups of parameters.
    pub fn parameter_groups(&self) -> &[ParameterGroup] {
        &self.0.groups
    }

    /// Its conditions.
    pub fn conditions(&self) -> &[ConditionDefinition] {
        &self.0.conditions
    }

    /// `Mappings` of a CFN template, else an empty map.
    pub fn mappings(&self) -> &Value {
        &self.0.mappings
    }

    /// Its resources, the ones that conditions will disable among them.
    pub fn resources(&self) -> &IndexMap<String, Resource> {
        &self.0.resources
    }

    /// Its outputs, the ones that conditions will disable among them.
    pub fn outputs(&self) -> &IndexMap<String, Output> {
        &self.0.outputs
    }

    /// Reads a template that a composite type made: places in it mean nothing to people, but for those that `place`
    /// gives to parts that somebody wrote elsewhere.
    pub(crate) fn generated(
        value: &Value,
        options: &ParseOptions,
        place: &mut dyn FnMut(&mut Node),
    ) -> Checked<Self> {
        let options = ParseOptions { kind: TextKind::Template, ..options.clone() };
        let (file, text) = (FileId::GENERATED, Arc::<str>::from(yaml::emit(value)));
        let mut read = yaml::read(file, &text, options.kind, &options.limits);
        read.node.iter_mut().for_each(place);
        Self::of_nodes(read, file, "generated template", text, None, &options)
    }

    /// Whether a composite type made it.
    pub fn is_generated(&self) -> bool {
        self.0.file == FileId::GENERATED
    }

    /// Whether both are the same template, read once.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// What `POST /validate` of Heat's API answers about it.
    ///
    /// `environment` gives values and defaults, which are part of the answer.
    pub fn validation_answer(&self, environment: &crate::environment::Environment) -> Value {
        report::validation_answer(self, environment)
    }

    /// The names of the pseudo parameters that a template of this family always has.
    pub(crate) fn pseudo_names(&self) -> &'static [&'static str] {
        match self.0.dialect.family() {
            Family::Hot => &["OS::stack_id", "OS::project_id", "OS::stack_name"],
            Family::Cfn => &["AWS::StackId", "AWS::StackName", "AWS::Region"],
        }
    }
}
