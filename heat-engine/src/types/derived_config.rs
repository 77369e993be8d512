//! What a deployment makes of a configuration for one server and one action, and what it makes of the server's answer. Pure.

use heat_plugin_sdk::{Failure, Result, SoftwareConfiguration};
use heat_template::python::{str_of, truthy};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A deployment as it is kept with its resource. Its values may be secret.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Deployment {
    /// The operation that it was made by.
    pub(super) key: String,
    pub(crate) id: String,
    pub(crate) server: String,
    pub(crate) action: String,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) input_values: Value,
    #[serde(default)]
    pub(crate) output_values: Map<String, Value>,
    pub(crate) config: DerivedConfig,
    pub(crate) created: Timestamp,
    #[serde(default)]
    pub(crate) updated: Option<Timestamp>,
}

/// A configuration with the values for one server and one action.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DerivedConfig {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) config: Value,
    pub(crate) inputs: Vec<Value>,
    pub(crate) outputs: Vec<Value>,
    pub(crate) options: Value,
    pub(crate) created: Timestamp,
}

/// What every deployment tells, whatever its configuration says.
pub(super) const OUTPUTS: [&str; 3] = ["deploy_stdout", "deploy_stderr", "deploy_status_code"];

pub(super) const IN_PROGRESS: &str = "IN_PROGRESS";
pub(super) const COMPLETE: &str = "COMPLETE";
pub(super) const FAILED: &str = "FAILED";

/// For whom and what a configuration is derived.
pub(super) struct For<'a> {
    pub(super) server: &'a str,
    pub(super) action: &'a str,
    pub(super) transport: &'a str,
    pub(super) input_values: Option<&'a Map<String, Value>>,
    pub(super) stack_path: String,
    pub(super) resource: &'a str,
}

/// Whether the configuration is for an action: a component says so itself, for the others the deployment does.
pub(super) fn concerns(config: &SoftwareConfiguration, action: &str, actions: &[String]) -> bool {
    if config.group != "component" {
        return actions.iter().any(|one| one == action);
    }
    let configs = config.config.get("configs").and_then(Value::as_array).into_iter().flatten();
    let mut named = configs.filter_map(|config| config.get("actions")?.as_array()).flatten();
    named.any(|one| one.as_str() == Some(action))
}

/// A field of an input or an output, without those that say nothing.
fn written(field: &Value) -> Map<String, Value> {
    let map = field.as_object().cloned().unwrap_or_default();
    map.into_iter()
        .filter(|(name, value)| !value.is_null() && (name != "replace_on_change" || truthy(value)))
        .collect()
}

fn name_of(field: &Value) -> &str {
    field.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// The inputs with their values: those that the configuration declares, then those that only the deployment has, then what
/// is known of the deployment itself.
pub(super) fn inputs(config: &SoftwareConfiguration, of: &For<'_>) -> Vec<Value> {
    let mut values = of.input_values.cloned().unwrap_or_default();
    let mut inputs = Vec::with_capacity(config.inputs.len() + values.len() + 5);
    for input in &config.inputs {
        let given = values.shift_remove(name_of(input));
        let value = given.unwrap_or_else(|| input.get("default").cloned().unwrap_or(Value::Null));
        let mut input = written(input);
        input.insert("value".to_owned(), value);
        inputs.push(Value::Object(input));
    }
    for (name, value) in values {
        inputs.push(json!({"name": name, "type": "String", "value": value}));
    }
    for (name, value, description) in [
        ("deploy_server_id", of.server, "ID of the server being deployed to"),
        ("deploy_action", of.action, "Name of the current action being deployed"),
        ("deploy_stack_id", of.stack_path.as_str(), "ID of the stack this deployment belongs to"),
        ("deploy_resource_name", of.resource, "Name of this deployment resource in the stack"),
        (
            "deploy_signal_transport",
            of.transport,
            "How the server should signal to heat with the deployment output values.",
        ),
    ] {
        inputs.push(json!({"name": name, "description": description, "type": "String", "value": value}));
    }
    inputs
}

/// The value of an input.
fn value_of<'a>(inputs: &'a [Value], name: &str) -> Option<&'a Value> {
    inputs.iter().find(|input| name_of(input) == name)?.get("value")
}

/// The first input with another value than before whose change takes a new deployment.
pub(super) fn replacing<'a>(before: &[Value], now: &'a [Value]) -> Option<&'a str> {
    let declared = now.iter().filter(|input| input.get("replace_on_change").is_some_and(truthy));
    declared
        .map(name_of)
        .find(|name| value_of(before, name).is_some_and(|old| Some(old) != value_of(now, name)))
}

