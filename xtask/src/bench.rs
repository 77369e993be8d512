//! `cargo xtask bench`: builds and runs the benchmarks, which are a program of their own: they need optimised builds of
//! what the other commands only need quickly.

use std::process::{Command, ExitCode};

use clap::Args;

use crate::checkout::Checkout;
use crate::step::{LayerRun, StepError, cargo};

/// The page that keeps the last figures, from the root.
const PAGE: &str = "docs/benchmarks.md";

/// The benchmark that counts instructions: a program of its own, for which little has to be built.
const INSTRUCTIONS: &str = "instructions";

/// The file that keeps the counts, from the root.
const COUNTS: &str = "xtask/reading/instructions.yaml";

/// Arguments of `cargo xtask bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Only these, of reading, checking, store, levels, growth and instructions.
    #[arg(long, value_name = "BENCHMARK", value_delimiter = ',')]
    only: Vec<String>,
    /// How often each is measured; the best of them counts. Instructions are counted once.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Keep the figures in docs/benchmarks.md, and the instructions in xtask/reading/instructions.yaml; of single
    /// benchmarks only the instructions can be kept.
    #[arg(long)]
    write: bool,
}

/// Runs `cargo xtask bench`. The exit code is 1 when a demand does not hold.
pub(crate) fn run(arguments: &BenchArguments) -> Result<ExitCode, StepError> {
    let checkout = Checkout::current();
    let timed: Vec<&str> =
        arguments.only.iter().map(String::as_str).filter(|name| *name != INSTRUCTIONS).collect();
    if arguments.write && !timed.is_empty() {
        return Err(StepError::Found(
            "--write keeps the figures of all benchmarks, or with `--only instructions` of these".to_owned(),
        ));
    }
    let mut outcome = 0;
    if arguments.only.is_empty() || !timed.is_empty() {
        outcome = outcome.max(ended(&mut timing(&checkout, arguments, &timed))?);
    }
    if arguments.only.is_empty() || timed.len() < arguments.only.len() {
        let mut command = counting(cargo(&checkout), &checkout);
        if arguments.write {
            command.arg("--write");
        }
        outcome = outcome.max(ended(&mut command)?);
    }
    Ok(ExitCode::from(outcome))
}

/// The layer `instructions`: no main way through the language takes more instructions than it may.
pub(crate) fn layer(run: &LayerRun) -> Result<(), StepError> {
    run.run(&mut counting(run.cargo_command(), &run.checkout))
}

fn timing(checkout: &Checkout, arguments: &BenchArguments, only: &[&str]) -> Command {
    let mut command = cargo(checkout);
    command.args(["run", "--quiet", "--release", "--package", "xtask-bench", "--"]);
    command.args(["--rounds", &arguments.rounds.to_string()]);
    command.arg("--work").arg(checkout.output().join("bench"));
    if !only.is_empty() {
        command.args(["--only", &only.join(",")]);
    }
    if arguments.write {
        command.arg("--write").arg(checkout.root().join(PAGE));
    }
    command
}

fn counting(mut cargo: Command, checkout: &Checkout) -> Command {
    cargo.args(["run", "--quiet", "--release", "--package", "xtask-reading", "--", "count", "--counts"]);
    cargo.arg(checkout.root().join(COUNTS));
    cargo
}

/// 0 where all demands hold, 1 where one does not, 2 where something went wrong.
fn ended(command: &mut Command) -> Result<u8, StepError> {
    let status =
        command.status().map_err(|source| StepError::Start { command: "cargo run".to_owned(), source })?;
    Ok(match status.code() {
        Some(0) => 0,
        Some(1) => 1,
        _ => 2,
    })
}
