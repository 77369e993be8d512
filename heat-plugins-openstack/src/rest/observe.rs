//! What a service's answer says about properties and attributes.

use heat_plugin_sdk::{Failure, Observed, Properties, Resource, Result, State};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// An observation from an object whose fields are called like the properties and attributes, but for `renamed`
/// (property, field). As `value_specs` all further fields are told.
pub(crate) fn observe<R: Resource>(
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
            observed = observed.property(name, further_fields::<R::Properties>(object, renamed))?;
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

/// What a service writes into an object whenever anything changes.
const OF_THE_SERVICE: &[&str] = &["revision_number", "created_at", "updated_at", "status"];

/// What an object has beside the fields of its properties: any of it may have been given in `value_specs`.
fn further_fields<P: Properties>(object: &Value, renamed: &[(&str, &str)]) -> Map<String, Value> {
    let own = P::fields();
    let fields = object.as_object().into_iter().flatten();
    fields
        .filter(|(field, _)| !OF_THE_SERVICE.contains(&field.as_str()))
        .filter(|(field, _)| !own.contains_key(*field) && !renamed.iter().any(|(_, other)| other == field))
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect()
}
