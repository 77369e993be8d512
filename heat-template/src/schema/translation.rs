//! Rules that turn properties as written into properties as used (Heat's `heat/engine/translation.py`).

use serde_json::Value;

/// Keys that lead to a property, from the top: `["networks", "network"]`. A list on the way means each of its items.
pub type PropertyPath = Vec<String>;

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Translation {
    /// The value of `from` moves to `to`; both given is an error.
    Replace {
        /// The property as it used to be called.
        from: PropertyPath,
        /// Where its value belongs.
        to: PropertyPath,
    },
    /// Appends values to a list.
    Add {
        /// The list.
        path: PropertyPath,
        /// What is appended.
        values: Vec<Value>,
    },
    /// The property is dropped.
    Delete {
        /// The property.
        path: PropertyPath,
    },
    /// A name becomes an id, by the finder that the plugin registered as `finder` (`neutron.network`).
    Resolve {
        /// The property.
        path: PropertyPath,
        /// Name of the finder, the same as that of the custom constraint.
        finder: String,
    },
}
