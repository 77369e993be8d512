//! `heat resource type …`

use clap::Subcommand;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum ResourceTypeCommand {
    /// Lists the types of resources.
    List {
        /// `name=TEXT`: only types whose name holds the text (repeatable).
        #[arg(long = "filter", value_name = "KEY=VALUE")]
        filters: Vec<String>,
    },
    /// Shows the properties and attributes of a type.
    Show {
        /// The type, such as OS::Nova::Server.
        #[arg(value_name = "TYPE")]
        type_name: String,
    },
}
