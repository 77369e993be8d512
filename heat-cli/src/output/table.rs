//! Tables, as the OpenStack client draws them.

use comfy_table::{ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle, presets};

/// A line above, below and under the heading.
const LINES: TableStyle = TableStyle::new()
    .top_border(LineStyle::new('+', '-', '+', '+'))
    .header_lines(ContentLineStyle::new('|', '|', '|'))
    .header_separator(LineStyle::new('+', '-', '+', '+'))
    .content_lines(ContentLineStyle::new('|', '|', '|'))
    .bottom_border(LineStyle::new('+', '-', '+', '+'));

/// A table with a heading; without lines if plain. A known width is kept by breaking long cells.
pub(super) fn text(names: &[String], rows: Vec<Vec<String>>, plain: bool, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(if plain { presets::NOTHING } else { LINES });
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(names);
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell)));
    }
    let text = table.to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// A text without control characters: what a service says must not steer the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            '\n' => '\n',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_those_of_the_openstack_client() {
        let names = ["id".to_owned(), "name".to_owned()];
        let rows = vec![vec!["1".to_owned(), "web".to_owned()], vec!["2".to_owned(), "a\nb".to_owned()]];
        assert_eq!(
            text(&names, rows.clone(), false, None),
            "+----+------+\n| id | name |\n+----+------+\n| 1  | web  |\n| 2  | a    |\n|    | b    |\n+----+------+"
        );
        assert_eq!(text(&names, rows, true, None), " id  name\n 1   web\n 2   a\n     b");
    }

    #[test]
    fn no_cell_steers_the_terminal() {
        let text = text(&["v".to_owned()], vec![vec!["a\u{1b}[31mred\r".to_owned()]], true, None);
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
    }
}
