//! Every code of a diagnostic: a text that provokes it, what is told of that, and the pages of the book that show both.
//!
//! `HEAT_WRITE_DOCS=1 cargo test -p heat-cli --test diagnostics` writes the pages anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something is not as it should be"
)]

mod case;
mod functions;
mod page;
mod parameters;
mod reading;
mod resources;
mod structure;
mod types;

use case::Case;
use heat_template::diagnostic::codes;
use heat_template::render;
use std::path::Path;

/// All cases in the order of their codes.
fn cases() -> Vec<Case> {
    [reading::cases(), structure::cases(), parameters::cases(), functions::cases(), resources::cases()]
        .concat()
}

#[test]
fn every_code_is_provoked_by_one_case_in_order() {
    let provoked: Vec<_> = cases().iter().map(|case| case.code).collect();
    let all: Vec<_> = codes::ALL.iter().map(|info| info.code).collect();
    assert_eq!(provoked, all);
}

#[tokio::test]
async fn the_pages_of_the_book_show_what_is_told() {
    let write = std::env::var_os("HEAT_WRITE_DOCS").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut shown = Vec::new();
    for case in cases() {
        shown.push((case.clone(), case.told().await));
    }
    for (name, text) in page::pages(&shown) {
        let path = folder.join(&name);
        if write {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            continue;
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = committed.lines().zip(text.lines()).position(|(old, new)| old != new);
        assert!(
            committed == text,
            "{name} is not what the code tells, first in line {:?}: HEAT_WRITE_DOCS=1 writes it anew",
            differs.map(|line| line + 1)
        );
    }
}

/// The other renderings of every code: none fails, each names the code, and a place in a text has one in all of them.
#[tokio::test]
async fn every_code_has_a_line_json_and_sarif() {
    for case in cases() {
        let (diagnostic, sources) = case.found().await;
        let one = std::slice::from_ref(&diagnostic);
        let line = render::line(&diagnostic, &sources);
        assert!(line.contains(&format!("[{}]: ", case.code)) && !line.contains('\n'), "{line}");
        assert!(!diagnostic.is_error() || !render::heat(one, &sources).is_empty(), "{line}");
        let json = serde_json::to_value(render::json(one, &sources)).unwrap();
        assert_eq!(json[0]["code"], case.code.0);
        assert_eq!(json[0]["primary"].is_object(), diagnostic.primary.is_some(), "{line}");
        let log = render::sarif(one, &sources, "0.0.0");
        let result = &log["runs"][0]["results"][0];
        assert_eq!(result["ruleId"], case.code.0);
        let placed = result["locations"][0]["physicalLocation"].is_object();
        assert_eq!(placed, diagnostic.primary.is_some(), "{line}");
        let rule = &log["runs"][0]["tool"]["driver"]["rules"][0];
        assert!(!rule["fullDescription"]["text"].as_str().unwrap().is_empty(), "{line}");
    }
}
