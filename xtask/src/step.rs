//! One command of a layer: its output is shown as it comes and kept in the layer's log.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::checkout::Checkout;

/// Why a layer did not pass.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    /// The command ran and said no.
    #[error("`{command}` {status}")]
    Failed {
        /// The command as one would type it.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// The command could not be started.
    #[error("`{command}` cannot be run: {source}")]
    Start {
        /// The command as one would type it.
        command: String,
        /// What the system said.
        source: io::Error,
    },
    /// The command took longer than its layer may take, and was ended.
    #[error("`{command}` was ended after the layer's limit of {} minutes", limit.as_secs() / 60)]
    TooLong {
        /// The command as one would type it.
        command: String,
        /// The layer's limit.
        limit: Duration,
    },
    /// A file of the layer could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Anything else that a layer finds.
    #[error("{0}")]
    Found(String),
}

/// What the commands of one layer share.
#[derive(Debug)]
pub(crate) struct LayerRun {
    /// The checkout that is tested.
    pub(crate) checkout: Checkout,
    /// Whether a control plane that this run started stays up at its end.
    pub(crate) keep_cloud: bool,
    log: Arc<Mutex<File>>,
    limit: Duration,
    deadline: Instant,
}

impl LayerRun {
    /// Opens the log of a layer, `target/xtask/NAME.log`, and starts its clock.
    pub(crate) fn begin(
        checkout: &Checkout,
        name: &str,
        limit: Duration,
        keep_cloud: bool,
    ) -> Result<Self, StepError> {
        let path = checkout.output().join(format!("{name}.log"));
        let file = |source| StepError::File { path: path.clone(), source };
        std::fs::create_dir_all(checkout.output()).map_err(file)?;
        let log = File::create(&path).map_err(file)?;
        Ok(Self {
            checkout: checkout.clone(),
            keep_cloud,
            log: Arc::new(Mutex::new(log)),
            limit,
            deadline: Instant::now() + limit,
        })
    }

    /// Runs `cargo` in the workspace.
    pub(crate) fn cargo<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Result<(), StepError> {
        self.run(self.cargo_command().args(arguments))
    }

    /// `cargo` in the workspace, to be completed by the layer.
    pub(crate) fn cargo_command(&self) -> Command {
        let mut command = cargo(&self.checkout);
        if io::stdout().is_terminal() {
            command.env("CARGO_TERM_COLOR", "always");
        }
        command
    }

    /// Whether cargo-nextest is installed; without it the tests run under `cargo test`.
    pub(crate) fn has_nextest(&self) -> bool {
        let mut version = self.cargo_command();
        version
            .args(["nextest", "--version"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    }

    /// Runs a command to its end, with no input, its output on the terminal and in the log.
    pub(crate) fn run(&self, command: &mut Command) -> Result<(), StepError> {
        let text = as_typed(command);
        self.note(&format!("$ {text}"));
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| StepError::Start { command: text.clone(), source })?;
        let copies = [
            child.stdout.take().map(|from| copy(from, io::stdout(), &self.log)),
            child.stderr.take().map(|from| copy(from, io::stderr(), &self.log)),
        ];
        let status = self.wait(&mut child);
        if status.is_none() {
            end_with_descendants(&mut child);
        }
        for thread in copies.into_iter().flatten() {
            // A daemon that inherited the pipe would keep it open for ever; those that we start have their own output.
            let _ = thread.join();
        }
        match status {
            Some(Ok(status)) if status.success() => Ok(()),
            Some(Ok(status)) => Err(StepError::Failed { command: text, status }),
            Some(Err(source)) => Err(StepError::Start { command: text, source }),
            None => Err(StepError::TooLong { command: text, limit: self.limit }),
        }
    }

    /// Shows a line and keeps it in the log.
    pub(crate) fn note(&self, line: &str) {
        println!("{line}");
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk shows in the command itself; the log is a copy.
        let _ = writeln!(log, "{line}");
    }

    fn wait(&self, child: &mut Child) -> Option<io::Result<std::process::ExitStatus>> {
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Some(Ok(status)),
                Ok(None) if Instant::now() > self.deadline => return None,
                Ok(None) => thread::sleep(Duration::from_millis(50)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// `cargo` in the workspace, as it would be typed there.
pub(crate) fn cargo(checkout: &Checkout) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(checkout.root());
    // `cargo run` describes this package to this program; the next cargo must not take that for its own.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

fn copy(
    mut from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
    log: &Arc<Mutex<File>>,
) -> thread::JoinHandle<()> {
    let log = Arc::clone(log);
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            // Whoever reads our output may have gone; the command goes on and the log stays.
            let _ = to.write_all(&buffer[..count]).and_then(|()| to.flush());
            let _ = log.lock().unwrap_or_else(PoisonError::into_inner).write_all(&buffer[..count]);
        }
    })
}

/// Ends a child and everything below it: cargo does not take its test programs along.
fn end_with_descendants(child: &mut Child) {
    let victims = descendants(child.id(), &parents());
    let _ = child.kill();
    for process in victims {
        let _ = Command::new("kill").args(["-KILL", &process.to_string()]).stderr(Stdio::null()).status();
    }
    let _ = child.wait();
}

/// Each process with its parent, as /proc tells.
fn parents() -> Vec<(u32, u32)> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let process = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // The command's name stands in parentheses and may hold any character.
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((process, parent))
        })
        .collect()
}

fn descendants(root: u32, parents: &[(u32, u32)]) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|entry| entry.1 == parent).map(|entry| entry.0));
        next += 1;
    }
    found.remove(0);
    found
}

fn as_typed(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut words = vec![program.to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|argument| {
        let argument = argument.to_string_lossy();
        if argument.contains([' ', '*', '(']) { format!("'{argument}'") } else { argument.into_owned() }
    }));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(name: &str, limit: Duration) -> LayerRun {
        LayerRun::begin(&Checkout::current(), name, limit, false).expect("a layer's log")
    }

    #[test]
    fn a_failing_command_fails_its_layer_and_its_output_is_kept() {
        let run = layer("test-of-failure", Duration::from_secs(60));
        let error = run.run(Command::new("sh").args(["-c", "echo told; echo why >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
        let log = std::fs::read_to_string(run.checkout.output().join("test-of-failure.log")).unwrap();
        assert!(log.contains("told\n") && log.contains("why\n"), "{log}");
    }

    #[test]
    fn a_command_that_is_not_installed_fails_its_layer() {
        let run = layer("test-of-absence", Duration::from_secs(60));
        let error = run.run(&mut Command::new("a-command-that-nobody-has")).unwrap_err();
        assert!(error.to_string().contains("`a-command-that-nobody-has` cannot be run"), "{error}");
    }

    #[test]
    fn the_limit_ends_a_command_with_its_descendants() {
        let run = layer("test-of-limit", Duration::from_millis(300));
        let began = Instant::now();
        // The inner shell keeps the pipe open: only its end lets the copying end.
        let error = run.run(Command::new("sh").args(["-c", "sh -c 'sleep 60; true'; true"])).unwrap_err();
        assert!(matches!(error, StepError::TooLong { .. }), "{error}");
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn descendants_are_found_through_all_generations() {
        assert_eq!(descendants(1, &[(2, 1), (3, 2), (4, 9), (5, 3)]), [2, 3, 5]);
    }
}
