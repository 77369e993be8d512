//! Reading text as Heat does: JSON first, then YAML 1.1 as PyYAML reads it, with a place for every node.

mod limits;
mod node;

pub use limits::Limits;
pub use node::{Entry, Node, NodeKind};
