//! YAQL, the query language of the template function `yaql`, with its whole standard library.
//!
//! ```
//! use heat_template::yaql::Statement;
//! use serde_json::json;
//!
//! let statement = Statement::parse("$.data.where($.age > 30).select($.name)")?;
//! let people = json!({"data": [{"name": "ann", "age": 31}, {"name": "bob", "age": 25}]});
//! assert_eq!(statement.evaluate(&people)?, json!(["ann"]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It follows the Python package `yaql` 3.0.0 as Heat sets it up: without delegates, with a limit of 200 elements and a
//! memory quota of 10,000 bytes ([`limits`]). Values are Python's, where an expression can see that (`1 = true`, a list
//! is no tuple, dates and time spans, integers of any size); functions are found as there, by the types of their
//! arguments, and collections are gone through as late as there.
//!
//! ```text
//! text ─► tokens ─► tree ─► machine ─► value ─► JSON
//!                             ▲
//!                          library: tables of overloads, one module for each of the original's
//! ```
//!
//! What an evaluation costs is bounded: by Heat's limits, and by steps and depth of our own. There is no clock and no
//! source of random numbers, so `now()` and `random()` are errors: a template that gave something else each time it is
//! evaluated would have no plan.

mod ast;
mod calendar;
mod convert;
mod date_text;
mod fault;
mod hash;
mod iterate;
mod lexer;
mod library;
mod limits;
mod machine;
mod number;
mod parser;
mod place;
mod regex;
mod resolve;
mod sets;
mod spec;
mod syntax;
mod text;
mod value;

pub(crate) use ast::MAX_DEPTH;
pub use fault::Fault;
pub(crate) use limits::{FRAMES, FUEL, LIMIT_ITERATORS, MEMORY_QUOTA};
pub(crate) use place::place;
pub(crate) use regex::BACKTRACK_LIMIT;
pub use syntax::SyntaxError;

use machine::Machine;
use serde_json::Value as Json;

/// An expression that was read.
#[derive(Debug)]
pub struct Statement {
    tree: ast::Node,
}

impl Statement {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// If it is none, with the place.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Ok(Self { tree: parser::parse(text)? })
    }

    /// What it comes to over some data, which it sees as `$`.
    ///
    /// # Errors
    ///
    /// If a function does not suit its arguments, if a limit is exceeded, or if the result is nothing that a template
    /// has a type for, as a date.
    pub fn evaluate(&self, data: &Json) -> Result<Json, Box<Fault>> {
        self.evaluate_counting(data).0
    }

    /// The same, with the number of steps that it took.
    pub(crate) fn evaluate_counting(&self, data: &Json) -> (Result<Json, Box<Fault>>, u64) {
        let data = match convert::from_json(data) {
            Ok(data) => data,
            Err(fault) => return (Err(fault), 0),
        };
        let mut machine = Machine::new(data);
        let context = machine.child(0);
        let result = machine.evaluate(&self.tree, None, context).and_then(|value| {
            limits::check_size(&value)?;
            convert::to_json(&mut machine, &value)
        });
        (result, machine.paid())
    }
}

/// The names of all functions and methods that an expression may call, in alphabetical order; operators are not among them.
pub fn function_names() -> impl Iterator<Item = &'static str> {
    library::names()
}
