//! Where a text is: a path or a `file:` URL.

use crate::error::{CliError, Result};
use std::path::{Path, PathBuf};

/// A file that a user or a template names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location {
    path: PathBuf,
}

impl Location {
    /// Reads a path or a `file:` URL.
    ///
    /// # Errors
    /// It is a URL of another kind.
    pub(super) fn parse(text: &str) -> Result<Self> {
        Self::within(Path::new(""), text)
    }

    /// What a text names that stands in this file: relative paths start from where the file is.
    ///
    /// # Errors
    /// It is a URL that needs a network.
    pub(super) fn named(&self, text: &str) -> Result<Self> {
        Self::within(self.path.parent().unwrap_or(Path::new("")), text)
    }

    fn within(folder: &Path, text: &str) -> Result<Self> {
        if let Some(rest) = text.strip_prefix("file:") {
            let path = match rest.strip_prefix("//") {
                // `file://localhost/a` and `file:///a`.
                Some(rest) => rest.strip_prefix("localhost").unwrap_or(rest),
                None => rest,
            };
            return Ok(Self { path: folder.join(percent_decoded(path)) });
        }
        if let Some((scheme, _)) = text.split_once("://")
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        {
            return Err(CliError::input(format!(
                "{text}: texts are not fetched from {scheme} yet; download it and name the file"
            )));
        }
        Ok(Self { path: folder.join(text) })
    }

    /// The text of the file.
    ///
    /// # Errors
    /// It cannot be read, or is no text.
    pub(super) fn read_text(&self, what: &str) -> Result<String> {
        let cannot =
            |why: String| CliError::input(format!("cannot read the {what} {}: {why}", self.path.display()));
        let bytes = std::fs::read(&self.path).map_err(|error| cannot(error.to_string()))?;
        String::from_utf8(bytes).map_err(|error| {
            cannot(format!("it is not UTF-8 (at byte {})", error.utf8_error().valid_up_to()))
        })
    }

    /// Puts another text into the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(&self, text: &str) -> Result<()> {
        std::fs::write(&self.path, text)
            .map_err(|error| CliError::Failed(format!("cannot write {}: {error}", self.path.display())))
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// It cannot be read; why, in words.
    pub(super) fn read(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.path).map_err(|error| format!("cannot read {}: {error}", self.path.display()))
    }
}

/// `%20` and the like as bytes; what is no such triple stays.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let triple = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match triple {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_start_from_the_file_that_they_stand_in() {
        let template = Location::parse("stacks/web.yaml").unwrap();
        let path = |text: &str| template.named(text).unwrap().path;
        assert_eq!(path("init.sh"), Path::new("stacks/init.sh"));
        assert_eq!(path("../init.sh"), Path::new("stacks/../init.sh"));
        assert_eq!(path("/etc/motd"), Path::new("/etc/motd"));
        assert_eq!(path("file:///etc/my%20motd"), Path::new("/etc/my motd"));
        assert_eq!(path("file://localhost/etc/motd"), Path::new("/etc/motd"));
        assert_eq!(path("file:init.sh"), Path::new("stacks/init.sh"));
        assert_eq!(path("100%.sh"), Path::new("stacks/100%.sh"));
    }

    #[test]
    fn what_needs_a_network_is_refused() {
        for url in ["http://h/t.yaml", "https://h/t.yaml", "swift+s://h/t"] {
            let error = Location::parse(url).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.message().unwrap().contains("download it"), "{url}");
        }
    }
}
