//! `heat stack …`

use super::template::parameter;
use super::{AdoptStack, Allowed, HandOver, HookCommand, SnapshotCommand};
use clap::{Args, Subcommand, ValueEnum};
use heat_engine::record::OnFailure;
use std::path::PathBuf;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum StackCommand {
    /// Creates a stack from a template and waits until it is done.
    Create(CreateStack),
    /// Changes a stack to another template, environment or parameters and waits until it is done.
    Update(UpdateStack),
    /// Deletes stacks with all their resources and waits until they are gone.
    Delete(DeleteStacks),
    /// Looks whether all resources of stacks are there and in order, and waits until that is done.
    Check(ActOnStacks),
    /// Puts servers and whatever else can rest to rest, and waits until it rests.
    Suspend(ActOnStacks),
    /// Wakes what was suspended, and waits until it is awake.
    Resume(ActOnStacks),
    /// Cancels updates that were interrupted, and waits until the stacks are as they were before.
    Cancel(CancelStacks),
    /// Tells all that another Heat has to know to adopt a stack; the stack stays.
    Export(HandOver),
    /// Gives a stack up: what it made stays. Tells what `stack export` tells.
    Abandon(HandOver),
    /// Makes a stack of what another one made that was given up, and waits until it is done.
    Adopt(AdoptStack),
    /// Brings a stack back to what it was when it was last complete, and waits until it is.
    Rollback(RollBackStack),
    /// Runs a plan that was saved with --plan-out, exactly it and no other, and waits until it is done.
    Apply(ApplyPlan),
    /// Lists stacks.
    List(ListStacks),
    /// Shows a stack with its parameters and outputs.
    Show(ShowStack),
    /// Goes on with stacks whose command was interrupted, and waits until they are done.
    Wait(WaitForStacks),
    /// The hooks at which a stack waits.
    #[command(subcommand)]
    Hook(HookCommand),
    /// Snapshots of a stack.
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// The resources of a stack.
    #[command(subcommand)]
    Resource(ResourceCommand),
    /// What happened to a stack.
    #[command(subcommand)]
    Event(EventCommand),
    /// The outputs of a stack.
    #[command(subcommand)]
    Output(OutputCommand),
}

/// Template, environment and parameters.
#[derive(Debug, Args)]
pub(crate) struct Content {
    /// The template: a path, or a file: or https: URL.
    #[arg(short = 't', long, value_name = "FILE")]
    pub(crate) template: Option<String>,
    /// An environment (repeatable; a later one wins).
    #[arg(short = 'e', long = "environment", value_name = "FILE")]
    pub(crate) environments: Vec<String>,
    #[command(flatten)]
    pub(crate) allowed: Allowed,
    /// The value of a parameter (repeatable; the same name twice makes a list).
    #[arg(long = "parameter", value_name = "KEY=VALUE", value_parser = parameter)]
    pub(crate) parameters: Vec<(String, String)>,
    /// The value of a parameter is the content of a file (repeatable).
    #[arg(long = "parameter-file", value_name = "KEY=FILE", value_parser = parameter)]
    pub(crate) parameter_files: Vec<(String, String)>,
    /// Minutes after which the operation is ended and has failed.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) timeout: Option<u32>,
    /// Tags, separated by commas.
    #[arg(long, value_name = "TAG,…", value_delimiter = ',')]
    pub(crate) tags: Option<Vec<String>>,
    /// Shows what would be done, and does nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Saves the plan to this file, for `heat stack apply`, and does nothing else. Secrets in it are sealed with the key file.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan_out: Option<String>,
    /// Accepted for users of `openstack stack`: this command always waits.
    #[arg(long, hide = true)]
    wait: bool,
}

/// `heat stack create`
#[derive(Debug, Args)]
pub(crate) struct CreateStack {
    /// Name of the stack.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) content: Content,
    /// Undo everything if something fails.
    #[arg(long)]
    pub(crate) enable_rollback: bool,
    /// What follows a failure: nothing new is begun (stop), all goes on that does not depend on what failed (continue), or the
    /// stack goes back to what was complete (rollback).
    #[arg(long, value_name = "CHOICE", conflicts_with = "enable_rollback")]
    pub(crate) on_failure: Option<FailureChoice>,
}

