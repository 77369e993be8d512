//! What can be written on the command line.

mod allowed;
mod engine;
mod handover;
mod hook;
mod resource_type;
mod simulator;
mod snapshot;
mod stack;
mod template;

pub(crate) use allowed::Allowed;
pub(crate) use engine::EngineArguments;
pub(crate) use handover::{AdoptStack, HandOver};
pub(crate) use hook::{ClearHooks, HookCommand};
pub(crate) use resource_type::ResourceTypeCommand;
pub(crate) use simulator::{OpenStackSimulator, SimulatorCommand};
pub(crate) use snapshot::SnapshotCommand;
pub(crate) use stack::{
    ActOnStacks, ApplyPlan, CancelStacks, Content, CreateStack, DeleteStacks, DriftOfStack, EventCommand,
    ListStacks, MarkCommand, OutputCommand, ResourceCommand, RollBackStack, RollbackChoice, ShowStack,
    StackCommand, StackFiles, StackPart, UpdateStack, WaitForStacks,
};
pub(crate) use template::{
    FormatTemplates, FunctionCommand, GraphTemplate, TemplateCommand, TemplateFiles, TemplateSchema,
    ValidateTemplate, VersionCommand,
};

use crate::output::Format;
use crate::settings::StoreLocation;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Deploys OpenStack Heat templates: without a Heat service, against any OpenStack cloud, or a simulated one.
///
/// Exit codes: 0 done, 1 the operation failed or a service does not answer, 2 the input is wrong, credentials among it,
/// 130 interrupted (the stack goes on with `heat stack wait NAME`). The answer goes to stdout, everything else to stderr.
#[derive(Debug, Parser)]
#[command(name = "heat", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Args)]
pub(crate) struct GlobalArguments {
    /// A cloud of clouds.yaml, or `simulated` for one inside this process, kept in a file beside the store.
    /// Without it the OS_* variables say which cloud it is, or the only entry of clouds.yaml.
    #[arg(long, global = true, value_name = "NAME", env = "OS_CLOUD", hide_env_values = true)]
    pub(crate) os_cloud: Option<String>,
    /// Where stacks are recorded: `memory`, `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST/DATABASE`, which many may share.
    /// Default: HEAT_STORE, else SQLite in the user's data directory.
    // The environment's value is read elsewhere: it may hold a password, which clap would print with an error.
    #[arg(long, global = true, value_name = "STORE")]
    pub(crate) store: Option<StoreLocation>,
    /// The file with the keys that seal secrets in the store; made on first use. Default: in the user's configuration
    /// directory.
    #[arg(long, global = true, value_name = "PATH", env = "HEAT_KEY_FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// A folder of environments that lie under those of all stacks, in the order of their names: their registries map types.
    /// Default: environment.d in the user's configuration directory, where it is there.
    #[arg(long, global = true, value_name = "FOLDER", env = "HEAT_ENVIRONMENT_DIR")]
    pub(crate) environment_dir: Option<PathBuf>,
    /// How the answer is written.
    #[arg(short = 'f', long, global = true, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: Format,
    /// Shows only this column, or this field of JSON and YAML (repeatable).
    #[arg(short = 'c', long = "column", global = true, value_name = "COLUMN")]
    pub(crate) columns: Vec<String>,
    /// No progress on stderr, only warnings and errors.
    #[arg(short = 'q', long, global = true)]
    pub(crate) quiet: bool,
    /// More about what is done, on stderr; twice for single requests. RUST_LOG says it in detail.
    #[arg(short = 'v', long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Stacks, their resources, events and outputs.
    #[command(subcommand)]
    Stack(Box<StackCommand>),
    /// Templates: check, draw, what the language knows.
    #[command(subcommand)]
    Template(TemplateCommand),
    /// Types of resources.
    #[command(subcommand)]
    Resource(ResourceTypes),
    /// Tells what the code of a diagnostic means; without one, lists them.
    Explain {
        /// The code, such as HT0404.
        #[arg(value_name = "CODE")]
        code: Option<String>,
    },
    /// Runs an engine without an API: it goes on with what is in a store that engines share, and nobody works on.
    Engine(EngineArguments),
    /// Simulated clouds as processes of their own.
    #[command(subcommand)]
    Simulator(SimulatorCommand),
}

