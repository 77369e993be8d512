//! Plans and runs Heat stacks: graph, plan, execution, durable record, and the OS::Heat::* types.

pub mod plan;
pub mod record;
pub mod run;
pub mod schedule;
pub mod seal;
pub mod store;
pub mod types;
