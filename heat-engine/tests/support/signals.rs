//! What the tests of signals ask of a stack.

use heat_engine::store::EventQuery;
use heat_engine::{EngineError, Stack};
use serde_json::Value;
use std::time::Duration;

/// Lets the stack come to where it waits.
pub async fn settle() {
    tokio::time::sleep(Duration::from_millis(200)).await;
}

/// Status and reason at the end.
pub async fn ended(stack: &Stack) -> (String, String) {
    let view = stack.finished().await.unwrap();
    (view.stack_status, view.stack_status_reason)
}

/// The events of a resource: `ACTION_STATUS reason`.
pub async fn events(stack: &Stack, resource: &str) -> Vec<String> {
    let query = EventQuery { resource: Some(resource.to_owned()), ..EventQuery::default() };
    let events = stack.recorded_events(&query).await.unwrap();
    events
        .into_iter()
        .map(|(_, event)| format!("{}_{} {}", event.action, event.status, event.reason))
        .collect()
}

/// Why a signal was not taken.
pub fn refusal(answer: Result<Value, EngineError>) -> String {
    match answer {
        Err(EngineError::Signal { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}
