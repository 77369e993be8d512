//! The benchmarks of this project, as `cargo xtask bench` runs them: each is a ratio of two things that are measured in
//! the same run on the same machine, so that the figures mean the same everywhere.
//!
//! - `reading`: events, trees, checked templates, against the port of libyaml and PyYAML's `CSafeLoader`; peak memory.
//! - `checking`: the cost of a resource in small and in large templates.
//! - `store`: a thousand resources on the durable store, against a replay of the very transactions of the engine.
//! - `levels`: resources that take their time, in levels, against their critical path.
//! - `growth`: the cost of a resource in small and in large stacks.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its user")]

mod checking;
mod deployment;
mod growth;
mod levels;
mod page;
mod python;
mod reading;
mod report;
mod store;

use clap::{Parser, ValueEnum};
use mimalloc::MiMalloc;
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;
use xtask_reading::memory::Counting;

/// The allocator of the command line, which counts only while peak memory is measured.
#[global_allocator]
static ALLOCATOR: Counting<MiMalloc> = Counting(MiMalloc);

/// The benchmarks: ratios of what is measured in one run.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Arguments {
    /// Only these, in their own order.
    #[arg(long, value_delimiter = ',', value_name = "BENCHMARK")]
    only: Vec<Benchmark>,
    /// How often each is measured; the best of them counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Write the figures to this page.
    #[arg(long, value_name = "PAGE", conflicts_with = "only")]
    write: Option<PathBuf>,
    /// Folder for databases and for PyYAML where it must be installed. Durable writes are measured here: it should lie
    /// on a disk, not in memory.
    #[arg(long, default_value = "target/xtask/bench")]
    work: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Benchmark {
    Reading,
    Checking,
    Store,
    Levels,
    Growth,
}

/// Why a benchmark has no figures.
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

/// Whether every demand holds.
fn run(arguments: &Arguments) -> Result<bool, Failure> {
    std::fs::create_dir_all(&arguments.work)?;
    let mut reports = Vec::new();
    for benchmark in Benchmark::value_variants() {
        if !arguments.only.is_empty() && !arguments.only.contains(benchmark) {
            continue;
        }
        let report = measure(*benchmark, arguments)?;
        println!("{report}");
        reports.push(report);
    }
    let failed = reports.iter().flat_map(|report| &report.demands).filter(|demand| !demand.holds()).count();
    match failed {
        0 => println!("every demand holds"),
        _ => println!("{failed} demands do not hold"),
    }
    if let Some(page) = &arguments.write {
        std::fs::write(page, page::page(&reports))?;
        println!("written to {}", page.display());
    }
    Ok(failed == 0)
}

fn measure(benchmark: Benchmark, arguments: &Arguments) -> Result<Report, Failure> {
    let Arguments { rounds, work, .. } = arguments;
    match benchmark {
        Benchmark::Reading => reading::measure(*rounds, work),
        Benchmark::Checking => checking::measure(*rounds),
        Benchmark::Store => store::measure(*rounds, work),
        Benchmark::Levels => levels::measure(*rounds, work),
        Benchmark::Growth => growth::measure(*rounds),
    }
}
