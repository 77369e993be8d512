//! A template with its inputs: parameters checked, conditions decided, names resolved, the dependency graph drawn.

mod check;
mod conditions;
mod dependencies;
mod evaluate;
mod inputs;
mod lacking;
mod members;
mod names;
mod nested;
mod properties;
mod resource;
mod told;
mod update;

pub use check::NothingKnown;
pub use inputs::{Inputs, Nesting, NestingLimits};
pub use nested::{Composite, NestedDefinition, NestedError, NestedRequest};
pub use properties::translate;
pub use resource::{DefinedResource, DeletionPolicy};

use crate::checked::Checked;
use crate::diagnostic::{Diagnostic, Guess, codes, spell};
use crate::environment::Environment;
use crate::evaluated::Evaluated;
use crate::expression::{
    Allowance, AvailabilityZones, Conditions, Context, EvaluationError, Expression, Kind, NoResources, Reach,
    References, Scope, Used, Visited, join, walk,
};
use crate::parameter::{self, ParameterValues, PseudoParameters};
use crate::redaction::Redaction;
use crate::schema::{CustomConstraints, ResourceTypes};
use crate::template::{Files, Output, Resource, Template};
use indexmap::{IndexMap, IndexSet};
use names::Names;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// A template with its inputs. Immutable and cheap to clone; values of hidden parameters are not part of its `Debug`
/// output.
#[derive(Clone)]
pub struct Definition(Arc<Inner>);

pub(crate) struct Inner {
    template: Template,
    environment: Environment,
    files: Files,
    parameters: ParameterValues,
    conditions: Conditions,
    names: Names,
    /// Enabled resources in the order of the template.
    resources: IndexMap<String, Facts>,
    dependencies: IndexMap<String, IndexSet<String>>,
    /// Enabled resources, each after all that it depends on; empty if there is a circle.
    order: Vec<String>,
    enabled_outputs: HashSet<String>,
    /// Texts of hidden parameters.
    secrets: Redaction,
    nesting: Nesting,
    zones: AvailabilityZones,
    pseudo: PseudoParameters,
    /// A condition hangs on a value that is not known yet.
    undecided: bool,
    /// What it took to get here of what a check may use.
    used: Used,
}

/// What is known of an enabled resource beside its text.
pub(crate) struct Facts {
    /// Its place among all resources of the template.
    index: usize,
    deletion_policy: DeletionPolicy,
    external_id: Option<Box<crate::evaluated::Evaluated>>,
    references: References,
    /// The properties at the top that hang on other resources.
    waiting: Vec<Arc<str>>,
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition")
            .field("template", &self.0.template)
            .field("parameters", &self.0.parameters)
            .field("resources", &self.0.resources.keys())
            .finish_non_exhaustive()
    }
}

impl Template {
    /// Brings the template together with its inputs: checks the parameters, decides the conditions, resolves the names
    /// and draws the dependency graph.
    ///
    /// All problems are told at once. There is a definition even if there are errors, so that
    /// [`Definition::check`] can look for more; it must not be used otherwise then.
    pub fn define(&self, inputs: &Inputs, custom: &dyn CustomConstraints) -> Checked<Definition> {
        self.define_within(inputs, custom, &Allowance::of_check())
    }

    /// [`Template::define`] as part of a check, whose allowance grows by what the resources of this template add.
    fn define_within(
        &self,
        inputs: &Inputs,
        custom: &dyn CustomConstraints,
        allowance: &Allowance<'_>,
    ) -> Checked<Definition> {
        let mut diagnostics = Vec::new();
        allowance.grow(self.resources().len());
        let before = allowance.left();
        let mut inner = define(self, inputs, custom, allowance, &mut diagnostics);
        inner.used = before.without(allowance.left());
        let secrets = &inner.secrets;
        diagnostics.iter_mut().for_each(|diagnostic| diagnostic.redact(secrets));
        spell(&mut diagnostics, self.file(), self.written());
        Checked::new(Definition(Arc::new(inner)), unique(diagnostics))
    }

