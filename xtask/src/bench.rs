//! `cargo xtask bench`: builds and runs the benchmarks, which are a program of their own: they need optimised builds of
//! what the other commands only need quickly.

use std::process::ExitCode;

use clap::Args;

use crate::checkout::Checkout;
use crate::step::{StepError, cargo};

/// The page that keeps the last figures, from the root.
const PAGE: &str = "docs/benchmarks.md";

/// Arguments of `cargo xtask bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Only these, of reading, store, levels and growth.
    #[arg(long, value_name = "BENCHMARK", value_delimiter = ',')]
    only: Vec<String>,
    /// How often each is measured; the best of them counts.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Keep the figures in docs/benchmarks.md.
    #[arg(long, conflicts_with = "only")]
    write: bool,
}

/// Runs `cargo xtask bench`. The exit code is 1 when a demand does not hold.
pub(crate) fn run(arguments: &BenchArguments) -> Result<ExitCode, StepError> {
    let checkout = Checkout::current();
    let mut command = cargo(&checkout);
    command.args(["run", "--quiet", "--release", "--package", "xtask-bench", "--"]);
    command.args(["--rounds", &arguments.rounds.to_string()]);
    command.arg("--work").arg(checkout.output().join("bench"));
    if !arguments.only.is_empty() {
        command.args(["--only", &arguments.only.join(",")]);
    }
    if arguments.write {
        command.arg("--write").arg(checkout.root().join(PAGE));
    }
    let status = command.status().map_err(|source| StepError::Start {
        command: "cargo run --package xtask-bench".to_owned(),
        source,
    })?;
    Ok(match status.code() {
        Some(0) => ExitCode::SUCCESS,
        Some(1) => ExitCode::FAILURE,
        _ => ExitCode::from(2),
    })
}
