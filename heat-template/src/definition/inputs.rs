//! What a template is brought together with.

use crate::environment::Environment;
use crate::expression::{AvailabilityZones, FacadeValues};
use crate::parameter::PseudoParameters;
use crate::template::Files;
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::BTreeSet;

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
    /// What `Fn::GetAZs` gives, here and in nested stacks.
    pub zones: AvailabilityZones,
    /// Whether every parameter must have a value; without, a template can be looked at for its own sake.
    pub require_values: bool,
    /// Where the template stands in the tree of nested stacks; the default is the root.
    pub nesting: Nesting,
}

/// Where a template stands in the tree of nested stacks, and what its parent says of it.
#[derive(Debug, Clone, Default)]
pub struct Nesting {
    /// How many stacks are around it; 0 for the root.
    pub depth: usize,
    /// How large the tree may be.
    pub limits: NestingLimits,
    /// What `resource_facade` gives; `None` for the root.
    pub facade: Option<FacadeValues>,
    /// Parameters whose values hang on resources of the parent that do not exist yet.
    pub unknown: BTreeSet<String>,
    /// Parameters whose values are secret because of where they come from, whatever the template says.
    pub hidden: BTreeSet<String>,
    /// The types around it, the root's first: for messages.
    pub around: Vec<String>,
}

/// How large a tree of nested stacks may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NestingLimits {
    /// How many stacks may lie inside each other below the root (Heat's `max_nested_stack_depth`).
    pub depth: usize,
    /// How many nested stacks and resources in them a check looks at, the same ones once (Heat's `max_resources_per_stack`
    /// counts the resources of the whole tree). It keeps templates that hold several of each other from multiplying.
    pub resources: usize,
}

impl Default for NestingLimits {
    /// Heat's five deep; 100,000 where Heat has 1,000.
    fn default() -> Self {
        Self { depth: 5, resources: 100_000 }
    }
}

impl Default for Inputs {
    fn default() -> Self {
        Self {
            parameters: IndexMap::new(),
            environment: Environment::new(),
            files: Files::new(),
            pseudo: PseudoParameters::default(),
            zones: AvailabilityZones::default(),
            require_values: true,
            nesting: Nesting::default(),
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
