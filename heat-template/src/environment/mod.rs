//! Environments: values of parameters, and what stands behind the types of resources.

mod global;
mod merge;
mod pattern;
mod registry;

pub use global::GlobalEnvironment;
pub use pattern::shell_match;
pub use registry::{Hook, Implementation, Registry, RestrictedAction};
pub(crate) use registry::{LONGEST_MAPPED, MOST_MAPPINGS, MOST_TRIES};

use crate::checked::Checked;
use crate::diagnostic::{Diagnostic, codes};
use crate::diagnostic::{Guess, spell};
use crate::parameter::GivenValue;
use crate::source::{FileId, SourceMap};
use crate::template::Written;
use crate::yaml::{self, Entry, Limits, Node, TextKind};
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Keys that templates begin with, and environments do not have.
const TEMPLATE_VERSIONS: [&str; 3] =
    ["heat_template_version", "HeatTemplateFormatVersion", "AWSTemplateFormatVersion"];

/// The sections that an environment can have.
const SECTIONS: [&str; 6] = [
    "parameters",
    "resource_registry",
    "parameter_defaults",
    "encrypted_param_names",
    "event_sinks",
    "parameter_merge_strategies",
];

/// The kinds of event sinks.
const EVENT_SINKS: [&str; 1] = ["zaqar-queue"];

/// An environment. Cheap to clone; values of parameters are not part of its `Debug` output.
#[derive(Debug, Clone, Default)]
pub struct Environment(Arc<Inner>);

#[derive(Debug, Clone, Default)]
struct Inner {
    parameters: IndexMap<String, GivenValue>,
    parameter_defaults: IndexMap<String, GivenValue>,
    registry: Registry,
    event_sinks: Vec<Value>,
    encrypted_param_names: Vec<Value>,
    merge_strategies: Map<String, Value>,
}

impl Environment {
    /// An empty environment.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an environment. `name` is its path or URL, for messages.
    pub fn parse(sources: &mut SourceMap, name: &str, text: &str, limits: &Limits) -> Checked<Self> {
        let written = Written { name: name.to_owned(), text: text.into(), names: None };
        Self::parse_written(sources, &written, limits)
    }

    /// Reads an environment in which names stand for addresses.
    pub(crate) fn parse_written(
        sources: &mut SourceMap,
        written: &Written,
        limits: &Limits,
    ) -> Checked<Self> {
        Self::parse_in(sources, written, limits).0
    }

    fn parse_in(sources: &mut SourceMap, written: &Written, limits: &Limits) -> (Checked<Self>, FileId) {
        let text = written.text.clone();
        let file = sources.add(written.name.clone(), text.clone());
        let mut read = yaml::read(file, &text, TextKind::Environment, limits);
        if let (Some(root), Some(names)) = (&mut read.node, &written.names) {
            names.in_environment(root);
        }
        let mut diagnostics = read.diagnostics;
        let Some(node) = read.node else { return (Checked::failed(diagnostics), file) };
        let inner = Reader { diagnostics: &mut diagnostics }.environment(&node);
        spell(&mut diagnostics, file, &text);
        let parsed = match inner {
            Some(inner) => Checked::new(Self(Arc::new(inner)), diagnostics),
            None => Checked::failed(diagnostics),
        };
        (parsed, file)
    }

    /// Reads an environment that came as a value, inside a request perhaps; places are those in its text as YAML.
    pub fn from_value(sources: &mut SourceMap, name: &str, value: &Value, limits: &Limits) -> Checked<Self> {
        Self::parse(sources, name, &yaml::emit(value), limits)
    }

    /// Values for the parameters of the root template.
    pub fn parameters(&self) -> &IndexMap<String, GivenValue> {
        &self.0.parameters
    }

    /// Defaults for the parameters of every template in the tree.
    pub fn parameter_defaults(&self) -> &IndexMap<String, GivenValue> {
        &self.0.parameter_defaults
    }

    /// What stands behind the types of resources.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// Where events are sent to.
    pub fn event_sinks(&self) -> &[Value] {
        &self.0.event_sinks
    }

