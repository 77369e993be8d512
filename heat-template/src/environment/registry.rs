//! The resource registry: which type stands for which.
//!
//! Heat sorts all entries that match a type: those of the user before built-in ones, those for one resource before
//! general ones, then by the text of the entry, so that a wildcard beats an exact name of the same kind (`*` sorts before
//! letters). An entry that leads to a type that does not exist is passed over, and so is a wildcard
//! that leads to a template.

use super::pattern::shell_match;
use crate::collect::is_template_name;
use crate::diagnostic::{Diagnostic, Guess, Severity, codes};
use crate::schema::{ResourceSchema, ResourceTypes};
use crate::source::Span;
use crate::yaml::Entry;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How often one type may be mapped to the next; Heat runs until Python's stack is full.
pub(crate) const MOST_MAPPINGS: usize = 100;

/// How many entries are tried in all to find what stands behind one type: where several suit each name, the ways multiply.
pub(crate) const MOST_TRIES: usize = 1_000;

/// Bytes of a name that entries with `*` made, each perhaps a longer one.
pub(crate) const LONGEST_MAPPED: usize = 1_000;

/// What stands behind a type.
#[derive(Debug, Clone, PartialEq)]
pub enum Implementation {
    /// A type of a plugin.
    Type(Arc<ResourceSchema>),
    /// A template, by its name among the files.
    Template(String),
}

/// A point in the life of a resource where it can be made to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hook {
    /// Before it is created.
    PreCreate,
    /// Before it is updated.
    PreUpdate,
    /// Before it is deleted.
    PreDelete,
    /// After it was created.
    PostCreate,
    /// After it was updated.
    PostUpdate,
    /// After it was deleted.
    PostDelete,
}

impl Hook {
    /// All hooks.
    pub const ALL: [Self; 6] = [
        Self::PreCreate,
        Self::PreUpdate,
        Self::PreDelete,
        Self::PostCreate,
        Self::PostUpdate,
        Self::PostDelete,
    ];

    /// Its name in environments, such as `pre-create`.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreCreate => "pre-create",
            Self::PreUpdate => "pre-update",
            Self::PreDelete => "pre-delete",
            Self::PostCreate => "post-create",
            Self::PostUpdate => "post-update",
            Self::PostDelete => "post-delete",
        }
    }
}

/// An action that an environment can forbid for a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RestrictedAction {
    /// Updating it in place.
    Update,
    /// Replacing it.
    Replace,
}

impl RestrictedAction {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Update, Self::Replace];

    /// Its name in environments.
    pub fn name(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Replace => "replace",
        }
    }
}

/// What the registry of an environment says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Registry {
    /// Type or wildcard to type, wildcard or template.
    types: IndexMap<String, Target>,
    /// Entries for single resources (or for patterns of names, as far as hooks and actions go).
    resources: IndexMap<String, ForResource>,
    /// Texts in the place of entries for single resources, which no resource can use.
    misplaced: IndexMap<String, Target>,
    /// That of a global environment, which counts after everything here and is no part of it.
    pub(super) below: Option<Arc<Registry>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Target {
    name: String,
    span: Option<Span>,
}

/// An entry that a type may be mapped by.
struct Candidate<'r> {
    /// Whether it is one of the global environment.
    below: bool,
    /// Whether it is for all resources.
    general: bool,
    pattern: &'r str,
    target: &'r Target,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct ForResource {
    types: IndexMap<String, Target>,
    hooks: BTreeSet<Hook>,
    restricted_actions: BTreeSet<RestrictedAction>,
    /// What belongs to resources of the nested stack, if it is one.
    inner: IndexMap<String, ForResource>,
}

pub(super) fn read(entries: &[Entry], diagnostics: &mut Vec<Diagnostic>) -> Registry {
    let mut registry = Registry::default();
    load(&mut registry, entries, diagnostics);
    registry
}