    /// [`Template::define`] and [`Definition::check`] in one, with all that they find.
    pub fn validate(
        &self,
        inputs: &Inputs,
        types: &dyn ResourceTypes,
        custom: &dyn CustomConstraints,
    ) -> Checked<Definition> {
        let mut defined = self.define(inputs, custom);
        if let Some(definition) = &defined.value {
            let found = definition.check(types, custom);
            defined.diagnostics = unique(defined.diagnostics.into_iter().chain(found).collect());
        }
        defined
    }
}

/// What stands in Heat's path between a nested stack and what is inside of it.
const NESTED: &str = ".resources.";

/// Leaves out what was found a second time: the same kind of problem at the same place. An error goes before a warning.
fn unique(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen = HashSet::new();
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    let (errors, warnings): (Vec<_>, Vec<_>) = diagnostics.into_iter().partition(Diagnostic::is_error);
    for diagnostic in errors.into_iter().chain(warnings) {
        let place = diagnostic.primary.as_ref().map(|label| label.span);
        let message = if place.is_none() { diagnostic.message.clone() } else { String::new() };
        // Members of a group may be written in the same place, or nowhere: then their resource is the place of all.
        let inside = if diagnostic.path.contains(NESTED) { diagnostic.path.clone() } else { String::new() };
        if seen.insert((diagnostic.code, place, message, inside)) {
            kept.push(diagnostic);
        }
    }
    kept
}

fn define(
    template: &Template,
    inputs: &Inputs,
    custom: &dyn CustomConstraints,
    allowance: &Allowance<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Inner {
    let inner = template.inner();
    let keys = inner.dialect.keys();
    let sources = parameter::Sources {
        request: &inputs.parameters,
        environment: inputs.environment.parameters(),
        defaults: inputs.environment.parameter_defaults(),
        pseudo: &inputs.pseudo,
        require: inputs.require_values,
        unknown: &inputs.nesting.unknown,
        hidden: &inputs.nesting.hidden,
        guessing: allowance.guessing(),
        patterns: allowance.patterns(),
    };
    let declared = |name: &str| inner.parameter_names.contains(name);
    let mut parameters =
        parameter::resolve(&inner.dialect, &inner.parameters, &declared, &sources, custom, diagnostics);
    inner.parameter_names.iter().for_each(|name| parameters.add_broken(name));
    let declared = Names::all_of(template);
    let conditions = conditions::decide(template, &parameters, &inputs.files, &declared, allowance);
    let context = Context {
        parameters: &parameters,
        conditions: &conditions,
        files: &inputs.files,
        mappings: Some(&inner.mappings),
        zones: &inputs.zones,
        enabled: &declared,
        scope: &NoResources,
        facade: inputs.nesting.facade.as_ref(),
        allowance: Some(allowance),
    };
    // First which resources there are, for what all others may refer to.
    let mut disabled = HashSet::new();
    let mut undecided = false;
    for resource in inner.resources.values() {
        let Some(condition) = &resource.condition else { continue };
        let path = [keys.resources, resource.name.as_str(), keys.condition];
        match decide(condition, &context, &path, diagnostics) {
            Truth::No => {
                disabled.insert(resource.name.clone());
            }
            Truth::NotKnownYet => undecided = true,
            Truth::Yes | Truth::Failed => {}
        }
    }
    let names = declared.clone().without(disabled);
    let context = Context { enabled: &names, ..context };
    let mut work = Work { template, context, diagnostics };
    work.conditions();
    let mut facts = IndexMap::with_capacity(inner.resources.len());
    for (index, resource) in inner.resources.values().enumerate() {
        if let Some(found) = work.resource(index, resource) {
            facts.insert(resource.name.clone(), found);
        }
    }
    let mut enabled_outputs = HashSet::new();
    for output in inner.outputs.values() {
        if work.output(output) {
            enabled_outputs.insert(output.name.clone());
        }
    }
    for name in
        inner.parameter_names.iter().map(String::as_str).chain(template.pseudo_names().iter().copied())
    {
        if let Some(resource) = inner.resources.get(name).filter(|_| names.is_there(name)) {
            let message = format!("duplicate name {name}: a parameter and a resource have it");
            let mut diagnostic = Diagnostic::error(codes::DUPLICATE_NAME, message).at(resource.span, "");
            if let Some(schema) = template.parameter(name) {
                diagnostic = diagnostic.label(schema.span, "the parameter");
            }
            diagnostics.push(diagnostic.path(join(&[keys.resources, name])));
        }
    }
    let dependencies = dependencies::draw(template, &names, &facts, allowance.guessing(), diagnostics);
    let order = dependencies::order(template, &dependencies, diagnostics);
    let secrets = parameters.secrets();
    Inner {
        template: template.clone(),
        environment: inputs.environment.clone(),
        files: inputs.files.clone(),
        parameters,
        conditions,
        names,
        resources: facts,
        dependencies,
        order,
        enabled_outputs,
        secrets,
        nesting: inputs.nesting.clone(),
        zones: inputs.zones.clone(),
        pseudo: inputs.pseudo.clone(),
        undecided,
        used: Used::default(),
    }
}

/// The truth of a condition of a resource or an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    Yes,
    No,
    /// It hangs on a value that is not known yet.
    NotKnownYet,
    /// It cannot be told, which is reported.
    Failed,
}

