//! In which order the steps go: the graph of a plan, its circles undone, laid out in a line.
//!
//! Steps wait for each other for four reasons:
//!
//! - *needs*: the step of a resource comes behind those of the resources that it depends on;
//! - *succeeds*: what is replaced is deleted behind the step that replaces it, or, with `DeleteFirst`, before it;
//! - *used by a deleted one*: what a deleted incarnation depends on is deleted after it;
//! - *used by one that moves*: what a kept or updated resource used before is deleted after its step.
//!
//! They can contradict each other: with `DeleteFirst` the old one must go before its users have moved to the new one.
//! Every circle is undone, first by giving up waiting for users that move (they cannot move before), then by deleting a
//! user that is itself replaced first as well. What remains has no circle: within one, deletions then wait for
//! deletions alone (in the order of what is recorded), and other steps for each other (in the order of the template)
//! and for deletions.

use super::StepId;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::VecDeque;

/// Why one step waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// It must.
    Must,
    /// It should, unless that contradicts what must be.
    Should,
    /// A deletion waits for the step that replaces; it can be turned round, so that the deletion comes first.
    Succeeds,
}

/// The steps of a plan while it is made, by the order in which they were drafted.
#[derive(Debug, Default)]
pub(super) struct Order {
    graph: DiGraph<(), Wait>,
}

/// The steps in a line.
#[derive(Debug)]
pub(super) struct Line {
    /// The drafts in the order of the plan.
    pub(super) steps: Vec<usize>,
    /// For each of them, the steps that it waits for, by their places in the plan.
    pub(super) after: Vec<Vec<StepId>>,
    /// Where a deletion now goes before the draft that replaces: that draft, and the deletion.
    pub(super) turned: Vec<(usize, usize)>,
}

impl Order {
    pub(super) fn add(&mut self) -> usize {
        self.graph.add_node(()).index()
    }

    /// The step `later` waits for `earlier`.
    pub(super) fn wait(&mut self, later: usize, earlier: usize, why: Wait) {
        self.graph.add_edge(NodeIndex::new(earlier), NodeIndex::new(later), why);
    }

    /// Lays the steps out, each behind all that it waits for, otherwise in the order in which they were drafted.
    pub(super) fn line(mut self) -> Line {
        let should: Vec<EdgeIndex> = self.in_circles(Wait::Should);
        self.graph.retain_edges(|graph, edge| graph[edge] != Wait::Should || !contains(&should, edge));
        let mut turned = Vec::new();
        for edge in self.in_circles(Wait::Succeeds) {
            // Only marked here: removing an edge would give another one its index.
            if let Some((replaces, deletes)) = self.graph.edge_endpoints(edge) {
                turned.push((edge, replaces, deletes));
            }
        }
        let edges: Vec<EdgeIndex> = turned.iter().map(|(edge, ..)| *edge).collect();
        self.graph.retain_edges(|_, edge| !contains(&edges, edge));
        for (_, replaces, deletes) in &turned {
            self.graph.add_edge(*deletes, *replaces, Wait::Must);
        }
        let turned =
            turned.into_iter().map(|(_, replaces, deletes)| (replaces.index(), deletes.index())).collect();
        self.lay_out(turned)
    }

    /// The edges of one kind with both ends in the same circle, in the order of their indices.
    fn in_circles(&self, kind: Wait) -> Vec<EdgeIndex> {
        // (The other algorithm of petgraph is recursive: a long chain would end the stack.)
        let mut circle = vec![0_usize; self.graph.node_count()];
        for (number, members) in kosaraju_scc(&self.graph).into_iter().enumerate() {
            members.into_iter().for_each(|member| circle[member.index()] = number);
        }
        self.graph
            .edge_references()
            .filter(|edge| *edge.weight() == kind)
            .filter(|edge| circle[edge.source().index()] == circle[edge.target().index()])
            .map(|edge| edge.id())
            .collect()
    }

    fn lay_out(&self, turned: Vec<(usize, usize)>) -> Line {
        let count = self.graph.node_count();
        let mut missing: Vec<usize> =
            self.graph.node_indices().map(|node| self.incoming(node).count()).collect();
        let mut ready: VecDeque<usize> = (0..count).filter(|draft| missing[*draft] == 0).collect();
        let mut steps = Vec::with_capacity(count);
        let mut place = vec![StepId(0); count];
        let mut after = Vec::with_capacity(count);
        while let Some(draft) = ready.pop_front() {
            place[draft] = StepId(steps.len() as u32);
            steps.push(draft);
            let node = NodeIndex::new(draft);
            let mut before: Vec<StepId> = self.incoming(node).map(|earlier| place[earlier.index()]).collect();
            before.sort_unstable();
            before.dedup();
            after.push(before);
            let mut next: Vec<usize> = Vec::new();
            for later in self.graph.neighbors_directed(node, petgraph::Direction::Outgoing) {
                missing[later.index()] -= 1;
                if missing[later.index()] == 0 {
                    next.push(later.index());
                }
            }
            // petgraph gives the newest edges first.
            next.reverse();
            ready.extend(next);
        }
        Line { steps, after, turned }
    }

