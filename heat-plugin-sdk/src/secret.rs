//! A value that is never printed.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Holds a value that must not be seen: `Debug` and `Display` print stars.
///
/// Properties of this type are sealed at rest and masked wherever they could be shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one request that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("******")
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("******")
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

/// Writes stars: a secret leaves only through [`Secret::expose`].
impl<T> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("******")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Change, Created, Credentials, Observation, ObservedProperty, Operation, State};
    use serde_json::{Map, Value, json};

    #[test]
    fn a_secret_is_neither_printed_nor_written() {
        let secret = Secret::new("hunter2".to_owned());
        let seen = format!("{secret:?} {secret} {}", json!({"a": secret}));
        assert!(!seen.contains("hunter2"), "{seen}");
        assert_eq!(secret.expose(), "hunter2");
        let read: Secret<String> = serde_json::from_value(json!("hunter2")).unwrap();
        assert_eq!(read.into_inner(), "hunter2");
    }

    #[test]
    fn nothing_that_may_hold_a_secret_prints_values() {
        let values: Map<String, Value> = Map::from_iter([("token".to_owned(), json!("hunter2"))]);
        let mut seen = Observation::new(State::Ready);
        seen.properties.insert("token".into(), ObservedProperty::Known(json!("hunter2")));
        seen.attributes = values.clone();
        seen.show = Some(json!("hunter2"));
        let created =
            Created { observation: Some(seen.clone()), ..Created::new("id").attribute("key", "hunter2") };
        let change = Change::new(values.clone(), values.clone(), ["token".to_owned()]);
        let credentials = Credentials::named("cloud").with_content(json!("hunter2"));
        let printed = format!(
            "{seen:?} {created:?} {change:?} {:?} {:?} {credentials:?}",
            Operation::Create(&values),
            Operation::Update(&change)
        );
        assert!(!printed.contains("hunter2"), "{printed}");
        assert!(printed.contains("token"), "names are there: {printed}");
    }
}
