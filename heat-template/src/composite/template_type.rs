//! A template that stands for a resource type.

use super::{AttributeRequest, Child, ChildRequest, CompositeError, CompositeType, Inside};
use crate::evaluated::Evaluated;
use crate::expression::EvaluationError;
use crate::function::select_attribute;
use crate::parameter::{GivenValue, ParameterSchema, ParameterType};
use crate::python;
use crate::schema::{AttributeSchema, Children, PropertySchema, ResourceSchema, ValueType};
use crate::template::Template;
use indexmap::IndexMap;
use serde_json::Value;
use std::sync::Arc;

/// The output that tells the reference id.
pub(crate) const REFERENCE: &str = "OS::stack_id";

/// A template that stands for a resource type: its parameters are the properties, its outputs the attributes.
#[derive(Debug, Clone)]
pub struct TemplateType {
    template: Template,
    schema: Arc<ResourceSchema>,
}

impl TemplateType {
    /// The type under its name as it is written; `defaults` are the `parameter_defaults` of the environment.
    pub fn new(type_name: &str, template: &Template, defaults: &IndexMap<String, GivenValue>) -> Self {
        let properties = template
            .parameters()
            .iter()
            .map(|parameter| {
                let default = defaults.get(&parameter.name).map(|given| &given.value);
                (parameter.name.clone(), property(parameter, default))
            })
            .collect();
        let attributes = template
            .outputs()
            .values()
            .filter(|output| output.name() != REFERENCE)
            .map(|output| (output.name().to_owned(), AttributeSchema::new(None, output.description())))
            .collect();
        let schema = ResourceSchema {
            type_name: type_name.to_owned(),
            description: python::str_of(&template.description()),
            properties,
            attributes,
            // Heat finds only in the run that an output does not exist; the checks warn.
            open_attributes: true,
            ..ResourceSchema::default()
        };
        Self { template: template.clone(), schema: Arc::new(schema) }
    }

    /// The template.
    pub fn template(&self) -> &Template {
        &self.template
    }
}

fn property(parameter: &ParameterSchema, default: Option<&Value>) -> PropertySchema {
    // Null in the place of a default takes it away, as in Heat.
    let has_default = default.or(parameter.default.as_ref()).is_some_and(|default| !default.is_null());
    let mut schema = PropertySchema::new(parameter.parameter_type.value_type()).update_allowed();
    schema.description = parameter.description.as_ref().map(python::str_of).unwrap_or_default();
    // What is not given takes its default inside. A null that is given is the type's empty value, as in Heat.
    schema.required = !has_default;
    schema.constraints.clone_from(&parameter.constraints);
    schema.secret = parameter.hidden;
    schema.allow_conversion =
        matches!(parameter.parameter_type, ParameterType::Json | ParameterType::CommaDelimitedList);
    schema
}

impl CompositeType for TemplateType {
    fn schema(&self) -> Arc<ResourceSchema> {
        Arc::clone(&self.schema)
    }

    fn child(&self, request: &ChildRequest<'_>) -> Result<Child, CompositeError> {
        let mut child = Child::of(self.template.clone());
        for (name, value) in request.properties {
            let Some(schema) = self.schema.properties.get(name) else { continue };
            if !value.is_null() {
                child = child.parameter(name, as_parameter(name, schema, value)?);
            }
        }
        Ok(child)
    }

    fn attribute(&self, request: &AttributeRequest<'_>) -> Result<Option<Evaluated>, EvaluationError> {
        match request.inside.output(request.name) {
            Some(value) => Ok(Some(select_attribute(value?, request.path))),
            None => Ok(None),
        }
    }

    fn reference_id(&self, inside: &dyn Inside, _: &str, arn: &str) -> Evaluated {
        match inside.output(REFERENCE) {
            Some(Ok(Evaluated::Known(value))) if !value.is_null() => {
                Evaluated::Known(python::str_of(&value).into())
            }
            Some(Ok(unknown @ Evaluated::Unknown(_))) => unknown,
            _ => Evaluated::Known(arn.into()),
        }
    }
}

/// A list goes in as a text with commas, as in Heat: an item with a comma is two, and other things than texts are refused.
fn as_parameter(name: &str, schema: &PropertySchema, value: &Value) -> Result<Value, CompositeError> {
    let (ValueType::List, Value::Array(items)) = (schema.value_type, value) else { return Ok(value.clone()) };
    if items.first().is_some_and(Value::is_object) {
        let members = items.iter().enumerate().flat_map(|(at, item)| {
            let fields = item.as_object().into_iter().flatten();
            fields.map(move |(key, value)| format!(".member.{at}.{key}={}", python::str_of(value)))
        });
        return Ok(members.collect::<Vec<_>>().join(",").into());
    }
    let texts = items.iter().map(|item| match item {
        Value::String(text) => Ok(text.as_str()),
        Value::Null => Ok(""),
        other => Err(CompositeError::property(
            name,
            format!(
                "the list goes into the nested stack as a text with commas, so its items must be texts, not {}",
                python::str_of(other)
            ),
        )),
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join(",").into())
}

/// What a template lacks that takes the place of a type of a plugin; each in a sentence.
pub(crate) fn facade_problems(own: &ResourceSchema, facade: &ResourceSchema) -> Vec<String> {
    let name = &facade.type_name;
    let mut problems = Vec::new();
    for (property, wanted) in &facade.properties {
        match own.properties.get(property) {
            None if wanted.required => problems.push(format!(
                "the template in place of {name} lacks the parameter {property}, a required property of the type"
            )),
            Some(_) if wanted.value_type == ValueType::Any => problems.push(format!(
                "the property {property} of {name} takes anything, and no parameter of a template does"
            )),
            Some(found) if found.value_type != allowed(wanted) => problems.push(format!(
                "the parameter {property} of the template in place of {name} is a {}, the property a {}",
                found.value_type.name(),
                wanted.value_type.name()
            )),
            _ => {}
        }
    }
    for (property, _) in own.properties.iter().filter(|(_, schema)| schema.required) {
        if !facade.properties.contains_key(property) {
            problems.push(format!(
                "the template in place of {name} requires the parameter {property}, which is no property of the type"
            ));
        }
    }
    for attribute in facade.attributes.keys().filter(|name| !own.attributes.contains_key(*name)) {
        problems.push(format!(
            "the template in place of {name} lacks the output {attribute}, an attribute of the type"
        ));
    }
    problems
}

/// The type that a parameter has which stands for such a property.
fn allowed(schema: &PropertySchema) -> ValueType {
    match (schema.value_type, &schema.children) {
        (ValueType::Integer, _) => ValueType::Number,
        (other, Children::Free | Children::Item(_) | Children::Fields(_)) => other,
    }
}
