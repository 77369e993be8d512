//! The walk from text to text.

use super::document::{Document, Named, Role, read};
use super::{FetchError, Fetched, Source, scheme};
use crate::diagnostic::{Diagnostic, codes};
use crate::source::{FileId, SourceMap};
use crate::template::{Files, NamesIn, ParseOptions, Template, Written};
use crate::yaml::Limits;
use indexmap::{IndexMap, IndexSet};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How much may be collected. What is beyond is an error where it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectLimits {
    /// Bytes of one file. Default 16 MiB.
    pub file_bytes: usize,
    /// Bytes of all files together. Default 64 MiB.
    pub total_bytes: usize,
    /// Number of files. Default 10,000.
    pub files: usize,
    /// How much a template or an environment may hold.
    pub text: Limits,
}

impl Default for CollectLimits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self { file_bytes: 16 * MIB, total_bytes: 64 * MIB, files: 10_000, text: Limits::default() }
    }
}

/// Collects what a template and environments name; see [the module](super).
#[derive(Default)]
pub struct Collector {
    limits: CollectLimits,
    template: Option<String>,
    environments: Vec<String>,
    /// Addresses that nobody has answered for, in the order in which they were found.
    wanted: IndexSet<String>,
    /// In which roles an address is waited for, or was answered in.
    roles: HashMap<String, Vec<Role>>,
    contents: HashMap<String, Result<Fetched, FetchError>>,
    /// Files of this machine that only texts from elsewhere name.
    kept: HashSet<String>,
    bytes: usize,
    roots: HashMap<(String, Role), Document>,
    files: IndexMap<String, Document>,
}

/// What was collected.
#[derive(Debug)]
pub struct Collected {
    /// The template, if one was asked for and could be read.
    pub template: Option<Template>,
    /// The environments by their addresses, in their order, for
    /// [`Environment::merge_files`](crate::Environment::merge_files). They may hold secret values, and are not among the
    /// files.
    pub environments: Files,
    /// Everything that is named, by address.
    pub files: Files,
    /// What was found while the template was read, and the references that lead to nothing.
    pub diagnostics: Vec<Diagnostic>,
}

