//! A graph as text, DOT and Mermaid.

use super::Graph;
use std::fmt::Write;

impl Graph {
    /// A line for each resource, with what it needs; what is inside of a nested stack stands below it, indented.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write_text(0, &mut text);
        text
    }

    fn write_text(&self, depth: usize, text: &mut String) {
        for (place, (name, needs)) in self.nodes().iter().zip(&self.needs).enumerate() {
            text.push_str(&"  ".repeat(depth));
            text.push_str(name);
            for (at, needed) in needs.iter().enumerate() {
                text.push_str(if at == 0 { " needs " } else { ", " });
                text.push_str(&self.nodes[*needed]);
            }
            text.push('\n');
            if let Some(inside) = self.inside.get(&place) {
                inside.write_text(depth + 1, text);
            }
        }
    }

    /// The graph in Graphviz' language; arrows lead to what is needed. A nested stack is a cluster around its resource and
    /// what is inside.
    pub fn to_dot(&self) -> String {
        let mut text = String::from("digraph template {\n  rankdir = \"BT\";\n  node [shape = box];\n");
        let form = Form {
            quoted: dot_text,
            node: (" [label = ", "];"),
            edge: ("->", ";"),
            open: dot_cluster,
            close: "}",
        };
        self.write_clusters(&form, "n", 1, &mut text);
        text.push_str("}\n");
        text
    }

    /// The graph as a Mermaid flow chart; arrows lead to what is needed. A nested stack is a subgraph around its resource and
    /// what is inside.
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart BT\n");
        let form = Form {
            quoted: mermaid_text,
            node: ("[", "]"),
            edge: ("-->", ""),
            open: mermaid_cluster,
            close: "end",
        };
        self.write_clusters(&form, "n", 1, &mut text);
        text
    }

    /// Ids tell where a node is: `n2_0` is the first inside of the third.
    fn write_clusters(&self, form: &Form, prefix: &str, depth: usize, text: &mut String) {
        let indent = "  ".repeat(depth);
        for (at, name) in self.nodes().iter().enumerate() {
            let (before, behind) = form.node;
            let node = format!("{prefix}{at}{before}{}{behind}", (form.quoted)(name));
            let Some(inside) = self.inside.get(&at) else {
                let _ = writeln!(text, "{indent}{node}");
                continue;
            };
            let _ = writeln!(text, "{indent}{}", (form.open)(&format!("{prefix}{at}"), name));
            let _ = writeln!(text, "{indent}  {node}");
            inside.write_clusters(form, &format!("{prefix}{at}_"), depth + 1, text);
            let _ = writeln!(text, "{indent}{}", form.close);
        }
        let (arrow, end) = form.edge;
        for (from, to) in self.pairs() {
            let _ = writeln!(text, "{indent}{prefix}{from} {arrow} {prefix}{to}{end}");
        }
    }
}

/// How a language of charts writes things.
struct Form {
    quoted: fn(&str) -> String,
    /// Around the label of a node.
    node: (&'static str, &'static str),
    /// The arrow, and the end of the line.
    edge: (&'static str, &'static str),
    /// The beginning of what lies around several nodes, from an id and a name.
    open: fn(&str, &str) -> String,
    close: &'static str,
}

fn dot_cluster(id: &str, name: &str) -> String {
    format!("subgraph cluster_{id} {{ label = {};", dot_text(name))
}

fn mermaid_cluster(id: &str, name: &str) -> String {
    format!("subgraph s{id}[{}]", mermaid_text(name))
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

    #[test]
    fn what_is_inside_lies_in_its_resource() {
        let mut outer = Graph::new(["a", "b"], [("b", "a")]);
        outer.inside.insert(1, Graph::new(["c", "d"], [("d", "c")]));
        assert_eq!(outer.to_text(), "a\nb needs a\n  c\n  d needs c\n");
        assert!(outer.to_dot().contains(
            "  subgraph cluster_n1 { label = \"b\";\n    n1 [label = \"b\"];\n    n1_0 [label = \"c\"];\n    n1_1 [label = \"d\"];\n    n1_1 -> n1_0;\n  }\n  n1 -> n0;\n"
        ));
        assert!(outer.to_mermaid().contains(
            "  subgraph sn1[\"b\"]\n    n1[\"b\"]\n    n1_0[\"c\"]\n    n1_1[\"d\"]\n    n1_1 --> n1_0\n  end\n  n1 --> n0\n"
        ));
        assert_eq!(
            serde_json::to_string(&outer).unwrap(),
            r#"{"nodes":["a","b"],"edges":[["b","a"]],"nested":{"b":{"nodes":["c","d"],"edges":[["d","c"]]}}}"#
        );
    }

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
