//! The template of a nested stack, also where some of the values that it is made from are not known yet.

use super::places::place;
use super::{ChildRequest, CompositeError, CompositeType};
use crate::evaluated::Evaluated;
use crate::expression::Expression;
use crate::template::{ParseOptions, Template};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Stands for a value that is not known yet, while a template is made from it. Nobody writes this (it is of a private
/// area of Unicode), and nobody sees it.
const NOT_KNOWN: &str = "\u{f8ff}not known\u{f8ff}";

/// What a composite makes of its properties.
#[derive(Debug, Clone)]
pub struct Child {
    pub(crate) template: Made,
    pub(crate) parameters: IndexMap<String, Value>,
    /// What the type remembers until it is asked again: kept with the resource, sealed.
    pub memory: Option<Value>,
    /// Templates that the nested stack is brought to one after the other, before it is brought to the last one.
    pub stages: Vec<Stage>,
}

/// A template on the way, of a stack that changes in several steps (batches).
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The template: what `heat_template_version` says, resources, outputs.
    pub template: Value,
    /// How long to wait after it is reached, in seconds.
    pub pause: f64,
}

#[derive(Debug, Clone)]
pub(crate) enum Made {
    Read(Template),
    Generated(Value),
}

impl Child {
    /// A template that the type made, as a value.
    pub fn new(template: Value) -> Self {
        Self {
            template: Made::Generated(template),
            parameters: IndexMap::new(),
            memory: None,
            stages: Vec::new(),
        }
    }

    /// A template that was read from a text.
    pub fn of(template: Template) -> Self {
        Self { template: Made::Read(template), parameters: IndexMap::new(), memory: None, stages: Vec::new() }
    }

    /// The value of a parameter.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// What the type remembers until it is asked again.
    #[must_use]
    pub fn memory(mut self, memory: impl Into<Value>) -> Self {
        self.memory = Some(memory.into());
        self
    }

    /// Templates on the way.
    #[must_use]
    pub fn stages(mut self, stages: impl IntoIterator<Item = Stage>) -> Self {
        self.stages.extend(stages);
        self
    }

    /// The template, if the type made it.
    pub fn generated(&self) -> Option<&Value> {
        match &self.template {
            Made::Generated(value) => Some(value),
            Made::Read(_) => None,
        }
    }
}

/// A nested stack's template and parameters, ready to be defined.
#[derive(Debug, Clone)]
pub(crate) struct KnownChild {
    pub(crate) template: Template,
    pub(crate) parameters: IndexMap<String, Value>,
    /// Parameters whose values are not known yet.
    pub(crate) unknown: BTreeSet<String>,
    pub(crate) memory: Option<Value>,
    pub(crate) stages: Vec<Stage>,
}

/// Why there is no template.
#[derive(Debug)]
pub(crate) enum NotKnown {
    /// It hangs on values that are not known yet.
    Later,
    /// The properties are wrong.
    Wrong(CompositeError),
    /// The type made a text that is no template.
    NotATemplate(Vec<crate::diagnostic::Diagnostic>),
}

/// The nested stack for properties that may have holes.
///
/// A composite sees a mark in the place of each value that is not known. Where it puts the mark as a value, that value is
/// unknown in the nested stack; where it puts it elsewhere, or cannot work with it, the nested stack is not known.
/// `written` are the properties as they stand in the text around.
pub(crate) fn child_of(
    composite: &dyn CompositeType,
    properties: &IndexMap<String, Evaluated>,
    written: Option<&Expression>,
    request: ChildRequest<'_>,
    options: &ParseOptions,
) -> Result<KnownChild, NotKnown> {
    let holes = properties.values().any(|value| !value.is_known());
    let marked: Map<String, Value> =
        properties.iter().map(|(name, value)| (name.clone(), mark(value))).collect();
    let child = match composite.child(&ChildRequest { properties: &marked, ..request }) {
        Ok(child) => child,
        Err(_) if holes => return Err(NotKnown::Later),
        Err(error) => return Err(NotKnown::Wrong(error)),
    };
    let mut unknown = BTreeSet::new();
    let mut parameters = child.parameters;
    if holes {
        parameters.retain(|name, value| {
            let known = !is_marked(value);
            if !known {
                unknown.insert(name.clone());
            }
            known
        });
    }
    let template = match child.template {
        Made::Read(template) => template,
        Made::Generated(mut value) => {
            if holes && is_marked(&value) {
                open_holes(&mut value)?;
                unknown.insert(NOT_KNOWN.to_owned());
            }
            let read = Template::generated(&value, options, &mut |root| {
                if let Some(written) = written {
                    place(root, composite, written);
                }
            });
            match read.value {
                Some(template) if !read.diagnostics.iter().any(crate::diagnostic::Diagnostic::is_error) => {
                    template
                }
                _ => return Err(NotKnown::NotATemplate(read.diagnostics)),
            }
        }
    };
    // Those on the way are made anew when everything is known.
    let stages = if holes { Vec::new() } else { child.stages };
    // So is what the type remembers.
    let memory = child.memory.filter(|memory| !holes || !is_marked(memory));
    Ok(KnownChild { template, parameters, unknown, memory, stages })
}

