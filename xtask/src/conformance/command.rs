//! The `heat` command as a process of its own, in a home of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The longest that one process may take: the machine may do other things.
const LONGEST: Duration = Duration::from_secs(60);

/// A home for processes of the command.
pub(crate) struct Home {
    program: PathBuf,
    folder: PathBuf,
    /// The store that the processes share; in memory where there is none.
    pub(crate) store: bool,
}

/// What a process did.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    /// Its answer; null where there is none.
    pub(crate) answer: Value,
    /// Everything else that it said.
    told: String,
}

impl Home {
    pub(crate) fn new(program: &Path, folder: PathBuf, store: bool) -> Self {
        Self { program: program.to_owned(), folder, store }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether there is a store that processes left behind.
    pub(crate) fn has_store(&self) -> bool {
        self.store && self.database().exists()
    }

    fn database(&self) -> PathBuf {
        self.folder.join("heat.db")
    }

    /// Runs the command with `-f json` to its end.
    pub(crate) fn run(&self, words: &[String]) -> Result<Ran, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.program.display());
        // Files, not pipes: nobody has to read while it runs.
        let paths = ["stdout", "stderr"].map(|name| self.folder.join(name));
        let [out, err] = [std::fs::File::create(&paths[0]), std::fs::File::create(&paths[1])];
        let store = match self.store {
            true => format!("sqlite:{}", self.database().display()),
            false => "memory".to_owned(),
        };
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .env("HOME", &self.folder)
            .env("HEAT_STORE", store)
            .args(["-q", "-f", "json", "--os-cloud", "simulated"])
            .args(words)
            .current_dir(self.folder.join("texts"))
            .stdin(Stdio::null())
            .stdout(out.map_err(failed)?)
            .stderr(err.map_err(failed)?);
        let mut child = command.spawn().map_err(failed)?;
        let code = ended(&mut child).map_err(failed)?;
        let [stdout, stderr] = paths.map(|path| std::fs::read_to_string(path).unwrap_or_default());
        match (code, serde_json::from_str(&stdout)) {
            (None, _) => Err(format!("it takes more than {} s: heat {}", LONGEST.as_secs(), words.join(" "))),
            (code, Ok(answer)) => Ok(Ran { code, answer, told: stderr }),
            (code, Err(_)) => Ok(Ran { code, answer: Value::Null, told: stdout + &stderr }),
        }
    }
}

fn ended(child: &mut Child) -> std::io::Result<Option<i32>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.code().unwrap_or(-1)));
        }
        if begun.elapsed() > LONGEST {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(3));
    }
}

impl Ran {
    /// Whether the input was refused.
    pub(crate) fn refused(&self) -> bool {
        self.code == Some(2)
    }

    /// Everything that a refusal tells.
    pub(crate) fn refusal(&self) -> String {
        let body = &self.answer;
        let mut lines = vec![self.told.clone()];
        lines.extend(body["error"]["message"].as_str().map(str::to_owned));
        for one in
            body["diagnostics"].as_array().into_iter().flatten().filter(|one| one["severity"] == "error")
        {
            let text = |field: &str| one[field].as_str().unwrap_or_default().to_owned();
            let help = one["help"].as_array().into_iter().flatten().filter_map(Value::as_str);
            lines.push(format!(
                "{}: {} {}",
                text("path"),
                text("message"),
                help.collect::<Vec<_>>().join("; ")
            ));
        }
        lines.join("\n")
    }
}
