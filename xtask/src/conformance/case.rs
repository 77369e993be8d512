//! A recorded case, in the format of `conformance/README.md`. A key that the format does not have is an error: it would
//! be an expectation that nobody looks at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::ConformanceError;

/// A request with what Heat made of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) why: String,
    pub(crate) template: String,
    #[serde(default)]
    pub(crate) operation: Operation,
    #[serde(default = "corpus")]
    pub(crate) stack_name: String,
    #[serde(default = "yes")]
    pub(crate) disable_rollback: bool,
    #[serde(default)]
    pub(crate) parameters: IndexMap<String, Value>,
    #[serde(default)]
    pub(crate) environment: Option<Value>,
    #[serde(default)]
    pub(crate) environment_files: Vec<String>,
    #[serde(default)]
    pub(crate) files: IndexMap<String, String>,
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
    pub(crate) expect: Expect,
}

fn corpus() -> String {
    "corpus".to_owned()
}

fn yes() -> bool {
    true
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    #[default]
    Create,
    Preview,
    Validate,
}

/// What is done afterwards on the same stack.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) op: StepOperation,
    #[serde(default)]
    pub(crate) existing: bool,
    #[serde(default)]
    pub(crate) clear_parameters: Vec<String>,
    #[serde(default)]
    pub(crate) template: Option<String>,
    #[serde(default)]
    pub(crate) disable_rollback: Option<bool>,
    #[serde(default)]
    pub(crate) parameters: IndexMap<String, Value>,
    #[serde(default)]
    pub(crate) environment: Option<Value>,
    #[serde(default)]
    pub(crate) environment_files: Vec<String>,
    #[serde(default)]
    pub(crate) files: IndexMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepOperation {
    Update,
    PreviewUpdate,
    Delete,
}

impl StepOperation {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::PreviewUpdate => "preview_update",
            Self::Delete => "delete",
        }
    }
}

/// What Heat did, for a request or for one of the steps behind it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) op: Option<StepOperation>,
    pub(crate) valid: bool,
    // Heat's own words, there to be read and not to be compared.
    #[serde(rename = "phase")]
    _phase: Option<String>,
    #[serde(rename = "error_class")]
    _error_class: Option<String>,
    #[serde(rename = "message")]
    _message: Option<String>,
    #[serde(rename = "crash")]
    _crash: Option<bool>,
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) must_mention: Vec<String>,
    pub(crate) status: Option<String>,
    #[serde(default)]
    pub(crate) reason_must_mention: Vec<String>,
    pub(crate) outputs: Option<IndexMap<String, Value>>,
    #[serde(default)]
    pub(crate) output_errors: IndexMap<String, OutputError>,
    pub(crate) dependencies: Option<BTreeMap<String, BTreeSet<String>>>,
    pub(crate) resources: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(crate) nested_resources: BTreeMap<String, String>,
    pub(crate) parameters: Option<IndexMap<String, Value>>,
    pub(crate) description: Option<Value>,
    pub(crate) changes: Option<BTreeMap<String, Change>>,
    pub(crate) preview_update: Option<PreviewUpdate>,
    pub(crate) preview: Option<Value>,
    pub(crate) validate: Option<Value>,
    #[serde(default)]
    pub(crate) steps: Vec<Expect>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutputError {
    #[serde(default)]
    pub(crate) message: String,
    #[serde(rename = "crash")]
    _crash: Option<bool>,
    #[serde(default)]
    pub(crate) must_mention: Vec<String>,
}

/// What became of a resource in an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    Created,
    Deleted,
    Updated,
    Replaced,
    Unchanged,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PreviewUpdate {
    pub(crate) unchanged: BTreeSet<String>,
    pub(crate) updated: BTreeSet<String>,
    pub(crate) replaced: BTreeSet<String>,
    pub(crate) added: BTreeSet<String>,
    pub(crate) deleted: BTreeSet<String>,
}

/// All cases of one file.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) cases: Vec<Case>,
}

/// The folders of cases inside a folder like `conformance`: those that were given, and those that were recorded later.
const INSIDE: [&str; 2] = ["cases", "more"];

/// Reads every family of a folder, or of the folders `cases` and `more` in it, in the order of their names.
pub(crate) fn read(folder: &Path) -> Result<Vec<Family>, ConformanceError> {
    let inside: Vec<_> = INSIDE.iter().map(|name| folder.join(name)).filter(|inner| inner.is_dir()).collect();
    let folders = if inside.is_empty() { vec![folder.to_owned()] } else { inside };
    let mut paths: Vec<PathBuf> = Vec::new();
    for folder in &folders {
        let file = |source| ConformanceError::File { path: folder.clone(), source };
        for entry in std::fs::read_dir(folder).map_err(file)? {
            let path = entry.map_err(file)?.path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                paths.push(path);
            }
        }
    }
    if paths.is_empty() {
        return Err(ConformanceError::NoCases(folder.to_owned()));
    }
    paths.sort_by_key(|path| path.file_name().map(ToOwned::to_owned));
    paths.into_iter().map(family).collect()
}

fn family(path: PathBuf) -> Result<Family, ConformanceError> {
    let text = std::fs::read_to_string(&path)
        .map_err(|source| ConformanceError::File { path: path.clone(), source })?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let cases: Vec<Case> = serde_yaml::from_str(&text)
        .map_err(|source| ConformanceError::Form { path: path.clone(), source })?;
    let mut names = BTreeSet::new();
    match cases.iter().find(|case| !names.insert(case.name.clone())) {
        Some(twice) => Err(ConformanceError::NameTwice { path, name: twice.name.clone() }),
        None => Ok(Family { name, cases }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_the_format_does_not_have_is_an_error() {
        let text = "- {name: a, why: b, template: c, expect: {valid: true, outptus: {}}}";
        let error = serde_yaml::from_str::<Vec<Case>>(text).unwrap_err();
        assert!(error.to_string().contains("outptus"), "{error}");
    }

    #[test]
    fn integers_of_any_size_keep_their_digits() {
        let text =
            "{name: a, why: b, template: c, expect: {valid: true, outputs: {n: 36893488147419103232}}}";
        let case: Case = serde_yaml::from_str(text).unwrap();
        assert_eq!(case.expect.outputs.unwrap()["n"].to_string(), "36893488147419103232");
    }
}
