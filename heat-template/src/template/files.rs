//! The files that came with a template.

use indexmap::IndexMap;
use std::sync::Arc;

/// Texts by name: what `get_file` reads, nested templates, environments. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Files(Arc<IndexMap<String, Arc<str>>>);

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
        self.0.get(name).map(Arc::as_ref)
    }

    /// The names of all files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Names and texts.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), &**text))
    }

    /// These files with others laid over them, as an update with the existing files does it.
    #[must_use]
    pub fn with(&self, others: &Self) -> Self {
        let mut files = (*self.0).clone();
        files.extend(others.0.iter().map(|(name, text)| (name.clone(), text.clone())));
        Self(Arc::new(files))
    }
}

impl<N: Into<String>, T: Into<Arc<str>>> FromIterator<(N, T)> for Files {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(files: I) -> Self {
        Self(Arc::new(files.into_iter().map(|(name, text)| (name.into(), text.into())).collect()))
    }
}
