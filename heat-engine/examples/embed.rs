//! A program that embeds the engine: it deploys a template, follows the events, reads an output, deletes the stack.
//!
//! `cargo run -p heat-engine --example embed`
#![allow(clippy::print_stdout)]

use futures_util::StreamExt;
use heat_engine::{Engine, NewStack};
use heat_template::source::SourceMap;
use heat_template::{ParseOptions, Template};
use std::error::Error;

const TEMPLATE: &str = "
heat_template_version: 2021-04-16
parameters:
  length: {type: number, default: 16}
resources:
  password:
    type: OS::Heat::RandomString
    properties: {length: {get_param: length}}
outputs:
  password: {value: {get_attr: [password, value]}}
";

/// Deploys the template and takes it down again.
#[tokio::main]
pub async fn main() -> Result<(), Box<dyn Error>> {
    // The types OS::Heat::* are always there; plugins come in by `.registry(...)`, and a store that outlives the program
    // by `.store(SqliteStore::open("heat.db")?)` together with `.keys(...)`.
    let engine = Engine::builder().build().await?;

    let mut sources = SourceMap::new();
    let parsed = Template::parse(&mut sources, "password.yaml", TEMPLATE, &ParseOptions::default());
    let (template, _warnings) =
        parsed.into_result().map_err(|diagnostics| heat_template::render::lines(&diagnostics, &sources))?;

    let stack = engine.create(NewStack::new("web", template).parameter("length", 24)).await?;
    let mut events = stack.events();
    while let Some(event) = events.next().await {
        let (_, event) = event?;
        println!("{} {}_{}", event.resource, event.action, event.status);
    }
    let done = stack.finished().await?;
    assert!(done.is_complete(), "{}", done.stack_status_reason);
    let password = stack.output("password").await?;
    println!("a password of {} characters", password.as_str().map_or(0, str::len));

    stack.delete().await?;
    println!("{}", stack.finished().await?.stack_status);
    Ok(())
}
