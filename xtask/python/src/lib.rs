//! A Python with the packages that a tool of this project compares with: the machine's own where it has them, else one
//! in a folder of its own into which pip installs them.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};

/// A Python that has what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Python(PathBuf);

/// Packages, and how one sees that they are there.
#[derive(Debug, Clone, Copy)]
pub struct Packages<'a> {
    /// As pip takes them.
    pub install: &'a [&'a str],
    /// A program that fails where they are missing.
    pub probe: &'a str,
    /// What it means when the program fails although they are installed.
    pub otherwise: &'a str,
}

/// Why there is no such Python, or why a program failed.
#[derive(Debug, thiserror::Error)]
pub enum PythonError {
    /// A program could not be started.
    #[error("`{command}` cannot be run: {source}")]
    Start {
        /// The command.
        command: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program failed.
    #[error("`{command}`: {status}: {said}")]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it wrote to stderr.
        said: String,
    },
    /// A program wrote something that is no text.
    #[error("`{0}` wrote something that is not UTF-8")]
    NoText(String),
    /// The packages are installed, but do not do.
    #[error("{0}")]
    Unfit(String),
}

impl Python {
    /// The Python at this path, which has the packages already.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The machine's own Python where it has the packages; else one in `folder`, into which they are installed.
    ///
    /// # Errors
    ///
    /// There is no Python, or pip cannot install the packages, or they do not do.
    pub fn with(packages: &Packages<'_>, folder: &Path) -> Result<Self, PythonError> {
        let own = Self::at("python3");
        if own.has(packages) {
            return Ok(own);
        }
        let made = Self(folder.join("bin").join("python3"));
        if !made.has(packages) {
            succeed(Command::new(&own.0).args(["-m", "venv"]).arg(folder))?;
            succeed(made.command().args(["-m", "pip", "install", "--quiet"]).args(packages.install))?;
        }
        if made.has(packages) { Ok(made) } else { Err(PythonError::Unfit(packages.otherwise.to_owned())) }
    }

    fn has(&self, packages: &Packages<'_>) -> bool {
        self.command().args(["-c", packages.probe]).output().is_ok_and(|output| output.status.success())
    }

    /// Where it is; a bare name is looked for in `PATH`.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A command that runs it.
    pub fn command(&self) -> Command {
        Command::new(&self.0)
    }
}

/// Runs a command to its end and gives what it wrote to stdout.
///
/// # Errors
///
/// It cannot be started, fails, or writes something that is no text.
pub fn succeed(command: &mut Command) -> Result<String, PythonError> {
    let shown = format!("{command:?}");
    let Output { status, stdout, stderr } =
        command.output().map_err(|source| PythonError::Start { command: shown.clone(), source })?;
    if !status.success() {
        let said = String::from_utf8_lossy(&stderr);
        let lines: Vec<_> = said.trim().lines().collect();
        let said = lines[lines.len().saturating_sub(20)..].join("\n");
        return Err(PythonError::Failed { command: shown, status, said });
    }
    String::from_utf8(stdout).map_err(|_| PythonError::NoText(shown))
}
