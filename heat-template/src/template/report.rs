//! What Heat's `POST /validate` answers.

use super::Template;
use crate::environment::Environment;
use crate::parameter::ParameterSchema;
use crate::python;
use crate::schema::ConstraintKind;
use serde_json::{Map, Value, json};

pub(super) fn validation_answer(template: &Template, environment: &Environment) -> Value {
    let parameters: Map<String, Value> = template
        .parameters()
        .iter()
        .map(|schema| (schema.name.clone(), Value::Object(parameter(schema, environment))))
        .collect();
    let mut answer = Map::new();
    answer.insert("Description".to_owned(), template.description());
    answer.insert("Parameters".to_owned(), Value::Object(parameters));
    if python::truthy(template.raw_parameter_groups()) {
        answer.insert("ParameterGroups".to_owned(), template.raw_parameter_groups().clone());
    }
    answer.insert("Environment".to_owned(), environment.to_value());
    Value::Object(answer)
}

/// What it says of one nested template: its type, its description and its parameters.
pub(crate) fn nested_answer(
    type_name: &str,
    template: &Template,
    environment: &Environment,
) -> Map<String, Value> {
    let parameters: Map<String, Value> = template
        .parameters()
        .iter()
        .map(|schema| (schema.name.clone(), Value::Object(parameter(schema, environment))))
        .collect();
    let mut answer = Map::new();
    answer.insert("Type".to_owned(), type_name.into());
    answer.insert("Description".to_owned(), template.description());
    answer.insert("Parameters".to_owned(), Value::Object(parameters));
    if python::truthy(template.raw_parameter_groups()) {
        answer.insert("ParameterGroups".to_owned(), template.raw_parameter_groups().clone());
    }
    answer
}

fn parameter(schema: &ParameterSchema, environment: &Environment) -> Map<String, Value> {
    let mut answer = Map::new();
    let mut put = |key: &str, value: Value| {
        answer.insert(key.to_owned(), value);
    };
    put("Type", schema.parameter_type.cfn_name().into());
    let description = schema.description.clone().filter(python::truthy);
    put("Description", description.unwrap_or_else(|| "".into()));
    put("NoEcho", if schema.hidden { "true" } else { "false" }.into());
    put("Label", schema.label());
    let default = environment.parameter_defaults().get(&schema.name).map(|given| given.value.clone());
    if let Some(default) = default.filter(|value| !value.is_null()).or_else(|| schema.default.clone()) {
        put("Default", default);
    }
    let value = environment.parameters().get(&schema.name).map(|given| given.value.clone());
    if let Some(value) = value.filter(python::truthy) {
        put("Value", value);
    }
    if !schema.tags.is_empty() {
        put("Tags", schema.tags.clone().into());
    }
    let mut descriptions = Vec::new();
    for constraint in &schema.constraints {
        match &constraint.kind {
            ConstraintKind::Length { min, max } => {
                min.iter().for_each(|min| put("MinLength", json!(min)));
                max.iter().for_each(|max| put("MaxLength", json!(max)));
            }
            ConstraintKind::Range { min, max } => {
                min.iter().for_each(|min| put("MinValue", Value::Number(min.clone())));
                max.iter().for_each(|max| put("MaxValue", Value::Number(max.clone())));
            }
            ConstraintKind::Modulo { step, offset } => {
                put("Step", Value::Number(step.clone()));
                put("Offset", Value::Number(offset.clone()));
            }
            ConstraintKind::AllowedValues(values) => put("AllowedValues", values.clone().into()),
            ConstraintKind::AllowedPattern(pattern) => put("AllowedPattern", pattern.clone().into()),
            ConstraintKind::CustomConstraint(name) => put("CustomConstraint", name.clone().into()),
        }
        descriptions.extend(constraint.description.clone());
    }
    if !descriptions.is_empty() {
        put("ConstraintDescription", descriptions.join(" ").into());
    }
    answer
}
