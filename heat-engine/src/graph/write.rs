//! A graph as text, DOT and Mermaid.

use super::Graph;
use std::fmt::Write;

impl Graph {
    /// A line for each resource, with what it needs.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (name, needs) in self.nodes().iter().zip(&self.needs) {
            text.push_str(name);
            for (at, needed) in needs.iter().enumerate() {
                text.push_str(if at == 0 { " needs " } else { ", " });
                text.push_str(&self.nodes[*needed]);
            }
            text.push('\n');
        }
        text
    }

    /// The graph in Graphviz' language; arrows lead to what is needed.
    pub fn to_dot(&self) -> String {
        let mut text = String::from("digraph template {\n  rankdir = \"BT\";\n  node [shape = box];\n");
        for (at, name) in self.nodes().iter().enumerate() {
            let _ = writeln!(text, "  n{at} [label = {}];", dot_text(name));
        }
        for (from, to) in self.pairs() {
            let _ = writeln!(text, "  n{from} -> n{to};");
        }
        text.push_str("}\n");
        text
    }

    /// The graph as a Mermaid flow chart; arrows lead to what is needed.
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart BT\n");
        for (at, name) in self.nodes().iter().enumerate() {
            let _ = writeln!(text, "  n{at}[{}]", mermaid_text(name));
        }
        for (from, to) in self.pairs() {
            let _ = writeln!(text, "  n{from} --> n{to}");
        }
        text
    }
}

/// A text in quotes for DOT.
pub(crate) fn dot_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// A text in quotes for Mermaid, which knows entities but no escapes.
pub(crate) fn mermaid_text(text: &str) -> String {
    let escaped = text.replace('#', "#35;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;");
    format!("\"{}\"", escaped.replace('\n', "<br>"))
}

/// A text inside XML.
pub(crate) fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> Graph {
        Graph::new(["a", "b \"x\"", "c"], [("b \"x\"", "a"), ("c", "a"), ("c", "b \"x\""), ("c", "gone")])
    }

    #[test]
    fn every_form_names_nodes_and_edges() {
        assert_eq!(graph().to_text(), "a\nb \"x\" needs a\nc needs a, b \"x\"\n");
        assert_eq!(
            graph().to_dot(),
            "digraph template {\n  rankdir = \"BT\";\n  node [shape = box];\n  n0 [label = \"a\"];\n  n1 [label = \"b \\\"x\\\"\"];\n  n2 [label = \"c\"];\n  n1 -> n0;\n  n2 -> n0;\n  n2 -> n1;\n}\n"
        );
        assert_eq!(
            graph().to_mermaid(),
            "flowchart BT\n  n0[\"a\"]\n  n1[\"b #quot;x#quot;\"]\n  n2[\"c\"]\n  n1 --> n0\n  n2 --> n0\n  n2 --> n1\n"
        );
    }
}
