//! The layers of tests, in the order in which they run. A new kind of tests is a new row.

use std::time::Duration;

use crate::api;
use crate::bench;
use crate::cloud;
use crate::conformance;
use crate::outside;
use crate::postgresql;
use crate::python;
use crate::step::{LayerRun, StepError};
use crate::wasm;

/// A layer of tests.
#[derive(Debug)]
pub(crate) struct Layer {
    /// What `--only` and `--without` call it; its log is `target/xtask/NAME.log`.
    pub(crate) name: &'static str,
    /// Whether it belongs to the inner loop: it needs nothing installed and takes seconds once built.
    pub(crate) quick: bool,
    /// Minutes after which it is ended and has failed, building included.
    pub(crate) minutes: u64,
    /// Does the set-up and the tests.
    pub(crate) run: fn(&LayerRun) -> Result<(), StepError>,
}

impl Layer {
    /// The time that the layer may take.
    pub(crate) fn limit(&self) -> Duration {
        Duration::from_secs(self.minutes * 60)
    }
}

/// All layers.
pub(crate) const LAYERS: &[Layer] = &[
    Layer { name: "format", quick: true, minutes: 2, run: |run| run.cargo(&["fmt", "--all", "--check"]) },
    Layer { name: "clippy", quick: true, minutes: 20, run: clippy },
    Layer { name: "unit", quick: true, minutes: 30, run: unit },
    Layer {
        name: "doc-tests",
        quick: true,
        minutes: 20,
        run: |run| run.cargo(&["test", "--doc", "--workspace"]),
    },
    Layer { name: "conformance", quick: true, minutes: 15, run: conformance::layer },
    Layer { name: "simulation", quick: false, minutes: 20, run: simulation },
    Layer { name: "fuzz", quick: false, minutes: 15, run: fuzz },
    Layer { name: "wasm", quick: false, minutes: 15, run: wasm::layer },
    Layer { name: "python", quick: false, minutes: 15, run: python::layer },
    Layer { name: "docs", quick: false, minutes: 15, run: docs },
    Layer { name: "api", quick: false, minutes: 15, run: api::layer },
    Layer { name: "instructions", quick: false, minutes: 15, run: bench::layer },
    Layer { name: "kill", quick: false, minutes: 40, run: kill },
    Layer { name: "examples", quick: false, minutes: 20, run: outside::examples },
    Layer { name: "package", quick: false, minutes: 20, run: outside::package },
    Layer { name: "postgresql", quick: false, minutes: 30, run: postgresql::layer },
    Layer { name: "cloud", quick: false, minutes: 45, run: cloud::layer },
];

fn clippy(run: &LayerRun) -> Result<(), StepError> {
    run.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

/// Everything that is neither ignored nor a doc test.
fn unit(run: &LayerRun) -> Result<(), StepError> {
    if run.has_nextest() {
        run.cargo(&["nextest", "run", "--workspace"])
    } else {
        run.note("cargo-nextest is not installed: the same tests run under `cargo test`");
        run.cargo(&["test", "--workspace", "--tests", "--no-fail-fast"])
    }
}

/// The command is killed many times; the unit layer does the same a few times.
fn kill(run: &LayerRun) -> Result<(), StepError> {
    let arguments = ["test", "--workspace", "--test", "kill", "--", "--nocapture", "--test-threads=1"];
    run.run(run.cargo_command().args(arguments).env("HEAT_TEST_KILLS", "50"))
}

/// Thousands of seeds in place of the few of `unit`. All members are named so that the features, and with them what was
/// built for `unit`, stay the same; so in `fuzz`.
fn simulation(run: &LayerRun) -> Result<(), StepError> {
    let mut cargo = run.cargo_command();
    cargo.args(["test", "--workspace", "--test", "simulation"]).env("HEAT_SIMULATION_SEEDS", "3000");
    run.run(&mut cargo)
}

/// Many more changed templates, environments and expressions than in `unit`.
fn fuzz(run: &LayerRun) -> Result<(), StepError> {
    let mut cargo = run.cargo_command();
    cargo.args(["test", "--workspace", "--test", "fuzz"]).env("HEAT_MUTATIONS", "100000");
    run.run(&mut cargo)
}

fn docs(run: &LayerRun) -> Result<(), StepError> {
    run.run(run.cargo_command().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_fit_for_files_and_lists() {
        let names: BTreeSet<_> = LAYERS.iter().map(|layer| layer.name).collect();
        assert_eq!(names.len(), LAYERS.len());
        for name in names {
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{name}");
        }
    }
}
