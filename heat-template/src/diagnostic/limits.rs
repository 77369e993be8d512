//! Every limit that keeps a text of strangers from using more than its share: the one table.
//!
//! What goes beyond one of them is told by a diagnostic with the limit's code. Heat has few of them and dies of such texts.

use super::{Code, codes};
use crate::definition::NestingLimits;
use crate::environment::{LONGEST_MAPPED, MOST_MAPPINGS, MOST_TRIES};
use crate::expression::{MOST_MADE, MOST_MADE_FOR_EACH, MOST_MADE_IN_ALL};
use crate::function::MOST_COPIES;
use crate::python::BACKTRACK_LIMIT;
use crate::yaml::{DEEPEST, Limits, MOST_PROBLEMS};
use crate::yaql::{self, FRAMES, FUEL, LIMIT_ITERATORS, MAX_DEPTH, MEMORY_QUOTA};

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is limited.
    pub what: &'static str,
    /// The most that is accepted, by default where it can be chosen.
    pub most: u64,
    /// What the diagnostic of one more has.
    pub code: Code,
    /// Where another one is chosen; empty where it is fixed.
    pub chosen_by: &'static str,
}

const fn limit(what: &'static str, most: u64, code: Code, chosen_by: &'static str) -> Limit {
    Limit { what, most, code, chosen_by }
}

/// All limits, in the order in which a text comes to them.
pub fn all() -> Vec<Limit> {
    let Limits { characters, depth, nodes, expanded_nodes, scalar_bytes } = Limits::default();
    let nesting = NestingLimits::default();
    vec![
        limit("characters of a text", characters as u64, codes::TEXT_TOO_LONG, "`Limits::characters`"),
        limit(
            "bytes of one text in it",
            scalar_bytes as u64,
            codes::SCALAR_TOO_LONG,
            "`Limits::scalar_bytes`",
        ),
        limit("lists and maps inside each other", depth as u64, codes::NESTED_TOO_DEEPLY, "`Limits::depth`"),
        limit("the same, whatever is chosen", DEEPEST as u64, codes::NESTED_TOO_DEEPLY, ""),
        limit("nodes of a text, keys included", nodes as u64, codes::TOO_MANY_NODES, "`Limits::nodes`"),
        limit(
            "nodes that aliases and merge keys add",
            expanded_nodes as u64,
            codes::ALIAS_EXPANSION,
            "`Limits::expanded_nodes`",
        ),
        limit("problems of reading that are told", MOST_PROBLEMS as u64, codes::PROBLEMS_LEFT_OUT, ""),
        limit("steps from type to type in a registry", MOST_MAPPINGS as u64, codes::REGISTRY_LOOP, ""),
        limit(
            "entries of a registry that are tried for one type",
            MOST_TRIES as u64,
            codes::REGISTRY_LOOP,
            "",
        ),
        limit("bytes of a type that entries with `*` made", LONGEST_MAPPED as u64, codes::REGISTRY_LOOP, ""),
        limit("steps back of a pattern of a parameter", BACKTRACK_LIMIT as u64, codes::PARAMETER_VALUE, ""),
        limit(
            "steps back of a pattern of a property",
            BACKTRACK_LIMIT as u64,
            codes::PROPERTY_CONSTRAINT,
            "",
        ),
        limit("copies that one `repeat` makes", MOST_COPIES as u64, codes::VALUE_TOO_LARGE, ""),
        limit("bytes that the functions of one value make", MOST_MADE as u64, codes::VALUE_TOO_LARGE, ""),
        limit(
            "bytes that the functions of all values make in a check",
            MOST_MADE_IN_ALL as u64,
            codes::VALUE_TOO_LARGE,
            "",
        ),
        limit(
            "the same, for each resource beside those",
            MOST_MADE_FOR_EACH as u64,
            codes::VALUE_TOO_LARGE,
            "",
        ),
        limit("levels of an expression of YAQL", u64::from(MAX_DEPTH), codes::FUNCTION_ARGUMENTS, ""),
        limit("elements of a collection in YAQL", LIMIT_ITERATORS as u64, codes::FUNCTION_VALUE, ""),
        limit(
            "bytes of one object in YAQL, as Python counts",
            MEMORY_QUOTA as u64,
            codes::FUNCTION_VALUE,
            "",
        ),
        limit("steps of one expression of YAQL", FUEL, codes::FUNCTION_VALUE, ""),
        limit(
            "calls inside each other in YAQL, in Python's frames",
            u64::from(FRAMES),
            codes::FUNCTION_VALUE,
            "",
        ),
        limit("steps back of a pattern in YAQL", yaql::BACKTRACK_LIMIT as u64, codes::FUNCTION_VALUE, ""),
        limit(
            "nested stacks inside each other",
            nesting.depth as u64,
            codes::NESTED_TOO_DEEP,
            "`NestingLimits::depth`",
        ),
        limit(
            "nested stacks and resources in them",
            nesting.resources as u64,
            codes::TOO_MANY_NESTED,
            "`NestingLimits::resources`",
        ),
    ]
}