impl Collector {
    /// A collector with other limits.
    pub fn new(limits: CollectLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The template of the request.
    pub fn template(&mut self, address: &str) {
        self.template = Some(address.to_owned());
        self.want(address, Role::Template);
    }

    /// An environment. A later one wins where they are merged.
    pub fn environment(&mut self, address: &str) {
        if !self.environments.iter().any(|known| known == address) {
            self.environments.push(address.to_owned());
            self.want(address, Role::Environment);
        }
    }

    /// The addresses whose content is needed now, all of which may be fetched at once. None: all is there.
    pub fn wanted(&self) -> impl Iterator<Item = &str> {
        self.wanted.iter().map(String::as_str)
    }

    /// How many bytes the content of one address may have.
    pub fn byte_limit(&self) -> usize {
        self.limits.file_bytes.min(self.limits.total_bytes.saturating_sub(self.bytes))
    }

    /// Gives the content of a wanted address, or says why there is none. What was not wanted is not taken.
    pub fn supply(&mut self, address: &str, content: Result<Fetched, FetchError>) {
        if !self.wanted.shift_remove(address) {
            return;
        }
        let limit = self.byte_limit();
        let content = content.and_then(|fetched| match fetched.bytes.len() > limit {
            true => Err(FetchError::too_long(limit)),
            false => Ok(fetched),
        });
        self.bytes += content.as_ref().map_or(0, |fetched| fetched.bytes.len());
        self.contents.insert(address.to_owned(), content);
        for role in self.roles.get(address).cloned().unwrap_or_default() {
            self.take(address, role);
        }
    }

    /// Fetches all that is wanted from a source.
    pub fn run(&mut self, source: &dyn Source) {
        while let Some(address) = self.wanted.first().cloned() {
            let content = source.fetch(&address, self.byte_limit());
            self.supply(&address, content);
        }
    }

    /// Why there is nothing at an address that was asked for.
    pub fn failure(&self, address: &str) -> Option<&FetchError> {
        self.contents.get(address)?.as_ref().err()
    }

    fn want(&mut self, address: &str, role: Role) {
        if self.kept.remove(address) {
            self.contents.remove(address);
        }
        let roles = self.roles.entry(address.to_owned()).or_default();
        if roles.contains(&role) {
            return;
        }
        roles.push(role);
        if self.contents.contains_key(address) {
            self.take(address, role);
        } else if role == Role::File && self.files.len() + self.wanted.len() >= self.limits.files {
            let why = format!("more than {} files are named", self.limits.files);
            self.contents.insert(address.to_owned(), Err(FetchError::new(why)));
        } else {
            self.wanted.insert(address.to_owned());
        }
    }

    /// A text from elsewhere reads no files of this machine, unless a text of this machine names them, too.
    fn keep_from(&mut self, stranger: &str, named: String) {
        if self.contents.contains_key(&named) || self.wanted.contains(&named) {
            return;
        }
        let why = format!("{stranger} comes from elsewhere, and may not name files of this machine");
        self.roles.entry(named.clone()).or_default();
        self.kept.insert(named.clone());
        self.contents.insert(named, Err(FetchError::new(why)));
    }

    fn take(&mut self, address: &str, role: Role) {
        let Some(Ok(fetched)) = self.contents.get(address) else { return };
        let document = match read(address, fetched, role, &self.limits.text) {
            Ok(document) => document,
            Err(at) => {
                let why = FetchError::new(format!("it is not UTF-8 (at byte {at})"));
                self.contents.insert(address.to_owned(), Err(why));
                return;
            }
        };
        let named: Vec<String> = document.references.iter().map(|named| named.address.clone()).collect();
        match role {
            Role::File => drop(self.files.insert(address.to_owned(), document)),
            _ => drop(self.roots.insert((address.to_owned(), role), document)),
        }
        for named in named {
            if is_local(&named) && !is_local(address) {
                self.keep_from(address, named);
            } else {
                self.want(&named, Role::File);
            }
        }
    }

    /// Reads the template, and gives it with all files. Their texts become texts of the source map.
    ///
    /// What is still wanted counts as not there.
    pub fn finish(self, sources: &mut SourceMap, options: &ParseOptions) -> Collected {
        let Self { template, environments, roles, contents, mut roots, files, .. } = self;
        let reasons = Reasons(contents);
        let missing = roles.into_keys().filter(|address| reasons.of(address).is_some());
        let missing: Arc<HashSet<String>> = Arc::new(missing.collect());
        let mut diagnostics = Vec::new();
        let mut references = Vec::new();
        let mut read = None;
        if let Some(address) = template {
            diagnostics.extend(reasons.diagnostic(&address));
            if let Some(document) = roots.remove(&(address, Role::Template)) {
                let file = sources.add(document.name.clone(), document.written.clone());
                reasons.tell(file, &document.references, &mut references);
                let (written, sent) = (written(&document, &missing), document.sent);
                let template = Template::read_written(file, &written.name, &written, Some(sent), options);
                diagnostics.extend(template.diagnostics);
                read = template.value;
            }
        }
        let mut merged = Vec::with_capacity(environments.len());
        for address in environments {
            diagnostics.extend(reasons.diagnostic(&address));
            if let Some(document) = roots.remove(&(address.clone(), Role::Environment)) {
                let file = sources.add(document.name.clone(), document.written.clone());
                reasons.tell(file, &document.references, &mut references);
                merged.push((address, document.sent.clone(), written(&document, &missing)));
            }
        }
        for (place, document) in files.values().enumerate() {
            reasons.tell(FileId::attached(place), &document.references, &mut references);
        }
        let files = Files::of_written(files.into_iter().map(|(address, document)| {
            let written = written(&document, &missing);
            (address, document.sent, written)
        }));
        sources.attach(&files);
        diagnostics.extend(references);
        Collected { template: read, environments: Files::of_written(merged), files, diagnostics }
    }
}

/// What there is at each address, or why there is nothing.
struct Reasons(HashMap<String, Result<Fetched, FetchError>>);

impl Reasons {
    fn of(&self, address: &str) -> Option<FetchError> {
        match self.0.get(address) {
            Some(Ok(_)) => None,
            Some(Err(why)) => Some(why.clone()),
            None => Some(FetchError::new("nobody looked for it")),
        }
    }

    fn diagnostic(&self, address: &str) -> Option<Diagnostic> {
        let why = self.of(address)?;
        let message = format!("cannot read {}: {why}", shown(address));
        let mut diagnostic = Diagnostic::error(codes::FILE_REFERENCE, message);
        diagnostic.help.extend(why.help);
        Some(diagnostic)
    }

    /// The references that lead to nothing, each at its place.
    fn tell(&self, file: FileId, references: &[Named], diagnostics: &mut Vec<Diagnostic>) {
        let wrong = references
            .iter()
            .filter_map(|named| Some(self.diagnostic(&named.address)?.at(named.span(file), "named here")));
        diagnostics.extend(wrong);
    }
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collector")
            .field("template", &self.template)
            .field("environments", &self.environments)
            .field("wanted", &self.wanted)
            .field("files", &self.files.keys())
            .finish_non_exhaustive()
    }
}

fn written(document: &Document, missing: &Arc<HashSet<String>>) -> Written {
    let names = document.base.clone().map(|base| NamesIn { base, missing: Arc::clone(missing) });
    Written { name: document.name.clone(), text: document.written.clone(), names }
}

/// Whether it is the address of a file of this machine.
fn is_local(address: &str) -> bool {
    scheme(address).is_none_or(|scheme| scheme == "file")
}

/// An address as people write it.
fn shown(address: &str) -> &str {
    match address.strip_prefix("file://") {
        Some(path) if path.starts_with('/') => path,
        _ => address,
    }
}
