//! One deployment: an engine, a template, and how long it took.

use crate::Failure;
use heat_engine::seal::KeyRing;
use heat_engine::store::Store;
use heat_engine::{Engine, NewStack, Stack};
use heat_plugin_sdk::Registry;
use heat_template::source::SourceMap;
use heat_template::{ParseOptions, Template};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The runtime that a program which embeds the engine would have.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_time().build()?)
}

/// Reads a template of ours.
pub(crate) fn parse(text: &str) -> Result<Template, Failure> {
    let parsed = Template::parse(&mut SourceMap::new(), "bench.yaml", text, &ParseOptions::default());
    let (template, _) = parsed.into_result().map_err(|found| format!("{found:?}"))?;
    Ok(template)
}

/// An engine on this store that seals secrets, as it would be embedded.
pub(crate) async fn engine(store: Arc<dyn Store>, registry: Registry) -> Result<Engine, Failure> {
    Ok(Engine::builder().registry(registry).shared_store(store).keys(KeyRing::generate()?).build().await?)
}

/// Creates a stack, from the request to its end.
pub(crate) async fn create(engine: &Engine, template: &Template) -> Result<(Stack, Duration), Failure> {
    let began = Instant::now();
    let stack = engine.create(NewStack::new("bench", template.clone())).await?;
    complete(&stack).await?;
    Ok((stack, began.elapsed()))
}

/// Waits for the end.
pub(crate) async fn complete(stack: &Stack) -> Result<(), Failure> {
    let view = stack.finished().await?;
    if view.stack_status.ends_with("_COMPLETE") {
        return Ok(());
    }
    Err(format!("the stack is {}: {}", view.stack_status, view.stack_status_reason).into())
}
