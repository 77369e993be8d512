//! Templates and environments of others, as `cargo xtask corpora` takes them: every file of some folders is read by this
//! project and by PyYAML, and every template and environment is judged by this project and by Heat itself.
//!
//! The programs in `python` ask PyYAML and Heat; what they say comes as lines of JSON.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its user")]

mod heat_types;
mod same;
mod values;
mod verdicts;

use clap::{Parser, ValueEnum};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use xtask_python::{Packages, Python};

const PYYAML: Packages<'_> = Packages {
    install: &["PyYAML"],
    probe: "import yaml; yaml.CSafeLoader",
    otherwise: "PyYAML has no CSafeLoader here: its wheel for this Python was built without libyaml",
};

/// The Heat that the recorded cases come from, too.
const HEAT: Packages<'_> = Packages {
    install: &["openstack-heat==27.0.1"],
    probe: "from importlib.metadata import version; assert version('openstack-heat') == '27.0.1'",
    otherwise: "openstack-heat 27.0.1 is installed, but Python does not find it",
};

/// Templates and environments of others, read and judged as PyYAML and Heat do.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask corpora", bin_name = "cargo xtask corpora")]
struct Arguments {
    /// Folders with templates and environments.
    #[arg(required = true)]
    folders: Vec<PathBuf>,
    /// Only the values, or only the verdicts.
    #[arg(long)]
    only: Option<Part>,
    /// Tell of every template what both say.
    #[arg(short, long)]
    verbose: bool,
    /// A Python that has openstack-heat 27.0.1 already.
    #[arg(long, value_name = "PYTHON")]
    heat_python: Option<PathBuf>,
    /// Folder for Pythons where packages must be installed.
    #[arg(long, default_value = "target/xtask/corpora")]
    work: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Values,
    Verdicts,
}

/// Why nothing can be compared.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether there is no difference.
fn run(arguments: &Arguments) -> Result<bool, Failure> {
    std::fs::create_dir_all(&arguments.work)?;
    let mut same = true;
    if arguments.only != Some(Part::Verdicts) {
        let python = Python::with(&PYYAML, &arguments.work.join("pyyaml"))?;
        for folder in &arguments.folders {
            let mut figures = values::Figures::default();
            lines(&python, "values.py", &[folder], |line| {
                figures.count(&values::compare(&serde_json::from_str(line)?));
                Ok(())
            })?;
            println!("{}: values: {figures}", folder.display());
            same &= figures.different == 0;
        }
    }
    if arguments.only != Some(Part::Values) {
        let python = match &arguments.heat_python {
            Some(path) => Python::at(path),
            None => Python::with(&HEAT, &arguments.work.join("heat"))?,
        };
        let mut types = None;
        lines(&python, "judge.py", &[Path::new("types")], |line| {
            types = Some(heat_types::HeatTypes::read(line)?);
            Ok(())
        })?;
        let types = types.ok_or("judge.py tells no types")?;
        for folder in &arguments.folders {
            let mut figures = verdicts::Figures::new(arguments.verbose);
            lines(&python, "judge.py", &[Path::new("folder"), folder], |line| {
                figures.count(&verdicts::Question::read(line)?, &types);
                Ok(())
            })?;
            print!("{}: verdicts:\n{figures}", folder.display());
            same &= figures.differences == 0;
        }
    }
    Ok(same)
}

/// Runs one of the Python programs and takes what it says, line by line.
fn lines(
    python: &Python,
    program: &str,
    arguments: &[&Path],
    mut take: impl FnMut(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(program);
    let mut command = python.command();
    command.arg(&program).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1");
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let out = child.stdout.take().ok_or("no pipe to the program")?;
    for line in BufReader::new(out).lines() {
        take(&line?)?;
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}
