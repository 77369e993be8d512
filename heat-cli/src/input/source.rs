//! Where the texts of a command come from: what the user names, wherever it is, and what that names, as far as it is
//! allowed.

use super::location::Location;
use super::web::Web;
use crate::arguments::Allowed;
use crate::error::{CliError, Result};
use crate::replaced_file;
use heat_engine::local_files::{LocalFiles, read_at_most};
use heat_template::collect::{self, Collector, FetchError, Fetched, Source};
use indexmap::IndexMap;

/// Texts that stand for files, by address.
pub(crate) type Overlay = IndexMap<String, String>;

/// All texts that a command may read.
pub(super) struct Texts<'a> {
    /// What the user names: the address, the name as it was written, and where it is.
    named: IndexMap<String, (String, Location)>,
    files: LocalFiles,
    web: Web,
    overlay: &'a Overlay,
}

impl<'a> Texts<'a> {
    /// The texts of these names and what lies in their folders, in the working folder, and where else it is allowed.
    ///
    /// # Errors
    /// A name is an address that nothing is fetched from; an allowed folder does not exist.
    pub(super) fn new<'n>(
        names: impl Iterator<Item = &'n str>,
        allowed: &Allowed,
        overlay: &'a Overlay,
    ) -> Result<Self> {
        let mut files = LocalFiles::new();
        let mut prefixes = allowed.urls.clone();
        let mut named = IndexMap::new();
        // Without a working folder there is nothing below it.
        if let Ok(with_it) = files.clone().allow(".") {
            files = with_it;
        }
        for folder in &allowed.folders {
            files = files
                .allow(folder)
                .map_err(|error| CliError::input(format!("--allow-files {}: {error}", folder.display())))?;
        }
        for name in names {
            let location = Location::parse(name)?;
            let address = location.address();
            match &location {
                Location::Web(url) => prefixes.push(collect::join(url, ".")),
                Location::File(_) => {
                    let path = heat_engine::local_files::path_of(&address).unwrap_or_default();
                    // A file that is not there is told of where it is read.
                    let folder = path.parent().and_then(|folder| files.clone().allow(folder).ok());
                    files = folder.unwrap_or(files);
                }
            }
            named.insert(address, (name.to_owned(), location));
        }
        Ok(Self { named, files, web: Web::new(&prefixes)?, overlay })
    }

    /// The address of what the user names.
    pub(super) fn address(&self, name: &str) -> Option<&str> {
        self.named.iter().find(|(_, (known, _))| known == name).map(|(address, _)| address.as_str())
    }

    /// The addresses of what the user names, by its names.
    pub(super) fn into_names(self) -> IndexMap<String, String> {
        self.named.into_iter().map(|(address, (name, _))| (name, address)).collect()
    }

    /// Fetches all that is wanted: from the web many at once. Gives the addresses of texts with nothing in them.
    pub(super) fn collect(&self, collector: &mut Collector) -> Vec<String> {
        let mut empty = Vec::new();
        loop {
            let wanted: Vec<String> = collector.wanted().map(str::to_owned).collect();
            if wanted.is_empty() {
                return empty;
            }
            let mut note = |address: &str, content: &Result<Fetched, FetchError>| {
                if content.as_ref().is_ok_and(|content| content.bytes.trim_ascii().is_empty()) {
                    empty.push(address.to_owned());
                }
            };
            let on_the_web = |address: &String| !self.overlay.contains_key(address) && Web::is_of(address);
            let (far, near): (Vec<_>, Vec<_>) = wanted.into_iter().partition(on_the_web);
            for address in near {
                let content = self.fetch(&address, collector.byte_limit());
                note(&address, &content);
                collector.supply(&address, content);
            }
            for (address, content) in self.web.fetch_all(far, collector.byte_limit()) {
                note(&address, &content);
                collector.supply(&address, content);
            }
        }
    }

    /// Puts another text into a file: what the user names, or what may be read.
    ///
    /// # Errors
    /// It is not there, or cannot be written.
    pub(super) fn write(&self, address: &str, text: &str) -> Result<()> {
        if let Some((_, location)) = self.named.get(address) {
            return location.write(text);
        }
        let cannot = |why: &dyn std::fmt::Display| CliError::Failed(format!("cannot write {address}: {why}"));
        let path = self.files.path(address).map_err(|why| cannot(&why))?;
        replaced_file::replace(&path, text).map_err(|why| cannot(&why))
    }
}

impl Source for Texts<'_> {
    fn fetch(&self, address: &str, limit: usize) -> Result<Fetched, FetchError> {
        let named = self.named.get(address);
        let mut fetched = match (self.overlay.get(address), named) {
            (Some(text), None) => {
                let name = self.files.fetch(address, limit).ok().and_then(|fetched| fetched.name);
                Fetched { bytes: text.clone().into_bytes(), name }
            }
            (Some(text), Some(_)) => Fetched::text(text.clone()),
            (None, Some((_, Location::File(path)))) => {
                Fetched { bytes: read_at_most(path, limit)?, name: None }
            }
            (None, _) => self.files.fetch(address, limit).map_err(|why| {
                let outside = why.reason.contains("outside");
                let help = "allow it with --allow-files FOLDER, if you trust the template";
                if outside { why.help(help) } else { why }
            })?,
        };
        if let Some((name, _)) = named {
            fetched.name = Some(name.clone());
        }
        Ok(fetched)
    }
}
