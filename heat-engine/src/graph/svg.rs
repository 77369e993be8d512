//! A graph as a picture.

use super::Graph;
use super::layers::layers;
use super::write::xml_text;
use std::fmt::Write;

const BOX_HEIGHT: f64 = 28.0;
const BETWEEN_LAYERS: f64 = 48.0;
const GAP: f64 = 18.0;
const MARGIN: f64 = 16.0;
/// Width of a character of the font that is asked for, in pixels: a monospaced one, so that it is known.
const CHARACTER: f64 = 7.3;

/// Where a box is, seen from the corner of the picture that it is in, and what it holds.
struct Place {
    corner: (f64, f64),
    size: (f64, f64),
    inside: Option<Picture>,
}

/// Boxes in their places.
struct Picture {
    size: (f64, f64),
    places: Vec<Place>,
}

impl Picture {
    fn of(graph: &Graph) -> Self {
        let mut places: Vec<Place> = graph
            .nodes()
            .iter()
            .enumerate()
            .map(|(at, name)| Place::of(name, graph.inside.get(&at)))
            .collect();
        let layers = layers(graph);
        let layer_width = |nodes: &Vec<usize>| {
            nodes.iter().map(|node| places[*node].size.0).sum::<f64>() + GAP * (nodes.len().max(1) - 1) as f64
        };
        let widths: Vec<f64> = layers.iter().map(layer_width).collect();
        let width = widths.iter().copied().fold(0.0, f64::max);
        let mut y = 0.0;
        for (nodes, own) in layers.iter().zip(widths).rev() {
            let mut x = (width - own) / 2.0;
            let tallest = nodes.iter().map(|node| places[*node].size.1).fold(0.0, f64::max);
            for node in nodes {
                let place = &mut places[*node];
                place.corner = (x, y + (tallest - place.size.1) / 2.0);
                x += place.size.0 + GAP;
            }
            y += tallest + BETWEEN_LAYERS;
        }
        Self { size: (width, (y - BETWEEN_LAYERS).max(BOX_HEIGHT)), places }
    }

    fn draw(&self, graph: &Graph, (left, top): (f64, f64), svg: &mut String) {
        for (from, to) in graph.pairs() {
            let (from, to) = (&self.places[from], &self.places[to]);
            let middle = |place: &Place| left + place.corner.0 + place.size.0 / 2.0;
            let (x1, y1) = (middle(from), top + from.corner.1 + from.size.1);
            let (x2, y2) = (middle(to), top + to.corner.1);
            // The tip of the arrow touches the box.
            let (y2, bend) = (y2 - 6.0, (y2 - y1).abs().max(BETWEEN_LAYERS) / 2.0);
            let _ = writeln!(
                svg,
                "<path d=\"M{x1:.1} {y1:.1}C{x1:.1} {:.1} {x2:.1} {:.1} {x2:.1} {y2:.1}\"/>",
                y1 + bend,
                y2 - bend,
            );
        }
        for (at, (name, place)) in graph.nodes().iter().zip(&self.places).enumerate() {
            let (x, y, (width, height)) = (left + place.corner.0, top + place.corner.1, place.size);
            let class = if place.inside.is_some() { " class=\"nested\"" } else { "" };
            let _ = writeln!(
                svg,
                "<rect{class} x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height}\" rx=\"4\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + width / 2.0,
                y + BOX_HEIGHT / 2.0 + 4.0,
                xml_text(name),
            );
            if let (Some(picture), Some(inside)) = (&place.inside, graph.inside.get(&at)) {
                let left = x + (width - picture.size.0) / 2.0;
                picture.draw(inside, (left, y + BOX_HEIGHT), svg);
            }
        }
    }
}

impl Place {
    fn of(name: &str, inside: Option<&Graph>) -> Self {
        let width = name.chars().count() as f64 * CHARACTER + 20.0;
        let Some(inside) = inside.map(Picture::of) else {
            return Self { corner: (0.0, 0.0), size: (width, BOX_HEIGHT), inside: None };
        };
        // The name stands above what is inside.
        let size = (inside.size.0.max(width - 2.0 * GAP) + 2.0 * GAP, inside.size.1 + BOX_HEIGHT + GAP);
        Self { corner: (0.0, 0.0), size, inside: Some(inside) }
    }
}

impl Graph {
    /// The graph as an SVG picture with what needs nothing at the bottom; arrows lead to what is needed, and nested stacks
    /// are boxes around what is inside. It needs no other program, and follows the reader's light or dark colours.
    pub fn to_svg(&self) -> String {
        let picture = Picture::of(self);
        let (width, height) = (picture.size.0 + 2.0 * MARGIN, picture.size.1 + 2.0 * MARGIN);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"monospace\" font-size=\"12\">\n{STYLE}"
        );
        picture.draw(self, (MARGIN, MARGIN), &mut svg);
        svg.push_str("</svg>\n");
        svg
    }
}

const STYLE: &str = "<style>path{fill:none;stroke:#7a8794;marker-end:url(#tip)}rect{fill:#eef3f8;stroke:#40576e}rect.nested{fill-opacity:.4}\
text{text-anchor:middle;fill:#16222e}@media(prefers-color-scheme:dark){rect{fill:#22303d;stroke:#9db4ca}text{fill:#e8eef4}}\
</style>\n<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"2\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" style=\"fill:#7a8794;stroke:none;marker-end:none\"/></marker></defs>\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_holds_every_node_and_edge_and_escapes_names() {
        let svg = Graph::new(["a<b>", "c", "d"], [("c", "a<b>"), ("d", "c")]).to_svg();
        assert_eq!(svg.matches("<rect ").count(), 3);
        assert_eq!(svg.matches("<path d=\"M").count(), 2 + 1, "two edges and the tip");
        assert!(svg.contains(">a&lt;b&gt;</text>") && !svg.contains("a<b>"));
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }

    /// Every box lies inside of the box that it belongs to, and boxes beside each other do not touch.
    #[test]
    fn what_is_inside_is_drawn_inside() {
        let mut inner = Graph::new(["c", "d"], [("d", "c")]);
        inner.inside.insert(0, Graph::new(["a-long-name-of-a-resource"], []));
        let mut outer = Graph::new(["a", "b"], []);
        outer.inside.insert(1, inner);
        let svg = outer.to_svg();
        let number = |line: &str, name: &str| -> f64 {
            let rest = line.split(&format!(" {name}=\"")).nth(1).unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        };
        let boxes: Vec<[f64; 4]> = svg
            .lines()
            .filter(|line| line.starts_with("<rect"))
            .map(|line| ["x", "y", "width", "height"].map(|name| number(line, name)))
            .collect();
        let [a, b, c, long, d] = boxes[..] else { panic!("{svg}") };
        let inside = |inner: [f64; 4], outer: [f64; 4]| {
            (0..2).all(|at| inner[at] > outer[at] && inner[at] + inner[at + 2] < outer[at] + outer[at + 2])
        };
        assert!(inside(c, b) && inside(d, b) && inside(long, c) && !inside(long, d), "{svg}");
        assert!(a[0] + a[2] < b[0], "{svg}");
    }

    #[test]
    fn a_template_without_resources_has_a_picture_too() {
        assert!(Graph::default().to_svg().contains("</svg>"));
    }
}
