//! A text that provokes a code, and how it is brought to do so.

use crate::types::{self, Types};
use heat_template::definition::{Nesting, NestingLimits};
use heat_template::diagnostic::{Code, Diagnostic};
use heat_template::expression::AvailabilityZones;
use heat_template::render::{self, Terminal};
use heat_template::schema::GenericConstraints;
use heat_template::source::SourceMap;
use heat_template::yaml::{Limits, TextKind};
use heat_template::{Environment, Files, Inputs, NoResources, ParseOptions, Template};
use indexmap::IndexMap;
use serde_json::Value;

/// What is asked of the template.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    /// Whether it is valid, with all parameters given.
    Validate,
    /// The value of an output, before there are resources.
    Output(&'static str),
    /// Whether a stack with other values of the parameters may be changed to it.
    Update(Value),
    /// Whether a stack that was made from another template may be changed to it.
    Change(&'static str),
    /// Whether it can be read as a template that another one names.
    Attached,
}

/// A code with what provokes it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) code: Code,
    pub(crate) template: String,
    /// What the page shows where the text itself would be too long or has signs that nobody sees.
    pub(crate) shown: Option<&'static str>,
    pub(crate) environments: Vec<(&'static str, &'static str)>,
    /// Templates that come with it.
    pub(crate) attached: Vec<(&'static str, &'static str)>,
    /// Environments that the request names beside those that come with it.
    pub(crate) missing_environment: Option<&'static str>,
    pub(crate) parameters: Value,
    pub(crate) limits: Limits,
    pub(crate) nesting: NestingLimits,
    /// What the page says about how it is asked.
    pub(crate) note: &'static str,
    pub(crate) ask: Ask,
}

/// A template that provokes a code when it is validated.
pub(crate) fn case(code: Code, template: &str) -> Case {
    Case {
        code,
        template: template.trim_start_matches('\n').to_owned(),
        shown: None,
        environments: Vec::new(),
        attached: Vec::new(),
        missing_environment: None,
        parameters: Value::Null,
        limits: Limits::default(),
        nesting: NestingLimits::default(),
        note: "",
        ask: Ask::Validate,
    }
}

impl Case {
    pub(crate) fn shown(self, shown: &'static str) -> Self {
        Self { shown: Some(shown), ..self }
    }

    pub(crate) fn environment(mut self, name: &'static str, text: &'static str) -> Self {
        self.environments.push((name, text.trim_start_matches('\n')));
        self
    }

    pub(crate) fn attached(mut self, name: &'static str, text: &'static str) -> Self {
        self.attached.push((name, text.trim_start_matches('\n')));
        self
    }

    pub(crate) fn parameters(self, parameters: Value) -> Self {
        Self { parameters, ..self }
    }

    pub(crate) fn limits(self, limits: Limits, note: &'static str) -> Self {
        Self { limits, note, ..self }
    }

    pub(crate) fn nesting(self, nesting: NestingLimits, note: &'static str) -> Self {
        Self { nesting, note, ..self }
    }

    pub(crate) fn missing(self, name: &'static str, note: &'static str) -> Self {
        Self { missing_environment: Some(name), note, ..self }
    }

    pub(crate) fn ask(self, ask: Ask, note: &'static str) -> Self {
        Self { ask, note, ..self }
    }

    /// The diagnostic with the code.
    pub(crate) async fn found(&self) -> (Diagnostic, SourceMap) {
        let (all, sources) = self.all().await;
        let codes: Vec<_> = all.iter().map(|found| found.code.0).collect();
        let found = all.into_iter().find(|found| found.code == self.code);
        (found.unwrap_or_else(|| panic!("{} is not among {codes:?}", self.code)), sources)
    }

    /// How a terminal shows it.
    pub(crate) async fn told(&self) -> String {
        let (diagnostic, sources) = self.found().await;
        let text = render::terminal(&[diagnostic], &sources, Terminal { width: 100, ..Terminal::default() });
        // Without the line that counts.
        text.trim_end().rsplit_once('\n').map_or(String::new(), |(text, _)| text.trim_end().to_owned())
    }

    async fn all(&self) -> (Vec<Diagnostic>, SourceMap) {
        let mut sources = SourceMap::new();
        let kind =
            if matches!(self.ask, Ask::Attached) { TextKind::AttachedTemplate } else { TextKind::Template };
        let options = ParseOptions { limits: self.limits, kind, ..ParseOptions::default() };
        let parsed = Template::parse(&mut sources, "template.yaml", &self.template, &options);
        let mut found = parsed.diagnostics;
        let types = |name: &str| Some(parsed.value.as_ref()?.parameter(name)?.parameter_type);
        let names: Vec<String> = self
            .environments
            .iter()
            .map(|(name, _)| *name)
            .chain(self.missing_environment)
            .map(str::to_owned)
            .collect();
        let files: Files = self.environments.iter().copied().collect();
        let merged = Environment::merge_files(
            &mut sources,
            &IndexMap::new(),
            &names,
            &files,
            &types,
            &Limits::default(),
        );
        found.extend(merged.diagnostics);
        let Some(template) = parsed.value else { return (found, sources) };
        let attached: Files = self.attached.iter().copied().collect();
        sources.attach(&attached);
        let inputs = |parameters: &Value| Inputs {
            parameters: parameters.as_object().cloned().unwrap_or_default().into_iter().collect(),
            environment: merged.value.clone().unwrap_or_default(),
            files: attached.clone(),
            nesting: Nesting { limits: self.nesting, ..Nesting::default() },
            zones: AvailabilityZones::Nowhere,
            ..Inputs::default()
        };
        let types = Types::new();
        let validated = template.validate(&inputs(&self.parameters), &types, &GenericConstraints);
        found.extend(validated.diagnostics);
        match &self.ask {
            Ask::Validate | Ask::Attached => {}
            Ask::Output(name) => {
                let error = validated.value.unwrap().output(name, &NoResources).expect_err("no value");
                found.push(error.into_diagnostic());
            }
            Ask::Update(before) => {
                let before = template.define(&inputs(before), &GenericConstraints).value.unwrap();
                found.extend(validated.value.unwrap().changed_immutable_parameters(&before));
            }
            Ask::Change(before) => found.extend(types::change(&mut sources, before, template).await),
        }
        (found, sources)
    }
}
