//! Places for the nodes of a graph: layers from what needs nothing upwards, each layer in an order with few crossings.

use super::Graph;

/// How often the layers are put in order; more changes little.
const SWEEPS: usize = 4;

/// The nodes by layer; the first layer needs nothing. Nodes in a circle are laid as if they did not need each other.
/// Costs time linear in nodes and edges, but for sorting inside a layer.
pub(super) fn layers(graph: &Graph) -> Vec<Vec<usize>> {
    let count = graph.nodes.len();
    let mut needed_by = vec![Vec::new(); count];
    for (from, to) in graph.pairs() {
        needed_by[to].push(from);
    }
    let mut missing: Vec<usize> = graph.needs.iter().map(Vec::len).collect();
    let mut layer = vec![0_usize; count];
    let mut order: Vec<usize> = (0..count).filter(|at| missing[*at] == 0).collect();
    let mut at = 0;
    while at < order.len() {
        let node = order[at];
        for later in &needed_by[node] {
            layer[*later] = layer[*later].max(layer[node] + 1);
            missing[*later] -= 1;
            if missing[*later] == 0 {
                order.push(*later);
            }
        }
        at += 1;
    }
    let mut layers: Vec<Vec<usize>> = Vec::new();
    for (node, layer) in layer.into_iter().enumerate() {
        if layers.len() <= layer {
            layers.resize_with(layer + 1, Vec::new);
        }
        layers[layer].push(node);
    }
    let mut place = vec![0.0_f64; count];
    spread(&layers, &mut place);
    for sweep in 0..SWEEPS {
        let neighbours = if sweep % 2 == 0 { &graph.needs } else { &needed_by };
        for nodes in &mut layers {
            let mut wanted: Vec<(f64, usize)> =
                nodes.iter().map(|node| (middle(&neighbours[*node], &place, place[*node]), *node)).collect();
            wanted.sort_by(|a, b| a.0.total_cmp(&b.0));
            *nodes = wanted.into_iter().map(|(_, node)| node).collect();
        }
        spread(&layers, &mut place);
    }
    layers
}

/// Places nodes evenly, each layer around zero.
fn spread(layers: &[Vec<usize>], place: &mut [f64]) {
    for nodes in layers {
        let half = (nodes.len() as f64 - 1.0) / 2.0;
        for (at, node) in nodes.iter().enumerate() {
            place[*node] = at as f64 - half;
        }
    }
}

fn middle(neighbours: &[usize], place: &[f64], own: f64) -> f64 {
    if neighbours.is_empty() {
        return own;
    }
    neighbours.iter().map(|node| place[*node]).sum::<f64>() / neighbours.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_lies_above_all_that_it_needs() {
        let graph =
            Graph::new(["d", "c", "b", "a"], [("d", "c"), ("d", "b"), ("c", "a"), ("b", "a"), ("d", "a")]);
        let layers = layers(&graph);
        let names: Vec<Vec<&str>> =
            layers.iter().map(|nodes| nodes.iter().map(|at| graph.nodes[*at].as_str()).collect()).collect();
        assert_eq!(names, [vec!["a"], vec!["c", "b"], vec!["d"]]);
    }

    #[test]
    fn neighbours_come_to_lie_near_each_other() {
        let graph = Graph::new(["a", "b", "x", "y"], [("x", "b"), ("y", "a")]);
        let layers = layers(&graph);
        let crossed = layers[0] == [0, 1] && layers[1] == [2, 3];
        assert!(!crossed, "{layers:?}");
    }

    #[test]
    fn a_circle_is_drawn_all_the_same() {
        let graph = Graph::new(["a", "b"], [("a", "b"), ("b", "a")]);
        assert_eq!(layers(&graph).concat().len(), 2);
    }
}
