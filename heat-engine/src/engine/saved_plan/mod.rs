//! A plan as a document: what would be done, and all that it was made from.

pub(super) mod apply;
mod basis;
mod make;

use super::EngineError;
use super::particulars::Particulars;
use crate::plan::Plan;
use crate::record::{Action, Desired, OnFailure, SourceHash, StackId};
use crate::run::Core;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use basis::Recorded;
use heat_plugin_sdk::Credentials;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// A plan that was made to be kept: shown, approved, carried elsewhere, and then [applied](super::Engine::apply), exactly
/// it and no other.
///
/// It is a document ([`to_json`](Self::to_json)) that holds all that is needed: the plan, the texts and the values that it
/// was made from, and marks of all records, by which it is refused as soon as anything has moved. What is secret in it
/// (hidden parameters that are new, credentials that are more than a name) is sealed with the engine's keys, which also
/// seal the document as a whole: it cannot be changed. An engine without keys leaves secrets out; they are given
/// again when it is applied ([`withheld`](Self::withheld)).
#[derive(Clone)]
pub struct SavedPlan {
    document: Document,
    digest: String,
    sealed: Option<Vec<u8>>,
    /// What the document does not hold and somebody gave.
    given: Secrets,
}

/// What stands in the document in clear.
#[derive(Clone, Serialize, Deserialize)]
struct Document {
    /// [`SavedPlan::VERSION`].
    heat_plan: u32,
    /// The version of the engine that made it.
    engine: String,
    /// When it was made.
    made: Timestamp,
    /// The plugins, with their versions where they tell them.
    plugins: BTreeMap<String, Option<String>>,
    stack: StackId,
    stack_name: String,
    project: String,
    action: Action,
    on_failure: OnFailure,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout_minutes: Option<u32>,
    disable_rollback: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    credentials: Rights,
    /// What the stack shall be; what it was last complete as for a rollback; nothing for what leaves that as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    desired: Option<Wanted>,
    /// The texts by their hashes, without what is secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    texts: BTreeMap<SourceHash, String>,
    /// What the request said of single resources.
    #[serde(default, skip_serializing_if = "Particulars::is_empty")]
    particulars: Particulars,
    /// What services found for names when it was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    found: Vec<FoundName>,
    /// The records that it was made from; none for a new stack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recorded: Vec<Recorded>,
    plan: Plan,
}

/// Whose rights it is done with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Rights {
    /// Those that the stack has.
    Recorded,
    /// Nobody's.
    Nobody,
    /// Those of this name.
    Named(String),
    /// Their content is not in clear here.
    Withheld,
}

/// [`Desired`] without values of hidden parameters.
#[derive(Clone, Serialize, Deserialize)]
struct Wanted {
    template: Option<SourceHash>,
    environment: Option<SourceHash>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<String, SourceHash>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    parameters: IndexMap<String, Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hidden: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    availability_zones: Option<Vec<String>>,
    /// Hidden parameters whose values are those that are recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recorded: Vec<String>,
    /// Hidden parameters whose values are sealed, or left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    withheld: Vec<String>,
}

/// What a service found for a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct FoundName {
    /// The finder.
    pub(crate) finder: String,
    /// The name, as JSON.
    pub(crate) name: String,
    /// The id, as JSON.
    pub(crate) id: String,
}

/// What does not stand in clear in the document.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Secrets {
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    parameters: Map<String, Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    texts: BTreeMap<SourceHash, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credentials_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credentials: Option<Value>,
}

impl Secrets {
    fn set_credentials(&mut self, credentials: &Credentials) {
        self.credentials_name = credentials.name().map(str::to_owned);
        self.credentials = credentials.value().cloned();
    }

    fn credentials(&self) -> Option<Credentials> {
        match (&self.credentials_name, &self.credentials) {
            (Some(name), Some(content)) => Some(Credentials::named(name).with_content(content.clone())),
            (Some(name), None) => Some(Credentials::named(name)),
            (None, Some(content)) => Some(Credentials::content(content.clone())),
            (None, None) => None,
        }
    }
}

