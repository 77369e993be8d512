//! Python with PyYAML and its loader in C: the one to compare with.

use crate::Failure;
use std::path::Path;
use std::time::Duration;
use xtask_python::{Packages, succeed};

const LOADER: Packages<'_> = Packages {
    install: &["PyYAML"],
    probe: "import yaml; yaml.CSafeLoader",
    otherwise: "PyYAML has no CSafeLoader here: its wheel for this Python was built without libyaml",
};

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
pub(crate) struct Python(xtask_python::Python);

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
        Ok(Self(xtask_python::Python::with(&LOADER, &work.join("python"))?))
    }

    /// Loads a file with `CSafeLoader` so many times.
    pub(crate) fn load(&self, file: &Path, times: u32) -> Result<Loaded, Failure> {
        let mut command = self.0.command();
        let text = succeed(command.args(["-c", LOAD]).arg(file).arg(times.to_string()))?;
        let parsed = text.trim().split_once(' ').and_then(|(version, seconds)| {
            let best = Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?;
            Some(Loaded { version: version.to_owned(), best })
        });
        parsed.ok_or_else(|| format!("Python does not tell a time: {text}").into())
    }
}
