//! Static checks against the schemas of resource types.
//!
//! Properties are evaluated twice. First as Heat does while it validates: reference ids are logical names, attributes are
//! null, and what fails then refuses the template. Then with both unknown: that finds what will fail later, and is told
//! as a warning, because Heat would begin to create such a stack.

use super::nested::{Checked, Composite};
use super::{DefinedResource, Definition, DeletionPolicy, unique};
use crate::diagnostic::{Diagnostic, Guess, Severity, codes, spell};
use crate::environment::Implementation;
use crate::evaluated::Evaluated;
use crate::expression::{
    Context, EvaluationError, Expression, NoResources, Reach, Scope, Step, Visited, join, walk,
};
use crate::function::Checking;
use crate::schema::{
    Coercion, CustomConstraints, ResourceSchema, ResourceTypes, SupportStatus, right_defaults,
};
use serde_json::Value;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// A stack of which nothing is known yet: reference ids and attributes are unknown.
#[derive(Debug, Clone, Copy, Default)]
pub struct NothingKnown;

impl Scope for NothingKnown {
    fn reference_id(&self, resource: &str) -> Evaluated {
        Evaluated::unknown(resource)
    }

    fn attribute(&self, resource: &str, _: &str, _: &[Value]) -> Result<Evaluated, EvaluationError> {
        Ok(Evaluated::unknown(resource))
    }

    fn all_attributes(&self, resource: &str) -> Result<Evaluated, EvaluationError> {
        Ok(Evaluated::unknown(resource))
    }
}

/// What stands behind the type of a resource.
pub(super) enum Found {
    Type(Arc<ResourceSchema>),
    /// A nested stack.
    Composite(Arc<ResourceSchema>, Composite),
    /// Something that was told to be wrong: nothing more is known.
    Nothing,
}

impl Definition {
    /// Checks everything that can be checked before anything runs: types of resources, names and values of properties,
    /// names of attributes, policies, the forms of functions.
    ///
    /// The checks go into nested stacks. What is wrong there has its place in the nested template, a second place where it
    /// is used, and Heat's path from the outermost template.
    pub fn check(&self, types: &dyn ResourceTypes, custom: &dyn CustomConstraints) -> Vec<Diagnostic> {
        let mut checked = Checked::default();
        checked.allowance.grow(self.template().resources().len());
        checked.allowance.spend(self.0.used);
        self.check_tree(types, custom, &mut checked)
    }

