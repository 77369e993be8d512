//! Since when something exists, and whether it should still be used.

use serde::{Deserialize, Serialize};

/// Whether a type, a property or an attribute should be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SupportStatus {
    /// Nothing is known.
    Unknown,
    /// It may be used.
    #[default]
    Supported,
    /// It still works, something else should be used.
    Deprecated,
    /// It works only where an operator enabled something.
    Unsupported,
    /// It is accepted for old templates only and is not listed.
    Hidden,
}

/// Status with version and message, as Heat shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Support {
    /// The status.
    pub status: SupportStatus,
    /// The release since which it has this status, in Heat's words (`2015.1`, `9.0.0`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What to use instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The status it had before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Box<Support>>,
}