impl Wanted {
    /// What is wanted, with the values that are not here.
    fn into_desired(self, hidden: impl Fn(&str) -> Option<Value>) -> Result<Desired, EngineError> {
        let mut parameters = self.parameters;
        for name in self.recorded.iter().chain(&self.withheld) {
            let value = hidden(name).ok_or_else(|| {
                bad(format!(
                    "the value of the parameter {name} is not in it: give it again to apply the plan"
                ))
            })?;
            parameters.insert(name.clone(), value);
        }
        Ok(Desired {
            template: self.template,
            environment: self.environment,
            files: self.files,
            parameters,
            hidden: self.hidden,
            secret: false,
            availability_zones: self.availability_zones,
        })
    }
}

/// The plugins with their versions, where they tell them.
fn plugins(core: &Core) -> BTreeMap<String, Option<String>> {
    let all = core.registry.plugins();
    all.map(|(name, version)| (name.to_owned(), version.map(str::to_owned))).collect()
}

fn bad(reason: impl Into<String>) -> EngineError {
    EngineError::BadPlan { reason: reason.into() }
}

/// The names of what the outer object of the form has beside the document.
const DIGEST: &str = "digest";
const SEALED: &str = "sealed";

impl SavedPlan {
    /// The present version of the form.
    pub const VERSION: u32 = 1;

    fn new(core: &Core, document: Document, secrets: Secrets) -> Result<Self, EngineError> {
        let digest = digest(&document)?;
        let bytes = zeroize::Zeroizing::new(
            serde_json::to_vec(&secrets).map_err(|_| bad("its secrets cannot be written as JSON"))?,
        );
        let sealed = core.records.seal_plan(&document.stack, &digest, &bytes)?;
        Ok(Self { document, digest, sealed, given: Secrets::default() })
    }

    /// What would be done.
    pub fn plan(&self) -> &Plan {
        &self.document.plan
    }

    /// The stack that it is about; for a new one the id that it gets.
    pub fn stack(&self) -> &StackId {
        &self.document.stack
    }

    /// The name of that stack.
    pub fn stack_name(&self) -> &str {
        &self.document.stack_name
    }

    /// The project of that stack.
    pub fn project(&self) -> &str {
        &self.document.project
    }

    /// What it is for.
    pub fn action(&self) -> Action {
        self.document.action
    }

    /// When it was made.
    pub fn made(&self) -> Timestamp {
        self.document.made
    }

    /// The name of the credentials that it is done with, where they have one.
    pub fn credentials(&self) -> Option<&str> {
        match &self.document.credentials {
            Rights::Named(name) => Some(name),
            _ => None,
        }
    }

    /// Whether it is done with credentials whose content does not stand in it in clear.
    pub fn withholds_credentials(&self) -> bool {
        self.document.credentials == Rights::Withheld
    }

    /// What must be given again before it is applied, because it was made by an engine without keys: names of parameters.
    /// (With keys these are sealed in it.)
    pub fn withheld(&self) -> impl Iterator<Item = &str> {
        let names = self.document.desired.iter().flat_map(|wanted| &wanted.withheld);
        names.filter(|_| self.sealed.is_none()).map(String::as_str)
    }