fn mark(value: &Evaluated) -> Value {
    match value {
        Evaluated::Known(value) => value.clone(),
        Evaluated::List(items) => items.iter().map(mark).collect(),
        Evaluated::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), mark(value))).collect(),
        Evaluated::Unknown(_) => NOT_KNOWN.into(),
    }
}

fn is_marked(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(NOT_KNOWN),
        Value::Array(items) => items.iter().any(is_marked),
        Value::Object(entries) => {
            entries.iter().any(|(key, value)| key.contains(NOT_KNOWN) || is_marked(value))
        }
        _ => false,
    }
}

/// Puts a parameter whose value is not known in the place of every mark.
fn open_holes(template: &mut Value) -> Result<(), NotKnown> {
    let Value::Object(sections) = template else { return Err(NotKnown::Later) };
    for (section, value) in sections.iter_mut() {
        match (section.as_str(), value) {
            ("resources", Value::Object(resources)) => {
                for resource in resources.values_mut() {
                    let Value::Object(fields) = resource else { return Err(NotKnown::Later) };
                    for (field, value) in fields.iter_mut() {
                        match field.as_str() {
                            "properties" | "metadata" => open(value)?,
                            _ if is_marked(value) => return Err(NotKnown::Later),
                            _ => {}
                        }
                    }
                }
                if resources.keys().any(|name| name.contains(NOT_KNOWN)) {
                    return Err(NotKnown::Later);
                }
            }
            ("outputs", value) => open(value)?,
            (_, value) if is_marked(value) => return Err(NotKnown::Later),
            _ => {}
        }
    }
    let parameters = sections.entry("parameters").or_insert_with(|| json!({}));
    if let Value::Object(parameters) = parameters {
        parameters.insert(NOT_KNOWN.to_owned(), json!({"type": "json"}));
    }
    Ok(())
}

fn open(value: &mut Value) -> Result<(), NotKnown> {
    match value {
        Value::String(text) if text.contains(NOT_KNOWN) => *value = json!({"get_param": NOT_KNOWN}),
        Value::Array(items) => items.iter_mut().try_for_each(open)?,
        Value::Object(entries) => {
            if entries.keys().any(|key| key.contains(NOT_KNOWN)) {
                return Err(NotKnown::Later);
            }
            entries.values_mut().try_for_each(open)?;
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_becomes_a_hole_where_a_value_stands_and_nothing_elsewhere() {
        let mut template = json!({
            "heat_template_version": "2015-04-30",
            "resources": {"0": {"type": "T", "properties": {"list": [1, format!("x{NOT_KNOWN}")], "fine": "f"}}},
        });
        open_holes(&mut template).unwrap();
        let properties = &template["resources"]["0"]["properties"];
        assert_eq!(properties["list"], json!([1, {"get_param": NOT_KNOWN}]));
        assert_eq!(properties["fine"], "f");
        assert!(template["parameters"].get(NOT_KNOWN).is_some());
        for elsewhere in [
            json!({"resources": {"0": {"type": NOT_KNOWN}}}),
            json!({"resources": {NOT_KNOWN: {"type": "T"}}}),
            json!({"resources": {"0": {"type": "T", "properties": {NOT_KNOWN: 1}}}}),
            json!({"parameters": {"p": {"type": NOT_KNOWN}}}),
        ] {
            assert!(open_holes(&mut elsewhere.clone()).is_err(), "{elsewhere}");
        }
    }
}
