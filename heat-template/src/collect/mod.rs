//! The files that templates and environments name, collected as Heat's client does it: the service never reads a disk.
//!
//! A [`Collector`] says which addresses it wants, is given what is there, finds what these texts name, and wants that. It
//! does no I/O: a [`Source`] does, or whoever calls [`Collector::supply`]. What a source does not give is not read; an
//! address that it refuses is an error at the place where it is named.
//!
//! As in Heat, each name becomes an address, in the texts that are recorded too: two templates in different folders may each
//! have an `init.sh`. The places in diagnostics stay those in the texts as they are written.
//!
//! ```
//! use heat_template::collect::{Collector, FetchError, Fetched, Source};
//! use heat_template::source::SourceMap;
//! use heat_template::ParseOptions;
//!
//! struct Archive;
//! impl Source for Archive {
//!     fn fetch(&self, address: &str, _: usize) -> Result<Fetched, FetchError> {
//!         match address {
//!             "https://archive/web/main.yaml" => Ok(Fetched::text(
//!                 "heat_template_version: 2021-04-16
//! resources:
//!   script: {type: OS::Heat::Value, properties: {value: {get_file: init.sh}}}
//! ",
//!             )),
//!             "https://archive/web/init.sh" => Ok(Fetched::text("echo ready")),
//!             _ => Err(FetchError::new("the archive has no such file")),
//!         }
//!     }
//! }
//!
//! let mut collector = Collector::default();
//! collector.template("https://archive/web/main.yaml");
//! collector.run(&Archive);
//! let collected = collector.finish(&mut SourceMap::new(), &ParseOptions::default());
//! assert!(collected.diagnostics.is_empty());
//! assert_eq!(collected.files.get("https://archive/web/init.sh"), Some("echo ready"));
//! ```

mod address;
mod collector;
mod document;
mod references;

pub use address::{join, scheme};
pub use collector::{CollectLimits, Collected, Collector};
pub(crate) use references::{in_environment, in_template, is_template_name};

use std::fmt;

/// Where texts come from.
pub trait Source {
    /// What is at an address, in no more than `limit` bytes.
    ///
    /// # Errors
    /// It is not there, is longer, or may not be read.
    fn fetch(&self, address: &str, limit: usize) -> Result<Fetched, FetchError>;
}

/// What was found at an address.
#[derive(Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The content.
    pub bytes: Vec<u8>,
    /// The name that people know it by, for diagnostics; the address if there is none.
    pub name: Option<String>,
}

impl Fetched {
    /// A text, known by its address.
    pub fn text(text: impl Into<String>) -> Self {
        Self { bytes: text.into().into_bytes(), name: None }
    }
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The content may be a key.
        f.debug_struct("Fetched").field("bytes", &self.bytes.len()).field("name", &self.name).finish()
    }
}

/// Why there is nothing at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchError {
    /// Why, in words: `no such file`.
    pub reason: String,
    /// What to do about it, if that is known.
    pub help: Option<String>,
}

impl FetchError {
    /// For a reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), help: None }
    }

    /// With what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The content is longer than it may be.
    pub fn too_long(limit: usize) -> Self {
        Self::new(format!("it has more than {limit} bytes"))
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for FetchError {}
