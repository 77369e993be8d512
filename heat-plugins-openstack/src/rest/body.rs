//! Properties as the body of a request.

use heat_plugin_sdk::{Change, Context, Failure, Resource, Result};
use serde::Serialize;
use serde_json::{Map, Value};

use super::NAME_LIMIT;

/// A request's body in the making: starts as the properties, and each type says what the service calls otherwise.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body(Map<String, Value>);

impl Body {
    /// All properties that are given. What is null, also inside, is left out.
    pub(crate) fn of(properties: &impl Serialize) -> Result<Self> {
        match serde_json::to_value(properties) {
            Ok(Value::Object(mut map)) => {
                drop_nulls(&mut map);
                Ok(Self(map))
            }
            Ok(_) => Err(Failure::failed("properties must be written as a map")),
            Err(error) => Err(Failure::failed(format!("properties cannot be written as JSON: {error}"))),
        }
    }

    /// The properties that changed; one that is no longer given is null.
    pub(crate) fn of_change<P: Serialize>(change: &Change<P>) -> Result<Self> {
        let mut new = Self::of(change.new_properties())?.0;
        Ok(Self(
            change
                .names()
                .map(|name| (name.to_owned(), new.shift_remove(name).unwrap_or(Value::Null)))
                .collect(),
        ))
    }

    /// Gives a nameless object the name that Heat gives. In a change: only if the name changed.
    pub(crate) fn name<R: Resource>(mut self, cx: &Context<'_, R>) -> Self {
        if self.0.get("name").is_none_or(Value::is_null) {
            self.0.insert("name".to_owned(), cx.physical_name(NAME_LIMIT).into());
        }
        self
    }

    /// As [`name`](Self::name), for a change.
    pub(crate) fn changed_name<R: Resource>(self, cx: &Context<'_, R>) -> Self {
        if self.0.contains_key("name") { self.name(cx) } else { self }
    }

    /// Puts the service's own name in place of the property's.
    pub(crate) fn rename(mut self, from: &str, to: &str) -> Self {
        if let Some(value) = self.0.shift_remove(from) {
            self.0.insert(to.to_owned(), value);
        }
        self
    }

    /// Leaves properties out.
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|name, _| !names.contains(&name.as_str()));
        self
    }

    /// Leaves properties out where they are null: the service has no way to say "not given" for them.
    pub(crate) fn without_null(mut self, names: &[&str]) -> Self {
        self.0.retain(|name, value| !(value.is_null() && names.contains(&name.as_str())));
        self
    }

    /// Sends an empty text for what is null: the service's way to say that there is none.
    pub(crate) fn empty_for_null(mut self, names: &[&str]) -> Self {
        for name in names {
            if self.0.get(*name).is_some_and(Value::is_null) {
                self.set(name, "");
            }
        }
        self
    }

    /// Puts the entries of `value_specs` beside the others; those that already held with the same value are left out.
    pub(crate) fn merge_value_specs(mut self, before: Option<&Map<String, Value>>) -> Self {
        if let Some(Value::Object(specs)) = self.0.shift_remove("value_specs") {
            let held = |key: &str, value: &Value| before.and_then(|before| before.get(key)) == Some(value);
            self.0.extend(specs.into_iter().filter(|(key, value)| !held(key, value)));
        }
        self
    }

    /// Takes an entry out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }

    /// An entry.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// An entry to change.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.get_mut(name)
    }

    /// Sets an entry.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Whether nothing is left to send.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The JSON.
    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

fn drop_nulls(map: &mut Map<String, Value>) {
    map.retain(|_, value| !value.is_null());
    for (name, value) in map {
        // What the template says of value_specs goes to the service as it is.
        if name != "value_specs" {
            inside(value);
        }
    }
}

fn inside(value: &mut Value) {
    match value {
        Value::Object(map) => drop_nulls(map),
        Value::Array(items) => items.iter_mut().for_each(inside),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_given_is_not_sent_but_value_specs_go_as_they_are() {
        let body =
            Body::of(&json!({"a": null, "b": [{"c": 1, "d": null}], "value_specs": {"x": null, "y": 2}}));
        let body = body.unwrap().merge_value_specs(json!({"y": 2}).as_object());
        assert_eq!(body.into_value(), json!({"b": [{"c": 1}], "x": null}));
    }

    #[test]
    fn a_change_sends_what_changed_and_null_for_what_is_gone() {
        let change = Change::new(
            json!({"a": 1, "b": 2, "c": 3}),
            json!({"a": 1, "b": 5}),
            ["b".to_owned(), "c".to_owned()],
        );
        let body = Body::of_change(&change).unwrap();
        assert_eq!(body.clone().into_value(), json!({"b": 5, "c": null}));
        assert_eq!(body.without_null(&["c"]).into_value(), json!({"b": 5}));
    }
}
