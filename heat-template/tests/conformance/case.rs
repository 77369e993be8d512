//! A recorded case, in the format of `conformance/README.md`.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) template: String,
    #[serde(default)]
    pub(crate) operation: Option<String>,
    #[serde(default)]
    pub(crate) stack_name: Option<String>,
    #[serde(default)]
    pub(crate) parameters: IndexMap<String, Value>,
    #[serde(default)]
    pub(crate) environment: Option<Value>,
    #[serde(default)]
    pub(crate) environment_files: Vec<String>,
    #[serde(default)]
    pub(crate) files: IndexMap<String, String>,
    pub(crate) expect: Expect,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Expect {
    pub(crate) valid: bool,
    #[serde(default)]
    pub(crate) must_mention: Vec<String>,
    #[serde(default)]
    pub(crate) status: Option<String>,
    #[serde(default)]
    pub(crate) reason_must_mention: Vec<String>,
    #[serde(default)]
    pub(crate) outputs: IndexMap<String, Value>,
    #[serde(default)]
    pub(crate) output_errors: IndexMap<String, OutputError>,
    #[serde(default)]
    pub(crate) dependencies: Option<IndexMap<String, Vec<String>>>,
    #[serde(default)]
    pub(crate) parameters: Option<IndexMap<String, Value>>,
    #[serde(default)]
    pub(crate) description: Option<Value>,
    #[serde(default)]
    pub(crate) validate: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OutputError {
    #[serde(default)]
    pub(crate) must_mention: Vec<String>,
}
