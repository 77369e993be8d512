//! `cargo xtask conformance`: the cases that were recorded from OpenStack Heat, played on the engine's public API and the
//! memory store, each in an empty project of its own, under a paused clock.

mod case;
mod compare;
mod floor;
mod play;
mod request;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;

use crate::checkout::Checkout;
use crate::step::{LayerRun, StepError};
use case::{Case, Family};

/// Arguments of `cargo xtask conformance`.
#[derive(Debug, Args)]
pub(crate) struct ConformanceArguments {
    /// A folder of case files, or one that holds them in `cases` and `more`; the project's own unless given.
    folder: Option<PathBuf>,
    /// Only this family.
    #[arg(long, value_name = "NAME")]
    family: Option<String>,
    /// Only the case of this name.
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// Name the cases that pass, too, and say what each is about.
    #[arg(short, long)]
    verbose: bool,
}

/// Why the cases cannot be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConformanceError {
    /// A folder or file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file does not have the format.
    #[error("{path}: {source}")]
    Form {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: serde_yaml::Error,
    },
    /// Two cases of one file have the same name.
    #[error("{path}: two cases are called {name}")]
    NameTwice {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// No case file is there.
    #[error("{0} holds no case files (*.yaml)")]
    NoCases(PathBuf),
    /// The options leave nothing.
    #[error("there is no such family or case; the families are {0}")]
    NothingChosen(String),
}

impl From<ConformanceError> for StepError {
    fn from(error: ConformanceError) -> Self {
        Self::Found(error.to_string())
    }
}

/// What became of one case; an error is the first difference.
struct Outcome {
    family: String,
    name: String,
    why: String,
    result: Result<(), String>,
}

/// Passed and total of one family.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Figure {
    passed: usize,
    total: usize,
}

/// Runs `cargo xtask conformance`. The exit code is 1 when a case failed.
pub(crate) fn run(arguments: &ConformanceArguments) -> Result<ExitCode, StepError> {
    let folder = arguments.folder.clone().unwrap_or_else(|| Checkout::current().root().join("conformance"));
    let mut families = case::read(&folder)?;
    let names: Vec<_> = families.iter().map(|family| family.name.clone()).collect();
    families.retain(|family| arguments.family.as_ref().is_none_or(|wanted| *wanted == family.name));
    for family in &mut families {
        family.cases.retain(|case| arguments.case.as_ref().is_none_or(|wanted| *wanted == case.name));
    }
    families.retain(|family| !family.cases.is_empty());
    if families.is_empty() {
        return Err(ConformanceError::NothingChosen(names.join(", ")).into());
    }
    let outcomes = play_all(&families);
    for outcome in outcomes.iter().filter(|outcome| arguments.verbose || outcome.result.is_err()) {
        println!("{}", line(outcome));
        if arguments.verbose {
            println!("    {}", outcome.why);
        }
    }
    print!("{}", table(&figures(&outcomes)));
    let failed = outcomes.iter().any(|outcome| outcome.result.is_err());
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The layer of `cargo xtask test`: as many cases of each family pass as the project says, neither fewer nor more.
pub(crate) fn layer(run: &LayerRun) -> Result<(), StepError> {
    let folder = run.checkout.root().join("conformance");
    let outcomes = play_all(&case::read(&folder)?);
    for outcome in outcomes.iter().filter(|outcome| outcome.result.is_err()) {
        run.note(&line(outcome));
    }
    let figures = figures(&outcomes);
    run.note(&table(&figures));
    floor::check(&floor::read(&folder.join("passing.yaml"))?, &figures).map_err(StepError::Found)
}

/// Plays all cases, on as many threads as the machine has processors.
fn play_all(families: &[Family]) -> Vec<Outcome> {
    let cases: Vec<(&Family, &Case)> =
        families.iter().flat_map(|family| family.cases.iter().map(move |case| (family, case))).collect();
    let next = AtomicUsize::new(0);
    let results: Mutex<BTreeMap<usize, Result<(), String>>> = Mutex::default();
    let work = || {
        while let Some((at, (_, case))) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, cases.get(at)?)))
        {
            let result = std::panic::catch_unwind(|| play::play(case)).unwrap_or_else(|panic| {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
                Err(format!("it panics: {text}"))
            });
            results.lock().unwrap_or_else(PoisonError::into_inner).insert(at, result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    cases
        .iter()
        .zip(results.into_values())
        .map(|((family, case), result)| Outcome {
            family: family.name.clone(),
            name: case.name.clone(),
            why: case.why.clone(),
            result,
        })
        .collect()
}

fn line(outcome: &Outcome) -> String {
    let Outcome { family, name, result, .. } = outcome;
    match result {
        Ok(()) => format!("passed {family}/{name}"),
        Err(difference) => format!("FAILED {family}/{name}: {}", difference.replace('\n', " | ")),
    }
}

fn figures(outcomes: &[Outcome]) -> BTreeMap<String, Figure> {
    let mut figures: BTreeMap<String, Figure> = BTreeMap::new();
    for outcome in outcomes {
        let figure = figures.entry(outcome.family.clone()).or_default();
        figure.total += 1;
        figure.passed += usize::from(outcome.result.is_ok());
    }
    figures
}

/// A line for each family, and the sum in the last line.
fn table(figures: &BTreeMap<String, Figure>) -> String {
    let mut sum = Figure::default();
    let mut text = String::new();
    for (family, figure) in figures {
        text += &format!("{family:<14} {:>4} of {:>4}\n", figure.passed, figure.total);
        sum.passed += figure.passed;
        sum.total += figure.total;
    }
    text + &format!("{:<14} {:>4} of {:>4} passed\n", "all", sum.passed, sum.total)
}
