//! Files of this machine, for [`heat_template::collect`]: only below the folders that the caller allows.

use heat_template::collect::{FetchError, Fetched, Source};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

/// Reads `file:` addresses below allowed folders. Without a folder nothing may be read.
///
/// Where a file really lies counts: a symbolic link, or `..`, that leads out of the folders is refused, as is what is no
/// plain file.
///
/// ```
/// use heat_engine::local_files::LocalFiles;
/// use heat_template::collect::Collector;
/// use heat_template::{ParseOptions, source::SourceMap};
///
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// std::fs::write(folder.join("web.yaml"), "heat_template_version: 2021-04-16
/// resources:
///   script: {type: OS::Heat::Value, properties: {value: {get_file: init.sh}}}
/// ")?;
/// std::fs::write(folder.join("init.sh"), "echo ready")?;
///
/// let mut collector = Collector::default();
/// collector.template(&LocalFiles::address(&folder.join("web.yaml"))?);
/// collector.run(&LocalFiles::new().allow(folder)?);
/// let collected = collector.finish(&mut SourceMap::new(), &ParseOptions::default());
/// assert!(collected.diagnostics.is_empty());
/// assert_eq!(collected.files.iter().map(|(_, text)| text).collect::<Vec<_>>(), ["echo ready"]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct LocalFiles {
    /// Without symbolic links.
    folders: Vec<PathBuf>,
}

impl LocalFiles {
    /// No folder is allowed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows a folder with everything below it.
    ///
    /// # Errors
    /// There is no such folder.
    pub fn allow(mut self, folder: impl AsRef<Path>) -> std::io::Result<Self> {
        let folder = std::fs::canonicalize(folder)?;
        if !self.folders.contains(&folder) {
            self.folders.push(folder);
        }
        Ok(self)
    }

    /// The address of a file, without symbolic links, as Heat's client gives it.
    ///
    /// # Errors
    /// There is no such file.
    pub fn address(path: &Path) -> std::io::Result<String> {
        Ok(Self::address_as_is(&std::fs::canonicalize(path)?))
    }

    /// The address of an absolute path as it stands.
    pub fn address_as_is(path: &Path) -> String {
        let mut address = "file://".to_owned();
        for byte in path.as_os_str().as_encoded_bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' | b'/' => {
                    address.push(char::from(*byte));
                }
                // Writing to a text does not fail.
                other => drop(write!(address, "%{other:02X}")),
            }
        }
        address
    }

    /// Where an address leads to, if that may be read: the path without symbolic links.
    ///
    /// # Errors
    /// It is not the address of a plain file below an allowed folder.
    pub fn path(&self, address: &str) -> Result<PathBuf, FetchError> {
        let path = path_of(address)?;
        let outside = || {
            let folders: Vec<String> =
                self.folders.iter().map(|folder| folder.display().to_string()).collect();
            FetchError::new(match folders.as_slice() {
                [] => "no files may be read".to_owned(),
                some => format!("it lies outside of what may be read: {}", some.join(", ")),
            })
        };
        let found = match std::fs::canonicalize(&path) {
            Ok(found) => found,
            // Nothing is told of what there is elsewhere.
            Err(_) if !self.allows(&without_dots(&path)) => return Err(outside()),
            Err(error) => return Err(FetchError::new(error.to_string())),
        };
        if !self.allows(&found) {
            return Err(outside());
        }
        match std::fs::metadata(&found) {
            Ok(kind) if kind.is_file() => Ok(found),
            Ok(_) => Err(FetchError::new("it is no plain file")),
            Err(error) => Err(FetchError::new(error.to_string())),
        }
    }

    fn allows(&self, path: &Path) -> bool {
        self.folders.iter().any(|folder| path.starts_with(folder))
    }
}

impl Source for LocalFiles {
    fn fetch(&self, address: &str, limit: usize) -> Result<Fetched, FetchError> {
        let path = self.path(address)?;
        let bytes = read_at_most(&path, limit)?;
        Ok(Fetched { bytes, name: Some(name_for_people(&path)) })
    }
}

/// The content of a file that has no more bytes than the limit.
///
/// # Errors
/// It has more, or cannot be read.
pub fn read_at_most(path: &Path, limit: usize) -> Result<Vec<u8>, FetchError> {
    let told = |error: std::io::Error| FetchError::new(error.to_string());
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(told)?;
    let more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.take(more).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() > limit { Err(FetchError::too_long(limit)) } else { Ok(bytes) }
}

