//! What a service's answer says about properties and attributes.

use heat_plugin_sdk::{Context, Failure, Observed, Properties, Resource, Result, State};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// An observation from an object whose fields are called like the properties and attributes, but for `renamed`
/// (property, field). Of `value_specs` those are told that were applied.
pub(crate) fn observe<R: Resource>(
    cx: &Context<'_, R>,
    state: State,
    object: &Value,
    renamed: &[(&str, &str)],
) -> Result<Observed<R>>
where
    R::Attributes: DeserializeOwned,
{
    let mut observed = Observed::<R>::new(state);
    for name in R::Properties::fields().keys() {
        if name == "value_specs" {
            observed = observed.property(name, applied_specs(cx, object))?;
            continue;
        }
        let field =
            renamed.iter().find(|(property, _)| property == name).map_or(name.as_str(), |(_, field)| field);
        if let Some(value) = object.get(field) {
            observed = observed.property(name, value)?;
        }
    }
    let attributes: R::Attributes = serde_json::from_value(object.clone()).map_err(|error| {
        Failure::failed(format!("{}: the service's answer has another shape: {error}", R::TYPE))
    })?;
    Ok(observed.attributes(&attributes)?.show(object.clone()))
}

/// What an object says of the parameters that were given beside its properties.
fn applied_specs<R: Resource>(cx: &Context<'_, R>, object: &Value) -> Map<String, Value> {
    let applied = cx.call().applied.as_ref().and_then(|applied| applied.get("value_specs"));
    let keys = applied.and_then(Value::as_object).into_iter().flatten();
    keys.filter_map(|(key, _)| Some((key.clone(), object.get(key)?.clone()))).collect()
}