/// How inputs are put into a structured configuration.
pub(super) struct Substitution<'a> {
    /// The key of the maps that stand for an input.
    pub(super) key: &'a str,
    /// Every input that is named must have a value.
    pub(super) strict: bool,
}

/// A structured configuration with the values of its inputs.
///
/// # Errors
/// An input that is named has no value, where each must have one.
pub(super) fn substituted(config: &Value, inputs: &[Value], with: &Substitution<'_>) -> Result<Value> {
    match config {
        Value::Object(map) => {
            if let (1, Some((key, Value::String(name)))) = (map.len(), map.iter().next())
                && key == with.key
            {
                return match value_of(inputs, name) {
                    Some(value) => Ok(value.clone()),
                    None if with.strict => {
                        Err(Failure::failed(format!("The Parameter ({name}) was not provided."))
                            .named("UserParameterMissing"))
                    }
                    None => Ok(Value::Null),
                };
            }
            let entry =
                |(key, value): (&String, &Value)| Ok((key.clone(), substituted(value, inputs, with)?));
            map.iter().map(entry).collect::<Result<Map<_, _>>>().map(Value::Object)
        }
        Value::Array(items) => {
            let items: Result<Vec<_>> = items.iter().map(|item| substituted(item, inputs, with)).collect();
            items.map(Value::Array)
        }
        other => Ok(other.clone()),
    }
}

