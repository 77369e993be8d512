//! The commands of the developers of this project: `cargo xtask test` and others.
//!
//! ```text
//! cargo xtask test [--quick] [--only LAYER,…] [--without LAYER,…]    every layer of tests, with its set-up
//! cargo xtask conformance [DIR] [--family NAME] [--case NAME] [-v]   the cases that were recorded from OpenStack Heat
//! cargo xtask api [--write]                                          the public items of the library crates, and their lists
//! cargo xtask corpora FOLDER… [--only values|verdicts]               templates of others, read and judged as PyYAML and Heat do
//! cargo xtask fuzz [TARGET…] [--minutes N] [--keep]                  texts that the language cannot bear, guided by coverage
//! cargo xtask bench [--only BENCHMARK,…] [--write]                   ratios of what is measured in one run
//! cargo xtask cloud up|down|status|clouds-yaml|smoke                 a real OpenStack control plane on this machine
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its user")]

mod api;
mod bench;
mod checkout;
mod cloud;
mod conformance;
mod corpora;
mod fuzz;
mod layers;
mod outside;
mod postgresql;
mod python;
mod step;
mod test_run;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The developer's commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the layers of tests and sum them up.
    Test(test_run::TestArguments),
    /// Play the cases that were recorded from OpenStack Heat, and compare.
    Conformance(conformance::ConformanceArguments),
    /// Compare the public items of the library crates with the lists in docs/api.
    Api(api::ApiArguments),
    /// Measure, and print ratios with what is demanded of them.
    Bench(bench::BenchArguments),
    /// Compare what templates of others mean to this project with what they mean to PyYAML and Heat.
    Corpora(corpora::CorporaArguments),
    /// A real OpenStack control plane on this machine (Debian 12, root), for the tests that need one.
    Cloud(cloud::CloudArguments),
    /// Look for texts that the language cannot bear, guided by which ways through the code they take.
    Fuzz(fuzz::FuzzArguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Test(arguments) => test_run::run(&arguments),
        Command::Conformance(arguments) => conformance::run(&arguments),
        Command::Api(arguments) => api::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Corpora(arguments) => corpora::run(&arguments),
        Command::Cloud(arguments) => cloud::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
