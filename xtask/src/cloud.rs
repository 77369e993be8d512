//! `cargo xtask cloud`: the real OpenStack control plane of `xtask/control-plane/`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{Args, ValueEnum};

use crate::checkout::Checkout;
use crate::step::{LayerRun, StepError};

/// Where the control plane keeps everything when nothing else is asked for. The services of the data base and of the
/// message queue run as users of their own, who cannot enter a home directory.
const BASE: &str = "/tmp/heat-control-plane";

/// Names the file that the tests in `tests/cloud_*.rs` take their clouds from.
const CLOUDS_VARIABLE: &str = "HEAT_TEST_CLOUDS";

/// Arguments of `cargo xtask cloud`.
#[derive(Debug, Args)]
pub(crate) struct CloudArguments {
    /// What to do.
    #[arg(value_enum)]
    action: Action,
    /// Folder of all data, logs and settings.
    #[arg(long, env = "HEAT_CONTROL_PLANE", default_value = BASE)]
    base: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Action {
    /// Install what is missing, start what does not run, make the first objects.
    Up,
    /// Stop everything that was started; the data stay.
    Down,
    /// Show each service; exit code 0 when all run.
    Status,
    /// Print the path of the clouds.yaml with the clouds admin, demo and alt.
    CloudsYaml,
    /// Use every service once.
    Smoke,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Status => "status",
            Self::CloudsYaml => "clouds-yaml",
            Self::Smoke => "smoke",
        }
    }
}

/// Runs `cargo xtask cloud`.
pub(crate) fn run(arguments: &CloudArguments) -> Result<ExitCode, StepError> {
    let status = command(&Checkout::current(), &arguments.base, arguments.action)
        .status()
        .map_err(|source| StepError::Start { command: "python3".to_owned(), source })?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The layer: control plane up, the tests that need it, and down again if it was not up before.
pub(crate) fn layer(run: &LayerRun) -> Result<(), StepError> {
    let base = std::env::var_os("HEAT_CONTROL_PLANE").map_or_else(|| PathBuf::from(BASE), PathBuf::from);
    let call = |action| run.run(&mut command(&run.checkout, &base, action));
    let was_up = call(Action::Status).is_ok();
    let tested = call(Action::Up).and_then(|()| tests(run, &base));
    let stopped = if was_up || run.keep_cloud { Ok(()) } else { call(Action::Down) };
    tested.and(stopped)
}

fn tests(run: &LayerRun, base: &Path) -> Result<(), StepError> {
    let mut cargo = run.cargo_command();
    if run.has_nextest() {
        cargo.args(["nextest", "run", "--workspace", "--profile", "cloud", "--run-ignored", "all"]);
        cargo.args(["--filterset", "binary(/^cloud_/)"]);
    } else {
        cargo.args([
            "test",
            "--workspace",
            "--test",
            "cloud_*",
            "--",
            "--include-ignored",
            "--test-threads",
            "2",
        ]);
    }
    run.run(cargo.env(CLOUDS_VARIABLE, base.join("clouds.yaml")))
}

fn command(checkout: &Checkout, base: &Path, action: Action) -> Command {
    // Another Python may come first in PATH and know nothing of Debian's packages. On a bare machine there may be only that
    // one, which is good enough: the script needs nothing but the standard library.
    let debian = Path::new("/usr/bin/python3");
    let mut command = Command::new(if debian.exists() { debian } else { Path::new("python3") });
    // -B: no cache files in the source tree.
    command.arg("-B").arg(checkout.root().join("xtask/control-plane/control_plane.py"));
    command.arg(action.name()).arg("--base").arg(base);
    command
}
