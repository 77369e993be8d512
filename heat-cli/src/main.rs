//! The `heat` command: deploys OpenStack Heat templates without a Heat service.
//!
//! ```console
//! $ heat --os-cloud simulated stack create web -t examples/web-tier.yaml
//! ```
//!
//! The engine runs inside the command, which waits until the stack is done. What is interrupted goes on with
//! `heat stack wait NAME`.

mod arguments;
mod cloud;
mod command;
mod error;
mod input;
mod interrupt;
mod output;
mod progress;
mod replaced_file;
mod report;
mod session;
mod settings;

use arguments::Arguments;
use clap::Parser;
use command::Outcome;
use error::CliError;
use output::{Answer, Format};
use std::io::Write;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Many small records go from thread to thread here, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return ExitCode::from(mistyped(&error)),
    };
    watch(&arguments);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            report::message_line(&format!("the asynchronous runtime does not start: {error}"));
            return ExitCode::from(1);
        }
    };
    let result = runtime.block_on(command::run(&arguments));
    ExitCode::from(finish(&arguments, result))
}

/// Writes what is wrong with the arguments, or the help that they ask for. Gives the exit code.
fn mistyped(error: &clap::Error) -> u8 {
    // If nobody reads it, the exit code says it.
    let _ = error.print();
    let format = arguments::asked_format(std::env::args_os().skip(1));
    if let Some(format) = format.filter(|format| error.use_stderr() && format.is_data()) {
        let text = error.to_string();
        let message = text.trim_end().trim_start_matches("error: ");
        if let Some(body) = CliError::input(message).body() {
            let _ = output::write(&Answer::Bare(body), format, &[], None, &mut std::io::stdout().lock());
        }
    }
    u8::try_from(error.exit_code()).unwrap_or(2)
}

/// Writes the answer or the failure. Gives the exit code.
fn finish(arguments: &Arguments, result: error::Result<Outcome>) -> u8 {
    let written = result.and_then(|outcome| {
        match write(arguments, &outcome.answer) {
            // Whoever closed the pipe has seen enough; the exit code says the rest.
            Err(CliError::NobodyReads) => {}
            written => written?,
        }
        if let Some(failure) = &outcome.failure {
            report::message_line(failure);
        }
        Ok(outcome.exit_code)
    });
    written.unwrap_or_else(|error| {
        report::failure(&error);
        if let Some(body) = error.body().filter(|_| arguments.global.format.is_data()) {
            // If nobody reads it, the exit code says it.
            let _ = write(arguments, &Answer::Bare(body));
        }
        if let Some(log) = error.sarif().filter(|_| arguments.global.format == Format::Sarif) {
            let _ =
                write(arguments, &Answer::Text { text: format!("{log:#}"), data: serde_json::Value::Null });
        }
        error.exit_code()
    })
}

fn write(arguments: &Arguments, answer: &Answer) -> error::Result<()> {
    let width = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let global = &arguments.global;
    output::write(answer, global.format, &global.columns, width, &mut out)?;
    out.flush().map_err(CliError::from)
}

/// Shows what the crates trace, on stderr.
fn watch(arguments: &Arguments) {
    let usual = match (arguments.global.quiet, arguments.global.verbose) {
        (true, _) => "error",
        // Nothing else tells what it does.
        (false, 0) if matches!(arguments.command, arguments::Command::Engine(_)) => "warn,heat_engine=info",
        (false, 0) => "warn",
        (false, 1) => "warn,heat_engine=info,heat_plugins_openstack=info",
        (false, 2) => "info,heat_engine=debug,heat_plugins_openstack=debug",
        (false, _) => "debug,heat_engine=trace,heat_plugins_openstack=trace,hyper_util=info",
    };
    let filter = match std::env::var("RUST_LOG") {
        Ok(text) if !text.is_empty() => EnvFilter::new(text),
        _ => EnvFilter::new(usual),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .init();
}
