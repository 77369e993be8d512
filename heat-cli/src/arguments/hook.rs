//! `heat stack hook …`

use clap::{Args, Subcommand};

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum HookCommand {
    /// Lists the resources of a stack that wait at hooks.
    Poll {
        /// Name or id of the stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// Also those inside of nested stacks, so many stacks deep.
        #[arg(short = 'n', long, value_name = "DEPTH", default_value_t = 0)]
        nested_depth: usize,
    },
    /// Clears hooks, and waits until the stack is done or waits at others.
    Clear(ClearHooks),
}

/// `heat stack hook clear`
#[derive(Debug, Args)]
pub(crate) struct ClearHooks {
    /// Name or id of the stack.
    #[arg(value_name = "STACK")]
    pub(crate) stack: String,
    /// Resources with hooks, by patterns as the shell has them; a resource of a nested stack by the way to it: group/0/server.
    #[arg(value_name = "RESOURCE", required = true)]
    pub(crate) resources: Vec<String>,
    /// Hooks before a creation. Without a kind of hooks all are cleared.
    #[arg(long)]
    pub(crate) pre_create: bool,
    /// Hooks before an update.
    #[arg(long)]
    pub(crate) pre_update: bool,
    /// Hooks before a deletion.
    #[arg(long)]
    pub(crate) pre_delete: bool,
    /// Hooks behind a creation.
    #[arg(long)]
    pub(crate) post_create: bool,
    /// Hooks behind an update.
    #[arg(long)]
    pub(crate) post_update: bool,
    /// Hooks behind a deletion.
    #[arg(long)]
    pub(crate) post_delete: bool,
    /// Accepted for users of `openstack stack`: this command always waits.
    #[arg(long, hide = true)]
    wait: bool,
}
