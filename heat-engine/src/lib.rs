//! Plans and runs Heat stacks: an engine for other programs to embed.
//!
//! A [`heat_template::Template`] says what shall be, plugins ([`heat_plugin_sdk`]) know how to make it, and an [`Engine`]
//! brings the one about through the others. Everything that it begins is recorded before it is begun, so a stack goes on
//! where it was after a crash, a kill or a power cut.
//!
//! ```
//! use heat_engine::{Engine, NewStack, Update};
//! use heat_template::source::SourceMap;
//! use heat_template::{ParseOptions, Template};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = "
//! heat_template_version: 2021-04-16
//! parameters:
//!   length: {type: number, default: 16}
//! resources:
//!   password:
//!     type: OS::Heat::RandomString
//!     properties: {length: {get_param: length}}
//! outputs:
//!   password: {value: {get_attr: [password, value]}}
//! ";
//! let template = Template::parse(&mut SourceMap::new(), "password.yaml", text, &ParseOptions::default());
//! let template = template.value.ok_or("not a template")?;
//!
//! let engine = Engine::builder().build().await?;
//! let stack = engine.create(NewStack::new("web", template.clone())).await?;
//! let done = stack.finished().await?;
//! assert_eq!(done.stack_status, "CREATE_COMPLETE");
//! let password = stack.output("password").await?;
//! assert_eq!(password.as_str().map(str::len), Some(16));
//!
//! // The plan is data, and exactly what an update would do.
//! let longer = Update::to(template).parameter("length", 24);
//! let plan = stack.preview_update(&longer).await?;
//! assert!(!plan.is_empty());
//! stack.apply(longer, &plan).await?;
//! assert!(stack.finished().await?.is_complete());
//!
//! stack.delete().await?;
//! assert_eq!(stack.finished().await?.stack_status, "DELETE_COMPLETE");
//! # Ok(())
//! # }
//! ```
//!
//! # Its parts
//!
//! Each can be used without the others; `examples/orchestrator` in the repository drives plans and schedules with an
//! executor and a store of its own.
//!
//! * [`record`]: what is known of stacks and resources, as plain data.
//! * [`plan`]: what will be done, in which order and why; pure functions.
//! * [`schedule`]: what runs when, what follows a failure, how long to wait; pure decisions.
//! * [`run`]: performs them.
//! * [`store`] and [`seal`]: the durable record, in which what is secret is sealed.
//! * [`types`]: the `OS::Heat::*` resource types.
//! * [`local_files`]: the files that templates name, from this machine.

mod engine;
pub mod graph;
pub mod local_files;
pub mod plan;
pub mod record;
pub mod run;
pub mod schedule;
pub mod seal;
pub mod store;
pub mod types;

pub use engine::{
    Deletion, DeploymentView, DerivedConfigView, Engine, EngineBuilder, EngineError, NewStack, OutputView,
    PreviewEntry, Refused, ResourcePreview, ResourceView, Rest, SavedPlan, SnapshotView, Stack, StackPreview,
    StackView, Update, UpdatePreview, WaitingHook,
};
