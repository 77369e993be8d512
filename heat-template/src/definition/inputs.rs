//! What a template is brought together with.

use crate::environment::Environment;
use crate::parameter::PseudoParameters;
use crate::template::Files;
use indexmap::IndexMap;
use serde_json::Value;

/// What a template is brought together with: values, environment, files, and what the stack is called.
#[derive(Clone)]
pub struct Inputs {
    /// Values given in the request; they win over those of the environment.
    pub parameters: IndexMap<String, Value>,
    /// The environment.
    pub environment: Environment,
    /// The files that came with the template.
    pub files: Files,
    /// What the pseudo parameters tell.
    pub pseudo: PseudoParameters,
    /// Whether every parameter must have a value; without, a template can be looked at for its own sake.
    pub require_values: bool,
}

impl Default for Inputs {
    fn default() -> Self {
        Self {
            parameters: IndexMap::new(),
            environment: Environment::new(),
            files: Files::new(),
            pseudo: PseudoParameters::default(),
            require_values: true,
        }
    }
}

impl std::fmt::Debug for Inputs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Nobody knows here which parameters are hidden.
        f.debug_struct("Inputs")
            .field("parameters", &self.parameters.keys())
            .field("files", &self.files)
            .field("pseudo", &self.pseudo)
            .finish_non_exhaustive()
    }
}
