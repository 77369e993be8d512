//! What each command does.

mod answer;
mod drift;
mod engine;
mod event;
mod explain;
mod format;
mod mend;
mod resource_type;
mod simulator;
mod stack_action;
mod stack_change;
mod stack_handover;
pub(crate) mod stack_hook;
mod stack_look;
mod stack_plan;
mod stack_snapshot;
mod template;

use crate::arguments::{
    Arguments, Command, ResourceTypes, SimulatorCommand, StackCommand, StackFiles, StackPart, TemplateCommand,
};
use crate::error::{CliError, Result};
use crate::output::Answer;
use heat_engine::plan::Act;

/// What a command leads to: an answer, and perhaps a failure that is told beside it.
pub(crate) struct Outcome {
    /// What is written to stdout.
    pub(crate) answer: Answer,
    /// What went wrong all the same: the answer tells how it stands.
    pub(crate) failure: Option<String>,
    /// The exit code.
    pub(crate) exit_code: u8,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self { answer, failure: None, exit_code: 0 }
    }
}

/// Runs a command.
///
/// # Errors
/// Why there is no answer.
pub(crate) async fn run(arguments: &Arguments) -> Result<Outcome> {
    let global = &arguments.global;
    if global.format.is_drawing()
        && !matches!(arguments.command, Command::Template(TemplateCommand::Graph(_)))
    {
        return Err(CliError::input("this format draws graphs: it is for `heat template graph`"));
    }
    if global.format.is_report()
        && !matches!(arguments.command, Command::Template(TemplateCommand::Validate(_)))
    {
        return Err(CliError::input("this format tells problems: it is for `heat template validate`"));
    }
    match &arguments.command {
        Command::Stack(command) => match &**command {
            StackCommand::Create(create) => stack_change::create(global, create).await,
            StackCommand::Update(update) => stack_change::update(global, update).await,
            StackCommand::Delete(delete) => stack_change::delete(global, delete).await,
            StackCommand::Wait(wait) => stack_change::wait(global, wait).await,
            StackCommand::Cancel(cancel) => stack_action::cancel(global, cancel).await,
            StackCommand::Check(stacks) => stack_action::act(global, Act::Check, stacks).await,
            StackCommand::Suspend(stacks) => stack_action::act(global, Act::Suspend, stacks).await,
            StackCommand::Resume(stacks) => stack_action::act(global, Act::Resume, stacks).await,
            StackCommand::Rollback(stack) => stack_plan::roll_back(global, stack).await,
            StackCommand::Drift(stack) => drift::run(global, stack).await,
            StackCommand::Apply(apply) => stack_plan::apply(global, apply).await,
            StackCommand::Export(stack) => stack_handover::export(global, stack).await,
            StackCommand::Abandon(stack) => stack_handover::abandon(global, stack).await,
            StackCommand::Adopt(stack) => stack_handover::adopt(global, stack).await,
            StackCommand::List(list) => stack_look::list(global, list).await.map(Outcome::from),
            StackCommand::Show(show) => stack_look::show(global, show).await.map(Outcome::from),
            StackCommand::Hook(command) => stack_hook::run(global, command).await,
            StackCommand::Snapshot(command) => stack_snapshot::run(global, command).await,
            StackCommand::Template(StackPart::Show { stack }) => {
                stack_look::template(global, stack).await.map(Outcome::from)
            }
            StackCommand::Environment(StackPart::Show { stack }) => {
                stack_look::environment(global, stack).await.map(Outcome::from)
            }
            StackCommand::File(StackFiles::List { stack }) => {
                stack_look::files(global, stack).await.map(Outcome::from)
            }
            StackCommand::Resource(command) => stack_look::resource(global, command).await.map(Outcome::from),
            StackCommand::Event(command) => event::list(global, command).await.map(Outcome::from),
            StackCommand::Output(command) => stack_look::output(global, command).await,
        },
        Command::Template(command) => template::run(global, command),
        Command::Resource(ResourceTypes::Type(command)) => resource_type::run(command).map(Outcome::from),
        Command::Explain { code } => explain::run(code.as_deref()).map(Outcome::from),
        Command::Engine(arguments) => engine::run(global, arguments).await.map(Outcome::from),
        Command::Simulator(SimulatorCommand::OpenStack(simulator)) => {
            simulator::run(simulator).await.map(Outcome::from)
        }
    }
}
