//! The dependency graph, and whether it has circles.

use super::{Facts, Names};
use crate::diagnostic::{Diagnostic, Effort, Guess, codes};
use crate::expression::{ResourceNames, join_key};
use crate::template::Template;
use indexmap::{IndexMap, IndexSet};
use std::collections::HashMap;

/// Direct dependencies of all enabled resources: what `depends_on` names, and what properties and metadata refer to.
pub(super) fn draw(
    template: &Template,
    names: &Names,
    facts: &IndexMap<String, Facts>,
    guessing: Option<&Effort>,
    diagnostics: &mut Vec<Diagnostic>,
) -> IndexMap<String, IndexSet<String>> {
    let keys = template.dialect().keys();
    let mut graph = IndexMap::with_capacity(facts.len());
    for (name, facts_of) in facts {
        let Some((_, resource)) = template.inner().resources.get_index(facts_of.index) else { continue };
        let most = resource.depends_on.len() + facts_of.references.resources.len();
        let mut edges = IndexSet::with_capacity(most);
        for explicit in &resource.depends_on {
            if facts.contains_key(&explicit.resource) {
                edges.insert(explicit.resource.clone());
            } else if !names.is_declared(&explicit.resource) {
                let message = format!(
                    "resource {name} depends on \"{}\", and there is no resource of this name",
                    explicit.resource
                );
                let diagnostic = Diagnostic::error(codes::DEPENDENCY_UNKNOWN, message).at(explicit.span, "");
                let guess = Guess::name_within(&explicit.resource, names.declared(), guessing);
                let diagnostic = diagnostic.meant(guess);
                let path = join_key(&join_key(keys.resources, name), keys.depends_on);
                diagnostics.push(diagnostic.path(path));
            }
        }
        let referenced = facts_of.references.resources.keys();
        referenced.filter(|name| facts.contains_key(*name)).for_each(|name| {
            edges.insert(name.clone());
        });
        // An external resource is there already: Heat ignores what it refers to.
        if facts_of.external_id.is_some() {
            edges.clear();
        }
        graph.insert(name.clone(), edges);
    }
    graph
}

/// An order in which each resource comes after all that it depends on; empty if there is a circle, which is told.
pub(super) fn order(
    template: &Template,
    graph: &IndexMap<String, IndexSet<String>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<String> {
    let edges: Vec<Vec<usize>> = graph
        .values()
        .map(|needs| needs.iter().filter_map(|name| graph.get_index_of(name)).collect())
        .collect();
    let components = components(&edges);
    let mut order = Vec::with_capacity(graph.len());
    let mut fine = true;
    for component in components {
        let circle = component.len() > 1 || edges[component[0]].contains(&component[0]);
        if circle {
            fine = false;
            diagnostics.push(circular(template, graph, &edges, &component));
        }
        order.extend(component.iter().filter_map(|at| graph.get_index(*at)).map(|(name, _)| name.clone()));
    }
    if fine { order } else { Vec::new() }
}

/// A shortest way around within the component.
fn circular(
    template: &Template,
    graph: &IndexMap<String, IndexSet<String>>,
    edges: &[Vec<usize>],
    component: &[usize],
) -> Diagnostic {
    let name = |at: usize| graph.get_index(at).map_or("", |(name, _)| name.as_str());
    let start = component.iter().copied().min().unwrap_or(0);
    let members: std::collections::HashSet<usize> = component.iter().copied().collect();
    let mut from: HashMap<usize, usize> = HashMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    let mut last = start;
    'search: while let Some(at) = queue.pop_front() {
        for next in edges[at].iter().copied().filter(|next| members.contains(next)) {
            if next == start {
                last = at;
                break 'search;
            }
            if let std::collections::hash_map::Entry::Vacant(free) = from.entry(next) {
                free.insert(at);
                queue.push_back(next);
            }
        }
    }
    let mut way = vec![last];
    while let Some(before) = way.last().and_then(|at| from.get(at)).copied() {
        way.push(before);
    }
    way.reverse();
    let text: Vec<_> = way.iter().chain([&start]).map(|at| name(*at)).collect();
    let message = format!("circular dependency: {} (each needs the next one)", text.join(" → "));
    let mut diagnostic = Diagnostic::error(codes::DEPENDENCY_CYCLE, message)
        .path(join_key(template.dialect().keys().resources, name(start)));
    for (nth, at) in way.iter().enumerate() {
        if let Some(resource) = template.inner().resources.get(name(*at)) {
            diagnostic =
                if nth == 0 { diagnostic.at(resource.span, "") } else { diagnostic.label(resource.span, "") };
        }
    }
    diagnostic
}

/// Strongly connected components, each after all that it leads to (Tarjan's algorithm without recursion).
pub(super) fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut index = vec![UNSEEN; edges.len()];
    let mut low = vec![0; edges.len()];
    let mut on_stack = vec![false; edges.len()];
    let mut stack = Vec::new();
    let mut next_index = 0;
    let mut found = Vec::new();
    // Nodes on the way down, each with how many of its edges are done.
    let mut work: Vec<(usize, usize)> = Vec::new();
    for root in 0..edges.len() {
        if index[root] != UNSEEN {
            continue;
        }
        work.push((root, 0));
        while let Some((at, done)) = work.pop() {
            if done == 0 {
                index[at] = next_index;
                low[at] = next_index;
                next_index += 1;
                stack.push(at);
                on_stack[at] = true;
            }
            if let Some(next) = edges[at].get(done).copied() {
                work.push((at, done + 1));
                if index[next] == UNSEEN {
                    work.push((next, 0));
                } else if on_stack[next] {
                    low[at] = low[at].min(index[next]);
                }
                continue;
            }
            if let Some((parent, _)) = work.last() {
                low[*parent] = low[*parent].min(low[at]);
            }
            if low[at] == index[at] {
                let mut component = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    component.push(member);
                    if member == at {
                        break;
                    }
                }
                found.push(component);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::components;

    #[test]
    fn components_come_after_what_they_lead_to() {
        // 0 → 1 → 2 → 1, 2 → 3
        let edges = vec![vec![1], vec![2], vec![1, 3], vec![]];
        let found = components(&edges);
        assert_eq!(found, [vec![3], vec![2, 1], vec![0]]);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let edges: Vec<Vec<usize>> =
            (0..200_000).map(|at| if at == 0 { vec![] } else { vec![at - 1] }).collect();
        let found = components(&edges);
        assert_eq!(found.len(), 200_000);
        assert_eq!(found[0], [0]);
    }
}
