//! The standard library: one table of overloads for each of the original's modules.

mod boolean;
mod branching;
mod collections;
mod comparison;
mod datetime;
mod dictionaries;
mod generators;
mod grouping;
mod math;
mod queries;
mod regex;
mod selection;
mod sets;
mod strings;
mod system;

use super::spec::Overload;
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

static TABLES: [&[Overload]; 15] = [
    boolean::FUNCTIONS,
    branching::FUNCTIONS,
    collections::FUNCTIONS,
    comparison::FUNCTIONS,
    datetime::FUNCTIONS,
    dictionaries::FUNCTIONS,
    generators::FUNCTIONS,
    grouping::FUNCTIONS,
    math::FUNCTIONS,
    queries::FUNCTIONS,
    regex::FUNCTIONS,
    selection::FUNCTIONS,
    sets::FUNCTIONS,
    strings::FUNCTIONS,
    system::FUNCTIONS,
];

/// All overloads of each name.
static LIBRARY: LazyLock<HashMap<&'static str, [Vec<&'static Overload>; 2]>> = LazyLock::new(|| {
    let mut library: HashMap<&'static str, [Vec<&'static Overload>; 2]> = HashMap::new();
    for overload in TABLES.iter().flat_map(|table| table.iter()) {
        library.entry(overload.name).or_default()[0].push(overload);
    }
    for overload in system::FALLBACKS {
        library.entry(overload.name).or_default()[1].push(overload);
    }
    library
});

/// The overloads of a name: the library's own, then what is called where none of these suits.
pub(super) fn layers(name: &str) -> &'static [Vec<&'static Overload>] {
    LIBRARY.get(name).map_or(&[], |layers| &layers[..])
}

/// The names that an expression can call.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let names: BTreeSet<_> = LIBRARY.keys().copied().filter(|name| !name.starts_with(['#', '*'])).collect();
    names.into_iter()
}

/// The name that looks most like this one.
pub(super) fn similar(name: &str) -> Option<&'static str> {
    crate::diagnostic::suggest::nearest(name, names())
}
