//! What a request says of single resources, as lines under the list of a plan.

use crate::plan::Asked;
use std::fmt::Write;

impl Asked {
    /// A line for each that was said, and for what it leads to.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        for (old, new) in &self.moved {
            let _ = writeln!(text, "renamed: {old} is {new} from now on, nothing is done to it for that");
        }
        for (name, imported) in &self.imported {
            let _ = writeln!(text, "imported: {name} is {}, which exists", imported.id);
        }
        let mut list = |what: &str, names: &[String]| {
            if !names.is_empty() {
                let _ = writeln!(text, "{what}: {}", names.join(", "));
            }
        };
        list("brought back to what is recorded", &self.repaired);
        list("taken for what shall be", &self.accepted);
        for along in &self.along {
            let why = if along.before { "comes before" } else { "uses what would go with" };
            let _ = writeln!(text, "taken along: {}, which {why} {}", along.resource, along.by);
        }
        if !self.left_out.is_empty() {
            let _ = writeln!(text, "left out: {}", self.left_out.join(", "));
        }
        text
    }
}
