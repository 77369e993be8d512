//! Killing commands at random moments, and beginning them again.

use super::{Home, Ran};
use std::hash::{BuildHasher, Hasher};
use std::process::Child;
use std::time::{Duration, Instant};

/// Random numbers that a seed repeats.
pub struct Random(u64);

impl Random {
    pub fn new() -> Self {
        let fresh = || std::collections::hash_map::RandomState::new().build_hasher().finish();
        let seed =
            std::env::var("HEAT_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(fresh);
        eprintln!("HEAT_TEST_SEED={seed}");
        Self(seed | 1)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }
}

/// One of the three operations on the stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    Create,
    Update,
    Delete,
}

/// A stack in a home, with its two forms.
pub struct Scene {
    pub home: Home,
    name: String,
    create: Vec<String>,
    update: Vec<String>,
    /// How often a command was killed so far.
    pub kills: usize,
    pub random: Random,
}

impl Scene {
    /// A stack of this name; `more` are words for create and update, parameters perhaps.
    pub fn new(home: Home, name: &str, first: &str, second: &str, more: &[&str]) -> Self {
        let first = home.put("first.yaml", first);
        let second = home.put("second.yaml", second);
        let words = |verb: &str, template: &str| {
            let words = ["stack", verb, name, "-t", template].into_iter().chain(more.iter().copied());
            words.map(str::to_owned).collect()
        };
        let (create, update) = (words("create", &first), words("update", &second));
        Self { home, name: name.to_owned(), create, update, kills: 0, random: Random::new() }
    }

    fn words(&self, operation: Operation) -> Vec<String> {
        match operation {
            Operation::Create => self.create.clone(),
            Operation::Update => self.update.clone(),
            Operation::Delete => ["stack", "delete", "-y", &self.name].map(str::to_owned).to_vec(),
        }
    }

    /// What has to be said to go on; `None` when it is done.
    fn next(&self, operation: Operation) -> Option<Vec<String>> {
        let shown = self.home.run(&["stack", "show", &self.name, "-f", "json"]);
        let status = match shown.code {
            0 => shown.json()["stack_status"].as_str().expect("a status").to_owned(),
            _ => String::new(),
        };
        assert!(!status.ends_with("FAILED"), "{}", shown.said());
        let of = match operation {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
        };
        match (operation, status.as_str()) {
            (Operation::Delete, "") => None,
            (_, status) if status == format!("{of}_COMPLETE") => None,
            (_, status) if status == format!("{of}_IN_PROGRESS") => {
                Some(["stack", "wait", &self.name].map(str::to_owned).to_vec())
            }
            _ => Some(self.words(operation)),
        }
    }

    /// Kills the command so often at random moments within a time, then lets it end.
    pub fn run_with_kills(&mut self, operation: Operation, kills: usize, within: Duration) {
        let mut left = kills;
        while let Some(words) = self.next(operation) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            if left == 0 {
                let ran = self.home.run(&words);
                assert_eq!(ran.code, 0, "{words:?} after {} kills: {}", self.kills, ran.said());
                continue;
            }
            let moment = Duration::from_millis(self.random.below(within.as_millis() as u64));
            let child = self.home.begin(&words);
            if kill_after(child, moment, 0) {
                left -= 1;
                self.kills += 1;
            } else {
                // It was faster.
                left = 0;
            }
        }
    }

    /// Begins the update, which is going to fail, and kills the command so often at random moments within a time while it
    /// fails and rolls back. Gives the status in the end.
    pub fn roll_back_with_kills(&mut self, kills: usize, within: Duration) -> String {
        let (_, before) = self.status();
        // The times that are shown are whole seconds.
        std::thread::sleep(Duration::from_millis(1100));
        let update: Vec<String> =
            self.update.iter().cloned().chain(["--rollback=enabled".to_owned()]).collect();
        let wait = ["stack", "wait", &self.name].map(str::to_owned).to_vec();
        let mut left = kills;
        loop {
            let (status, updated) = self.status();
            let words = match status.as_str() {
                // A command that was killed before its request was recorded has to say it again.
                _ if updated == before => &update,
                // Failed, and killed before the way back began.
                status if status.ends_with("_IN_PROGRESS") || status == "UPDATE_FAILED" => &wait,
                _ => return status,
            };
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            if left == 0 {
                let ran = self.home.run(&words);
                assert_eq!(ran.code, 1, "{words:?} after {} kills: {}", self.kills, ran.said());
                continue;
            }
            let moment = Duration::from_millis(self.random.below(within.as_millis() as u64));
            match kill_after(self.home.begin(&words), moment, 1) {
                true => {
                    left -= 1;
                    self.kills += 1;
                }
                // It was faster.
                false => left = 0,
            }
        }
    }

    /// The status of the stack, and when it was last updated.
    fn status(&self) -> (String, Option<String>) {
        let stack = self.home.json(&["stack", "show", &self.name]);
        let text = |field: &str| stack[field].as_str().map(str::to_owned);
        (text("stack_status").expect("a status"), text("updated_time"))
    }
}

/// Kills a command after a time. Gives whether it was still running; if not it ended with this code.
fn kill_after(mut child: Child, moment: Duration, code: i32) -> bool {
    let end = Instant::now() + moment;
    while Instant::now() < end {
        if child.try_wait().expect("a process").is_some() {
            let ran = Ran::new(child.wait_with_output().expect("a process"));
            assert_eq!(ran.code, code, "{}", ran.said());
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("a process");
    child.wait().expect("a process");
    true
}
