//! What the tests of the engine share.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic, missing_docs)]

pub mod cloud;
#[cfg(all(feature = "postgres", feature = "testing"))]
pub mod postgres;
pub mod process;
pub mod signals;

use heat_engine::{Engine, Stack};
use heat_template::source::SourceMap;
use heat_template::{ParseOptions, Template};

/// A template that must be right.
pub fn template(text: &str) -> Template {
    let parsed = Template::parse(&mut SourceMap::new(), "template.yaml", text, &ParseOptions::default());
    assert!(!parsed.has_errors(), "{:#?}", parsed.diagnostics);
    parsed.value.unwrap()
}

pub async fn stack_of(engine: &Engine, name: &str) -> Stack {
    engine.stack("default", name).await.unwrap()
}
