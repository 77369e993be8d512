//! `heat template …`

use super::Allowed;
use clap::{Args, Subcommand};

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum TemplateCommand {
    /// Checks a template and tells everything that is wrong with it: with the lines of the template on a terminal, else
    /// (and with -f line) a line each; -f json as the API does it, -f sarif for code hosts and editors, -f heat as the
    /// one text of Heat's errors.
    Validate(ValidateTemplate),
    /// Writes templates and environments in one style. Comments, order and meaning stay; what cannot be read stays as it
    /// is.
    #[command(name = "fmt", visible_alias = "format")]
    Format(FormatTemplates),
    /// Prints the JSON Schema (draft-07) of a version of the language with all resource types, for editors.
    Schema(TemplateSchema),
    /// Draws what depends on what, with what is inside of nested stacks: -f plain, dot, mermaid, svg, or json with
    /// `{"nodes": [name…], "edges": [[needs, needed]…], "nested": {name: {"nodes": …}}}`.
    Graph(GraphTemplate),
    /// What a version of the language knows.
    #[command(subcommand)]
    Function(FunctionCommand),
    /// The versions of the language.
    #[command(subcommand)]
    Version(VersionCommand),
}

/// `heat template validate`
#[derive(Debug, Args)]
pub(crate) struct ValidateTemplate {
    #[command(flatten)]
    pub(crate) files: TemplateFiles,
    /// With -f json: also the parameters of nested templates.
    #[arg(long)]
    pub(crate) show_nested: bool,
    /// Mends what is certain in the template, the environments and the nested templates, each in its own place, and leaves
    /// everything else in them as it is.
    #[arg(long)]
    pub(crate) fix: bool,
    /// With --fix: mends also what was probably meant.
    #[arg(long, requires = "fix")]
    pub(crate) guesses: bool,
    /// With --fix: shows what would be changed, and writes nothing.
    #[arg(long, requires = "fix")]
    pub(crate) dry_run: bool,
}

/// `heat template graph`
#[derive(Debug, Args)]
pub(crate) struct GraphTemplate {
    #[command(flatten)]
    pub(crate) files: TemplateFiles,
    /// How many nested stacks deep it goes; 0 draws each as one resource.
    #[arg(short = 'n', long, value_name = "DEPTH", default_value_t = usize::MAX, hide_default_value = true)]
    pub(crate) nested_depth: usize,
}

/// `heat template fmt`
#[derive(Debug, Args)]
pub(crate) struct FormatTemplates {
    /// Templates and environments; `-` for stdin, which goes to stdout.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<String>,
    /// Writes nothing; shows what would be changed, and ends with 1 if anything would.
    #[arg(long)]
    pub(crate) check: bool,
    /// Columns: what is in brackets and longer is written by indentation.
    #[arg(long, value_name = "COLUMNS", default_value_t = 100, value_parser = clap::value_parser!(u16).range(20..))]
    pub(crate) width: u16,
}

/// `heat template schema`
#[derive(Debug, Args)]
pub(crate) struct TemplateSchema {
    /// The version, such as heat_template_version.2021-04-16, or 2021-04-16, or wallaby.
    #[arg(value_name = "VERSION", default_value = "heat_template_version.2021-04-16")]
    pub(crate) version: String,
    /// Writes it into this file.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(crate) output: Option<std::path::PathBuf>,
}

/// A template with what belongs to it.
#[derive(Debug, Args)]
pub(crate) struct TemplateFiles {
    /// The template: a path, or a file: or https: URL.
    #[arg(short = 't', long, value_name = "FILE")]
    pub(crate) template: String,
    /// An environment (repeatable; a later one wins).
    #[arg(short = 'e', long = "environment", value_name = "FILE")]
    pub(crate) environments: Vec<String>,
    #[command(flatten)]
    pub(crate) allowed: Allowed,
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
