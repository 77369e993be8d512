//! The dialects of templates: which versions there are, how each one spells things, which functions it knows.

mod keys;
mod table;

pub use keys::{ParameterKeys, SectionKeys};
pub use table::{Availability, FunctionRow, condition_function_table, function_table};

use crate::diagnostic::{Diagnostic, codes};
use crate::diagnostic::{Guess, suggest};
use crate::expression::Compile;
use crate::source::Span;
use crate::yaml::Node;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// How a template spells its sections and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// OpenStack's own: `heat_template_version`, `resources`, `get_param`.
    Hot,
    /// AWS CloudFormation's: `AWSTemplateFormatVersion`, `Resources`, `Ref`.
    Cfn,
}

/// One version of the language.
#[derive(Debug, Clone)]
pub struct Dialect {
    family: Family,
    version_key: &'static str,
    version: &'static str,
    aliases: &'static [&'static str],
    functions: HashMap<&'static str, Availability>,
    condition_functions: HashMap<&'static str, Availability>,
    has_conditions: bool,
    has_modulo: bool,
    has_tags: bool,
    policies_in_lower_case: bool,
}

impl Dialect {
    /// How it spells things.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The key that tells the version, such as `heat_template_version`.
    pub fn version_key(&self) -> &'static str {
        self.version_key
    }

    /// The version, such as `2021-04-16`.
    pub fn version(&self) -> &'static str {
        self.version
    }

    /// Other names of the version, such as `wallaby`.
    pub fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// The names of its sections and of the keys in them.
    pub fn keys(&self) -> &'static SectionKeys {
        match self.family {
            Family::Hot => &keys::HOT,
            Family::Cfn => &keys::CFN,
        }
    }

    /// The keys of a parameter's declaration.
    pub fn parameter_keys(&self) -> &'static ParameterKeys {
        match self.family {
            Family::Hot => &keys::HOT_PARAMETER,
            Family::Cfn => &keys::CFN_PARAMETER,
        }
    }

    /// Whether it has conditions: the section, and `condition` of resources and outputs.
    pub fn has_conditions(&self) -> bool {
        self.has_conditions
    }

    /// Whether it has the `modulo` constraint.
    pub fn has_modulo(&self) -> bool {
        self.has_modulo
    }

    /// Whether parameters have tags.
    pub fn has_tags(&self) -> bool {
        self.has_tags
    }

    /// Whether a resource can have an `external_id`.
    pub fn has_external_id(&self) -> bool {
        self.has_conditions && self.family == Family::Hot
    }

    /// Whether `delete`, `retain` and `snapshot` may also be written in lower case.
    pub fn policies_in_lower_case(&self) -> bool {
        self.policies_in_lower_case
    }

    /// What the dialect makes of a function outside of conditions.
    pub fn function(&self, name: &str) -> Option<Availability> {
        self.functions.get(name).copied()
    }

    /// What the dialect makes of a function in a condition.
    ///
    /// Ordinary functions that are not for conditions are refused there.
    pub fn condition_function(&self, name: &str) -> Option<Availability> {
        self.condition_functions.get(name).copied().or_else(|| match self.functions.get(name)? {
            Availability::Removed => Some(Availability::Removed),
            Availability::Known(_) | Availability::NotHere => Some(Availability::NotHere),
        })
    }

    /// The names of the functions that can be used, in alphabetical order; with those of conditions if wanted.
    pub fn function_names(&self, with_conditions: bool) -> Vec<&'static str> {
        let known = |table: &HashMap<&'static str, Availability>| -> Vec<&'static str> {
            let known =
                table.iter().filter(|(_, availability)| matches!(availability, Availability::Known(_)));
            known.map(|(name, _)| *name).collect()
        };
        let mut names = known(&self.functions);
        if with_conditions {
            names.extend(known(&self.condition_functions));
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether a function's name differs from this one only in the case of its letters.
    pub(crate) fn has_function_in_other_case(&self, name: &str) -> bool {
        self.functions.keys().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// A dialect with one function more, or with another behaviour of one.
    #[must_use]
    pub fn with_function(mut self, name: &'static str, compile: Compile) -> Self {
        self.functions.insert(name, Availability::Known(compile));
        self
    }

    /// A dialect with one condition function more, or with another behaviour of one.
    #[must_use]
    pub fn with_condition_function(mut self, name: &'static str, compile: Compile) -> Self {
        self.condition_functions.insert(name, Availability::Known(compile));
        self
    }

    /// The same dialect under another version (and without other names): the beginning of one of your own.
    #[must_use]
    pub fn renamed(mut self, version_key: &'static str, version: &'static str) -> Self {
        self.version_key = version_key;
        self.version = version;
        self.aliases = &[];
        self
    }

    /// The sections that a template of this dialect can have.
    pub fn sections(&self) -> Vec<&'static str> {
        let keys = self.keys();
        let mut sections = match self.family {
            Family::Hot => vec![self.version_key],
            Family::Cfn => vec!["AWSTemplateFormatVersion", "HeatTemplateFormatVersion"],
        };
        sections.push(keys.description);
        sections.extend(keys.parameter_groups);
        sections.push(keys.parameters);
        sections.extend(keys.mappings);
        sections.extend(self.has_conditions.then_some(keys.conditions));
        sections.extend([keys.resources, keys.outputs]);
        sections
    }

    /// The keys that a resource can have.
    pub fn resource_keys(&self) -> Vec<&'static str> {
        let keys = self.keys();
        let mut all = vec![
            keys.resource_type,
            keys.properties,
            keys.metadata,
            keys.depends_on,
            keys.deletion_policy,
            keys.update_policy,
            keys.resource_description,
        ];
        all.extend(self.has_external_id().then_some(keys.external_id));
        all.extend(self.has_conditions.then_some(keys.condition));
        all
    }
}

