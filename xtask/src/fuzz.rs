//! `cargo xtask fuzz`: the targets of the crate `fuzz` under libFuzzer, on the stable toolchain.
//!
//! The compiler of any channel instruments the code where it is told so by flags that are LLVM's own; libFuzzer itself comes
//! with a crate and is built by a C++ compiler. What is worth keeping is in `fuzz/corpus`, a text a line as JSON; the tests of
//! heat-template judge it without any of this.

mod corpus;
mod seeds;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;

use crate::checkout::Checkout;
use crate::step::{StepError, cargo};

/// The targets: files in `fuzz/targets`, judges in `heat-template/tests/fuzz/judge`.
const TARGETS: [&str; 6] = ["reader", "template", "environment", "yaql", "format", "emit"];

/// What makes the compiler count which ways are taken, and tell libFuzzer what is compared with what.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                     -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Bytes of a text: longer ones are not tried.
const LONGEST: &str = "6000";

/// Arguments of `cargo xtask fuzz`.
#[derive(Debug, Args)]
pub(crate) struct FuzzArguments {
    /// Only these targets: reader, template, environment, yaql, format, emit.
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// How long each target is tried.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// More recorded cases (files of cases, as in `conformance/cases`) whose texts are begun with.
    #[arg(long, value_name = "FOLDER")]
    cases: Vec<PathBuf>,
    /// Keep what is worth keeping: the smallest set of texts that take every way is written to `fuzz/corpus`.
    #[arg(long)]
    keep: bool,
    /// Judge one text, a file that an earlier run named, by the one target that is given.
    #[arg(long, value_name = "FILE", conflicts_with = "keep")]
    judge: Option<PathBuf>,
}

/// Runs `cargo xtask fuzz`. The exit code is 1 when a text was found that a target cannot bear.
pub(crate) fn run(arguments: &FuzzArguments) -> Result<ExitCode, StepError> {
    let checkout = Checkout::current();
    let wanted =
        |target: &&str| arguments.targets.is_empty() || arguments.targets.iter().any(|one| one == target);
    if let Some(unknown) = arguments.targets.iter().find(|one| !TARGETS.contains(&one.as_str())) {
        return Err(StepError::Found(format!("no target {unknown}; there are {}", TARGETS.join(", "))));
    }
    let programs = build(&checkout)?;
    let mut failed = Vec::new();
    for target in TARGETS.into_iter().filter(wanted) {
        let fuzzing = Fuzzing { checkout: &checkout, program: programs.join(target), target };
        let passed = match &arguments.judge {
            Some(file) => fuzzing.judge(file)?,
            None => fuzzing.search(arguments)?,
        };
        if !passed {
            failed.push(target);
        } else if arguments.keep {
            fuzzing.keep()?;
        }
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("cannot bear a text: {}; the files are named above", failed.join(", "));
    Ok(ExitCode::FAILURE)
}

/// Builds the targets and tells their folder.
fn build(checkout: &Checkout) -> Result<PathBuf, StepError> {
    let host = host()?;
    let target = checkout.output().join("fuzz");
    // With a target named, the flags are not those of build scripts and macros.
    let mut command = cargo(checkout);
    command.args(["build", "--release", "--target", &host, "--manifest-path"]);
    command
        .arg(checkout.root().join("fuzz/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTFLAGS", FLAGS);
    if succeeds(&mut command)? {
        Ok(target.join(host).join("release"))
    } else {
        Err(StepError::Found("the targets cannot be built".to_owned()))
    }
}

fn host() -> Result<String, StepError> {
    let start = |source| StepError::Start { command: "rustc -vV".to_owned(), source };
    let output = Command::new("rustc").arg("-vV").output().map_err(start)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| StepError::Found("rustc does not tell its host".to_owned()))
}

fn succeeds(command: &mut Command) -> Result<bool, StepError> {
    let text = format!("{command:?}");
    command
        .status()
        .map(|status| status.success())
        .map_err(|source| StepError::Start { command: text, source })
}

/// One target.
struct Fuzzing<'a> {
    checkout: &'a Checkout,
    program: PathBuf,
    target: &'static str,
}

impl Fuzzing<'_> {
    /// A folder of this target below `target/xtask/fuzz`.
    fn folder(&self, name: &str) -> Result<PathBuf, StepError> {
        let folder = self.checkout.output().join("fuzz").join(name).join(self.target);
        fs::create_dir_all(&folder).map_err(|source| StepError::File { path: folder.clone(), source })?;
        Ok(folder)
    }

    fn kept(&self) -> PathBuf {
        self.checkout.root().join("fuzz/corpus").join(format!("{}.jsonl", self.target))
    }

    fn judge(&self, file: &Path) -> Result<bool, StepError> {
        succeeds(Command::new(&self.program).arg(file))
    }

    /// Searches from what was kept, from earlier runs on this machine, and from the recorded texts.
    fn search(&self, arguments: &FuzzArguments) -> Result<bool, StepError> {
        let (found, begun) = (self.folder("found")?, self.folder("begun")?);
        corpus::unpack(&self.kept(), &begun)?;
        seeds::write(self.checkout, &arguments.cases, self.target, &begun)?;
        let words = self.folder("words")?.join("words.dict");
        fs::write(&words, seeds::words(self.target))
            .map_err(|source| StepError::File { path: words.clone(), source })?;
        let crashes = self.folder("crashes")?;
        let mut command = Command::new(&self.program);
        command.arg(&found).arg(&begun).arg(format!("-max_total_time={}", arguments.minutes * 60));
        command.arg(format!("-max_len={LONGEST}")).arg(format!("-dict={}", words.display()));
        // Whatever takes so long or so much, on a machine that does other things too, has no limit.
        command.args(["-timeout=60", "-rss_limit_mb=3000", "-print_final_stats=1"]);
        command.arg(format!("-artifact_prefix={}/", crashes.display()));
        succeeds(&mut command)
    }

    /// Keeps the smallest set of texts that take every way.
    fn keep(&self) -> Result<(), StepError> {
        let (found, begun, least) = (self.folder("found")?, self.folder("begun")?, self.folder("least")?);
        fs::remove_dir_all(&least).map_err(|source| StepError::File { path: least.clone(), source })?;
        let least = self.folder("least")?;
        let mut command = Command::new(&self.program);
        command.args(["-merge=1", &format!("-max_len={LONGEST}")]).arg(&least).arg(&found).arg(&begun);
        if !succeeds(&mut command)? {
            return Err(StepError::Found(format!("the texts of {} cannot be merged", self.target)));
        }
        let (count, bytes) = corpus::pack(&least, &self.kept())?;
        println!("{}: {count} texts, {bytes} bytes", self.kept().display());
        Ok(())
    }
}