/// `heat stack update`
#[derive(Debug, Args)]
pub(crate) struct UpdateStack {
    /// Name or id of the stack.
    #[arg(value_name = "STACK")]
    pub(crate) stack: String,
    #[command(flatten)]
    pub(crate) content: Content,
    /// Keep what the stack has now: template, environment, parameters and files that are not given anew.
    #[arg(long)]
    pub(crate) existing: bool,
    /// With --existing: forget the value of this parameter (repeatable).
    #[arg(long = "clear-parameter", value_name = "NAME", requires = "existing")]
    pub(crate) clear_parameters: Vec<String>,
    /// What follows a failure: go back to what was complete last, or leave it.
    #[arg(long, value_name = "CHOICE")]
    pub(crate) rollback: Option<RollbackChoice>,
    /// What follows a failure: nothing new is begun (stop), all goes on that does not depend on what failed (continue), or the
    /// stack goes back to what was complete (rollback).
    #[arg(long, value_name = "CHOICE", conflicts_with = "rollback")]
    pub(crate) on_failure: Option<FailureChoice>,
    /// Touch nothing but this resource and what it takes along (repeatable; outer/inner for one in a nested stack).
    #[arg(long, value_name = "RESOURCE")]
    pub(crate) only: Vec<String>,
    /// Do not touch this resource, nor what cannot be done without it (repeatable).
    #[arg(long, value_name = "RESOURCE")]
    pub(crate) except: Vec<String>,
    /// Do nothing at all where it is known beforehand that something will fail.
    #[arg(long)]
    pub(crate) all_or_nothing: bool,
}

/// Whether a failed update is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RollbackChoice {
    /// It is.
    Enabled,
    /// It is not.
    Disabled,
    /// As the stack has it.
    Keep,
}

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailureChoice {
    /// Nothing new is begun.
    Stop,
    /// What does not depend on it goes on.
    Continue,
    /// The stack goes back.
    Rollback,
}

/// What follows the failure of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeletionFailureChoice {
    /// Nothing new is begun.
    Stop,
    /// What does not depend on it goes on.
    Continue,
}

impl From<FailureChoice> for OnFailure {
    fn from(choice: FailureChoice) -> Self {
        match choice {
            FailureChoice::Stop => Self::Stop,
            FailureChoice::Continue => Self::Continue,
            FailureChoice::Rollback => Self::Rollback,
        }
    }
}

impl From<DeletionFailureChoice> for OnFailure {
    fn from(choice: DeletionFailureChoice) -> Self {
        match choice {
            DeletionFailureChoice::Stop => Self::Stop,
            DeletionFailureChoice::Continue => Self::Continue,
        }
    }
}

/// `heat stack delete`
#[derive(Debug, Args)]
pub(crate) struct DeleteStacks {
    /// Names or ids of the stacks.
    #[arg(value_name = "STACK", required = true)]
    pub(crate) stacks: Vec<String>,
    /// Do not ask. Needed where there is no terminal to ask on.
    #[arg(short = 'y', long)]
    pub(crate) yes: bool,
    /// What follows a failure: nothing new is begun (stop), or all goes on that does not depend on what failed (continue).
    #[arg(long, value_name = "CHOICE")]
    pub(crate) on_failure: Option<DeletionFailureChoice>,
    /// Touch nothing but this resource and what it takes along (repeatable; outer/inner for one in a nested stack).
    #[arg(long, value_name = "RESOURCE")]
    pub(crate) only: Vec<String>,
    /// Do not touch this resource, nor what cannot be done without it (repeatable).
    #[arg(long, value_name = "RESOURCE")]
    pub(crate) except: Vec<String>,
    /// Shows what would be done, and does nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Saves the plan to this file, for `heat stack apply`, and does nothing else. Secrets in it are sealed with the key file.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan_out: Option<String>,
    /// Accepted for users of `openstack stack`: this command always waits.
    #[arg(long, hide = true)]
    wait: bool,
}

/// `heat stack check`, `suspend` and `resume`
#[derive(Debug, Args)]
pub(crate) struct ActOnStacks {
    /// Names or ids of the stacks.
    #[arg(value_name = "STACK", required = true)]
    pub(crate) stacks: Vec<String>,
    /// Shows what would be done, and does nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Saves the plan to this file, for `heat stack apply`, and does nothing else. Secrets in it are sealed with the key file.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan_out: Option<String>,
    /// Accepted for users of `openstack stack`: this command always waits.
    #[arg(long, hide = true)]
    wait: bool,
}

/// `heat stack rollback`
#[derive(Debug, Args)]
pub(crate) struct RollBackStack {
    /// Name or id of the stack.
    #[arg(value_name = "STACK")]
    pub(crate) stack: String,
    /// Shows what would be done, and does nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Saves the plan to this file, for `heat stack apply`, and does nothing else. Secrets in it are sealed with the key file.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan_out: Option<String>,
}

/// `heat stack apply`
#[derive(Debug, Args)]
pub(crate) struct ApplyPlan {
    /// The file that --plan-out wrote.
    #[arg(value_name = "FILE")]
    pub(crate) plan: String,
    /// The value of a parameter that the plan does not hold (repeatable).
    #[arg(long = "parameter", value_name = "KEY=VALUE", value_parser = parameter)]
    pub(crate) parameters: Vec<(String, String)>,
    /// Likewise the content of a file.
    #[arg(long = "parameter-file", value_name = "KEY=FILE", value_parser = parameter)]
    pub(crate) parameter_files: Vec<(String, String)>,
}

