//! Why the engine refuses a request.

use crate::plan::{PlanError, SelectError};
use crate::seal::SealError;
use crate::store::StoreError;
use heat_plugin_sdk::{Failure, RegistryError};
use heat_template::diagnostic::Diagnostic;
use std::fmt;

/// Why the engine refuses a request. What is refused leaves nothing behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The plugins do not go together.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The record cannot be read or written, or a stack of that name exists.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Keys are wrong or missing.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The template, the environment or the parameters are not right; their places are in the diagnostics.
    #[error("{0}")]
    Refused(Refused),
    /// No plan leads from what is recorded to what is wanted.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The update is known to fail, and was to be done as a whole or not at all.
    #[error("stack {stack} is left as it is, for its update would fail:{}", listed(.reasons))]
    WouldFail {
        /// The stack.
        stack: String,
        /// Which resources, and why.
        reasons: Vec<String>,
    },
    /// There is no such part of a plan.
    #[error("resources.{0}")]
    Select(#[from] SelectError),
    /// A service that has to be asked before anything is done gives no answer.
    #[error("before anything was done: {0}")]
    Service(Failure),
    /// There is no such stack.
    #[error("there is no stack {name} in project {project}")]
    NoSuchStack {
        /// Name or id as asked for.
        name: String,
        /// The project.
        project: String,
    },
    /// There is no such resource.
    #[error("stack {stack} has no resource {name}")]
    NoSuchResource {
        /// The stack.
        stack: String,
        /// The resource.
        name: String,
    },
    /// The resource does not wait at this hook.
    #[error(
        "the \"{hook}\" hook is not defined on {type_name} \"{resource}\" of stack {stack}: it does not wait there"
    )]
    NoHook {
        /// The hook.
        hook: &'static str,
        /// The resource's type.
        type_name: String,
        /// The resource.
        resource: String,
        /// The stack.
        stack: String,
    },
    /// There is no such snapshot.
    #[error("stack {stack} has no snapshot {id}")]
    NoSuchSnapshot {
        /// The stack.
        stack: String,
        /// The snapshot.
        id: String,
    },
    /// There is no such output.
    #[error("stack {stack} has no output {key}")]
    NoSuchOutput {
        /// The stack.
        stack: String,
        /// The output.
        key: String,
    },
    /// A resource does not take a signal.
    #[error("resource {resource} of stack {stack} does not take the signal: {why}")]
    Signal {
        /// The stack.
        stack: String,
        /// The resource.
        resource: String,
        /// Why, in Heat's words where Heat has some.
        why: String,
    },
    /// Something has moved since the plan was made.
    #[error("the plan for revision {planned} of stack {stack}, which is at {found} now, cannot be applied any more: make a new \
             plan{}", listed(.because))]
    StalePlan {
        /// The stack.
        stack: String,
        /// The plan's revision.
        planned: u64,
        /// The stack's revision.
        found: u64,
        /// What has moved: which resource, which field, or which step would be another one now.
        because: Vec<String>,
    },
    /// A plan that was saved cannot be used.
    #[error("the saved plan cannot be used: {reason}")]
    BadPlan {
        /// Why.
        reason: String,
    },
    /// The stack's name is not one.
    #[error(
        "{name:?} is not a name for a stack: it begins with a letter and holds letters, digits, '_', '-' and '.', 255 at most"
    )]
    BadName {
        /// The name.
        name: String,
    },
    /// A limit of the engine.
    #[error("{what}: {found} is more than the limit of {limit}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// How much there may be.
        limit: usize,
    },
    /// The request does not fit the stack's state.
    #[error("stack {stack} is {status}: {why}")]
    State {
        /// The stack.
        stack: String,
        /// Its status.
        status: String,
        /// Why the request does not fit.
        why: &'static str,
    },
    /// The store outlives the process, and nobody said how secrets are sealed in it.
    #[error(
        "no keys were given for the store: call EngineBuilder::keys, or secrets_in_clear if secrets may lie in clear"
    )]
    NoKeys,
    /// A text that the record names is not in the store.
    #[error("the record names the text {hash}, which the store does not have")]
    LostSource {
        /// Its hash.
        hash: String,
    },
    /// An output has no value.
    #[error("output {key} has no value: {reason}")]
    Output {
        /// The output.
        key: String,
        /// Why.
        reason: String,
    },
    /// What is asked for is not there in this version.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// The stack's credentials are not accepted any more. Everything is recorded; it goes on with
    /// [`Stack::go_on_as`](super::Stack::go_on_as), with [`Stack::go_on`](super::Stack::go_on) when the credentials
    /// behind their name are good again, or from an update or a deletion.
    #[error("stack {stack} waits for credentials that are accepted: {reason}")]
    Paused {
        /// The stack.
        stack: String,
        /// What the service said.
        reason: String,
    },
    /// The engine was shut down, or the traversal ended without a result; the stack goes on when an engine is built on
    /// the same store again.
    #[error(
        "the engine stopped before stack {stack} was finished; it goes on with the next engine on this store"
    )]
    Stopped {
        /// The stack.
        stack: String,
    },
}

/// A few reasons, each on a line of its own.
fn listed(reasons: &[String]) -> String {
    const SHOWN: usize = 20;
    let mut text: String = reasons.iter().take(SHOWN).map(|reason| format!("\n  {reason}")).collect();
    if reasons.len() > SHOWN {
        text.push_str(&format!("\n  and {} more", reasons.len() - SHOWN));
    }
    text
}

/// Everything that is wrong with a template, an environment or parameters.
#[derive(Debug, Clone)]
pub struct Refused {
    /// All problems that were found, warnings among them.
    pub diagnostics: Vec<Diagnostic>,
}

impl fmt::Display for Refused {
    /// The first error, and how many more there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
        match errors.next() {
            Some(first) => write!(f, "{first}")?,
            None => f.write_str("the template is refused")?,
        }
        match errors.count() {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

impl From<Vec<Diagnostic>> for EngineError {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::Refused(Refused { diagnostics })
    }
}