/// Evaluates the condition of a resource or an output.
fn decide(
    condition: &Expression,
    context: &Context<'_>,
    path: &[&str],
    diagnostics: &mut Vec<Diagnostic>,
) -> Truth {
    match context.condition(condition) {
        Ok(true) => Truth::Yes,
        Ok(false) => Truth::No,
        Err(error) if error.undecided => Truth::NotKnownYet,
        Err(error) => {
            diagnostics.push(error.within(&join(path)).into_diagnostic());
            Truth::Failed
        }
    }
}

struct Work<'a> {
    template: &'a Template,
    context: Context<'a>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Work<'_> {
    /// What Heat would stumble over while it parses an expression: wrong calls in branches that are taken, conditions
    /// of `if` that cannot be decided. Wrong calls elsewhere are warnings.
    ///
    /// With `references` what the branches that are taken need is added to them.
    fn parsed(
        &mut self,
        expression: &Expression,
        path: &[&str],
        reached: bool,
        mut references: Option<&mut References>,
    ) {
        if expression.is_constant() {
            return;
        }
        let mut taken: HashSet<*const Diagnostic> = HashSet::new();
        let context = self.context;
        let diagnostics = &mut *self.diagnostics;
        if reached {
            walk(expression, Reach::Taken(&context), path, &mut |visited| match visited {
                Visited::Invalid { diagnostic } => {
                    taken.insert(std::ptr::from_ref(diagnostic));
                    diagnostics.push(diagnostic.clone());
                }
                Visited::Call { function, span, trail } => {
                    if let Err(error) = function.choose(&context)
                        && !error.undecided
                    {
                        diagnostics.push(error.at(span).within(&trail.path()).into_diagnostic());
                    }
                    if let Some(references) = &mut references {
                        references.add(function, span, trail, &context);
                    }
                }
            });
        }
        if !self.template.inner().has_invalid_calls {
            return;
        }
        walk(expression, Reach::All, path, &mut |visited| {
            if let Visited::Invalid { diagnostic } = visited
                && !taken.contains(&std::ptr::from_ref(diagnostic))
            {
                diagnostics.push(unreached(diagnostic));
            }
        });
    }

    fn conditions(&mut self) {
        let section = self.template.dialect().keys().conditions;
        for condition in self.template.conditions() {
            self.parsed(&condition.expression, &[section, condition.name.as_str()], true, None);
            if let Some(Err(error)) = self.context.conditions.values.get(&condition.name)
                && !error.undecided
            {
                // Where the condition is used this is an error.
                let mut diagnostic = error.diagnostic().clone();
                diagnostic.severity = crate::diagnostic::Severity::Warning;
                self.diagnostics.push(diagnostic);
            }
        }
    }

    /// Everything about a resource; `None` if it is disabled.
    fn resource(&mut self, index: usize, resource: &Resource) -> Option<Facts> {
        let keys = self.template.dialect().keys();
        let name = resource.name.as_str();
        let fields = [
            (keys.deletion_policy, resource.deletion_policy()),
            (keys.update_policy, resource.update_policy()),
            (keys.external_id, resource.external_id()),
            (keys.condition, resource.condition()),
        ];
        let mut references = References::default();
        let mut waiting = Vec::new();
        let properties = resource.properties.as_ref();
        if let Some(Kind::Map { entries, .. }) = properties.map(Expression::kind) {
            for entry in entries.iter().filter(|entry| !entry.value.is_constant()) {
                let path = [keys.resources, name, keys.properties, &entry.key];
                let mut found = References::default();
                self.parsed(&entry.value, &path, true, Some(&mut found));
                if !found.resources.is_empty() {
                    waiting.push(entry.key.clone());
                }
                references.extend(found);
            }
        } else if let Some(properties) = properties {
            let path = [keys.resources, name, keys.properties];
            self.parsed(properties, &path, true, Some(&mut references));
        }
        if let Some(metadata) = &resource.metadata {
            let mut found = References::default();
            self.parsed(metadata, &[keys.resources, name, keys.metadata], true, Some(&mut found));
            references.extend(found);
        }
        for (key, expression) in fields {
            if let Some(expression) = expression {
                self.parsed(expression, &[keys.resources, name, key], true, None);
            }
        }
        // Heat resolves the policy while it parses, also that of a disabled resource.
        let deletion_policy = self.deletion_policy(resource, &[keys.resources, name, keys.deletion_policy]);
        if !self.context.enabled.is_enabled(&resource.name) {
            return None;
        }
        self.diagnostics.append(&mut references.failed);
        let mut external_id = None;
        if let Some(expression) = &resource.external_id {
            match expression.evaluate(&self.context) {
                // Null is as if it were not there.
                Ok(value) => {
                    external_id =
                        Some(value).filter(|value| *value != crate::evaluated::Evaluated::NULL).map(Box::new)
                }
                Err(error) => {
                    let path = join(&[keys.resources, name, keys.external_id]);
                    self.diagnostics.push(error.within(&path).into_diagnostic());
                }
            }
        }
        if external_id.is_some()
            && let Some(first) = resource.depends_on.first()
        {
            let message =
                format!("resource {} has an external_id and may not depend on others", resource.name);
            let diagnostic = Diagnostic::error(codes::DEPENDENCY_EXTERNAL, message).at(first.span, "");
            self.diagnostics.push(diagnostic.path(join(&[keys.resources, name, keys.depends_on])));
        }
        Some(Facts { index, deletion_policy, external_id, references, waiting })
    }

    fn deletion_policy(&mut self, resource: &Resource, path: &[&str]) -> DeletionPolicy {
        let Some(expression) = &resource.deletion_policy else { return DeletionPolicy::Delete };
        // It is resolved before there are resources, even in name.
        let value = match expression.evaluate(&self.context.with_scope(&NothingKnown)).map(Evaluated::settle)
        {
            Ok(Ok(value)) => value,
            Ok(Err(_)) => {
                let message = format!("the deletion policy of {} may not depend on resources", resource.name);
                let diagnostic = Diagnostic::error(codes::DELETION_POLICY, message).at(expression.span(), "");
                self.diagnostics.push(diagnostic.path(join(path)));
                return DeletionPolicy::Delete;
            }
            Err(error) => {
                self.diagnostics.push(error.within(&join(path)).into_diagnostic());
                return DeletionPolicy::Delete;
            }
        };
        if value.is_null() {
            return DeletionPolicy::Delete;
        }
        let dialect = self.template.dialect();
        let known = DeletionPolicy::ALL.into_iter().find(|policy| {
            let text = value.as_str().unwrap_or_default();
            text == policy.name() || (dialect.policies_in_lower_case() && text == policy.lower_case_name())
        });
        known.unwrap_or_else(|| {
            let shown = crate::python::str_of(&value);
            let message =
                format!("invalid deletion policy \"{shown}\": the policies are Delete, Retain, Snapshot");
            let diagnostic = Diagnostic::error(codes::DELETION_POLICY, message).at(expression.span(), "");
            let names = DeletionPolicy::ALL.iter().map(|policy| policy.name());
            let diagnostic = diagnostic.meant(Guess::word(&shown, names));
            self.diagnostics.push(diagnostic.path(join(path)));
            DeletionPolicy::Delete
        })
    }

    /// Whether an output is enabled; what is wrong with a disabled one are warnings.
    fn output(&mut self, output: &Output) -> bool {
        let keys = self.template.dialect().keys();
        let name = output.name.as_str();
        let mut enabled = true;
        if let Some(condition) = &output.condition {
            let path = [keys.outputs, name, keys.condition];
            self.parsed(condition, &path, true, None);
            enabled = decide(condition, &self.context, &path, self.diagnostics) != Truth::No;
        }
        self.parsed(&output.value, &[keys.outputs, name, keys.output_value], enabled, None);
        enabled
    }
}

