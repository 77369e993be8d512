//! `cargo xtask test`: which layers run, and what they came to.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;

use crate::checkout::Checkout;
use crate::layers::{LAYERS, Layer};
use crate::step::{LayerRun, StepError};

/// Arguments of `cargo xtask test`.
#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// The inner loop: only the layers that need nothing installed.
    #[arg(long)]
    quick: bool,
    /// Only these layers, in their own order.
    #[arg(long, value_name = "LAYER", value_delimiter = ',', conflicts_with = "quick")]
    only: Vec<String>,
    /// Leave these layers out; the summary says so.
    #[arg(long, value_name = "LAYER", value_delimiter = ',')]
    without: Vec<String>,
    /// Leave the control plane running that the layer `cloud` started.
    #[arg(long)]
    keep_cloud: bool,
    /// Print the layers and end.
    #[arg(long)]
    list: bool,
}

/// Runs `cargo xtask test`. The exit code is 1 when a layer failed.
pub(crate) fn run(arguments: &TestArguments) -> Result<ExitCode, StepError> {
    let layers = select(LAYERS, arguments)?;
    if arguments.list {
        for layer in layers {
            println!("{}", layer.name);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let checkout = Checkout::current();
    let mut outcomes = Vec::new();
    for layer in layers {
        println!("\n=== {}", layer.name);
        let began = Instant::now();
        let result = LayerRun::begin(&checkout, layer.name, layer.limit(), arguments.keep_cloud)
            .and_then(|run| (layer.run)(&run));
        outcomes.push(Outcome { name: layer.name, took: began.elapsed(), error: result.err() });
    }
    println!("\n{}", summary(&outcomes, &arguments.without));
    Ok(if outcomes.iter().any(|outcome| outcome.error.is_some()) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// What a layer came to.
struct Outcome {
    name: &'static str,
    took: Duration,
    error: Option<StepError>,
}

/// The layers that are asked for. A name that no layer has is an error: it would leave tests out unnoticed.
fn select<'a>(layers: &'a [Layer], arguments: &TestArguments) -> Result<Vec<&'a Layer>, StepError> {
    for name in arguments.only.iter().chain(&arguments.without) {
        if !layers.iter().any(|layer| layer.name == name) {
            let known: Vec<_> = layers.iter().map(|layer| layer.name).collect();
            return Err(StepError::Found(format!(
                "there is no layer `{name}`; the layers are {}",
                known.join(", ")
            )));
        }
    }
    let chosen = layers
        .iter()
        .filter(|layer| !arguments.quick || layer.quick)
        .filter(|layer| arguments.only.is_empty() || arguments.only.iter().any(|name| name == layer.name))
        .filter(|layer| !arguments.without.iter().any(|name| name == layer.name))
        .collect::<Vec<_>>();
    if chosen.is_empty() {
        return Err(StepError::Found("no layer is left to run".to_owned()));
    }
    Ok(chosen)
}

/// A line for each layer, and the figures in the last line.
fn summary(outcomes: &[Outcome], without: &[String]) -> String {
    let mut text = String::new();
    for Outcome { name, took, error } in outcomes {
        let (word, reason) = match error {
            None => ("passed", String::new()),
            Some(error) => ("FAILED", format!("  {error}")),
        };
        text += &format!("{name:<12} {word} {:>8.1} s{reason}\n", took.as_secs_f64());
    }
    for name in without {
        text += &format!("{name:<12} left out\n");
    }
    let failed = outcomes.iter().filter(|outcome| outcome.error.is_some()).count();
    text + &format!("{} passed, {failed} failed", outcomes.len() - failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[Layer] = &[
        Layer { name: "first", quick: true, minutes: 1, run: |_| Ok(()) },
        Layer { name: "second", quick: false, minutes: 1, run: |_| Ok(()) },
    ];

    fn names(quick: bool, only: &[&str], without: &[&str]) -> Result<Vec<&'static str>, String> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let arguments = TestArguments {
            quick,
            only: owned(only),
            without: owned(without),
            keep_cloud: false,
            list: false,
        };
        select(TWO, &arguments)
            .map(|layers| layers.iter().map(|layer| layer.name).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn all_layers_run_unless_something_else_is_asked_for() {
        assert_eq!(names(false, &[], &[]).unwrap(), ["first", "second"]);
        assert_eq!(names(true, &[], &[]).unwrap(), ["first"]);
        assert_eq!(names(false, &["second"], &[]).unwrap(), ["second"]);
        assert_eq!(names(false, &[], &["first"]).unwrap(), ["second"]);
    }

    #[test]
    fn a_name_that_no_layer_has_is_an_error() {
        assert!(names(false, &["secnd"], &[]).unwrap_err().contains("the layers are first, second"));
        assert!(names(false, &[], &["secnd"]).unwrap_err().contains("`secnd`"));
        assert!(names(true, &[], &["first"]).unwrap_err().contains("no layer is left"));
    }

    #[test]
    fn the_summary_counts_and_names_what_was_left_out() {
        let outcomes = [
            Outcome { name: "first", took: Duration::from_millis(1500), error: None },
            Outcome {
                name: "second",
                took: Duration::ZERO,
                error: Some(StepError::Found("it broke".to_owned())),
            },
        ];
        let text = summary(&outcomes, &["third".to_owned()]);
        assert!(text.contains("first        passed      1.5 s\n"), "{text}");
        assert!(text.contains("FAILED      0.0 s  it broke\n"), "{text}");
        assert!(text.contains("third        left out\n"), "{text}");
        assert!(text.ends_with("\n1 passed, 1 failed"), "{text}");
    }
}
