//! What the tests of the command share: running it as a process of its own, in folders of its own.
#![allow(
    dead_code,
    clippy::print_stderr,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs
)]

pub mod cloud;
#[cfg(unix)]
pub mod kills;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A home with a store, a key file and settings of its own.
pub struct Home {
    folder: TempDir,
    cloud: String,
}

/// What a command did.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Home {
    /// A home whose cloud is the simulated one inside each command.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), cloud: "simulated".to_owned() }
    }

    /// A home whose cloud is `name` of this `clouds.yaml`.
    pub fn with_cloud(name: &str, clouds_yaml: &str) -> Self {
        let home = Self { cloud: name.to_owned(), ..Self::new() };
        home.put("clouds.yaml", clouds_yaml);
        home
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file and gives its path.
    pub fn put(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a path of text").to_owned()
    }

    /// The command with these words, not yet begun. Nothing of the test's own surroundings reaches it.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_heat"));
        command
            .args(words)
            .env_clear()
            .env("HOME", self.path())
            .env("OS_CLOUD", &self.cloud)
            .env("OS_CLIENT_CONFIG_FILE", self.path().join("clouds.yaml"))
            .current_dir(self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the command to its end.
    pub fn run(&self, words: &[&str]) -> Ran {
        Ran::new(self.command(words).output().expect("the command starts"))
    }

    /// Runs the command, which must succeed.
    pub fn ok(&self, words: &[&str]) -> Ran {
        let ran = self.run(words);
        assert_eq!(ran.code, 0, "{words:?}: {}{}", ran.stdout, ran.stderr);
        ran
    }

    /// The answer of a command that succeeds, as data.
    pub fn json(&self, words: &[&str]) -> Value {
        let words: Vec<&str> = words.iter().copied().chain(["-f", "json"]).collect();
        self.ok(&words).json()
    }

    /// Begins a command and lets it run.
    pub fn begin(&self, words: &[&str]) -> Child {
        self.command(words).spawn().expect("the command starts")
    }
}

impl Ran {
    pub fn new(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }

    /// Everything that was said.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// The file of the project's own.
pub fn project_file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    root.join(path).to_str().expect("a path of text").to_owned()
}

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Sends a signal to a process, as a terminal or a service manager would.
pub fn signal(child: &Child, name: &str) {
    let status =
        Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().expect("kill");
    assert!(status.success());
}

/// The path of the store of a home.
pub fn store_of(home: &Home) -> PathBuf {
    home.path().join(".local/share/heat/heat.db")
}