/// Lays entries over a registry: null takes away what is there.
pub(super) fn load(registry: &mut Registry, entries: &[Entry], diagnostics: &mut Vec<Diagnostic>) {
    for entry in entries {
        match (&*entry.key, entry.value.as_map()) {
            ("resources", Some(resources)) => load_resources(registry, resources, diagnostics),
            ("resources", None) => wrong(entry, "the entries for resources must be a map", diagnostics),
            _ => read_type(entry, &mut registry.types, diagnostics),
        }
    }
}

fn load_resources(registry: &mut Registry, entries: &[Entry], diagnostics: &mut Vec<Diagnostic>) {
    for entry in entries {
        if matches!(&*entry.key, "hooks" | "restricted_actions") {
            ForResource::default().read_words(entry, diagnostics);
            let message = format!("{} belongs to a resource, or to a pattern of names", entry.key);
            let warning = Diagnostic::warning(codes::REGISTRY_ENTRY, message).at(entry.key_span, "");
            diagnostics.push(warning.help("write it below a name, or below \"*\""));
        } else if let Some(name) = entry.value.as_str() {
            let target = Target { name: name.to_owned(), span: Some(entry.value.span) };
            // It does harm only where there is such a resource.
            diagnostics.push(Diagnostic { severity: Severity::Warning, ..misplaced(&entry.key, &target) });
            registry.resources.shift_remove(&*entry.key);
            registry.misplaced.insert(entry.key.to_string(), target);
        } else {
            for (name, there) in read_resources(std::slice::from_ref(entry), diagnostics) {
                registry.misplaced.shift_remove(&name);
                registry.resources.entry(name).or_default().overlay(&there);
            }
        }
    }
}

fn read_resources(entries: &[Entry], diagnostics: &mut Vec<Diagnostic>) -> IndexMap<String, ForResource> {
    let mut resources = IndexMap::new();
    // A null takes an entry away that is not there.
    for entry in entries.iter().filter(|entry| !entry.value.is_null()) {
        let Some(inside) = entry.value.as_map() else {
            wrong(entry, "an entry for a resource must be a map", diagnostics);
            continue;
        };
        let mut here = ForResource::default();
        let mut nested = Vec::new();
        for entry in inside {
            match &*entry.key {
                "hooks" | "restricted_actions" => here.read_words(entry, diagnostics),
                _ if entry.value.as_map().is_some() => nested.push(entry.clone()),
                _ => read_type(entry, &mut here.types, diagnostics),
            }
        }
        here.inner = read_resources(&nested, diagnostics);
        resources.insert(entry.key.to_string(), here);
    }
    resources
}

fn misplaced(name: &str, target: &Target) -> Diagnostic {
    let message = format!("the entry for resource {name} must be a map, not a text");
    let mut diagnostic = Diagnostic::error(codes::REGISTRY_ENTRY, message);
    if let Some(span) = target.span {
        diagnostic = diagnostic.at(span, "");
    }
    diagnostic.help(format!("write {name}: {{TYPE: {}}}, with the type that the resource has", target.name))
}

fn wrong(entry: &Entry, message: &str, diagnostics: &mut Vec<Diagnostic>) {
    let message = format!("{message}, not {}", entry.value.kind_name());
    diagnostics.push(Diagnostic::error(codes::REGISTRY_ENTRY, message).at(entry.value.span, ""));
}

fn read_type(entry: &Entry, types: &mut IndexMap<String, Target>, diagnostics: &mut Vec<Diagnostic>) {
    match (entry.value.as_str(), entry.value.is_null()) {
        (Some(target), _) => {
            types.insert(
                entry.key.to_string(),
                Target { name: target.to_owned(), span: Some(entry.value.span) },
            );
        }
        // Null takes an earlier entry away, with `*` all that begin so.
        (None, true) => remove(types, &entry.key),
        (None, false) => wrong(entry, "a type is mapped to the name of a type or a template", diagnostics),
    }
}

fn remove(types: &mut IndexMap<String, Target>, name: &str) {
    match name.strip_suffix('*') {
        Some(prefix) => types.retain(|known, _| !known.starts_with(prefix)),
        None => {
            types.shift_remove(name);
        }
    }
}

