//! Who asks: what a token stands for.

use serde::{Deserialize, Serialize};

/// The user and project that a request acts for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Caller {
    pub(crate) user_id: String,
    /// Empty where the token has no scope.
    pub(crate) project_id: String,
    pub(crate) roles: Vec<String>,
}

impl Caller {
    /// Whether the cloud's administrator asks.
    pub(crate) fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role == "admin")
    }

    /// Whether an object of that project belongs to the caller (or the caller is administrator).
    pub(crate) fn may_see(&self, project_id: &str) -> bool {
        self.is_admin() || self.project_id == project_id
    }
}

/// A token. Lives in memory only: after a restart of the cloud clients authenticate again.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) caller: Caller,
    pub(crate) methods: Vec<String>,
    pub(crate) issued: i64,
    pub(crate) expires: i64,
    pub(crate) audit_id: String,
    /// Set where an application credential gave the token.
    pub(crate) application_credential: Option<String>,
}
