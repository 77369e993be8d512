//! Types that are mapped to types.

use crate::kit::{Sent, newest};

fn registry(type_name: &str, entries: &str) -> Sent {
    newest(&format!("resources: {{r: {{type: {type_name}}}}}\n"))
        .with(format!("resource_registry:\n{entries}"))
}

#[test]
fn types_that_are_mapped_in_a_circle() {
    registry("A", "  A: B\n  B: A\n").refused("HT0226", "e.yaml:2:6");
    registry("A", "  A: A\n").refused("HT0226", "e.yaml:2:6");
    registry("A1", "  A*: B*\n  B*: A*\n").refused("HT0226", "e.yaml:2:7");
    // Of ten thousand, too; a chain of them ends where nobody would look any further.
    let chain: String = (0..10_000).map(|at| format!("  T{at}: T{}\n", (at + 1) % 10_000)).collect();
    registry("T0", &chain).refused("HT0226", "e.yaml:102:9");
}

#[test]
fn types_whose_names_grow_with_each_step() {
    registry("A", "  A*: AA*\n").refused("HT0226", "e.yaml:2:7");
    let long = "A".repeat(200_000);
    registry("A", &format!("  \"A*\": {long}*\n")).refused("HT0226", "e.yaml:2:9");
}

#[test]
fn types_with_two_ways_at_each_step() {
    // Each name suits two entries, so that there are 2 to the power of 60 ways, none of which leads anywhere.
    let entries: String =
        (0..60).map(|at| format!("  L{at}.*: L{}.0*\n  L{at}.0*: L{}.01*\n", at + 1, at + 1)).collect();
    registry("L0.0", &entries).refused("HT0226", "e.yaml:119:11");
}

#[test]
fn many_entries_for_many_resources() {
    let entries: String = (0..15_000).map(|at| format!("  Test::N{at}*: Test::Any\n")).collect();
    let resources: String = (0..10_000).map(|at| format!("  r{at}: {{type: Test::N{at}}}\n")).collect();
    newest(&format!("resources:\n{resources}")).with(format!("resource_registry:\n{entries}")).accepted();
}
