//! Python's semantics, where a template can see them.
//!
//! Heat is written in Python, and what its functions give depends on how Python turns values into text, compares them
//! and counts. These are those rules for JSON values, without anything of Heat in them.

mod equality;
mod json;
mod number;
mod pattern;
mod text;

pub use equality::{Equals, equal, equality_hash, truthy};
pub use json::dumps;
pub use number::{Num, int_from_text, number_from_text};
pub(crate) use pattern::{BACKTRACK_LIMIT, is_verbose, refused, translate};
pub use pattern::{Pattern, PatternEffort, PatternError};
pub use text::{repr, str_of, type_name};
