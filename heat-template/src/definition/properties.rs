//! From properties as they are written to properties as they are used.

use super::{DefinedResource, Definition};
use crate::diagnostic::{Diagnostic, codes};
use crate::evaluated::Evaluated;
use crate::expression::{Context, Expression, Kind, MapEntry, Scope, Step, join};
use crate::schema::{Coercion, CustomConstraints, PropertyProblem, ResourceSchema, Translation};
use indexmap::IndexMap;
use std::borrow::Cow;
use std::collections::HashSet;

impl Definition {
    /// The properties of a resource as its type uses them: evaluated, translated, coerced, with defaults.
    ///
    /// What hangs on resources that do not exist yet stays unknown. Translations that resolve names are left to the
    /// plugin, which can ask its service.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, each with the place of the property.
    pub fn resolve_properties(
        &self,
        resource: &DefinedResource<'_>,
        scope: &dyn Scope,
        schema: &ResourceSchema,
        custom: &dyn CustomConstraints,
    ) -> Result<IndexMap<String, Evaluated>, Vec<Diagnostic>> {
        self.resolve_properties_in(resource, &self.context(scope), schema, custom)
    }

    pub(super) fn resolve_properties_in(
        &self,
        resource: &DefinedResource<'_>,
        context: &Context<'_>,
        schema: &ResourceSchema,
        custom: &dyn CustomConstraints,
    ) -> Result<IndexMap<String, Evaluated>, Vec<Diagnostic>> {
        let mut diagnostics = Vec::new();
        let values = self.properties_with(
            resource,
            context,
            schema,
            &Coercion::strict(custom).sharing(context.patterns()),
            &|_| false,
            &mut diagnostics,
        );
        diagnostics.iter_mut().for_each(|diagnostic| diagnostic.redact(&self.0.secrets));
        if diagnostics.iter().any(Diagnostic::is_error) { Err(diagnostics) } else { Ok(values) }
    }

