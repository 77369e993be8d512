//! What the command line names: a path, or the URL of a template. It is read wherever it is, for the user says so.

use crate::error::{CliError, Result};
use crate::replaced_file;
use heat_engine::local_files::{self, LocalFiles};
use heat_template::collect;
use std::path::{Path, PathBuf};

/// A text that the user names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Location {
    /// A file of this machine.
    File(PathBuf),
    /// A page of the web.
    Web(String),
}

impl Location {
    /// Reads a path, a `file:` or an `https:` URL.
    ///
    /// # Errors
    /// It is a URL of another kind.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let scheme = text.split_once("://").and_then(|_| collect::scheme(text));
        match scheme.as_deref() {
            Some("http" | "https") => Ok(Self::Web(text.to_owned())),
            Some("file") => local_files::path_of(text)
                .map(Self::File)
                .map_err(|why| CliError::input(format!("{text}: {why}"))),
            Some(other) => Err(CliError::input(format!(
                "{text}: texts are not fetched by {other}; download it and name the file"
            ))),
            None => Ok(Self::File(PathBuf::from(text.strip_prefix("file:").unwrap_or(text)))),
        }
    }

    /// The file that it is.
    ///
    /// # Errors
    /// It lies on the web.
    pub(super) fn file(&self) -> Result<&Path> {
        match self {
            Self::File(path) => Ok(path),
            Self::Web(url) => Err(CliError::input(format!("{url} lies on the web: download it first"))),
        }
    }

    /// Its address, which what it names starts from: without symbolic links, as Heat's client has it.
    pub(super) fn address(&self) -> String {
        match self {
            Self::Web(url) => url.clone(),
            // A pipe, for example, has no other path.
            Self::File(path) => {
                LocalFiles::address(path).ok().filter(|_| path.is_file()).unwrap_or_else(|| {
                    let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                    LocalFiles::address_as_is(&path)
                })
            }
        }
    }

    /// The text of the file.
    ///
    /// # Errors
    /// It cannot be read, has more bytes than `limit`, or is no text.
    pub(super) fn read_text(&self, what: &str, limit: usize) -> Result<String> {
        let path = self.file()?;
        let cannot =
            |why: String| CliError::input(format!("cannot read the {what} {}: {why}", path.display()));
        let bytes = local_files::read_at_most(path, limit).map_err(|error| cannot(error.to_string()))?;
        String::from_utf8(bytes).map_err(|error| {
            cannot(format!("it is not UTF-8 (at byte {})", error.utf8_error().valid_up_to()))
        })
    }

    /// Puts another text into the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(&self, text: &str) -> Result<()> {
        let path = self.file()?;
        replaced_file::replace(path, text)
            .map_err(|error| CliError::Failed(format!("cannot write {}: {error}", path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_names_files_and_pages() {
        let file = |text: &str| Location::parse(text).unwrap().file().unwrap().to_path_buf();
        assert_eq!(file("stacks/web.yaml"), Path::new("stacks/web.yaml"));
        assert_eq!(file("file:///etc/my%20motd"), Path::new("/etc/my motd"));
        assert_eq!(file("file://localhost/etc/motd"), Path::new("/etc/motd"));
        assert_eq!(file("file:init.sh"), Path::new("init.sh"));
        assert_eq!(file("100%.sh"), Path::new("100%.sh"));
        assert_eq!(Location::parse("https://h/t").unwrap(), Location::Web("https://h/t".to_owned()));
        for url in ["ftp://h/t.yaml", "swift+s://h/t"] {
            let error = Location::parse(url).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.message().unwrap().contains("download it"), "{url}");
        }
    }
}
