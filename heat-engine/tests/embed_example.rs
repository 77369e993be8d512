//! The embedding example runs.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used, clippy::print_stdout)]
#![allow(unreachable_pub)]

#[path = "../examples/embed.rs"]
mod embed;

#[test]
fn the_embedding_example_runs() {
    embed::main().unwrap();
}
