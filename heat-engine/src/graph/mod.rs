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

use heat_template::Definition;
use indexmap::{IndexMap, IndexSet};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::collections::HashMap;

/// Resources and what each needs, with what is inside of those that are nested stacks. Serialises as
/// `{"nodes": [name…], "edges": [[needs, needed]…]}`, and where there are nested stacks
/// `"nested": {name: {"nodes": …, "edges": …}}` beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Graph {
    nodes: Vec<String>,
    /// What each node needs, by position.
    needs: Vec<Vec<usize>>,
    /// What is inside of a node, by position.
    inside: IndexMap<usize, Graph>,
    /// Something inside was left out.
    cut: bool,
}

/// What is inside of a definition, by resource.
pub type Inside<'i> = dyn Fn(&Definition) -> Vec<(String, Definition)> + 'i;

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
        Self { nodes, needs, ..Self::default() }
    }

    /// The graph of a template with its nested stacks, so many deep
    /// ([`Definition::nested_definitions`](heat_template::Definition::nested_definitions) says what is inside). With `most` nodes it
    /// is large enough: nested stacks beyond that are left out ([`is_cut`](Self::is_cut)).
    pub fn of_definition(definition: &Definition, inside: &Inside<'_>, depth: usize, most: usize) -> Self {
        let mut left = most.saturating_sub(definition.dependencies().len());
        Self::with_inside(definition, inside, depth, &mut left)
    }

    fn with_inside(definition: &Definition, inside: &Inside<'_>, depth: usize, left: &mut usize) -> Self {
        let mut graph = Self::of_dependencies(definition.dependencies());
        if depth == 0 {
            return graph;
        }
        for (name, nested) in inside(definition) {
            let size = nested.dependencies().len();
            let Some(place) = definition.dependencies().get_index_of(&name) else { continue };
            if size > *left {
                graph.cut = true;
                continue;
            }
            *left -= size;
            let nested = Self::with_inside(&nested, inside, depth - 1, left);
            graph.cut |= nested.cut;
            graph.inside.insert(place, nested);
        }
        graph
    }

    /// Whether nested stacks were left out because there were too many nodes.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// What is inside of nested stacks, by the names of their resources.
    pub fn nested(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.inside.iter().map(|(place, graph)| (self.nodes[*place].as_str(), graph))
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
        let fields = if self.inside.is_empty() { 2 } else { 3 };
        let mut graph = serializer.serialize_struct("Graph", fields)?;
        graph.serialize_field("nodes", &self.nodes)?;
        graph.serialize_field("edges", &self.edges().collect::<Vec<_>>())?;
        if !self.inside.is_empty() {
            graph.serialize_field("nested", &self.nested().collect::<IndexMap<_, _>>())?;
        }
        graph.end()
    }
}
