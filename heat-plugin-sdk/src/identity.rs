//! The names and ids that a call is about.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The id under which a service knows an object. May be structured text (`router:subnet_id=…`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhysicalId(String);

impl PhysicalId {
    /// An id from its text.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PhysicalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: Into<String>> From<T> for PhysicalId {
    fn from(id: T) -> Self {
        Self(id.into())
    }
}

/// Names one operation on one object for ever: the same when it is picked up again after a crash, another one for
/// every other operation. 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationKey(String);

impl OperationKey {
    /// A key from its text.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of an object that the operation makes beside its own.
    #[must_use]
    pub fn owned(&self, name: &str) -> Self {
        Self(format!("{}/{name}", self.0))
    }
}

impl fmt::Display for OperationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The stack that a call belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackIdentity {
    /// UUID of the stack.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Id of the project (tenant) that owns it.
    pub project: String,
}

/// The resource that a call is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceIdentity {
    /// Name in the template.
    pub name: String,
    /// UUID of this incarnation: of the real thing that bears the name now, or is about to.
    pub id: String,
    /// Twelve base-32 characters that name this incarnation, as Heat's short id of a resource row does.
    pub short_id: String,
}

/// Heat's `physical_resource_name`: `stack-resource-shortid`, cut to `limit` characters as the first two characters, a
/// dash and the tail.
pub fn physical_name(stack: &StackIdentity, resource: &ResourceIdentity, limit: usize) -> String {
    let full = format!("{}-{}-{}", stack.name, resource.name, resource.short_id);
    let length = full.chars().count();
    if length <= limit || limit < 4 {
        return full;
    }
    let head: String = full.chars().take(2).collect();
    let tail: String = full.chars().skip(length - (limit - 3)).collect();
    format!("{head}-{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_physical_names_keep_two_characters_and_the_tail() {
        let stack = StackIdentity { id: "i".into(), name: "s".repeat(60), project: "p".into() };
        let resource =
            ResourceIdentity { name: "server".into(), id: "i".into(), short_id: "abcdefghijkl".into() };
        let name = physical_name(&stack, &resource, 53);
        assert_eq!(name.len(), 53);
        assert!(name.starts_with("ss-"), "{name}");
        assert!(name.ends_with("-server-abcdefghijkl"), "{name}");
        let short = StackIdentity { name: "web".into(), ..stack };
        assert_eq!(physical_name(&short, &resource, 255), "web-server-abcdefghijkl");
    }
}
