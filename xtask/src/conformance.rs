//! `cargo xtask conformance`: the cases that were recorded from OpenStack Heat, played on the engine's public API and the
//! memory store, each in an empty project of its own, under a paused clock; or through the `heat` command, in processes and
//! homes of their own, under the real one.

mod case;
mod command;
mod compare;
mod floor;
mod play;
mod request;
mod texts;
mod through_heat;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
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
    /// Through what they are played.
    #[arg(long, value_name = "WHAT", default_value = "engine")]
    through: Through,
    /// Name the cases that pass, too, and say what each is about.
    #[arg(short, long)]
    verbose: bool,
}

/// What cases are played on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Through {
    /// The engine's public API.
    Engine,
    /// The `heat` command, a process for each operation.
    Heat,
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
    /// Why it cannot be played: it counts neither way.
    unreachable: Option<&'static str>,
}

/// Passed and total of one family.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Figure {
    passed: usize,
    total: usize,
    unreachable: usize,
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
    let outcomes = match arguments.through {
        Through::Engine => play_all(&families, &|case| Ok(play::play(case)?)),
        Through::Heat => {
            let checkout = Checkout::current();
            let built = crate::step::cargo(&checkout).args(BUILD).status();
            if !built.is_ok_and(|status| status.success()) {
                return Err(StepError::Found("the command cannot be built".to_owned()));
            }
            through_heat(&families, &checkout)?
        }
    };
    for outcome in outcomes.iter().filter(|outcome| arguments.verbose || outcome.result.is_err()) {
        println!("{}", line(outcome));
        if arguments.verbose {
            println!("    {}", outcome.why);
        }
    }
    print!("{}{}", reasons(&outcomes), table(&figures(&outcomes)));
    let failed = outcomes.iter().any(|outcome| outcome.result.is_err());
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The command as the other layers build it.
const BUILD: [&str; 4] = ["build", "--workspace", "--bin", "heat"];

/// The layer of `cargo xtask test`: as many cases of each family pass as the project says, neither fewer nor more, on the
/// engine and through the command.
pub(crate) fn layer(run: &LayerRun) -> Result<(), StepError> {
    let folder = run.checkout.root().join("conformance");
    let families = case::read(&folder)?;
    judge(run, "passing.yaml", &folder, &play_all(&families, &|case| Ok(play::play(case)?)))?;
    run.cargo(&BUILD)?;
    judge(run, "passing-through-heat.yaml", &folder, &through_heat(&families, &run.checkout)?)
}

fn judge(run: &LayerRun, numbers: &str, folder: &Path, outcomes: &[Outcome]) -> Result<(), StepError> {
    for outcome in outcomes.iter().filter(|outcome| outcome.result.is_err()) {
        run.note(&line(outcome));
    }
    let figures = figures(outcomes);
    run.note(&format!("{}{}", reasons(outcomes), table(&figures)));
    floor::check(&floor::read(&folder.join(numbers))?, &figures, numbers).map_err(StepError::Found)
}

/// Plays all cases through the command that was built.
fn through_heat(families: &[Family], checkout: &Checkout) -> Result<Vec<Outcome>, StepError> {
    let program = checkout.program("heat");
    let folders = tempfile::tempdir().map_err(|error| StepError::Found(format!("a folder: {error}")))?;
    let number = AtomicUsize::new(0);
    Ok(play_all(families, &|case| {
        let folder = folders.path().join(number.fetch_add(1, Ordering::Relaxed).to_string());
        let verdict = through_heat::play(case, &program, &folder);
        // Hundreds of stores would be left until the end.
        let _ = std::fs::remove_dir_all(&folder);
        match verdict {
            Ok(()) => Ok(()),
            Err(through_heat::Verdict::Differs(difference)) => Err(Failure::Differs(difference)),
            Err(through_heat::Verdict::Unreachable(why)) => Err(Failure::Unreachable(why)),
        }
    }))
}

/// Why a case does not pass.
enum Failure {
    Differs(String),
    Unreachable(&'static str),
}

impl From<String> for Failure {
    fn from(difference: String) -> Self {
        Self::Differs(difference)
    }
}

type Played = Result<(), Failure>;

/// Plays all cases, on as many threads as the machine has processors.
fn play_all(families: &[Family], play: &(dyn Fn(&Case) -> Played + Sync)) -> Vec<Outcome> {
    let cases: Vec<(&Family, &Case)> =
        families.iter().flat_map(|family| family.cases.iter().map(move |case| (family, case))).collect();
    let next = AtomicUsize::new(0);
    let results: Mutex<BTreeMap<usize, Played>> = Mutex::default();
    let work = || {
        while let Some((at, (_, case))) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, cases.get(at)?)))
        {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play(case)))
                .unwrap_or_else(|panic| {
                    let text = panic.downcast_ref::<String>().map(String::as_str);
                    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
                    Err(Failure::Differs(format!("it panics: {text}")))
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
        .map(|((family, case), result)| {
            let (family, name, why) = (family.name.clone(), case.name.clone(), case.why.clone());
            let (result, unreachable) = match result {
                Ok(()) => (Ok(()), None),
                Err(Failure::Differs(difference)) => (Err(difference), None),
                Err(Failure::Unreachable(why)) => (Ok(()), Some(why)),
            };
            Outcome { family, name, why, result, unreachable }
        })
        .collect()
}

fn line(outcome: &Outcome) -> String {
    let Outcome { family, name, result, .. } = outcome;
    match result {
        Ok(()) if outcome.unreachable.is_some() => {
            format!("cannot be played {family}/{name}: {}", outcome.unreachable.unwrap_or_default())
        }
        Ok(()) => format!("passed {family}/{name}"),
        Err(difference) => format!("FAILED {family}/{name}: {}", difference.replace('\n', " | ")),
    }
}

fn figures(outcomes: &[Outcome]) -> BTreeMap<String, Figure> {
    let mut figures: BTreeMap<String, Figure> = BTreeMap::new();
    for outcome in outcomes {
        let figure = figures.entry(outcome.family.clone()).or_default();
        figure.total += 1;
        figure.unreachable += usize::from(outcome.unreachable.is_some());
        figure.passed += usize::from(outcome.result.is_ok() && outcome.unreachable.is_none());
    }
    figures
}

/// Why cases cannot be played, with how many it concerns.
fn reasons(outcomes: &[Outcome]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for why in outcomes.iter().filter_map(|outcome| outcome.unreachable) {
        *counts.entry(why).or_default() += 1;
    }
    counts.into_iter().map(|(why, count)| format!("{count:>5} cannot be played: {why}\n")).collect()
}

/// A line for each family, and the sum in the last line.
fn table(figures: &BTreeMap<String, Figure>) -> String {
    let mut sum = Figure::default();
    let mut text = String::new();
    let beyond = |figure: &Figure| match figure.unreachable {
        0 => String::new(),
        some => format!(", {some} cannot be played"),
    };
    for (family, figure) in figures {
        text += &format!("{family:<18} {:>4} of {:>4}{}\n", figure.passed, figure.total, beyond(figure));
        sum.passed += figure.passed;
        sum.total += figure.total;
        sum.unreachable += figure.unreachable;
    }
    text + &format!("{:<18} {:>4} of {:>4} passed{}\n", "all", sum.passed, sum.total, beyond(&sum))
}
