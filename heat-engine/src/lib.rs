//! Plans and runs Heat stacks: graph, plan, execution, durable record, and the OS::Heat::* types.

mod engine;
pub mod graph;
pub mod plan;
pub mod record;
pub mod run;
pub mod schedule;
pub mod seal;
pub mod store;
pub mod types;

pub use engine::{
    Engine, EngineBuilder, EngineError, NewStack, OutputView, Refused, ResourcePreview, ResourceView, Stack,
    StackPreview, StackView, Update, UpdatePreview,
};
