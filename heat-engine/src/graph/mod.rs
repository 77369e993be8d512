//! The graph of a template: which resource needs which, as data and drawn.
//!
//! ```
//! use heat_engine::graph::Graph;
//!
//! let graph = Graph::new(["net", "subnet", "port"], [("subnet", "net"), ("port", "net"), ("port", "subnet")]);
//! assert_eq!(
//!     serde_json::to_string(&graph)?,
//!     r#"{"nodes":["net","subnet","port"],"edges":[["subnet","net"],["port","net"],["port","subnet"]]}"#
//! );
//! assert!(graph.to_mermaid().contains("n2 --> n1"));
//! # Ok::<(), serde_json::Error>(())
//! ```

mod layers;
mod svg;
mod write;

pub(crate) use write::{dot_text, mermaid_text};

use indexmap::{IndexMap, IndexSet};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::collections::HashMap;

/// Resources and what each needs. Serialises as `{"nodes": [name…], "edges": [[needs, needed]…]}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Graph {
    nodes: Vec<String>,
    /// What each node needs, by position.
    needs: Vec<Vec<usize>>,
}

impl Graph {
    /// A graph of these nodes; each edge goes from a node to one that it needs. Edges to other names are left out.
    pub fn new<'a>(
        nodes: impl IntoIterator<Item = &'a str>,
        edges: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let nodes: Vec<String> = nodes.into_iter().map(str::to_owned).collect();
        let place: HashMap<&str, usize> =
            nodes.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let mut needs = vec![Vec::new(); nodes.len()];
        for (from, to) in edges {
            if let (Some(from), Some(to)) = (place.get(from), place.get(to)) {
                needs[*from].push(*to);
            }
        }
        for needs in &mut needs {
            needs.sort_unstable();
            needs.dedup();
        }
        Self { nodes, needs }
    }

    /// The graph of a template's dependencies ([`Definition::dependencies`](heat_template::Definition::dependencies)).
    pub fn of_dependencies(dependencies: &IndexMap<String, IndexSet<String>>) -> Self {
        let edges = dependencies
            .iter()
            .flat_map(|(name, needs)| needs.iter().map(move |needed| (name.as_str(), needed.as_str())));
        Self::new(dependencies.keys().map(String::as_str), edges)
    }

    /// The names, in order.
    pub fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// Every edge: a node and one that it needs.
    pub fn edges(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs().map(|(from, to)| (self.nodes[from].as_str(), self.nodes[to].as_str()))
    }

    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.needs.iter().enumerate().flat_map(|(from, needs)| needs.iter().map(move |to| (from, *to)))
    }
}

impl Serialize for Graph {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut graph = serializer.serialize_struct("Graph", 2)?;
        graph.serialize_field("nodes", &self.nodes)?;
        graph.serialize_field("edges", &self.edges().collect::<Vec<_>>())?;
        graph.end()
    }
}
