//! What an operator lays under the environments of all stacks: Heat's `environment_dir`.

use super::registry::Registry;
use super::{Environment, registry};
use crate::checked::Checked;
use crate::diagnostic::{Diagnostic, codes};
use crate::source::SourceMap;
use crate::template::Files;
use crate::yaml::{self, Limits, TextKind};
use std::sync::Arc;

/// Types that stand behind types for every stack, unless a stack's own environment says something else.
///
/// Of a global environment Heat uses the registry alone: values and defaults of parameters, hooks and restricted actions have
/// no effect in it, nor has it any part in what is shown or recorded as the environment of a stack. Whatever an
/// environment of a stack has for a type counts before anything that the global one has. Templates that it names are not
/// among the files of the stack.
#[derive(Debug, Clone, Default)]
pub struct GlobalEnvironment {
    pub(super) registry: Arc<Registry>,
    files: Files,
}

impl GlobalEnvironment {
    /// Lays environments over each other in their order, entry by entry: a later one wins, null takes an entry of an earlier
    /// one away. `files` are the templates that they name. Both are as [`crate::collect`] gives them.
    pub fn merge(
        sources: &mut SourceMap,
        environments: &Files,
        files: &Files,
        limits: &Limits,
    ) -> Checked<Self> {
        let mut merged = Registry::default();
        let mut diagnostics = Vec::new();
        for name in environments.names() {
            let Some(written) = environments.written(name) else { continue };
            let (parsed, file) = Environment::parse_in(sources, &written, limits);
            diagnostics.extend(parsed.diagnostics);
            if parsed.value.is_none() {
                continue;
            }
            let mut read = yaml::read(file, &written.text, TextKind::Environment, limits);
            if let (Some(root), Some(names)) = (&mut read.node, &written.names) {
                names.in_environment(root);
            }
            let root = read.node.as_ref();
            for entry in root.and_then(yaml::Node::as_map).unwrap_or_default() {
                if &*entry.key == "resource_registry" {
                    // What is wrong in it was told of above.
                    registry::load(&mut merged, entry.value.as_map().unwrap_or_default(), &mut Vec::new());
                } else {
                    let message = format!("\"{}\" has no effect in a global environment", entry.key);
                    let warning = Diagnostic::warning(codes::ENVIRONMENT_SECTION, message);
                    diagnostics.push(warning.at(entry.key_span, "").help("only `resource_registry` has"));
                }
            }
        }
        Checked::new(Self { registry: Arc::new(merged), files: files.clone() }, diagnostics)
    }

    /// The templates that it names.
    pub fn files(&self) -> &Files {
        &self.files
    }
}

impl Environment {
    /// The environment with a global one below it, unless it has one.
    #[must_use]
    pub fn over(&self, global: &GlobalEnvironment) -> Self {
        if self.0.registry.below.is_some() || *global.registry == Registry::default() {
            return self.clone();
        }
        let mut inner = (*self.0).clone();
        inner.registry.below = Some(Arc::clone(&global.registry));
        Self(Arc::new(inner))
    }
}

impl Files {
    /// The files with those of a global environment below them: they are there, but not among the files of the stack.
    #[must_use]
    pub fn over(&self, global: &GlobalEnvironment) -> Self {
        self.with_below(&global.files)
    }
}
