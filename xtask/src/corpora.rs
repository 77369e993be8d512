//! `cargo xtask corpora`: builds and runs the comparison with PyYAML and Heat on templates of others, which is a program of
//! its own: it needs the language alone.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::checkout::Checkout;
use crate::step::{StepError, cargo};

/// Arguments of `cargo xtask corpora`.
#[derive(Debug, Args)]
pub(crate) struct CorporaArguments {
    /// Folders with templates and environments.
    #[arg(required = true)]
    folders: Vec<PathBuf>,
    /// Only `values` or only `verdicts`.
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// Tell of every template what both say.
    #[arg(short, long)]
    verbose: bool,
    /// A Python that has openstack-heat 27.0.1 already.
    #[arg(long, value_name = "PYTHON")]
    heat_python: Option<PathBuf>,
}

/// Runs `cargo xtask corpora`. The exit code is 1 where something differs.
pub(crate) fn run(arguments: &CorporaArguments) -> Result<ExitCode, StepError> {
    let checkout = Checkout::current();
    let mut command = cargo(&checkout);
    command.args(["run", "--quiet", "--package", "xtask-corpora", "--"]);
    command.arg("--work").arg(checkout.output().join("corpora"));
    if let Some(part) = &arguments.only {
        command.args(["--only", part]);
    }
    if arguments.verbose {
        command.arg("--verbose");
    }
    if let Some(python) = &arguments.heat_python {
        command.arg("--heat-python").arg(absolute(python)?);
    }
    for folder in &arguments.folders {
        command.arg(absolute(folder)?);
    }
    let status = command.status().map_err(|source| StepError::Start {
        command: "cargo run --package xtask-corpora".to_owned(),
        source,
    })?;
    Ok(match status.code() {
        Some(0) => ExitCode::SUCCESS,
        Some(1) => ExitCode::FAILURE,
        _ => ExitCode::from(2),
    })
}

/// The program runs in the checkout's root, whose paths need not be those of the caller.
fn absolute(path: &PathBuf) -> Result<PathBuf, StepError> {
    std::path::absolute(path).map_err(|source| StepError::File { path: path.clone(), source })
}
