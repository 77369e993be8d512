//! `heat stack snapshot …`

use clap::Subcommand;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Takes a snapshot: saves the data of volumes and servers, and waits until they are saved.
    Create {
        /// Name or id of the stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// Name of the snapshot.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Lists the snapshots of a stack, oldest first.
    List {
        /// Name or id of the stack.
        #[arg(value_name = "STACK")]
        stack: String,
    },
    /// Shows a snapshot: what the stack was, and what was saved.
    Show {
        /// Name or id of the stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// Id of the snapshot.
        #[arg(value_name = "SNAPSHOT")]
        snapshot: String,
    },
    /// Brings a stack back to a snapshot, and waits until it is there.
    Restore {
        /// Name or id of the stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// Id of the snapshot.
        #[arg(value_name = "SNAPSHOT")]
        snapshot: String,
        /// Shows what would be done, and does nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Removes a snapshot with what was saved, and waits until it is gone.
    Delete {
        /// Name or id of the stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// Id of the snapshot.
        #[arg(value_name = "SNAPSHOT")]
        snapshot: String,
        /// Accepted for users of `openstack stack`: this command never asks.
        #[arg(short = 'y', long, hide = true)]
        yes: bool,
    },
}