/// The path from here, for what lies below the working folder.
fn name_for_people(path: &Path) -> String {
    let here = std::env::current_dir().and_then(std::fs::canonicalize).ok();
    let near = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf));
    near.as_deref().unwrap_or(path).display().to_string()
}

/// The path in a `file:` address.
///
/// # Errors
/// It is another kind of address, or that of another machine.
pub fn path_of(address: &str) -> Result<PathBuf, FetchError> {
    let (kind, rest) = address.split_once(':').unwrap_or(("", address));
    if !kind.eq_ignore_ascii_case("file") {
        return Err(FetchError::new(match heat_template::collect::scheme(address) {
            Some(scheme) => format!("nothing is fetched by {scheme}"),
            None => "it is not an address".to_owned(),
        }));
    }
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let rest = rest.strip_prefix("localhost").unwrap_or(rest);
            if !rest.starts_with('/') {
                return Err(FetchError::new("it lies on another machine"));
            }
            rest
        }
        None => rest,
    };
    let path = path.split_once('#').map_or(path, |(path, _)| path);
    let path = PathBuf::from(os_text(percent_decoded(path)));
    if path.is_absolute() { Ok(path) } else { Err(FetchError::new("its path is not absolute")) }
}

#[cfg(unix)]
fn os_text(bytes: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(not(unix))]
fn os_text(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// `%20` and the like as bytes; what is no such triple stays.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let triple = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(triple.unwrap_or(*first));
        rest = if triple.is_some() { &tail[2..] } else { tail };
    }
    bytes
}

/// The path as it reads, where nothing can be looked up.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_heats_client() {
        // What `pathlib.Path.as_uri` makes of it.
        let path = Path::new("/a b/ü~_.-+%.yaml");
        let address = LocalFiles::address_as_is(path);
        assert_eq!(address, "file:///a%20b/%C3%BC~_.-%2B%25.yaml");
        assert_eq!(path_of(&address).unwrap(), path);
        assert_eq!(path_of("file://localhost/x%2").unwrap(), Path::new("/x%2"));
        assert_eq!(path_of("FILE:/x#part").unwrap(), Path::new("/x"));
        for wrong in ["file://host/x", "https://h/x", "x.sh", "file:x.sh"] {
            assert!(path_of(wrong).is_err(), "{wrong}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_read_outside_of_the_allowed_folders() {
        let all = tempfile::tempdir().unwrap();
        let (inside, outside) = (all.path().join("in"), all.path().join("out"));
        std::fs::create_dir_all(inside.join("deep")).unwrap();
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("key"), "secret").unwrap();
        std::fs::write(inside.join("deep/x"), "fine").unwrap();
        let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, inside.join(name)).unwrap();
        link(&outside.join("key"), "file-out");
        link(&outside, "folder-out");
        link(&inside.join("deep/x"), "file-in");
        link(Path::new("/dev/zero"), "device");
        let files = LocalFiles::new().allow(&inside).unwrap();
        let fetch = |name: &str| {
            let address = format!("file://{}/{name}", inside.display());
            files.fetch(&address, 10).map(|fetched| fetched.bytes).map_err(|error| error.reason)
        };
        assert_eq!(fetch("deep/x"), Ok(b"fine".to_vec()));
        assert_eq!(fetch("deep/../file-in"), Ok(b"fine".to_vec()));
        for out in ["file-out", "folder-out/key", "../out/key", "%2e%2e/out/key", "../out/none", "device"] {
            assert!(fetch(out).unwrap_err().contains("outside"), "{out}");
        }
        assert!(fetch("none").unwrap_err().contains("No such file"));
        assert!(fetch("deep").unwrap_err().contains("no plain file"));
        std::fs::write(inside.join("long"), "0123456789a").unwrap();
        assert!(fetch("long").unwrap_err().contains("more than 10 bytes"));
        // A folder whose name begins like that of an allowed one is another folder.
        std::fs::create_dir(all.path().join("in2")).unwrap();
        std::fs::write(all.path().join("in2/x"), "").unwrap();
        assert!(fetch("../in2/x").unwrap_err().contains("outside"));
        assert!(LocalFiles::new().fetch("file:///etc/hostname", 10).is_err());
    }
}
