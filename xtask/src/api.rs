//! `cargo xtask api`: the public items of the library crates, kept as lists in `docs/api`, so that a change of what users
//! build on is seen in review and never happens by accident.

mod difference;
mod listing;
mod signature;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;
use serde_json::Value;

use crate::checkout::Checkout;
use crate::step::{LayerRun, StepError, cargo};
use difference::difference;

/// The crates whose items users build on.
const CRATES: [&str; 6] = [
    "heat-template",
    "heat-plugin-sdk",
    "heat-plugin-sdk-macros",
    "heat-engine",
    "heat-plugins-openstack",
    "heat-simulator",
];

/// The folder of the lists, from the root.
const LISTS: &str = "docs/api";

/// Arguments of `cargo xtask api`.
#[derive(Debug, Args)]
pub(crate) struct ApiArguments {
    /// Write the lists.
    #[arg(long)]
    write: bool,
}

/// Runs `cargo xtask api`. The exit code is 1 when a list is not what the crates have.
pub(crate) fn run(arguments: &ApiArguments) -> Result<ExitCode, StepError> {
    let checkout = Checkout::current();
    let mut command = document(&checkout, cargo(&checkout))?;
    let failed = |source| StepError::Start { command: "cargo doc".to_owned(), source };
    let status = command.status().map_err(failed)?;
    if !status.success() {
        return Err(StepError::Failed { command: "cargo doc".to_owned(), status });
    }
    if arguments.write {
        for name in CRATES {
            let path = list_of(&checkout, name);
            fs::create_dir_all(checkout.root().join(LISTS)).map_err(file(&path))?;
            fs::write(&path, listed(&checkout, name)?).map_err(file(&path))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let differences = differences(&checkout)?;
    print!("{differences}");
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The layer: the lists are what the crates have.
pub(crate) fn layer(run: &LayerRun) -> Result<(), StepError> {
    run.run(&mut document(&run.checkout, run.cargo_command())?)?;
    let differences = differences(&run.checkout)?;
    if differences.is_empty() {
        return Ok(());
    }
    run.note(&differences);
    Err(StepError::Found(
        "the public items have changed: if that is meant, `cargo xtask api --write`".to_owned(),
    ))
}

/// What differs, as lines with a sign before them; empty if nothing does.
fn differences(checkout: &Checkout) -> Result<String, StepError> {
    let mut all = String::new();
    for name in CRATES {
        let path = list_of(checkout, name);
        let kept = match fs::read_to_string(&path) {
            Ok(kept) => kept,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(file(&path)(error)),
        };
        let changed = difference(&kept, &listed(checkout, name)?);
        if !changed.is_empty() {
            all += &format!("{LISTS}/{name}.txt\n{changed}");
        }
    }
    Ok(all)
}

fn list_of(checkout: &Checkout, name: &str) -> PathBuf {
    checkout.root().join(LISTS).join(format!("{name}.txt"))
}

fn folder(checkout: &Checkout) -> PathBuf {
    checkout.output().join("api")
}

fn file(path: &Path) -> impl Fn(io::Error) -> StepError {
    let path = path.to_path_buf();
    move |source| StepError::File { path: path.clone(), source }
}

/// The command that makes rustdoc's description of the crates as JSON. That form is not stable yet, so a stable rustdoc
/// has to be told that it is wanted; only rustdoc is told, or everything would be compiled anew.
fn document(checkout: &Checkout, mut command: Command) -> Result<Command, StepError> {
    let folder = folder(checkout);
    fs::create_dir_all(&folder).map_err(file(&folder))?;
    let rustdoc = folder.join("rustdoc");
    fs::write(&rustdoc, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n").map_err(file(&rustdoc))?;
    #[cfg(unix)]
    fs::set_permissions(&rustdoc, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .map_err(file(&rustdoc))?;
    // All members, as in the layer `docs`, so that features and what is built stay the same.
    command.args(["doc", "--workspace", "--no-deps", "--lib", "--all-features"]);
    command.env("RUSTDOC", &rustdoc).env("RUSTDOCFLAGS", "-Z unstable-options --output-format json");
    Ok(command)
}

/// The list of a crate by what rustdoc told of it.
fn listed(checkout: &Checkout, name: &str) -> Result<String, StepError> {
    let path = checkout.documentation().join(format!("{}.json", name.replace('-', "_")));
    let text = fs::read_to_string(&path).map_err(file(&path))?;
    let found = |problem: String| StepError::Found(format!("{}: {problem}", path.display()));
    let described: Value = serde_json::from_str(&text).map_err(|error| found(error.to_string()))?;
    let lines = listing::list(&described, checkout.root()).map_err(found)?;
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}