/// `heat stack cancel`
#[derive(Debug, Args)]
pub(crate) struct CancelStacks {
    /// Names or ids of the stacks.
    #[arg(value_name = "STACK", required = true)]
    pub(crate) stacks: Vec<String>,
    /// Leave the stack as far as it came; for a creation, too.
    #[arg(long)]
    pub(crate) no_rollback: bool,
    /// Accepted for users of `openstack stack`: this command always waits.
    #[arg(long, hide = true)]
    wait: bool,
}

/// `heat stack list`
#[derive(Debug, Args)]
pub(crate) struct ListStacks {
    /// Also stacks that are deleted, as long as they are remembered.
    #[arg(long)]
    pub(crate) deleted: bool,
    /// Also nested stacks.
    #[arg(long)]
    pub(crate) nested: bool,
}

/// `heat stack show`
#[derive(Debug, Args)]
pub(crate) struct ShowStack {
    /// Name or id of the stack.
    #[arg(value_name = "STACK")]
    pub(crate) stack: String,
    /// Without the outputs.
    #[arg(long)]
    pub(crate) no_resolve_outputs: bool,
}

/// `heat stack wait`
#[derive(Debug, Args)]
pub(crate) struct WaitForStacks {
    /// Names or ids of the stacks.
    #[arg(value_name = "STACK", required = true)]
    pub(crate) stacks: Vec<String>,
}

/// `heat stack resource …`
#[derive(Debug, Subcommand)]
pub(crate) enum ResourceCommand {
    /// Lists the resources of a stack.
    List {
        /// Name or id of the stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// Also the resources of nested stacks, so many stacks deep.
        #[arg(short = 'n', long, value_name = "DEPTH", default_value_t = 0)]
        nested_depth: usize,
    },
    /// Shows a resource with its attributes.
    Show {
        /// Name or id of the stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// Name of the resource.
        #[arg(value_name = "RESOURCE")]
        resource: String,
    },
    /// Shows the metadata of a resource: those of the template, or what signals made of them.
    Metadata {
        /// Name or id of the stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// Name of the resource, or the way to it through nested stacks (group/0/handle).
        #[arg(value_name = "RESOURCE")]
        resource: String,
    },
    /// Signals a resource: a handle of a wait condition, a scaling policy, a deployment.
    Signal {
        /// Name or id of the stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// Name of the resource, or the way to it through nested stacks (group/0/handle).
        #[arg(value_name = "RESOURCE")]
        resource: String,
        /// Details of the signal, as JSON.
        #[arg(long, value_name = "JSON", conflicts_with = "data_file")]
        data: Option<String>,
        /// A file with the details.
        #[arg(long, value_name = "FILE")]
        data_file: Option<String>,
    },
    /// Says how healthy a resource is.
    #[command(subcommand)]
    Mark(MarkCommand),
}

/// `heat stack resource mark …`
#[derive(Debug, Subcommand)]
pub(crate) enum MarkCommand {
    /// Marks a resource as unhealthy, so that the next update replaces it.
    Unhealthy {
        /// Name or id of the stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// Name or physical id of the resource.
        #[arg(value_name = "RESOURCE")]
        resource: String,
        /// Why.
        #[arg(value_name = "REASON")]
        reason: Option<String>,
        /// Take the mark back.
        #[arg(long)]
        reset: bool,
    },
}

/// `heat stack event …`
#[derive(Debug, Subcommand)]
pub(crate) enum EventCommand {
    /// Lists what happened to a stack, oldest first.
    List {
        /// Name or id of the stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// Only events of this resource.
        #[arg(short = 'r', long, value_name = "RESOURCE")]
        resource: Option<String>,
        /// At most so many.
        #[arg(long, value_name = "NUMBER")]
        limit: Option<usize>,
        /// Prints events, a line each, as they come, until the stack is at rest, nobody works on it, or --limit is reached.
        #[arg(long)]
        follow: bool,
        /// With a number above 0: also events of the stacks inside, at every depth.
        #[arg(short = 'n', long, value_name = "DEPTH", default_value_t = 0)]
        nested_depth: usize,
    },
}

/// `heat stack output …`
#[derive(Debug, Subcommand)]
pub(crate) enum OutputCommand {
    /// Lists the outputs of a stack.
    List {
        /// Name or id of the stack.
        #[arg(value_name = "STACK")]
        stack: String,
    },
    /// Shows an output, or all of them; with -f value nothing but the value.
    Show {
        /// Name or id of the stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// Key of the output.
        #[arg(value_name = "OUTPUT", required_unless_present = "all")]
        output: Option<String>,
        /// All outputs.
        #[arg(long, conflicts_with = "output")]
        all: bool,
    },
}

impl Content {
    /// The files in it.
    pub(crate) fn parameter_file_paths(&self) -> impl Iterator<Item = (&str, PathBuf)> {
        self.parameter_files.iter().map(|(name, path)| (name.as_str(), PathBuf::from(path)))
    }
}
