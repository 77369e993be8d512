//! The layer that compares with real PyYAML: what is emitted and formatted here, as its two loaders read it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::{LayerRun, StepError};

const HAS_LOADER: &str = "import yaml; yaml.CSafeLoader";

/// Runs `tests/pyyaml.rs` with a Python that has PyYAML with its loader in C: the machine's own, else one in a folder of
/// its own into which pip installs it.
pub(crate) fn layer(run: &LayerRun) -> Result<(), StepError> {
    let own = PathBuf::from("python3");
    let python = if has_loader(&own) { own } else { installed(run)? };
    let mut cargo = run.cargo_command();
    cargo
        .args(["test", "--workspace", "--test", "pyyaml", "--", "--include-ignored"])
        .env("HEAT_TEST_PYTHON", python)
        .env("HEAT_PYYAML_CASES", "10000");
    run.run(&mut cargo)
}

fn has_loader(python: &Path) -> bool {
    Command::new(python).args(["-c", HAS_LOADER]).output().is_ok_and(|output| output.status.success())
}

fn installed(run: &LayerRun) -> Result<PathBuf, StepError> {
    let folder = run.checkout.root().join("target/xtask/python");
    let python = folder.join("bin").join("python3");
    if !has_loader(&python) {
        run.note("PyYAML's CSafeLoader is not there; it is installed in target/xtask/python");
        run.run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run.run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "PyYAML"]))?;
    }
    if has_loader(&python) {
        return Ok(python);
    }
    Err(StepError::Found(
        "PyYAML has no CSafeLoader here: its wheel for this Python was built without libyaml".to_owned(),
    ))
}
