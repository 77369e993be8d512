//! `heat template …`

use clap::{Args, Subcommand};

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum TemplateCommand {
    /// Checks a template and tells everything that is wrong with it.
    Validate {
        #[command(flatten)]
        files: TemplateFiles,
        /// With -f json: also the parameters of nested templates.
        #[arg(long)]
        show_nested: bool,
    },
    /// Draws what depends on what: -f plain, dot, mermaid, svg, or json with
    /// `{"nodes": [name…], "edges": [[needs, needed]…]}`.
    Graph(TemplateFiles),
    /// What a version of the language knows.
    #[command(subcommand)]
    Function(FunctionCommand),
    /// The versions of the language.
    #[command(subcommand)]
    Version(VersionCommand),
}

/// A template with what belongs to it.
#[derive(Debug, Args)]
pub(crate) struct TemplateFiles {
    /// The template: a path or a file: URL.
    #[arg(short = 't', long, value_name = "FILE")]
    pub(crate) template: String,
    /// An environment (repeatable; a later one wins).
    #[arg(short = 'e', long = "environment", value_name = "FILE")]
    pub(crate) environments: Vec<String>,
    /// The value of a parameter (repeatable). Parameters without a value are no error here.
    #[arg(long = "parameter", value_name = "KEY=VALUE", value_parser = parameter)]
    pub(crate) parameters: Vec<(String, String)>,
}

/// `heat template function …`
#[derive(Debug, Subcommand)]
pub(crate) enum FunctionCommand {
    /// Lists the functions of a version.
    List {
        /// The version, such as heat_template_version.2021-04-16, or 2021-04-16, or wallaby.
        #[arg(value_name = "VERSION")]
        version: String,
        /// Also the functions of conditions.
        #[arg(long = "with-conditions", alias = "with_conditions")]
        with_conditions: bool,
    },
}

/// `heat template version …`
#[derive(Debug, Subcommand)]
pub(crate) enum VersionCommand {
    /// Lists them.
    List,
}

/// `KEY=VALUE`
pub(super) fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it must be KEY=VALUE".to_owned()),
    }
}
