//! The limits as they are documented.

use heat_template::diagnostic::limits;

#[test]
fn the_documented_limits_are_those_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/language/limits.md");
    let page = std::fs::read_to_string(path).unwrap();
    let documented: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| what") && !line.starts_with("| ---"))
        .collect();
    let table: Vec<String> = limits::all()
        .iter()
        .map(|limit| {
            let area = ["reading", "structure", "parameters", "functions", "resources", "outputs"];
            let area = area[limit.code.0[2..4].parse::<usize>().unwrap()];
            let link =
                format!("[{0}](../diagnostics/{area}.md#{1})", limit.code.0, limit.code.0.to_lowercase());
            format!("| {} | {} | {link} | {} |", limit.what, grouped(limit.most), limit.chosen_by)
        })
        .collect();
    assert_eq!(documented, table, "the table in docs/language/limits.md should be\n{}", table.join("\n"));
}

/// A number with a comma after each thousand.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut text = digits[..first].to_owned();
    for at in (first..digits.len()).step_by(3) {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&digits[at..at + 3]);
    }
    text
}
