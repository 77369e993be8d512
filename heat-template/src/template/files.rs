//! The files that came with a template.

use super::{ParseOptions, Template};
use crate::checked::Checked;
use crate::collect;
use crate::composite::TemplateType;
use crate::parameter::GivenValue;
use crate::source::FileId;
use crate::yaml::{Node, TextKind};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Texts by name: what `get_file` reads, nested templates, environments. Cheap to clone; a file that is used as a
/// template is read once, however many resources use it.
#[derive(Clone, Default)]
pub struct Files(Arc<IndexMap<String, Arc<File>>>, Option<Arc<IndexMap<String, Arc<File>>>>);

struct File {
    text: Arc<str>,
    /// Where names became addresses: the text as its author knows it.
    written: Option<Written>,
    template: OnceLock<Checked<Template>>,
    /// The types that it stands for, by their names and by the defaults that an environment gives.
    types: Mutex<HashMap<(String, String), Arc<TemplateType>>>,
}

/// A text as its author knows it.
#[derive(Clone)]
pub(crate) struct Written {
    /// Its name for people.
    pub(crate) name: String,
    pub(crate) text: Arc<str>,
    /// The names in it that stand for addresses.
    pub(crate) names: Option<NamesIn>,
}

/// The names in a text that stand for addresses.
#[derive(Clone)]
pub(crate) struct NamesIn {
    /// The folder that they start from.
    pub(crate) base: Arc<str>,
    /// Addresses where there is nothing: their names stay as they are.
    pub(crate) missing: Arc<HashSet<String>>,
}

impl NamesIn {
    pub(crate) fn in_template(&self, root: &mut Node) {
        collect::in_template(root, &self.base, &mut |found| !self.missing.contains(found.address));
    }

    pub(crate) fn in_environment(&self, root: &mut Node) {
        collect::in_environment(root, &self.base, &mut |found| !self.missing.contains(found.address));
    }
}

impl PartialEq for Files {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.iter().eq(other.iter())
    }
}

impl Eq for Files {}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Contents may be long, and may be keys.
        f.debug_set().entries(self.names()).finish()
    }
}

impl Files {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// The text of a file.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.file(name).map(|(_, _, file)| &*file.text)
    }

    /// A file with its id and its name; the stack's own before that of a global environment.
    fn file(&self, name: &str) -> Option<(FileId, &str, &File)> {
        if let Some((place, name, file)) = self.0.get_full(name) {
            return Some((FileId::attached(place), name, file));
        }
        let (place, name, file) = self.1.as_ref()?.get_full(name)?;
        Some((FileId::attached_below(place), name, file))
    }

    /// These files with others below them that are not among them.
    pub(crate) fn with_below(&self, below: &Self) -> Self {
        let below = (!below.0.is_empty()).then(|| Arc::clone(&below.0));
        Self(Arc::clone(&self.0), self.1.clone().or(below))
    }

    /// The names of all files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Names and texts.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, file)| (name.as_str(), &*file.text))
    }

    /// Files whose texts are sent otherwise than they are written.
    pub(crate) fn of_written(files: impl IntoIterator<Item = (String, Arc<str>, Written)>) -> Self {
        let files = files.into_iter().map(|(name, sent, written)| {
            let written = Some(written);
            (name, Arc::new(File { written, ..File::new(sent) }))
        });
        Self(Arc::new(files.collect()), None)
    }

    /// The name that people know a file by, where it is attached under its address.
    pub(crate) fn known_as<'n>(&'n self, name: &'n str) -> &'n str {
        let written = self.file(name).and_then(|(_, _, file)| file.written.as_ref());
        written.map_or(name, |written| &written.name)
    }

    /// All texts as their authors know them, each with its name and the name that people know it by; those below apart.
    pub(crate) fn shared(&self) -> [Vec<(&str, &str, Arc<str>)>; 2] {
        [Some(&self.0), self.1.as_ref()].map(|files| {
            files
                .into_iter()
                .flat_map(|files| files.iter())
                .map(|(name, file)| shared_file(name, file))
                .collect()
        })
    }

    /// A text as its author knows it.
    pub(crate) fn written(&self, name: &str) -> Option<Written> {
        let (_, _, file) = self.file(name)?;
        Some(file.written.clone().unwrap_or_else(|| Written {
            name: name.to_owned(),
            text: file.text.clone(),
            names: None,
        }))
    }

    /// These files with others laid over them, as an update with the existing files does it.
    #[must_use]
    pub fn with(&self, others: &Self) -> Self {
        let mut files = (*self.0).clone();
        for (name, other) in others.0.iter() {
            let same = files.get(name).is_some_and(|known| known.text == other.text);
            if !same {
                // What was read of it has its places elsewhere: it is read again.
                files.insert(name.clone(), Arc::new(File::new(Arc::clone(&other.text))));
            }
        }
        Self(Arc::new(files), self.1.clone().or_else(|| others.1.clone()))
    }

    /// A file as a template; `None` where there is no such file. It is read at the first call, with the dialects and limits
    /// of `options`.
    pub fn template(&self, name: &str, options: &ParseOptions) -> Option<&Checked<Template>> {
        let (place, name, file) = self.file(name)?;
        Some(file.template.get_or_init(|| {
            let options = ParseOptions { kind: TextKind::AttachedTemplate, ..options.clone() };
            match &file.written {
                Some(written) => {
                    Template::read_written(place, name, written, Some(file.text.clone()), &options)
                }
                None => Template::read(place, name, Arc::clone(&file.text), &options),
            }
        }))
    }
}

impl Files {
    /// A file as the type that it stands for, made once.
    pub(crate) fn template_type(
        &self,
        file: &str,
        type_name: &str,
        template: &Template,
        defaults: &IndexMap<String, GivenValue>,
    ) -> Option<Arc<TemplateType>> {
        let used: serde_json::Map<_, _> = template
            .parameters()
            .iter()
            .filter_map(|parameter| {
                Some((parameter.name.clone(), defaults.get(&parameter.name)?.value.clone()))
            })
            .collect();
        let key = (type_name.to_owned(), serde_json::Value::Object(used).to_string());
        let (_, _, file) = self.file(file)?;
        let mut types = file.types.lock().unwrap_or_else(PoisonError::into_inner);
        let made =
            types.entry(key).or_insert_with(|| Arc::new(TemplateType::new(type_name, template, defaults)));
        Some(Arc::clone(made))
    }
}

fn shared_file<'f>(name: &'f str, file: &'f File) -> (&'f str, &'f str, Arc<str>) {
    match &file.written {
        Some(written) => (name, written.name.as_str(), Arc::clone(&written.text)),
        None => (name, name, Arc::clone(&file.text)),
    }
}

impl File {
    fn new(text: Arc<str>) -> Self {
        Self { text, written: None, template: OnceLock::new(), types: Mutex::default() }
    }
}

impl<N: Into<String>, T: Into<Arc<str>>> FromIterator<(N, T)> for Files {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(files: I) -> Self {
        let files = files.into_iter().map(|(name, text)| (name.into(), Arc::new(File::new(text.into()))));
        Self(Arc::new(files.collect()), None)
    }
}