    /// The environment as a value, as Heat's API shows it.
    pub fn to_value(&self) -> Value {
        let plain = |values: &IndexMap<String, GivenValue>| -> Map<String, Value> {
            values.iter().map(|(name, given)| (name.clone(), given.value.clone())).collect()
        };
        let mut value = Map::new();
        value.insert("resource_registry".to_owned(), self.0.registry.to_value());
        value.insert("parameters".to_owned(), plain(&self.0.parameters).into());
        value.insert("parameter_defaults".to_owned(), plain(&self.0.parameter_defaults).into());
        value.insert("event_sinks".to_owned(), self.0.event_sinks.clone().into());
        Value::Object(value)
    }

    /// The environment with other parameters.
    #[must_use]
    pub fn with_parameters(&self, parameters: impl IntoIterator<Item = (String, Value)>) -> Self {
        let mut inner = (*self.0).clone();
        inner.parameters =
            parameters.into_iter().map(|(name, value)| (name, GivenValue { value, span: None })).collect();
        Self(Arc::new(inner))
    }

    /// The environment as it may be shown: the values and defaults of these parameters are asterisks, as Heat shows those
    /// that are hidden.
    #[must_use]
    pub fn masked(&self, hidden: impl Fn(&str) -> bool) -> Self {
        let mut inner = (*self.0).clone();
        let values = inner.parameters.iter_mut().chain(&mut inner.parameter_defaults);
        for (_, given) in values.filter(|(name, _)| hidden(name)) {
            given.value = Value::from("******");
        }
        Self(Arc::new(inner))
    }

    /// The environment with the parameters of a request laid over its own, as Heat merges them.
    #[must_use]
    pub fn overlaid_with_parameters<'a>(
        &self,
        parameters: impl IntoIterator<Item = (&'a String, &'a Value)>,
    ) -> Self {
        let mut inner = (*self.0).clone();
        let given = |value: &Value| GivenValue { value: value.clone(), span: None };
        inner.parameters.extend(parameters.into_iter().map(|(name, value)| (name.clone(), given(value))));
        Self(Arc::new(inner))
    }

    /// The environment with another laid over it, as an update with the existing environment does it: entry by entry,
    /// the other one wins.
    #[must_use]
    pub fn overlaid(&self, over: &Self) -> Self {
        let mut inner = (*self.0).clone();
        inner.parameters.extend(over.0.parameters.clone());
        inner.parameter_defaults.extend(over.0.parameter_defaults.clone());
        inner.registry = inner.registry.overlaid(&over.0.registry);
        inner.event_sinks.extend(over.0.event_sinks.iter().cloned());
        Self(Arc::new(inner))
    }

    /// What a nested stack inherits, for the resource of the outer template that it belongs to and its type as it is
    /// written: everything but the parameters.
    #[must_use]
    pub fn child(&self, resource: &str, type_name: &str) -> Self {
        let registry = self.0.registry.child(resource, type_name);
        if self.0.parameters.is_empty() && registry == self.0.registry {
            return self.clone();
        }
        let mut inner = (*self.0).clone();
        inner.parameters = IndexMap::new();
        inner.registry = registry;
        Self(Arc::new(inner))
    }

    /// Whether both are the same environment, made once.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

