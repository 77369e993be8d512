//! What templates and environments may name.

use clap::Args;
use std::path::PathBuf;

/// Where the files may lie that templates and environments name.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Allowed {
    /// Templates and environments may name files below this folder (repeatable; `/` for all), beside those below the
    /// folders that they lie in themselves and below the working folder.
    #[arg(long = "allow-files", value_name = "FOLDER")]
    pub(crate) folders: Vec<PathBuf>,
    /// Templates and environments may name what lies on the web at addresses that begin so, such as
    /// `https://example.org/stacks/` (repeatable).
    #[arg(long = "allow-url", value_name = "PREFIX")]
    pub(crate) urls: Vec<String>,
}
