//! Stacks and their traversals.

use super::{Action, IncarnationId, SnapshotRecord, Status};
use crate::plan::Plan;
use heat_plugin_sdk::Credentials;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use text_id;

text_id! {
    /// UUID of a stack.
    StackId
}
text_id! {
    /// UUID of one attempt to bring a stack to one template.
    TraversalId
}
text_id! {
    /// Names a template, an environment or an attached file by its content: each is stored once.
    SourceHash
}

impl SourceHash {
    /// The name of this text: SHA-256, in hexadecimal digits.
    pub fn of(text: &str) -> Self {
        use sha2::{Digest, Sha256};
        use std::fmt::Write;
        let mut name = String::with_capacity(64);
        for byte in Sha256::digest(text) {
            let _ = write!(name, "{byte:02x}");
        }
        Self(name)
    }
}

/// A stack.
#[derive(Debug, Clone, PartialEq)]
pub struct StackRecord {
    /// UUID.
    pub id: StackId,
    /// Name, unique among the project's living stacks.
    pub name: String,
    /// Project (tenant) that owns it.
    pub project: String,
    /// Grows by one with every new traversal; a plan is for one revision.
    pub revision: u64,
    /// What was last done.
    pub action: Action,
    /// How it went.
    pub status: Status,
    /// Why.
    pub reason: String,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last updated.
    pub updated: Option<Timestamp>,
    /// When it was deleted. A deleted stack is kept only as long as retention says.
    pub deleted: Option<Timestamp>,
    /// Time-out of an action in minutes.
    pub timeout_minutes: Option<u32>,
    /// A failure is left as it is.
    pub disable_rollback: bool,
    /// Tags.
    pub tags: Vec<String>,
    /// With whose rights; content that is not merely a name is sealed.
    pub credentials: Credentials,
    /// What it shall be.
    pub desired: Desired,
    /// What it was when it was last complete: where a rollback goes.
    pub last_complete: Option<Desired>,
    /// The traversal that is under way.
    pub traversal: Option<TraversalId>,
    /// The traversal waits for something that only people can give.
    pub paused: Option<Paused>,
    /// The resource that it is, if it is a nested stack.
    pub owner: Option<Owner>,
    /// Its snapshots, oldest first.
    pub snapshots: Vec<SnapshotRecord>,
    /// Paths of resources that are not what the template says, because they were left out on purpose.
    pub pending: BTreeSet<String>,
    /// Resources that got another name since the stack was last complete: their old names by those that they have.
    pub moved: BTreeMap<String, String>,
}

/// Why a traversal waits, and since when. The time in which it waits does not count for its time-out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Since when.
    pub since: Timestamp,
    /// What a service said when it refused the credentials.
    pub reason: String,
}

/// The resource that a nested stack is. A nested stack is worked on by the traversals of its parent alone, in their time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The outermost stack.
    pub root: StackId,
    /// The parent.
    pub stack: StackId,
    /// Name of the resource in the parent.
    pub resource: String,
    /// Its type as it is written in the parent's template.
    pub type_name: String,
    /// Its incarnation.
    pub incarnation: IncarnationId,
    /// How many stacks are around it; 1 for a child of the root.
    pub depth: u32,
    /// The traversal of the parent that it was last worked on for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traversal: Option<TraversalId>,
    /// Whether it was being brought to its last template then, not to one on the way.
    #[serde(default)]
    pub last: bool,
}

/// All that makes up what a stack shall be.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Desired {
    /// The template.
    pub template: Option<SourceHash>,
    /// The environment, merged, as JSON.
    pub environment: Option<SourceHash>,
    /// Attached files by name.
    pub files: BTreeMap<String, SourceHash>,
    /// Parameter values as given in the request. Hidden ones are sealed.
    pub parameters: IndexMap<String, Value>,
    /// Names of the parameters that are hidden, so that their values are sealed.
    pub hidden: Vec<String>,
    /// The template itself was made of secret values (that of a nested stack): it is sealed, and so are the properties of
    /// its resources.
    pub secret: bool,
    /// The availability zones that the cloud had when it was asked for this; of an outermost stack that may use them.
    pub availability_zones: Option<Vec<String>>,
}

/// Names of parameters, not their values: they may be hidden.
impl fmt::Debug for Desired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desired")
            .field("template", &self.template)
            .field("environment", &self.environment)
            .field("files", &self.files)
            .field("parameters", &self.parameters.keys().collect::<Vec<_>>())
            .field("hidden", &self.hidden)
            .finish()
    }
}

/// One attempt to bring a stack to one template.
#[derive(Debug, Clone, PartialEq)]
pub struct TraversalRecord {
    /// UUID.
    pub id: TraversalId,
    /// The stack.
    pub stack: StackId,
    /// What it does.
    pub action: Action,
    /// What is done, in which order. What is done already follows from the resources' records.
    pub plan: Plan,
    /// When it began.
    pub started: Timestamp,
    /// When it times out.
    pub deadline: Option<Timestamp>,
    /// What follows a failure.
    pub on_failure: OnFailure,
}

/// What follows a failure of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Nothing new starts, what runs is let finish (Heat's rule).
    #[default]
    Stop,
    /// What does not depend on the failed step goes on.
    Continue,
    /// The stack goes back to the last template that was complete.
    Rollback,
}