    pub(super) fn check_tree(
        &self,
        types: &dyn ResourceTypes,
        custom: &dyn CustomConstraints,
        checked: &mut Checked,
    ) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        let mut names: Option<Vec<String>> = None;
        // In the order of the resources.
        let found: Vec<Found> = self
            .resources()
            .map(|resource| self.behind(&resource, types, &mut names, checked, &mut diagnostics))
            .collect();
        let allowance = Rc::clone(&checked.allowance);
        let context = self.context(&NoResources).sharing(&allowance);
        let resource_type = |name: &str| match found.get(self.0.resources.get_index_of(name)?) {
            Some(Found::Type(schema) | Found::Composite(schema, _)) => Some(schema.clone()),
            _ => None,
        };
        let keys = self.template().dialect().keys();
        let mut defaults: HashMap<*const ResourceSchema, Vec<bool>> = HashMap::new();
        for (resource, behind) in self.resources().zip(&found) {
            let fields = [
                (keys.properties, resource.properties()),
                (keys.metadata, resource.metadata()),
                (keys.update_policy, resource.update_policy()),
                (keys.external_id, resource.resource().external_id()),
            ];
            for (key, expression) in fields {
                if let Some(expression) = expression {
                    let path = [keys.resources, resource.name(), key];
                    calls(expression, &path, &context, &resource_type, &mut diagnostics);
                }
            }
            let (Found::Type(schema) | Found::Composite(schema, _)) = behind else {
                // Without a schema, whatever can be found is.
                let unknown = self.context(&NothingKnown).sharing(&allowance);
                for (key, expression) in fields {
                    let Some(expression) = expression else { continue };
                    if let Err(error) = expression.evaluate(&unknown) {
                        let within = join(&[keys.resources, resource.name(), key]);
                        diagnostics.push(error.at(expression.span()).within(&within).into_diagnostic());
                    }
                }
                continue;
            };
            let right =
                defaults.entry(Arc::as_ptr(schema)).or_insert_with(|| right_defaults(&schema.properties));
            let before = diagnostics.len();
            self.check_resource(&resource, &context, schema, right, custom, &mut diagnostics);
            if let Found::Composite(_, composite) = behind
                && !diagnostics[before..].iter().any(Diagnostic::is_error)
            {
                self.check_nested(&resource, composite, types, custom, checked, &mut diagnostics);
            }
        }
        for output in self.outputs().filter(|output| self.output_is_enabled(output.name())) {
            let path = [keys.outputs, output.name(), keys.output_value];
            calls(output.value(), &path, &context, &resource_type, &mut diagnostics);
            // Heat evaluates an output only when it is asked for, so that a wrong one does not refuse the template.
            let unknown = self.context(&NothingKnown).sharing(&allowance);
            if let Err(error) = output.value().evaluate(&unknown) {
                let mut diagnostic = error.at(output.value().span()).within(&join(&path)).into_diagnostic();
                diagnostic.severity = Severity::Warning;
                diagnostics.push(diagnostic);
            }
        }
        self.check_members(&found, types, custom, &allowance, &mut diagnostics);
        diagnostics.iter_mut().for_each(|diagnostic| diagnostic.redact(&self.0.secrets));
        spell(&mut diagnostics, self.template().file(), self.template().written());
        unique(diagnostics)
    }

    fn behind(
        &self,
        resource: &DefinedResource<'_>,
        types: &dyn ResourceTypes,
        names: &mut Option<Vec<String>>,
        checked: &mut Checked,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Found {
        let keys = self.template().dialect().keys();
        let path = [keys.resources, resource.name(), keys.resource_type];
        let type_name = resource.type_name();
        let registry = self.environment().registry();
        match registry.resolve(type_name, resource.name(), types) {
            Ok(Some(Implementation::Type(schema))) => {
                let support = &schema.support;
                if support.status == SupportStatus::Deprecated {
                    let message = format!("the resource type {type_name} is deprecated");
                    let mut warning = Diagnostic::warning(codes::DEPRECATED, message);
                    warning.help.extend(support.message.clone());
                    diagnostics.push(warning.at(resource.resource().type_span(), "").path(join(&path)));
                }
                match types.composite(&schema.type_name) {
                    Some(composite) => Found::Composite(schema, Composite { composite, file: None }),
                    None => Found::Type(schema),
                }
            }
            Ok(Some(Implementation::Template(name))) => match types.resource_type(&name) {
                Some(schema) => Found::Type(schema),
                None if self.files().get(&name).is_some() => {
                    self.reading_problems(resource, &name, checked, diagnostics);
                    match self.composite(resource, types) {
                        Some(composite) => {
                            let schema = composite.composite.schema();
                            self.check_template_type(resource, &name, &schema, types, checked, diagnostics);
                            Found::Composite(schema, composite)
                        }
                        None => Found::Nothing,
                    }
                }
                None => {
                    let message =
                        format!("the template \"{name}\" behind resource type {type_name} is not attached");
                    let mut diagnostic = Diagnostic::error(codes::RESOURCE_TYPE_UNKNOWN, message);
                    let guess = Guess::name_within(&name, self.files().names(), checked.allowance.guessing());
                    diagnostic = diagnostic.meant(guess);
                    diagnostics.push(diagnostic.at(resource.resource().type_span(), "").path(join(&path)));
                    Found::Nothing
                }
            },
            Ok(None) => {
                let reason = types.why_unsupported(type_name);
                let message = match &reason {
                    Some(reason) => format!("the resource type {type_name} is not supported: {reason}"),
                    None => format!("the resource type {type_name} could not be found"),
                };
                let mut diagnostic = Diagnostic::error(codes::RESOURCE_TYPE_UNKNOWN, message);
                if type_name.ends_with(".yml") || type_name.ends_with(".json") {
                    diagnostic = diagnostic
                        .help("the name of a file that stands for a type ends in `.yaml` or `.template`");
                }
                if reason.is_none() {
                    let names = names.get_or_insert_with(|| types.type_names());
                    let known = names.iter().map(String::as_str).chain(registry.type_names());
                    let guessing = checked.allowance.guessing();
                    diagnostic = diagnostic.meant(Guess::word_within(type_name, known, guessing));
                }
                diagnostics.push(diagnostic.at(resource.resource().type_span(), "").path(join(&path)));
                Found::Nothing
            }
            Err(diagnostic) => {
                diagnostics.push(*diagnostic);
                Found::Nothing
            }
        }
    }

    fn check_resource(
        &self,
        resource: &DefinedResource<'_>,
        context: &Context<'_>,
        schema: &ResourceSchema,
        right: &[bool],
        custom: &dyn CustomConstraints,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let keys = self.template().dialect().keys();
        // Something that exists already is not checked by its properties.
        if resource.external_id().is_some() {
            return;
        }
        if resource.deletion_policy() == DeletionPolicy::Snapshot && !schema.snapshot_policy {
            let message = format!(
                "{} cannot be snapshotted: the deletion policy Snapshot is not possible",
                schema.type_name
            );
            let path = [keys.resources, resource.name(), keys.deletion_policy];
            let span = resource.resource().deletion_policy().map_or(resource.span(), Expression::span);
            diagnostics
                .push(Diagnostic::error(codes::DELETION_POLICY, message).at(span, "").path(join(&path)));
        }
        self.check_update_policy(resource, context, schema, custom, diagnostics);
        let coercion = Coercion::strict(custom).sharing(context.patterns());
        let before = diagnostics.len();
        self.check_properties(resource, context, schema, &coercion, right, diagnostics);
        let failed = diagnostics[before..].iter().any(Diagnostic::is_error);
        if !failed && !resource.facts.waiting.is_empty() {
            self.check_later(resource, &context.with_scope(&NothingKnown), schema, &coercion, diagnostics);
        }
    }

    /// What Heat would find only when the resource is created.
    fn check_later(
        &self,
        resource: &DefinedResource<'_>,
        unknown: &Context<'_>,
        schema: &ResourceSchema,
        coercion: &Coercion<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let waiting = &resource.facts.waiting;
        let mut later = Vec::new();
        if schema.translations.is_empty() {
            let keys = self.template().dialect().keys();
            let path = [keys.resources, resource.name(), keys.properties];
            for name in waiting {
                let value = resource.properties().and_then(|properties| properties.get(name));
                let (Some(expression), Some(property)) = (value, schema.properties.get(&**name)) else {
                    continue;
                };
                match expression.evaluate_nullable(unknown) {
                    Ok(Some(value)) => {
                        for mut problem in coercion.value(property, value).1 {
                            let span = expression.locate(&problem.path, problem.about_key);
                            problem.path.insert(0, Step::Key(name.clone()));
                            later.push(super::properties::problem_diagnostic(&problem, &join(&path), span));
                        }
                    }
                    Ok(None) => {}
                    Err(error) => {
                        let error = error.at(expression.span()).within(name).within(&join(&path));
                        later.push(error.into_diagnostic());
                    }
                }
            }
        } else {
            let known = |name: &str| !waiting.iter().any(|waiting| **waiting == *name);
            self.properties_with(resource, unknown, schema, coercion, &known, &mut later);
        }
        for mut diagnostic in later {
            diagnostic.severity = Severity::Warning;
            diagnostics.push(diagnostic);
        }
    }

    fn check_update_policy(
        &self,
        resource: &DefinedResource<'_>,
        context: &Context<'_>,
        schema: &ResourceSchema,
        custom: &dyn CustomConstraints,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let Some(expression) = resource.update_policy() else { return };
        let keys = self.template().dialect().keys();
        let path = [keys.resources, resource.name(), keys.update_policy];
        match self.evaluate_in(expression, &path, context).map(Evaluated::into_map) {
            Ok(Ok(given)) => {
                let (_, problems) = Coercion::strict(custom)
                    .sharing(context.patterns())
                    .properties(&schema.update_policy, given);
                for problem in problems {
                    let span = expression.locate(&problem.path, problem.about_key);
                    let mut diagnostic = super::properties::problem_diagnostic(&problem, &join(&path), span);
                    diagnostic.code = codes::UPDATE_POLICY;
                    diagnostics.push(diagnostic);
                }
            }
            Ok(Err(_)) => {}
            Err(error) => diagnostics.push(error.into_diagnostic()),
        }
    }
}

/// Lets every call in reach tell what is wrong with it.
fn calls(
    expression: &Expression,
    path: &[&str],
    context: &Context<'_>,
    resource_type: &dyn Fn(&str) -> Option<Arc<ResourceSchema>>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    walk(expression, Reach::Taken(context), path, &mut |visited| {
        if let Visited::Call { function, span, trail } = visited {
            let checking = Checking { context, resource_type, span, trail };
            function.check(&checking, &mut |diagnostic| diagnostics.push(diagnostic));
        }
    });
}