fn words<W: Copy + Ord>(
    entry: &Entry,
    all: &[W],
    name: fn(W) -> &'static str,
    code: crate::diagnostic::Code,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeSet<W> {
    let nodes = match entry.value.as_list() {
        Some(items) => items.iter().collect(),
        None if entry.value.is_null() => Vec::new(),
        None => vec![&entry.value],
    };
    let mut words = BTreeSet::new();
    for node in nodes {
        let text = crate::python::str_of(&node.to_value());
        match all.iter().find(|word| name(**word) == text) {
            Some(word) => {
                words.insert(*word);
            }
            None => {
                let known: Vec<_> = all.iter().map(|word| name(*word)).collect();
                let message = format!("\"{text}\" is none of {}: {}", entry.key, known.join(", "));
                let diagnostic = Diagnostic::error(code, message).at(node.span, "");
                diagnostics.push(diagnostic.meant(Guess::word(&text, known)));
            }
        }
    }
    words
}

/// The type that an entry makes of a type; a wildcard on both sides keeps what it stands for. `None` where that would be a
/// name that grows with each entry.
fn mapped(type_name: &str, pattern: &str, target: &Target) -> Option<String> {
    match (pattern.strip_suffix('*'), target.name.strip_suffix('*')) {
        (Some(from), Some(to)) => {
            let kept = &type_name[from.len()..];
            (to.len() + kept.len() <= LONGEST_MAPPED.max(type_name.len())).then(|| format!("{to}{kept}"))
        }
        _ => Some(target.name.clone()),
    }
}

/// Types that are mapped to the next for ever, as far as anybody would look.
fn endless(type_name: &str, target: &Target) -> Box<Diagnostic> {
    let message = format!("types are mapped in a circle: {type_name} is mapped to {}", target.name);
    let mut diagnostic = Diagnostic::error(codes::REGISTRY_LOOP, message);
    if let Some(span) = target.span {
        diagnostic = diagnostic.at(span, "");
    }
    Box::new(diagnostic)
}

impl Registry {
    /// What stands behind a type, for a resource of this name; `None` if nothing does.
    ///
    /// # Errors
    ///
    /// If types are mapped in a circle, or a text stands where what concerns this resource should.
    pub fn resolve(
        &self,
        type_name: &str,
        resource: &str,
        types: &dyn ResourceTypes,
    ) -> Result<Option<Implementation>, Box<Diagnostic>> {
        if let Some((name, target)) = self.misplaced(resource) {
            return Err(Box::new(misplaced(name, target)));
        }
        self.resolve_from(type_name, resource, types, 0, &mut 0)
    }

    /// A text in the place of what concerns this resource; names are matched as the shell does it.
    fn misplaced(&self, resource: &str) -> Option<(&str, &Target)> {
        let found = self.misplaced.iter().find(|(pattern, _)| shell_match(pattern, resource));
        found.map(|(name, target)| (name.as_str(), target))
    }

    fn resolve_from(
        &self,
        type_name: &str,
        resource: &str,
        types: &dyn ResourceTypes,
        depth: usize,
        tries: &mut usize,
    ) -> Result<Option<Implementation>, Box<Diagnostic>> {
        for Candidate { pattern, target, .. } in self.candidates(type_name, resource) {
            // As in Heat such a name is the template itself, whatever it is mapped to.
            if is_template_name(pattern) {
                return Ok(Some(Implementation::Template(pattern.to_owned())));
            }
            if is_template_name(&target.name) {
                return Ok(Some(Implementation::Template(target.name.clone())));
            }
            *tries += 1;
            if depth >= MOST_MAPPINGS || *tries > MOST_TRIES {
                return Err(endless(type_name, target));
            }
            let Some(next) = mapped(type_name, pattern, target) else {
                return Err(endless(type_name, target));
            };
            if let Some(found) = self.resolve_from(&next, resource, types, depth + 1, tries)? {
                return Ok(Some(found));
            }
        }
        if is_template_name(type_name) {
            return Ok(Some(Implementation::Template(type_name.to_owned())));
        }
        Ok(types.resource_type(type_name).map(Implementation::Type))
    }

    /// The entries that a type may be mapped by, the one that counts first, as Heat sorts them.
    fn candidates<'r>(&'r self, type_name: &str, resource: &str) -> Vec<Candidate<'r>> {
        let mut candidates = Vec::new();
        self.own_candidates(type_name, resource, false, &mut candidates);
        if let Some(below) = &self.below {
            below.own_candidates(type_name, resource, true, &mut candidates);
        }
        candidates.sort_by_key(|found| (found.below, found.general, found.pattern));
        candidates
    }

    fn own_candidates<'r>(
        &'r self,
        type_name: &str,
        resource: &str,
        below: bool,
        candidates: &mut Vec<Candidate<'r>>,
    ) {
        let mut add = |general, (pattern, target): (&'r String, &'r Target)| {
            candidates.push(Candidate { below, general, pattern, target });
        };
        if let Some(entry) = self.resources.get(resource).and_then(|here| here.types.get_key_value(type_name))
        {
            add(false, entry);
        }
        if let Some(entry) = self.types.get_key_value(type_name) {
            add(true, entry);
        }
        let suits = |(pattern, target): &(&'r String, &'r Target)| {
            pattern.strip_suffix('*').is_some_and(|prefix| type_name.starts_with(prefix))
                && !is_template_name(&target.name)
                && type_name != target.name
                && *pattern != type_name
        };
        if self.types.len() <= type_name.len() {
            self.types.iter().filter(suits).for_each(|entry| add(true, entry));
        } else {
            // A name has fewer beginnings than the registry has entries.
            let ends = type_name.char_indices().map(|(at, _)| at).chain([type_name.len()]);
            let patterns = ends.map(|end| format!("{}*", &type_name[..end]));
            let entries = patterns.filter_map(|pattern| self.types.get_key_value(&pattern));
            entries.filter(suits).for_each(|entry| add(true, entry));
        }
    }

    /// The names that the registry gives to types, for "did you mean".
    pub fn type_names(&self) -> impl Iterator<Item = &str> {
        let below = self.below.iter().flat_map(|below| below.types.keys());
        self.types.keys().chain(below).map(String::as_str).filter(|name| !name.ends_with('*'))
    }

    /// Whether there is any hook, for a resource here or inside of a nested stack.
    pub fn has_hooks(&self) -> bool {
        self.resources.values().any(ForResource::has_hooks)
    }

    /// Whether a resource waits at a hook; names are matched as the shell does it.
    pub fn has_hook(&self, resource: &str, hook: Hook) -> bool {
        self.resources
            .iter()
            .any(|(pattern, here)| here.hooks.contains(&hook) && shell_match(pattern, resource))
    }

    /// What may not be done to a resource; names are matched as the shell does it.
    pub fn restricted_actions(&self, resource: &str) -> BTreeSet<RestrictedAction> {
        self.resources
            .iter()
            .filter(|(pattern, _)| shell_match(pattern, resource))
            .flat_map(|(_, here)| here.restricted_actions.iter().copied())
            .collect()
    }

    /// This registry with another laid over it, entry by entry.
    #[must_use]
    pub fn overlaid(mut self, over: &Self) -> Self {
        self.types.extend(over.types.clone());
        for (name, there) in &over.resources {
            self.misplaced.shift_remove(name);
            self.resources.entry(name.clone()).or_default().overlay(there);
        }
        for (name, target) in &over.misplaced {
            self.resources.shift_remove(name);
            self.misplaced.insert(name.clone(), target.clone());
        }
        self
    }

    /// Entry by entry, but `resources` as a whole, if the other one has it.
    pub(super) fn replaced_by(mut self, over: Self) -> Self {
        self.types.extend(over.types);
        if !over.resources.is_empty() || !over.misplaced.is_empty() {
            self.resources = over.resources;
            self.misplaced = over.misplaced;
        }
        self
    }

    /// The registry of a nested stack: what is said about resources inside of it moves up, and the entry that leads to
    /// its own template is gone, so that a template in place of a type may use that very type.
    pub(super) fn child(&self, resource: &str, type_name: &str) -> Self {
        let mut resources = IndexMap::new();
        let matching = self.resources.iter().filter(|(pattern, _)| shell_match(pattern, resource));
        for here in matching.map(|(_, here)| here).chain(self.resources.get(resource)) {
            resources.extend(here.inner.clone());
        }
        let (mut types, mut below) = (self.types.clone(), self.below.clone());
        match self.template_entry(type_name, resource, 0, &mut 0) {
            Some((false, entry)) => drop(types.shift_remove(entry)),
            Some((true, entry)) => {
                if let Some(below) = &mut below {
                    Arc::make_mut(below).types.shift_remove(entry);
                }
            }
            None => {}
        }
        Self { types, resources, misplaced: IndexMap::new(), below }
    }

    /// The general entry behind a type that names a template, perhaps by way of others, and whether it is a global one.
    fn template_entry(
        &self,
        type_name: &str,
        resource: &str,
        depth: usize,
        tries: &mut usize,
    ) -> Option<(bool, &str)> {
        self.candidates(type_name, resource).into_iter().find_map(|found| {
            if is_template_name(&found.target.name) {
                return found.general.then_some((found.below, found.pattern));
            }
            *tries += 1;
            if depth >= MOST_MAPPINGS || *tries > MOST_TRIES {
                return None;
            }
            let next = mapped(type_name, found.pattern, found.target)?;
            self.template_entry(&next, resource, depth + 1, tries)
        })
    }

    /// Whether the entries for single resources say anything about resources inside this one.
    pub(crate) fn speaks_inside(&self, resource: &str) -> bool {
        self.resources.iter().any(|(pattern, here)| !here.inner.is_empty() && shell_match(pattern, resource))
    }

    /// As a value, as Heat's API shows it.
    pub fn to_value(&self) -> Value {
        let mut value = types_value(&self.types);
        let mut resources = resources_value(&self.resources);
        resources.extend(types_value(&self.misplaced));
        value.insert("resources".to_owned(), Value::Object(resources));
        Value::Object(value)
    }
}

