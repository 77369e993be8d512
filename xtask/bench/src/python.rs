//! Python with PyYAML and its loader in C: the one to compare with.

use crate::Failure;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const HAS_LOADER: &str = "import yaml; yaml.CSafeLoader";

/// Prints the seconds of processor time of the fastest of so many loads, without what it takes to forget what was loaded.
const LOAD: &str = "
import sys, time, yaml
text = open(sys.argv[1], encoding='utf-8').read()
best = float('inf')
for _ in range(int(sys.argv[2])):
    began = time.process_time()
    loaded = yaml.load(text, Loader=yaml.CSafeLoader)
    best = min(best, time.process_time() - began)
    del loaded
print(yaml.__version__, best)
";

/// A Python that has the loader.
#[derive(Debug)]
pub(crate) struct Python(PathBuf);

/// What PyYAML needed.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) version: String,
    pub(crate) best: Duration,
}

impl Python {
    /// The machine's own Python where it has PyYAML's loader in C; else one in a folder of its own into which pip
    /// installs it.
    pub(crate) fn with_loader(work: &Path) -> Result<Self, Failure> {
        let own = Self("python3".into());
        if own.has_loader() {
            return Ok(own);
        }
        let folder = work.join("python");
        let made = Self(folder.join("bin").join("python3"));
        if !made.has_loader() {
            eprintln!("PyYAML's CSafeLoader is not there; it is installed in {}", folder.display());
            succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
            succeed(Command::new(&made.0).args(["-m", "pip", "install", "--quiet", "PyYAML"]))?;
        }
        if made.has_loader() {
            return Ok(made);
        }
        Err("PyYAML has no CSafeLoader here: its wheel for this Python was built without libyaml".into())
    }

    fn has_loader(&self) -> bool {
        Command::new(&self.0).args(["-c", HAS_LOADER]).output().is_ok_and(|output| output.status.success())
    }

    /// Loads a file with `CSafeLoader` so many times.
    pub(crate) fn load(&self, file: &Path, times: u32) -> Result<Loaded, Failure> {
        let mut command = Command::new(&self.0);
        let text = succeed(command.args(["-c", LOAD]).arg(file).arg(times.to_string()))?;
        let parsed = text.trim().split_once(' ').and_then(|(version, seconds)| {
            let best = Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?;
            Some(Loaded { version: version.to_owned(), best })
        });
        parsed.ok_or_else(|| format!("Python does not tell a time: {text}").into())
    }
}

fn succeed(command: &mut Command) -> Result<String, Failure> {
    let output = command.output().map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}: {}", output.status, said.trim()).into())
}