/// A mistake in a branch that is not taken, or in a disabled output.
fn unreached(diagnostic: &Diagnostic) -> Diagnostic {
    let mut warning = diagnostic.clone();
    warning.severity = crate::diagnostic::Severity::Warning;
    warning.help.push("the conditions keep this from being used now".to_owned());
    warning
}

impl Definition {
    /// The template.
    pub fn template(&self) -> &Template {
        &self.0.template
    }

    /// The environment.
    pub fn environment(&self) -> &Environment {
        &self.0.environment
    }

    /// The files that came with the template.
    pub fn files(&self) -> &Files {
        &self.0.files
    }

    /// The parameters with their values, hidden ones marked.
    pub fn parameters(&self) -> &ParameterValues {
        &self.0.parameters
    }

    /// The conditions with their values.
    pub fn conditions(&self) -> &Conditions {
        &self.0.conditions
    }

    /// The enabled resources in the order of the template.
    pub fn resources(&self) -> impl Iterator<Item = DefinedResource<'_>> {
        self.0.resources.values().filter_map(|facts| self.with_text(facts))
    }

    /// The enabled resource of this name.
    pub fn resource(&self, name: &str) -> Option<DefinedResource<'_>> {
        self.with_text(self.0.resources.get(name)?)
    }

    fn with_text<'a>(&'a self, facts: &'a Facts) -> Option<DefinedResource<'a>> {
        let (_, resource) = self.0.template.inner().resources.get_index(facts.index)?;
        Some(DefinedResource { resource, facts })
    }

    /// For each enabled resource the names of those that it depends on directly, by `depends_on` or by reference.
    pub fn dependencies(&self) -> &IndexMap<String, IndexSet<String>> {
        &self.0.dependencies
    }

    /// The enabled resources in an order in which each comes after all that it depends on.
    pub fn order(&self) -> &[String] {
        &self.0.order
    }

    /// All outputs in the order of the template, the disabled ones (whose value is null) among them.
    pub fn outputs(&self) -> impl Iterator<Item = &Output> {
        self.0.template.inner().outputs.values()
    }

    /// Whether an output is there and not disabled.
    pub fn output_is_enabled(&self, name: &str) -> bool {
        self.0.enabled_outputs.contains(name)
    }

    /// Where the template stands in the tree of nested stacks.
    pub fn nesting(&self) -> &Nesting {
        &self.0.nesting
    }

    /// What `Fn::GetAZs` gives.
    pub fn zones(&self) -> &AvailabilityZones {
        &self.0.zones
    }

    /// What the stack is called.
    pub fn pseudo(&self) -> &PseudoParameters {
        &self.0.pseudo
    }

    /// Whether it is not known yet which resources there are: a condition hangs on a value that is not known.
    pub fn is_undecided(&self) -> bool {
        self.0.undecided
    }

    /// What expressions of this definition see, with these resources.
    pub fn context<'a>(&'a self, scope: &'a dyn Scope) -> Context<'a> {
        Context {
            parameters: &self.0.parameters,
            conditions: &self.0.conditions,
            files: &self.0.files,
            mappings: Some(self.0.template.mappings()),
            zones: &self.0.zones,
            enabled: &self.0.names,
            scope,
            facade: self.0.nesting.facade.as_ref(),
            allowance: None,
        }
    }

    /// A diagnostic about this definition that somebody else made, without the values of hidden parameters.
    #[must_use]
    pub fn redacted(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.redact(&self.0.secrets);
        diagnostic
    }

    /// Takes the values of hidden parameters out of an error.
    fn without_secrets(&self, error: EvaluationError) -> EvaluationError {
        let mut diagnostic = error.into_diagnostic();
        diagnostic.redact(&self.0.secrets);
        EvaluationError::compiled(diagnostic)
    }
}
