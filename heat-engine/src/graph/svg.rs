//! A graph as a picture.

use super::Graph;
use super::layers::layers;
use super::write::xml_text;
use std::fmt::Write;

const BOX_HEIGHT: f64 = 28.0;
const LAYER_HEIGHT: f64 = 76.0;
const GAP: f64 = 18.0;
const MARGIN: f64 = 16.0;
/// Width of a character of the font that is asked for, in pixels: a monospaced one, so that it is known.
const CHARACTER: f64 = 7.3;

impl Graph {
    /// The graph as an SVG picture with what needs nothing at the bottom; arrows lead to what is needed. It needs no
    /// other program, and follows the reader's light or dark colours.
    pub fn to_svg(&self) -> String {
        let layers = layers(self);
        let widths: Vec<f64> =
            self.nodes().iter().map(|name| name.chars().count() as f64 * CHARACTER + 20.0).collect();
        let layer_width = |nodes: &Vec<usize>| {
            nodes.iter().map(|node| widths[*node]).sum::<f64>() + GAP * (nodes.len().max(1) - 1) as f64
        };
        let inner = layers.iter().map(layer_width).fold(0.0, f64::max);
        let (width, height) = (
            inner + 2.0 * MARGIN,
            layers.len().max(1) as f64 * LAYER_HEIGHT - (LAYER_HEIGHT - BOX_HEIGHT) + 2.0 * MARGIN,
        );
        let mut corner = vec![(0.0, 0.0); self.nodes().len()];
        for (level, nodes) in layers.iter().enumerate() {
            let mut x = MARGIN + (inner - layer_width(nodes)) / 2.0;
            let y = MARGIN + (layers.len() - 1 - level) as f64 * LAYER_HEIGHT;
            for node in nodes {
                corner[*node] = (x, y);
                x += widths[*node] + GAP;
            }
        }
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"monospace\" font-size=\"12\">\n{STYLE}"
        );
        for (from, to) in self.pairs() {
            let (x1, y1) = (corner[from].0 + widths[from] / 2.0, corner[from].1 + BOX_HEIGHT);
            let (x2, y2) = (corner[to].0 + widths[to] / 2.0, corner[to].1);
            // The tip of the arrow touches the box.
            let (y2, bend) = (y2 - 6.0, (y2 - y1).abs().max(LAYER_HEIGHT - BOX_HEIGHT) / 2.0);
            let _ = writeln!(
                svg,
                "<path d=\"M{x1:.1} {y1:.1}C{x1:.1} {:.1} {x2:.1} {:.1} {x2:.1} {y2:.1}\"/>",
                y1 + bend,
                y2 - bend,
            );
        }
        for (at, name) in self.nodes().iter().enumerate() {
            let ((x, y), width) = (corner[at], widths[at]);
            let _ = writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BOX_HEIGHT}\" rx=\"4\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + width / 2.0,
                y + BOX_HEIGHT / 2.0 + 4.0,
                xml_text(name),
            );
        }
        svg.push_str("</svg>\n");
        svg
    }
}

const STYLE: &str = "<style>path{fill:none;stroke:#7a8794;marker-end:url(#tip)}rect{fill:#eef3f8;stroke:#40576e}\
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

    #[test]
    fn a_template_without_resources_has_a_picture_too() {
        assert!(Graph::default().to_svg().contains("</svg>"));
    }
}
