//! How much one text may hold.

/// Limits of [`read`](super::read); the defaults are safe for texts of strangers.
///
/// Heat itself limits only the length (its `max_template_size`); depth, number of nodes and alias expansion are unlimited
/// there, which an alias bomb or deep nesting turns into a dead process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of the text in characters, as Heat counts it. Default 524,288.
    pub characters: usize,
    /// Lists and maps inside each other; a scalar at the top has depth 0. Default 128.
    pub depth: usize,
    /// Nodes written in the text, keys included. Default 1,000,000.
    pub nodes: usize,
    /// Nodes that aliases and merge keys may add to those written. Default 1,000,000.
    pub expanded_nodes: usize,
    /// Length of one scalar in bytes. Default 524,288.
    pub scalar_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            characters: 524_288,
            depth: 128,
            nodes: 1_000_000,
            expanded_nodes: 1_000_000,
            scalar_bytes: 524_288,
        }
    }
}
