//! `cargo xtask bench --only instructions`: counts the instructions of the main ways through the language, and compares
//! them with what is written down.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its user")]

use clap::Parser;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use xtask_reading::counts::{Counts, change};
use xtask_reading::valgrind;
use xtask_reading::work::{Failure, WAYS, Way};

/// Counts the instructions of the main ways through the language.
#[derive(Debug, Parser)]
enum Arguments {
    /// Count, and compare with the file.
    Count {
        /// The file.
        #[arg(long, value_name = "FILE")]
        counts: PathBuf,
        /// Write the file anew.
        #[arg(long)]
        write: bool,
    },
    /// Go one way so many times: what is counted.
    Go {
        /// The way.
        way: String,
        /// How often.
        times: u32,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse() {
        Arguments::Count { counts, write } => count(&counts, write),
        Arguments::Go { way, times } => go(&way, times).map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn go(name: &str, times: u32) -> Result<(), Failure> {
    let way = WAYS.iter().find(|way| way.name == name).ok_or("there is no such way")?;
    let work = (way.prepare)()?;
    for _ in 0..times {
        work()?;
    }
    Ok(())
}

/// Whether no way takes more than it may.
fn count(file: &Path, write: bool) -> Result<bool, Failure> {
    valgrind::set_up()?;
    let mut instructions = BTreeMap::new();
    let before = if write { None } else { Some(Counts::read(file)?) };
    println!("Instructions of the main ways, 500 resources");
    for way in WAYS {
        let count = instructions_of(way)?;
        let known = before.as_ref().and_then(|before| before.instructions.get(way.name));
        let changed =
            known.map_or(String::new(), |known| format!("  {:+.1} %", change(*known, count) * 100.0));
        println!("    {:<20} {count:>12}{changed}", way.name);
        instructions.insert(way.name.to_owned(), count);
    }
    let now = Counts { compiler: compiler()?, instructions };
    let Some(before) = before else {
        now.write(file)?;
        println!("written to {}", file.display());
        return Ok(true);
    };
    let wrong = before.judge(&now);
    wrong.iter().for_each(|line| println!("  {line} DOES NOT HOLD"));
    if wrong.is_empty() {
        println!("no way takes over 3 % more than what is written down");
    }
    Ok(wrong.is_empty())
}

/// Of going once, when everything has been gone once before: without the start of the program and what it prepares.
fn instructions_of(way: &Way) -> Result<u64, Failure> {
    const MORE: u64 = 2;
    let program = std::env::current_exe()?;
    let times = |times: u64| valgrind::instructions(&program, &["go", way.name, &times.to_string()]);
    Ok((times(1 + MORE)?.saturating_sub(times(1)?)) / MORE)
}

fn compiler() -> Result<String, Failure> {
    let output = Command::new("rustc").arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
