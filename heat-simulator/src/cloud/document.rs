//! An object of the cloud as a document, and short ways to read its fields.

use serde_json::{Map, Value};

/// An object of the cloud. It always has the text `id`; a field that begins with `_` is never shown by an API.
pub(crate) type Object = Map<String, Value>;

/// Reading fields of a document: absent, null or of another type reads as empty.
pub(crate) trait Fields {
    /// The field's text, or `""`.
    fn text(&self, name: &str) -> &str;
    /// The field's truth, or `false`.
    fn flag(&self, name: &str) -> bool;
    /// The field's whole number, or 0.
    fn int(&self, name: &str) -> i64;
    /// The field's items, or none.
    fn items(&self, name: &str) -> &[Value];
    /// The field's map, if it is one.
    fn object(&self, name: &str) -> Option<&Object>;
    /// The field's value, null if absent.
    fn value(&self, name: &str) -> Value;
    /// Sets a field.
    fn set(&mut self, name: &str, value: impl Into<Value>);
}

impl Fields for Object {
    fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or("")
    }

    fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    fn int(&self, name: &str) -> i64 {
        self.get(name).and_then(Value::as_i64).unwrap_or(0)
    }

    fn items(&self, name: &str) -> &[Value] {
        self.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn object(&self, name: &str) -> Option<&Object> {
        self.get(name).and_then(Value::as_object)
    }

    fn value(&self, name: &str) -> Value {
        self.get(name).cloned().unwrap_or(Value::Null)
    }

    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.insert(name.to_owned(), value.into());
    }
}

/// The text of a JSON value that should be a string.
pub(crate) fn text_of<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or("")
}

/// The map in a `json!({…})`.
pub(crate) fn object_of(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// A value as Python's `repr` prints it: OpenStack's messages quote values so.
pub(crate) fn python_repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => python_text(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(python_repr).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let items: Vec<_> = map
                .iter()
                .map(|(key, value)| format!("{}: {}", python_text(key), python_repr(value)))
                .collect();
            format!("{{{}}}", items.join(", "))
        }
    }
}

/// A text as Python's `repr` prints it.
pub(crate) fn python_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// A value as Python's `str` prints it.
pub(crate) fn python_str(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => python_repr(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_quoted_as_python_does() {
        assert_eq!(python_repr(&json!({"a": [1, "it's", null, true]})), "{'a': [1, \"it's\", None, True]}");
    }
}