    /// Gives the value of a parameter that is [withheld](Self::withheld).
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.given.parameters.insert(name.into(), value.into());
        self
    }

    /// Gives the credentials that it is done with, where their content is withheld, or is newer by now.
    #[must_use]
    pub fn owner(mut self, credentials: &Credentials) -> Self {
        self.given.set_credentials(credentials);
        self
    }

    /// The document.
    ///
    /// # Errors
    /// A value in it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, EngineError> {
        let unwritable = |_| bad("it cannot be written as JSON");
        let mut form = serde_json::to_value(&self.document).map_err(unwritable)?;
        if let Value::Object(fields) = &mut form {
            fields.insert(DIGEST.to_owned(), self.digest.clone().into());
            if let Some(sealed) = &self.sealed {
                fields.insert(SEALED.to_owned(), STANDARD.encode(sealed).into());
            }
        }
        serde_json::to_string_pretty(&form).map_err(unwritable)
    }

    /// Reads the document.
    ///
    /// # Errors
    /// [`EngineError::BadPlan`]: it is none, or of another version, or was changed.
    pub fn from_json(text: &str) -> Result<Self, EngineError> {
        // Messages of the JSON reader quote values, so they are not passed on.
        let form: Value = serde_json::from_str(text).map_err(|_| bad("it is not JSON"))?;
        let Value::Object(mut fields) = form else { return Err(bad("it is not a JSON object")) };
        match fields.get("heat_plan").and_then(Value::as_u64) {
            Some(version) if version == u64::from(Self::VERSION) => {}
            Some(version) => {
                return Err(bad(format!(
                    "it has version {version} of the form, and this engine knows {}: make a new plan",
                    Self::VERSION
                )));
            }
            None => return Err(bad("it is not a plan that was saved")),
        }
        let digest_found = fields.shift_remove(DIGEST);
        let sealed = match fields.shift_remove(SEALED) {
            None => None,
            Some(Value::String(text)) => {
                Some(STANDARD.decode(text).map_err(|_| bad("its sealed part is not whole"))?)
            }
            Some(_) => return Err(bad("its sealed part is not whole")),
        };
        let document: Document = serde_json::from_value(Value::Object(fields))
            .map_err(|_| bad("it has not the shape of such a document"))?;
        if document.plan.version != Plan::VERSION {
            return Err(bad("its plan has another version: make a new plan"));
        }
        let digest = digest(&document)?;
        if digest_found.as_ref().and_then(Value::as_str) != Some(digest.as_str()) {
            return Err(bad("it was changed since it was made"));
        }
        Ok(Self { document, digest, sealed, given: Secrets::default() })
    }

    /// What is secret in it: what was sealed, over which lies what was given.
    fn open(&self, core: &Core) -> Result<Secrets, EngineError> {
        let mut secrets = match &self.sealed {
            Some(sealed) => {
                let opened = core.records.open_plan(&self.document.stack, &self.digest, sealed)?;
                serde_json::from_slice(&opened)
                    .map_err(|_| bad("its sealed part is not as it was written"))?
            }
            None if core.records.seals() => {
                return Err(bad(
                    "it was made by an engine without keys, so nobody can tell whether it is genuine",
                ));
            }
            None => Secrets::default(),
        };
        for name in self.given.parameters.keys() {
            let wanted = self.document.desired.as_ref();
            if !wanted.is_some_and(|wanted| wanted.withheld.contains(name)) {
                return Err(bad(format!("it holds the parameter {name}: a plan is applied as it is")));
            }
            if secrets.parameters.contains_key(name) {
                return Err(bad(format!(
                    "it holds the parameter {name}, sealed: a plan is applied as it is"
                )));
            }
        }
        secrets.parameters.extend(self.given.parameters.clone());
        if let Some(credentials) = self.given.credentials() {
            secrets.set_credentials(&credentials);
        }
        Ok(secrets)
    }
}

fn digest(document: &Document) -> Result<String, EngineError> {
    let text = serde_json::to_string(document).map_err(|_| bad("it cannot be written as JSON"))?;
    Ok(SourceHash::of(&text).0)
}

/// No values: they may be secret.
impl fmt::Debug for SavedPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedPlan")
            .field("stack", &self.document.stack)
            .field("action", &self.document.action)
            .field("made", &self.document.made)
            .field("plan", &self.document.plan)
            .finish_non_exhaustive()
    }
}
