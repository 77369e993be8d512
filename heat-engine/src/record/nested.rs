//! What the record of a resource says of the nested stack that it is.

use super::{ResourceRecord, StackId};
use heat_template::evaluated::Evaluated;
use heat_template::function::select_attribute;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Begins the mark of an attribute that tells a secret from inside a nested stack.
const ATTRIBUTE: &str = "attribute:";

/// Begins the mark of a property whose parameter a template hides.
const PROPERTY: &str = "property:";

/// The nested stack that a resource is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NestedStack {
    /// The stack.
    pub stack: StackId,
    /// It is made from a template that stands for the type, not by a composite type of a plugin.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub template: bool,
    /// Its size is being changed, or that of a group inside of it, by nothing but that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
}

/// A change of the size of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scaling {
    /// To so many members; `None` where it is a group inside of it that is changed.
    pub size: Option<u64>,
    /// Milliseconds for which further changes are refused once it is done.
    pub cooldown: u64,
    /// What it was asked for by.
    pub reason: String,
}

/// Under which name the value of an attribute with a path is kept: the name itself where there is no path.
pub(crate) fn attribute_key(name: &str, path: &[Value]) -> String {
    if path.is_empty() {
        return name.to_owned();
    }
    let mut parts = vec![Value::from(name)];
    parts.extend(path.iter().cloned());
    Value::Array(parts).to_string()
}

/// Under which name the reason is kept why an attribute of a nested stack has no value.
pub(crate) fn reason_key(key: &str) -> String {
    format!("[reason]{key}")
}

/// The mark of an attribute that tells a secret.
pub(crate) fn secret_mark(key: &str) -> String {
    format!("{ATTRIBUTE}{key}")
}

/// The mark of a property of a template that stands for a type, whose parameter is hidden there.
pub(crate) fn hidden_mark(property: &str) -> String {
    format!("{PROPERTY}{property}")
}

impl ResourceRecord {
    /// An attribute of a nested stack as it was when the stack was last finished; `None` where it has none of this name.
    pub(crate) fn nested_attribute(&self, name: &str, path: &[Value]) -> Option<Value> {
        if let Some(value) = self.attributes.get(&attribute_key(name, path)) {
            return Some(value.clone());
        }
        let whole = self.attributes.get(name)?.clone();
        Some(select_attribute(Evaluated::Known(whole), path).to_value_lossy())
    }

    /// Why an attribute of a nested stack has no value, where that is known.
    pub(crate) fn nested_reason(&self, name: &str, path: &[Value]) -> Option<&str> {
        let of = |key: &str| self.attributes.get(&reason_key(key)).and_then(Value::as_str);
        of(&attribute_key(name, path)).or_else(|| of(name))
    }

    /// Whether values of its properties came from something secret, so that all that it tells may repeat them.
    pub(crate) fn is_sensitive(&self) -> bool {
        self.sensitive.iter().any(|mark| !mark.starts_with(ATTRIBUTE) && !mark.starts_with(PROPERTY))
    }

    /// Whether this attribute of a nested stack tells a secret from inside, with this path or any.
    pub(crate) fn tells_secret(&self, name: &str) -> bool {
        let list = format!("{ATTRIBUTE}[{}", Value::from(name));
        self.sensitive.iter().any(|mark| {
            mark.strip_prefix(ATTRIBUTE) == Some(name)
                || (mark.starts_with(&list) && mark[list.len()..].starts_with(','))
        })
    }

    /// Whether it tells any secret.
    pub(crate) fn tells_any_secret(&self) -> bool {
        !self.sensitive.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::IncarnationId;
    use serde_json::json;

    #[test]
    fn an_attribute_is_found_with_its_path_or_walked_into() {
        let (id, stack) = (IncarnationId("i".into()), StackId("s".into()));
        let mut record = ResourceRecord::new(id, stack, "r", "T", jiff::Timestamp::UNIX_EPOCH);
        record.attributes.insert("sizes".into(), json!([1, 2]));
        record.attributes.insert(attribute_key("names", &[json!(0)]), json!(["a", "b"]));
        assert_eq!(record.nested_attribute("sizes", &[json!(1)]), Some(json!(2)));
        assert_eq!(record.nested_attribute("names", &[json!(0)]), Some(json!(["a", "b"])));
        assert_eq!(record.nested_attribute("names", &[]), None);
        record.sensitive.insert(secret_mark(&attribute_key("names", &[json!(0)])));
        assert!(
            record.tells_secret("names") && !record.tells_secret("name") && !record.tells_secret("sizes")
        );
        assert!(!record.is_sensitive());
    }
}
