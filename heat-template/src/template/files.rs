//! The files that came with a template.

use super::{ParseOptions, Template};
use crate::checked::Checked;
use crate::composite::TemplateType;
use crate::parameter::GivenValue;
use crate::source::FileId;
use crate::yaml::TextKind;
use indexmap::IndexMap;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Texts by name: what `get_file` reads, nested templates, environments. Cheap to clone; a file that is used as a
/// template is read once, however many resources use it.
#[derive(Clone, Default)]
pub struct Files(Arc<IndexMap<String, Arc<File>>>);

struct File {
    text: Arc<str>,
    template: OnceLock<Checked<Template>>,
    /// The types that it stands for, by their names and by the defaults that an environment gives.
    types: Mutex<HashMap<(String, String), Arc<TemplateType>>>,
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
        self.0.get(name).map(|file| &*file.text)
    }

    /// The names of all files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Names and texts.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, file)| (name.as_str(), &*file.text))
    }

    pub(crate) fn shared(&self) -> impl Iterator<Item = (&str, Arc<str>)> {
        self.0.iter().map(|(name, file)| (name.as_str(), Arc::clone(&file.text)))
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
        Self(Arc::new(files))
    }

    /// A file as a template; `None` where there is no such file. It is read at the first call, with the dialects and limits
    /// of `options`.
    pub fn template(&self, name: &str, options: &ParseOptions) -> Option<&Checked<Template>> {
        let (place, name, file) = self.0.get_full(name)?;
        Some(file.template.get_or_init(|| {
            let options = ParseOptions { kind: TextKind::AttachedTemplate, ..options.clone() };
            Template::read(FileId::attached(place), name, Arc::clone(&file.text), &options)
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
        let mut types = self.0.get(file)?.types.lock().unwrap_or_else(PoisonError::into_inner);
        let made =
            types.entry(key).or_insert_with(|| Arc::new(TemplateType::new(type_name, template, defaults)));
        Some(Arc::clone(made))
    }
}

impl File {
    fn new(text: Arc<str>) -> Self {
        Self { text, template: OnceLock::new(), types: Mutex::default() }
    }
}

impl<N: Into<String>, T: Into<Arc<str>>> FromIterator<(N, T)> for Files {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(files: I) -> Self {
        let files = files.into_iter().map(|(name, text)| (name.into(), Arc::new(File::new(text.into()))));
        Self(Arc::new(files.collect()))
    }
}