/// `heat resource …`
#[derive(Debug, Subcommand)]
pub(crate) enum ResourceTypes {
    /// Types of resources.
    #[command(subcommand)]
    Type(ResourceTypeCommand),
}

/// The format that the words ask for, where they cannot be understood as a whole.
pub(crate) fn asked_format(words: impl Iterator<Item = OsString>) -> Option<Format> {
    let words: Vec<String> = words.map_while(|word| word.into_string().ok()).collect();
    let mut words = words.iter().map(String::as_str).take_while(|word| *word != "--");
    let mut format = None;
    while let Some(word) = words.next() {
        let value = match word {
            "-f" | "--format" => words.next(),
            word => word
                .strip_prefix("--format=")
                .or_else(|| word.strip_prefix("-f="))
                .or_else(|| word.strip_prefix("-f")),
        };
        if let Some(found) = value.and_then(|value| Format::from_str(value, false).ok()) {
            format = Some(found);
        }
    }
    format
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_or_behind_the_command() {
        for line in [
            ["heat", "--os-cloud", "simulated", "-f", "json", "stack", "show", "web"],
            ["heat", "stack", "show", "web", "--os-cloud", "simulated", "-f", "json"],
        ] {
            let arguments = Arguments::try_parse_from(line).unwrap();
            assert_eq!(arguments.global.os_cloud.as_deref(), Some("simulated"));
            assert_eq!(arguments.global.format, Format::Json);
        }
    }

    #[test]
    fn the_format_is_found_among_words_that_make_no_sense() {
        let asked = |line: &str| asked_format(line.split_whitespace().map(OsString::from));
        for line in
            ["stack -f json show", "--format json", "a -fjson", "--format=json", "-f=json b", "-f x -f json"]
        {
            assert_eq!(asked(line), Some(Format::Json), "{line}");
        }
        for line in ["stack show", "-f", "-f nosuch", "-- -f json", "json"] {
            assert_eq!(asked(line), None, "{line}");
        }
    }

    #[test]
    fn what_a_user_of_the_openstack_client_writes_is_understood() {
        for line in [
            "heat stack create -t t.yaml -e e.yaml -e f.yaml --parameter a=b --parameter c=d --enable-rollback \
             --timeout 5 --tags x,y web",
            "heat stack create --dry-run -t t.yaml --wait web",
            "heat stack update web --existing --clear-parameter a --rollback enabled",
            "heat stack update web -t t.yaml --rollback keep --dry-run",
            "heat stack delete -y --wait web db",
            "heat stack list",
            "heat stack show web --no-resolve-outputs",
            "heat stack resource list web",
            "heat stack resource show web server",
            "heat stack event list web --follow",
            "heat stack event list web --resource server --limit 3",
            "heat stack output list web",
            "heat stack output show web --all",
            "heat stack output show web url",
            "heat template validate -t t.yaml -e e.yaml",
            "heat template graph -t https://h/t.yaml --allow-url https://h/lib/ --allow-files /srv/lib",
            "heat template validate -t t.yaml --fix --dry-run -f sarif",
            "heat template fmt --check a.yaml b.yaml",
            "heat template schema wallaby -o schema.json",
            "heat explain HT0404",
            "heat template version list",
            "heat template function list heat_template_version.2021-04-16 --with_conditions",
            "heat resource type list --filter name=Nova",
            "heat resource type show OS::Nova::Server",
            "heat simulator openstack --latency 20-200 --seed 4",
            "heat engine --store postgres://heat@db/heat --lease 5 --keep-deleted 7",
        ] {
            let words = line.split_whitespace();
            assert!(Arguments::try_parse_from(words).is_ok(), "{line}");
        }
    }
}
