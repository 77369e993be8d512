//! The commands of the developers of this project: cargo xtask test, bench, conformance
fn main() {}
