//! The layer that compares with Python: what is emitted and formatted here, as PyYAML's two loaders read it, and what
//! random YAQL expressions come to, as OpenStack's `yaql` answers them.

use std::fs;
use std::path::Path;

use xtask_python::{Packages, Python, PythonError, succeed};

use crate::step::{LayerRun, StepError};

const LOADER: Packages<'_> = Packages {
    install: &["PyYAML"],
    probe: "import yaml; yaml.CSafeLoader",
    otherwise: "PyYAML has no CSafeLoader here: its wheel for this Python was built without libyaml",
};

/// The version that the answers of the corpus were recorded with.
const YAQL: Packages<'_> = Packages {
    install: &["yaql==3.0.0", "setuptools<81"],
    probe: "import yaql, importlib.metadata as m; assert m.version('yaql') == '3.0.0'",
    otherwise: "yaql 3.0.0 does not run in this Python",
};

/// How many random expressions are compared, and what they are drawn from.
const EXPRESSIONS: (&str, &str) = ("4000", "1");

/// The tests that need a Python, each with one that has what it needs: the machine's own, else one in a folder of its own
/// into which pip installs it.
pub(crate) fn layer(run: &LayerRun) -> Result<(), StepError> {
    let folder = run.checkout.root().join("target/xtask");
    let found = |error: PythonError| StepError::Found(error.to_string());
    let pyyaml = Python::with(&LOADER, &folder.join("python")).map_err(found)?;
    let mut cargo = run.cargo_command();
    cargo
        .args(["test", "--workspace", "--test", "pyyaml", "--", "--include-ignored"])
        .env("HEAT_TEST_PYTHON", pyyaml.path())
        .env("HEAT_PYYAML_CASES", "10000");
    run.run(&mut cargo)?;

    let yaql = Python::with(&YAQL, &folder.join("yaql")).map_err(found)?;
    let script = run.checkout.root().join("heat-template/tests/yaql/random_cases.py");
    let mut answer = yaql.command();
    let answers =
        succeed(answer.arg("-B").arg(script).args([EXPRESSIONS.0, EXPRESSIONS.1])).map_err(found)?;
    let file = folder.join("yaql-answers.jsonl");
    write(&file, &answers)?;
    let mut cargo = run.cargo_command();
    cargo
        .args(["test", "-p", "heat-template", "--test", "yaql", "--", "--include-ignored", "--nocapture"])
        .arg("answers_to_random_expressions_are_the_same")
        .env("HEAT_YAQL_ANSWERS", file);
    run.run(&mut cargo)
}

fn write(path: &Path, text: &str) -> Result<(), StepError> {
    fs::write(path, text).map_err(|source| StepError::File { path: path.to_path_buf(), source })
}