/// A set of dialects: Heat's own, and perhaps more.
#[derive(Debug, Clone)]
pub struct Dialects {
    dialects: Vec<Arc<Dialect>>,
}

impl Default for Dialects {
    /// Heat's 13 dialects.
    fn default() -> Self {
        static BUILT_IN: LazyLock<Vec<Arc<Dialect>>> =
            LazyLock::new(|| table::dialects().into_iter().map(Arc::new).collect());
        Self { dialects: BUILT_IN.clone() }
    }
}

impl Dialects {
    /// Adds a dialect; one of the same version is replaced.
    #[must_use]
    pub fn with(mut self, dialect: Dialect) -> Self {
        self.dialects
            .retain(|known| known.version_key != dialect.version_key || known.version != dialect.version);
        self.dialects.push(Arc::new(dialect));
        self
    }

    /// All dialects.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Dialect>> {
        self.dialects.iter()
    }

    /// The dialect of a version or of one of its other names.
    pub fn find(&self, version_key: &str, version: &str) -> Option<&Arc<Dialect>> {
        self.dialects.iter().find(|dialect| {
            dialect.version_key == version_key
                && (dialect.version == version || dialect.aliases.contains(&version))
        })
    }

    /// The dialect that a template says it is in: exactly one version key with a text must be there.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn select(&self, template: &Node) -> Result<Arc<Dialect>, Box<Diagnostic>> {
        let mut keys: Vec<_> = self.dialects.iter().map(|dialect| dialect.version_key).collect();
        keys.sort_unstable();
        keys.dedup();
        let entries = template.as_map().unwrap_or_default();
        let present: Vec<_> = entries.iter().filter(|entry| keys.contains(&&*entry.key)).collect();
        let told: Vec<_> = present
            .iter()
            .filter_map(|entry| Some((&*entry.key, entry.value.as_str()?, entry.value.span)))
            .collect();
        let (key, version, span) = match told[..] {
            [only] => only,
            [first, second, ..] => {
                let message = format!("ambiguous versions: the template has {} and {}", first.0, second.0);
                let diagnostic = Diagnostic::error(codes::VERSION_AMBIGUOUS, message);
                return Err(Box::new(diagnostic.at(second.2, "").label(first.2, "the other one")));
            }
            [] => {
                let mut diagnostic =
                    Diagnostic::error(codes::VERSION_MISSING, "the template does not tell its version")
                        .help("begin with `heat_template_version: 2021-04-16`");
                if let Some(entry) = present.first() {
                    diagnostic.message =
                        format!("{} must be a text, not {}", entry.key, entry.value.kind_name());
                    diagnostic = diagnostic.at(entry.value.span, "");
                } else if let Some(similar) = entries.iter().find_map(|entry| {
                    Some((suggest::nearest(&entry.key, keys.iter().copied())?, entry.key_span))
                }) {
                    diagnostic = diagnostic.at(similar.1, format!("did you mean \"{}\"?", similar.0));
                } else {
                    // Where it should stand.
                    let begin = Span { end: template.span.start, ..template.span };
                    diagnostic = diagnostic.at(begin, "");
                }
                return Err(Box::new(diagnostic));
            }
        };
        if let Some(dialect) = self.find(key, version) {
            return Ok(dialect.clone());
        }
        let mut known: Vec<_> = self
            .dialects
            .iter()
            .filter(|dialect| dialect.version_key == key)
            .flat_map(|dialect| std::iter::once(dialect.version).chain(dialect.aliases.iter().copied()))
            .collect();
        known.sort_unstable();
        let diagnostic = Diagnostic::error(
            codes::VERSION_UNKNOWN,
            format!("\"{version}\" is not a {key}; the versions are {}", known.join(", ")),
        )
        .at(span, "")
        .path(key);
        Err(Box::new(diagnostic.meant(Guess::word(version, known.iter().copied()))))
    }
}
