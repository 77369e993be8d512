//! `heat simulator openstack`

use crate::arguments::OpenStackSimulator;
use crate::error::{CliError, Result};
use crate::interrupt::Interrupt;
use crate::output::Answer;
use heat_simulator::{Durations, Latency, Simulator};
use std::io::Write;
use std::time::Duration;

/// Runs a simulated cloud until Ctrl-C. What is printed can be put into clouds.yaml as it is.
pub(super) async fn run(arguments: &OpenStackSimulator) -> Result<Answer> {
    let interrupt = Interrupt::listen()
        .map_err(|error| CliError::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
    let mut builder = Simulator::builder().bind(arguments.listen).seed(arguments.seed);
    if let Some(range) = arguments.latency {
        builder = builder.latency(Latency::uniform(range.least, range.most));
    }
    if let Some(milliseconds) = arguments.work {
        builder = builder.durations(Durations::all(Duration::from_millis(milliseconds)));
    }
    if let Some(seconds) = arguments.token_life {
        builder = builder.token_life(Duration::from_secs(seconds));
    }
    if let Some(path) = &arguments.state {
        builder = builder.state_file(path);
    }
    let simulator = builder.start().await.map_err(|error| CliError::Failed(error.to_string()))?;
    {
        let mut out = std::io::stdout().lock();
        out.write_all(simulator.clouds_yaml(&arguments.name).as_bytes())?;
        out.flush()?;
    }
    let mut words = std::io::stderr().lock();
    let _ = writeln!(
        words,
        "a simulated cloud answers on {}; put what is printed above into clouds.yaml and use it with --os-cloud {}. Ctrl-C ends it{}.",
        simulator.auth_url(),
        arguments.name,
        if arguments.state.is_some() { ", its state stays" } else { " and its state" },
    );
    drop(words);
    interrupt.wanted().await;
    simulator.shutdown().await;
    Ok(Answer::Nothing)
}
