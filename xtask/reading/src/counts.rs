//! How many instructions the main ways took when somebody last wrote it down, and what they may take now.

use crate::work::Failure;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// A way may take so much more than what is written down. Hash tables have random seeds, and memory functions differ
/// from one C library to the next.
const TOLERANCE: f64 = 0.03;

const HEAD: &str = "\
# Instructions of the main ways through the language, each gone once with 500 resources, in a release build. A way that
# takes over 3 % more fails the layer `instructions`; `cargo xtask bench --only instructions --write` writes the file anew,
# and the difference is part of the change. Another compiler or C library may count otherwise.
";

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// What it was counted with.
    pub compiler: String,
    /// Instructions of each way.
    pub instructions: BTreeMap<String, u64>,
}

impl Counts {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(serde_yaml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?)
    }

    /// Writes the file.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = HEAD.to_owned() + &serde_yaml::to_string(self)?;
        Ok(std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?)
    }

    /// What is wrong with what was counted now.
    pub fn judge(&self, now: &Self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (way, count) in &now.instructions {
            match self.instructions.get(way) {
                Some(before) if change(*before, *count) > TOLERANCE => {
                    let percent = change(*before, *count) * 100.0;
                    wrong.push(format!("{way}: {count} instructions, {percent:.1} % more than {before}"));
                }
                Some(_) => {}
                None => wrong.push(format!("{way}: not written down yet")),
            }
        }
        let gone = self.instructions.keys().filter(|way| !now.instructions.contains_key(*way));
        wrong.extend(gone.map(|way| format!("{way}: written down, but there is no such way any more")));
        if !wrong.is_empty() && self.compiler != now.compiler {
            wrong.push(format!("the compiler is {} and was {}", now.compiler, self.compiler));
        }
        wrong
    }
}

/// The change as a part of what was before.
pub fn change(before: u64, now: u64) -> f64 {
    now as f64 / before as f64 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(compiler: &str, ways: &[(&str, u64)]) -> Counts {
        let instructions = ways.iter().map(|(way, count)| ((*way).to_owned(), *count)).collect();
        Counts { compiler: compiler.to_owned(), instructions }
    }

    #[test]
    fn more_than_the_tolerance_is_wrong_and_less_is_not() {
        let before = counts("rustc 1", &[("parse", 1000)]);
        assert_eq!(before.judge(&counts("rustc 2", &[("parse", 1029)])), [""; 0]);
        assert_eq!(before.judge(&counts("rustc 1", &[("parse", 500)])), [""; 0]);
        let wrong = before.judge(&counts("rustc 2", &[("parse", 1040)]));
        assert_eq!(
            wrong,
            ["parse: 1040 instructions, 4.0 % more than 1000", "the compiler is rustc 2 and was rustc 1"]
        );
    }

    #[test]
    fn every_way_is_written_down_and_nothing_else() {
        let before = counts("rustc", &[("parse", 1000), ("gone", 1)]);
        let wrong = before.judge(&counts("rustc", &[("parse", 1000), ("check", 1)]));
        assert_eq!(
            wrong,
            ["check: not written down yet", "gone: written down, but there is no such way any more"]
        );
    }

    #[test]
    fn what_is_written_can_be_read() {
        let folder = std::env::temp_dir().join(format!("counts-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("counts.yaml");
        counts("rustc", &[("parse", 1000)]).write(&file).unwrap();
        let read = Counts::read(&file).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!((read.compiler.as_str(), read.instructions["parse"]), ("rustc", 1000));
    }
}