    fn incoming(&self, node: NodeIndex) -> impl Iterator<Item = NodeIndex> + '_ {
        self.graph.neighbors_directed(node, petgraph::Direction::Incoming)
    }
}

fn contains(sorted: &[EdgeIndex], edge: EdgeIndex) -> bool {
    sorted.binary_search(&edge).is_ok()
}

/// Orders names by what each needs. `Err` holds a circle, each needing the next.
pub(super) fn by_need(count: usize, needs: impl Fn(usize) -> Vec<usize>) -> Result<Vec<usize>, Vec<usize>> {
    let needs: Vec<Vec<usize>> = (0..count).map(needs).collect();
    let mut behind = vec![Vec::new(); count];
    for (later, earlier) in needs.iter().enumerate() {
        earlier.iter().for_each(|earlier| behind[*earlier].push(later));
    }
    let mut missing: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut order: Vec<usize> = (0..count).filter(|at| missing[*at] == 0).collect();
    let mut at = 0;
    while at < order.len() {
        for later in &behind[order[at]] {
            missing[*later] -= 1;
            if missing[*later] == 0 {
                order.push(*later);
            }
        }
        at += 1;
    }
    if order.len() == count {
        return Ok(order);
    }
    // Whatever is still missing something needs another such one: following these must come to a circle.
    let mut path = Vec::new();
    let mut place = vec![usize::MAX; count];
    let mut next = missing.iter().position(|missing| *missing > 0);
    while let Some(current) = next {
        if place[current] != usize::MAX {
            path.drain(..place[current]);
            break;
        }
        place[current] = path.len();
        path.push(current);
        next = needs[current].iter().copied().find(|need| missing[*need] > 0);
    }
    Err(path)
}

/// Circles in what is recorded (there are none unless the record is damaged) are opened by age: an older incarnation
/// cannot have been made with a newer one. Gives for each edge `(user, used)` whether it may stand.
pub(super) fn without_recorded_circles(
    count: usize,
    edges: &[(usize, usize)],
    older: impl Fn(usize, usize) -> bool,
) -> Vec<bool> {
    let mut graph = DiGraph::<(), ()>::with_capacity(count, edges.len());
    for _ in 0..count {
        graph.add_node(());
    }
    for (user, used) in edges {
        graph.add_edge(NodeIndex::new(*user), NodeIndex::new(*used), ());
    }
    let mut circle = vec![0_usize; count];
    for (number, members) in kosaraju_scc(&graph).into_iter().enumerate() {
        members.into_iter().for_each(|member| circle[member.index()] = number);
    }
    edges
        .iter()
        .map(|(user, used)| user != used && (circle[*user] != circle[*used] || older(*used, *user)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(waits: &[(usize, usize, Wait)]) -> Line {
        let mut order = Order::default();
        let count = waits.iter().map(|(later, earlier, _)| later.max(earlier) + 1).max().unwrap_or(0);
        (0..count).for_each(|_| {
            order.add();
        });
        waits.iter().for_each(|(later, earlier, why)| order.wait(*later, *earlier, *why));
        order.line()
    }

    #[test]
    fn what_should_wait_gives_way_before_anything_is_turned_round() {
        // 0 replaces, 1 is its deletion that must go first, 2 uses it in place and should have moved before.
        let line = order(&[(0, 1, Wait::Must), (2, 0, Wait::Must), (1, 2, Wait::Should)]);
        assert_eq!((line.steps, line.turned), (vec![1, 0, 2], vec![]));
    }

    #[test]
    fn a_deletion_is_turned_round_only_in_a_circle() {
        // 0/1: deletion first. 2/3: replaced too, needs 0, and 3 uses what 1 deletes. 4/5: replaced beside it.
        let line = order(&[
            (0, 1, Wait::Must),
            (2, 0, Wait::Must),
            (3, 2, Wait::Succeeds),
            (1, 3, Wait::Must),
            (5, 4, Wait::Succeeds),
        ]);
        assert_eq!(line.turned, [(2, 3)]);
        let place = |draft: usize| line.steps.iter().position(|step| *step == draft);
        assert!(place(3) < place(1) && place(1) < place(0) && place(0) < place(2) && place(4) < place(5));
    }

    #[test]
    fn circles_in_a_damaged_record_are_opened_by_age() {
        let edges = [(0, 1), (1, 0), (2, 0), (2, 2)];
        let stands = without_recorded_circles(3, &edges, |a, b| a < b);
        assert_eq!(stands, [false, true, true, false]);
    }
}