struct Reader<'a> {
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn environment(&mut self, node: &Node) -> Option<Inner> {
        let Some(entries) = node.as_map() else {
            let message = format!("an environment must be a map, not {}", node.kind_name());
            self.diagnostics.push(Diagnostic::error(codes::ENVIRONMENT_SHAPE, message).at(node.span, ""));
            return None;
        };
        if let Some(version) = entries.iter().find(|entry| TEMPLATE_VERSIONS.contains(&&*entry.key)) {
            let message = "this is a template, not an environment";
            let diagnostic = Diagnostic::error(codes::ENVIRONMENT_SHAPE, message).at(version.key_span, "");
            self.diagnostics.push(diagnostic.help("a template is given by -t, environments by -e"));
            return None;
        }
        let mut inner = Inner::default();
        for entry in entries {
            let section = &*entry.key;
            if !SECTIONS.contains(&section) {
                let message = format!("an environment has no section \"{section}\"");
                let diagnostic =
                    Diagnostic::error(codes::ENVIRONMENT_SECTION, message).at(entry.key_span, "");
                let missing = |guess: &Guess| node.get(&guess.meant).is_none();
                let guess = Guess::word(section, SECTIONS);
                let guess = guess.map(|guess| Guess { certain: guess.certain && missing(&guess), ..guess });
                self.diagnostics.push(diagnostic.meant(guess));
                continue;
            }
            if entry.value.is_null() {
                let message = format!("the section \"{section}\" of the environment is empty");
                let diagnostic = Diagnostic::error(codes::ENVIRONMENT_EMPTY_SECTION, message);
                self.diagnostics.push(diagnostic.at(entry.key_span, "").help("write `{}` or leave it out"));
                continue;
            }
            match section {
                "parameters" => inner.parameters = self.values(entry),
                "parameter_defaults" => inner.parameter_defaults = self.values(entry),
                "resource_registry" => {
                    let entries = self.map(entry);
                    inner.registry = registry::read(entries, self.diagnostics);
                }
                "parameter_merge_strategies" => {
                    inner.merge_strategies = self
                        .map(entry)
                        .iter()
                        .map(|entry| (entry.key.to_string(), entry.value.to_value()))
                        .collect();
                }
                "event_sinks" => inner.event_sinks = self.sinks(entry),
                _ => inner.encrypted_param_names = self.encrypted(entry),
            }
        }
        Some(inner)
    }

    fn wrong_shape(&mut self, entry: &Entry, wants: &str) {
        let message =
            format!("the section \"{}\" must be {wants}, not {}", entry.key, entry.value.kind_name());
        self.diagnostics.push(Diagnostic::error(codes::ENVIRONMENT_SHAPE, message).at(entry.value.span, ""));
    }

    fn map<'n>(&mut self, entry: &'n Entry) -> &'n [Entry] {
        entry.value.as_map().unwrap_or_else(|| {
            self.wrong_shape(entry, "a map");
            &[]
        })
    }

    fn list(&mut self, entry: &Entry) -> Vec<Value> {
        match entry.value.as_list() {
            Some(items) => items.iter().map(Node::to_value).collect(),
            None => {
                self.wrong_shape(entry, "a list");
                Vec::new()
            }
        }
    }

    /// Where events go: each names one of the kinds that Heat knows.
    fn sinks(&mut self, entry: &Entry) -> Vec<Value> {
        let sinks = self.list(entry);
        for sink in entry.value.as_list().unwrap_or_default() {
            let kind = sink.get("type").and_then(Node::as_str);
            if kind.is_none_or(|kind| !EVENT_SINKS.contains(&kind)) {
                let message =
                    format!("an event sink is a map whose \"type\" is {}", EVENT_SINKS.join(" or "));
                self.diagnostics.push(Diagnostic::error(codes::ENVIRONMENT_SHAPE, message).at(sink.span, ""));
            }
        }
        sinks
    }

    /// The names of parameters that Heat has encrypted itself, which no user's environment can hold.
    fn encrypted(&mut self, entry: &Entry) -> Vec<Value> {
        let names = self.list(entry);
        if !names.is_empty() {
            let message = "\"encrypted_param_names\" is kept by Heat itself: no value here is encrypted";
            let diagnostic = Diagnostic::error(codes::ENVIRONMENT_SHAPE, message).at(entry.key_span, "");
            self.diagnostics.push(diagnostic.help("leave the section out"));
        }
        names
    }

    fn values(&mut self, entry: &Entry) -> IndexMap<String, GivenValue> {
        self.map(entry)
            .iter()
            .map(|entry| {
                let given = GivenValue { value: entry.value.to_value(), span: Some(entry.value.span) };
                (entry.key.to_string(), given)
            })
            .collect()
    }
}
