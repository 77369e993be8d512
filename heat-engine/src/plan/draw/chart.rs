//! A plan as a chart: every step, and what it waits for.

use super::{because, mark, words};
use crate::graph::{dot_text, mermaid_text};
use crate::plan::{Plan, Step, StepKind};
use std::fmt::Write;

impl Plan {
    /// The plan in Graphviz' language; arrows lead from a step to those that wait for it.
    pub fn to_dot(&self) -> String {
        let mut text =
            String::from("digraph plan {\n  rankdir = \"LR\";\n  node [shape = box, style = filled];\n");
        for (id, step) in self.iter() {
            let colour = colour(&step.kind);
            let _ = writeln!(text, "  s{id} [label = {}, fillcolor = \"{colour}\"];", dot_text(&label(step)));
        }
        for (id, step) in self.iter() {
            for before in &step.after {
                let _ = writeln!(text, "  s{before} -> s{id};");
            }
        }
        text.push_str("}\n");
        text
    }

    /// The plan as a Mermaid flow chart; arrows lead from a step to those that wait for it.
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        for (id, step) in self.iter() {
            let _ = writeln!(text, "  s{id}[{}]", mermaid_text(&label(step)));
        }
        for (id, step) in self.iter() {
            for before in &step.after {
                let _ = writeln!(text, "  s{before} --> s{id}");
            }
        }
        text
    }
}

fn label(step: &Step) -> String {
    let mut label =
        format!("{} {}\n{}\n{}", mark(&step.kind), step.resource, step.type_name, words(&step.kind));
    let why = because(step);
    if !why.is_empty() {
        label.push('\n');
        label.push_str(&why);
    }
    label
}

fn colour(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::Create { replaces: None, .. } => "#d8f0d8",
        StepKind::Create { .. } => "#f6e3c5",
        StepKind::Adopt { .. } => "#d5efee",
        StepKind::Update { .. } => "#dbe9f8",
        StepKind::Keep { .. } => "#f2f2f2",
        StepKind::Decide { .. } => "#eadff5",
        StepKind::Refuse { .. } => "#f3b4b4",
        StepKind::Delete { .. } => "#f6d9d9",
    }
}
