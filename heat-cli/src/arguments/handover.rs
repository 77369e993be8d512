//! `heat stack export`, `abandon` and `adopt`.

use super::Allowed;
use super::template::parameter;
use clap::Args;
use std::path::PathBuf;

/// `heat stack export` and `abandon`
#[derive(Debug, Args)]
pub(crate) struct HandOver {
    /// Name or id of the stack.
    #[arg(value_name = "STACK")]
    pub(crate) stack: String,
    /// Where the data are written, for the owner's eyes only; else to stdout. They hold all values in clear.
    #[arg(long, value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,
}

/// `heat stack adopt`
#[derive(Debug, Args)]
pub(crate) struct AdoptStack {
    /// Name of the stack.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What `stack abandon` or `stack export` gave.
    #[arg(long, value_name = "FILE")]
    pub(crate) adopt_file: PathBuf,
    /// An environment that counts before the one in the data (repeatable; a later one wins).
    #[arg(short = 'e', long = "environment", value_name = "FILE")]
    pub(crate) environments: Vec<String>,
    #[command(flatten)]
    pub(crate) allowed: Allowed,
    /// The value of a parameter (repeatable; the same name twice makes a list).
    #[arg(long = "parameter", value_name = "KEY=VALUE", value_parser = parameter)]
    pub(crate) parameters: Vec<(String, String)>,
    /// Minutes after which the operation is ended and has failed.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) timeout: Option<u32>,
    /// Give everything up again if something fails; nothing that exists is removed.
    #[arg(long)]
    pub(crate) enable_rollback: bool,
    /// Shows what would be done, and does nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Accepted for users of `openstack stack`: this command always waits.
    #[arg(long, hide = true)]
    wait: bool,
}
