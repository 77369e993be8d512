//! The key file: a [`KeyRing`] as text, readable by its owner only. All file access of the sealing is here.

use super::{KeyRing, SealError};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Why a key file could not be read or made. Holds no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It is there already, and a key file is never overwritten.
    #[error("key file {path} exists already; it is not overwritten")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner may read it.
    #[error("key file {path} may be read by others (mode {mode:03o}); run: chmod 600 {path}")]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// What stands in it are no keys.
    #[error("key file {path}: {source}")]
    Keys {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SealError,
    },
    /// The file system does not let us.
    #[error("key file {path} cannot be {doing}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: `read`, `written`.
        doing: &'static str,
        /// Why.
        source: io::Error,
    },
}

const HEADER: &str = "\
# Keys of a heat store. They open what is secret in it: without them its stacks cannot be worked on.
# Keep a copy apart from the store. The first key seals, the others only open what they sealed before.
";

/// Reads a key file.
///
/// # Errors
/// `Io` (with `NotFound` where there is none), `TooOpen`, `Keys`.
pub fn read_key_file(path: &Path) -> Result<KeyRing, KeyFileError> {
    let io = |source| KeyFileError::Io { path: path.to_owned(), doing: "read", source };
    let mut file = File::open(path).map_err(io)?;
    check_private(path, &file).map_err(io)??;
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text).map_err(io)?;
    KeyRing::parse(&text).map_err(|source| KeyFileError::Keys { path: path.to_owned(), source })
}

/// Makes a key file with one new key. It appears at once with all of its content, and only where there is none.
///
/// # Errors
/// `Exists`, `Io`, `Keys` (no randomness).
pub fn create_key_file(path: &Path) -> Result<KeyRing, KeyFileError> {
    let ring = KeyRing::generate().map_err(|source| KeyFileError::Keys { path: path.to_owned(), source })?;
    let io = |source| KeyFileError::Io { path: path.to_owned(), doing: "written", source };
    let draft = write_draft(path, &ring).map_err(io)?;
    // A link, unlike a rename, never takes the place of a file that is there.
    let linked = fs::hard_link(&draft, path);
    let _ = fs::remove_file(&draft);
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(KeyFileError::Exists { path: path.to_owned() });
        }
        Err(error) => return Err(io(error)),
    }
    sync_directory(path).map_err(io)?;
    Ok(ring)
}

/// Reads the key file, or makes it where there is none. Tells whether it was made. Of two processes at once one makes it
/// and both get the same keys.
///
/// # Errors
/// As [`read_key_file`] and [`create_key_file`].
pub fn open_key_file(path: &Path) -> Result<(KeyRing, bool), KeyFileError> {
    match read_key_file(path) {
        Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        other => return other.map(|ring| (ring, false)),
    }
    match create_key_file(path) {
        Ok(ring) => Ok((ring, true)),
        Err(KeyFileError::Exists { .. }) => read_key_file(path).map(|ring| (ring, false)),
        Err(error) => Err(error),
    }
}

/// Adds a new key that seals from now on; the old ones stay in the file. The file changes at once or not at all.
///
/// # Errors
/// As [`read_key_file`]; `Io`.
pub fn rotate_key_file(path: &Path) -> Result<KeyRing, KeyFileError> {
    let mut ring = read_key_file(path)?;
    ring.rotate().map_err(|source| KeyFileError::Keys { path: path.to_owned(), source })?;
    let io = |source| KeyFileError::Io { path: path.to_owned(), doing: "written", source };
    let draft = write_draft(path, &ring).map_err(io)?;
    if let Err(error) = fs::rename(&draft, path) {
        let _ = fs::remove_file(&draft);
        return Err(io(error));
    }
    sync_directory(path).map_err(io)?;
    Ok(ring)
}

/// Writes the ring durably to a file of its own beside `path`, 0600 from its first moment.
fn write_draft(path: &Path, ring: &KeyRing) -> io::Result<PathBuf> {
    let mut name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?
        .to_owned();
    name.push(format!(".{}", uuid::Uuid::new_v4().simple()));
    let draft = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let written = file
        .write_all(HEADER.as_bytes())
        .and_then(|()| file.write_all(ring.to_text().as_bytes()))
        .and_then(|()| file.sync_all());
    if let Err(error) = written {
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    Ok(draft)
}

#[cfg(unix)]
fn check_private(path: &Path, file: &File) -> io::Result<Result<(), KeyFileError>> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Ok(Err(KeyFileError::TooOpen { path: path.to_owned(), mode }));
    }
    Ok(Ok(()))
}

#[cfg(not(unix))]
fn check_private(_: &Path, _: &File) -> io::Result<Result<(), KeyFileError>> {
    Ok(Ok(()))
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_made_once_and_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("heat.key");
        let (ring, made) = open_key_file(&path).unwrap();
        assert!(made);
        let (again, made) = open_key_file(&path).unwrap();
        assert!(!made);
        assert_eq!(ring.to_text(), again.to_text());
        assert!(matches!(create_key_file(&path), Err(KeyFileError::Exists { .. })));
        assert_eq!(read_key_file(&path).unwrap().to_text(), ring.to_text(), "not overwritten");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_rotated_key_file_keeps_the_old_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("heat.key");
        let old = create_key_file(&path).unwrap().active().clone();
        let ring = rotate_key_file(&path).unwrap();
        assert_ne!(ring.active(), &old);
        let read = read_key_file(&path).unwrap();
        assert_eq!(read.active(), ring.active());
        assert!(read.ids().any(|id| *id == old));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_is_private_and_an_open_one_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("heat.key");
        create_key_file(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = read_key_file(&path).unwrap_err();
        assert!(matches!(error, KeyFileError::TooOpen { mode: 0o640, .. }), "{error}");
    }

    #[test]
    fn errors_name_the_file_and_not_the_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("heat.key");
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).unwrap().write_all(b"k hunter2\n").unwrap();
        let message = read_key_file(&path).unwrap_err().to_string();
        assert!(message.contains("heat.key") && !message.contains("hunter2"), "{message}");
        let missing = directory.path().join("no/such/heat.key");
        assert!(matches!(open_key_file(&missing), Err(KeyFileError::Io { .. })));
    }
}