fn types_value(types: &IndexMap<String, Target>) -> Map<String, Value> {
    types.iter().map(|(name, target)| (name.clone(), Value::String(target.name.clone()))).collect()
}

fn resources_value(resources: &IndexMap<String, ForResource>) -> Map<String, Value> {
    resources
        .iter()
        .map(|(name, here)| {
            let mut value = types_value(&here.types);
            if !here.hooks.is_empty() {
                let hooks: Vec<_> = here.hooks.iter().map(|hook| hook.name()).collect();
                value.insert("hooks".to_owned(), hooks.into());
            }
            if !here.restricted_actions.is_empty() {
                let actions: Vec<_> = here.restricted_actions.iter().map(|action| action.name()).collect();
                value.insert("restricted_actions".to_owned(), actions.into());
            }
            value.extend(resources_value(&here.inner));
            (name.clone(), Value::Object(value))
        })
        .collect()
}

impl ForResource {
    fn has_hooks(&self) -> bool {
        !self.hooks.is_empty() || self.inner.values().any(Self::has_hooks)
    }

    fn read_words(&mut self, entry: &Entry, diagnostics: &mut Vec<Diagnostic>) {
        if &*entry.key == "hooks" {
            self.hooks = words(entry, &Hook::ALL, Hook::name, codes::REGISTRY_HOOK, diagnostics);
        } else {
            let code = codes::REGISTRY_RESTRICTED_ACTION;
            self.restricted_actions =
                words(entry, &RestrictedAction::ALL, RestrictedAction::name, code, diagnostics);
        }
    }

    fn overlay(&mut self, over: &Self) {
        self.types.extend(over.types.clone());
        if !over.hooks.is_empty() {
            self.hooks.clone_from(&over.hooks);
        }
        if !over.restricted_actions.is_empty() {
            self.restricted_actions.clone_from(&over.restricted_actions);
        }
        for (name, there) in &over.inner {
            self.inner.entry(name.clone()).or_default().overlay(there);
        }
    }
}
