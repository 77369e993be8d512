//! The environments that lie under those of all stacks: a folder of them, as Heat's service has one.

use crate::arguments::GlobalArguments;
use crate::error::{CliError, Result};
use crate::settings::default_paths;
use heat_engine::local_files::LocalFiles;
use heat_template::ParseOptions;
use heat_template::collect::Collector;
use heat_template::diagnostic::Diagnostic;
use heat_template::environment::GlobalEnvironment;
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use std::path::{Path, PathBuf};

/// The folder; that of the settings only where it is there.
pub(crate) fn folder(global: &GlobalArguments) -> Option<PathBuf> {
    global.environment_dir.clone().or_else(|| {
        let paths = default_paths(|name| std::env::var_os(name))?;
        paths.environments.is_dir().then_some(paths.environments)
    })
}

/// Reads all environments of a folder in the order of their names, with the templates that they name: whoever may write
/// there is trusted.
///
/// # Errors
/// The folder, or an environment, cannot be read.
pub(super) fn read(
    folder: Option<&Path>,
    sources: &mut SourceMap,
) -> Result<(GlobalEnvironment, Vec<Diagnostic>)> {
    let Some(folder) = folder else { return Ok((GlobalEnvironment::default(), Vec::new())) };
    let cannot = |what: &Path, why: &dyn std::fmt::Display| {
        CliError::input(format!("cannot read the global environments in {}: {why}", what.display()))
    };
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let mut paths: Vec<PathBuf> =
        entries.map_err(|error| cannot(folder, &error))?.into_iter().map(|entry| entry.path()).collect();
    // Heat takes what the shell's `*` matches, in whatever order.
    let hidden = |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    paths.retain(|path| path.is_file() && !hidden(path));
    paths.sort();
    let mut collector = Collector::default();
    let mut addresses = Vec::with_capacity(paths.len());
    for path in paths {
        let address = LocalFiles::address(&path).map_err(|error| cannot(&path, &error))?;
        collector.environment(&address);
        addresses.push((path, address));
    }
    collector.run(&LocalFiles::new().allow("/").map_err(|error| cannot(folder, &error))?);
    for (path, address) in &addresses {
        if let Some(why) = collector.failure(address) {
            return Err(cannot(path, why));
        }
    }
    let collected = collector.finish(sources, &ParseOptions::default());
    let mut diagnostics = collected.diagnostics;
    let merged =
        GlobalEnvironment::merge(sources, &collected.environments, &collected.files, &Limits::default());
    diagnostics.extend(merged.diagnostics);
    let global = merged.value.unwrap_or_default();
    if diagnostics.iter().any(Diagnostic::is_error) {
        let mut sources = sources.clone();
        sources.attach(global.files());
        return Err(CliError::Refused { diagnostics, sources });
    }
    Ok((global, diagnostics))
}

/// The environments of the folder for an engine.
///
/// # Errors
/// The folder, or an environment, cannot be read.
pub(crate) fn global_environment(global: &GlobalArguments) -> Result<GlobalEnvironment> {
    Ok(read(folder(global).as_deref(), &mut SourceMap::new())?.0)
}