/// What becomes of a deployment by the details of a signal, and what its event says; `None` where none is waited for.
pub(super) fn signalled(
    before: &Deployment,
    details: &Map<String, Value>,
    now: Timestamp,
) -> Option<(Deployment, String)> {
    if before.status != IN_PROGRESS {
        return None;
    }
    let mut next = before.clone();
    let mut reasons: Vec<(String, String)> = Vec::new();
    let id = &before.id;
    let mut told = format!("deployment {id} succeeded");
    let code = details.get("deploy_status_code").filter(|code| truthy(code) && str_of(code) != "0");
    if let Some(code) = code {
        let code = str_of(code);
        reasons.push((
            "deploy_status_code".to_owned(),
            format!("Deployment exited with non-zero status code: {code}"),
        ));
        told = format!("deployment {id} failed ({code})");
    }
    for output in &before.config.outputs {
        let name = name_of(output);
        let Some(value) = details.get(name) else { continue };
        next.output_values.insert(name.to_owned(), value.clone());
        if output.get("error_output").is_some_and(truthy) {
            reasons.retain(|(before, _)| before != name);
            reasons.push((name.to_owned(), str_of(value)));
            told = format!("deployment {id} failed");
        }
    }
    for name in OUTPUTS {
        next.output_values.insert(name.to_owned(), details.get(name).cloned().unwrap_or(Value::Null));
    }
    (next.status, next.reason) = match reasons.is_empty() {
        true => (COMPLETE.to_owned(), "Outputs received".to_owned()),
        false => {
            let reasons: Vec<_> = reasons.into_iter().map(|(name, why)| format!("{name} : {why}")).collect();
            (FAILED.to_owned(), reasons.join(", "))
        }
    };
    next.updated = Some(now);
    Some((next, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(group: &str, config: Value) -> SoftwareConfiguration {
        SoftwareConfiguration {
            name: "c".into(),
            group: group.into(),
            config,
            inputs: vec![
                json!({"name": "foo", "type": "String", "default": "d", "description": null, "replace_on_change": false}),
                json!({"name": "bar", "type": "Number", "replace_on_change": true}),
            ],
            outputs: vec![json!({"name": "result"}), json!({"name": "error", "error_output": true})],
            options: Value::Null,
        }
    }

    fn of<'a>(values: &'a Map<String, Value>) -> For<'a> {
        For {
            server: "srv",
            action: "CREATE",
            transport: "CFN_SIGNAL",
            input_values: Some(values),
            stack_path: "stack/id".into(),
            resource: "dep",
        }
    }

    #[test]
    fn inputs_are_declared_ones_then_others_then_what_is_known_of_the_deployment() {
        let values = json!({"extra": [1], "bar": 2}).as_object().cloned().unwrap();
        let inputs = inputs(&config("script", Value::Null), &of(&values));
        assert_eq!(inputs[0], json!({"name": "foo", "type": "String", "default": "d", "value": "d"}));
        assert_eq!(
            inputs[1],
            json!({"name": "bar", "type": "Number", "replace_on_change": true, "value": 2})
        );
        assert_eq!(inputs[2], json!({"name": "extra", "type": "String", "value": [1]}));
        let names: Vec<_> = inputs[3..].iter().map(name_of).collect();
        assert_eq!(
            names,
            [
                "deploy_server_id",
                "deploy_action",
                "deploy_stack_id",
                "deploy_resource_name",
                "deploy_signal_transport"
            ]
        );
        let other = json!({"bar": 3, "foo": "e"}).as_object().cloned().unwrap();
        let later = super::inputs(&config("script", Value::Null), &of(&other));
        assert_eq!(replacing(&inputs, &later), Some("bar"));
        let same = json!({"bar": 2, "foo": "e"}).as_object().cloned().unwrap();
        assert_eq!(replacing(&inputs, &super::inputs(&config("script", Value::Null), &of(&same))), None);
    }

    #[test]
    fn a_component_says_itself_which_actions_it_is_for() {
        let actions = ["CREATE".to_owned()];
        let component = config(
            "component",
            json!({"configs": [{"actions": ["DELETE"]}, {"actions": ["UPDATE", "CREATE"]}]}),
        );
        assert!(concerns(&component, "DELETE", &actions) && !concerns(&component, "SUSPEND", &actions));
        let script = config("script", Value::Null);
        assert!(concerns(&script, "CREATE", &actions) && !concerns(&script, "DELETE", &actions));
    }

    #[test]
    fn inputs_stand_in_a_structured_configuration_where_it_names_them() {
        let inputs = [json!({"name": "a", "value": {"x": 1}}), json!({"name": "n", "value": null})];
        let config = json!({
            "one": {"get_input": "a"}, "two": [{"get_input": "missing"}, {"get_input": "n"}],
            "kept": {"get_input": ["a"]}, "more": {"get_input": "a", "b": 1}, "text": "get_input"
        });
        let lax = Substitution { key: "get_input", strict: false };
        assert_eq!(
            substituted(&config, &inputs, &lax).unwrap(),
            json!({
                "one": {"x": 1}, "two": [null, null], "kept": {"get_input": ["a"]},
                "more": {"get_input": "a", "b": 1}, "text": "get_input"
            })
        );
        let strict = Substitution { key: "get_input", strict: true };
        let missing = substituted(&config, &inputs, &strict).unwrap_err();
        assert_eq!(
            (missing.name(), missing.message()),
            (Some("UserParameterMissing"), "The Parameter (missing) was not provided.")
        );
        let other = Substitution { key: "input", strict: true };
        assert_eq!(substituted(&config, &inputs, &other).unwrap(), config);
    }

    fn deployment() -> Deployment {
        let SoftwareConfiguration { name, group, config, inputs, outputs, options } =
            config("script", Value::Null);
        let created = Timestamp::UNIX_EPOCH;
        Deployment {
            key: "k".into(),
            id: "dep".into(),
            server: "srv".into(),
            action: "CREATE".into(),
            status: IN_PROGRESS.into(),
            reason: "Deploy data available".into(),
            input_values: Value::Null,
            output_values: Map::new(),
            config: DerivedConfig { id: "c".into(), name, group, config, inputs, outputs, options, created },
            created,
            updated: None,
        }
    }

    #[test]
    fn the_answer_of_a_server_ends_a_deployment() {
        let now = Timestamp::UNIX_EPOCH;
        for (details, status, reason, told) in [
            (json!({}), COMPLETE, "Outputs received", "deployment dep succeeded"),
            (
                json!({"deploy_status_code": 0, "result": "r"}),
                COMPLETE,
                "Outputs received",
                "deployment dep succeeded",
            ),
            (json!({"deploy_status_code": "0"}), COMPLETE, "Outputs received", "deployment dep succeeded"),
            (
                json!({"deploy_status_code": -1}),
                FAILED,
                "deploy_status_code : Deployment exited with non-zero status code: -1",
                "deployment dep failed (-1)",
            ),
            (json!({"error": "no disk"}), FAILED, "error : no disk", "deployment dep failed"),
            (
                json!({"error": "no disk", "deploy_status_code": 2}),
                FAILED,
                "deploy_status_code : Deployment exited with non-zero status code: 2, error : no disk",
                "deployment dep failed",
            ),
        ] {
            let (next, event) = signalled(&deployment(), details.as_object().unwrap(), now).unwrap();
            assert_eq!((next.status.as_str(), next.reason.as_str(), event.as_str()), (status, reason, told));
            assert!(OUTPUTS.iter().all(|name| next.output_values.contains_key(*name)));
            assert!(
                signalled(&next, details.as_object().unwrap(), now).is_none(),
                "only one answer is waited for"
            );
        }
        let (next, _) =
            signalled(&deployment(), json!({"result": "r", "unknown": 1}).as_object().unwrap(), now).unwrap();
        assert_eq!(next.output_values["result"], json!("r"));
        assert!(!next.output_values.contains_key("unknown"));
    }
}