    /// The same for any context; of properties for which `types_only` holds constraints are not checked.
    pub(super) fn properties_with(
        &self,
        resource: &DefinedResource<'_>,
        context: &Context<'_>,
        schema: &ResourceSchema,
        coercion: &Coercion<'_>,
        types_only: &dyn Fn(&str) -> bool,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> IndexMap<String, Evaluated> {
        let keys = self.template().dialect().keys();
        let path = [keys.resources, resource.name(), keys.properties];
        let expression = resource.properties();
        let (mut given, failed) = evaluate_entries(expression, &path, context, diagnostics);
        if schema.open_properties && schema.properties.is_empty() {
            return given;
        }
        for conflict in translate(&schema.translations, &mut given) {
            let steps: Vec<Step> = conflict.iter().map(|key| key.as_str().into()).collect();
            let message = format!(
                "the property {} and its replacement cannot be given at the same time",
                conflict.join(".")
            );
            diagnostics.push(
                Diagnostic::error(codes::PROPERTY_CONFLICT, message)
                    .at(place(resource, &steps, true), "")
                    .path(join(&path)),
            );
        }
        if let Some(description) = resource.description() {
            // Heat uses the text about the resource where the type has a description that can be updated.
            let wanted = schema.properties.get("description").is_some_and(|property| {
                property.update == crate::schema::UpdateMode::InPlace && property.default.is_none()
            });
            if wanted && !given.contains_key("description") {
                given.insert("description".to_owned(), Evaluated::Known(description.into()));
            }
        }
        let extra: IndexMap<String, Evaluated> = if schema.open_properties {
            let open =
                given.keys().filter(|key| !schema.properties.contains_key(*key)).cloned().collect::<Vec<_>>();
            open.into_iter().filter_map(|key| given.swap_remove_entry(&key)).collect()
        } else {
            IndexMap::new()
        };
        let (mut values, problems) = coercion.properties_with(&schema.properties, given, types_only);
        tell(problems, resource, &path, &failed, diagnostics);
        values.extend(extra);
        values
    }

    /// What Heat finds wrong with the properties while it validates, without making them: of those that hang on other
    /// resources no constraints are checked. `right` are those whose defaults are known to be right.
    pub(super) fn check_properties(
        &self,
        resource: &DefinedResource<'_>,
        context: &Context<'_>,
        schema: &ResourceSchema,
        coercion: &Coercion<'_>,
        right: &[bool],
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let waiting = &resource.facts.waiting;
        let types_only = &|name: &str| waiting.iter().any(|waiting| **waiting == *name);
        let entries = match resource.properties().map(Expression::kind) {
            Some(Kind::Map { entries, .. }) => entries,
            _ => &Vec::new(),
        };
        let plain =
            schema.translations.is_empty() && !schema.open_properties && resource.description().is_none();
        if !plain || (entries.is_empty() && resource.properties().is_some()) {
            self.properties_with(resource, context, schema, coercion, types_only, diagnostics);
            return;
        }
        let keys = self.template().dialect().keys();
        let path = [keys.resources, resource.name(), keys.properties];
        let mut given = Vec::with_capacity(entries.len());
        let mut failed = HashSet::new();
        for entry in entries {
            evaluate_entry(entry, &path, context, diagnostics, &mut failed, &mut |value| {
                given.push((Cow::Borrowed(&*entry.key), value));
            });
        }
        let problems = coercion.problems(&schema.properties, given.into_iter(), types_only, right);
        tell(problems, resource, &path, &failed, diagnostics);
    }
}

/// Problems with properties as diagnostics. What could not be evaluated counts as missing; that it is wrong has been told.
fn tell(
    problems: Vec<PropertyProblem>,
    resource: &DefinedResource<'_>,
    path: &[&str],
    failed: &HashSet<String>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for problem in problems {
        if problem.code == codes::PROPERTY_MISSING && is_about(&problem, failed) {
            continue;
        }
        let span = place(resource, &problem.path, problem.about_key);
        let mut diagnostic = problem_diagnostic(&problem, &join(path), span);
        if let Some(guess) = &mut diagnostic.guess {
            // It is there already, and was not given only because it has a problem of its own.
            guess.certain &= !(problem.path.len() == 1 && failed.contains(&guess.meant));
        }
        diagnostics.push(diagnostic);
    }
}

fn place(resource: &DefinedResource<'_>, path: &[Step], key: bool) -> crate::source::Span {
    match resource.properties() {
        Some(expression) => expression.locate(path, key),
        None => resource.span(),
    }
}

/// A problem of a property as a diagnostic; `path` leads to the properties.
pub(super) fn problem_diagnostic(
    problem: &PropertyProblem,
    path: &str,
    span: crate::source::Span,
) -> Diagnostic {
    let mut path = path.to_owned();
    // Heat tells an unknown or missing property at the map, not at the property.
    let steps = if problem.about_key {
        &problem.path[..problem.path.len().saturating_sub(1)]
    } else {
        &problem.path[..]
    };
    steps.iter().for_each(|step| step.push(&mut path));
    let diagnostic = Diagnostic::error(problem.code, problem.message.clone()).at(span, "").path(path);
    diagnostic.meant(problem.guess.clone())
}

fn is_about(problem: &PropertyProblem, failed: &HashSet<String>) -> bool {
    problem.path.is_empty()
        && failed.iter().any(|name| problem.message == format!("property {name} not assigned"))
}

/// Evaluates one property, and gives its value if it has one.
fn evaluate_entry(
    entry: &MapEntry,
    path: &[&str],
    context: &Context<'_>,
    diagnostics: &mut Vec<Diagnostic>,
    failed: &mut HashSet<String>,
    give: &mut dyn FnMut(Evaluated),
) {
    match entry.value.evaluate_nullable(context) {
        Ok(Some(value)) => give(value),
        // As if it were not written.
        Ok(None) => {}
        Err(error) => {
            let error = error.at(entry.value.span()).within(&entry.key).within(&join(path));
            diagnostics.push(error.into_diagnostic());
            failed.insert(String::from(&*entry.key));
        }
    }
}

/// Evaluates each property for itself, so that one that fails does not hide the others.
fn evaluate_entries(
    expression: Option<&Expression>,
    path: &[&str],
    context: &Context<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> (IndexMap<String, Evaluated>, HashSet<String>) {
    let mut given = IndexMap::new();
    let mut failed = HashSet::new();
    let Some(expression) = expression else { return (given, failed) };
    if let Kind::Map { entries, .. } = expression.kind() {
        for entry in entries {
            evaluate_entry(entry, path, context, diagnostics, &mut failed, &mut |value| {
                given.insert(String::from(&*entry.key), value);
            });
        }
        return (given, failed);
    }
    match expression.evaluate(context).map(Evaluated::into_map) {
        Ok(Ok(entries)) => given = entries,
        // Null, and what else Python finds empty, is as if nothing were given.
        Ok(Err(Evaluated::Known(value))) if !crate::python::truthy(&value) => {}
        Ok(Err(Evaluated::Unknown(_))) => {}
        Ok(Err(other)) => {
            let message =
                format!("properties must be a map, not {}", crate::python::repr(&other.to_value_lossy()));
            diagnostics.push(
                Diagnostic::error(codes::RESOURCE_SHAPE, message).at(expression.span(), "").path(join(path)),
            );
        }
        Err(error) => diagnostics.push(error.at(expression.span()).within(&join(path)).into_diagnostic()),
    }
    (given, failed)
}

/// Applies the rules that need no service: values move to other properties, are added to lists, or are dropped. Gives
/// the paths of properties that are given together with their replacement.
pub fn translate(rules: &[Translation], properties: &mut IndexMap<String, Evaluated>) -> Vec<Vec<String>> {
    let mut conflicts = Vec::new();
    if rules.is_empty() {
        return conflicts;
    }
    for rule in rules {
        match rule {
            Translation::Replace { from, to } => {
                let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
                let (Some(rest_from), Some(rest_to)) = (from.get(shared..), to.get(shared..)) else {
                    continue;
                };
                let mut conflict = false;
                within(properties, &from[..shared], &mut |container| {
                    conflict |= relocate(container, rest_from, rest_to);
                });
                if conflict {
                    conflicts.push(from.clone());
                }
            }
            Translation::Add { path, values } => {
                let Some((last, before)) = path.split_last() else { continue };
                within(properties, before, &mut |container| {
                    let list = container.swap_remove(last).unwrap_or(Evaluated::NULL);
                    let added = values.iter().cloned().map(Evaluated::Known);
                    let list = match list {
                        Evaluated::Known(serde_json::Value::Null) => Evaluated::list(added.collect()),
                        other => match other.into_list() {
                            Ok(mut items) => {
                                items.extend(added);
                                Evaluated::list(items)
                            }
                            Err(other) => other,
                        },
                    };
                    container.insert(last.clone(), list);
                });
            }
            Translation::Delete { path } => {
                let Some((last, before)) = path.split_last() else { continue };
                within(properties, before, &mut |container| {
                    container.shift_remove(last);
                });
            }
            // Somebody who can ask the service does this.
            Translation::Resolve { .. } => {}
        }
    }
    conflicts
}

/// Works on every map that a path leads to; a list on the way means each of its items.
fn within(
    properties: &mut IndexMap<String, Evaluated>,
    path: &[String],
    work: &mut dyn FnMut(&mut IndexMap<String, Evaluated>),
) {
    let Some((first, rest)) = path.split_first() else { return work(properties) };
    if let Some(value) = properties.get_mut(first) {
        let taken = std::mem::replace(value, Evaluated::NULL);
        *value = within_value(taken, rest, work);
    }
}

fn within_value(
    value: Evaluated,
    path: &[String],
    work: &mut dyn FnMut(&mut IndexMap<String, Evaluated>),
) -> Evaluated {
    match value.into_map() {
        Ok(mut entries) => {
            within(&mut entries, path, work);
            Evaluated::map(entries)
        }
        Err(other) => match other.into_list() {
            Ok(items) => {
                Evaluated::list(items.into_iter().map(|item| within_value(item, path, work)).collect())
            }
            Err(other) => other,
        },
    }
}

/// Moves a value from one place to another; true if both had one.
fn relocate(container: &mut IndexMap<String, Evaluated>, from: &[String], to: &[String]) -> bool {
    let (Some((last_from, before_from)), Some((last_to, before_to))) = (from.split_last(), to.split_last())
    else {
        return false;
    };
    let mut moved = None;
    within(container, before_from, &mut |inner| moved = inner.shift_remove(last_from).or(moved.take()));
    let Some(moved) = moved.filter(|value| *value != Evaluated::NULL) else { return false };
    let set = |value: &Evaluated| value.known().is_some_and(crate::python::truthy);
    let mut conflict = false;
    if let Some(first) = before_to.first()
        && !container.contains_key(first)
    {
        container.insert(first.clone(), Evaluated::map(IndexMap::new()));
    }
    within(container, before_to, &mut |inner| {
        conflict |= inner.get(last_to).is_some_and(|present| set(present) && set(&moved));
        inner.insert(last_to.clone(), moved.clone());
    });
    conflict
}
